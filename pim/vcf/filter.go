package vcf

import (
	"strings"

	"crmbridge/pim/line"
)

// Filter is CARDDAV:filter (RFC 6352 10.5). One without Props matches every card.
type Filter struct {
	// AllOf is test="allof"; otherwise one is enough.
	AllOf bool
	Props []PropFilter
}

// PropFilter is CARDDAV:prop-filter (RFC 6352 10.5.1).
type PropFilter struct {
	// Name may carry a group ("item1.TEL"); without one it matches in any group.
	Name       string
	AllOf      bool // how Texts and Params combine
	NotDefined bool
	Texts      []line.TextMatch
	Params     []line.ParamFilter
}

// Matches applies f. What a prop-filter asks has to hold of one and the same line; a
// negated text-match means that no such property has the text.
// pim.ErrUnsupported for a collation or match type that is not known.
func (c *Card) Matches(f Filter) (bool, error) { return f.holds(c.card.All) }

// holds applies f to the lines that all gives by their name.
func (f Filter) holds(all func(name string) []*line.Line) (bool, error) {
	for _, p := range f.Props {
		ok, err := p.holds(p.lines(all))
		if err != nil {
			return false, err
		}
		if ok != f.AllOf {
			return ok, nil
		}
	}
	return f.AllOf || len(f.Props) == 0, nil
}

// holds applies f to the lines of its name.
func (f PropFilter) holds(lines []*line.Line) (bool, error) {
	if f.NotDefined || len(lines) == 0 {
		return f.NotDefined == (len(lines) == 0), nil
	}
	if len(f.Texts)+len(f.Params) == 0 {
		return true, nil
	}
	var positive []line.TextMatch
	var room [8]string // enough for most
	all := room[:0]
	for _, l := range lines {
		all = append(all, textOf(l))
	}
	for _, t := range f.Texts {
		if !t.Negate {
			positive = append(positive, t)
			continue
		}
		ok, err := t.MatchAny(all)
		if err != nil || ok != f.AllOf {
			return ok, err
		}
	}
	if len(positive)+len(f.Params) == 0 {
		return f.AllOf, nil
	}
	for i, l := range lines {
		ok, err := lineMatches(l, all[i], positive, f.Params, f.AllOf)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func lineMatches(l *line.Line, text string, texts []line.TextMatch, params []line.ParamFilter, allOf bool) (bool, error) {
	for _, t := range texts {
		if ok, err := t.Match(text); err != nil || ok != allOf {
			return ok, err
		}
	}
	for _, p := range params {
		if ok, err := p.Match(l); err != nil || ok != allOf {
			return ok, err
		}
	}
	return allOf, nil
}

// lines are those of the name, which may carry a group.
func (f PropFilter) lines(all func(name string) []*line.Line) []*line.Line {
	group, base := cutName(f.Name)
	lines := all(strings.ToUpper(base))
	if group == "" {
		return lines
	}
	var out []*line.Line
	for _, l := range lines {
		if strings.EqualFold(l.Group, group) {
			out = append(out, l)
		}
	}
	return out
}

func cutName(name string) (group, base string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
