package line

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"crmbridge/pim"
)

// Match applies m to one text. The error is pim.ErrUnsupported for a collation or a
// type that is not known (precondition supported-collation).
func (m TextMatch) Match(s string) (bool, error) { return m.MatchAny([]string{s}) }

// MatchAny asks whether one of several values matches. Negate turns the answer for all
// of them round, as filters mean "no value that contains".
func (m TextMatch) MatchAny(values []string) (bool, error) {
	fold, err := collation(m.Collation)
	if err != nil {
		return false, err
	}
	test, err := matchType(m.Type)
	if err != nil {
		return false, err
	}
	want := fold(m.Text)
	found := slices.ContainsFunc(values, func(v string) bool { return test(fold(v), want) })
	return found != m.Negate, nil
}

// collation gives the mapping under which two texts are compared byte for byte.
func collation(name string) (func(string) string, error) {
	switch name {
	case "", "default", "i;ascii-casemap": // RFC 4790 9.2
		return asciiFold, nil
	case "i;octet": // RFC 4790 9.3
		return func(s string) string { return s }, nil
	case "i;unicode-casemap": // RFC 5051 2
		return func(s string) string { return norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s))) }, nil
	}
	return nil, pim.Errorf("line: match", pim.ErrUnsupported, "the collation is not supported")
}

func asciiFold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func matchType(name string) (func(s, want string) bool, error) {
	switch name {
	case "", "contains":
		return strings.Contains, nil
	case "equals":
		return func(s, want string) bool { return s == want }, nil
	case "starts-with":
		return strings.HasPrefix, nil
	case "ends-with":
		return strings.HasSuffix, nil
	}
	return nil, pim.Errorf("line: match", pim.ErrUnsupported, "the match type is not supported")
}

// Match applies f to the parameters of l.
func (f ParamFilter) Match(l *Line) (bool, error) {
	name := strings.ToUpper(f.Name)
	if f.NotDefined || f.Text == nil {
		return l.HasParam(name) != f.NotDefined, nil
	}
	values := l.All(name)
	if len(values) == 0 {
		return false, nil
	}
	return f.Text.MatchAny(values)
}
