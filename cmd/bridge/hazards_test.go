package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/testenv"
)

// hazard is a place with a link to a simulated CRM that makes life hard in one way.
type hazard struct {
	*place
	sim *creatiosim.Sim
	// listing is called before each listing of activities is answered, with its number.
	listing atomic.Pointer[func(n int64)]
	listed  atomic.Int64
}

// newHazard has a CRM whose clock is off by skew; database is a URL, "" for SQLite.
func newHazard(t *testing.T, database string, skew time.Duration) *hazard {
	t.Helper()
	extra := ""
	if database != "" {
		extra = fmt.Sprintf("database: {url: %q}\n", database)
	}
	h := &hazard{place: newPlace(t, extra)}
	var err error
	h.sim, err = creatiosim.New(creatiosim.Options{Now: func() time.Time { return time.Now().Add(skew) },
		Users: []creatiosim.User{{Login: "owner", Password: "crm secret", Name: "Olga Owner", Email: "olga@example.org", FullRights: true}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Activity") {
			if f := h.listing.Load(); f != nil {
				(*f)(h.listed.Add(1))
			}
		}
		h.sim.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.Close()
		if err := h.sim.Close(); err != nil {
			t.Error(err)
		}
	})
	h.alice()
	pw := h.write("crm-password", "crm secret\n")
	h.must("", "link", "add", "--user", "alice", "--driver", "creatio", "--set", "url="+srv.URL, "--set", "username=owner", "--set", "page_size=20",
		"--set-file", "password="+pw, "--collection", "calendar", "--name", "crm", "--interval", "1h", "--rules", `{"reconcileEvery":"1s"}`)
	s := h.serve()
	t.Cleanup(s.stop)
	return h
}

func (h *hazard) add(title string) { addMeeting(h.t, h.sim, title) }

// one is the record with that title.
func (h *hazard) one(title string) string {
	h.t.Helper()
	rs := h.sim.Find("Activity", title)
	if len(rs) != 1 {
		h.t.Fatalf("%d records are called %s", len(rs), title)
	}
	return rs[0].ID
}

