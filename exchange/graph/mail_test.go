package graph_test

import (
	"encoding/base64"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// deliver lets a message come to Ann, and puts it into a folder if that is not the Inbox.
func (r *rig) deliver(folder remote.CollectionID, m *pim.Message, files [][]byte) remote.ItemID {
	r.t.Helper()
	people := func(all []pim.Person) []any {
		out := []any{}
		for _, p := range all {
			out = append(out, graphsim.Fields{"emailAddress": graphsim.Fields{"name": p.Name, "address": p.Email}})
		}
		return out
	}
	body := graphsim.Fields{"contentType": "html", "content": m.HTML}
	if m.HTML == "" {
		body = graphsim.Fields{"contentType": "text", "content": m.Text}
	}
	sent := graphsim.Fields{"subject": m.Subject, "from": people([]pim.Person{m.From})[0], "toRecipients": people(m.To), "ccRecipients": people(m.Cc),
		"bccRecipients": people([]pim.Person{{Email: ann}}), "body": body}
	if m.MessageID != "" {
		sent["internetMessageId"] = "<" + m.MessageID + ">"
	}
	var attached []any
	for i, f := range m.Files {
		attached = append(attached, graphsim.Fields{"@odata.type": "#microsoft.graph.fileAttachment", "name": f.Name, "contentType": f.Type, "contentBytes": files[i]})
	}
	if len(attached) > 0 {
		sent["attachments"] = attached
	}
	all, err := r.sim.Deliver(sent, m.Sent.Time)
	if err != nil || len(all) == 0 {
		r.t.Fatal(all, err)
	}
	id := all[len(all)-1].ID
	if len(m.Categories) > 0 {
		r.do("PATCH", "/messages/"+id, graphsim.Fields{"categories": m.Categories})
	}
	inbox := r.do("GET", "/mailFolders/inbox", nil)["id"].(string)
	if to := strings.TrimPrefix(string(folder), "mail:"); to != "" && to != inbox {
		if _, err := r.sim.Move(ann, id, to); err != nil {
			r.t.Fatal(err)
		}
	}
	return remote.ItemID(id)
}

// inMail is the folder of a mailbox with a path.
func inMail(t *testing.T, m exchange.Mailbox, path string) remote.CollectionID {
	t.Helper()
	cols, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(cols, func(c remote.Collection) bool { return c.Kinds.Has(pim.KindMessage) && c.Name == path })
	if i < 0 {
		t.Fatalf("no folder %q", path)
	}
	return cols[i].ID
}

// Folders are told with their paths, the inbox first; those of drafts, junk and what was thrown away are not.
func TestMailFoldersAreToldByTheirPaths(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	made := r.do("POST", "/mailFolders/inbox/childFolders", graphsim.Fields{"displayName": "Customers"})
	r.do("POST", "/mailFolders/"+made["id"].(string)+"/childFolders", graphsim.Fields{"displayName": "Acme"})
	r.do("POST", "/mailFolders/deleteditems/childFolders", graphsim.Fields{"displayName": "Old"})
	cols, err := r.open(nil).Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cols {
		if c.Kinds.Has(pim.KindMessage) {
			names = append(names, c.Name)
		}
	}
	if want := []string{"Inbox", "Sent Items", "Archive", "Inbox/Customers", "Inbox/Customers/Acme", "All mail"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if _, err := r.open(exchange.Settings{"areas": "calendars"}).Fetch(t.Context(), exchange.AllMail, nil); err != nil {
		t.Error(err)
	}
}

// What is told of a message depends on who sent it; what nobody has written is not told.
func TestWhichMessagesAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	inbox := inMail(t, m, "Inbox")
	at := r.clock.Now()
	deliver := func(subject string, more graphsim.Fields) string {
		f := graphsim.Fields{"subject": subject, "from": graphsim.Fields{"emailAddress": graphsim.Fields{"address": "fay@example.org"}},
			"toRecipients": []any{graphsim.Fields{"emailAddress": graphsim.Fields{"address": ann}}}, "body": graphsim.Fields{"contentType": "text", "content": "one\r\ntwo"}}
		maps.Copy(f, more)
		all, err := r.sim.Deliver(f, at)
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		return all[0].ID
	}
	deliver("invitation", graphsim.Fields{"@odata.type": "#microsoft.graph.eventMessageRequest", "meetingMessageType": "meetingRequest"})
	deliver("report", graphsim.Fields{"singleValueExtendedProperties": []any{graphsim.Fields{"id": "String 0x1A", "value": "REPORT.IPM.Note.NDR"}}})
	private := deliver("private", graphsim.Fields{"singleValueExtendedProperties": []any{graphsim.Fields{"id": "Integer 0x36", "value": "2"}}})
	r.do("POST", "/mailFolders/inbox/messages", graphsim.Fields{"subject": "draft"})
	mine := deliver("mine", graphsim.Fields{"from": graphsim.Fields{"emailAddress": graphsim.Fields{"address": ann}},
		"toRecipients": []any{graphsim.Fields{"emailAddress": graphsim.Fields{"address": "fay@example.org", "name": "Fay"}}}})

	var subjects []string
	changed, _, _ := follow(t, m, inbox, remote.Scope{}, "")
	for id := range changed {
		recs, err := m.Fetch(t.Context(), inbox, []remote.ItemID{id})
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			subjects = append(subjects, rec.Item.Summary())
		}
	}
	if !slices.Equal(subjects, []string{"private"}) {
		t.Errorf("told: %q", subjects)
	}
	recs, err := m.Fetch(t.Context(), exchange.AllMail, []remote.ItemID{remote.ItemID(private), remote.ItemID(mine)})
	if err != nil || len(recs) != 2 {
		t.Fatal(recs, err)
	}
	got, sent := recs[0].Item.(*pim.Message), recs[1].Item.(*pim.Message)
	if got.Class != pim.Private || got.Way != pim.Received || !strings.Contains(got.HTML, "one<br>") || got.Text != "" || !got.Received.Time.Equal(at.Truncate(time.Second)) {
		t.Errorf("%+v", got)
	}
	if sent.Way != pim.Sent || !sent.Received.IsZero() || sent.From.Email != ann || len(sent.To) != 1 || sent.To[0] != (pim.Person{Name: "Fay", Email: "fay@example.org"}) {
		t.Errorf("%+v", sent)
	}
	// Mail that was thrown away is in no scope.
	r.do("DELETE", "/messages/"+private, nil)
	r.clock.Advance(time.Hour) // the folders are asked for anew
	all, _, _ := follow(t, m, exchange.AllMail, remote.Scope{}, "")
	if _, there := all[remote.ItemID(private)]; there || len(all) == 0 {
		t.Errorf("%d messages, the deleted one among them: %v", len(all), there)
	}
}

