package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

// eventually waits for something that a run brings about.
func eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := filepath.Join(dir, "env")
	var first map[string]string
	for round := range 2 { // a kept folder: same data, same passwords, no second copy
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan int, 1)
		var out, errs bytes.Buffer
		go func() {
			done <- run(ctx, []string{"demo", "--addr", freeAddr(t), "--dir", dir, "--env", env}, streams{in: strings.NewReader(""), out: &out, err: &errs}, map[string]string{})
		}()
		eventually(t, "the env file", func() bool { _, err := os.Stat(env); return err == nil || len(done) > 0 })
		vars := readEnv(t, env)
		for _, k := range []string{"BRIDGE_URL", "BRIDGE_USER", "BRIDGE_PASSWORD", "CRM_URL", "CRM_USER", "CRM_PASSWORD", "EXCHANGE_URL", "EXCHANGE_USER", "EXCHANGE_PASSWORD", "EXCHANGE_CONTROL_TOKEN"} {
			if vars[k] == "" {
				t.Errorf("round %d: %s is missing", round, k)
			}
		}
		p := &place{t: t, dir: dir}
		items := map[string]int{}
		eventually(t, "what the CRM has is in Exchange", func() bool {
			for _, l := range list[manage.Link](p, "link", "list") {
				items[l.Driver+" "+l.Collection] = l.Items
			}
			return items["ews calendar"] == items["creatio calendar"] && items["ews tasks"] == items["creatio tasks"] && items["ews contacts"] == items["creatio contacts"]
		})
		if items["creatio calendar"] < 15 || items["creatio tasks"] < 10 || items["creatio contacts"] < 60 {
			t.Errorf("round %d: %v", round, items)
		}
		myMeetings(t, vars)
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("round %d: ended with %d\n%s", round, code, errs.String())
		}
		if !strings.Contains(out.String(), vars["BRIDGE_PASSWORD"]) || !strings.Contains(out.String(), vars["CRM_URL"]) {
			t.Errorf("the table lacks something:\n%s", out.String())
		}
		if curl := fmt.Sprintf(`curl -H "X-Sim-Token: %s" %s/__sim/deliver -d '%s'`, vars["EXCHANGE_CONTROL_TOKEN"], vars["EXCHANGE_URL"], demoLetter); !strings.Contains(out.String(), curl) {
			t.Errorf("the table does not tell how a letter arrives:\n%s", out.String())
		}
		if err := os.Remove(env); err != nil {
			t.Fatal(err)
		}
		delete(vars, "BRIDGE_URL")
		if round == 0 {
			first = vars
		} else if !maps.Equal(first, vars) {
			t.Errorf("a kept folder has other credentials")
		}
	}
}

// What cannot work is said before anything is made or printed.
func TestDemoThatCannotBegin(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	parent := t.TempDir()
	for want, args := range map[string][]string{
		"is in use; choose another with --addr": {"--addr", l.Addr().String()},
		"--env":                                 {"--addr", "127.0.0.1:0", "--env", filepath.Join(parent, "nope", "x")},
		"is a folder":                           {"--addr", "127.0.0.1:0", "--env", parent},
		"--addr":                                {"--addr", "nowhere"},
	} {
		var out, errs bytes.Buffer
		dir := filepath.Join(parent, "data")
		code := run(t.Context(), append([]string{"demo", "--dir", dir}, args...), streams{in: strings.NewReader(""), out: &out, err: &errs}, map[string]string{})
		if code == 0 || !strings.Contains(errs.String(), want) || out.Len() > 0 {
			t.Errorf("%v: %d %q %q", args, code, out.String(), errs.String())
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatalf("%v: the folder was made", args)
		}
	}
}

