package exchangetest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// letter is message number n with two files.
func letter(n byte) (*pim.Message, [][]byte) {
	at := time.Date(2026, 6, 1, 8, int(n), 0, 0, time.UTC)
	files := [][]byte{bytes.Repeat([]byte{n, 0, 0xff, '\r', '\n'}, 600_000), []byte("second file")}
	return &pim.Message{
		MessageID: "letter-" + string('a'+rune(n)) + "@example.org", Subject: "Offer, Øresund & co " + string('a'+rune(n)),
		From: pim.Person{Name: "Fay Correspondent", Email: "fay@example.org"},
		To:   []pim.Person{{Name: "Tom Correspondent", Email: "tom@example.org"}}, Cc: []pim.Person{{Name: "Cy", Email: "cy@example.org"}},
		Way: pim.Received, Sent: pim.At(at, ""), Received: pim.At(at.Add(time.Minute), ""),
		HTML: "<html><body><p>The first line</p><p>Øre 🙂</p></body></html>", Categories: []string{"Customers"},
		Files: []pim.File{{Name: "Offer Ø.pdf", Type: "application/pdf", Size: int64(len(files[0]))}, {Name: "notes.txt", Type: "text/plain", Size: int64(len(files[1]))}},
	}, files
}

// mailFolder is a folder that is told as a collection; without Harness.Mail the case is left out.
func mailFolder(t *testing.T, h Harness, a remotetest.Account) remote.CollectionID {
	t.Helper()
	if h.Mail == nil {
		t.Skip("left out: the harness cannot deliver mail")
	}
	cols, err := a.Remote.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder, all := remote.CollectionID(""), false
	for _, c := range cols {
		if !c.Kinds.Has(pim.KindMessage) {
			continue
		}
		if c.Kinds != pim.Kinds(pim.KindMessage) || !c.ReadOnly {
			t.Errorf("collection %+v is not for messages alone, or not read-only", c)
		}
		if all = all || c.ID == exchange.AllMail; c.ID != exchange.AllMail && folder == "" {
			folder = c.ID
		}
	}
	if folder == "" || !all {
		t.Fatalf("collections %+v: a mail folder and %q are wanted", cols, exchange.AllMail)
	}
	return folder
}

// mail: a message is told whole, in its folder and among all mail, and nothing is written to it.
func mail(t *testing.T, h Harness) {
	a := h.Open(t)
	folder := mailFolder(t, h, a)
	m, files := letter(1)
	id := h.Mail(t, a, folder, m, files)
	changed, _, cursor := follow(t, a.Remote, folder, "")
	if _, ok := changed[id]; !ok {
		t.Fatalf("%d messages are told, and not %s", len(changed), id)
	}
	rec := fetch(t, a.Remote, folder, id)
	got, ok := rec.Item.(*pim.Message)
	if !ok {
		t.Fatalf("it is a %T", rec.Item)
	}
	same := a.Remote.Traits().Carries[pim.KindMessage].Minus(pim.Set(pim.FieldHTML, pim.FieldNotes, pim.FieldFiles, pim.FieldReceived))
	if d := pim.Diff(m, got, same); !d.IsEmpty() || got.MessageID != m.MessageID || got.Received.IsZero() {
		t.Errorf("it differs in %v: %+v", d, got)
	}
	if text := got.Text + pim.TextOfHTML(got.HTML); !strings.Contains(text, "The first line") || !strings.Contains(text, "Øre 🙂") {
		t.Errorf("its body is %q and %q", got.Text, got.HTML)
	}
	if changed, removed, _ := follow(t, a.Remote, folder, cursor); len(removed) != 0 || len(changed) > 1 {
		t.Errorf("nothing happened, and %d changes and %d removals are told", len(changed), len(removed))
	}
	all, _, _ := follow(t, a.Remote, exchange.AllMail, "")
	if !hasMessage(t, a, all, m.MessageID) {
		t.Error("it is not among all mail")
	}
	e := remote.Entry{UID: "x", Item: m}
	_, err := a.Remote.Create(t.Context(), folder, e, "key-of-mail")
	wantReason(t, "create", err, pim.ErrUnsupported)
	_, err = a.Remote.Update(t.Context(), folder, rec.Ref, e, pim.Set(pim.FieldTitle))
	wantReason(t, "update", err, pim.ErrUnsupported)
	wantReason(t, "delete", a.Remote.Delete(t.Context(), folder, rec.Ref, remote.Delete), pim.ErrUnsupported)
}

func hasMessage(t *testing.T, a remotetest.Account, recs map[remote.ItemID]remote.Record, messageID string) bool {
	t.Helper()
	for id, rec := range recs {
		if rec.Item == nil {
			rec = fetch(t, a.Remote, exchange.AllMail, id)
		}
		if rec.Item.ID() == messageID {
			return true
		}
	}
	return false
}

