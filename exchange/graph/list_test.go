package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// between is the address of the rig's service with pages of a few items, where after is called with the ids of each page of a collection,
// before that is given. It may put another body into its place.
func (r *rig) between(few int, after func(path string, ids []string, body []byte) []byte) string {
	r.t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if v := q.URL.Query(); v.Get("$top") == "500" {
			v.Set("$top", fmt.Sprint(few))
			q.URL.RawQuery = v.Encode()
			q.RequestURI = q.URL.RequestURI()
		}
		q.Header.Set("Prefer", strings.Replace(q.Header.Get("Prefer"), "odata.maxpagesize=500", fmt.Sprint("odata.maxpagesize=", few), 1))
		rec := httptest.NewRecorder()
		r.sim.ServeHTTP(rec, q)
		body := rec.Body.Bytes()
		var p struct{ Value []struct{ ID string } }
		if q.Method == "GET" && json.Unmarshal(body, &p) == nil && p.Value != nil {
			var ids []string
			for _, x := range p.Value {
				ids = append(ids, x.ID)
			}
			body = after(q.URL.Path, ids, body)
		}
		maps.Copy(w.Header(), rec.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}))
	r.t.Cleanup(srv.Close)
	return srv.URL
}

// shelves are the collections of a mailbox that are listed, and the segment of their items' paths.
func shelves(t *testing.T, m exchange.Mailbox) map[string]remote.CollectionID {
	return map[string]remote.CollectionID{
		"events": home(t, m, pim.KindEvent), "contacts": home(t, m, pim.KindContact), "tasks": home(t, m, pim.KindTask),
		"messages": inMail(t, m, "Inbox"), "all mail": exchange.AllMail,
	}
}

// some makes an item of a shelf.
func (r *rig) some(t *testing.T, m exchange.Mailbox, of string, c remote.CollectionID, n int) remote.ItemID {
	t.Helper()
	switch of {
	case "events":
		e := &pim.Event{Start: at(6, 1+n%28, 10), End: at(6, 1+n%28, 11)}
		e.Title = fmt.Sprint("Event ", n)
		return create(t, m, e, fmt.Sprint("key ", n)).ID
	case "contacts":
		return create(t, m, &pim.Contact{FullName: fmt.Sprint("Person ", n)}, fmt.Sprint("key ", n)).ID
	case "tasks":
		v := &pim.Task{}
		v.Title, v.Status = fmt.Sprint("Task ", n), pim.NeedsAction
		return create(t, m, v, fmt.Sprint("key ", n)).ID
	}
	return r.deliver("", &pim.Message{Subject: fmt.Sprint("Letter ", n), From: pim.Person{Email: "fay@example.org"}, To: []pim.Person{{Email: ann}},
		Sent: pim.At(r.clock.Now(), ""), Text: "x"}, nil)
}

// What is deleted between two pages of a listing has no other item passed over, and nothing is listed twice.
func TestListIsWholeWhileItemsGo(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"events", "contacts", "tasks", "messages", "all mail"} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *graphsim.Options) { o.Calm = true })
			gone := map[remote.ItemID]bool{}
			list, armed := "", false
			url := r.between(5, func(path string, ids []string, body []byte) []byte {
				if armed && len(ids) > 2 && len(gone) < 8 {
					for _, id := range ids[1:3] {
						if !gone[remote.ItemID(id)] {
							gone[remote.ItemID(id)] = true
							r.do("DELETE", list+id, nil)
						}
					}
				}
				return body
			})
			m := r.open(exchange.Settings{"graph_url": url})
			c := shelves(t, m)[of]
			switch _, id, _ := strings.Cut(string(c), ":"); of {
			case "tasks":
				list = "/todo/lists/" + id + "/tasks/"
			case "all mail":
				list = "/messages/"
			default:
				list = "/" + of + "/"
			}
			var ids []remote.ItemID
			for i := range 23 {
				r.clock.Advance(time.Second)
				ids = append(ids, r.some(t, m, of, c, i))
			}
			armed = true
			refs, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			remotetest.Whole(t, refs, ids, gone)
			if len(gone) < 6 {
				t.Errorf("only %d were deleted meanwhile", len(gone))
			}
		})
	}
}

// A link that leads back to where the listing was, or to another host, ends it; the other host is sent nothing, nor the login.
func TestLinksThatLeadAstray(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(func() {
		if other.Close(); strangers.Load() > 0 {
			t.Errorf("another host was asked %d times", strangers.Load())
		}
	})
	for name, astray := range map[string]func(page int64, own string) string{
		"a circle of one":   func(_ int64, own string) string { return own },
		"a circle of three": func(page int64, own string) string { return fmt.Sprint(own, "&turn=", page%3) },
		"another host":      func(int64, string) string { return other.URL + "/v1.0/more" },
		"another scheme":    func(_ int64, own string) string { return strings.Replace(own, "http:", "https:", 1) },
	} {
		for _, of := range []string{"events", "contacts", "tasks", "messages", "all mail"} {
			t.Run(name+" of "+of, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, nil)
				var pages atomic.Int64
				pages.Store(-1)
				var self *httptest.Server
				self = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					if n := pages.Load(); n >= 0 && q.Method == "GET" {
						pages.Add(1)
						w.Header().Set("Content-Type", "application/json")
						_ = json.NewEncoder(w).Encode(map[string]any{"value": []any{}, "@odata.nextLink": astray(n, self.URL+"/v1.0/more?$skiptoken=x")})
						return
					}
					r.sim.ServeHTTP(w, q)
				}))
				t.Cleanup(self.Close)
				m := r.open(exchange.Settings{"graph_url": self.URL})
				c := shelves(t, m)[of]
				pages.Store(0)
				if _, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{}); err == nil || pages.Load() > 5 {
					t.Errorf("the listing ended after %d pages with %v", pages.Load(), err)
				}
				if name == "a circle of three" {
					return // a cursor remembers no trail; it ends with the last page that there may be
				}
				pages.Store(0)
				var since remote.Cursor
				for n := 0; ; n++ {
					d, err := m.Changes(t.Context(), c, remote.Scope{}, since)
					if err != nil {
						break
					}
					if since = d.Next; n > 5 {
						t.Fatal("changes go on for ever")
					}
				}
			})
		}
	}
}
