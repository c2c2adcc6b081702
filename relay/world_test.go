package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// world is a hub with one collection, a CRM in memory and the engine between them.
type world struct {
	t      testing.TB
	ctx    context.Context
	clock  *testclock.Clock
	store  *store.Store
	user   store.User
	coll   store.Collection
	crm    *mem.CRM
	folder remote.CollectionID // of the CRM, that the collection is linked to
	link   store.Link
	engine *Engine
	// mayMail: the rules let writes mail, so that the CRM is not watched.
	mayMail bool
}

type fixed struct{ r remote.Remote }

func (f fixed) Open(context.Context, store.Link, store.User) (remote.Remote, error) { return f.r, nil }

// bySide has a remote for each side of the collection.
type bySide map[store.Side]remote.Remote

func (b bySide) Open(_ context.Context, l store.Link, _ store.User) (remote.Remote, error) {
	return b[l.Side], nil
}

// spoke is a remote in memory and the link to it.
type spoke struct {
	crm    *mem.CRM
	link   store.Link
	coll   store.Collection
	folder remote.CollectionID
}

// join links the world's collection to a second remote, on the side of Exchange.
func (w *world) join(o mem.Options, rules rule.Rules) spoke {
	w.t.Helper()
	o.Now, o.Place = w.clock.Now, "exchange"
	second, err := mem.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := json.Marshal(rules)
	if err != nil {
		w.t.Fatal(err)
	}
	l := store.Link{UserID: w.user.ID, CollectionID: w.coll.ID, Side: store.Exchange, Name: "exchange",
		Driver: "mem", Remote: string(mem.Activities), Rules: raw, Interval: time.Minute}
	w.update(func(tx *store.Tx) error {
		l, err = tx.CreateLink(l)
		return err
	})
	w.engine.Remotes = bySide{store.CRM: w.crm.Remote(), store.Exchange: second.Remote()}
	return spoke{second, l, w.coll, mem.Activities}
}

// at turns the world to another of its remotes.
func (w *world) at(s spoke) { w.crm, w.link, w.coll, w.folder = s.crm, s.link, s.coll, s.folder }

// spoke is the one that the world is turned to.
func (w *world) spoke() spoke { return spoke{w.crm, w.link, w.coll, w.folder} }

// newWorld is a world in s, with a user of its own, so that several can share it.
func newWorld(t testing.TB, s *store.Store, name string, o mem.Options, rules rule.Rules) *world {
	t.Helper()
	return newWorldAt(t, s, storetest.NewClock(), name, o, rules)
}

// newWorldAt is a world with the clock of its store.
func newWorldAt(t testing.TB, s *store.Store, clock *testclock.Clock, name string, o mem.Options, rules rule.Rules) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), clock: clock, store: s, folder: mem.Activities}
	if o.Now == nil {
		o.Now = w.clock.Now
	}
	o.Mails = true // and nothing any test does may make it
	var err error
	if w.crm, err = mem.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if mails := w.crm.Mails(); len(mails) > 0 && !w.mayMail {
			t.Errorf("the CRM was made to mail: %+v", mails)
		}
	})
	raw, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		if w.user, err = tx.CreateUser(store.User{Name: name}); err != nil {
			return err
		}
		if w.coll, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.Calendars, Slug: "calendar", Components: "VEVENT"}); err != nil {
			return err
		}
		w.link, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: w.coll.ID, Side: store.CRM, Name: "crm",
			Driver: "mem", Remote: string(mem.Activities), Rules: raw, Interval: time.Minute})
		return err
	})
	w.engine = &Engine{Store: s, Remotes: fixed{w.crm.Remote()}, Now: w.clock.Now, Owner: name,
		Log: slog.New(slog.DiscardHandler), Alive: func(string) bool { return false }}
	return w
}

// open is the rules of most tests: no window, so that dates do not matter.
func open(p rule.Policy) rule.Rules {
	return rule.Rules{PastDays: -1, FutureDays: -1, Policy: p}.Defaults()
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.store.View(w.ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func event(uid, title string) *pim.Event {
	at := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	return &pim.Event{Activity: pim.Activity{UID: uid, Title: title}, Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), "")}
}

// put writes an object as a device does.
func (w *world) put(name string, it pim.Item) store.Object {
	w.t.Helper()
	wr, err := newCodec(w.clock.Now(), "").create(it, it.ID())
	if err != nil {
		w.t.Fatal(err)
	}
	return w.putText(name, it.ID(), wr)
}

func (w *world) putText(name, uid string, wr written) store.Object {
	w.t.Helper()
	var o store.Object
	w.update(func(tx *store.Tx) error {
		in := wr.put(w.coll.ID, name, uid, pim.KindEvent)
		in.By = "dav:test"
		res, err := tx.PutObject(in)
		o = res.Object
		return err
	})
	return o
}

