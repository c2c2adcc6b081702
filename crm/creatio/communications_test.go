package creatio

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func commLists() contactLists {
	var comms, addrs []value
	for _, m := range meanings() {
		switch m.lookup {
		case "CommunicationType":
			comms = append(comms, value{id: madeID(m.word), name: m.word})
		case "AddressType":
			addrs = append(addrs, value{id: madeID(m.word), name: m.word})
		}
	}
	comms = append(comms, value{id: madeID("telegram"), name: "Telegram"})
	over := map[string]guid{}
	for _, m := range meanings() {
		over[m.word] = madeID(m.word)
	}
	return contactLists{comms: recognise("CommunicationType", comms, over), addrs: recognise("AddressType", addrs, over)}
}

// apply is what edits make of rows.
func apply(have []row, edits []edit) []row {
	out := slices.Clone(have)
	for n, e := range edits {
		i := slices.IndexFunc(out, func(r row) bool { return r.id() == e.id })
		switch {
		case e.fields == nil:
			out = slices.Delete(out, i, i+1)
		case e.id != "":
			out[i] = merged(out[i], e.fields)
		default:
			out = append(out, merged(row{"Id": madeID("new", fmt.Sprint(n))}, e.fields))
		}
	}
	return out
}

func merged(a, b row) row {
	out := without(a, "")
	for k, v := range b {
		out[k] = v
	}
	return out
}

// A plan makes exactly the wanted values, is empty when they are there, and never
// takes a row away that could have been kept.
func TestPlanComms(t *testing.T) {
	t.Parallel()
	types := []guid{madeID(commWork), madeID(commMobile), madeID(commEmail)}
	draw := rapid.Custom(func(t *rapid.T) comm {
		return comm{typ: rapid.SampledFrom(types).Draw(t, "type"), value: fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "value"))}
	})
	key := func(c comm) string { return string(c.typ) + c.value }
	rapid.Check(t, func(t *rapid.T) {
		have := rapid.SliceOfNDistinct(draw, 0, 6, key).Draw(t, "have")
		want := rapid.SliceOfNDistinct(draw, 0, 6, key).Draw(t, "want")
		var rows []row
		for i, c := range have {
			rows = append(rows, row{"Id": madeID("row", fmt.Sprint(i)), "CommunicationTypeId": c.typ, "Number": c.value})
		}
		edits := planComms(rows, want)
		after := apply(rows, edits)
		got := map[string]bool{}
		for _, r := range after {
			got[string(r.ref("CommunicationTypeId"))+r.text("Number")] = true
		}
		if len(after) != len(want) {
			t.Fatalf("%d rows, want %d", len(after), len(want))
		}
		for _, w := range want {
			if !got[key(w)] {
				t.Fatalf("%v is missing in %v", w, after)
			}
		}
		if again := planComms(after, want); len(again) != 0 {
			t.Fatalf("a second plan does %v", again)
		}
		for _, e := range edits {
			i := slices.IndexFunc(rows, func(r row) bool { return r.id() == e.id })
			for _, n := range edits {
				if e.fields != nil || n.id != "" || n.fields == nil {
					continue
				}
				if gone := rows[i]; gone.has("CommunicationTypeId", n.fields.ref("CommunicationTypeId")) || gone.text("Number") == n.fields.text("Number") {
					t.Fatalf("%v goes and %v is made: it could have been kept", gone, n.fields)
				}
			}
		}
	})
}

func TestLabelsOfCommunications(t *testing.T) {
	t.Parallel()
	l := commLists()
	for in, want := range map[string]string{
		"cell": "cell", "cell,work": "cell", "work": "work", "home": "home", "fax": "fax", "fax,work": "fax", "main": "main",
		"other": "other", "": "work", "pager": "other", "extension": "extension", "telegram": "telegram", "my label": "work",
	} {
		typ := typeOf(classPhone, pim.Labeled{Label: in, Value: "1"}, l)
		if _, got := classOf(typ, "+358 1", l); got != want {
			t.Errorf("%q comes back as %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]class{"@anna": classIM, "https://t.me/anna": classURL, "+358 40": classPhone, "anna": classIM} {
		if got, label := classOf(madeID("telegram"), in, l); got != want || label != "telegram" {
			t.Errorf("%s is %d %q", in, got, label)
		}
	}
}

// A contact made by a program may have its number in a column only.
func TestColumnsWithoutRows(t *testing.T) {
	t.Parallel()
	l := commLists()
	c := contact{row: row{"Email": "Anna@example.org", "Phone": "1", "Skype": "anna.s"}, comms: []row{
		{"Id": madeID("1"), "CommunicationTypeId": madeID(commEmail), "Number": "anna@example.org", "IsPrimary": true},
		{"Id": madeID("2"), "CommunicationTypeId": madeID(commEmail), "Number": "other@example.org"},
	}}
	var got []string
	for _, x := range commsOf(c, l) {
		got = append(got, fmt.Sprintf("%d %s %s %v", x.class, x.label, x.value, x.primary))
	}
	want := []string{"1  anna@example.org true", "1  other@example.org false", "0 work 1 false", "3 skype anna.s false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlanAddresses(t *testing.T) {
	t.Parallel()
	work, home := madeID(addressWork), madeID(addressHome)
	have := []row{{"Id": madeID("1"), "AddressTypeId": work, "Address": "Old road 1"}, {"Id": madeID("2"), "AddressTypeId": home, "Address": "Home lane 2"}}
	want := []row{{"AddressTypeId": home, "Address": "Home lane 2"}, {"AddressTypeId": work, "Address": "New road 3"}}
	edits := planAddresses(have, want)
	if len(edits) != 1 || edits[0].id != madeID("1") || edits[0].fields.text("Address") != "New road 3" || len(edits[0].fields) != 1 {
		t.Errorf("%v", edits)
	}
	if edits := planAddresses(have, want[:1]); len(edits) != 1 || edits[0].fields != nil || edits[0].id != madeID("1") {
		t.Errorf("%v", edits)
	}
	if edits := planAddresses(nil, want); len(edits) != 2 || edits[0].id != "" {
		t.Errorf("%v", edits)
	}
}
