package relay

import (
	"context"
	"testing"
	"time"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// refusingFiles has the CRM take so many files and no more.
func (p *post) refusingFiles(kind pim.Reason, takes int) {
	p.crm.SetFaults(func(c crmmem.Call) crmmem.Fault {
		if c.Op != "add file" {
			return crmmem.Fault{}
		}
		if takes--; takes >= 0 {
			return crmmem.Fault{}
		}
		return crmmem.Fault{Err: pim.Errorf("test", kind, "out of order")}
	})
}

// waiting is the CRM's pair of a message.
func (o *owner) waiting(m *pim.Message) (p store.Pair) {
	o.t.Helper()
	err := o.store.View(o.t.Context(), func(tx *store.Tx) error {
		ps, err := tx.PairsByUID(o.out.ID, m.UID())
		if err == nil && len(ps) != 1 {
			o.t.Fatalf("%d pairs", len(ps))
		}
		p = ps[0]
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// Files that cannot be taken over are tried less and less, then set aside with the reason; a person has them tried again, those
// alone that are not there.
func TestFilesAreSetAsideAfterManyTries(t *testing.T) {
	t.Parallel()
	for _, gone := range []int{0, 1} {
		o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
		o.engine.Waits.Tries = 3
		m, files := with(letter(1), 10, 20)
		o.deliver(mem.Inbox, m, files...)
		o.run(o.in)
		o.refusingFiles(pim.ErrProtocol, gone)
		failed := 0
		for range 6 {
			failed += o.run(o.out).Counts.Failed
			o.clock.Advance(7 * time.Hour)
		}
		if p := o.waiting(m); failed != 3 || p.Error == "" || p.Attempts != 3 || p.IgnoredAt == nil {
			t.Errorf("%d tries: %+v", failed, p)
		}
		o.run(o.in) // nothing is let go meanwhile
		o.crm.SetFaults(nil)
		if err := o.engine.Retry(t.Context(), o.out.ID, m.UID()); err != nil {
			t.Fatal(err)
		}
		o.sync()
		o.whole(1, files)
		if p := o.waiting(m); p.Error != "" || p.FilesAt != nil || p.Attempts != 0 {
			t.Errorf("afterwards: %+v", p)
		}
		o.quiet()
	}
}

// The files of a message that a person set aside are not tried, until somebody asks for them.
func TestFilesOfAnIgnoredMessage(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	o.refusingFiles(pim.ErrProtocol, 0)
	o.run(o.out)
	if err := o.engine.Ignore(t.Context(), o.out.ID, m.UID()); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(7 * time.Hour)
	if n := o.run(o.out).Counts.Failed; n != 0 {
		t.Errorf("it was tried %d times", n)
	}
	o.crm.SetFaults(nil)
	if err := o.engine.Retry(t.Context(), o.out.ID, m.UID()); err != nil {
		t.Fatal(err)
	}
	o.sync()
	o.whole(1, files)
	o.quiet()
}

// Retry has files tried at once, however long they were to wait.
func TestFilesAreTriedAtOnce(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	o.refusingFiles(pim.ErrProtocol, 0)
	o.run(o.out)
	o.crm.SetFaults(nil)
	if err := o.engine.Retry(t.Context(), o.out.ID, m.UID()); err != nil {
		t.Fatal(err)
	}
	o.sync()
	o.whole(1, files)
	o.quiet()
}

// The files of a message wait while the link to its mailbox is paused; they are not given up.
func TestFilesWaitForAPausedMailbox(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	pause := func(paused bool) {
		o.in.Paused = paused
		o.update(func(tx *store.Tx) error { return tx.UpdateLink(o.in, "Paused") })
	}
	pause(true)
	if rep := o.run(o.out); rep.Counts.Files != 0 || len(o.mails()) != 1 {
		t.Fatalf("%d files, %d activities", rep.Counts.Files, len(o.mails()))
	}
	pause(false)
	o.clock.Advance(7 * time.Hour)
	o.sync()
	o.whole(1, files)
	o.quiet()
}

// A message that was moved a moment ago is in the mailbox still: its files wait until the mailbox was read again.
func TestFilesOfAMessageThatWasJustMoved(t *testing.T) {
	t.Parallel()
	onPost(t, mem.Options{}, allMail, "{}", "{}", func(o *owner) {
		m, files := with(letter(1), 10)
		id := o.deliver(mem.Inbox, m, files...)
		o.run(o.in)
		if _, ok := o.box.Move(mem.Inbox, id, mem.Archive); !ok {
			o.t.Fatal("not moved")
		}
		if rep := o.run(o.out); rep.Counts.Files != 0 {
			o.t.Fatalf("%d files came from where the message is not", rep.Counts.Files)
		}
		o.clock.Advance(time.Minute)
		o.sync()
		o.whole(1, files)
		o.quiet()
	})
}

// A mailbox that never tells that a message went does not have its files be tried for ever.
func TestFilesOfAMessageThatWentUntold(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	o.box.Clear(mem.Inbox)
	var last Report
	for range 2 * looksAgain {
		last = o.run(o.out)
		o.clock.Advance(time.Hour)
	}
	if p := o.waiting(m); last.Counts.Failed != 0 || p.FilesAt != nil || p.Error != "" {
		t.Errorf("%d failed: %+v", last.Counts.Failed, p)
	}
}

// locked is a mailbox that lets nobody in.
type locked struct{ remote.Remote }

func (locked) Fetch(context.Context, remote.CollectionID, []remote.ItemID) ([]remote.Record, error) {
	return nil, pim.Errorf("mailbox", pim.ErrAuth, "wrong password")
}

// A mailbox that cannot be read does not keep back files that another one has.
func TestFilesComeFromWhereTheyCanBeRead(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	first := *o
	o.add("archive", mem.Archive)
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.deliver(mem.Archive, m, files...)
	o.run(first.in)
	o.run(o.in)
	o.links[first.in.ID] = locked{o.box.Remote()}
	o.run(first.out)
	o.whole(1, files)
}
