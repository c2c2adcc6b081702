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
	body := askMore("CR:addressbook-multiget", hrefs.String(), "D:getetag", "CR:address-data")
	w := &stalled{ResponseRecorder: httptest.NewRecorder(), reached: make(chan struct{}), release: make(chan struct{})}
	reached, done := w.reached, make(chan struct{})
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		defer close(done)
		r := httptest.NewRequest("REPORT", "http://dav.test"+annBook, strings.NewReader(body))
		r.SetBasicAuth("ann", "pw")
		s.h.ServeHTTP(w, r)
	}()
	<-reached
	runtime.GC()
	runtime.ReadMemStats(&during)
	close(w.release)
	<-done
	if held := int64(during.HeapAlloc) - int64(before.HeapAlloc); held > most {
		t.Errorf("%d MiB are held for %d texts of 4 MB", held>>20, cards)
	}
	if n := strings.Count(w.Body.String(), "<D:getetag>"); w.Code != http.StatusMultiStatus || n != cards {
		t.Errorf("%d, %d cards", w.Code, n)
	}
}
