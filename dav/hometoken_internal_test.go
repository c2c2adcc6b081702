package dav

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// A client that follows a home by its tokens, in answers of any length, knows at the end what is there and has the token
// that the property has, whatever was made, deleted, renamed and changed meanwhile.
func TestHomeIsFollowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		slug := rapid.SampledFrom([]string{"a", "b", "c"})
		living := map[string]*store.Collection{}
		next := store.CollectionID(1)
		known, token := map[string]string{}, homeToken(nil)
		round := func(limit int) bool {
			before, err := parseHomeToken(token)
			if err != nil {
				t.Fatal(err)
			}
			cols := []store.Collection{}
			for _, s := range slices.Sorted(maps.Keys(living)) {
				cols = append(cols, *living[s])
			}
			diff, err := compareHome(before, cols)
			if err != nil {
				t.Fatal(err)
			}
			told := map[string]bool{}
			for i, c := range diff.changes {
				if i == limit {
					break
				}
				href := c.goneSlug
				if c.now == nil {
					delete(known, href)
				} else {
					href = c.now.Slug
					known[href] = fmt.Sprint(c.now.ID, c.now.Seq)
				}
				if told[href] {
					t.Fatalf("%s is in one answer twice: %+v", href, diff.changes)
				}
				told[href] = true
				diff.accept(c)
			}
			token = homeToken(stateEntries(diff.state))
			return len(diff.changes) > limit
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			s := slug.Draw(t, "slug")
			switch c := living[s]; rapid.SampledFrom([]string{"make", "delete", "change", "rename", "sync"}).Draw(t, "do") {
			case "make":
				if c == nil {
					living[s] = &store.Collection{ID: next, Seq: 1, Epoch: fmt.Sprint("e", next), Slug: s}
					next++
				}
			case "delete":
				delete(living, s)
			case "change":
				if c != nil {
					c.Seq++
				}
			case "rename":
				if to := slug.Draw(t, "to"); c != nil && living[to] == nil {
					delete(living, s)
					c.Slug, c.Seq, living[to] = to, c.Seq+1, c
				}
			case "sync":
				round(rapid.IntRange(1, 3).Draw(t, "limit"))
			}
		}
		for n := 0; round(1); n++ {
			if n > 20 {
				t.Fatal("no end")
			}
		}
		want, entries := map[string]string{}, []homeEntry{}
		for s, c := range living {
			want[s] = fmt.Sprint(c.ID, c.Seq)
			entries = append(entries, entryOf(c))
		}
		if !maps.Equal(known, want) {
			t.Fatalf("known %v, there are %v", known, want)
		}
		if token != homeToken(entries) {
			t.Fatalf("the token of the report is not that of the property")
		}
	})
}

// A token that was given before the names' former owners were taken out of it gets rid of them.
func TestHomeTokenForgetsFormerOwners(t *testing.T) {
	t.Parallel()
	cols := []store.Collection{{ID: 9, Seq: 2, Epoch: "e", Slug: "work"}}
	old := []homeEntry{{5, 2, "e", "work"}, {6, 2, "e", "work"}, {9, 2, "e", "work"}}
	d, err := compareHome(old, cols)
	if err != nil || len(d.changes) != 0 || homeToken(stateEntries(d.state)) != homeToken(homeEntries(cols)) {
		t.Errorf("%+v %v", d, err)
	}
	if d, err = compareHome(old, nil); err != nil || len(d.changes) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	if d.accept(d.changes[0]); len(d.state) != 0 {
		t.Errorf("%+v", d.state)
	}
}