func wantReason(t *testing.T, what string, err error, want pim.Reason) {
	t.Helper()
	if pim.ReasonOf(err) != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// mailScope: all mail is limited by categories and by time.
func mailScope(t *testing.T, h Harness) {
	a := h.Open(t)
	folder := mailFolder(t, h, a)
	in, files := letter(1)
	out, _ := letter(2)
	out.Categories = nil
	old, _ := letter(3)
	old.Sent, old.Received = pim.At(old.Sent.Time.AddDate(-1, 0, 0), ""), pim.At(old.Received.Time.AddDate(-1, 0, 0), "")
	for _, m := range []*pim.Message{in, out, old} {
		h.Mail(t, a, folder, m, files)
	}
	g, ok := remote.As[remote.Grouper](a.Remote)
	if !ok {
		t.Fatal("a mailbox with messages is a Grouper, whose groups are the categories")
	}
	groups, err := g.Groups(t.Context(), exchange.AllMail)
	if err != nil || !slices.ContainsFunc(groups, func(g remote.Group) bool { return g.Name == "Customers" }) {
		t.Errorf("groups: %v, %v", groups, err)
	}
	told := func(s remote.Scope) (ids []string) {
		for since := remote.Cursor(""); ; {
			d, err := a.Remote.Changes(t.Context(), exchange.AllMail, s, since)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range d.Changed {
				if rec.Item == nil {
					rec = fetch(t, a.Remote, exchange.AllMail, rec.ID)
				}
				ids = append(ids, rec.Item.ID())
			}
			if since = d.Next; !d.More {
				slices.Sort(ids)
				return slices.Compact(ids)
			}
		}
	}
	begin := in.Sent.Time.AddDate(0, -1, 0)
	if got := told(remote.Scope{From: begin, Groups: []string{"Customers"}}); !slices.Equal(got, []string{in.MessageID}) {
		t.Errorf("since %s in the category: %v", begin, got)
	}
	if got := told(remote.Scope{From: begin}); !slices.Equal(got, []string{in.MessageID, out.MessageID}) {
		t.Errorf("since %s: %v", begin, got)
	}
}

// mailFiles: the files of a message come as streams, to the last byte.
func mailFiles(t *testing.T, h Harness) {
	a := h.Open(t)
	folder := mailFolder(t, h, a)
	o, ok := remote.As[remote.FileOpener](a.Remote)
	if !ok {
		t.Fatal("a mailbox with messages is a FileOpener")
	}
	m, files := letter(1)
	id := h.Mail(t, a, folder, m, files)
	got := fetch(t, a.Remote, folder, id).Item.(*pim.Message)
	if len(got.Files) != len(files) {
		t.Fatalf("it has the files %+v", got.Files)
	}
	for i, f := range got.Files {
		if f.Name != m.Files[i].Name || f.ID == "" {
			t.Errorf("file %d is %+v, want %+v", i, f, m.Files[i])
		}
		body, size, err := o.OpenFile(t.Context(), folder, id, f)
		if err != nil {
			t.Fatalf("open %s: %v", f.Name, err)
		}
		b, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(b, files[i]) || size != -1 && size != int64(len(b)) {
			t.Errorf("%s: %d bytes of %d (said %d), %v", f.Name, len(b), len(files[i]), size, err)
		}
		if err := body.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	_, _, err := o.OpenFile(t.Context(), folder, id, pim.File{ID: "no-such-file", Name: "x"})
	wantReason(t, "an unknown file", err, pim.ErrNotFound)
	_, _, err = o.OpenFile(t.Context(), folder, "no-such-message", got.Files[0])
	wantReason(t, "a file of an unknown message", err, pim.ErrNotFound)
	body, _, err := o.OpenFile(t.Context(), folder, id, got.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		t.Errorf("the first bytes: %v", err)
	}
	if err := body.Close(); err != nil { // the rest is not wanted
		t.Errorf("close in the middle: %v", err)
	}
}

// mailMoves: a message that is moved is gone from the one folder, and new in the other.
func mailMoves(t *testing.T, h Harness) {
	a := h.Open(t)
	folder := mailFolder(t, h, a)
	if h.Move == nil {
		t.Skip("left out: the harness cannot move items")
	}
	m, files := letter(1)
	id := h.Mail(t, a, folder, m, files)
	_, _, cursor := follow(t, a.Remote, folder, "")
	to, now := h.Move(t, a, folder, id)
	if _, removed, _ := follow(t, a.Remote, folder, cursor); a.Remote.Traits().ReportsDeletions && !slices.Contains(removed, id) {
		t.Errorf("where it was, %v are told as removed", removed)
	}
	if got := fetch(t, a.Remote, to, now); got.Item.ID() != m.MessageID {
		t.Errorf("where it is, it has the Message-ID %q", got.Item.ID())
	}
	all, _, _ := follow(t, a.Remote, to, "")
	if _, ok := all[now]; !ok {
		t.Error("where it is, it is not told")
	}
}
