package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// plainly keeps settings as they are.
func plainly() *Connections {
	within := map[remote.CollectionID]remote.CollectionID{"part": mem.Activities}
	return &Connections{Drivers: map[string]remote.Driver{"mem": {Within: within}}, Unseal: func(_ string, sealed []byte) ([]byte, error) { return sealed, nil }}
}

func sealed(t testing.TB, s remote.Settings) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRowX20OneLinkPerSide(t *testing.T) {
	t.Parallel()
	site := remote.Settings{"url": "https://crm.example.org/", "username": "ann"}
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		conns := plainly()
		work := w.another("work")
		var tasks store.Collection
		w.update(func(tx *store.Tx) error {
			w.link.Settings = sealed(w.t, site)
			if err := tx.UpdateLink(w.link, "Settings"); err != nil {
				return err
			}
			var err error
			tasks, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.Calendars, Slug: "tasks", Components: "VTODO"})
			return err
		})
		link := func(c store.Collection, side store.Side, name, driver, place string) store.Link {
			return store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: side, Name: name, Driver: driver, Remote: place}
		}
		here := string(mem.Activities)
		for name, c := range map[string]struct {
			link store.Link
			s    remote.Settings
			want string // in the reason; "" for none
		}{
			"a second CRM":            {link(w.coll, store.CRM, "two", "creatio", "x"), site, `"calendar" is linked to a CRM already`},
			"Exchange beside it":      {link(w.coll, store.Exchange, "two", "ews", "x"), site, ""},
			"a taken name":            {link(work, store.CRM, "crm", "creatio", "x"), site, `a link named "crm" already`},
			"the same remote":         {link(work, store.CRM, "two", "mem", here), remote.Settings{"url": "CRM.example.org", "username": "Ann"}, `linked to the collection "calendar" already`},
			"a part of it":            {link(work, store.CRM, "two", "mem", "part"), site, `linked to the collection "calendar" already`},
			"another place of it":     {link(work, store.CRM, "two", "mem", "other"), site, ""},
			"another person there":    {link(work, store.CRM, "two", "mem", here), remote.Settings{"url": "crm.example.org", "username": "otto"}, ""},
			"another site":            {link(work, store.CRM, "two", "mem", here), remote.Settings{"url": "crm2.example.org", "username": "ann"}, ""},
			"other kinds of the same": {link(tasks, store.CRM, "two", "mem", here), site, ""},
			"not known yet":           {link(work, store.CRM, "two", "mem", ""), nil, ""},
			"itself":                  {w.link, site, ""},
		} {
			var err error
			w.view(func(tx *store.Tx) error {
				err = conns.Vacant(tx, c.link, c.s)
				return nil
			})
			if c.want == "" && err != nil || c.want != "" && (pim.ReasonOf(err) != pim.ErrExists || !strings.Contains(pim.PublicText(err), c.want)) {
				w.t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
		// The database holds the first rule by itself.
		err := w.store.Update(w.ctx, func(tx *store.Tx) error {
			_, err := tx.CreateLink(link(w.coll, store.CRM, "two", "mem", "x"))
			return err
		})
		mustFail(w.t, err, pim.ErrExists)
	})
}

// Other rules must not link what another link has.
func TestRowX20OtherKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, open(rule.Ask))
	site := sealed(t, remote.Settings{"url": "crm.example.org"})
	rules := open(rule.Ask)
	rules.Kinds = []pim.Kind{pim.KindTask}
	raw, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	var second store.Link
	w.update(func(tx *store.Tx) error {
		w.link.Settings = site
		if err := tx.UpdateLink(w.link, "Settings"); err != nil {
			return err
		}
		c, err := tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.Calendars, Slug: "both", Components: "VEVENT,VTODO"})
		if err != nil {
			return err
		}
		second, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: c.ID, Side: store.CRM, Name: "two", Driver: "mem",
			Remote: string(mem.Activities), Rules: raw, Settings: site})
		return err
	})
	w.engine.Remotes = plainly()
	rules.Kinds = nil
	_, err = w.engine.SetRules(w.ctx, second.ID, rules)
	mustFail(t, err, pim.ErrExists)
	rules.Kinds = []pim.Kind{pim.KindTask}
	rules.BrakeAbsolute = 77
	if _, err := w.engine.SetRules(w.ctx, second.ID, rules); err != nil {
		t.Error(err)
	}
}

