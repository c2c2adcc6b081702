package dav_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/store"
)

// Readers that take nothing of their answers, small or large, and more of them than the database has connections,
// keep none from logging in, reading and writing, and hold no snapshot of the database.
func TestStalledReadersHoldNoConnections(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s = serverWith(t, s, dav.Limits{PerUser: 1000, PerAddress: 1000})
		ask, most := s.largeBook(), 40
		if !s.store.Postgres() {
			most = 140
		}
		var wg sync.WaitGroup
		var readers []*blockedReader
		defer wg.Wait()
		defer func() {
			for _, w := range readers {
				close(w.leave)
			}
		}()
		for i := range most {
			w := &blockedReader{sink: sink{header: http.Header{}}, inside: make(chan bool), leave: make(chan bool)}
			readers = append(readers, w)
			body := ask
			if i%2 == 0 {
				body = askMore("CR:addressbook-multiget", "<D:href>"+annBook+"0.vcf</D:href>", "D:getetag")
			}
			wg.Go(func() { s.h.ServeHTTP(w, request("REPORT", annBook, body)) })
			select {
			case <-w.inside:
			case <-time.After(time.Minute):
				t.Fatalf("reader %d never came to anything", i)
			}
		}
		_, err := userByName(t, s.store, "bob")
		if err != nil {
			t.Fatal(err)
		}
		s.call("PUT", annCal+"new.ics", event("new", "New")).want(201)
		s.call("PROPFIND", "/dav/calendars/bob/", "", "Depth: 1", "User: bob").want(207)
		if !s.store.Postgres() {
			until(t, "the log of SQLite is folded into the file", func() bool {
				var busy, frames, done int
				if err := s.store.Writer().QueryRow(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil {
					t.Fatal(err)
				}
				return busy == 0
			})
		}
	})
}

// largeBook fills ann's contacts, and returns a query for all of them with their texts.
func (s *server) largeBook() string {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), func(tx *store.Tx) error {
		book, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		for i := range 8 {
			name := fmt.Sprintf("%d.vcf", i)
			text := card(name, "Ada Example", "X-A:"+strings.Repeat(fmt.Sprint(i), 100_000))
			if err == nil {
				_, err = tx.PutObject(store.Put{Collection: book.ID, Name: name, UID: name, Kind: pim.KindContact, Component: "VCARD", Text: []byte(text)})
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return askMore("CR:addressbook-query", "<CR:filter/>", "D:getetag", "CR:address-data")
}

func request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
	r.SetBasicAuth("ann", "pw")
	return r
}

func userByName(t *testing.T, s *store.Store, name string) (u store.User, err error) {
	t.Helper()
	err = s.View(t.Context(), func(tx *store.Tx) error {
		u, err = tx.UserByName(name)
		return err
	})
	return u, err
}

// Requests that are sent by halves, with a good password, keep nobody behind the same address waiting, nor other programs of the
// same user. Who was cut off is told to come back.
func TestHalfSentRequestsGiveWay(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]dav.Limits{"address": {PerAddress: 3}, "user": {PerUser: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serverWith(t, newServer(t), limits)
			srv := httptest.NewServer(s.h)
			t.Cleanup(srv.Close)
			var half []net.Conn
			for range 3 {
				c, err := net.Dial("tcp", srv.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				if _, err := fmt.Fprintf(c, "PUT %sa.ics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YW5uOnB3\r\nContent-Length: 900\r\n\r\nBEGIN:", annCal); err != nil {
					t.Fatal(err)
				}
				half = append(half, c)
			}
			answered := func() bool {
				r, err := http.NewRequestWithContext(t.Context(), "PROPFIND", srv.URL+annCal, strings.NewReader(ask("D:propfind", "D:getetag")))
				if err != nil {
					t.Fatal(err)
				}
				r.SetBasicAuth("ann", "pw")
				r.Header.Set("Depth", "0")
				res, err := srv.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				if res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusMultiStatus {
					t.Fatal(res.Status)
				}
				return res.StatusCode == http.StatusMultiStatus
			}
			var cut atomic.Int32
			for _, c := range half {
				go func() { // ends with the connection
					res, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil {
						return
					}
					if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !res.Close {
						t.Errorf("%s, %v", res.Status, res.Header)
					}
					_ = res.Body.Close()
					cut.Add(1)
				}()
			}
			until(t, "somebody else is answered", answered)
			// Who asks before all halves have come in takes nobody's place.
			until(t, "one is told", func() bool { return answered() && cut.Load() > 0 })
			if n := cut.Load(); n == 3 {
				t.Errorf("%d were cut off", n)
			}
		})
	}
}
