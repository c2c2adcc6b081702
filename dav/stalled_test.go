package dav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

// stalled is a client that takes nothing before it is released.
type stalled struct {
	*httptest.ResponseRecorder
	reached, release chan struct{}
}

func (s *stalled) Write(b []byte) (int, error) {
	if s.reached != nil {
		close(s.reached)
		s.reached = nil
		<-s.release
	}
	return s.ResponseRecorder.Write(b)
}

func (s *stalled) Unwrap() http.ResponseWriter { return s.ResponseRecorder }

// A client that does not read holds a few texts in memory and not all that it asked for. Not parallel: it measures.
func TestStalledMultigetHoldsLittle(t *testing.T) {
	const cards, most = 24, 24 << 20
	s := newServer(t)
	var hrefs strings.Builder
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		book, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		for i := range cards {
			name := fmt.Sprintf("%02d.vcf", i)
			hrefs.WriteString("<D:href>" + annBook + name + "</D:href>")
			text := card(name, "Ada Example", "X-A:"+strings.Repeat("y", 2_000_000), "X-B:"+strings.Repeat("y", 2_000_000))
			if err == nil {
				_, err = tx.PutObject(store.Put{Collection: book.ID, Name: name, UID: name, Kind: pim.KindContact, Component: "VCARD", Text: []byte(text)})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	held, w := heldBy(s, "REPORT", annBook, askMore("CR:addressbook-multiget", hrefs.String(), "D:getetag", "CR:address-data"))
	if held > most {
		t.Errorf("%d MiB are held for %d texts of 4 MB", held>>20, cards)
	}
	if n := strings.Count(w.Body.String(), "<D:getetag>"); w.Code != http.StatusMultiStatus || n != cards {
		t.Errorf("%d, %d cards", w.Code, n)
	}
}

// The same of the calendars of a home, each with a long time zone.
func TestStalledHomeHoldsLittle(t *testing.T) {
	const calendars, most = 198, 5 << 20
	s := newServer(t)
	zone := zoneOfBytes(60000)
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		for i := range calendars {
			c := store.Collection{UserID: s.auth.users["ann"].ID, Home: store.Calendars, Slug: fmt.Sprintf("c%d", i), Components: "VEVENT", Timezone: zone}
			if _, err := tx.CreateCollection(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"D:displayname", "C:calendar-timezone"}
	for what, held := range map[string]func() (int64, *stalled){
		"PROPFIND": func() (int64, *stalled) {
			return heldBy(s, "PROPFIND", calHome, ask("D:propfind", names...), "Depth: 1")
		},
		"REPORT": func() (int64, *stalled) { return heldBy(s, "REPORT", calHome, syncBody("", names...)) },
	} {
		n, w := held()
		if n > most {
			t.Errorf("%s: %d MiB are held for %d calendars", what, n>>20, calendars)
		}
		if zones := strings.Count(w.Body.String(), "END:VTIMEZONE"); w.Code != http.StatusMultiStatus || zones != calendars {
			t.Errorf("%s: %d, %d time zones", what, w.Code, zones)
		}
	}
}

// heldBy is how many bytes a request of ann's holds while its client takes nothing of the answer, and the answer.
func heldBy(s *server, method, path, body string, header ...string) (int64, *stalled) {
	w := &stalled{ResponseRecorder: httptest.NewRecorder(), reached: make(chan struct{}), release: make(chan struct{})}
	reached, done := w.reached, make(chan struct{})
	r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
	r.SetBasicAuth("ann", "pw")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		defer close(done)
		s.h.ServeHTTP(w, r)
	}()
	<-reached
	runtime.GC()
	runtime.ReadMemStats(&during)
	close(w.release)
	<-done
	return int64(during.HeapAlloc) - int64(before.HeapAlloc), w
}
