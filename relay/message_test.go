package relay

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestRowB6MailBecomesAnActivity, once, with sender, recipients, time, body, relations and files.
func TestRowB6MailBecomesAnActivity(t *testing.T) {
	t.Parallel()
	onPost(t, mem.Options{}, mem.Inbox, `{}`, `{}`, func(o *owner) {
		o.crm.Add(&pim.Contact{FullName: "Fay Customer", Company: "Customer Inc", Emails: []pim.Labeled{{Value: "fay@customer.example.org"}}}, "")
		m, files := with(letter(1), 1000, 0, 70_000)
		o.deliver(mem.Inbox, m, files...)
		o.sync()
		rec, got := o.mail()
		want := pim.Clone(m).(*pim.Message)
		want.Text, want.CRM.Contact, want.CRM.Company = "Dear Ann, number 1", "Fay Customer", "Customer Inc"
		within := o.crm.Remote().Traits().Carries[pim.KindMessage]
		if d := pim.Diff(want, got, within); !d.IsEmpty() {
			o.t.Errorf("it differs in %v: %+v", d, got)
		}
		there := o.crm.Files(crmmem.Messages, rec.ID)
		for i, b := range files {
			if !bytes.Equal(there[m.Files[i].Name], b) {
				o.t.Errorf("%s: %d other bytes, want %d", m.Files[i].Name, len(there[m.Files[i].Name]), len(b))
			}
		}
		if n := o.crm.CountFiles(crmmem.Messages, rec.ID); n != len(files) {
			o.t.Errorf("%d files, want %d", n, len(files))
		}
		o.quiet()
		x, err := o.engine.Explain(o.t.Context(), o.out.ID, m.MessageID)
		if err != nil || len(x) != 1 || !slices.Contains(x[0].Words, "3 files are in the CRM.") {
			o.t.Errorf("why: %+v, %v", x, err)
		}
	})
}

// TestRowS14BothDirections: mail that was sent is an activity as mail that came is, and tied to whom it went to.
func TestRowS14BothDirections(t *testing.T) {
	t.Parallel()
	onPost(t, mem.Options{}, allMail, `{"groups":["Customers"]}`, `{}`, func(o *owner) {
		o.crm.Add(&pim.Contact{FullName: "Fay Customer", Emails: []pim.Labeled{{Value: "fay@customer.example.org"}}}, "")
		o.crm.Add(&pim.Contact{FullName: "Ann", Emails: []pim.Labeled{{Value: "ann@example.org"}}}, "") // the user is no one to tie mail to
		o.deliver(mem.Inbox, letter(1))
		sent := letter(2)
		sent.Way, sent.From, sent.To = pim.Sent, sent.To[0], []pim.Person{sent.From}
		o.deliver(mem.Archive, sent)
		o.deliver(mem.Inbox, &pim.Message{MessageID: "private@example.org", Subject: "Lunch", Sent: letter(3).Sent}) // without the category
		o.sync()
		ways := map[pim.Way]bool{}
		for _, r := range o.mails() {
			m := r.Item.(*pim.Message)
			ways[m.Way] = true
			if m.CRM.Contact != "Fay Customer" {
				o.t.Errorf("%s is tied to %q", m.Subject, m.CRM.Contact)
			}
		}
		if len(o.mails()) != 2 || !ways[pim.Sent] || !ways[pim.Received] {
			o.t.Errorf("%d activities: %v", len(o.mails()), ways)
		}
		o.quiet()
	})
}

