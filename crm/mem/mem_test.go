package mem_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmbridge/crm/crmtest"
	"crmbridge/crm/mem"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/memory/memorytest"
	"crmbridge/remote/remotetest"
)

func newCRM(t *testing.T, o mem.Options) (*mem.CRM, *testclock.Clock) {
	t.Helper()
	c := testclock.New()
	o.Now = c.Now
	m, err := mem.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m, c
}

func harness(o mem.Options) remotetest.Harness {
	return remotetest.Harness{Open: func(t *testing.T) remotetest.Account {
		m, c := newCRM(t, o)
		return memorytest.Account(m.System, c, m.Remote())
	}, Bytes: func(_ *testing.T, a remotetest.Account, c remote.CollectionID, id remote.ItemID, f remote.KeptFile) []byte {
		return a.Behind.(memorytest.Behind).System.Files(c, id)[f.Name]
	}}
}

// The suite runs on the strong CRM and on one for each weakness, so that the suite
// itself is known to work under every trait.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{
		"strong":             {Messages: true},
		"no deletion report": {NoDeletionReport: true},
		"second stamps":      {Stamps: time.Second, Bump: true},
		"unchecked":          {Unchecked: true},
		"not idempotent":     {NotIdempotent: true, NoUID: true},
		"no finder":          {NoFinder: true, NoLister: true},
		"no lister":          {NoLister: true, NoDeletionReport: true},
		"refs only":          {NoItemsInDelta: true, PageSize: 7},
		"dates in Oslo":      {NoAllDay: true, Zone: "Europe/Oslo", TimeStep: time.Minute},
		"dates in Honolulu":  {NoAllDay: true, Zone: "Pacific/Honolulu"},
		"tasks with dates":   {TimeStep: 24 * time.Hour, Carries: map[pim.Kind]pim.FieldSet{pim.KindTask: pim.Set(pim.FieldTitle, pim.FieldDue, pim.FieldNotes)}},
		"few fields":         {Carries: few, Required: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle)}, TextLimit: map[pim.FieldID]int{pim.FieldTitle: 40}},
		"folders and keys":   {Folders: []remote.CollectionID{"work"}, MovesChangeIDs: true, Marks: true, NotIdempotent: true, Messages: true},
		"everything is weak": {NoDeletionReport: true, NotIdempotent: true, NoUID: true, Unchecked: true, Stamps: time.Second, Bump: true, NoItemsInDelta: true, NoAllDay: true, PageSize: 3, Carries: few},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness(o)
			h.Many = 301
			if name == "strong" {
				h.Many = 0
			}
			crmtest.Run(t, crmtest.Harness{Harness: h, AddOther: func(_ *testing.T, a remotetest.Account, _ remote.CollectionID, it pim.Item) remote.ItemID {
				return a.Behind.(memorytest.Behind).System.Add(it, "somebody else")
			}})
		})
	}
}

var few = map[pim.Kind]pim.FieldSet{
	pim.KindEvent:   pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldNotes),
	pim.KindContact: pim.Set(pim.FieldFullName, pim.FieldPhones, pim.FieldEmails),
}

func TestFailCallLoseAnswersAndPause(t *testing.T) {
	t.Parallel()
	m, _ := newCRM(t, mem.Options{})
	r, ctx := m.Remote(), context.Background()
	e := remote.Entry{Item: &pim.Event{Activity: pim.Activity{Title: "One"}}}

	boom := pim.Errorf("test", pim.ErrThrottled, "later")
	m.FailCall(2, boom)
	if _, err := r.Create(ctx, mem.Activities, e, "a"); err != nil {
		t.Errorf("first call: %v", err)
	}
	if _, err := r.Create(ctx, mem.Activities, e, "b"); !errors.Is(err, pim.ErrThrottled) {
		t.Errorf("second call: %v", err)
	}
	m.LoseAnswers(1)
	if _, err := r.Create(ctx, mem.Activities, e, "c"); !errors.Is(err, pim.ErrUnavailable) {
		t.Errorf("lost answer: %v", err)
	}
	if n := len(m.Items(mem.Activities)); n != 2 || m.Calls() != 3 {
		t.Errorf("%d items after %d calls", n, m.Calls())
	}

	resume := m.Pause()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := r.Collections(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while paused: %v", err)
	}
	done := make(chan error, 1)
	go func() { _, err := r.Collections(ctx); done <- err }()
	resume()
	resume()
	if err := <-done; err != nil {
		t.Errorf("after resume: %v", err)
	}
}

func TestUncheckedWritesHaveAGap(t *testing.T) {
	t.Parallel()
	var m *mem.CRM
	o := mem.Options{Unchecked: true, Between: func(_ string, id remote.ItemID) {
		m.Edit(mem.Activities, id, func(it pim.Item) { it.(*pim.Event).Title = "theirs" })
	}}
	m, _ = newCRM(t, o)
	id := m.Add(&pim.Event{Activity: pim.Activity{Title: "base"}}, "")
	rec := m.Items(mem.Activities)[0]
	e := remote.Entry{Item: &pim.Event{Activity: pim.Activity{Notes: "mine"}}}
	got, err := m.Remote().Update(context.Background(), mem.Activities, rec.Ref, e, pim.Set(pim.FieldNotes))
	if err != nil || got.ID != id || got.Item.Summary() != "theirs" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestOwnersAndUnassign(t *testing.T) {
	t.Parallel()
	m, _ := newCRM(t, mem.Options{})
	r, ctx := m.Remote(), context.Background()
	mine := m.Add(&pim.Contact{FullName: "Mine"}, "")
	m.Add(&pim.Contact{FullName: "Hers"}, "her")
	invited := m.Add(&pim.Event{Activity: pim.Activity{Attendees: []pim.Attendee{{Person: pim.Person{Name: "me"}}}}}, "her")
	list := func(c remote.CollectionID, s remote.Scope) int {
		t.Helper()
		d, err := r.Changes(ctx, c, s, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(d.Changed)
	}
	if n, all := list(mem.Contacts, remote.Scope{}), list(mem.Contacts, remote.Scope{AllOwners: true}); n != 1 || all != 2 {
		t.Errorf("%d of my contacts, %d of all", n, all)
	}
	if n := list(mem.Activities, remote.Scope{}); n != 1 {
		t.Errorf("%d activities that I take part in", n)
	}
	if err := r.Delete(ctx, mem.Contacts, remote.Ref{ID: mine}, remote.Unassign); err != nil {
		t.Fatal(err)
	}
	if n := list(mem.Contacts, remote.Scope{}); n != 0 || len(m.Items(mem.Contacts)) != 2 {
		t.Errorf("after unassigning: %d mine, %d in all", n, len(m.Items(mem.Contacts)))
	}
	if m.Give(mem.Activities, invited, "me"); list(mem.Activities, remote.Scope{}) != 1 {
		t.Error("an item given to me is not mine")
	}
	m.Clear(mem.Contacts)
	m.ExpireCursors()
	if _, err := r.Changes(ctx, mem.Contacts, remote.Scope{}, "1-1"); !errors.Is(err, pim.ErrCursorGone) {
		t.Errorf("expired cursor: %v", err)
	}
}

func TestDriverOpens(t *testing.T) {
	t.Parallel()
	m, _ := newCRM(t, mem.Options{})
	d := m.Driver()
	r, err := d.Open(context.Background(), remote.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.(remote.Prober).Probe(context.Background()) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
	if _, err := mem.New(mem.Options{}); err == nil {
		t.Error("a CRM without a clock")
	}
}
