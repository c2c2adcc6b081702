package mem_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/exchangetest"
	"crmbridge/exchange/mem"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/memory/memorytest"
	"crmbridge/remote/remotetest"
)

// harness opens mailboxes like o.
func harness(o mem.Options) exchangetest.Harness {
	var boxes sync.Map // by session
	box := func(a remotetest.Account) *mem.Mailbox {
		m, _ := boxes.Load(a.Remote)
		return m.(*mem.Mailbox)
	}
	h := exchangetest.Harness{Harness: remotetest.Harness{Many: 301, Open: func(t *testing.T) remotetest.Account {
		clock := testclock.New()
		o := o
		o.Now = clock.Now
		m, err := mem.New(o)
		if err != nil {
			t.Fatal(err)
		}
		a := memorytest.Account(m.System, clock, m.Remote())
		boxes.Store(a.Remote, m)
		return a
	}}}
	h.Move = func(t *testing.T, a remotetest.Account, from remote.CollectionID, id remote.ItemID) (remote.CollectionID, remote.ItemID) {
		m, k := box(a), pim.KindSet(0)
		for _, r := range m.Items(from) {
			if r.ID == id {
				k = pim.Kinds(r.Item.Kind())
			}
		}
		to := from + " elsewhere"
		if from == mem.Inbox {
			to = mem.Archive
		}
		m.AddFolder(remote.Collection{ID: to, Name: string(to), Kinds: k})
		now, ok := m.Move(from, id, to)
		if !ok {
			t.Fatalf("%s cannot be moved from %s to %s", id, from, to)
		}
		return to, now
	}
	h.Mail = func(_ *testing.T, a remotetest.Account, c remote.CollectionID, msg *pim.Message, files [][]byte) remote.ItemID {
		return box(a).Deliver(c, msg, files...)
	}
	h.Mailed = func(_ *testing.T, a remotetest.Account) int { return len(box(a).Mails()) }
	return h
}

// The suite runs on a mailbox like Exchange Server's, and on ones like Microsoft Graph's.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{
		"exchange": {},
		"graph":    {KeepsIDs: true, UnknownSizes: true, Mails: true, NoDeletionReport: true, Unchecked: true},
		"pages":    {PageSize: 7, NoItemsInDelta: true, Zone: "Pacific/Honolulu"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness(o)
			if name == "pages" {
				h.Only = []string{"changes", "many items", "changes while listing", "window", "kinds in scope"}
			}
			exchangetest.Run(t, h)
		})
	}
}

// A mailbox has the abilities of a mail server and no others.
func TestAbilities(t *testing.T) {
	t.Parallel()
	m, err := mem.New(mem.Options{Now: testclock.New().Now, Folders: []remote.Collection{{ID: "team", Name: "Team", Kinds: pim.Kinds(pim.KindEvent)}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Driver().Open(t.Context(), remote.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := remote.As[remote.Relations](r); ok {
		t.Error("it knows what items are tied to")
	}
	if _, ok := remote.As[remote.FieldMapper](r); ok {
		t.Error("its map can be changed")
	}
	cols, err := r.Collections(t.Context())
	if err != nil || !slices.EqualFunc(cols, []remote.CollectionID{mem.Calendar, mem.Tasks, mem.Contacts, exchange.AllMail, mem.Inbox, mem.Archive, "team"}, func(c remote.Collection, id remote.CollectionID) bool { return c.ID == id }) {
		t.Errorf("%v: %+v", err, cols)
	}
	id := m.Add(&pim.Event{Activity: pim.Activity{Title: "one"}, Start: pim.At(time.Unix(0, 0), "")}, "")
	if _, ok := m.Move(mem.Calendar, id, mem.Contacts); ok {
		t.Error("an event lies among contacts")
	}
	if _, ok := m.Copy(mem.Calendar, id, "team"); !ok || len(m.Items("team")) != 1 || len(m.Items(mem.Calendar)) != 1 {
		t.Error("it was not copied")
	}
	if _, err := mem.New(mem.Options{}); err == nil {
		t.Error("a mailbox without a clock")
	}
}