// The CRM cannot be reached and will not come back under this link.
func TestRowS2ForcedUnpair(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"nothing", "an answer", "a change"} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
				w.put("a.ics", event("uid-a", "Review of the budget"))
				w.crm.Add(event("", "there"), "")
				if lost == "an answer" {
					w.crm.LoseAnswers(1)
					_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{})
					w.crm.LoseAnswers(0)
				} else {
					w.clean()
				}
				if lost == "a change" {
					w.edit("a.ics", func(e *pim.Event) { e.Notes = "changed" })
					w.crm.FailCall(1, pim.Errorf("mem", pim.ErrUnavailable, "down"))
					_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{})
					w.update(func(tx *store.Tx) error { return tx.WakePairs(w.link.ID, false) })
				}
				remove := func(force bool) error {
					return w.store.Update(w.ctx, func(tx *store.Tx) error { return w.engine.RemoveLink(tx, w.link.ID, force) })
				}
				if lost != "nothing" {
					mustFail(t, remove(false), pim.ErrHeld)
				}
				if err := remove(true); err != nil {
					t.Fatal(err)
				}
				mustFail(t, remove(true), pim.ErrNotFound)
				w.linkTo(w.coll)
				w.want(2, 2)
			})
		})
	}
}

// What devices changed while no run could read it waits, too.
func TestRowS2UnpairWhileChangesAreUnread(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"nothing":    func(*world) {},
		"an edit":    func(w *world) { w.edit("a.ics", func(e *pim.Event) { e.Notes = "changed" }) },
		"a new item": func(w *world) { w.put("b.ics", event("uid-b", "two")) },
		"a deletion": func(w *world) { w.delete("a.ics") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				change(w)
				w.crm.FailCall(1, pim.Errorf("mem", pim.ErrUnavailable, "down"))
				if _, err := w.engine.Run(w.ctx, w.link.ID, RunOptions{}); err == nil {
					w.t.Fatal("the CRM is not down")
				}
				err := w.store.Update(w.ctx, func(tx *store.Tx) error { return w.engine.RemoveLink(tx, w.link.ID, false) })
				if name == "nothing" && err != nil {
					w.t.Error(err)
				} else if name != "nothing" {
					mustFail(w.t, err, pim.ErrHeld)
				}
			})
		})
	}
}

// What fails for good is named as such, and does not keep a link for ever: once a person has set it aside, the link can go.
func TestRowS2UnpairWhileAnItemFails(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", event("uid-a", "one"))
		w.crm.SetFaults(func(c mem.Call) mem.Fault {
			if !c.Write {
				return mem.Fault{}
			}
			return mem.Fault{Err: pim.Errorf("mem: create", pim.ErrRefused, "overlapping meetings")}
		})
		if rep := w.run(); rep.Counts.Failed != 1 {
			w.t.Fatalf("%+v", rep.Counts)
		}
		remove := func() error {
			return w.store.Update(w.ctx, func(tx *store.Tx) error { return w.engine.RemoveLink(tx, w.link.ID, false) })
		}
		err := remove()
		if mustFail(w.t, err, pim.ErrHeld); !strings.Contains(pim.PublicText(err), "1 fail (bridge error list --link") {
			w.t.Errorf("%v", err)
		}
		if err := w.engine.Ignore(w.ctx, w.link.ID, "uid-a"); err != nil {
			w.t.Fatal(err)
		}
		if err := remove(); err != nil {
			w.t.Errorf("set aside: %v", err)
		}
	})
}
