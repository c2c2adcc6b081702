package dav_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"crmbridge/dav"
	"crmbridge/store"
)

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	tag := s.put(path, event("a", "A"))
	r := s.call("GET", path, "").want(200)
	modified := r.Header.Get("Last-Modified")
	for _, h := range []string{"If-None-Match: " + tag, "If-None-Match: \"x\", W/" + tag, "If-None-Match: *", "If-Modified-Since: " + modified} {
		for _, method := range []string{"GET", "HEAD"} {
			if r := s.call(method, path, "", h).want(304); r.etag() != tag || len(r.Body) != 0 {
				t.Errorf("%s %s: %v", method, h, r.Header)
			}
		}
	}
	s.call("GET", path, "", "If-None-Match: \"x\"", "If-Modified-Since: "+modified).want(200)
	s.call("GET", path, "", "If-Modified-Since: Mon, 05 Jan 2015 09:00:00 GMT").want(200)
	s.call("GET", path, "", "If-Match: \"x\"").want(412)
	s.call("GET", path, "", "If-Match: "+tag).want(200)
	head := s.call("HEAD", path, "").want(200)
	if head.Header.Get("Content-Length") != fmt.Sprint(len(r.Body)) || head.Header.Get("Content-Type") != r.Header.Get("Content-Type") || len(head.Body) != 0 {
		t.Errorf("HEAD: %v", head.Header)
	}
	if got := r.Header.Get("Content-Type"); got != "text/calendar; charset=utf-8; component=VEVENT" {
		t.Errorf("%s", got)
	}
}

// Credentials count for the request they come with and for no other on the same connection.
func TestCredentialsOfEachRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	web := httptest.NewServer(s.h)
	t.Cleanup(web.Close)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for i, want := range []int{207, 401, 207, 401} {
		r, err := http.NewRequestWithContext(t.Context(), "PROPFIND", web.URL+calHome, strings.NewReader(ask("D:propfind", "D:displayname")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Depth", "0")
		if want == 207 {
			r.SetBasicAuth("ann", "pw")
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if res.StatusCode != want {
			t.Errorf("request %d: %d", i, res.StatusCode)
		}
	}
}

// cutter is a client that goes away after the first bytes.
type cutter struct {
	sink
	cut context.CancelFunc
}

func (c *cutter) Write(p []byte) (int, error) {
	c.cut()
	return c.sink.Write(p)
}

// A listing is sent while it is read, and one that is cut off ends the connection instead of looking whole.
func TestListingsAreStreamed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		for i := range 3000 {
			uid := fmt.Sprint(i)
			if _, err := tx.PutObject(store.Put{Collection: c.ID, Name: uid + ".ics", UID: uid, Kind: 1, Component: "VEVENT", Text: []byte(event(uid, "E"))}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, body string }{
		{"PROPFIND", ask("D:propfind", "D:getetag")},
		{"REPORT", syncBody("", "D:getetag", "C:calendar-data")},
		{"REPORT", calendarQuery(`<C:comp-filter name="VEVENT"/>`)},
	} {
		whole := len(s.call(c.method, annCal, c.body, "Depth: 1").want(207).Body)
		ctx, cancel := context.WithCancel(t.Context())
		w := &cutter{sink: sink{header: http.Header{}}, cut: cancel}
		r := httptest.NewRequestWithContext(ctx, c.method, "http://dav.test"+annCal, strings.NewReader(c.body))
		r.Header.Set("Depth", "1")
		r.SetBasicAuth("ann", "pw")
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					t.Errorf("%s: ended with %v", c.method, v)
				}
			}()
			s.h.ServeHTTP(w, r)
		}()
		cancel()
		if w.n == 0 || w.n > whole/2 {
			t.Errorf("%s: %d of %d bytes were sent after the client had gone", c.method, w.n, whole)
		}
	}
}

func TestTooManyFromOneAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{PerAddress: 1})
	body := &slowBody{inside: make(chan bool), leave: make(chan bool)}
	done := make(chan bool)
	go func() {
		defer close(done)
		r := httptest.NewRequest("PUT", "http://dav.test"+annCal+"a.ics", body)
		r.SetBasicAuth("ann", "pw")
		s.serve(r)
	}()
	<-body.inside
	if r := s.call("OPTIONS", "/", "", "User:").want(503); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	close(body.leave)
	<-done
	s.call("OPTIONS", "/", "", "User:").want(200)
}

