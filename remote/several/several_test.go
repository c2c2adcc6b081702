package several_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	event := pim.Kinds(pim.KindEvent)
	all, two := several.All(event), several.Place("a", `b"]`)
	for _, c := range []struct {
		place remote.CollectionID
		is    bool
		words string
	}{
		{"a", false, "a"}, {several.Place("a"), false, "a"}, {two, true, "2 collections"}, {all, true, "all events"},
		{several.All(pim.Kinds(pim.KindEvent, pim.KindTask)), true, "all events and tasks"},
		{"", false, ""}, {"[", false, "["}, {`["a"]`, false, `["a"]`}, {"*", false, "*"}, {"*dream", false, "*dream"}, {"/dav/*", false, "/dav/*"},
	} {
		if several.Is(c.place) != c.is || several.Words(c.place) != c.words {
			t.Errorf("%q: %t, %q", c.place, several.Is(c.place), several.Words(c.place))
		}
	}
	names := map[remote.CollectionID]string{"a": "Team", "b": "Fairs", "c": "Berlin", "d": "Oslo"}
	for place, want := range map[remote.CollectionID]string{"a": "Team", "x": "x", all: "all events", several.Place("a", "b"): "Team, Fairs", several.Place("a", "x"): "Team and 1 more",
		several.Place("x", "y"): "2 collections", several.Place("a", "b", "c", "d", "x"): "Team, Fairs, Berlin and 2 more"} {
		if got := several.Named(place, names); got != want {
			t.Errorf("%q is called %q", place, got)
		}
	}
	d := remote.Driver{Within: map[remote.CollectionID]remote.CollectionID{"inner": "a"}}
	for _, c := range []struct {
		a, b remote.CollectionID
		want bool
	}{{"a", "c", false}, {"a", two, true}, {two, "inner", true}, {two, several.Place("c", "d"), false}, {all, "c", true}, {two, all, true}} {
		if several.Overlap(d, c.a, c.b) != c.want || several.Overlap(d, c.b, c.a) != c.want {
			t.Errorf("%s and %s overlap: not %t", c.a, c.b, c.want)
		}
	}
	if !several.Holds(two, "a") || several.Holds(two, "c") || !several.Holds("a", "a") {
		t.Error("holds")
	}
	id := several.At(two, "a", "~item~")
	if id == "~item~" || several.Bare(id) != "~item~" || several.Bare("~item~") != "~item~" || several.At("a", "a", "x") != "x" ||
		several.At(two, "a", "x") == several.At(two, `b"]`, "x") || several.At(two, "a", "x") != several.At(all, "a", "x") {
		t.Error("ids")
	}
}

// shown is a remote of which only some collections are to be seen, and which tells who watches what.
type shown struct {
	remote.Remote
	mu      sync.Mutex
	cs      []remote.CollectionID
	others  remote.CollectionID
	watched chan remote.CollectionID
	fail    chan error
	sought  []remote.CollectionID // by Find, which finds nothing
	gone    remote.CollectionID   // where Find says that something is not there any more
}

func (s *shown) Find(_ context.Context, c remote.CollectionID, _ string, _ remote.Entry) (remote.Record, bool, error) {
	if s.sought = append(s.sought, c); c == s.gone {
		return remote.Record{}, false, pim.Errorf("test", pim.ErrNotFound, "gone")
	}
	return remote.Record{}, false, nil
}

// Each collection is asked once, the one that takes new items first. One that was deleted a moment ago does not tell that the item was; one that
// is there does.
func TestAKeyIsSoughtOnceInEachCollection(t *testing.T) {
	t.Parallel()
	s, f, c := mailbox(t)
	place, e := several.All(pim.Kinds(pim.KindEvent)), remote.Entry{Item: &pim.Event{}}
	seek := func(want error, in ...remote.CollectionID) {
		t.Helper()
		s.sought = nil
		_, found, err := f.Find(t.Context(), place, "key", e)
		if found || !errors.Is(err, want) || (err == nil) != (want == nil) || !slices.Equal(s.sought, in) {
			t.Errorf("found %t, %v, sought in %v", found, err, s.sought)
		}
	}
	s.show(mem.Activities, "b", "c")
	seek(nil, mem.Activities, "b", "c")
	s.gone = mem.Activities
	seek(pim.ErrNotFound, mem.Activities, "b", "c")
	s.gone = "b"
	seek(pim.ErrNotFound, mem.Activities, "b", "c")
	s.show(mem.Activities, "c")
	seek(nil, mem.Activities, "b", "c") // as far as is known "b" is there
	c.Advance(time.Hour)
	seek(nil, mem.Activities, "c")
}

