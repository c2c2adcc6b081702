package pim_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// mergeable are the fields that merge by element.
func mergeable(k pim.Kind) []pim.Field {
	var out []pim.Field
	empty := pim.New(k)
	for _, f := range pim.Fields(k) {
		if f.Merge(empty, empty, empty, pim.New(k)) {
			out = append(out, f)
		}
	}
	return out
}

func TestListsMerge(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		if len(mergeable(k)) == 0 {
			t.Errorf("no list of a %v merges", k)
		}
	}
}

// distinct draws items until the elements of a field have keys of their own, as merging
// asks.
func distinct(t *rapid.T, k pim.Kind, f pim.Field, name string) pim.Item {
	for i := range 50 {
		it := draw(t, k, fmt.Sprintf("%s %d", name, i))
		if f.Merge(it, it, it, pim.New(k)) {
			return it
		}
	}
	return pim.New(k)
}

func TestMergeLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		f := rapid.SampledFrom(mergeable(k)).Draw(t, "field")
		b, x, y := distinct(t, k, f, "b"), distinct(t, k, f, "x"), distinct(t, k, f, "y")

		check := func(what string, base, mine, theirs, want pim.Item) {
			into := pim.New(k)
			if !f.Merge(base, mine, theirs, into) || !f.Equal(into, want) {
				t.Fatalf("%s of %s:\nbase  %q\nmine  %q\ntheirs %q\ngot   %q\nwant  %q", what, f.ID,
					f.Text(base), f.Text(mine), f.Text(theirs), f.Text(into), f.Text(want))
			}
		}
		check("merge(b,x,b)", b, x, b, x)
		check("merge(b,b,x)", b, b, x, x)
		check("merge(b,x,x)", b, x, x, x)

		one, two := pim.New(k), pim.New(k)
		ok1, ok2 := f.Merge(b, x, y, one), f.Merge(b, y, x, two)
		if ok1 != ok2 || ok1 && !f.Equal(one, two) {
			t.Fatalf("%s: merge(b,x,y) = %v %q, merge(b,y,x) = %v %q", f.ID, ok1, f.Text(one), ok2, f.Text(two))
		}
		if !ok1 && f.Text(one) != f.Text(pim.New(k)) {
			t.Fatalf("%s: a merge that failed wrote %q", f.ID, f.Text(one))
		}
	})
}

func contact(phones ...pim.Labeled) *pim.Contact { return &pim.Contact{Phones: phones} }

func TestMergeOfPhones(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldPhones)
	home, work := pim.Labeled{Label: "home", Value: "1"}, pim.Labeled{Label: "work", Value: "2"}
	cell, moved := pim.Labeled{Label: "cell", Value: "3"}, pim.Labeled{Label: "main", Value: "1"}
	for _, c := range []struct {
		name               string
		base, mine, theirs *pim.Contact
		want               *pim.Contact // nil: a collision
	}{
		{"each adds one", contact(home), contact(home, work), contact(home, cell), contact(home, work, cell)},
		{"both add the same", contact(), contact(work), contact(work), contact(work)},
		{"one adds, one removes", contact(home), contact(home, work), contact(), contact(work)},
		{"one relabels, one adds", contact(home), contact(moved), contact(home, work), contact(moved, work)},
		{"both remove", contact(home, work), contact(work), contact(work), contact(work)},
		{"relabelled here, removed there", contact(home), contact(moved), contact(), nil},
		{"removed here, relabelled there", contact(home), contact(), contact(moved), nil},
		{"relabelled differently", contact(home), contact(moved), contact(pim.Labeled{Label: "x", Value: "1"}), nil},
		{"added differently", contact(), contact(home), contact(moved), nil},
		{"the same number, written another way", contact(pim.Labeled{Value: "+47 1"}), contact(pim.Labeled{Value: "+471"}), contact(pim.Labeled{Value: "+47 1"}, work),
			contact(pim.Labeled{Value: "+471"}, work)},
		{"one number twice", contact(home, moved), contact(home, moved), contact(home, moved, work), nil},
	} {
		into := &pim.Contact{}
		ok := f.Merge(c.base, c.mine, c.theirs, into)
		if ok != (c.want != nil) || ok && !f.Equal(into, c.want) {
			t.Errorf("%s: %v %q", c.name, ok, f.Text(into))
		}
	}
}

// Merging must not let one side's list grow into the other's memory.
func TestMergeSharesNothing(t *testing.T) {
	t.Parallel()
	f, _ := pim.FieldByID(pim.FieldPhones)
	base, mine, theirs := contact(pim.Labeled{Value: "1"}), contact(pim.Labeled{Value: "1"}), contact(pim.Labeled{Value: "1"}, pim.Labeled{Value: "2"})
	into := &pim.Contact{}
	if !f.Merge(base, mine, theirs, into) {
		t.Fatal("collides")
	}
	into.Phones[0].Value, into.Phones[1].Value = "x", "x"
	if mine.Phones[0].Value != "1" || theirs.Phones[1].Value != "2" {
		t.Error("shared")
	}
}