// TestRowS14OnceEach: a message is there once, however many folders, copies, moves, links and users it has.
func TestRowS14OnceEach(t *testing.T) {
	t.Parallel()
	for name, box := range map[string]mem.Options{"ids change": {}, "ids stay": {KeepsIDs: true}, "no deletions told": {NoDeletionReport: true, NoItemsInDelta: true, PageSize: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onPost(t, box, allMail, `{}`, `{}`, func(o *owner) {
				all := *o
				o.add("archive", mem.Archive)
				archive := *o
				m, files := with(letter(1), 10)
				id := o.deliver(mem.Inbox, m, files...)
				o.deliver(mem.Archive, m, files...) // a copy
				o.deliver(mem.Inbox, &pim.Message{Subject: "no id", From: m.From, Sent: m.Sent})
				both := func() { all.sync(); archive.sync() }
				both()
				id, ok := o.box.Move(mem.Inbox, id, mem.Archive)
				if both(); !ok {
					o.t.Fatal("not moved")
				}
				o.box.Move(mem.Archive, id, mem.Inbox)
				both()
				both()
				if n := len(o.mails()); n != 2 {
					o.t.Fatalf("%d activities of two messages", n)
				}
				for _, r := range o.mails() {
					if n := o.crm.CountFiles(crmmem.Messages, r.ID); n > 1 {
						o.t.Errorf("%d files of one", n)
					}
				}
				all.quiet()
				archive.quiet()
			})
		})
	}
}

// TestRowS14TwoUsers of one CRM, who write to each other.
func TestRowS14TwoUsers(t *testing.T) {
	t.Parallel()
	for name, crm := range map[string]crmmem.Options{"by key": {}, "by finding": {NotIdempotent: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				p := newPost(t, s, crm)
				ann := p.person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
				bo := p.person("bo", mem.Options{UnknownSizes: true}, mem.Archive, `{}`, `{}`)
				m, files := with(letter(1), 10, 20)
				ann.deliver(mem.Inbox, m, files...)
				theirs := pim.Clone(m).(*pim.Message)
				theirs.Way, theirs.HTML = pim.Sent, "<p>as it was sent</p>"
				bo.deliver(mem.Archive, theirs, files...)
				ann.sync()
				bo.sync()
				ann.sync()
				rec, got := p.mail()
				if got.HTML != m.HTML || got.Way != pim.Received {
					t.Errorf("the second user changed it: %+v", got)
				}
				if n := p.crm.CountFiles(crmmem.Messages, rec.ID); n != 2 {
					t.Errorf("%d files of two", n)
				}
				ann.quiet()
				bo.quiet()
			})
		})
	}
}

// TestRowB6TheCRMKeepsIt: what becomes of a message in the mailbox, or of the activity in the CRM, is nothing to the other one.
func TestRowB6TheCRMKeepsIt(t *testing.T) {
	t.Parallel()
	for name, box := range map[string]mem.Options{"ids change": {}, "ids stay": {KeepsIDs: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onPost(t, box, mem.Inbox, `{}`, `{}`, func(o *owner) {
				for n := range 30 {
					o.deliver(mem.Inbox, letter(n))
				}
				o.sync()
				o.box.Clear(mem.Inbox) // far more than any brake lets pass
				o.sync()
				if len(o.mails()) != 30 || o.kept() != 0 {
					o.t.Fatalf("%d activities, %d messages here", len(o.mails()), o.kept())
				}
				// One comes back, and is known.
				o.deliver(mem.Inbox, letter(3))
				o.sync()
				// A person changes one in the CRM, and deletes another there.
				of := func(id string) int {
					return slices.IndexFunc(o.mails(), func(r remote.Record) bool { return r.Item.ID() == id })
				}
				o.crm.Edit(crmmem.Messages, o.mails()[of(letter(5).MessageID)].ID, func(it pim.Item) { it.(*pim.Message).Subject = "by hand" })
				o.crm.Remove(crmmem.Messages, o.mails()[of(letter(3).MessageID)].ID)
				again := letter(3)
				again.Categories = append(again.Categories, "New")
				o.box.Edit(mem.Inbox, o.box.Items(mem.Inbox)[0].ID, func(it pim.Item) { it.(*pim.Message).Categories = again.Categories })
				o.sync()
				if n := len(o.mails()); n != 29 {
					o.t.Errorf("%d activities, want 29", n)
				}
				if i := slices.IndexFunc(o.mails(), func(r remote.Record) bool { return r.Item.Summary() == "by hand" }); i < 0 {
					o.t.Error("what a person wrote in the CRM is gone")
				}
				o.quiet()
			})
		})
	}
}

