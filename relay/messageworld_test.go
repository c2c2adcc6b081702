package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange"
	"crmbridge/exchange/mem"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// byLink has a remote for each link.
type byLink map[store.LinkID]remote.Remote

func (b byLink) Open(_ context.Context, l store.Link, _ store.User) (remote.Remote, error) {
	return b[l.ID], nil
}

// post is a CRM, and people with mailboxes whose mail goes there.
type post struct {
	t      testing.TB
	clock  *testclock.Clock
	store  *store.Store
	crm    *crmmem.CRM
	engine *Engine
	links  byLink
}

// owner is one of them.
type owner struct {
	*post
	user     store.User
	box      *mem.Mailbox
	coll     store.Collection
	in, out  store.Link
	inRules  rule.Rules
	outRules rule.Rules
}

func newPost(t testing.TB, s *store.Store, o crmmem.Options) *post {
	t.Helper()
	p := &post{t: t, clock: storetest.NewClock(), store: s, links: byLink{}}
	o.Now, o.Messages = p.clock.Now, true
	var err error
	if p.crm, err = crmmem.New(o); err != nil {
		t.Fatal(err)
	}
	p.engine = &Engine{Store: s, Remotes: p.links, Now: p.clock.Now, Owner: t.Name(), Log: slog.New(slog.DiscardHandler), Alive: func(string) bool { return false }}
	return p
}

func (p *post) update(f func(*store.Tx) error) {
	p.t.Helper()
	if err := p.store.Update(context.Background(), f); err != nil {
		p.t.Fatal(err)
	}
}

// person adds somebody whose folder is linked, under rules for the mailbox and for the CRM.
func (p *post) person(name string, box mem.Options, folder remote.CollectionID, in, out string) *owner {
	p.t.Helper()
	o := &owner{post: p}
	box.Now, box.User, box.Place = p.clock.Now, name+"@example.org", "mail of "+name
	var err error
	if o.box, err = mem.New(box); err != nil {
		p.t.Fatal(err)
	}
	o.inRules, o.outRules = MailRules(store.Exchange, parsed(p.t, in)), MailRules(store.CRM, parsed(p.t, out))
	p.update(func(tx *store.Tx) error {
		o.user, err = tx.CreateUser(store.User{Name: name, Email: name + "@example.org"})
		return err
	})
	o.add("mail", folder)
	return o
}

// add links another folder, by way of a collection of its own.
func (o *owner) add(slug string, folder remote.CollectionID) {
	o.t.Helper()
	raw := func(r rule.Rules) []byte {
		b, err := json.Marshal(r)
		if err != nil {
			o.t.Fatal(err)
		}
		return b
	}
	o.update(func(tx *store.Tx) (err error) {
		if o.coll, err = tx.CreateCollection(store.Collection{UserID: o.user.ID, Home: store.Mail, Slug: slug}); err != nil {
			return err
		}
		l := store.Link{UserID: o.user.ID, CollectionID: o.coll.ID, Interval: time.Minute}
		l.Side, l.Name, l.Driver, l.Remote, l.Rules = store.Exchange, "mailbox "+slug, "mailbox", string(folder), raw(o.inRules)
		if o.in, err = tx.CreateLink(l); err != nil {
			return err
		}
		l.Side, l.Name, l.Driver, l.Remote, l.Rules = store.CRM, "crm "+slug, "mem", string(crmmem.Messages), raw(o.outRules)
		o.out, err = tx.CreateLink(l)
		return err
	})
	o.links[o.in.ID], o.links[o.out.ID] = o.box.Remote(), o.crm.Remote()
}

// run does a run of a link that has to come to its end.
func (p *post) run(l store.Link) Report {
	p.t.Helper()
	rep, err := p.engine.Run(context.Background(), l.ID, RunOptions{Trigger: "test"})
	if err != nil {
		p.t.Fatalf("run of %s: %v", l.Name, err)
	}
	return rep
}

// sync brings mail in, then to the CRM, then lets go what is not needed any more; nothing may fail.
func (o *owner) sync() (n int) {
	o.t.Helper()
	for _, l := range []store.Link{o.in, o.out, o.in} {
		rep := o.run(l)
		if rep.Run.Outcome != OutcomeOK {
			o.t.Fatalf("run of %s %s: %s %+v", l.Name, rep.Run.Outcome, rep.Run.Error, rep.Steps)
		}
		n += rep.Counts.Done()
	}
	return n
}

// quiet wants nothing to happen.
func (o *owner) quiet() {
	o.t.Helper()
	if n := o.sync(); n != 0 {
		o.t.Fatalf("%d writes with nothing to do", n)
	}
}

// mails are the CRM's e-mail activities.
func (p *post) mails() []remote.Record { return p.crm.Items(crmmem.Messages) }

func (p *post) mail() (remote.Record, *pim.Message) {
	p.t.Helper()
	rs := p.mails()
	if len(rs) != 1 {
		p.t.Fatalf("%d e-mail activities, want one", len(rs))
	}
	return rs[0], rs[0].Item.(*pim.Message)
}

// kept is how many messages lie in the owner's collection.
func (o *owner) kept() (n int) {
	o.t.Helper()
	err := o.store.View(context.Background(), func(tx *store.Tx) error {
		n = 0
		return tx.EachObject(o.coll.ID, store.EachOptions{}, func(*store.Object) error { n++; return nil })
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

// letter is message n from outside, in the category Customers.
func letter(n int) *pim.Message {
	at := time.Date(2026, 1, 8, 9, n, 0, 0, time.UTC)
	return &pim.Message{
		MessageID: fmt.Sprintf("letter-%d@example.org", n), Subject: fmt.Sprintf("Offer %d", n), Way: pim.Received,
		From: pim.Person{Name: "Fay Customer", Email: "fay@customer.example.org"}, To: []pim.Person{{Name: "Ann", Email: "ann@example.org"}},
		Cc:   []pim.Person{{Name: "Bo", Email: "bo@example.org"}},
		Sent: pim.At(at, ""), Received: pim.At(at.Add(time.Minute), ""), HTML: fmt.Sprintf("<p>Dear Ann, number %d</p>", n), Categories: []string{"Customers"},
	}
}

// with gives a message files of these names and sizes.
func with(m *pim.Message, sizes ...int) (*pim.Message, [][]byte) {
	var files [][]byte
	for i, n := range sizes {
		b := make([]byte, n)
		for j := range b {
			b[j] = byte(i + j)
		}
		files = append(files, b)
		m.Files = append(m.Files, pim.File{Name: fmt.Sprintf("file %d.pdf", i), Type: "application/pdf", Size: int64(n)})
	}
	return m, files
}

func (o *owner) deliver(folder remote.CollectionID, m *pim.Message, files ...[]byte) remote.ItemID {
	return o.box.Deliver(folder, m, files...)
}

// onPost runs a test with Ann, whose inbox is linked, on both databases.
func onPost(t *testing.T, box mem.Options, folder remote.CollectionID, in, out string, f func(*owner)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		f(newPost(t, s, crmmem.Options{}).person("ann", box, folder, in, out))
	})
}

const allMail = exchange.AllMail
