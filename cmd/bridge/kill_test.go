package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

func freeAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		// Below those that the system gives to connections: one of these would have it by the time somebody listens.
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return addr
		}
	}
	t.Fatal("no address is free")
	return ""
}

// creatio is a simulated CRM with one user, owner.
func newCreatio(t testing.TB) (*creatiosim.Sim, *httptest.Server) {
	t.Helper()
	sim, err := creatiosim.New(creatiosim.Options{Now: time.Now, Users: []creatiosim.User{{Login: "owner", Password: "crm secret", Name: "Olga Owner", Email: "olga@example.org", FullRights: true}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(func() {
		srv.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return sim, srv
}

// link ties alice's calendar to the simulated CRM.
func (p *place) link(srv *httptest.Server) {
	p.t.Helper()
	pw := p.write("crm-password", "crm secret\n")
	p.must("", "link", "add", "--user", "alice", "--driver", "creatio", "--set", "url="+srv.URL, "--set", "username=owner",
		"--set-file", "password="+pw, "--collection", "calendar", "--name", "crm", "--interval", "1s", "--rules", `{"reconcileEvery":"2s"}`)
}

// addMeeting adds one in the CRM, as a person does.
func addMeeting(t testing.TB, sim *creatiosim.Sim, title string) {
	t.Helper()
	start := time.Now().UTC().AddDate(0, 0, 5).Truncate(time.Hour)
	owner := sim.ContactOf("owner")
	if owner == "" {
		t.Fatal("the simulated CRM does not know its user")
	}
	_, err := sim.Add("Activity", creatiosim.Fields{"Title": title, "StartDate": start, "DueDate": start.Add(time.Hour), "OwnerId": owner,
		"Type": "Task", "ActivityCategory": "Meeting", "Status": "Not started", "ShowInScheduler": true})
	if err != nil {
		t.Fatal(err)
	}
}

var summary = regexp.MustCompile(`SUMMARY:(tok-[a-z0-9-]+)`)

// here are the titles of alice's meetings with how often each is there.
func (p *place) here() map[string]int {
	p.t.Helper()
	m := map[string]int{}
	for _, s := range summary.FindAllStringSubmatch(p.calendar(), -1) {
		m[s[1]]++
	}
	return m
}

// calendar is alice's whole calendar, as a client sees it.
func (p *place) calendar() string {
	p.t.Helper()
	body := `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>`
	status, text := p.request("REPORT", "/dav/calendars/alice/calendar/", body, map[string]string{"Depth": "1", "Content-Type": "application/xml"})
	if status != http.StatusMultiStatus {
		p.t.Fatalf("REPORT: %d %s", status, text)
	}
	return text
}

func there(sim *creatiosim.Sim) map[string]int {
	m := map[string]int{}
	for _, r := range sim.Records("Activity") {
		m[r.Text("Title")]++
	}
	return m
}

// TestKilledAtRandom kills the server with SIGKILL at random moments while a client
// and the CRM change things and the network loses answers. Whatever was answered
// with success has to be on both sides afterwards, once.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	rnd := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	want := map[string]bool{} // titles that have to be there
	var gone []string         // titles that must not be
	n := 0
	for round := range rounds {
		s := p.serve()
		if _, err := sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultResetAfter, Entity: "Activity", Method: "POST", P: 0.3, Count: 2}); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				mu.Lock()
				n++
				uid := fmt.Sprintf("tok-%d-%d", round, n)
				mu.Unlock()
				p.clientWrites(uid, want, &gone, &mu, n%5 == 0)
				time.Sleep(5 * time.Millisecond)
			}
		})
		for range rnd.IntN(3) {
			title := fmt.Sprintf("tok-crm-%d-%d", round, rnd.IntN(1_000_000))
			addMeeting(t, sim, title)
			mu.Lock()
			want[title] = true
			mu.Unlock()
		}
		time.Sleep(time.Duration(rnd.IntN(1200)) * time.Millisecond)
		s.kill()
		close(stop)
		wg.Wait()
		sim.ClearFaults()
	}
	s := p.serve()
	defer s.stop()
	deadline := time.Now().Add(150 * time.Second)
	for {
		h, c := p.here(), there(sim)
		if p.settled(sim) && maps.Equal(h, c) || time.Now().After(deadline) {
			check(t, want, gone, h, c)
			if t.Failed() {
				t.Logf("%s\n%s", p.must("", "sync", "status"), s.log)
			}
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%d titles after %d kills", len(want), rounds)
}

// clientWrites makes an event, renames it, and deletes every fifth again, noting
// what was answered with success. An answer that did not come proves nothing: the
// write may be there or not, so its titles are neither wanted nor refused.
func (p *place) clientWrites(uid string, want map[string]bool, gone *[]string, mu *sync.Mutex, remove bool) {
	path := "/dav/calendars/alice/calendar/" + uid + ".ics"
	if status, _ := p.request("PUT", path, meeting(uid, uid+"-a"), map[string]string{"If-None-Match": "*"}); status != http.StatusCreated {
		return
	}
	if status, _ := p.request("PUT", path, meeting(uid, uid+"-b"), nil); status != http.StatusNoContent {
		return
	}
	if !remove {
		mu.Lock()
		want[uid+"-b"] = true
		mu.Unlock()
		return
	}
	if status, _ := p.request("DELETE", path, "", nil); status == http.StatusNoContent {
		mu.Lock()
		*gone = append(*gone, uid+"-b")
		mu.Unlock()
	}
}

// settled reports a link at rest.
func (p *place) settled(*creatiosim.Sim) bool {
	for _, l := range list[manage.Link](p, "link", "list") {
		if l.Waiting > 0 || l.Running {
			return false
		}
	}
	return true
}

func check(t *testing.T, want map[string]bool, gone []string, here, there map[string]int) {
	t.Helper()
	for title := range want {
		if here[title] != 1 || there[title] != 1 {
			t.Errorf("%s: %d times here, %d times there, want once", title, here[title], there[title])
		}
	}
	for _, title := range gone {
		if here[title] != 0 || there[title] != 0 {
			t.Errorf("%s was deleted: %d times here, %d times there", title, here[title], there[title])
		}
	}
	for _, side := range []map[string]int{here, there} {
		for title, n := range side {
			if n > 1 {
				t.Errorf("%s is there %d times", title, n)
			}
			if strings.HasSuffix(title, "-a") && slices.Contains(slices.Collect(maps.Keys(want)), strings.TrimSuffix(title, "-a")+"-b") {
				t.Errorf("%s was renamed and is still there", title)
			}
		}
	}
	if len(here) != len(there) {
		t.Errorf("%d here, %d there", len(here), len(there))
	}
}
