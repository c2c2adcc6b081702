package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange/graph/graphsim"
	"crmbridge/manage"
)

// TestRowB6MailOfMicrosoft365ToCreatio: by two links with category and folder chosen, mail of one system is an activity of the other, once,
// and its file lies there.
func TestRowB6MailOfMicrosoft365ToCreatio(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, func(o *graphsim.Options) { o.Apps[0].Permissions = append(o.Apps[0].Permissions, graphsim.MailRead) })
	sim, crm := newCreatio(t)
	graph := n.graphLink(p, "add", "3600")
	for want, args := range map[string][]string{
		"--remote has to name the mail folder":          {"--collection", "mail"},
		"--rules have to choose categories of all mail": {"--collection", "mail", "--remote", "all"},
		"messages go from mailboxes to CRMs":            {"--collection", "mail", "--remote", "all", "--rules", `{"direction":"out","groups":["Customers"]}`},
		`alice has no collection "letters"`:             {"--collection", "letters", "--remote", "Inbox"},
		"holds messages, but the collection":            {"--collection", "calendar", "--remote", "all mail"},
	} {
		if out, code := p.cmd("", append(graph[:len(graph):len(graph)], args...)...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: %d\n%s\nwant %s", args, code, out, want)
		}
	}
	file := strings.Repeat("offer ", 50_000)
	for _, categories := range [][]string{{"Customers"}, {}} {
		_, err := n.Deliver(graphsim.Fields{
			"subject": "Offer " + strings.Join(categories, ""), "body": graphsim.Fields{"contentType": "html", "content": "<p>Dear Ann</p>"}, "categories": categories,
			"from":         graphsim.Fields{"emailAddress": graphsim.Fields{"name": "Fay Customer", "address": "fay@customer.example.org"}},
			"toRecipients": []any{graphsim.Fields{"emailAddress": graphsim.Fields{"name": "Ann Example", "address": "ann@example.org"}}},
			"attachments": []any{graphsim.Fields{"@odata.type": "#microsoft.graph.fileAttachment", "name": "offer.txt", "contentType": "text/plain",
				"contentBytes": base64.StdEncoding.EncodeToString([]byte(file))}},
		}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.must("", append(graph, "--name", "mailbox", "--collection", "mail", "--remote", "all", "--rules", `{"groups":["Customers"]}`)...)
	p.must("", append(creatioFlags(p, crm), "--name", "crm", "--collection", "mail")...)
	for range 2 {
		p.must("", "sync", "run", "mailbox")
		p.must("", "sync", "run", "crm")
	}
	if out := p.must("", "link", "show", "crm"); !strings.Contains(out, "Messages become e-mail activities") {
		t.Errorf("the rules in words: %s", out)
	}
	made := 0
	for _, r := range sim.Records("Activity") {
		switch r.Text("Title") {
		case "Offer Customers":
			made++
		case "Offer":
			t.Error("what is in no category went over")
		}
	}
	if files := sim.Records("ActivityFile"); made != 1 || len(files) != 1 || files[0].Text("Name") != "offer.txt" {
		t.Errorf("%d activities, files %v", made, files)
	}
}

// TestFoldersByTheirNames: people are told of folders by the names that they gave them, also of one that is another's name by now, that was
// deleted, and while the mailbox cannot be reached; the id stands in JSON.
func TestFoldersByTheirNames(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	n := newTenant(t, nil)
	do := func(method, path string, body graphsim.Fields) string {
		t.Helper()
		made, err := n.Do(method, "/users/ann@example.org"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := made["id"].(string)
		return id
	}
	offers := do("POST", "/mailFolders/inbox/childFolders", graphsim.Fields{"displayName": "Offers"})
	p.must("", append(n.graphLink(p, "add", "3600"), "--name", "mailbox", "--collection", "mail", "--remote", "Inbox/Offers")...)
	called := func(name string) {
		t.Helper()
		if out := p.must("", "link", "list"); !strings.Contains(out, "graph:"+name+" ") {
			t.Errorf("link list: %s", out)
		}
		if out := p.must("", "link", "show", "mailbox"); !strings.Contains(out, "graph:"+name+",") || strings.Contains(out, offers) {
			t.Errorf("link show: %s", out)
		}
		if l := list[manage.Link](p, "link", "list")[0]; l.Folder != name || l.Remote != "mail:"+offers {
			t.Errorf("%+v", l)
		}
	}
	called("Inbox/Offers")
	p.must("", "sync", "run", "mailbox")
	do("PATCH", "/mailFolders/"+offers, graphsim.Fields{"displayName": "Bids"})
	if out := p.must("", "link", "test", "mailbox"); !strings.Contains(out, "Inbox/Bids") {
		t.Error(out)
	}
	called("Inbox/Bids")
	do("DELETE", "/mailFolders/"+offers, nil)
	const gone = `"Inbox/Bids" is not there any more, or the login may not see it`
	if out, code := p.cmd("", "link", "test", "mailbox"); code == 0 || !strings.Contains(out, gone) {
		t.Errorf("deleted: %d %s", code, out)
	}
	called("Inbox/Bids")
	n.stop()
	called("Inbox/Bids")
	if out, code := p.cmd("", "link", "test", "mailbox"); code == 0 || strings.Contains(out, offers) {
		t.Errorf("out of reach: %d %s", code, out)
	}
}