func (h *hazard) rename(from, to string) {
	h.t.Helper()
	if err := h.sim.Edit("Activity", h.one(from), creatiosim.Fields{"Title": to}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hazard) put(uid, title string) {
	h.t.Helper()
	if status, body := h.request("PUT", "/dav/calendars/alice/calendar/"+uid+".ics", meeting(uid, title), nil); status != http.StatusCreated && status != http.StatusNoContent {
		h.t.Fatalf("PUT: %d %s", status, body)
	}
}

// run does a run, whatever its outcome.
func (h *hazard) run() { _, _ = h.cmd("", "sync", "run", "crm", "--full") }

// rest waits until both sides have the same, once each, and a further run does nothing.
func (h *hazard) rest(want ...string) {
	h.t.Helper()
	titles := map[string]int{}
	for _, w := range want {
		titles[w] = 1
	}
	eventually(h.t, "both sides have "+strings.Join(want, " "), func() bool {
		h.run()
		return maps.Equal(h.here(), titles) && maps.Equal(there(h.sim), titles)
	})
	before := h.writes()
	for range 2 {
		h.must("", "sync", "run", "crm", "--full")
	}
	if after := h.writes(); after != before {
		h.t.Errorf("a run with nothing to do wrote %d times", after-before)
	}
}

// writes are the requests that changed the CRM.
func (h *hazard) writes() (n int) {
	for _, r := range h.sim.Requests() {
		if strings.Contains(r.Path, "/Activity") && r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// hazards are what remotes do to those who synchronise with them.
func hazards() map[string]func(*testing.T, string) {
	skewed := func(skew time.Duration) func(*testing.T, string) {
		return func(t *testing.T, db string) {
			h := newHazard(t, db, skew)
			h.add("tok-there")
			h.put("a", "tok-here")
			h.rest("tok-there", "tok-here")
			h.rename("tok-there", "tok-there-2")
			h.put("a", "tok-here-2")
			h.rest("tok-there-2", "tok-here-2")
		}
	}
	return map[string]func(*testing.T, string){
		"the clock is an hour ahead":  skewed(time.Hour),
		"the clock is an hour behind": skewed(-time.Hour),
		"two changes within one stamp": func(t *testing.T, db string) {
			h := newHazard(t, db, 0)
			h.add("tok-0")
			h.rest("tok-0")
			for i := range 6 {
				h.rename(fmt.Sprintf("tok-%d", i), fmt.Sprintf("tok-%d", i+1))
				h.must("", "sync", "run", "crm")
			}
			h.rest("tok-6")
		},
		"a write of the same values moves the stamp": func(t *testing.T, db string) {
			h := newHazard(t, db, 0)
			h.add("tok-a")
			h.put("b", "tok-b")
			h.rest("tok-a", "tok-b")
			h.rename("tok-a", "tok-a")
			h.rename("tok-b", "tok-b")
			h.rest("tok-a", "tok-b")
		},
		"pages shift while they are read": func(t *testing.T, db string) {
			h := newHazard(t, db, 0)
			var want []string
			for i := range 70 {
				title := fmt.Sprintf("tok-%03d", i)
				h.add(title)
				if i != 3 && i != 25 {
					want = append(want, title)
				}
			}
			first, last, moved := h.one("tok-003"), h.one("tok-025"), h.one("tok-000")
			var fault atomic.Pointer[error]
			shift := func(n int64) {
				var err error
				switch n {
				case 2:
					err = h.sim.Remove("Activity", first) // all that follow move up
				case 3:
					err = h.sim.Edit("Activity", moved, creatiosim.Fields{"Location": "elsewhere"}) // to the end
				case 4:
					err = h.sim.Remove("Activity", last)
				}
				if err != nil {
					fault.Store(&err)
				}
			}
			h.listing.Store(&shift)
			h.rest(want...)
			if err := fault.Load(); err != nil {
				t.Fatal(*err)
			}
			if h.listed.Load() < 4 {
				t.Error("the pages did not shift")
			}
			if !strings.Contains(h.calendar(), "elsewhere") {
				t.Error("a change while the pages were read was passed over")
			}
		},
		"answers are lost after the work is done": func(t *testing.T, db string) {
			h := newHazard(t, db, 0)
			h.put("a", "tok-a")
			h.put("b", "tok-b")
			h.rest("tok-a", "tok-b")
			for _, m := range []string{"POST", "PATCH", "DELETE"} {
				if _, err := h.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultResetAfter, Entity: "Activity", Method: m, Count: 2}); err != nil {
					t.Fatal(err)
				}
			}
			h.put("a", "tok-a-2")
			h.put("c", "tok-c")
			h.put("d", "tok-d")
			if status, _ := h.request("DELETE", "/dav/calendars/alice/calendar/b.ics", "", nil); status != http.StatusNoContent {
				t.Fatal(status)
			}
			h.rest("tok-a-2", "tok-c", "tok-d")
		},
		"it is busy, again and again": func(t *testing.T, db string) {
			h := newHazard(t, db, 0)
			h.add("tok-there")
			if _, err := h.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultBusy, RetryAfter: 1, P: 0.6, Count: 25}); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				h.put(fmt.Sprintf("u%d", i), fmt.Sprintf("tok-%d", i))
			}
			h.rest("tok-there", "tok-0", "tok-1", "tok-2", "tok-3", "tok-4")
		},
	}
}

// TestHazards: whatever a CRM does, both sides come to the same, nothing is lost or
// doubled, and then nothing is written any more.
func TestHazards(t *testing.T) {
	t.Parallel()
	for name, run := range hazards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("sqlite", func(t *testing.T) { run(t, "") })
			t.Run("postgres", func(t *testing.T) { run(t, testenv.Postgres(t)) })
		})
	}
}