// myMeetings checks that clients let the demo's person change the person's meetings:
// their organizer is one of the principal's addresses.
func myMeetings(t *testing.T, vars map[string]string) {
	t.Helper()
	ask := func(method, path, body string) string {
		req, err := http.NewRequest(method, strings.TrimSuffix(vars["BRIDGE_URL"], "/")+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(vars["BRIDGE_USER"], vars["BRIDGE_PASSWORD"])
		req.Header.Set("Content-Type", "application/xml")
		req.Header.Set("Depth", "1")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(strings.ReplaceAll(string(b), "&#13;", ""), "\r", "")
	}
	const ns = `xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"`
	if who := ask("PROPFIND", "/dav/principals/demo/", `<D:propfind `+ns+`><D:prop><C:calendar-user-address-set/></D:prop></D:propfind>`); !strings.Contains(who, "mailto:"+demoMail) {
		t.Errorf("the person's addresses: %s", who)
	}
	all := ask("REPORT", "/dav/calendars/demo/calendar/", `<C:calendar-query `+ns+`><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>`)
	all = strings.ReplaceAll(all, "\n ", "")
	mine, others := 0, 0
	for _, l := range regexp.MustCompile(`(?m)^ORGANIZER.*$`).FindAllString(all, -1) {
		if strings.Contains(strings.ToLower(l), "mailto:"+demoMail) {
			mine++
		} else {
			others++
		}
	}
	if mine < 5 || others > mine {
		t.Errorf("%d meetings are the person's, %d are others'", mine, others)
	}
}

func readEnv(t testing.TB, path string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return environ(strings.Split(strings.TrimSpace(string(b)), "\n"))
}

// TestCRMFaults: whatever the CRM answers, the run ends or goes on, the reason is in
// sync status, nothing is lost, and all is well again afterwards.
func TestCRMFaults(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	addMeeting(t, sim, "tok-1")
	p.link(srv)
	p.must("", "sync", "run", "crm")
	s := p.serve()
	defer s.stop()
	for i, f := range []creatiosim.Fault{
		{Kind: creatiosim.FaultHTML, Entity: "Activity"},
		{Kind: creatiosim.FaultTruncate, Entity: "Activity"},
		{Kind: creatiosim.FaultAbort, Entity: "Activity"},
		{Kind: creatiosim.FaultStatus, Status: 401, Entity: "Activity"},
		{Kind: creatiosim.FaultStatus, Status: 403, Entity: "Activity"},
		{Kind: creatiosim.FaultStatus, Status: 500, Message: "a process failed", Entity: "Activity"},
		{Kind: creatiosim.FaultBusy, RetryAfter: 1, Entity: "Activity"},
		{Kind: creatiosim.FaultUnavailable, Entity: "Activity"},
		{Kind: creatiosim.FaultReset, Entity: "Activity"},
		{Kind: creatiosim.FaultEmpty, Entity: "Activity"},
	} {
		f.Count = 8 // more than any retry
		id, err := sim.AddFault(f)
		if err != nil {
			t.Fatal(err)
		}
		title := fmt.Sprintf("tok-fault-%d", i)
		addMeeting(t, sim, title)
		name := fmt.Sprintf("/dav/calendars/alice/calendar/f%d.ics", i)
		if status, body := p.request("PUT", name, meeting(fmt.Sprintf("f%d", i), title+"-here"), nil); status != http.StatusCreated {
			t.Fatalf("%s: a client has to wait for the CRM: %d %s", f.Kind, status, body)
		}
		eventually(t, string(f.Kind)+" strikes", func() bool { return sim.Struck(id) > 0 })
		sim.RemoveFault(id)
		eventually(t, "recovery from "+string(f.Kind), func() bool {
			p.must("", "sync", "run", "crm", "--full")
			return p.here()[title] == 1 && there(sim)[title+"-here"] == 1
		})
	}
	if h, c := p.here(), there(sim); !maps.Equal(h, c) {
		t.Errorf("%v here, %v there", h, c)
	}
}

// TestReasonInStatus: a login that stops working is told in plain words.
func TestReasonInStatus(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	p.must("", "sync", "run", "crm")
	if err := sim.SetUser(creatiosim.User{Login: "owner", Password: "changed since", Name: "Olga Owner", FullRights: true}); err != nil {
		t.Fatal(err)
	}
	sim.ExpireSessions()
	if _, code := p.cmd("", "sync", "run", "crm"); code == 0 {
		t.Error("a run without a login succeeded")
	}
	var st []manage.Status
	if err := json.Unmarshal([]byte(p.must("", "sync", "status", "--json")), &st); err != nil || len(st) != 1 {
		t.Fatal(err, st)
	}
	if st[0].LastError == "" || strings.Contains(st[0].LastError, "http") || strings.Contains(st[0].LastError, "crm secret") {
		t.Errorf("the reason is %q", st[0].LastError)
	}
	out, code := p.cmd("", "link", "test", "crm")
	if code == 0 || !strings.Contains(out, "failed") {
		t.Errorf("link test: %s", out)
	}
	if out, code := p.cmd("", "doctor"); code == 0 || !strings.Contains(out, "failed") {
		t.Errorf("doctor: %s", out)
	}
}

// TestLinkRefusals: what cannot work is refused with the reason, and nothing stored.
func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	good := []string{"link", "add", "--user", "alice", "--driver", "creatio", "--set", "url=" + srv.URL, "--set", "username=owner", "--set", "password=crm secret"}
	for name, args := range map[string][]string{
		"no driver":      {"link", "add", "--user", "alice", "--driver", "siebel", "--collection", "calendar"},
		"wrong password": append(good[:len(good):len(good)], "--set", "password=wrong", "--collection", "calendar"),
		"no collection":  append(good[:len(good):len(good)], "--collection", "nothing"),
		"wrong rules":    append(good[:len(good):len(good)], "--collection", "calendar", "--rules", `{"policy":"best"}`),
		"unknown option": append(good[:len(good):len(good)], "--collection", "calendar", "--set", "colour=red"),
	} {
		if out, code := p.cmd("", args...); code == 0 || strings.Contains(out, "crm secret") {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	p.must("", append(good, "--collection", "calendar", "--name", "one")...)
	if out, code := p.cmd("", append(good, "--collection", "calendar", "--name", "two")...); code == 0 {
		t.Errorf("a second link of one collection: %s", out)
	}
	if ls := list[manage.Link](p, "link", "list"); len(ls) != 1 {
		t.Errorf("%+v", ls)
	}
	p.must("", "link", "remove", "one")
	if ls := list[manage.Link](p, "link", "list"); len(ls) != 0 {
		t.Errorf("%+v", ls)
	}
}