// edit changes fields of an object as a device does.
func (w *world) edit(name string, change func(*pim.Event)) {
	w.t.Helper()
	o := w.object(name)
	it := w.item(o)
	changed := pim.Clone(it).(*pim.Event)
	change(changed)
	wr, err := newCodec(w.clock.Now(), "").apply(o.Text, changed, pim.Diff(it, changed, pim.AllOf(pim.KindEvent)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.putText(name, o.UID, wr)
}

func (w *world) delete(name string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(w.coll.ID, name, store.Cond{}, "dav:test", 0)
		return err
	})
}

func (w *world) object(name string) (o store.Object) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		var err error
		o, err = tx.Object(w.coll.ID, name)
		return err
	})
	return o
}

func (w *world) item(o store.Object) *pim.Event {
	w.t.Helper()
	it, err := newCodec(w.clock.Now(), "").read(o.Kind, o.Text)
	if err != nil {
		w.t.Fatal(err)
	}
	return it.(*pim.Event)
}

// objects are the living objects by name.
func (w *world) objects() map[string]store.Object {
	w.t.Helper()
	m := map[string]store.Object{}
	w.view(func(tx *store.Tx) error {
		return tx.EachObject(w.coll.ID, store.EachOptions{Text: true}, func(o *store.Object) error {
			m[o.Name] = *o
			return nil
		})
	})
	return m
}

func (w *world) only() store.Object {
	w.t.Helper()
	os := w.objects()
	if len(os) != 1 {
		w.t.Fatalf("%d objects, want one", len(os))
	}
	for _, o := range os {
		return o
	}
	return store.Object{}
}

func (w *world) records() []remote.Record { return w.crm.Items(w.folder) }

func (w *world) record() remote.Record {
	w.t.Helper()
	rs := w.records()
	if len(rs) != 1 {
		w.t.Fatalf("%d records, want one", len(rs))
	}
	return rs[0]
}

func (w *world) change(id remote.ItemID, f func(*pim.Event)) {
	w.t.Helper()
	if !w.crm.Edit(w.folder, id, func(it pim.Item) { f(it.(*pim.Event)) }) {
		w.t.Fatalf("no record %s", id)
	}
}

// run does a run that has to come to its end.
func (w *world) run() Report {
	w.t.Helper()
	rep, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{Trigger: "test", Full: true})
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return rep
}

// clean is a run after which nothing failed and nothing is held.
func (w *world) clean() Report {
	w.t.Helper()
	rep := w.run()
	if rep.Run.Outcome != OutcomeOK {
		w.t.Fatalf("run %s: %s %+v", rep.Run.Outcome, rep.Run.Error, rep.Steps)
	}
	return rep
}

// quiet runs once more and wants nothing to happen.
func (w *world) quiet() {
	w.t.Helper()
	if rep := w.clean(); rep.Counts.Done() != 0 {
		w.t.Fatalf("a run with nothing to do wrote: %+v", rep.Steps)
	}
}

func (w *world) conflicts(all bool) []store.Conflict {
	w.t.Helper()
	var cs []store.Conflict
	w.view(func(tx *store.Tx) error {
		var err error
		cs, err = tx.Conflicts(store.ConflictFilter{User: w.user.ID, Open: !all, Limit: 100_000})
		return err
	})
	return cs
}

// onBoth runs a test in worlds on SQLite and PostgreSQL.
func onBoth(t *testing.T, o mem.Options, rules rule.Rules, f func(*world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { f(newWorld(t, s, "ann", o, rules)) })
}

// inTurn is onBoth for one of many cases: it has one of the two databases.
func inTurn(t *testing.T, o mem.Options, rules rule.Rules, f func(*world)) {
	t.Helper()
	storetest.InTurn(t, func(t *testing.T, s *store.Store) { f(newWorld(t, s, "ann", o, rules)) })
}

// kill ends the process at the nth step from now.
func (w *world) kill(n int) {
	var steps atomic.Int64 // workers count together
	w.engine.pause = func(string) error {
		if steps.Add(1) >= int64(n) {
			return errKilled
		}
		return nil
	}
}

// restart is a new process on the same store: nothing of the old one is known.
func (w *world) restart() {
	old := w.engine
	w.engine = &Engine{Store: w.store, Remotes: old.Remotes, Now: old.Now, Log: old.Log,
		Owner: fmt.Sprintf("%s+", old.Owner), Alive: old.Alive, decide: old.decide, merge: old.merge}
}

func mustFail(t testing.TB, err error, kind pim.Reason) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error is %v, want %s", err, kind)
	}
}
