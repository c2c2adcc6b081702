package ews_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// deliver lets a message arrive in Ann's mailbox, whoever is named in it: she is among those that nobody sees. The simulator's
// letters name recipients by address only.
func (r *rig) deliver(m *pim.Message, files [][]byte) remote.ItemID {
	r.t.Helper()
	l := ewssim.Letter{From: m.From.Email, FromName: m.From.Name, Subject: m.Subject, Body: m.HTML, HTML: true, MessageID: "-", At: m.Sent.Time, Categories: m.Categories}
	if m.MessageID != "" {
		l.MessageID = "<" + m.MessageID + ">"
	}
	addresses := func(of []pim.Person) (out []string) {
		for i := range of {
			of[i].Name = ""
			out = append(out, of[i].Email)
		}
		return out
	}
	l.To, l.Cc, l.Bcc = addresses(m.To), addresses(m.Cc), []string{ann}
	for i, f := range m.Files {
		l.Files = append(l.Files, ewssim.LetterFile{Name: f.Name, Type: f.Type, Content: files[i]})
	}
	return r.letter(l)
}

func (r *rig) letter(l ewssim.Letter) remote.ItemID {
	r.t.Helper()
	got, err := r.sim.Deliver(l)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range got {
		if d.Mailbox == ann {
			return remote.ItemID(d.ItemID)
		}
	}
	r.t.Fatalf("nothing arrived at Ann's: %+v", got)
	return ""
}

func mailFolders(t *testing.T, m remote.Remote) map[string]remote.CollectionID {
	t.Helper()
	cols, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]remote.CollectionID{}
	for _, c := range cols {
		if c.Kinds.Has(pim.KindMessage) {
			out[c.Name] = c.ID
		}
	}
	return out
}

