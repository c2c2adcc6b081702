package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

func testPut(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	text := []byte("BEGIN:VCALENDAR\r\n…")
	p := event(f.cal.ID, "a", string(text))
	first := f.put(p)
	equal(t, "created", first.Created, true)
	equal(t, "etag", first.Object.ETag, store.ETag(text))
	equal(t, "seq", first.Object.Seq, f.cal.Seq+1)
	p.Text[0] = 'X' // the caller's slice is not the store's
	f.view(func(tx *store.Tx) error {
		for name, read := range map[string]func() (store.Object, error){
			"name": func() (store.Object, error) { return tx.Object(f.cal.ID, "a.ics") },
			"id":   func() (store.Object, error) { return tx.ObjectByID(first.Object.ID) },
			"uid":  func() (store.Object, error) { return tx.ObjectByUID(f.cal.ID, "a@example.org") },
			"collection and name": func() (store.Object, error) {
				_, o, err := tx.Member(f.user.ID, store.Calendars, f.cal.Slug, "a.ics")
				return o, err
			},
		} {
			o, err := read()
			if err != nil || fmt.Sprint(o) != fmt.Sprint(first.Object) || !bytes.Equal(o.Text, text) {
				t.Errorf("by %s: %+v, %v; want %+v", name, o, err, first.Object)
			}
		}
		c, _, err := tx.Member(f.user.ID, store.Calendars, f.cal.Slug, "a.ics")
		alone, errAlone := tx.CollectionBySlug(f.user.ID, store.Calendars, f.cal.Slug)
		equal(t, "collection of a member", fmt.Sprint(c, err), fmt.Sprint(alone, errAlone))
		for _, none := range []struct {
			user       store.UserID
			home       store.Home
			slug, name string
		}{
			{f.user.ID + 1, store.Calendars, f.cal.Slug, "a.ics"}, {f.user.ID, store.AddressBooks, f.cal.Slug, "a.ics"}, {f.user.ID, store.Calendars, "none", "a.ics"},
			{f.user.ID, store.Calendars, f.cal.Slug, "b.ics"}, {f.user.ID, store.Calendars, f.cal.Slug, "a\x00\xff"}, {f.user.ID, store.Calendars, "\xff", "a.ics"},
		} {
			if _, _, err := tx.Member(none.user, none.home, none.slug, none.name); pim.ReasonOf(err) != pim.ErrNotFound {
				t.Errorf("%+v: %v", none, err)
			}
		}
		n, size, err := tx.Count(f.cal.ID)
		equal(t, "count", n, 1)
		equal(t, "bytes", size, int64(len(text)))
		return err
	})

	p.Text = text
	p.Start, p.End = 5, 6 // a better parser found other times in the same text
	same := f.put(p)
	equal(t, "unchanged", same.Unchanged, true)
	equal(t, "seq", same.Object.Seq, first.Object.Seq)
	equal(t, "etag", same.Object.ETag, first.Object.ETag)

	p.Text = []byte("other")
	second := f.put(p)
	equal(t, "created", second.Created, false)
	equal(t, "id", second.Object.ID, first.Object.ID)
	equal(t, "seq", second.Object.Seq, first.Object.Seq+1)
	equal(t, "start", second.Object.Start, 5)
	equal(t, "previous", string(second.Previous.Text), string(text))
	equal(t, "created at", second.Object.CreatedAt, first.Object.CreatedAt)
	if !second.Object.UpdatedAt.After(first.Object.UpdatedAt) || second.Object.ETag == first.Object.ETag {
		t.Errorf("got %+v", second.Object)
	}
	f.view(func(tx *store.Tx) error {
		c, err := tx.Collection(f.cal.ID)
		equal(t, "collection's seq", c.Seq, second.Object.Seq)
		return err
	})
}

