package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange/graph/graphsim"
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
		"name the mail folder with --remote": {"--collection", "mail"},
		"categories have to be chosen":       {"--collection", "mail", "--remote", "all"},
		"messages go from mailboxes to CRMs": {"--collection", "mail", "--remote", "all", "--rules", `{"direction":"out","groups":["Customers"]}`},
		`alice has no collection "letters"`:  {"--collection", "letters", "--remote", "Inbox"},
		"holds messages, but the collection": {"--collection", "calendar", "--remote", "all mail"},
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
