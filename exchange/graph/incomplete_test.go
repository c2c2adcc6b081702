package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// An answer without a list in it is no list of nothing: who believed it would take everything for deleted.
func TestAnAnswerWithoutValuesIsNoList(t *testing.T) {
	t.Parallel()
	for _, said := range []string{`{}`, `{"value":null}`, `null`, `{"@odata.context":"x","Value":{}}`} {
		for _, of := range []string{"events", "contacts", "tasks", "messages", "all mail"} {
			t.Run(said+" of "+of, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, nil)
				var odd atomic.Bool
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					if odd.Load() && q.Method == http.MethodGet {
						w.Header().Set("Content-Type", "application/json")
						_, _ = w.Write([]byte(said))
						return
					}
					r.sim.ServeHTTP(w, q)
				}))
				t.Cleanup(srv.Close)
				m := r.open(exchange.Settings{"graph_url": srv.URL})
				c := shelves(t, m)[of]
				if of == "all mail" { // it knows the folders already
					if _, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{}); err != nil {
						t.Fatal(err)
					}
				}
				odd.Store(true)
				if refs, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{}); pim.ReasonOf(err) != pim.ErrProtocol {
					t.Errorf("%d refs, %v", len(refs), err)
				}
				if cols, err := m.Collections(t.Context()); pim.ReasonOf(err) != pim.ErrProtocol {
					t.Errorf("%d collections, %v", len(cols), err)
				}
			})
		}
	}
}

// Nor are such files none: an event that has some keeps them here.
func TestAnAnswerWithoutFilesTakesNone(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	var odd atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rec := httptest.NewRecorder()
		q.Header.Del("Accept-Encoding")
		r.sim.ServeHTTP(rec, q)
		body := rec.Body.String()
		if i := strings.Index(body, `"value":[`); odd.Load() && strings.Contains(body, "fileAttachment") && i > 0 {
			body = body[:i] + `"other":[` + body[i+len(`"value":[`):]
		}
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	m := r.open(exchange.Settings{"graph_url": srv.URL})
	rec := create(t, m, withFile(pim.KindEvent, "a.txt"), "an event with a file")
	if n := len(pim.AttachmentsOf(fetch(t, m, pim.KindEvent, rec.ID).Item)); n != 1 {
		t.Fatalf("%d files", n)
	}
	odd.Store(true)
	if recs, err := m.Fetch(t.Context(), home(t, m, pim.KindEvent), []remote.ItemID{rec.ID}); pim.ReasonOf(err) != pim.ErrProtocol {
		t.Errorf("%d records, %v", len(recs), err)
	}
}