func testPutRefuses(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	f.put(event(f.cal.ID, "a", "x"))
	f.put(event(f.cal.ID, "b", "x"))
	before, last := f.changes(f.cal.ID, 0)
	for name, c := range map[string]struct {
		edit func(*store.Put)
		want pim.Reason
	}{
		"collection": {func(p *store.Put) { p.Collection++ }, pim.ErrNotFound},
		"no name":    {func(p *store.Put) { p.Name = "" }, pim.ErrInvalid},
		"bad name":   {func(p *store.Put) { p.Name = "a\xff" }, pim.ErrInvalid},
		"NUL":        {func(p *store.Put) { p.UID = "a\x00" }, pim.ErrInvalid},
		"backwards":  {func(p *store.Put) { p.Start = p.End + 1 }, pim.ErrInvalid},
	} {
		p := event(f.cal.ID, "c", "x")
		c.edit(&p)
		t.Log(name)
		f.refused(c.want, func(tx *store.Tx) error {
			_, err := tx.PutObject(p)
			return err
		})
	}
	for name, c := range map[string]struct{ name, uid, taken string }{
		"another has the uid": {"c.ics", "a@example.org", "a.ics"},
		"another uid":         {"b.ics", "c@example.org", "b.ics"},
		"another's uid":       {"b.ics", "a@example.org", "b.ics"},
	} {
		p := event(f.cal.ID, "c", "y")
		p.Name, p.UID = c.name, c.uid
		err := f.refused(pim.ErrExists, func(tx *store.Tx) error {
			_, err := tx.PutObject(p)
			return err
		})
		var taken *store.UIDTaken
		if !errors.As(err, &taken) || taken.Name != c.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
	after, now := f.changes(f.cal.ID, 0)
	if !slices.Equal(before, after) || now != last {
		t.Errorf("something was stored: %v", after)
	}
	p := event(f.cal.ID, "b", "y")
	p.UID, p.ReplaceUID = "new@example.org", true
	f.put(p)
	f.view(func(tx *store.Tx) error {
		if _, err := tx.ObjectByUID(f.cal.ID, "b@example.org"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("by the old uid: %v", err)
		}
		o, err := tx.ObjectByUID(f.cal.ID, "new@example.org")
		equal(t, "by the new uid", o.Name, "b.ics")
		return err
	})
	for _, name := range []string{"x", "y"} { // no UID is no UID in common
		p := event(f.cal.ID, name, "x")
		p.UID = ""
		f.put(p)
	}
	f.view(func(tx *store.Tx) error {
		if _, err := tx.ObjectByUID(f.cal.ID, ""); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("by no uid: %v", err)
		}
		return nil
	})
}

func testConditions(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	etag := f.put(event(f.cal.ID, "a", "x")).Object.ETag
	for _, c := range []struct {
		name string
		cond store.Cond
		a, b bool // whether a write of the existing a and of the absent b goes through
	}{
		{"none", store.Cond{}, true, true},
		{"match", store.Cond{IfMatch: []string{"no", etag}}, true, false},
		{"match any", store.Cond{IfMatch: []string{"*"}}, true, false},
		{"match another", store.Cond{IfMatch: []string{"no"}}, false, false},
		{"match only weak ones", store.Cond{IfMatch: []string{}}, false, false},
		{"none match", store.Cond{IfNoneMatch: []string{"no"}}, true, true},
		{"none match it", store.Cond{IfNoneMatch: []string{etag}}, false, true},
		{"create only", store.Cond{IfNoneMatch: []string{"*"}}, false, true},
		{"both", store.Cond{IfMatch: []string{etag}, IfNoneMatch: []string{"no"}}, true, false},
	} {
		for word, want := range map[string]bool{"a": c.a, "b": c.b} {
			undo := errors.New("undo")
			p := event(f.cal.ID, word, "y")
			p.Cond = c.cond
			err := f.s.Update(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.PutObject(p); err != nil {
					return err
				}
				return undo
			})
			var failed *store.CondError
			switch {
			case want && errors.Is(err, undo):
			case !want && errors.Is(err, pim.ErrConflict) && errors.As(err, &failed):
				if (failed.Current != nil) != (word == "a") || failed.Current != nil && string(failed.Current.Text) != "x" {
					t.Errorf("%s, %s: current %+v", c.name, word, failed.Current)
				}
			default:
				t.Errorf("%s, %s: %v", c.name, word, err)
			}
		}
		err := f.s.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.DeleteObject(f.cal.ID, "a.ics", c.cond, "", 0); err != nil {
				return err
			}
			return errUndo
		})
		if c.a != errors.Is(err, errUndo) || !c.a && !errors.Is(err, pim.ErrConflict) {
			t.Errorf("delete, %s: %v", c.name, err)
		}
	}
}

var errUndo = errors.New("undo")

func testDelete(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	o := f.put(event(f.cal.ID, "a", "x")).Object
	f.update(func(tx *store.Tx) error {
		gone, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{IfMatch: []string{o.ETag}}, "dav:ann", 0)
		equal(t, "text", string(gone.Text), "x")
		equal(t, "etag", gone.ETag, o.ETag)
		return err
	})
	f.refused(pim.ErrNotFound, func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{}, "", 0)
		return err
	})
	err := f.refused(pim.ErrConflict, func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{IfMatch: []string{"*"}}, "", 0)
		return err
	})
	var failed *store.CondError
	if !errors.As(err, &failed) || failed.Current != nil {
		t.Errorf("got %v", err)
	}
	f.view(func(tx *store.Tx) error {
		if _, err := tx.Object(f.cal.ID, "a.ics"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("by name: %v", err)
		}
		if _, err := tx.ObjectByUID(f.cal.ID, o.UID); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("by uid: %v", err)
		}
		if _, _, err := tx.Member(f.user.ID, store.Calendars, f.cal.Slug, "a.ics"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("by collection and name: %v", err)
		}
		stone, err := tx.ObjectByID(o.ID)
		if !stone.Deleted || stone.Text != nil || stone.ETag != "" || stone.UID != o.UID || stone.Name != o.Name || stone.Seq != o.Seq+1 {
			t.Errorf("tombstone %+v", stone)
		}
		return err
	})
}

