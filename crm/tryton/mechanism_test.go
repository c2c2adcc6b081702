package tryton

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func number(n int64) *int64 { return &n }

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ, name string
		want      string
	}{
		{"phone", "", ""}, {"phone", "Work", "work"}, {"phone", "home,work", "home,work"}, {"phone", "work, home", "home,work"},
		{"phone", "Ann Example, reception", "ann example reception"}, {"mobile", "", "cell"}, {"mobile", "work", "cell,work"},
		{"mobile", "only in emergencies", "only in emergencies"}, {"fax", "", "fax"}, {"fax", "home", "fax,home"},
		{"email", "Private", "private"}, {"website", "", ""}, {"skype", "", "skype"}, {"skype", "anything", "skype"},
		{"jabber", "", "jabber"}, {"other", "telegram", "telegram"}, {"other", "", ""}, {"matrix", "", "matrix"}, {"phone", ",", ""},
	} {
		if got := (mechanism{Type: c.typ, Name: c.name}).label(); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.typ, c.name, got, c.want)
		}
	}
}

// What is written for a label is read as that label.
func TestLabelsComeBack(t *testing.T) {
	t.Parallel()
	for g, labels := range map[group][]string{
		phones:     {"", "work", "home", "cell", "fax", "cell,work", "fax,home", "home,work", "main", "pager", "car", "assistant", "my own words"},
		emails:     {"", "work", "home", "other"},
		pages:      {"", "work", "blog"},
		messengers: {"", "skype", "sip", "irc", "jabber", "telegram", "signal"},
	} {
		for _, l := range labels {
			typ, name := mechanismOf(g, pim.Labeled{Label: l})
			m := mechanism{Type: typ, Name: name}
			if m.label() != l || groupOf(typ) != g {
				t.Errorf("%d %q: type %q name %q reads %q", g, l, typ, name, m.label())
			}
		}
	}
	if typ, _ := mechanismOf(messengers, pim.Labeled{Label: "xmpp"}); typ != "jabber" {
		t.Errorf("xmpp is %s", typ)
	}
}

func row1(id int64, typ, value, name string, seq *int64) mechanism {
	return mechanism{part: part{ID: id, Active: true, Sequence: seq}, Type: typ, Value: value, Name: name}
}

