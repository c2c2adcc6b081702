package creatiosim

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Many clients at once: what each was told was done is there in the end. Run with -race.
func TestConcurrentClients(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Now, o.NewID, o.Dir = time.Now, nil, t.TempDir() })
	meeting := r.sim.Lookup("ActivityCategory", "Meeting")
	r.fault(Fault{Kind: FaultUnavailable, P: 0.05, Entity: "Contact"})
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[string]string{}
	for n := range 16 {
		c := r.client()
		c.login("Supervisor")
		wg.Go(func() {
			for i := range 12 {
				title := fmt.Sprintf("w%d-%d", n, i)
				res := c.do("POST", "Activity", map[string]any{"Title": title, "ActivityCategoryId": meeting})
				if res.status != 201 {
					t.Errorf("%s: %d %s", title, res.status, res.text())
					return
				}
				id := res.object(t)["Id"].(string)
				switch i % 4 {
				case 1:
					title += " changed"
					c.do("PATCH", "Activity("+id+")", map[string]string{"Title": title})
				case 2:
					c.do("DELETE", "Activity("+id+")", nil)
					title = ""
				case 3:
					c.query("Activity", "$filter", "ModifiedOn ge 2020-01-01T00:00:00Z", "$orderby", "ModifiedOn", "$expand", "Owner,ActivityParticipantCollectionByActivity")
					c.get("Contact?$orderby=Name")
					_ = r.sim.Edit("Contact", supervisorContact, Fields{"Email": title + "@example.org"})
					r.sim.Requests()
				}
				mu.Lock()
				want[id] = title
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, title := range want {
		rec, ok := r.sim.Record("Activity", id)
		if ok != (title != "") || ok && rec.Text("Title") != title {
			t.Errorf("%s: %v %q, want %q", id, ok, rec.Fields()["Title"], title)
		}
	}
}

// bigSim holds n activities of one owner, one a second.
func bigSim(t testing.TB, n int) (*Sim, time.Time) {
	t.Helper()
	clock := newClock()
	s, err := New(Options{Now: clock.Now, Users: testUsers()})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	base := clock.Now().Add(-time.Duration(n) * time.Second).Truncate(time.Second)
	rows := make([]Fields, n)
	kind, status, meeting := s.Lookup("ActivityType", "Task"), s.Lookup("ActivityStatus", "Not started"), s.Lookup("ActivityCategory", "Meeting")
	for i := range rows {
		at := base.Add(time.Duration(i) * time.Second)
		rows[i] = Fields{"Title": fmt.Sprintf("Activity %d", i), "OwnerId": supervisorContact, "TypeId": kind, "StatusId": status,
			"ActivityCategoryId": meeting,
			"StartDate":          at, "DueDate": at.Add(time.Hour), "ModifiedOn": at, "ShowInScheduler": i%2 == 0, "Notes": "Some words."}
	}
	must(t, s.Import("Activity", rows))
	return s, base
}

type cookieClient struct {
	s       *Sim
	request func(path string) int
}

// inProcess asks without a socket.
func inProcess(t testing.TB, s *Sim) cookieClient {
	t.Helper()
	_, cookies := s.logIn("Supervisor", testPassword)
	return cookieClient{s, func(path string) int {
		r := httptest.NewRequest("GET", "/0/odata/"+path, nil)
		r.Header.Set("ForceUseSession", "true")
		for _, c := range cookies {
			r.AddCookie(c)
			if c.Name == "BPMCSRF" {
				r.Header.Set("BPMCSRF", c.Value)
			}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}}
}

func BenchmarkHundredThousand(b *testing.B) {
	const n = 100_000
	s, base := bigSim(b, n)
	c := inProcess(b, s)
	near := base.Add((n - 20) * time.Second).Format(time.RFC3339)
	me := url.QueryEscape("Owner/Id eq " + supervisorContact)
	and := url.QueryEscape(" and ")
	one := s.Records("Activity")[n/2].ID
	for _, bench := range []struct{ name, path string }{
		{"ModifiedSince", "Activity?$filter=" + me + and + url.QueryEscape("ModifiedOn ge "+near) + "&$orderby=ModifiedOn"},
		{"ModifiedSinceAll500", "Activity?$orderby=ModifiedOn%20asc,Id%20asc&$top=500&$select=Id,Title,ModifiedOn&$filter=" + url.QueryEscape("ModifiedOn ge 2000-01-01T00:00:00Z")},
		{"PageDeep", "Activity?$orderby=ModifiedOn&$top=500&$skip=90000&$select=Id,ModifiedOn"},
		{"ById", "Activity(" + one + ")"},
		{"ByIdFilter", "Activity?$filter=" + url.QueryEscape("Id eq "+one)},
		{"CountScan", "Activity?$count=true&$top=0&$filter=" + url.QueryEscape("contains(Title,'999')")},
		{"Ids20000", "Activity?$select=Id,ModifiedOn&$top=20000&$filter=" + me},
		{"SortByTitle", "Activity?$top=10&$orderby=Title"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if status := c.request(bench.path); status != 200 {
					b.Fatal(status)
				}
			}
		})
	}
	b.Run("Edit", func(b *testing.B) {
		for b.Loop() {
			must(b, s.Edit("Activity", one, Fields{"Title": "x"}))
		}
	})
	b.Run("AddRemove", func(b *testing.B) {
		for b.Loop() {
			id, err := s.Add("Activity", Fields{"Title": "x", "ActivityCategory": "Meeting"})
			must(b, err)
			must(b, s.Remove("Activity", id))
		}
	})
}

// A query that an index serves looks at few rows, however many there are. Work is counted, not timed.
func TestIndexBoundsWork(t *testing.T) {
	t.Parallel()
	s, base := bigSim(t, 20_000)
	tab := s.db.tables["Activity"]
	near := base.Add(19_990 * time.Second).Format(time.RFC3339)
	for filter, most := range map[string]int{
		"ModifiedOn ge " + near: 10,
		"Owner/Id eq " + supervisorContact + " and ModifiedOn gt " + near + " and not ShowInScheduler": 10,
		"ModifiedOn gt " + near + " or (ModifiedOn eq " + near + " and Id ne null)":                    10,
		"Id eq " + tab.order[5].id.String() + " or Id eq " + tab.order[7].id.String():                  2,
		"Owner/Id eq " + s.ContactOf("plain"):                                                          0,
		"ModifiedOn lt 2000-01-01T00:00:00Z":                                                           0,
	} {
		f, bad := s.parseFilter(filter, tab.ent)
		if bad != nil {
			t.Fatal(bad)
		}
		if rows, _ := tab.candidates(f); len(rows) > most {
			t.Errorf("%s looks at %d rows, want at most %d", filter, len(rows), most)
		}
	}
}
