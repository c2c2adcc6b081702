package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/e2e/peer"
	"crmbridge/e2e/plain"
	"crmbridge/manage"
)

// groupwareFlags name a calendar server.
func groupwareFlags(p *place, t plain.Target) []string {
	return []string{"link", "add", "--user", "alice", "--driver", "dav", "--set", "url=" + t.Base, "--set", "username=" + t.User,
		"--set-file", "password=" + p.write("groupware-password", t.Password+"\n"), "--interval", "1s", "--rules", `{"reconcileEvery":"2s"}`}
}

// pathIn is the path of a URL of the server.
func pathIn(t plain.Target, url string) string { return "/" + strings.TrimPrefix(url, t.Base) }

// A wrong password, a wrong address and a page that is no CalDAV server are told for what they are, and nothing is linked.
func TestGroupwareLinkAddRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	g := peer.Radicale(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Welcome</body></html>"))
	}))
	t.Cleanup(page.Close)
	p := newPlace(t, "")
	p.alice()
	good := groupwareFlags(p, g)
	for want, args := range map[string][]string{
		"the server does not accept user name and password":                           {"--collection", "calendar", "--set-file", "password=" + p.write("wrong", "wrong")},
		"neither CalDAV nor CardDAV was found at":                                     {"--collection", "calendar", "--set", "url=" + page.URL},
		"nothing listens at this address and port":                                    {"--collection", "calendar", "--set", "url=http://" + freeAddr(t)},
		`the mail server has no collection "/nobody/x/"; it has `:                     {"--collection", "calendar", "--remote", "/nobody/x/"},
		`of the mail server holds contacts, but the collection "calendar" is for eve`: {"--collection", "calendar", "--remote", pathIn(g, g.Book)},
		"url or email is missing":                                                     {"--collection", "calendar", "--set", "url="},
	} {
		if out, code := p.cmd("", append(good[:len(good):len(good)], args...)...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: %d\n%s\nwant %s", args, code, out, want)
		}
	}
	if ls := list[manage.Link](p, "link", "list"); len(ls) != 0 {
		t.Fatalf("%+v", ls)
	}
	doc, code := jsonOf[linkAdded](p, append(good, "--collection", "contacts", "--name", "people")...)
	if code != 0 || doc.Remote != pathIn(g, g.Book) || manage.Failed(doc.Checks) || len(doc.Checks) < 6 {
		t.Errorf("%d %+v", code, doc)
	}
	// An address book on a mail server is the person's own.
	if out := p.must("", "link", "rules", "people"); !strings.Contains(out, `"contact": "delete"`) {
		t.Error(out)
	}
}

// One collection with a CRM on one side and groupware on the other: what is made, changed or deleted in one of the three is in the
// other two afterwards, once.
func TestCRMAndGroupwareMeetInOneCollection(t *testing.T) {
	t.Parallel()
	g := peer.Radicale(t)
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	p.must("", append(groupwareFlags(p, g), "--collection", "calendar", "--remote", pathIn(g, g.Calendar), "--name", "mail")...)
	if out, code := p.cmd("", append(groupwareFlags(p, g), "--collection", "calendar", "--name", "again")...); code == 0 || !strings.Contains(out, "is linked to Exchange already") {
		t.Errorf("a second link on the side: %d %s", code, out)
	}
	s := p.serve()
	defer s.stop()

	groupware := func() map[string]int {
		m := map[string]int{}
		for _, x := range g.Members(t, g.Calendar) {
			for _, title := range summary.FindAllStringSubmatch(g.Do(t, http.MethodGet, x.URL, "").Body, -1) {
				m[title[1]]++
			}
		}
		return m
	}
	everywhere := func(titles ...string) func() bool {
		return func() bool {
			for _, m := range []map[string]int{p.here(), there(sim), groupware()} {
				if len(m) != len(titles) {
					return false
				}
				for _, title := range titles {
					if m[title] != 1 {
						return false
					}
				}
			}
			return true
		}
	}

	path := "/dav/calendars/alice/calendar/one.ics"
	if status, body := p.request("PUT", path, meeting("one", "tok-device"), map[string]string{"If-None-Match": "*"}); status != http.StatusCreated {
		t.Fatalf("PUT: %d %s", status, body)
	}
	addMeeting(t, sim, "tok-crm")
	g.Put(t, g.Calendar+"three.ics", meeting("three", "tok-groupware"))
	until(t, "each one's meeting is everywhere", everywhere("tok-device", "tok-crm", "tok-groupware"))

	// Each is changed where it was not made.
	g.Edit(t, g.Calendar, "tok-device", "tok-device-moved")
	renameMeeting(t, sim, "tok-groupware", "tok-groupware-moved")
	until(t, "changes came over", everywhere("tok-device-moved", "tok-crm", "tok-groupware-moved"))
	for _, r := range strings.Split(p.calendar(), "<response>") {
		if strings.Contains(r, "tok-device-moved") && !strings.Contains(r, "UID:one") {
			t.Errorf("the meeting has another UID:\n%s", r)
		}
	}

	// Two fields of one meeting, in two places at once.
	g.Edit(t, g.Calendar, "SUMMARY:tok-crm", "LOCATION:Room 7\r\nSUMMARY:tok-crm")
	renameMeeting(t, sim, "tok-crm", "tok-crm-renamed")
	until(t, "both fields are everywhere", func() bool {
		_, text, found := g.Find(t, g.Calendar, "tok-crm-renamed")
		return found && strings.Contains(text, "LOCATION:Room 7") && strings.Contains(p.calendar(), "LOCATION:Room 7") && everywhere("tok-device-moved", "tok-crm-renamed", "tok-groupware-moved")()
	})
	if out := p.must("", "conflict", "list"); strings.Contains(out, "tok-") {
		t.Errorf("a conflict: %s", out)
	}

	m, _, found := g.Find(t, g.Calendar, "tok-groupware-moved")
	if !found {
		t.Fatal("it is gone")
	}
	g.Remove(t, m.URL)
	until(t, "the deletion came over", everywhere("tok-device-moved", "tok-crm-renamed"))
	for _, l := range list[manage.Link](p, "link", "list") {
		if l.Failing != 0 || l.LastError != "" {
			t.Errorf("%+v", l)
		}
	}
}

// renameMeeting changes a title in the CRM, as a person does.
func renameMeeting(t *testing.T, sim *creatiosim.Sim, from, to string) {
	t.Helper()
	for _, r := range sim.Records("Activity") {
		if r.Text("Title") == from {
			if err := sim.Edit("Activity", r.ID, creatiosim.Fields{"Title": to}); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("the CRM has no %q", from)
}
