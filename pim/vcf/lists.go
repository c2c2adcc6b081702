package vcf

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// slot is one value of a list in the text, with the lines that say it (X-SKYPE and IMPP
// may say the same).
type slot[T any] struct {
	value T
	lines []*line.Line
}

// listing is how the values of one list are told apart and written.
type listing[T comparable] struct {
	key    func(T) string // what makes two values one phone, one address
	label  func(T) string
	update func(l *line.Line, v T) // writes v into the place of l
	add    func(v T)
}

// sync makes the slots those of want: equal ones stay untouched, then the same thing with
// another label is changed in place, then another thing under the same label.
func (ls listing[T]) sync(e *editor, slots []slot[T], want []T) {
	e.touched = true
	taken := make([]bool, len(slots))
	done := make([]bool, len(want))
	match := func(key func(T) any, write bool) {
		free := map[any][]int{}
		for j, s := range slots {
			if !taken[j] {
				free[key(s.value)] = append(free[key(s.value)], j)
			}
		}
		for i, w := range want {
			js := free[key(w)]
			if done[i] || len(js) == 0 {
				continue
			}
			j := js[0]
			free[key(w)] = js[1:]
			done[i], taken[j] = true, true
			for _, l := range slots[j].lines {
				if write {
					ls.update(l, w)
				}
			}
		}
	}
	match(func(v T) any { return v }, false)
	match(func(v T) any { return ls.key(v) }, true)
	match(func(v T) any { return ls.label(v) }, true)
	for j, s := range slots {
		for _, l := range s.lines {
			if !taken[j] {
				e.remove(l)
			}
		}
	}
	added := map[T]bool{}
	for i, w := range want {
		if !done[i] && !added[w] {
			added[w] = true
			ls.add(w)
		}
	}
}

func collect[T comparable](lines []*line.Line, read func(*line.Line) (T, bool)) []slot[T] {
	var out []slot[T]
	at := map[T]int{}
	for _, l := range lines {
		v, ok := read(l)
		if !ok {
			continue
		}
		if i, here := at[v]; here {
			out[i].lines = append(out[i].lines, l)
			continue
		}
		at[v] = len(out)
		out = append(out, slot[T]{v, []*line.Line{l}})
	}
	return out
}

// digitsOf sees "+47 22 33 44" and "+472233 44" as one number.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || unicode.IsDigit(r) || unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func (e *editor) labeled(name string, want []pim.Labeled, key func(string) string) {
	write := func(l *line.Line, v pim.Labeled) *line.Line {
		value := line.Escape(v.Value)
		if name == "URL" {
			value = escapeURI(v.Value)
		}
		if old, _ := e.c.labels().labeled(l); old.Value != v.Value {
			l = bare(l).WithoutParam("VALUE").WithValue(value)
		}
		return e.prefer(l, v.Preferred)
	}
	listing[pim.Labeled]{
		key:    func(v pim.Labeled) string { return key(v.Value) },
		label:  func(v pim.Labeled) string { return v.Label },
		update: func(l *line.Line, v pim.Labeled) { e.relabel(l, write(l, v), v.Label) },
		add: func(v pim.Labeled) {
			l := line.New(name, "")
			e.add(l)
			e.relabel(l, write(l, v), v.Label)
		},
	}.sync(e, collect(e.b.All(name), e.c.labels().labeled), want)
}

func (e *editor) messengers() {
	write := func(l *line.Line, v pim.Labeled) *line.Line {
		if imProps[l.Name] == v.Label && l.Name != "IMPP" {
			return e.prefer(l.WithValue(escapeURI(v.Value)), v.Preferred)
		}
		fresh := newMessenger(v)
		if l.Name != "IMPP" {
			return e.prefer(fresh, v.Preferred)
		}
		l = l.WithoutParam("X-SERVICE-TYPE").WithValue(fresh.Value)
		if s := fresh.Param("X-SERVICE-TYPE"); s != "" {
			l = l.WithParam(line.P("X-SERVICE-TYPE", s))
		}
		return e.prefer(l, v.Preferred)
	}
	listing[pim.Labeled]{
		key:    func(v pim.Labeled) string { return v.Value },
		label:  func(v pim.Labeled) string { return v.Label },
		update: func(l *line.Line, v pim.Labeled) { e.b.Replace(l, write(l, v)) },
		add:    func(v pim.Labeled) { e.add(e.prefer(newMessenger(v), v.Preferred)) },
	}.sync(e, e.c.messengers(), e.want.IMs)
}

