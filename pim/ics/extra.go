package ics

import (
	"maps"
	"slices"
)

// Extra is the text of the first property called name in the master component, such as an
// X- property that a field map names (RFC 5545 3.8.8.2); "" for none.
func (o *Object) Extra(name string) string {
	if l := o.Master().First(name); l != nil {
		return l.Text()
	}
	return ""
}

// WithExtra is o with properties of the master component set to these texts; "" removes
// one. Parameters stay, and so does every other line. When nothing changes, o itself is
// returned. Only opt.Now is used.
func (o *Object) WithExtra(texts map[string]string, opt ApplyOptions) *Object {
	w := &writer{old: o, next: newObject(o.text.Clone()), opt: opt}
	w.c = w.next.Master()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if o.Extra(name) != texts[name] {
			w.text(name, texts[name])
		}
	}
	if !w.touched {
		return o
	}
	w.stamp()
	return newObject(w.next.text)
}
