package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/testenv"
	"crmbridge/manage"
)

const annsSecret = "the secret of an application"

// tenant is Microsoft 365 with Ann's mailbox, which calls the servers in turn at the public address: a proxy that ends https stands
// before them.
type tenant struct {
	*graphsim.Sim
	url   string
	stop  func()                   // lets nobody reach it any more
	up    atomic.Pointer[[]*place] // servers that the proxy knows
	calls atomic.Int64
	codes [600]atomic.Int64 // answers by status
}

func newTenant(t *testing.T, change func(*graphsim.Options)) *tenant {
	t.Helper()
	n := &tenant{}
	n.reach()
	o := graphsim.Options{
		Users: []graphsim.User{{Name: "ann@example.org", FullName: "Ann Example", Zone: "Europe/Berlin"}},
		Apps: []graphsim.App{{ID: "bridge", Secret: annsSecret, Permissions: []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite,
			graphsim.TasksReadWriteAll, graphsim.MailRead}}},
		NotifyRetry: 10 * time.Millisecond,
		Notify: func(q *http.Request) (*http.Response, error) {
			places := *n.up.Load()
			if q.URL.Scheme != "https" || q.URL.Host != "bridge.example.org" || len(places) == 0 {
				return nil, fmt.Errorf("nobody is at %s", q.URL)
			}
			q.URL.Scheme, q.URL.Host = "http", places[int(n.calls.Add(1))%len(places)].addr
			res, err := client.Do(q)
			if err == nil {
				n.codes[res.StatusCode].Add(1)
			}
			return res, err
		},
	}
	if change != nil {
		change(&o)
	}
	sim, err := graphsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	n.Sim, n.url, n.stop = sim, srv.URL, srv.Close
	t.Cleanup(func() { srv.Close(); sim.Close() })
	return n
}

// reach is which servers stand behind the public address.
func (n *tenant) reach(places ...*place) { n.up.Store(&places) }

// add is a meeting that Ann enters in Outlook.
func (n *tenant) add(t *testing.T, title string) {
	t.Helper()
	day := time.Now().UTC().AddDate(0, 0, 3).Format("2006-01-02")
	if _, err := n.Do("POST", "/users/ann@example.org/events", graphsim.Fields{"subject": title,
		"start": graphsim.Fields{"dateTime": day + "T10:00:00", "timeZone": "UTC"}, "end": graphsim.Fields{"dateTime": day + "T11:00:00", "timeZone": "UTC"}}); err != nil {
		t.Fatal(err)
	}
}

// graphLink are the flags of a link that asks for changes every so many seconds.
func (n *tenant) graphLink(p *place, verb, pollSeconds string) []string {
	return []string{"link", verb, "--user", "alice", "--driver", "graph", "--set", "tenant=" + n.Tenant(), "--set", "client_id=bridge",
		"--set-file", "client_secret=" + p.write("graph-secret", annsSecret), "--set", "mailbox=ann@example.org", "--set", "login_url=" + n.url,
		"--set", "graph_url=" + n.url, "--set", "poll_seconds=" + pollSeconds}
}

