package vcf

import (
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// values makes the values of a list property those of want: lines that lose none keep every byte, and new values join the last
// line, so that what parameters say of the others (TYPE, PREF, LANGUAGE) goes on being said of them alone.
func (e *editor) values(name string, want []string) {
	e.touched = true
	lines := e.b.All(name)
	var here []string
	var last *line.Line
	for i, l := range lines {
		texts := line.Texts(decoded(l, l.Value))
		kept := slices.DeleteFunc(slices.Clone(texts), func(v string) bool { return !slices.Contains(want, v) || slices.Contains(here, v) })
		here = append(here, kept...)
		switch {
		case len(kept) == len(texts):
			last = l
		case len(kept) > 0:
			last = bare(l).WithValue(line.JoinTexts(kept))
			e.b.Replace(l, last)
		case i == 0 && len(want) > 0:
			last = bare(l).WithValue("") // stays for what is new, else goes below
			e.b.Replace(l, last)
		default:
			e.b.Replace(l)
		}
	}
	if fresh := slices.DeleteFunc(slices.Clone(want), func(v string) bool { return trim(v) == "" || slices.Contains(here, v) }); len(fresh) > 0 {
		if last == nil {
			e.add(line.New(name, line.JoinTexts(unique(fresh))))
			return
		}
		all := append(line.Texts(decoded(last, last.Value)), unique(fresh)...)
		e.b.Replace(last, bare(last).WithValue(line.JoinTexts(all)))
	}
	for _, l := range e.b.All(name) {
		if trim(l.Value) == "" {
			e.remove(l)
		}
	}
}

// nicknames writes the one text that shows the nicknames: value by value where the card has several, so that they stay several.
func (e *editor) nicknames() {
	const name = "NICKNAME"
	want, have := e.want.Nickname, e.c.list(name)
	pieces := nicknamesOf(want, have)
	if len(have) < 2 || strings.Join(pieces, ", ") != want {
		e.value(name, line.Escape(want))
		return
	}
	first := e.b.First(name)
	e.values(name, pieces)
	if e.c.joined(name) != want { // in another order
		e.put(name, bare(first).WithValue(line.JoinTexts(pieces)))
	}
}

// nicknamesOf takes apart what joined made. Names that are here may have commas of their own.
func nicknamesOf(text string, here []string) []string {
	var out []string
	for text != "" {
		n := -1
		for _, v := range here {
			if rest, ok := strings.CutPrefix(text, v); ok && (rest == "" || strings.HasPrefix(rest, ", ")) {
				n = max(n, len(v))
			}
		}
		if n < 0 {
			if n = strings.Index(text, ", "); n < 0 {
				n = len(text)
			}
		}
		out = append(out, text[:n])
		text = strings.TrimPrefix(text[n:], ", ")
	}
	return unique(out)
}
