package graphsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkViewDelta reads a calendar of 10 000 events by its delta, 500 on a page, and then a quiet round: what the
// simulator itself costs in measurements of drivers.
func BenchmarkViewDelta(b *testing.B) {
	at := time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return at }, Users: []User{{Name: "ann@example.org"}}, Rate: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range 10_000 {
		if _, err := s.Do("POST", ann+"/events", overlay(onDay2("2026-10-05"), object{"subject": fmt.Sprint(i)})); err != nil {
			b.Fatal(err)
		}
	}
	s.grants.tokens["t"] = &grant{local: true, may: everything(), expires: at.Add(time.Hour)}
	get := func(url string) object {
		req := httptest.NewRequest(http.MethodGet, url, nil)
		req.Header.Set("Authorization", "Bearer t")
		req.Header.Set("Prefer", "odata.maxpagesize=500")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		o, err := parseObject(w.Body.Bytes())
		if err != nil || w.Code != 200 {
			b.Fatal(w.Code, err)
		}
		return o
	}
	for b.Loop() {
		rows, link := 0, "http://sim/v1.0"+ann+"/calendarView/delta"+october
		for o := (object)(nil); link != ""; {
			o = get(link)
			rows += len(list(o, "value"))
			if link = text(o["@odata.nextLink"]); link == "" {
				if quiet := get(text(o["@odata.deltaLink"])); len(list(quiet, "value")) != 0 {
					b.Fatal("the quiet round is not")
				}
			}
		}
		if rows < 10_000 {
			b.Fatal(rows)
		}
	}
}