// Pictures that the text shows are left out and others are not, an attached message comes as its MIME form, and a link to a cloud has no bytes.
func TestFilesOfMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	file := func(name, typ string, inline bool) graphsim.Fields {
		return graphsim.Fields{"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": typ, "isInline": inline, "contentId": name,
			"contentBytes": base64.StdEncoding.EncodeToString([]byte(name))}
	}
	all, err := r.sim.Deliver(graphsim.Fields{"subject": "files", "from": graphsim.Fields{"emailAddress": graphsim.Fields{"address": "fay@example.org"}},
		"toRecipients": []any{graphsim.Fields{"emailAddress": graphsim.Fields{"address": ann}}},
		"body":         graphsim.Fields{"contentType": "html", "content": `<p>see <img src="cid:logo.png"></p>`},
		"attachments": []any{file("logo.png", "image/png", true), file("scan.png", "image/png", true), file("plan.pdf", "application/pdf", true), file("empty.txt", "text/plain", false),
			graphsim.Fields{"@odata.type": "#microsoft.graph.itemAttachment", "name": "Inner", "item": graphsim.Fields{"@odata.type": "#microsoft.graph.message", "subject": "Inner"}},
			graphsim.Fields{"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Cloud.docx"}}}, r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	inbox, id := inMail(t, m, "Inbox"), remote.ItemID(all[0].ID)
	recs, err := m.Fetch(t.Context(), inbox, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatal(recs, err)
	}
	var names []string
	said := map[string]string{}
	for _, f := range recs[0].Item.(*pim.Message).Files {
		names = append(names, f.Name)
		body, _, err := m.(remote.FileOpener).OpenFile(t.Context(), inbox, id, f)
		if err != nil {
			said[f.Name] = string(pim.ReasonOf(err)) + ": " + pim.PublicText(err)
			continue
		}
		b, err := io.ReadAll(body)
		if said[f.Name] = string(b); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		_ = body.Close()
	}
	if !slices.Equal(names, []string{"scan.png", "plan.pdf", "empty.txt", "Inner.eml", "Cloud.docx"}) {
		t.Errorf("%q", names)
	}
	if said["plan.pdf"] != "plan.pdf" || !strings.Contains(said["Inner.eml"], "Subject: Inner") || !strings.Contains(said["Cloud.docx"], "is a link to a cloud") {
		t.Errorf("%q", said)
	}
}