func (s *shown) show(cs ...remote.CollectionID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cs = cs
}

func (s *shown) Collections(ctx context.Context) ([]remote.Collection, error) {
	all, err := s.Remote.Collections(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	all = slices.DeleteFunc(all, func(c remote.Collection) bool { return !slices.Contains(s.cs, c.ID) })
	for i := range all {
		all[i].Others = all[i].ID == s.others
	}
	return all, err
}

func (s *shown) Watch(ctx context.Context, c remote.CollectionID, hint func()) error {
	s.watched <- c
	hint()
	select {
	case err := <-s.fail:
		return err
	case <-ctx.Done():
		return pim.Wrap("test", pim.ErrUnavailable, ctx.Err())
	}
}

// OpenFile tells what it was asked for.
func (s *shown) OpenFile(_ context.Context, c remote.CollectionID, id remote.ItemID, f pim.File) (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader(string(c) + " " + string(id) + " " + f.Name)), -1, nil
}

func TestAFileIsOpenedWhereItsItemIs(t *testing.T) {
	t.Parallel()
	_, f, _ := mailbox(t)
	place := several.Place(mem.Activities, "b")
	body, size, err := f.OpenFile(t.Context(), place, several.At(place, "b", "x"), pim.File{Name: "offer.pdf"})
	if err != nil || size != -1 {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(body); err != nil || string(b) != "b x offer.pdf" {
		t.Errorf("%q, %v", b, err)
	}
	if _, _, err := f.OpenFile(t.Context(), place, several.At(place, "c", "x"), pim.File{}); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("of a folder that is none of them: %v", err)
	}
}

// mailbox has one item in each of three folders, of which two are to be seen.
func mailbox(t *testing.T) (*shown, *several.Folders, *testclock.Clock) {
	t.Helper()
	c := testclock.At(time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC))
	m, err := mem.New(mem.Options{Now: c.Now, Folders: []remote.CollectionID{"b", "c"}, PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []remote.CollectionID{mem.Activities, "b", "c"} {
		m.AddTo(f, &pim.Event{Activity: pim.Activity{Title: "in " + string(f)}, Start: pim.At(c.Now(), ""), End: pim.At(c.Now().Add(time.Hour), "")})
	}
	s := &shown{Remote: m.Remote(), watched: make(chan remote.CollectionID, 9), fail: make(chan error, 1)}
	s.show(mem.Activities, "b")
	return s, several.Over(s, c.Now), c
}

// titles reads to the end.
func titles(t *testing.T, f *several.Folders, place remote.CollectionID, s remote.Scope, since remote.Cursor) (got []string, ids []remote.ItemID, next remote.Cursor, err error) {
	t.Helper()
	for {
		d, err := f.Changes(t.Context(), place, s, since)
		if err != nil {
			return got, ids, since, err
		}
		for _, rec := range d.Changed {
			got, ids = append(got, rec.Item.Summary()), append(ids, rec.ID)
		}
		if since = d.Next; !d.More {
			return got, ids, since, nil
		}
	}
}

// TestRowC3ACalendarThatIsMadeLater: it is read once it is there; one that goes ends the cursor, and its items are not there any more; when none is to
// be seen that is no empty mailbox.
func TestRowC3ACalendarThatIsMadeLater(t *testing.T) {
	t.Parallel()
	s, f, c := mailbox(t)
	place, scope := several.All(pim.Kinds(pim.KindEvent)), remote.Scope{}
	got, ids, next, err := titles(t, f, place, scope, "")
	if err != nil || !slices.Equal(got, []string{"in activities", "in b"}) {
		t.Fatalf("%v %v", got, err)
	}
	if got, _, next, err = titles(t, f, place, scope, next); err != nil || len(got) != 0 {
		t.Fatalf("a quiet run: %v %v", got, err)
	}
	s.show(mem.Activities, "b", "c")
	c.Advance(time.Hour)
	if got, _, next, err = titles(t, f, place, scope, next); err != nil || !slices.Equal(got, []string{"in c"}) {
		t.Fatalf("made later: %v %v", got, err)
	}
	s.show(mem.Activities, "c")
	c.Advance(time.Hour)
	if _, _, _, err = titles(t, f, place, scope, next); !errors.Is(err, pim.ErrCursorGone) {
		t.Fatalf("deleted: %v", err)
	}
	recs, err := f.Fetch(t.Context(), place, append(ids, several.Bare(ids[0])))
	if err != nil || len(recs) != 2 || recs[0].ID != ids[0] || recs[1].ID != ids[0] {
		t.Fatalf("%+v %v", recs, err)
	}
	if err := f.Delete(t.Context(), place, remote.Ref{ID: ids[1]}, remote.Delete); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("an item of a folder that went: %v", err)
	}
	s.show()
	c.Advance(time.Hour)
	if _, _, _, err = titles(t, f, place, scope, ""); !errors.Is(err, pim.ErrForbidden) {
		t.Errorf("nothing is to be seen: %v", err)
	}
	if _, _, _, err = titles(t, f, place, scope, "nonsense"); !errors.Is(err, pim.ErrCursorGone) {
		t.Errorf("nonsense: %v", err)
	}
}

