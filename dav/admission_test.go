package dav_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/store"
)

// until waits for what is bound to happen.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Who is slow to send has no turn while his body is on its way.
func TestSlowSendersHoldNoTurn(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{AtOnce: 1, Wait: 2 * time.Second})
	s.h.EndlessTurns()
	var wg sync.WaitGroup
	var bodies []*slowBody
	defer wg.Wait()
	defer func() {
		for _, b := range bodies {
			close(b.leave)
		}
	}()
	for i, c := range []struct{ method, path string }{
		{"PUT", "/dav/calendars/bob/calendar/a.ics"}, {"PUT", "/dav/calendars/bob/calendar/b.ics"}, {"PUT", "/dav/calendars/bob/calendar/c.ics"},
		{"REPORT", "/dav/calendars/bob/calendar/"}, {"PROPFIND", "/dav/calendars/bob/"},
	} {
		bodies = append(bodies, &slowBody{inside: make(chan bool), leave: make(chan bool)})
		r := httptest.NewRequest(c.method, "http://dav.test"+c.path, bodies[i])
		r.SetBasicAuth("bob", "pw")
		answered := make(chan bool)
		wg.Go(func() {
			defer close(answered)
			s.h.ServeHTTP(httptest.NewRecorder(), r)
		})
		select {
		case <-bodies[i].inside:
		case <-answered:
			t.Fatalf("%s %s waited for a turn before it was read", c.method, c.path)
		}
	}
	s.call("PUT", annCal+"a.ics", event("a", "A")).want(201)
	s.call("GET", annCal+"a.ics", "").want(200)
	if r, w := s.h.FreeTurns(); r != 1 || w != 2 {
		t.Errorf("%d and %d turns are free", r, w)
	}
}

// blockedReader is a client that does not take what is sent until it is told to.
type blockedReader struct {
	sink
	once   sync.Once
	inside chan bool
	leave  chan bool
}

func (b *blockedReader) Write(p []byte) (int, error) {
	b.once.Do(func() { close(b.inside) })
	<-b.leave
	return b.sink.Write(p)
}

// Who is slow to read loses his turn, keeps his answer, and others are served meanwhile.
func TestSlowReadersLoseTheirTurn(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{AtOnce: 1, Wait: 20 * time.Second})
	s.h.EndlessTurns()
	s.put(annCal+"a.ics", event("a", "A"))
	var wg sync.WaitGroup
	var readers []*blockedReader
	for _, method := range []string{"PROPFIND", "GET", "PROPFIND"} {
		path, body := annCal, ask("D:propfind", "D:getetag")
		if method == "GET" {
			path, body = annCal+"a.ics", ""
		}
		w := &blockedReader{sink: sink{header: http.Header{}}, inside: make(chan bool), leave: make(chan bool)}
		readers = append(readers, w)
		r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
		r.SetBasicAuth("ann", "pw")
		r.Header.Set("Depth", "1")
		wg.Go(func() { s.h.ServeHTTP(w, r) })
		<-w.inside // for which the one before has to have lost the turn
	}
	s.call("PROPFIND", "/dav/calendars/bob/", ask("D:propfind", "D:displayname"), "Depth: 0", "User: bob").want(207)
	for _, w := range readers {
		close(w.leave)
	}
	wg.Wait()
	for i, w := range readers {
		if w.n == 0 {
			t.Errorf("answer %d is empty", i)
		}
	}
	if r, _ := s.h.FreeTurns(); r != 1 {
		t.Errorf("%d turns are free", r)
	}
}

// When all turns are taken, those who wait too long are asked to come back, with a status after which clients do so; readers
// do not wait for writers.
func TestNoTurnIsLeft(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Wait: 10 * time.Millisecond, Retry: 7 * time.Second})
	s.h.EndlessTurns()
	s.put(annCal+"old.ics", event("old", "Old"))
	var wg sync.WaitGroup
	err := s.store.Update(t.Context(), func(*store.Tx) error { // SQLite's one writer
		for _, name := range []string{"a", "b"} {
			wg.Go(func() {
				s.call("PUT", "/dav/calendars/bob/calendar/"+name+".ics", event(name, name), "User: bob").want(201)
			})
		}
		until(t, "both write", func() bool { _, w := s.h.FreeTurns(); return w == 0 })
		for _, method := range []string{"PUT", "DELETE"} {
			r := s.call(method, annCal+"old.ics", event("old", "New")).want(503)
			if got := r.Header.Get("Retry-After"); got != "7" {
				t.Errorf("%s: Retry-After is %q", method, got)
			}
		}
		s.call("GET", annCal+"old.ics", "").want(200)
		return nil
	})
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.metrics.throttled.Load(); n != 2 {
		t.Errorf("%d were counted", n)
	}
	s.call("PUT", annCal+"old.ics", event("old", "New")).want(204)
}