// Of mail folders those are told in which something came or went, and in them what people wrote to each other.
func TestWhichMailIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	folders := mailFolders(t, m)
	if folders["All mail"] != exchange.AllMail || folders["Inbox"] == "" || folders["Sent Items"] == "" || folders["Drafts"]+folders["Deleted Items"]+folders["Junk Email"]+folders["Outbox"] != "" {
		t.Fatalf("%v", folders)
	}
	r.soap(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>Projects</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>`)
	if folders := mailFolders(t, m); folders["Inbox/Projects"] == "" {
		t.Errorf("%v", folders)
	}
	at := time.Date(2026, 5, 19, 10, 0, 0, 0, time.UTC)
	letter := ewssim.Letter{From: "fay@example.org", FromName: "Fay", To: []string{ann}, Subject: "Hello", Body: "A text", MessageID: "<one@example.org>", At: at}
	hello := r.letter(letter)
	for _, class := range []string{"IPM.Schedule.Meeting.Request", "REPORT.IPM.Note.NDR"} {
		letter.ItemClass, letter.MessageID = class, ""
		r.letter(letter)
	}
	r.soap(`<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:DistinguishedFolderId Id="inbox"/></m:SavedItemFolderId><m:Items><t:Message><t:Subject>A draft</t:Subject></t:Message></m:Items></m:CreateItem>`)
	mine := r.letter(ewssim.Letter{From: ann, To: []string{bob}, Bcc: []string{"cy@example.org"}, Subject: "Mine", Body: "x", At: at})
	for name, want := range map[string][]remote.ItemID{"Inbox": {hello}, "Sent Items": {mine}, "All mail": {hello, mine}} {
		d, err := m.Changes(t.Context(), folders[name], remote.Scope{}, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []remote.ItemID
		for _, rec := range d.Changed {
			got = append(got, rec.ID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d messages, want %d", name, len(got), len(want))
		}
	}
	recs, err := m.Fetch(t.Context(), exchange.AllMail, []remote.ItemID{hello, mine})
	if err != nil || len(recs) != 2 {
		t.Fatal(len(recs), err)
	}
	got := recs[0].Item.(*pim.Message)
	if got.Way != pim.Received || got.Text != "A text" || got.HTML != "" || got.MessageID != "one@example.org" || got.From.Name != "Fay" || got.Received.IsZero() || len(got.To) != 1 {
		t.Errorf("%+v", got)
	}
	if got = recs[1].Item.(*pim.Message); got.Way != pim.Sent || !got.Received.IsZero() || len(got.Bcc) != 1 || got.Bcc[0].Email != "cy@example.org" {
		t.Errorf("%+v", got)
	}
}

// Pictures that the body shows are no files, pictures that it does not show are; a message that is attached comes as it was mailed.
func TestFilesOfMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.StoreSizes = true })
	m := r.open(nil)
	large := bytes.Repeat([]byte("0123456789"), 300_000)
	id := r.letter(ewssim.Letter{From: "fay@example.org", To: []string{ann}, Subject: "Files", Body: `<html><body><img src="cid:logo@x10"></body></html>`, HTML: true, Files: []ewssim.LetterFile{
		{Name: "logo.png", Type: "image/png", ContentID: "logo@x10", Inline: true, Content: []byte("logo")},
		{Name: "other.png", Type: "image/png", ContentID: "logo@x1", Inline: true, Content: []byte("other")},
		{Name: "large.bin", Content: large},
		{Name: "Forwarded", Letter: &ewssim.Letter{From: "gil@example.org", To: []string{"fay@example.org"}, Subject: "Forwarded", Body: "what was said"}},
	}})
	recs, err := m.Fetch(t.Context(), exchange.AllMail, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatal(err)
	}
	files := recs[0].Item.(*pim.Message).Files
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"other.png", "large.bin", "Forwarded.eml"}) || files[2].Type != "message/rfc822" {
		t.Fatalf("%+v", files)
	}
	read := func(f pim.File) []byte {
		body, size, err := m.(remote.FileOpener).OpenFile(t.Context(), exchange.AllMail, id, f)
		if err != nil || size != -1 {
			t.Fatalf("%s: %d, %v", f.Name, size, err)
		}
		defer func() { _ = body.Close() }()
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		return b
	}
	if !bytes.Equal(read(files[1]), large) {
		t.Error("the large file is another")
	}
	if eml := string(read(files[2])); !strings.Contains(eml, "Subject: Forwarded") || !strings.Contains(eml, base64.StdEncoding.EncodeToString([]byte("what was said"))) {
		t.Errorf("the message that is attached is %q", eml)
	}
	_, _, err = m.(remote.FileOpener).OpenFile(t.Context(), exchange.AllMail, id, pim.File{ID: "lX", Name: "plan"})
	if pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("a link: %v", err)
	}
}

// A run without news asks for what changed since the newest that is known, and tells that again at most; a category that is given later
// makes a message told.
func TestAllMailGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	at := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	old := r.letter(ewssim.Letter{From: "fay@example.org", To: []string{ann}, Subject: "old", At: at})
	r.letter(ewssim.Letter{From: "fay@example.org", To: []string{ann}, Subject: "new", Categories: []string{"customers"}, At: at.AddDate(0, 0, 10)})
	scope := remote.Scope{Groups: []string{"Customers"}}
	d, err := m.Changes(t.Context(), exchange.AllMail, scope, "")
	if err != nil || len(d.Changed) != 1 {
		t.Fatal(len(d.Changed), err)
	}
	recs, err := m.Fetch(t.Context(), exchange.AllMail, []remote.ItemID{old})
	if err != nil || len(recs) != 1 {
		t.Fatal(err)
	}
	r.soap(`<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange><t:ItemId Id="` + string(old) + `" ChangeKey="` + recs[0].Version + `"/><t:Updates><t:SetItemField><t:FieldURI FieldURI="item:Categories"/>` +
		`<t:Message><t:Categories><t:String>Customers</t:String></t:Categories></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`)
	r.clock.Advance(time.Hour)
	if d, err = m.Changes(t.Context(), exchange.AllMail, scope, d.Next); err != nil || len(d.Changed) != 2 || d.Changed[1].ID != old { // the newest is told again
		t.Fatalf("%+v, %v", d.Changed, err)
	}
	again, err := m.Changes(t.Context(), exchange.AllMail, scope, d.Next)
	if err != nil || len(again.Changed) != 1 || again.Changed[0].Ref != d.Changed[1].Ref || again.Next != d.Next {
		t.Errorf("%+v, %v", again.Changed, err)
	}
	if _, err = m.Changes(t.Context(), exchange.AllMail, scope, "e1.message.yesterday"); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("%v", err)
	}
	if _, err = m.Changes(t.Context(), mailFolders(t, m)["Inbox"], scope, ""); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("categories of one folder: %v", err)
	}
	refs, err := m.(remote.Lister).List(t.Context(), exchange.AllMail, remote.Scope{From: at.AddDate(0, 0, 1)})
	if err != nil || len(refs) != 1 {
		t.Errorf("%d refs, %v", len(refs), err)
	}
}

// Characters that XML has not got stop neither a message with them nor the others of a page: they are left out, in what is read whole and in
// the files that are streamed.
func TestMailWithControlCharacters(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	const bad = "\x01\x0b\uFFFE"
	file := []byte("file\x01")
	id := r.letter(ewssim.Letter{From: "fay@example.org", FromName: "F" + bad + "ay", To: []string{ann}, Subject: "Of" + bad + "fer", Body: "A " + bad + "text", Categories: []string{"Cust" + bad + "omers"},
		Files: []ewssim.LetterFile{{Name: "of" + bad + "fer.txt", Content: file}}})
	r.letter(ewssim.Letter{From: "fay@example.org", To: []string{ann}, Subject: "Another", Body: "x"})
	for _, c := range []remote.CollectionID{exchange.AllMail, mailFolders(t, m)["Inbox"]} {
		if d, err := m.Changes(t.Context(), c, remote.Scope{}, ""); err != nil || len(d.Changed) != 2 {
			t.Errorf("%d messages, %v", len(d.Changed), err)
		}
	}
	recs, err := m.Fetch(t.Context(), exchange.AllMail, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatal(len(recs), err)
	}
	v := recs[0].Item.(*pim.Message)
	if v.Subject != "Offer" || v.From.Name != "Fay" || v.Text != "A text" || len(v.Categories) != 1 || v.Categories[0] != "Customers" || len(v.Files) != 1 || v.Files[0].Name != "offer.txt" {
		t.Fatalf("%+v", v)
	}
	body, _, err := m.(remote.FileOpener).OpenFile(t.Context(), exchange.AllMail, id, v.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if b, err := io.ReadAll(body); err != nil || !bytes.Equal(b, file) {
		t.Errorf("%q, %v", b, err)
	}
	if gs, err := m.(remote.Grouper).Groups(t.Context(), exchange.AllMail); err != nil || len(gs) != 1 || gs[0].Name != "Customers" {
		t.Errorf("%v, %v", gs, err)
	}
}
