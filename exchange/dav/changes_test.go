package dav_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
)

func single(uid string, start time.Time) string {
	return crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//web//EN\nBEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20260501T000000Z\nDTSTART:" + start.Format("20060102T150405Z") + "\nDURATION:PT1H\nSUMMARY:" + uid + "\nEND:VEVENT\nEND:VCALENDAR\n")
}

// changes follows all pages.
func changes(t *testing.T, m remote.Remote, s remote.Scope, since remote.Cursor) (changed, removed []string, next remote.Cursor, pages int) {
	t.Helper()
	for next = since; ; {
		d, err := m.Changes(t.Context(), eventsOf, s, next)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Changed {
			changed = append(changed, r.Item.ID())
		}
		for _, id := range d.Removed {
			removed = append(removed, string(id))
		}
		pages++
		if next = d.Next; !d.More {
			return changed, removed, next, pages
		}
	}
}

// A token that the server has forgotten asks for a new start, and so does a server that has changed its ways.
func TestForgottenTokens(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	f.put(string(eventsOf)+"a.ics", single("a", firstDay))
	_, _, next, _ := changes(t, m, remote.Scope{}, "")
	f.forgetTokens()
	if _, err := m.Changes(t.Context(), eventsOf, remote.Scope{}, next); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("%v", err)
	}
	if changed, _, _, _ := changes(t, m, remote.Scope{}, ""); len(changed) != 1 {
		t.Errorf("%v", changed)
	}
	lists := open(t, testclock.New(), remote.Settings{"url": serve(t, f), "changes": "list"})
	if _, err := lists.Changes(t.Context(), eventsOf, remote.Scope{}, next); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("a token for one who compares: %v", err)
	}
	if _, err := m.Changes(t.Context(), eventsOf, remote.Scope{Kinds: pim.Kinds(pim.KindTask)}, next); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("another scope: %v", err)
	}
}

// A change log that comes in parts (RFC 6578 3.6) is read to its end, deletions among them, and each change is told once.
func TestChangeLogInParts(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{few: 3}, nil)
	f.put(string(eventsOf)+"gone.ics", single("gone", firstDay))
	_, _, next, _ := changes(t, m, remote.Scope{}, "")
	for i := range 10 {
		f.put(fmt.Sprintf("%sn%d.ics", eventsOf, i), single(fmt.Sprintf("n%d", i), firstDay))
	}
	f.put(string(eventsOf)+"gone.ics", "")
	changed, removed, _, pages := changes(t, m, remote.Scope{}, next)
	if len(changed) != 10 || len(removed) != 1 || pages != 4 {
		t.Errorf("%v %v in %d pages", changed, removed, pages)
	}
}

// A listing goes on where it was after the program was started anew, and tells what happened meanwhile.
func TestListingGoesOnInANewSession(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]remote.Settings{"change log": {}, "comparing": {"changes": "list"}} {
		f := newFake(manner{})
		settings["url"] = serve(t, f)
		for i := range 250 {
			uid := fmt.Sprintf("n%03d", i)
			f.put(string(eventsOf)+uid+".ics", single(uid, firstDay))
		}
		d, err := open(t, testclock.New(), settings).Changes(t.Context(), eventsOf, remote.Scope{}, "")
		if err != nil || !d.More || len(d.Changed) != 100 {
			t.Fatalf("%s: %d %v %v", name, len(d.Changed), d.More, err)
		}
		f.put(string(eventsOf)+"n000.ics", single("n000", firstDay.Add(time.Hour)))
		f.put(string(eventsOf)+"n001.ics", "")
		f.put(string(eventsOf)+"n240.ics", "")
		seen := map[string]bool{}
		for _, r := range d.Changed[2:] {
			seen[r.Item.ID()] = true
		}
		changed, removed, _, _ := changes(t, open(t, testclock.New(), settings), remote.Scope{}, d.Next)
		for _, uid := range changed {
			if seen[uid] {
				t.Errorf("%s: %s is told twice", name, uid)
			}
			seen[uid] = true
		}
		if len(seen) != 248 || !seen["n000"] || !strings.Contains(strings.Join(removed, " "), "n001") {
			t.Errorf("%s: %d items, n000 %v, removed %v", name, len(seen), seen["n000"], removed)
		}
	}
}

