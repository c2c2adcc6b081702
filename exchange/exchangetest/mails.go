package exchangetest

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// silence: whatever is written to a meeting, its attendees hear nothing of it from the server, or the driver tells beforehand that they
// would.
func silence(t *testing.T, h Harness) {
	if h.Mailed == nil {
		t.Skip("left out: the harness cannot count mail")
	}
	a := h.Open(t)
	c := eventsOf(t, a)
	tr := a.Remote.Traits()
	meeting := h.Sample(tr, pim.KindEvent, 1).(*pim.Event)
	w := writer{t: t, h: h, a: a, c: c}

	rec := w.create(meeting)
	changed := pim.Clone(meeting).(*pim.Event)
	changed.Title, changed.Start, changed.End = "Another title", later(changed.Start), later(changed.End)
	rec = w.update(rec.Ref, changed, pim.Set(pim.FieldTitle, pim.FieldTime))
	changed.Attendees = nil
	rec = w.update(rec.Ref, changed, pim.Set(pim.FieldAttendees).And(tr.Carries[pim.KindEvent]))
	changed.Attendees = meeting.Attendees
	rec = w.update(rec.Ref, changed, pim.Set(pim.FieldAttendees).And(tr.Carries[pim.KindEvent]))
	w.remove(rec.Ref)
}

func eventsOf(t *testing.T, a remotetest.Account) remote.CollectionID {
	t.Helper()
	cols, err := a.Remote.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cols {
		if c.Kinds.Has(pim.KindEvent) && !c.ReadOnly {
			return c.ID
		}
	}
	t.Skip("left out: the remote keeps no events")
	return ""
}

func later(w pim.When) pim.When { w.Time = w.Time.Add(2 * time.Hour); return w }

// writer makes writes and counts the mail that each causes.
type writer struct {
	t *testing.T
	h Harness
	a remotetest.Account
	c remote.CollectionID
}

// told are those whom the driver says a write would mail.
func (w writer) told(old remote.Ref, it pim.Item, set pim.FieldSet) bool {
	w.t.Helper()
	tr := w.a.Remote.Traits()
	m, ok := remote.As[remote.Mailer](w.a.Remote)
	if !ok {
		return tr.MailsAttendees
	}
	who, err := m.Mails(w.t.Context(), w.c, old, remote.Entry{Item: it}, set)
	if err != nil {
		w.t.Fatalf("mails: %v", err)
	}
	return len(who) > 0
}

func (w writer) counted(what string, told bool, write func()) {
	w.t.Helper()
	before := w.h.Mailed(w.t, w.a)
	write()
	if n := w.h.Mailed(w.t, w.a) - before; n > 0 && !told {
		w.t.Errorf("%s mailed %d times, and the driver had not said so", what, n)
	} else if n == 0 && told {
		w.t.Errorf("the driver said that %s would mail, and nobody was mailed", what)
	}
}

func (w writer) create(it *pim.Event) (rec remote.Record) {
	w.t.Helper()
	w.counted("creating", w.told(remote.Ref{}, it, pim.AllOf(pim.KindEvent)), func() {
		var err error
		if rec, err = w.a.Remote.Create(w.t.Context(), w.c, remote.Entry{UID: "uid-of-a-meeting", Item: it}, "key-of-a-meeting"); err != nil {
			w.t.Fatalf("create: %v", err)
		}
	})
	return rec
}

func (w writer) update(old remote.Ref, it *pim.Event, set pim.FieldSet) (rec remote.Record) {
	w.t.Helper()
	w.counted("changing "+set.String(), w.told(old, it, set), func() {
		var err error
		if rec, err = w.a.Remote.Update(w.t.Context(), w.c, old, remote.Entry{Item: it}, set); err != nil {
			w.t.Fatalf("update of %v: %v", set, err)
		}
	})
	return rec
}

func (w writer) remove(old remote.Ref) {
	w.t.Helper()
	w.counted("deleting", w.told(old, nil, pim.FieldSet{}), func() {
		if err := w.a.Remote.Delete(w.t.Context(), w.c, old, remote.Delete); err != nil {
			w.t.Fatalf("delete: %v", err)
		}
	})
}
