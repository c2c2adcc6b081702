package line_test

import (
	"errors"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

func TestTextMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    line.TextMatch
		text string
		want bool
	}{
		{line.TextMatch{Text: "BERN"}, "in Bern", true},
		{line.TextMatch{Text: "bern", Collation: "i;octet"}, "in Bern", false},
		{line.TextMatch{Text: "ÄRGER"}, "ärger", false}, // ASCII only
		{line.TextMatch{Text: "ÄRGER", Collation: "i;unicode-casemap"}, "großer ärger", true},
		{line.TextMatch{Text: "STRASSE", Collation: "i;unicode-casemap"}, "Hauptstraße", true},
		{line.TextMatch{Text: "é", Collation: "i;unicode-casemap"}, "e\u0301", true},
		{line.TextMatch{Text: "x", Negate: true}, "y", true},
		{line.TextMatch{Text: "a", Type: "starts-with"}, "ab", true},
		{line.TextMatch{Text: "b", Type: "starts-with"}, "ab", false},
		{line.TextMatch{Text: "b", Type: "ends-with"}, "ab", true},
		{line.TextMatch{Text: "ab", Type: "equals"}, "AB", true},
		{line.TextMatch{Text: "a", Type: "equals"}, "AB", false},
	} {
		got, err := c.m.Match(c.text)
		if err != nil || got != c.want {
			t.Errorf("%+v on %q: %v, %v", c.m, c.text, got, err)
		}
	}
	for _, m := range []line.TextMatch{{Collation: "i;klingon"}, {Type: "sounds-like"}} {
		if _, err := m.Match("x"); !errors.Is(err, pim.ErrUnsupported) {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

func TestParamFilter(t *testing.T) {
	t.Parallel()
	l := one(t, `ATTENDEE;PARTSTAT=ACCEPTED;CN="Doe, Jane":mailto:jane@example.org`)
	for _, c := range []struct {
		f    line.ParamFilter
		want bool
	}{
		{line.ParamFilter{Name: "partstat"}, true},
		{line.ParamFilter{Name: "ROLE"}, false},
		{line.ParamFilter{Name: "ROLE", NotDefined: true}, true},
		{line.ParamFilter{Name: "CN", NotDefined: true}, false},
		{line.ParamFilter{Name: "CN", Text: &line.TextMatch{Text: "doe, j"}}, true},
		{line.ParamFilter{Name: "CN", Text: &line.TextMatch{Text: "smith"}}, false},
		{line.ParamFilter{Name: "ROLE", Text: &line.TextMatch{Text: "x", Negate: true}}, false},
	} {
		if got, err := c.f.Match(l); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v", c.f, got, err)
		}
	}
}

func TestFaultsAreOneError(t *testing.T) {
	t.Parallel()
	if line.Err("x", nil) != nil {
		t.Error("no faults are an error")
	}
	err := line.Err("x", []line.Fault{{Line: 3, Text: "a"}, {Text: "b"}, {Text: "c"}, {Text: "d"}, {Text: "e"}})
	if !errors.Is(err, pim.ErrInvalid) || pim.PublicText(err) != "line 3: a; b; c; and 2 more" {
		t.Errorf("got %v", err)
	}
}

func TestTreeQueries(t *testing.T) {
	t.Parallel()
	text := parse(t, "\r\nBEGIN:X\r\nA:1\r\nBEGIN:Y\r\nB:2\r\nEND:Y\r\nA:3\r\nEND:X\r\nSTRAY:1\r\n")
	x := text.Blocks()[0]
	if x.No() != 2 || x.Blocks("Y")[0].No() != 4 || text.Stray() == nil || text.Stray().No != 9 {
		t.Error("wrong line numbers")
	}
	if len(x.All("A")) != 2 || x.Value("A") != "1" || x.Value("B") != "" || x.First("B") != nil {
		t.Error("a block mixes its lines with those of inner ones")
	}
	var names []string
	x.Walk(func(l *line.Line) bool {
		names = append(names, l.Name)
		return l.Name != "B"
	})
	if got := strings.Join(names, ""); got != "AB" {
		t.Errorf("Walk gave %s", got)
	}
}