// A run with nothing new is one request.
func TestQuietRunIsOneRequest(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]manner{"change log": {}, "version of the collection": {noLog: true}} {
		f, r := onFake(t, m, nil)
		f.put(string(eventsOf)+"a.ics", single("a", firstDay))
		_, _, next, _ := changes(t, r, remote.Scope{}, "")
		before := f.count("PROPFIND") + f.count("REPORT") + f.count("GET")
		changed, removed, _, _ := changes(t, r, remote.Scope{}, next)
		if n := f.count("PROPFIND") + f.count("REPORT") + f.count("GET") - before; n != 1 || len(changed)+len(removed) != 0 {
			t.Errorf("%s: %d requests, %v %v", name, n, changed, removed)
		}
	}
}

// What the window holds is for us to say, also at a server that takes no notice of time ranges, and what is known of an item's time is
// not read again.
func TestWindowIsSiftedHere(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{}, nil)
	for i := range 60 {
		uid := fmt.Sprintf("n%02d", i)
		f.put(string(eventsOf)+uid+".ics", single(uid, firstDay.AddDate(0, 0, i)))
	}
	f.put(string(eventsOf)+"series.ics", seriesText)
	s := remote.Scope{From: firstDay.AddDate(0, 0, 10).Add(-time.Minute), Until: firstDay.AddDate(0, 0, 19).Add(time.Minute)}
	changed, _, _, _ := changes(t, m, s, "")
	if len(changed) != 11 {
		t.Errorf("%v", changed)
	}
	refs, err := m.(remote.Lister).List(t.Context(), eventsOf, s)
	if err != nil || len(refs) != 11 {
		t.Fatalf("%d %v", len(refs), err)
	}
	reports := f.count("REPORT")
	if n, err := m.(remote.Counter).Count(t.Context(), eventsOf, s); err != nil || n != 11 || f.count("REPORT") != reports+1 {
		t.Errorf("%d %v in %d requests", n, err, f.count("REPORT")-reports)
	}
}

// A batch of which the answer leaves items out is no deletion of them.
func TestLeftOutIsNotGone(t *testing.T) {
	t.Parallel()
	f, m := onFake(t, manner{forgets: true}, nil)
	var ids []remote.ItemID
	for i := range 9 {
		path := fmt.Sprintf("%sn%d.ics", eventsOf, i)
		f.put(path, single(fmt.Sprintf("n%d", i), firstDay))
		ids = append(ids, remote.ItemID(path))
	}
	ids = append(ids, remote.ItemID(eventsOf)+"gone.ics")
	if recs, err := m.Fetch(t.Context(), eventsOf, ids); err != nil || len(recs) != 9 {
		t.Errorf("%d %v", len(recs), err)
	}
}

// One item that spoils the answer to a batch keeps nobody from the others.
func TestOneItemSpoilsNoBatch(t *testing.T) {
	t.Parallel()
	f := newFake(manner{})
	spoilt := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "REPORT" {
			f.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(bytes.ReplaceAll(rec.Body.Bytes(), []byte("SUMMARY:bell"), []byte("SUMMARY:bell\x07")))
	})
	m := open(t, testclock.New(), remote.Settings{"url": serve(t, spoilt)})
	for _, uid := range []string{"a", "bell", "c"} {
		f.put(string(eventsOf)+uid+".ics", single(uid, firstDay))
	}
	if changed, _, _, _ := changes(t, m, remote.Scope{}, ""); len(changed) != 3 {
		t.Errorf("%v", changed)
	}
}