func testEach(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	big := strings.Repeat("x", 300_000) // several fill a page
	want := map[string]string{}
	f.update(func(tx *store.Tx) error {
		for i := range 600 {
			p := event(f.cal.ID, fmt.Sprint(i), fmt.Sprint(i))
			if i%100 == 0 {
				p.Text = []byte(big)
			}
			if i%3 == 0 {
				p.Component, p.Kind = "VTODO", pim.KindTask
			}
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
			want[p.Name] = string(p.Text)
		}
		_, err := tx.DeleteObject(f.cal.ID, "42.ics", store.Cond{}, "", 0)
		delete(want, "42.ics")
		return err
	})
	other := f.collection("other")
	f.put(event(other.ID, "1", "other"))
	list := func(opts store.EachOptions) (n int) {
		var last store.ObjectID
		f.view(func(tx *store.Tx) error {
			return tx.EachObject(f.cal.ID, opts, func(o *store.Object) error {
				n++
				if o.ID <= last {
					t.Fatalf("object %d after %d", o.ID, last)
				}
				last = o.ID
				if opts.Text && string(o.Text) != want[o.Name] || !opts.Text && o.Text != nil {
					t.Fatalf("%s has the wrong text", o.Name)
				}
				if o.ETag != store.ETag([]byte(want[o.Name])) || o.Size != int64(len(want[o.Name])) || o.Seq == 0 || o.Component == "" {
					t.Fatalf("got %+v", o)
				}
				if n%50 == 0 { // the transaction can be used meanwhile
					if _, err := tx.Object(f.cal.ID, o.Name); err != nil {
						return err
					}
				}
				return nil
			})
		})
		return n
	}
	equal(t, "all", list(store.EachOptions{}), 599)
	equal(t, "brief", list(store.EachOptions{Brief: true}), 599)
	equal(t, "texts", list(store.EachOptions{Text: true}), 599)
	equal(t, "tasks", list(store.EachOptions{Text: true, Components: []string{"VTODO"}}), 199)
	equal(t, "tasks and events", list(store.EachOptions{Components: []string{"VTODO", "VEVENT"}}), 599)
	equal(t, "none", list(store.EachOptions{Components: []string{}}), 0)
	few := 0
	for _, text := range want {
		if strings.ContainsAny(text, "7x") {
			few++
		}
	}
	kept := func(text []byte) bool { return bytes.ContainsAny(text, "7x") }
	equal(t, "kept", list(store.EachOptions{Text: true, Keep: kept}), few)
	equal(t, "kept without texts", list(store.EachOptions{Keep: kept}), few)
	equal(t, "none kept", list(store.EachOptions{Keep: func([]byte) bool { return false }}), 0)
	equal(t, "all kept", list(store.EachOptions{Text: true, Keep: func([]byte) bool { return true }}), 599)
	from := int64(1500)
	equal(t, "in time", list(store.EachOptions{Text: true, From: &from}), 599)
	equal(t, "tasks in time", list(store.EachOptions{Until: &from, Components: []string{"VTODO"}}), 199)

	n := 0
	err := f.s.View(t.Context(), func(tx *store.Tx) error {
		return tx.EachObject(f.cal.ID, store.EachOptions{}, func(*store.Object) error {
			if n++; n == 10 {
				return errUndo
			}
			return nil
		})
	})
	if !errors.Is(err, errUndo) || n != 10 {
		t.Errorf("stopped after %d: %v", n, err)
	}
	f.update(func(tx *store.Tx) error { // deleting while listing
		return tx.EachObject(f.cal.ID, store.EachOptions{}, func(o *store.Object) error {
			_, err := tx.DeleteObject(f.cal.ID, o.Name, store.Cond{}, "", 0)
			return err
		})
	})
	equal(t, "after deleting", list(store.EachOptions{}), 0)
}

// Every byte comes back as it went in.
func testBytes(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for i, text := range [][]byte{all, {}, nil, []byte("\r\n\x00\xff"), bytes.Repeat(all, 8000)} {
		word := fmt.Sprint(i)
		f.put(event(f.cal.ID, word, string(text)))
		f.view(func(tx *store.Tx) error {
			o, err := tx.Object(f.cal.ID, word+".ics")
			if !bytes.Equal(o.Text, text) || o.Size != int64(len(text)) {
				t.Errorf("%d: got %d bytes, want %d", i, len(o.Text), len(text))
			}
			return err
		})
	}
}