// All mail is followed by when it was changed: a category that is set later brings an old message.
func TestACategoryBringsAMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *graphsim.Options) { o.PageSize = 3 })
	m := r.open(exchange.Settings{"page_size": "5"})
	var ids []remote.ItemID
	for i := range 12 {
		ids = append(ids, r.deliver("", &pim.Message{Subject: "letter", From: pim.Person{Email: "fay@example.org"}, Text: "x", Sent: pim.At(r.clock.Now(), "")}, nil))
		r.clock.Advance(time.Duration(i) * time.Minute)
	}
	s := remote.Scope{Groups: []string{"Customers"}}
	changed, _, next := follow(t, m, exchange.AllMail, s, "")
	if len(changed) != 0 {
		t.Errorf("%d messages without the category", len(changed))
	}
	r.clock.Advance(time.Hour)
	r.do("PATCH", "/messages/"+string(ids[2]), graphsim.Fields{"categories": []any{"customers"}})
	if changed, _, next = follow(t, m, exchange.AllMail, s, next); len(changed) != 1 {
		t.Errorf("%d messages, want the one", len(changed))
	}
	r.clock.Advance(time.Hour)
	if refs, err := m.(remote.Lister).List(t.Context(), exchange.AllMail, s); err != nil || len(refs) != 1 || refs[0].ID != ids[2] {
		t.Errorf("listed: %v, %v", refs, err)
	}
	if all, _, _ := follow(t, m, exchange.AllMail, remote.Scope{}, next); len(all) != len(ids) { // another scope begins anew
		t.Errorf("%d messages of all categories, want %d", len(all), len(ids))
	}
}

// What is deleted or changed while all mail is read, page after page, has no other message passed over.
func TestAllMailIsReadWholeWhileItChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(exchange.Settings{"page_size": "5"})
	var ids []remote.ItemID
	for i := range 24 {
		if i%8 != 0 { // else in the second of the one before
			r.clock.Advance(time.Minute)
		}
		ids = append(ids, r.deliver("", &pim.Message{Subject: "letter", From: pim.Person{Email: "fay@example.org"}, Text: "x", Sent: pim.At(r.clock.Now(), "")}, nil))
	}
	got, since := map[remote.ItemID]bool{}, remote.Cursor("")
	for n := 0; ; n++ {
		d, err := m.Changes(t.Context(), exchange.AllMail, remote.Scope{}, since)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range d.Changed {
			got[rec.ID] = true
		}
		if since = d.Next; !d.More {
			break
		}
		if n < 3 {
			r.clock.Advance(time.Minute)
			r.do("DELETE", "/messages/"+string(ids[2*n]), nil)
			r.do("PATCH", "/messages/"+string(ids[2*n+1]), graphsim.Fields{"categories": []string{"Read"}})
		}
	}
	for i, id := range ids {
		if !got[id] {
			t.Errorf("message %d was passed over", i)
		}
	}
}
