package dav_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// filled is a calendar with n events, one an hour from 2026 on.
func filled(b *testing.B, n int) *server {
	b.Helper()
	s := newServer(b)
	err := s.store.Update(b.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		for i := range n {
			start := int64(1767225600 + 3600*i)
			text := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//test//EN\r\nBEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\n"+
				"DTSTART:%s\r\nDURATION:PT1H\r\nSUMMARY:Meeting %d\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", i, stamp(start), i, strings.Repeat("words ", 40))
			_, err := tx.PutObject(store.Put{
				Collection: c.ID, Name: fmt.Sprintf("%d.ics", i), UID: fmt.Sprint(i), Kind: pim.KindEvent, Component: "VEVENT",
				Text: []byte(text), Start: start, End: start + 3600, By: "bench",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func stamp(unix int64) string {
	return time.Unix(unix, 0).UTC().Format("20060102T150405Z")
}

// measure sends one request again and again, without a recorder that would hold the answer.
func (s *server) measure(b *testing.B, method, path, body string, headers ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		r.SetBasicAuth("ann", "pw")
		w := &sink{header: http.Header{}}
		s.h.ServeHTTP(w, r)
		if w.status >= 300 {
			b.Fatalf("%s %s: %d", method, path, w.status)
		}
	}
}

type sink struct {
	header http.Header
	status int
	n      int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.n += len(p); return io.Discard.Write(p) }

func BenchmarkServer(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		s := filled(b, n)
		token := s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token")
		var hrefs strings.Builder
		for i := range 100 {
			fmt.Fprintf(&hrefs, "<D:href>%s%d.ics</D:href>", annCal, i)
		}
		month := `<C:comp-filter name="VEVENT"><C:time-range start="20260110T000000Z" end="20260114T000000Z"/></C:comp-filter>`
		name := func(what string) string { return fmt.Sprintf("%s/%d", what, n) }
		b.Run(name("GET"), func(b *testing.B) { s.measure(b, "GET", annCal+"7.ics", "") })
		b.Run(name("PROPFIND-etags"), func(b *testing.B) {
			s.measure(b, "PROPFIND", annCal, ask("D:propfind", "D:getetag"), "Depth: 1")
		})
		b.Run(name("sync-nothing"), func(b *testing.B) { s.measure(b, "REPORT", annCal, syncBody(token, "D:getetag")) })
		b.Run(name("sync-all"), func(b *testing.B) { s.measure(b, "REPORT", annCal, syncBody("", "D:getetag")) })
		b.Run(name("multiget-100"), func(b *testing.B) {
			s.measure(b, "REPORT", annCal, askMore("C:calendar-multiget", hrefs.String(), "D:getetag", "C:calendar-data"))
		})
		b.Run(name("query-96-hours"), func(b *testing.B) { s.measure(b, "REPORT", annCal, calendarQuery(month), "Depth: 1") })
		b.Run(name("PUT-update"), func(b *testing.B) {
			i := 0
			for b.Loop() {
				i++
				s.put(annCal+"7.ics", event("7", fmt.Sprint("Changed ", i)))
			}
		})
		b.Run(name("PUT-new"), func(b *testing.B) {
			i := 0
			for b.Loop() {
				i++
				uid := fmt.Sprintf("new-%d-%d", b.N, i)
				s.put(annCal+uid+".ics", event(uid, "New"), "If-None-Match: *")
			}
		})
	}
}