// TestRowB8MailUnlinked stays on both sides, and never goes over again, wherever it is moved.
func TestRowB8MailUnlinked(t *testing.T) {
	t.Parallel()
	onPost(t, mem.Options{}, mem.Inbox, `{}`, `{}`, func(o *owner) {
		inbox := *o
		o.add("archive", mem.Archive)
		archive := *o
		done, before := letter(1), letter(2)
		inbox.deliver(mem.Inbox, done)
		inbox.sync()
		inbox.deliver(mem.Inbox, before)
		inbox.run(inbox.in)
		for _, m := range []*pim.Message{done, before} {
			if err := o.engine.SetTie(o.t.Context(), inbox.out.ID, m.MessageID, rule.Apart); err != nil {
				o.t.Fatal(err)
			}
		}
		inbox.sync()
		for _, r := range o.box.Items(mem.Inbox) {
			o.box.Move(mem.Inbox, r.ID, mem.Archive)
		}
		inbox.sync()
		archive.sync()
		if _, got := o.mail(); got.MessageID != done.MessageID {
			o.t.Errorf("the CRM has %q", got.Subject)
		}
		x, err := o.engine.Explain(o.t.Context(), archive.in.ID, before.MessageID)
		if err != nil || len(x) != 1 || !strings.Contains(x[0].In.Reasons[0].Says, "unlinked") {
			o.t.Errorf("why: %+v, %v", x, err)
		}
		if err := o.engine.SetTie(o.t.Context(), inbox.out.ID, before.MessageID, rule.Linked); err != nil {
			o.t.Fatal(err)
		}
		inbox.sync()
		archive.sync()
		if n := len(o.mails()); n != 2 {
			o.t.Errorf("linked again: %d activities", n)
		}
	})
}

// TestRowB6Chosen: only what is chosen goes over: by category as a switch, by day, and by what is private.
func TestRowB6Chosen(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, in, out string
		edit          func(*pim.Message)
		goes          bool
		masked        bool
	}{
		{name: "all of the folder", in: `{}`, goes: true},
		{name: "with the category", in: `{"category":"Customers"}`, goes: true},
		{name: "without the category", in: `{"category":"Customers"}`, edit: func(m *pim.Message) { m.Categories = nil }},
		{name: "since a day", in: `{"since":"2026-01-08"}`, goes: true},
		{name: "before the day", in: `{"since":"2026-01-09"}`},
		{name: "before the day of the CRM's link", in: `{}`, out: `{"since":"2026-01-09"}`},
		{name: "private, in full", in: `{}`, edit: secret, goes: true},
		{name: "private, not at all", in: `{"in":{"private":"none"}}`, edit: secret},
		{name: "private, not to the CRM", in: `{}`, out: `{"out":{"private":"none"}}`, edit: secret},
		{name: "private, masked", in: `{}`, out: `{"out":{"private":"mask"}}`, edit: secret, goes: true, masked: true},
		{name: "private, masked on the way in", in: `{"in":{"private":"mask"}}`, edit: secret, goes: true, masked: true},
		{name: "by a filter", in: `{"filter":{"field":"from","op":"contains","value":"@customer.example.org"}}`, goes: true},
		{name: "not by a filter", in: `{"filter":{"field":"from","op":"contains","value":"@else.example.org"}}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if x.out == "" {
				x.out = `{}`
			}
			s := storetest.Open(t)
			o := newPost(t, s, crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, x.in, x.out)
			m, files := with(letter(1), 10)
			if x.edit != nil {
				x.edit(m)
			}
			o.deliver(mem.Inbox, m, files...)
			o.sync()
			if n := len(o.mails()); n != map[bool]int{true: 1}[x.goes] {
				t.Fatalf("%d activities", n)
			}
			if x.goes {
				rec, got := o.mail()
				n := o.crm.CountFiles(crmmem.Messages, rec.ID)
				if masked := got.Subject == rule.MaskTitle && got.HTML+got.Text == "" && got.From.IsZero() && n == 0; masked != x.masked {
					t.Errorf("%d files of %+v", n, got)
				}
			}
			o.quiet()
		})
	}
}

func secret(m *pim.Message) { m.Class = pim.Private }
