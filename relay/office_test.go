package relay

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

const (
	folderB remote.CollectionID = "work"
	folderU remote.CollectionID = "unlinked"
)

// marking is a remote whose items change their ids when they are moved, and carry keys.
func marking() mem.Options {
	return mem.Options{Folders: []remote.CollectionID{folderB, folderU}, MovesChangeIDs: true, Marks: true, NotIdempotent: true}
}

// markings are such remotes by what they are weak at besides.
func markings() map[string]mem.Options {
	plain, listed, thin, forgets := marking(), marking(), marking(), marking()
	listed.NoDeletionReport, listed.Bump = true, true
	thin.NoItemsInDelta, thin.NotIdempotent, thin.PageSize = true, false, 2
	forgets.NoUID, forgets.Stamps, forgets.Unchecked = true, time.Second, true
	stays := marking()
	stays.MovesChangeIDs = false
	return map[string]mem.Options{"plain": plain, "listed": listed, "thin": thin, "forgets": forgets, "ids stay": stays}
}

// office is a world with a second calendar, linked to a second folder of the same mailbox.
type office struct {
	*world
	collA, collB store.Collection
	linkA, linkB store.Link
}

func (w *world) office(rules rule.Rules) *office {
	w.t.Helper()
	o := &office{world: w, collA: w.coll, linkA: w.link, collB: w.another("work")}
	raw, err := json.Marshal(rules)
	if err != nil {
		w.t.Fatal(err)
	}
	w.update(func(tx *store.Tx) (err error) {
		o.linkB, err = tx.CreateLink(store.Link{UserID: w.user.ID, CollectionID: o.collB.ID, Side: store.CRM, Name: "work",
			Driver: "mem", Remote: string(folderB), Rules: raw, Interval: time.Minute})
		return err
	})
	return o
}

// onOffice runs a test with each remote that marks, and with one of them on both databases.
func onOffice(t *testing.T, f func(t *testing.T, o *office)) {
	t.Helper()
	for name, opt := range markings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "plain" {
				storetest.Each(t, func(t *testing.T, s *store.Store) {
					f(t, newWorld(t, s, "ann", opt, open(rule.Ask)).office(open(rule.Ask)))
				})
				return
			}
			f(t, newWorld(t, storetest.Open(t), "ann", opt, open(rule.Ask)).office(open(rule.Ask)))
		})
	}
}

func (o *office) atA() *office { o.coll, o.link = o.collA, o.linkA; return o }

func (o *office) atB() *office { o.coll, o.link = o.collB, o.linkB; return o }

// settle runs both links, in either order, until nothing is left to do.
func (o *office) settle(bFirst bool) {
	o.t.Helper()
	at := []func() *office{o.atA, o.atB}
	if bFirst {
		slices.Reverse(at)
	}
	for range 2 {
		for _, f := range at {
			f().clean()
		}
	}
	for _, f := range at {
		f().quiet()
	}
}

// wantIn counts objects of the two calendars and records of the three folders.
func (o *office) wantIn(objectsA, objectsB, recordsA, recordsB, recordsU int) {
	o.t.Helper()
	o.atB()
	b := len(o.objects())
	o.atA()
	a := len(o.objects())
	got := []int{a, b, len(o.crm.Items(mem.Activities)), len(o.crm.Items(folderB)), len(o.crm.Items(folderU))}
	if want := []int{objectsA, objectsB, recordsA, recordsB, recordsU}; !slices.Equal(got, want) {
		o.t.Fatalf("objects in A and B, records in A, B and elsewhere: %v, want %v", got, want)
	}
}

// move moves the only record of a folder.
func (o *office) move(from, to remote.CollectionID) remote.ItemID {
	o.t.Helper()
	items := o.crm.Items(from)
	if len(items) != 1 {
		o.t.Fatalf("%d items in %s", len(items), from)
	}
	id, ok := o.crm.Move(from, items[0].ID, to)
	if !ok {
		o.t.Fatal("not moved")
	}
	return id
}

// rich is a text with what no remote here carries.
func (o *office) rich(name string) {
	o.t.Helper()
	obj := o.object(name)
	text := strings.Replace(string(obj.Text), "END:VEVENT", "X-OWN-LINE:kept\r\nEND:VEVENT", 1)
	wr, err := newCodec(o.clock.Now(), "").index(pim.KindEvent, []byte(text))
	if err != nil {
		o.t.Fatal(err)
	}
	o.putText(name, obj.UID, wr)
}

// begin fills the office with one item, made here or there, that both sides have.
func (o *office) begin(there bool) {
	o.t.Helper()
	o.atA()
	e := event("uid-a", "one")
	e.Notes, e.Location = "agreed", "agreed"
	if there {
		e.UID = ""
		o.crm.AddTo(mem.Activities, e)
	} else {
		o.put("a.ics", e)
	}
	o.settle(false)
	o.atA()
	o.rich(o.only().Name)
	o.settle(false)
}

// pair is that of the only object of the collection at hand.
func (o *office) pair() (p store.Pair) {
	o.t.Helper()
	obj := o.only()
	o.view(func(tx *store.Tx) (err error) {
		p, err = tx.PairByObject(o.link.ID, obj.ID)
		return err
	})
	return p
}

// uids are those of all objects of both calendars.
func (o *office) uids() (out []string) {
	o.t.Helper()
	for _, at := range []func() *office{o.atA, o.atB} {
		for _, obj := range at().objects() {
			out = append(out, obj.UID)
		}
	}
	slices.Sort(out)
	return out
}

// counts are creations and deletions of all runs so far.
func (o *office) counts() (c Counts) {
	o.t.Helper()
	o.view(func(tx *store.Tx) error {
		c = Counts{}
		for _, l := range []store.Link{o.linkA, o.linkB} {
			runs, err := tx.Runs(store.RunFilter{Link: l.ID, Limit: 1000})
			if err != nil {
				return err
			}
			for _, r := range runs {
				var one Counts
				if err := json.Unmarshal([]byte(r.Counts), &one); err != nil && r.Counts != "" {
					return err
				}
				c.CreatedLocal += one.CreatedLocal
				c.CreatedRemote += one.CreatedRemote
				c.DeletedLocal += one.DeletedLocal
				c.DeletedRemote += one.DeletedRemote
			}
		}
		return nil
	})
	return c
}
