package vcf

import (
	"maps"
	"slices"
)

// Extra is the text of the first property called name, such as an X- property that a field
// map names (RFC 6350 6.10); "" for none.
func (c *Card) Extra(name string) string { return c.textValue(name) }

// WithExtra is c with properties set to these texts; "" removes one. Parameters and groups
// stay, and so does every other line. When nothing changes, c itself is returned.
func (c *Card) WithExtra(texts map[string]string, opt ApplyOptions) *Card {
	e := newEditor(c.clone(), nil, nil)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if c.Extra(name) != texts[name] {
			e.text(name, texts[name])
		}
	}
	if !e.touched {
		return c
	}
	if !opt.Now.IsZero() {
		e.value("REV", revision(opt.Now, e.v))
	}
	return e.c
}