// told makes a place one that Microsoft reaches.
func (p *place) told() {
	p.t.Helper()
	conf, err := os.ReadFile(p.path("config.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("config.yaml", strings.Replace(string(conf), "server:\n", "server:\n  public_url: https://bridge.example.org\n  notifications: on\n", 1))
}

// TestNotificationsOfMicrosoft365: what a person changes there is here at once, whichever of two servers is told, and subscriptions go
// with their server and their link.
func TestNotificationsOfMicrosoft365(t *testing.T) {
	t.Parallel()
	db := testenv.Postgres(t)
	a := newPlace(t, "database: {url: '"+db+"'}\n")
	a.told()
	a.alice()
	b := a.elsewhere(db)
	b.told()
	n := newTenant(t, nil)

	// Nobody answers at the address yet: the test of a link says so, and the link is made all the same.
	if out, code := a.cmd("", n.graphLink(a, "test", "3600")...); code == 0 || !strings.Contains(out, "does not reach https://bridge.example.org/notify/graph") {
		t.Errorf("a link is tested without a server: %d\n%s", code, out)
	}
	a.must("", append(n.graphLink(a, "add", "3600"), "--collection", "calendar", "--name", "ann", "--interval", "24h")...)
	n.reach(a)
	one := a.serve()
	until(t, "one is told of changes", func() bool { return n.Subscriptions() == 1 })
	two := b.serve()
	until(t, "both are, of which one was confirmed by the other", func() bool { return n.Subscriptions() == 2 })
	n.reach(a, b)
	if out := b.must("", "link", "test", "ann"); !strings.Contains(out, "https://bridge.example.org/notify/graph") {
		t.Error(out)
	}
	until(t, "the first run is over", func() bool { return list[manage.Link](a, "link", "list")[0].LastSuccess != nil })
	for i := range 4 {
		title := fmt.Sprintf("tok-%d", i)
		began := time.Now()
		n.add(t, title)
		until(t, title+" is here", func() bool { return a.here()[title] == 1 })
		t.Logf("%s was here after %v", title, time.Since(began).Round(time.Millisecond))
	}
	if got := n.codes[http.StatusAccepted].Load(); got < 4 {
		t.Errorf("%d notifications were taken", got)
	}
	for name, body := range map[string]string{"guessed": `{"value":[{"clientState":"tok-guessed"}]}`, "empty": `{"value":[{}]}`} {
		if res, err := client.Post("http://"+a.addr+notifyPath, "application/json", strings.NewReader(body)); err != nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v %v", name, res, err)
		} else if rest, _ := io.ReadAll(res.Body); len(rest) > 0 {
			t.Errorf("%s is answered with %s", name, rest)
		}
	}

	n.reach(b)
	one.stop()
	until(t, "its subscription has gone with it", func() bool { return n.Subscriptions() == 1 })
	if log := one.log.String(); !strings.Contains(log, "refused") || strings.Contains(log, "tok-guessed") {
		t.Errorf("the log:\n%s", log)
	}
	b.must("", "link", "remove", "ann", "--force")
	until(t, "no subscription is left", func() bool { return n.Subscriptions() == 0 })
	two.stop()
}

// TestChangesWithoutNotifications: as it is by itself, nobody is told of an address and changes are asked for.
func TestChangesWithoutNotifications(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, nil)
	n.reach(p)
	p.must("", append(n.graphLink(p, "add", "1"), "--collection", "calendar", "--name", "ann", "--interval", "24h")...)
	s := p.serve()
	defer s.stop()
	until(t, "the first run is over", func() bool { return list[manage.Link](p, "link", "list")[0].LastSuccess != nil })
	n.add(t, "tok-asked")
	until(t, "it is here", func() bool { return p.here()["tok-asked"] == 1 })
	if got := n.Subscriptions() + int(n.calls.Load()); got != 0 {
		t.Errorf("%d subscriptions and calls", got)
	}
	if res, err := client.Post("http://"+p.addr+notifyPath+"?validationToken=x", "text/plain", nil); err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the address is served: %v %v", res, err)
	}
}

// TestMailOfMicrosoft365BecomesActivities: a message that somebody gives a category is an activity of the CRM with its file, once.
func TestMailOfMicrosoft365BecomesActivities(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, nil)
	sim, srv := newCreatio(t)
	file := bytes.Repeat([]byte("0123456789"), 300_000)
	who := func(address string) graphsim.Fields {
		return graphsim.Fields{"emailAddress": graphsim.Fields{"address": address, "name": address}}
	}
	var ids []string
	for _, title := range []string{"tok-offer", "tok-private"} {
		all, err := n.Deliver(graphsim.Fields{"subject": title, "from": who("fay@example.org"), "toRecipients": []any{who("ann@example.org")},
			"body": graphsim.Fields{"contentType": "html", "content": "<p>Hello</p>"}, "attachments": []any{graphsim.Fields{"@odata.type": "#microsoft.graph.fileAttachment",
				"name": "offer.pdf", "contentType": "application/pdf", "contentBytes": file}}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, all[0].ID)
	}
	if _, err := n.Do("PATCH", "/users/ann@example.org/messages/"+ids[0], graphsim.Fields{"categories": []any{"Customers"}}); err != nil {
		t.Fatal(err)
	}
	p.must("", append(n.graphLink(p, "add", "1"), "--collection", "mail", "--remote", "all", "--name", "box", "--interval", "1s", "--rules", `{"groups":["Customers"]}`)...)
	p.must("", "link", "add", "--user", "alice", "--driver", "creatio", "--set", "url="+srv.URL, "--set", "username=owner",
		"--set-file", "password="+p.write("crm-password", "crm secret\n"), "--collection", "mail", "--name", "crm", "--interval", "1s")
	s := p.serve()
	defer s.stop()
	until(t, "the file is there", func() bool {
		return len(sim.Records("ActivityFile")) == 1 && sim.Records("ActivityFile")[0].Text("Name") == "offer.pdf"
	})
	if got := sim.Records("Activity"); len(got) != 1 || got[0].Text("Title") != "tok-offer" {
		t.Errorf("%+v", got)
	}
}
