package main

import (
	"strings"
	"testing"
	"time"

	"crmbridge/exchange/graph/graphsim"
)

// C2 C3 C4 in Microsoft 365: all calendars from a day on and all lists, also one that is made later, come into one collection each; a new item goes
// to the mailbox's own, a change to where the item is, and one that a person moves is the same.
func TestRowC2C3C4InMicrosoft365(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, nil)
	r := &row{place: p}
	do := func(method, path string, body graphsim.Fields) string {
		t.Helper()
		made, err := n.Do(method, "/users/ann@example.org"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := made["id"].(string)
		return id
	}
	at := time.Now().UTC().Truncate(time.Hour)
	meet := func(path, title string, day int) string {
		moment := func(h time.Duration) graphsim.Fields {
			return graphsim.Fields{"dateTime": at.AddDate(0, 0, day).Add(h).Format("2006-01-02T15:04:05"), "timeZone": "UTC"}
		}
		return do("POST", path+"/events", graphsim.Fields{"subject": title, "start": moment(0), "end": moment(time.Hour)})
	}
	team := "/calendars/" + do("POST", "/calendars", graphsim.Fields{"name": "Team"})
	meet("", "tok-own", 1)
	moved := meet(team, "tok-team", 2)
	meet(team, "tok-early", -9)
	list := do("POST", "/todo/lists", graphsim.Fields{"displayName": "Project"})
	do("POST", "/todo/lists/"+list+"/tasks", graphsim.Fields{"title": "tok-project"})
	since := at.AddDate(0, 0, -5).Format(time.DateOnly)
	for _, c := range []string{"calendar", "tasks"} {
		p.must("", append(n.graphLink(p, "add", "3600"), "--collection", c, "--name", c, "--remote", "all", "--interval", "1h", "--rules", `{"since":"`+since+`"}`)...)
		r.sync(c)
	}
	later := "/calendars/" + do("POST", "/calendars", graphsim.Fields{"name": "Made later"})
	meet(later, "tok-late", 3)
	if _, err := n.Move("ann@example.org", moved, strings.TrimPrefix(later, "/calendars/")); err != nil {
		t.Fatal(err)
	}
	r.sync("calendar")
	s := p.serve()
	titles := []string{"tok-own", "tok-team", "tok-early", "tok-late", "tok-project"}
	if got := which(r.text("calendar"), titles); got != "tok-own tok-team tok-late" {
		t.Errorf("devices have %s", got)
	}
	if got := which(r.text("tasks"), titles); got != "tok-project" {
		t.Errorf("the tasks are %s", got)
	}
	if n := strings.Count(r.text("calendar"), "SUMMARY:tok-team"); n != 1 {
		t.Errorf("what was moved is there %d times", n)
	}
	r.put("calendars/alice/calendar/d.ics", meeting("uid-d", "tok-device"))
	s.stop()
	r.sync("calendar")
	shows := func(path string) string {
		t.Helper()
		got, err := n.Do("GET", "/users/ann@example.org"+path+"/events?$top=50", nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		rows, _ := got["value"].([]any)
		for _, row := range rows {
			if o, ok := row.(map[string]any); ok {
				all = append(all, o["subject"].(string))
			}
		}
		return which(strings.Join(all, " "), append(titles, "tok-device"))
	}
	for path, want := range map[string]string{"": "tok-own tok-device", team: "tok-early", later: "tok-team tok-late"} {
		if got := shows(path); got != want {
			t.Errorf("in %s there are %s, want %s", path, got, want)
		}
	}
}

// C8: Exchange Server and Microsoft 365 have a driver each; a mailbox in Exchange Online is refused by the one for Exchange Server when it is set
// up, with the reason and where to go.
func TestRowC8ExchangeOnlineIsRefusedAtSetup(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	secret := p.write("mail-password", "mail secret\n")
	for _, where := range []string{"url=https://outlook.office365.com/EWS/Exchange.asmx", "mailbox=alice@outlook.com"} {
		for _, cmd := range []string{"test", "add"} {
			args := []string{"link", cmd, "--user", "alice", "--driver", "ews", "--set", where, "--set", "user=alice@example.org", "--set-file", "password=" + secret}
			if cmd == "add" {
				args = append(args, "--collection", "calendar", "--no-test")
			}
			if out, code := p.cmd("", args...); code == 0 || !strings.Contains(out, "Microsoft 365") || !strings.Contains(out, "by Graph") {
				t.Errorf("%s %s: %d %s", cmd, where, code, out)
			}
		}
	}
	if out := p.must("", "link", "list"); strings.Contains(out, "ews") {
		t.Error(out)
	}
}

// A meeting of somebody else's that is declined on a device is declined in Microsoft 365, leaves the calendar there and then the device, and nobody
// is mailed.
func TestDecliningOnADevice(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, nil)
	r := &row{place: p}
	at := time.Now().UTC().AddDate(0, 0, 3).Truncate(time.Hour)
	moment := func(h time.Duration) graphsim.Fields {
		return graphsim.Fields{"dateTime": at.Add(h).Format("2006-01-02T15:04:05"), "timeZone": "UTC"}
	}
	made, err := n.Receive("ann@example.org", "bob@example.org", graphsim.Fields{"subject": "tok-invited", "start": moment(0), "end": moment(time.Hour),
		"attendees": []any{graphsim.Fields{"type": "required", "emailAddress": graphsim.Fields{"address": "ann@example.org", "name": "Ann Example"}}}})
	if err != nil {
		t.Fatal(err)
	}
	n.ResetStats()
	p.must("", append(n.graphLink(p, "add", "3600"), "--collection", "calendar", "--name", "cal", "--interval", "1h")...)
	r.sync("cal")
	path := "calendars/alice/calendar/" + list[itemShown](p, "item", "list", "--link", "cal")[0].UID + ".ics"
	s := p.serve()
	status, text := r.get("/dav/" + path)
	if status != 200 || !strings.Contains(text, "PARTSTAT=NEEDS-ACTION") {
		t.Fatalf("%d %s", status, text)
	}
	r.put(path, strings.Replace(text, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=DECLINED", 1))
	until(t, "it is declined", func() bool {
		_, err := n.Do("GET", "/users/ann@example.org/events/"+made["id"].(string), nil)
		return err != nil
	})
	s.stop()
	r.sync("cal")
	s = p.serve()
	defer s.stop()
	if status, _ := r.get("/dav/" + path); status != 404 {
		t.Errorf("the device still has it: %d", status)
	}
	if n.MailCount() != 0 {
		t.Errorf("%v", n.Mails())
	}
}
