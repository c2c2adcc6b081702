package dav_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/store"
)

// A device that goes on trying has one report, which says what it sent last.
func TestTriesOfOneDeviceAreOneReport(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		tag := s.put(path, event("a", "Plan"), phone)
		s.put(path, event("a", "Plan of the desk"), desk, "If-Match: "+tag)
		for i := range 5 {
			s.call("PUT", path, event("a", fmt.Sprintf("Try %d", i)), phone, "If-Match: "+tag).want(412)
		}
		s.put(path, event("a", "Newer of the desk"), desk, "If-Match: "+s.call("HEAD", path, "", desk).etag())
		s.call("PUT", path, event("a", "Try 4"), phone, "If-Match: "+tag).want(412)
		reports := s.conflicts()
		if len(reports) != 1 || s.metrics.conflicts.Load() != 1 {
			t.Fatalf("%d reports, %d counted", len(reports), s.metrics.conflicts.Load())
		}
		c := reports[0]
		if string(c.Base) != event("a", "Plan") || string(c.Mine) != event("a", "Try 4") || string(c.Theirs) != event("a", "Newer of the desk") || c.Fields != `["title"]` {
			t.Errorf("base %q\nmine %q\ntheirs %q\n%s", c.Base, c.Mine, c.Theirs, c.Fields)
		}
		// What is settled stays so, however often it is tried; something else is news.
		s.resolve(c.ID)
		s.call("PUT", path, event("a", "Try 4"), phone, "If-Match: "+tag).want(412)
		if n := len(s.conflicts()); n != 1 {
			t.Errorf("%d reports of what was settled", n)
		}
		s.call("PUT", path, event("a", "Try 5"), phone, "If-Match: "+tag).want(412)
		if n := len(s.conflicts()); n != 2 {
			t.Errorf("%d reports of something else", n)
		}
	})
}

// What only a report holds is not replaced: the phone downloaded a newer version in between, and another device has a
// change of its own.
func TestOtherTriesAreOtherReports(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	first := s.put(path, event("a", "Plan"), phone)
	second := s.put(path, event("a", "Two"), desk, "If-Match: "+first)
	s.put(path, event("a", "Three"), desk, "If-Match: "+second)
	s.call("PUT", path, event("a", "Mine of one"), phone, "If-Match: "+first).want(412)
	s.call("PUT", path, event("a", "Mine of two"), phone, "If-Match: "+second).want(412)
	s.call("PUT", path, event("a", "Tablet"), "User: ann+tablet", "If-Match: "+first).want(412)
	s.call("DELETE", path, "", phone, "If-Match: "+first).want(412)
	held := map[string]bool{}
	for _, c := range s.conflicts() {
		held[string(c.Mine)] = true
	}
	for _, title := range []string{"Mine of one", "Mine of two", "Tablet"} {
		if !held[event("a", title)] {
			t.Errorf("%q is lost", title)
		}
	}
	if len(held) != 4 {
		t.Errorf("%d reports", len(held))
	}
}

// A version that is lost once more, after it was settled, is told once more.
func TestWhatIsLostAgainIsReportedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	lost := card("a", "Ada Lane", "NOTE:lost")
	s.put(path, card("a", "Ada Lane", "NOTE:old"), phone)
	for i := range 2 {
		s.put(path, lost, desk, "If-Match: "+s.call("HEAD", path, "", desk).etag())
		s.put(path, card("a", "Ada Lane", fmt.Sprint("NOTE:mine ", i)), phone)
		reports := s.conflicts()
		if len(reports) != i+1 || string(reports[0].Theirs) != lost {
			t.Fatalf("%d reports", len(reports))
		}
		s.resolve(reports[0].ID)
		s.call("GET", path, "", desk)
	}
}

// A refused write costs what it costs, not what was refused before it: no text of an earlier report is read.
func TestRefusedWritesCostTheSame(t *testing.T) { // alone, as it counts allocations
	s := newServer(t)
	path := annBook + "j.vcf"
	big := func(n int) string {
		lines := make([]string, 500)
		for i := range lines {
			lines[i] = fmt.Sprintf("X-A%d:%s%d", i, strings.Repeat("y", 400), n)
		}
		return card("j", "Ada Lane", lines...)
	}
	s.put(path, big(0))
	try := func(n int, device string) {
		s.call("PUT", path, big(n), device, `If-Match: "0"`).want(412)
	}
	try(1, phone)
	last := 1
	again := func() { last++; try(last, phone) }
	before := testing.AllocsPerRun(1, again)
	for n := range 30 {
		try(100+n, fmt.Sprintf("User: ann+device%d", n)) // a report each
	}
	if n := len(s.conflicts()); n != 31 {
		t.Errorf("%d reports", n)
	}
	if after := testing.AllocsPerRun(1, again); after > 2*before {
		t.Errorf("%.0f allocations after 30 reports, %.0f before", after, before)
	}
}

