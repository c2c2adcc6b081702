package feed_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/feed"
	"crmbridge/store"
)

// deaf is a client that takes nothing.
type deaf struct {
	http.ResponseWriter
	writes chan<- struct{} // one for each client that is written to
	once   sync.Once
	cut    chan struct{}
}

func newDeaf(writes chan<- struct{}) *deaf {
	return &deaf{ResponseWriter: httptest.NewRecorder(), writes: writes, cut: make(chan struct{})}
}

func (d *deaf) Write([]byte) (int, error) {
	d.writes <- struct{}{}
	<-d.cut
	return 0, os.ErrDeadlineExceeded
}

func (d *deaf) SetWriteDeadline(time.Time) error {
	d.once.Do(func() { close(d.cut) })
	return nil
}

// crowd asks for a feed n times, by clients that take nothing. It returns when written of them are written to.
func (s *server) crowd(n, written int, path string) []*deaf {
	s.t.Helper()
	writes := make(chan struct{}, n)
	var all []*deaf
	var running sync.WaitGroup
	for range n {
		d := newDeaf(writes)
		all = append(all, d)
		r := httptest.NewRequestWithContext(s.t.Context(), "GET", path, nil)
		r.RemoteAddr = "198.51.100.7:99"
		running.Go(func() {
			defer func() {
				if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // it is compared so by net/http
					s.t.Error(v)
				}
			}()
			s.h.ServeHTTP(d, r)
		})
	}
	s.t.Cleanup(running.Wait)
	for range written {
		<-writes
	}
	return all
}

// large fills the calendar with more than small sockets between two programs hold.
func (s *server) large() {
	s.t.Helper()
	for i := range 4 {
		s.put(fmt.Sprint("large", i), "20260310", "DESCRIPTION:"+strings.Repeat("x", 400_000)+"\r\n")
	}
}

// Clients that read nothing keep nobody from reading, neither what they read themselves nor anything else.
func TestSlowReadersOfSmallFeeds(t *testing.T) {
	t.Parallel()
	s := newServer(t, feed.Limits{Wait: time.Hour, Stall: time.Hour})
	s.put("one", "20260310", "")
	path, _, _ := s.add(full)
	other, _, _ := s.add(full)
	clients := s.crowd(20, 20, path)
	s.get(200, path)
	s.get(200, other)
	for _, d := range clients {
		_ = d.SetWriteDeadline(time.Time{})
	}
}

// Of large feeds, one address of a feed gives a quarter of the slots away, and all that one network knows a half.
func TestSlowReadersOfLargeFeeds(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]feed.Limits{
		"larger than what is kept of one": {Wait: time.Hour, Stall: time.Hour, Keep: 1},
		"no room for more":                {Wait: time.Hour, Stall: time.Hour, KeepAll: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, limits)
			s.large()
			first, _, _ := s.add(full)
			second, _, _ := s.add(full)
			other, _, _ := s.add(full)
			clients := s.crowd(8, 2, first)
			s.get(200, other)
			clients = append(clients, s.crowd(8, 2, second)...)
			s.get(200, other)
			for _, d := range clients {
				_ = d.SetWriteDeadline(time.Time{})
			}
		})
	}
}

// outcomes are those of requests, as they come.
type outcomes chan string

func (o outcomes) Feed(what string, _ time.Duration) { o <- what }
func (o outcomes) Panic()                            { o <- "panic" }

// A client that holds a slot and reads too slowly is cut off, over a real connection, and its slot is for others.
func TestSlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.large()
	path, _, _ := s.add(full)
	var empty store.Collection
	s.update(func(tx *store.Tx) (err error) {
		empty, err = tx.CreateCollection(store.Collection{UserID: s.user.ID, Home: store.Calendars, Slug: "empty", Components: "VEVENT"})
		return err
	})
	small, _, _ := s.add(store.Feed{Detail: store.DetailFull, CollectionID: empty.ID})
	came := make(outcomes, 8)
	h := feed.New(feed.Options{Store: s.store, Now: s.clock.Now, Metrics: came, Limits: feed.Limits{Renders: 1, Wait: time.Hour, Stall: 50 * time.Millisecond, Keep: 64 << 10}})
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if err := c.(*net.TCPConn).SetWriteBuffer(4096); err != nil {
			t.Error(err)
		}
		return ctx
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	if what := <-came; what != "slow" {
		t.Errorf("counted as %q", what)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", small, nil))
	if w.Code != http.StatusOK || <-came != "full" {
		t.Errorf("the next: %d", w.Code)
	}
	if strings.Contains(s.log.String(), "feed: failed") {
		t.Error("a slow client is logged as a fault")
	}
}