// TestRowC4WhatOthersShareIsNotAll: it is read where the scope has other people's items; what was read of it stays readable afterwards.
func TestRowC4WhatOthersShareIsNotAll(t *testing.T) {
	t.Parallel()
	s, f, _ := mailbox(t)
	s.others = "b"
	place := several.All(pim.Kinds(pim.KindEvent))
	got, _, _, err := titles(t, f, place, remote.Scope{}, "")
	if err != nil || !slices.Equal(got, []string{"in activities"}) {
		t.Fatalf("%v %v", got, err)
	}
	got, ids, next, err := titles(t, f, place, remote.Scope{AllOwners: true}, "")
	if err != nil || !slices.Equal(got, []string{"in activities", "in b"}) {
		t.Fatalf("%v %v", got, err)
	}
	if _, _, _, err = titles(t, f, place, remote.Scope{}, next); err != nil {
		t.Errorf("out of the scope again: %v", err)
	}
	if recs, err := f.Fetch(t.Context(), place, ids); err != nil || len(recs) != 2 {
		t.Errorf("%+v %v", recs, err)
	}
	got, _, _, err = titles(t, f, several.Place("b", mem.Activities), remote.Scope{}, "")
	if err != nil || !slices.Equal(got, []string{"in b", "in activities"}) {
		t.Errorf("chosen by name: %v %v", got, err)
	}
	rec, err := f.Create(t.Context(), several.Place("b", mem.Activities), remote.Entry{Item: &pim.Event{Activity: pim.Activity{Title: "new"}, Start: pim.At(time.Unix(0, 0), ""), End: pim.At(time.Unix(60, 0), "")}}, "k")
	if err != nil || rec.ID != several.At(place, "b", several.Bare(rec.ID)) {
		t.Errorf("%+v %v: not in the first one that was chosen", rec, err)
	}
}

func TestEveryFolderIsWatched(t *testing.T) {
	t.Parallel()
	s, f, _ := mailbox(t)
	f.LookEvery(time.Millisecond)
	hints := make(chan struct{}, 99)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.Watch(ctx, several.All(pim.Kinds(pim.KindEvent)), func() { hints <- struct{}{} }) }()
	seen := []remote.CollectionID{<-s.watched, <-s.watched}
	s.show(mem.Activities, "b", "c")
	seen = append(seen, <-s.watched)
	for range 4 { // one of each watch, and one because a folder was made
		<-hints
	}
	slices.Sort(seen)
	if !slices.Equal(seen, []remote.CollectionID{mem.Activities, "b", "c"}) {
		t.Errorf("watched: %v", seen)
	}
	broken := errors.New("broken")
	s.fail <- broken
	if err := <-ended; !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