// A refused deletion holds nothing but a wish. It waits for a person, since programs drop it without a word, until it comes
// true or the device shows that it is given up.
func TestAWishToDeleteEnds(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		tablet := "User: ann+tablet"
		now := func(path string) string { return s.call("HEAD", path, "", "User: ann+reader").want(200).etag() }
		for i, c := range []struct {
			what string
			do   func(path string, text func(title, note string) string)
			open string // the devices whose wishes are left
		}{
			{"nothing", func(string, func(string, string) string) {}, "phone tablet"},
			{"the device downloads", func(path string, _ func(string, string) string) { s.call("GET", path, "", phone).want(200) }, "phone tablet"},
			{"another device changes it", func(path string, text func(string, string) string) {
				s.put(path, text("Of the desk", ""), desk, "If-Match: "+now(path))
			}, "phone tablet"},
			{"the device changes it", func(path string, text func(string, string) string) {
				s.put(path, text("Of the phone", ""), phone, "If-Match: "+now(path))
			}, "tablet"},
			{"the device changes it, and that is merged", func(path string, text func(string, string) string) {
				if r := s.call("PUT", path, text("Plan", "of the phone"), phone).want(204); r.Header.Get("ETag") != "" || s.metrics.merges.Load() != 1 {
					t.Errorf("not merged: %v", r.Header)
				}
			}, "tablet"},
			{"another device deletes it", func(path string, _ func(string, string) string) {
				s.call("DELETE", path, "", desk, "If-Match: "+now(path)).want(204)
			}, ""},
			{"it is deleted elsewhere", func(path string, _ func(string, string) string) {
				if err := s.store.Update(t.Context(), func(tx *store.Tx) error {
					c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Calendars, "calendar")
					if err == nil {
						_, err = tx.DeleteObject(c.ID, path[len(annCal):], store.Cond{}, "relay", 0)
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}, ""},
			{"another calendar's is moved into its place", func(path string, text func(string, string) string) {
				other := calHome + "other/x.ics"
				s.call("MKCALENDAR", calHome+"other/", "").want(201)
				s.put(other, text("Of the other calendar", ""), desk)
				s.call("MOVE", other, "", desk, "Destination: "+path, "If-Match: "+now(other)).want(204)
			}, ""},
		} {
			uid := fmt.Sprint("w", i)
			path := annCal + uid + ".ics"
			text := func(title, note string) string { return event(uid, title, "DESCRIPTION:"+note) }
			tag := s.put(path, text("Plan", ""), phone)
			s.call("GET", path, "", tablet).want(200)
			s.put(path, text("Plan of the desk", ""), desk, "If-Match: "+tag)
			for _, device := range []string{phone, tablet} {
				s.call("DELETE", path, "", device, "If-Match: "+tag).want(412)
			}
			c.do(path, text)
			left := ""
			for _, r := range s.conflicts() {
				switch {
				case r.Name != uid+".ics" || r.Method != "DELETE" || r.Cause != store.CausePrecondition:
				case r.ResolvedAt == nil:
					left = strings.TrimSpace(strings.TrimPrefix(r.Device, "token:") + " " + left)
				case r.Resolution != "superseded":
					t.Errorf("%s: %s", c.what, r.Resolution)
				}
			}
			if left != c.open {
				t.Errorf("%s: the wishes of %q are open, want %q", c.what, left, c.open)
			}
		}
	})
}

// Reports have a room of their own. When it is full, what is resolved goes; what is open stays, and what would lose
// something is not done.
func TestReportsHaveARoom(t *testing.T) {
	each(t, func(t *testing.T, st *server) {
		size := int64(len(event("a", "0")))
		s := serverWith(t, st, dav.Limits{Reports: 4 * size})
		path := annCal + "a.ics"
		s.put(path, event("a", "0"), desk)
		try := func(device string, status int) *reply {
			return s.call("PUT", path, event("a", "1"), "User: ann+"+device, `If-Match: "0"`).want(status)
		}
		try("one", 412)
		try("two", 412)
		try("three", 507).condition(nsD, "quota-not-exceeded")
		s.call("PUT", path, event("a", "2"), "User: ann+four").want(507)
		s.call("DELETE", path, "", "User: ann+four").want(507)
		s.call("DELETE", path, "", "User: ann+four", `If-Match: "0"`).want(412) // loses nothing
		if got := s.call("GET", path, "").want(200); string(got.Body) != event("a", "0") {
			t.Errorf("%s", got.Body)
		}
		open := s.conflicts()
		if len(open) != 2 {
			t.Fatalf("%d reports", len(open))
		}
		s.resolve(open[0].ID)
		try("three", 412)
		now := s.conflicts()
		if len(now) != 2 || now[1].ID != open[1].ID || now[0].Device != "token:three" {
			t.Errorf("%+v", now)
		}
	})
}

func TestResolvedReportsArePruned(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		s.put(path, event("a", "0"), desk)
		for _, device := range []string{"one", "two", "three"} {
			s.call("PUT", path, event("a", "1"), "User: ann+"+device, `If-Match: "0"`).want(412)
		}
		reports := s.conflicts()
		s.resolve(reports[0].ID)
		s.resolve(reports[1].ID)
		resolved := *s.conflicts()[1].ResolvedAt
		prune := func(before time.Time) (n int64) {
			if err := s.store.Update(t.Context(), func(tx *store.Tx) (err error) {
				n, err = tx.PruneConflicts(before)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := prune(resolved); n != 1 { // the other one was resolved before
			t.Errorf("%d pruned", n)
		}
		if n := prune(resolved.Add(time.Hour)); n != 1 {
			t.Errorf("%d pruned", n)
		}
		if left := s.conflicts(); len(left) != 1 || left[0].ID != reports[2].ID {
			t.Errorf("%+v", left)
		}
	})
}

// resolve settles a report of ann's.
func (s *server) resolve(id store.ConflictID) {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), func(tx *store.Tx) error {
		_, err := tx.ResolveConflict(id, "theirs", "ann")
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// serverWith is another handler, with limits, over the store of s.
func serverWith(t *testing.T, s *server, limits dav.Limits) *server {
	t.Helper()
	other := &server{t: t, store: s.store, auth: s.auth, metrics: s.metrics}
	other.h = dav.New(dav.Options{Store: s.store, Auth: s.auth, Now: time.Now, Metrics: s.metrics, Limits: limits})
	t.Cleanup(func() {
		if err := other.h.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return other
}