func TestMechanismEdits(t *testing.T) {
	t.Parallel()
	rows := []mechanism{
		row1(1, "phone", "+47 22 33 44 55", "Reception", nil),
		row1(2, "mobile", "+47 900 00 001", "", nil),
		row1(3, "email", "ann@example.org", "", nil),
	}
	for _, c := range []struct {
		name   string
		wanted []pim.Labeled
		want   edits
	}{
		{"the same", []pim.Labeled{{Label: "cell", Value: "+47 900 00 001"}, {Label: "reception", Value: "+47 22 33 44 55"}}, edits{}},
		{"a number is written differently", []pim.Labeled{{Label: "cell", Value: "+4790000001"}, {Label: "reception", Value: "+47 22 33 44 55"}},
			edits{write: []rowWrite{{2, values{"value": "+4790000001"}}}}},
		{"another number for a label takes over its row", []pim.Labeled{{Label: "cell", Value: "+47 900 00 009"}, {Label: "reception", Value: "+47 22 33 44 55"}},
			edits{write: []rowWrite{{2, values{"value": "+47 900 00 009"}}}}},
		{"another label", []pim.Labeled{{Label: "fax,work", Value: "+47 22 33 44 55"}, {Label: "cell", Value: "+47 900 00 001"}},
			edits{write: []rowWrite{{1, values{"type": "fax", "name": "work"}}}}},
		{"one goes, one comes", []pim.Labeled{{Label: "cell", Value: "+47 900 00 001"}, {Label: "home", Value: "+47 11 11 11 11"}},
			edits{create: []values{{"type": "phone", "value": "+47 11 11 11 11", "name": "home", "sequence": nil}}, remove: []int64{1}}},
		{"all go", nil, edits{remove: []int64{1, 2}}},
		{"the second is preferred", []pim.Labeled{{Label: "reception", Value: "+47 22 33 44 55"}, {Label: "cell", Value: "+47 900 00 001", Preferred: true}},
			edits{write: []rowWrite{{2, values{"sequence": int64(1)}}, {1, values{"sequence": int64(2)}}}}},
		{"empty and double values", []pim.Labeled{{Label: "cell", Value: "+47 900 00 001"}, {Label: "cell", Value: "+47 900 00 001"}, {Value: " "}, {Label: "reception", Value: "+47 22 33 44 55"}}, edits{}},
	} {
		got := mechanismEdits(rows, phones, c.wanted)
		if !sameEdits(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func sameEdits(a, b edits) bool {
	text := func(e edits) []any { return []any{e.ops(false), len(e.create), len(e.write), len(e.remove)} }
	return version(text(a)...) == version(text(b)...)
}

// apply does to rows what Tryton would.
func apply(rows []mechanism, e edits) []mechanism {
	rows = slices.DeleteFunc(slices.Clone(rows), func(m mechanism) bool { return slices.Contains(e.remove, m.ID) })
	set := func(m *mechanism, v values) {
		for k, x := range v {
			text, _ := x.(string)
			switch k {
			case "type":
				m.Type = text
			case "value":
				m.Value = text
			case "name":
				m.Name = text
			case "sequence":
				m.Sequence = nil
				if n, ok := x.(int64); ok {
					m.Sequence = &n
				}
			}
		}
	}
	for _, w := range e.write {
		for i := range rows {
			if rows[i].ID == w.id {
				set(&rows[i], w.set)
			}
		}
	}
	for i, v := range e.create {
		m := mechanism{part: part{ID: 1000 + int64(i), Active: true}}
		set(&m, v)
		rows = append(rows, m)
	}
	return rows
}

// Whatever the rows were, the edits make them read as wanted, and leave nothing more
// to do; other groups stay as they are.
func TestMechanismEditsReachTheirEnd(t *testing.T) {
	t.Parallel()
	types := []string{"phone", "mobile", "fax", "email", "website", "skype", "jabber", "other"}
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-4]{1,2}`)
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mechanism {
			m := row1(0, rapid.SampledFrom(types).Draw(t, "type"), digits.Draw(t, "value"), rapid.SampledFrom([]string{"", "Work", "home"}).Draw(t, "name"), nil)
			if rapid.Bool().Draw(t, "numbered") {
				m.Sequence = number(rapid.Int64Range(-2, 5).Draw(t, "number"))
			}
			return m
		}), 0, 6).Draw(t, "rows")
		for i := range rows {
			rows[i].ID = int64(i + 1)
		}
		g := rapid.SampledFrom([]group{phones, emails, pages, messengers}).Draw(t, "group")
		labels := map[group][]string{phones: {"", "work", "cell", "fax,home"}, emails: {"", "home"}, pages: {"work"}, messengers: {"skype", "telegram"}}[g]
		wanted := tidy(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pim.Labeled {
			return pim.Labeled{Label: rapid.SampledFrom(labels).Draw(t, "label"), Value: digits.Draw(t, "value")}
		}), 0, 5).Draw(t, "wanted"))
		if len(wanted) > 0 && rapid.Bool().Draw(t, "prefers") {
			wanted[rapid.IntRange(0, len(wanted)-1).Draw(t, "preferred")].Preferred = true
		}
		after := apply(rows, mechanismEdits(sortMechanisms(rows), g, wanted))
		field := map[group]pim.FieldID{phones: pim.FieldPhones, emails: pim.FieldEmails, pages: pim.FieldURLs, messengers: pim.FieldIMs}[g]
		f, _ := pim.FieldByID(field)
		contact := func(g2 group, list []pim.Labeled) pim.Item {
			c := &pim.Contact{}
			switch g2 {
			case phones:
				c.Phones = list
			case emails:
				c.Emails = list
			case pages:
				c.URLs = list
			case messengers:
				c.IMs = list
			}
			return c
		}
		if got := labeled(sortMechanisms(after), g); !f.Equal(contact(g, got), contact(g, wanted)) {
			t.Fatalf("reads %+v, want %+v; rows %+v", got, wanted, after)
		}
		if again := mechanismEdits(sortMechanisms(after), g, wanted); !sameEdits(again, edits{}) {
			t.Fatalf("more to do: %+v on %+v", again, after)
		}
	})
}
