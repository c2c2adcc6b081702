package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/upstream"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	event, task, contact := pim.Kinds(pim.KindEvent), pim.Kinds(pim.KindTask), pim.Kinds(pim.KindContact)
	creatio := []remote.Collection{{ID: "activities", Kinds: event | task}, {ID: "events", Kinds: event}, {ID: "tasks", Kinds: task}, {ID: "contacts", Kinds: contact}}
	tasksOnly := []remote.Collection{{ID: "parties", Kinds: contact}, {ID: "projects", Kinds: task}}
	for _, c := range []struct {
		there []remote.Collection
		name  string
		want  pim.KindSet
		id    string // "" for none
	}{
		{creatio, "", event | task, "activities"},
		{creatio, "", event, "events"},
		{creatio, "", task, "tasks"},
		{creatio, "", contact, "contacts"},
		{creatio, "activities", task, "activities"},
		{creatio, "events", contact, ""},
		{creatio, "events", task, ""},
		{creatio, "nothing", task, ""},
		{tasksOnly, "", event | task, "projects"}, // in part is better than not at all
		{tasksOnly, "", event, ""},
	} {
		id := ""
		if best := fitting(c.there, c.name, c.want); best != nil {
			id = string(best.ID)
		}
		if id != c.id {
			t.Errorf("%q for %s: %q, want %q", c.name, kindNames(c.want), id, c.id)
		}
	}
}

func TestRulesInPlainWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`xx`:                             "the rules are not JSON: invalid character 'x' looking for beginning of value at character 1",
		`{"policy":"ask"`:                "the rules are not JSON: unexpected end of JSON input at character 15",
		`{} {}`:                          "the rules are not JSON: ",
		`[1]`:                            "not a JSON object",
		`null`:                           "not a JSON object",
		`{"pastDays":"many"}`:            "rule pastDays: want a number",
		`{"pastDays":1.5}`:               "rule pastDays: want a number",
		`{"pastDays":-2}`:                "pastDays -2 is neither a number of days nor -1, which means no bound",
		`{"futureDays":-400}`:            "futureDays -400 is neither a number of days nor -1, which means no bound",
		`{"pastDays":1000000}`:           "pastDays 1000000 is more than a hundred years",
		`{"policy":7}`:                   "rule policy: want a text in quotes",
		`{"policy":"best"}`:              `policy "best" is not ask`,
		`{"allOwners":"yes"}`:            "rule allOwners: want true or false",
		`{"types":"Meeting"}`:            "rule types: want a list",
		`{"remove":"keep"}`:              "rule remove: want an object",
		`{"reconcileEvery":5}`:           `rule reconcileEvery: want a time such as "10m"`,
		`{"reconcileEvery":"soon"}`:      `rule reconcileEvery: "soon" is no duration`,
		`{"kinds":["dream"]}`:            "rule kinds: ",
		`{"polcy":"ask"}`:                "there is no rule polcy; there are activityContacts, allOwners, ",
		`{"polcy":"ask","pastDays":"a"}`: "rule pastDays",
	} {
		_, err := parseRules(text)
		if err == nil || !strings.Contains(pim.PublicText(err), want) || strings.Contains(err.Error(), "Go value") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	r, err := parseRules(`{"pastDays":-1,"futureDays":30,"remove":{"contact":"keep"},"kinds":["task"]}`)
	if err != nil || r.PastDays != -1 || r.FutureDays != 30 || r.Remove[pim.KindContact] != "keep" || len(r.Kinds) != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestTheNetworkToAllowIsNamed(t *testing.T) {
	t.Parallel()
	refused := func(addr string) error {
		c, err := upstream.New(upstream.Options{Base: "http://" + addr, Now: time.Now, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), upstream.Request{Method: "GET", Path: "/"})
		return err
	}
	for addr, want := range map[string]string{"127.0.0.1:9": "127.0.0.0/8", "10.1.2.3:9": "10.1.2.3/32", "[fd00::1]:9": "fd00::1/128"} {
		if text := faultText(refused(addr)); !strings.Contains(text, "with outbound.allow: ["+want+"]") {
			t.Errorf("%s: %s", addr, text)
		}
	}
	if ips := upstream.Refused(pim.ErrAuth); ips != nil {
		t.Errorf("%v", ips)
	}
}

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
		`alice has no collection "nothing"`:                                               {"--collection", "nothing"},
	} {
		if out, code := add(args...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: %d\n%s\nwant %s", args, code, out, want)
		}
	}
	if ls := list[linkShown](p, "link", "list"); len(ls) != 0 {
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
		if code != 0 || doc.Remote != c.remote || kindList(doc.Kinds) != c.kinds || doc.ID == 0 || len(doc.Checks) < 5 || failed(doc.Checks) {
			t.Errorf("%s: %d %+v", c.collection, code, doc)
		}
	}
	doc, code := jsonOf[linkAdded](p, append(good[:len(good):len(good)], "--set-file", "password="+p.write("wrong", "wrong"), "--collection", "calendar")...)
	if code == 0 || !failed(doc.Checks) || doc.ID != store.LinkID(0) {
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
	for _, d := range kinds() {
		name := filepath.Join("crm", d.Name+".md")
		if d.side == store.Exchange {
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
