package graph_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
)

// lists are the names of a mailbox's task lists, in their order.
func lists(t *testing.T, m remote.Remote) []string {
	t.Helper()
	cs, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cs {
		if c.Kinds.Has(pim.KindTask) {
			names = append(names, c.Name)
		}
	}
	return names
}

// A list that is made, renamed or deleted is noticed, by the delta query of lists alone, also when its token has expired meanwhile.
func TestTaskListsAreFollowed(t *testing.T) {
	t.Parallel()
	for name, expire := range map[string]int{"by their token": 0, "the token is gone": http.StatusGone, "the token is refused": http.StatusBadRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *graphsim.Options) { o.PageSize = 2 })
			m := r.open(nil)
			want := func(names ...string) {
				t.Helper()
				if expire != 0 {
					r.sim.ExpireDelta(ann, expire)
				}
				if got := lists(t, m); !slices.Equal(got, names) {
					t.Errorf("there are %q, want %q", got, names)
				}
			}
			want("Tasks")
			made := r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Calls"})
			other := r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Visits"})
			want("Tasks", "Calls", "Visits")
			r.do("PATCH", "/todo/lists/"+made["id"].(string), graphsim.Fields{"displayName": "Telephone"})
			want("Tasks", "Telephone", "Visits")
			r.do("DELETE", "/todo/lists/"+other["id"].(string), nil)
			r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Fairs"})
			want("Tasks", "Telephone", "Fairs")
			want("Tasks", "Telephone", "Fairs")
			if n := r.sim.Counts()["todo"]; expire == 0 && n > 12 {
				t.Errorf("%d requests: %v", n, r.sim.Counts())
			}
		})
	}
}

// Where lists have no delta query (Microsoft's cloud in China) they are read whole.
func TestTaskListsWithoutDelta(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/todo/lists/delta") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"code":"BadRequest","message":"Resource not found for the segment 'delta'."}}`))
			return
		}
		r.sim.ServeHTTP(w, q)
	}))
	t.Cleanup(srv.Close)
	m := r.open(exchange.Settings{"graph_url": srv.URL})
	r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Calls"})
	if got := lists(t, m); !slices.Equal(got, []string{"Tasks", "Calls"}) {
		t.Errorf("there are %q", got)
	}
}

// A link to all task lists brings the tasks of one that was made later, and is told when one was deleted, with a token that expired too.
func TestAllTaskListsAsOne(t *testing.T) {
	t.Parallel()
	for name, expire := range map[string]bool{"by its token": false, "the token is gone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			m := several.Over(r.open(nil), r.clock.Now)
			place := several.All(pim.Kinds(pim.KindTask))
			r.do("GET", "/todo/lists", nil)
			read := func(since remote.Cursor) (titles []string, next remote.Cursor, err error) {
				for {
					d, err := m.Changes(t.Context(), place, remote.Scope{}, since)
					if err != nil {
						return nil, "", err
					}
					for _, rec := range d.Changed {
						titles = append(titles, rec.Item.Summary())
					}
					if since = d.Next; !d.More {
						slices.Sort(titles)
						return slices.Compact(titles), since, nil
					}
				}
			}
			later := func() {
				r.clock.Advance(6 * time.Minute)
				if expire {
					r.sim.ExpireDelta(ann, http.StatusGone)
				}
			}
			_, since, err := read("")
			if err != nil {
				t.Fatal(err)
			}
			made := r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Calls"})["id"].(string)
			r.do("POST", "/todo/lists/"+made+"/tasks", graphsim.Fields{"title": "Call Fay"})
			later()
			titles, since, err := read(since)
			if expire && errors.Is(err, pim.ErrCursorGone) {
				titles, since, err = read("")
			}
			if err != nil || !slices.Equal(titles, []string{"Call Fay"}) {
				t.Errorf("%q, %v", titles, err)
			}
			r.do("DELETE", "/todo/lists/"+made, nil)
			later()
			if _, _, err := read(since); !errors.Is(err, pim.ErrCursorGone) {
				t.Errorf("a list was deleted, and %v", err)
			}
			if titles, _, err := read(""); err != nil || len(titles) > 0 {
				t.Errorf("%q, %v", titles, err)
			}
		})
	}
}
