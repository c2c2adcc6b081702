package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// creatioFlags name the simulated CRM.
func creatioFlags(p *place, srv *httptest.Server) []string {
	return []string{"link", "add", "--user", "alice", "--driver", "creatio", "--set", "url=" + srv.URL, "--set", "username=owner",
		"--set-file", "password=" + p.write("crm-password", "crm secret\n")}
}

func TestLinkAddRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	good := creatioFlags(p, srv)
	add := func(more ...string) (string, int) { return p.cmd("", append(good[:len(good):len(good)], more...)...) }
	for want, args := range map[string][]string{
		`"events" of the CRM holds events, but the collection "contacts" is for contacts`: {"--collection", "contacts", "--remote", "events"},
		`the CRM has no collection "meetings"; it has activities (events and tasks), `:    {"--collection", "calendar", "--remote", "meetings"},
		`the rules are for contacts, but the collection "tasks" takes tasks`:              {"--collection", "tasks", "--rules", `{"kinds":["contact"]}`},
		"--interval 10ms is less than 1s":                                                 {"--collection", "calendar", "--interval", "10ms"},
		"--interval -1m0s is less than 1s":                                                {"--collection", "calendar", "--interval", "-1m"},
		"pastDays -7 is neither a number of days":                                         {"--collection", "calendar", "--rules", `{"pastDays":-7}`},
		`filter: there is no field "title"`:                                               {"--collection", "contacts", "--rules", `{"filter":{"field":"title","op":"is","value":"x"}}`},
		`alice has no collection "nothing"; there are: calendar, tasks, contacts.`:        {"--collection", "nothing"},
	} {
		if out, code := add(args...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: %d\n%s\nwant %s", args, code, out, want)
		}
	}
	if ls := list[manage.Link](p, "link", "list"); len(ls) != 0 {
		t.Fatalf("%+v", ls)
	}
	if out, code := add("--collection", "tasks", "--name", "To do"); code != 0 || !strings.Contains(out, "its first run begins as soon as the server runs") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := add("--collection", "tasks", "--name", "again"); code == 0 || !strings.Contains(out, `the collection "tasks" is linked to a CRM already (link 1, "To do")`) {
		t.Errorf("%d %s", code, out)
	}
	if out, code := add("--collection", "calendar", "--name", "To do"); code == 0 || !strings.Contains(out, `alice has a link named "To do" already (link 1)`) {
		t.Errorf("%d %s", code, out)
	}
}

// A collection of a client's own making gets the remote and the kinds that fit it.
func TestTheRemoteFitsTheCollection(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	s := p.serve()
	mk := `<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop><C:supported-calendar-component-set>%s</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`
	for name, comps := range map[string]string{"todo": `<C:comp name="VTODO"/>`, "both": `<C:comp name="VEVENT"/><C:comp name="VTODO"/>`} {
		if status, body := p.request("MKCALENDAR", "/dav/calendars/alice/"+name+"/", strings.Replace(mk, "%s", comps, 1), map[string]string{"Content-Type": "application/xml"}); status != 201 {
			t.Fatalf("MKCALENDAR: %d %s", status, body)
		}
	}
	s.stop()
	good := creatioFlags(p, srv)
	for _, c := range []struct{ collection, ask, remote, kinds, twice, remove string }{
		{"todo", "", "tasks", "[task]", "", ""},
		{"tasks", "activities", "activities", "[task]", `"tasks" of this account is linked to the collection "todo" already (link 1`, "1"},
		{"both", "", "activities", "[event task]", `"activities" of this account is linked to the collection "tasks" already (link 2`, "2"},
		{"contacts", "", "contacts", "[contact]", "", ""},
	} {
		args := append(good[:len(good):len(good)], "--collection", c.collection)
		if c.ask != "" {
			args = append(args, "--remote", c.ask)
		}
		if c.twice != "" { // TestRowX20: the records are linked, and would be there twice
			if out, code := p.cmd("", args...); code == 0 || !strings.Contains(out, c.twice) {
				t.Errorf("linked twice: %d %s", code, out)
			}
			p.must("", "link", "remove", c.remove)
		}
		doc, code := jsonOf[linkAdded](p, args...)
		if code != 0 || doc.Remote != c.remote || kindList(doc.Kinds) != c.kinds || doc.ID == 0 || len(doc.Checks) < 5 || manage.Failed(doc.Checks) {
			t.Errorf("%s: %d %+v", c.collection, code, doc)
		}
	}
	doc, code := jsonOf[linkAdded](p, append(good[:len(good):len(good)], "--set-file", "password="+p.write("wrong", "wrong"), "--collection", "calendar")...)
	if code == 0 || !manage.Failed(doc.Checks) || doc.ID != store.LinkID(0) {
		t.Errorf("%d %+v", code, doc)
	}
}

func kindList(ks []pim.Kind) string {
	var names []string
	for _, k := range ks {
		names = append(names, k.String())
	}
	return "[" + strings.Join(names, " ") + "]"
}

// Every option of a driver is explained on its page: a CRM's own, or the chapter that the mail servers share.
func TestEveryOptionHasItsLine(t *testing.T) {
	t.Parallel()
	for _, d := range drivers() {
		name := filepath.Join("crm", d.Name+".md")
		if d.Side == store.Exchange {
			name = "exchange.md"
		}
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, o := range d.Options {
			if !strings.Contains(string(page), "`"+o.Name+"`") {
				t.Errorf("docs/%s says nothing of %s of %s", name, o.Name, d.Name)
			}
		}
	}
}