func (e *editor) addresses() {
	write := func(l *line.Line, a pim.Address) *line.Line {
		old, _ := e.c.labels().address(l)
		raw := append(line.Split(modern(l).Value, ';'), make([]string, 7)...)[:7]
		for i, p := range [...]struct{ have, want string }{
			{old.POBox, a.POBox}, {old.Extended, a.Extended}, {old.Street, a.Street}, {old.City, a.City},
			{old.Region, a.Region}, {old.PostalCode, a.PostalCode}, {old.Country, a.Country},
		} {
			if p.have != p.want {
				raw[i] = line.Escape(p.want)
			}
		}
		if v := strings.Join(raw, ";"); v != l.Value {
			l = bare(l).WithoutParam("LABEL", "GEO").WithValue(v) // those of the old address
		}
		return e.prefer(l, a.Preferred)
	}
	listing[pim.Address]{
		key: func(a pim.Address) string {
			a.Label, a.Preferred = "", false
			return strings.ToLower(a.Street + "\n" + a.City)
		},
		label:  func(a pim.Address) string { return a.Label },
		update: func(l *line.Line, a pim.Address) { e.relabel(l, write(l, a), a.Label) },
		add: func(a pim.Address) {
			l := line.New("ADR", ";;;;;;")
			e.add(l)
			e.relabel(l, write(l, a), a.Label)
		},
	}.sync(e, collect(e.b.All("ADR"), e.c.labels().address), e.want.Addresses)
}

// prefer marks the first choice in the version's way.
func (e *editor) prefer(l *line.Line, first bool) *line.Line {
	if preferred(l) == first {
		return l
	}
	ts := slices.DeleteFunc(types(l), func(t string) bool { return t == "pref" })
	switch {
	case !first:
		l = l.WithoutParam("PREF")
	case e.v == V4:
		return l.WithParam(line.P("PREF", "1"))
	default:
		ts = append(ts, "pref")
	}
	return withTypes(l, ts)
}

// withTypes makes ts the types of a line, in one TYPE parameter.
func withTypes(l *line.Line, ts []string) *line.Line {
	l = l.WithoutParam("TYPE", "")
	if len(ts) > 0 {
		l = l.WithParam(line.P("TYPE", ts...))
	}
	return l
}

// relabel puts next in the place of old, under a label: in TYPE when every program knows
// it, else in the X-ABLABEL of its group.
func (e *editor) relabel(old, next *line.Line, label string) {
	if e.c.labels().of(old) == label {
		e.b.Replace(old, next)
		return
	}
	ts := slices.DeleteFunc(types(next), func(t string) bool { return !slices.Contains(technical, t) })
	words := strings.Split(label, ",")
	plain := !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(common, w) })
	custom := e.c.labels()[groupOf(old)]
	switch {
	case label == "" || plain:
		if label != "" {
			ts = append(ts, words...)
		}
		if custom != nil {
			e.b.Replace(custom)
		}
		e.b.Replace(old, withTypes(next, ts))
	case custom != nil:
		e.b.Replace(custom, custom.WithValue(line.Escape(label)))
		e.b.Replace(old, withTypes(next, ts))
	default:
		if next.Group == "" {
			next = next.WithGroup(e.freeGroup())
		}
		next = withTypes(next, ts)
		e.b.Replace(old, next, line.New(next.Group+".X-ABLABEL", line.Escape(label)))
	}
}

func (e *editor) freeGroup() string {
	used := map[string]bool{}
	for _, l := range e.b.All("") {
		used[strings.ToLower(l.Group)] = true
	}
	for n := 1; ; n++ {
		if g := "item" + strconv.Itoa(n); !used[g] {
			return g
		}
	}
}

func (e *editor) photo() {
	if len(e.want.Photo) == 0 {
		e.put("PHOTO", nil)
		return
	}
	e.put("PHOTO", photoLine("PHOTO", e.want.Photo, imageType(e.want.Photo), e.v))
}

// photoLine writes inline data (RFC 2426 3.1.4, RFC 6350 6.2.4).
func photoLine(name string, data []byte, mediaType string, v Version) *line.Line {
	b64 := base64.StdEncoding.EncodeToString(data)
	if v == V4 {
		return line.New(name, "data:"+mediaType+";base64,"+b64)
	}
	l := line.New(name, b64, line.P("ENCODING", "b"))
	if word := typeWord(name, mediaType); word != "" {
		l = l.WithParam(line.P("TYPE", word))
	}
	return l
}
