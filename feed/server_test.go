package feed_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/auth"
	"crmbridge/feed"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// counters notes what the handler counts.
type counters struct {
	mu     sync.Mutex
	what   map[string]int
	panics int
}

func (c *counters) Feed(outcome string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.what[outcome]++
}

func (c *counters) Panic() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panics++
}

// server is a handler over a store with the user ann and her calendar.
type server struct {
	t      *testing.T
	h      *feed.Handler
	store  *store.Store
	clock  *testclock.Clock
	user   store.User
	cal    store.Collection
	log    *bytes.Buffer
	counts *counters
}

func newServer(t *testing.T, limits ...feed.Limits) *server {
	t.Helper()
	s := &server{t: t, clock: testclock.At(now), log: &bytes.Buffer{}, counts: &counters{what: map[string]int{}}}
	s.store = storetest.OpenWith(t, store.Config{Now: s.clock.Now})
	s.update(func(tx *store.Tx) (err error) {
		if s.user, err = tx.CreateUser(store.User{Name: "ann", Zone: "Europe/Berlin"}); err != nil {
			return err
		}
		s.cal, err = tx.CreateCollection(store.Collection{UserID: s.user.ID, Home: store.Calendars, Slug: "calendar", DisplayName: "Ann's calendar",
			Components: "VEVENT,VTODO", Color: "#ff0000"})
		return err
	})
	o := feed.Options{Store: s.store, Now: s.clock.Now, Metrics: s.counts, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if len(limits) > 0 {
		o.Limits = limits[0]
	}
	s.h = feed.New(o)
	s.clock.Advance(time.Minute)
	return s
}

func (s *server) update(f func(*store.Tx) error) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// put stores an event at 10:00 of a day.
func (s *server) put(uid, day, more string) {
	s.t.Helper()
	start, err := time.Parse("20060102T150405Z", day+"T100000Z")
	if err != nil {
		s.t.Fatal(err)
	}
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + day +
		"T100000Z\r\nDTEND:" + day + "T110000Z\r\nSUMMARY:About " + uid + "\r\n" + more + "END:VEVENT\r\nEND:VCALENDAR\r\n"
	s.update(func(tx *store.Tx) error {
		_, err := tx.PutObject(store.Put{Collection: s.cal.ID, Name: uid + ".ics", UID: uid, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text),
			Start: start.Unix(), End: start.Unix() + 3600})
		return err
	})
}

// add makes a feed and gives its path and secret.
func (s *server) add(f store.Feed) (path, secret string, made store.Feed) {
	s.t.Helper()
	secret, err := auth.NewSecret(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	f.UserID, f.Hash = s.user.ID, auth.HashSecret(secret)
	if f.CollectionID == 0 {
		f.CollectionID = s.cal.ID
	}
	if f.Name == "" {
		f.Name = "team"
	}
	s.update(func(tx *store.Tx) (err error) { made, err = tx.CreateFeed(f); return err })
	address, _ := feed.Address("", secret, f.Name)
	return address, secret, made
}

func (s *server) call(method, path string, headers ...string) *http.Response {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w.Result()
}

// get is call that wants a status, and gives the body.
func (s *server) get(want int, path string, headers ...string) (string, http.Header) {
	s.t.Helper()
	res := s.call("GET", path, headers...)
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		s.t.Fatalf("%d, not %d: %v %s", res.StatusCode, want, err, b)
	}
	return string(b), res.Header
}

var full = store.Feed{Detail: store.DetailFull}
