// Package crmtest is the conformance suite of CRM drivers: all of
// remote/remotetest, and what only CRMs have: owners, types, pick-lists and pages.
package crmtest

import (
	"net/url"
	"slices"
	"testing"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// Harness tells Run about one driver.
type Harness struct {
	remotetest.Harness
	// AddOther puts an item that belongs to somebody else into the CRM.
	AddOther func(t *testing.T, a remotetest.Account, c remote.CollectionID, it pim.Item) remote.ItemID
}

// Run asks everything of a CRM driver.
func Run(t *testing.T, h Harness) {
	t.Run("remote", func(t *testing.T) {
		t.Parallel()
		remotetest.Run(t, h.Harness)
	})
	for name, run := range map[string]func(*testing.T, Harness){
		"other people's items": otherOwners, "types": types, "page in the CRM": page, "pick-lists": lookups,
		"unassign": unassign,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, h)
		})
	}
}

func create(t *testing.T, h Harness, a remotetest.Account, c remote.CollectionID, k pim.Kind, n int) remote.Record {
	t.Helper()
	it := h.Sample(a.Remote.Traits(), k, n)
	rec, err := a.Remote.Create(t.Context(), c, remote.Entry{Item: it}, t.Name()+string(rune('a'+n)))
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return rec
}

func list(t *testing.T, r remote.Remote, c remote.CollectionID, s remote.Scope) map[remote.ItemID]remote.Record {
	t.Helper()
	out := map[remote.ItemID]remote.Record{}
	for cur := remote.Cursor(""); ; {
		d, err := r.Changes(t.Context(), c, s, cur)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		for _, rec := range d.Changed {
			out[rec.ID] = rec
		}
		if cur = d.Next; !d.More {
			return out
		}
	}
}

func otherOwners(t *testing.T, h Harness) {
	if h.AddOther == nil {
		t.Skip("left out: the harness cannot make other people's items")
	}
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		mine := create(t, h, a, c, k, 1)
		bare := h.Sample(a.Remote.Traits(), k, 2)
		bare = withoutPeople(bare)
		hers := h.AddOther(t, a, c, bare)
		s := remote.Scope{Kinds: pim.Kinds(k)}
		own := list(t, a.Remote, c, s)
		if _, there := own[mine.ID]; !there || len(own) != 1 {
			t.Errorf("the default scope lists %d items, mine among them: %v", len(own), there)
		}
		s.AllOwners = true
		if all := list(t, a.Remote, c, s); all[hers].ID == "" || all[mine.ID].ID == "" {
			t.Errorf("AllOwners lists %d items, hers %v, mine %v", len(all), all[hers].ID != "", all[mine.ID].ID != "")
		}
		recs, err := a.Remote.Fetch(t.Context(), c, []remote.ItemID{hers})
		if err != nil || len(recs) != 1 {
			t.Errorf("an item out of scope cannot be fetched: %v", err)
		}
	})
}

// withoutPeople drops attendees: who takes part sees the item.
func withoutPeople(it pim.Item) pim.Item {
	out := pim.Clone(it)
	empty := pim.New(it.Kind())
	pim.Copy(out, empty, pim.Set(pim.FieldAttendees, pim.FieldOrganizer))
	return out
}

func types(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		field := pim.FieldType
		if k == pim.KindContact {
			field = pim.FieldContactType
		}
		if !a.Remote.Traits().Carries[k].Has(field) {
			t.Skipf("left out: trait Carries of %s has no %s", k, field)
		}
		f, _ := pim.FieldByID(field)
		one, two := create(t, h, a, c, k, 1), create(t, h, a, c, k, 2)
		typ := f.Text(h.Sample(a.Remote.Traits(), k, 1))
		got := list(t, a.Remote, c, remote.Scope{Kinds: pim.Kinds(k), Types: []string{typ}})
		if _, there := got[one.ID]; !there || len(got) != 1 || got[two.ID].ID != "" {
			t.Errorf("items of type %q: %d, the right one among them: %v", typ, len(got), there)
		}
		if got := list(t, a.Remote, c, remote.Scope{Kinds: pim.Kinds(k), Types: []string{"no such type"}}); len(got) != 0 {
			t.Errorf("%d items of a type that does not exist", len(got))
		}
	})
}

func page(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		rec := create(t, h, a, c, k, 1)
		got, err := a.Remote.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
		if err != nil || len(got) != 1 {
			t.Fatalf("fetch: %v", err)
		}
		u, err := url.Parse(got[0].URL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			t.Errorf("%q is no page's address: %v", got[0].URL, err)
		}
		f, _ := pim.FieldByID(pim.FieldURL)
		if f.Kinds.Has(k) && a.Remote.Traits().ReadOnly.Has(pim.FieldURL) && f.Text(got[0].Item) != got[0].URL {
			t.Errorf("the item says %q, the record %q", f.Text(got[0].Item), got[0].URL)
		}
		if got[0].Modified.IsZero() {
			t.Error("the record has no time of change")
		}
	})
}

func lookups(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, _ remote.CollectionID, k pim.Kind) {
		l, ok := a.Remote.(crm.Lookups)
		if !ok {
			t.Skip("left out: the driver has no crm.Lookups")
		}
		for _, f := range pim.Fields(k) {
			vs, err := l.Lookup(t.Context(), k, f.ID)
			if err != nil {
				t.Fatalf("%s: %v", f.ID, err)
			}
			if f.ID != pim.FieldType && f.ID != pim.FieldContactType || vs == nil {
				continue
			}
			want := f.Text(h.Sample(a.Remote.Traits(), k, 1))
			if !slices.ContainsFunc(vs, func(v crm.LookupValue) bool { return v.Name == want && v.ID != "" }) {
				t.Errorf("%s: %q is not among %v", f.ID, want, vs)
			}
		}
	})
}

func unassign(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		it := withoutPeople(h.Sample(a.Remote.Traits(), k, 1))
		rec, err := a.Remote.Create(t.Context(), c, remote.Entry{Item: it}, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Remote.Delete(t.Context(), c, rec.Ref, remote.Unassign); err != nil {
			t.Fatalf("unassign: %v", err)
		}
		if got := list(t, a.Remote, c, remote.Scope{Kinds: pim.Kinds(k)}); len(got) != 0 {
			t.Errorf("it is still among mine (%d)", len(got))
		}
		recs, err := a.Remote.Fetch(t.Context(), c, []remote.ItemID{rec.ID})
		if err != nil || len(recs) != 1 {
			t.Errorf("it is gone: %d records, %v", len(recs), err)
		}
	})
}