// Of those who change the same version at once, one wins; the others are told and reported.
func TestConcurrentWrites(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		tag := s.put(path, event("a", "Start"))
		const writers = 8
		var mu sync.Mutex
		statuses := map[int]int{}
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				r := s.call("PUT", path, event("a", fmt.Sprint("By ", i)), fmt.Sprintf("User: ann+%d", i), "If-Match: "+tag)
				mu.Lock()
				statuses[r.Status]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if statuses[204] != 1 || statuses[412] != writers-1 {
			t.Errorf("%v", statuses)
		}
		if n := len(s.conflicts()); n != writers-1 {
			t.Errorf("%d reports", n)
		}
		created := map[int]int{}
		for i := range writers {
			wg.Go(func() {
				r := s.call("PUT", fmt.Sprintf("%sn%d.ics", annCal, i), event("same", fmt.Sprint(i)), "If-None-Match: *")
				mu.Lock()
				created[r.Status]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if created[201] != 1 || created[403] != writers-1 {
			t.Errorf("%v", created)
		}
	})
}

// What was downloaded is on record once the handler is closed.
func TestDownloadsAreNoted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annBook+"a.vcf", card("a", "A B"), desk)
	s.put(annBook+"b.vcf", card("b", "B C"), desk)
	s.call("GET", annBook+"a.vcf", "", phone)
	s.call("REPORT", annBook, syncBody("", "D:getetag"), phone)
	if err := s.h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		if err != nil {
			return err
		}
		for name, want := range map[string]bool{"a.vcf": true, "b.vcf": false} {
			o, err := tx.Object(c.ID, name)
			if err != nil {
				return err
			}
			seq, ok, err := tx.SeenSeq("token:phone", o.ID)
			if err != nil || ok != want || ok && seq != o.Seq {
				return errors.Join(err, fmt.Errorf("%s: %v at %d", name, ok, seq))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Floating times are read in the zone of the query, else of the calendar, else of the user.
func TestZonesOfQueries(t *testing.T) {
	t.Parallel()
	s := newServer(t) // ann lives in Berlin
	s.put(annCal+"f.ics", strings.NewReplacer("100000Z", "233000", "T110000Z", "T234500").Replace(event("f", "Floating")))
	zone := func(id, offset string) string {
		return crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTIMEZONE", "TZID:"+id, "BEGIN:STANDARD", "DTSTART:19700101T000000",
			"TZOFFSETFROM:"+offset, "TZOFFSETTO:"+offset, "END:STANDARD", "END:VTIMEZONE", "END:VCALENDAR")
	}
	found := func(start, end, timezone string) bool {
		body := askMore("C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="`+start+`" end="`+end+`"/>
			</C:comp-filter></C:comp-filter></C:filter>`+timezone, "D:getetag")
		return len(s.call("REPORT", annCal, body, "Depth: 1").multi().order) == 1
	}
	if !found("20260110T223000Z", "20260110T224500Z", "") || found("20260110T233000Z", "20260110T234500Z", "") {
		t.Error("not in the user's zone")
	}
	query := "<C:timezone>" + zone("Custom", "-0500") + "</C:timezone>"
	if !found("20260111T043000Z", "20260111T044500Z", query) || found("20260110T223000Z", "20260110T224500Z", query) {
		t.Error("not in the query's zone")
	}
	s.call("PROPPATCH", annCal, proppatch("<C:calendar-timezone>"+zone("Own", "+0900")+"</C:calendar-timezone>")).want(207)
	if !found("20260110T143000Z", "20260110T144500Z", "") {
		t.Error("not in the calendar's zone")
	}
	if m := s.call("PROPPATCH", annCal, proppatch("<C:calendar-timezone>rubbish</C:calendar-timezone>")).multi(); len(m.at(annCal).gone) != 1 {
		t.Error("a zone that is none was taken")
	}
	if !found("20260110T223000Z", "20260110T224500Z", "<C:timezone-id>Europe/Berlin</C:timezone-id>") {
		t.Error("not in the named zone")
	}
}
