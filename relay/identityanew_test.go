package relay

import (
	"fmt"
	"maps"
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

// The bridge is installed anew with an empty database. Devices upload what they have,
// before or after the first run.
func TestRowS2InstalledAnew(t *testing.T) {
	t.Parallel()
	for name, o := range forgetful() {
		for _, uploaded := range []string{"before", "after", "half"} {
			t.Run(name+" "+uploaded, func(t *testing.T) {
				t.Parallel()
				first := newWorld(t, storetest.Open(t), "ann", o, open(rule.Ask))
				titles := []string{"one", "two", "three"}
				for _, title := range titles {
					first.put(title+".ics", event("uid-"+title, title))
				}
				first.crm.Add(event("", "there"), "")
				first.clean()
				on := func(t *testing.T, s *store.Store) {
					w := newWorld(t, s, "ann", o, open(rule.Ask))
					w.crm = first.crm
					w.engine.Remotes = fixed{first.crm.Remote()}
					upload := func(titles []string) {
						for _, title := range titles {
							if _, taken := w.objects()["uid-"+title+".ics"]; !taken { // by what the CRM remembered
								w.put(title+".ics", event("uid-"+title, title))
							}
						}
					}
					switch uploaded {
					case "before":
						upload(titles)
					case "half":
						upload(titles[:1])
						w.clean()
						upload(titles[1:])
					default:
						w.clean()
						upload(titles)
					}
					w.want(4, 4)
				}
				if uploaded == "half" {
					storetest.Each(t, on)
				} else {
					on(t, storetest.Open(t))
				}
			})
		}
	}
}

// The database is put back from a copy that is older than the CRM. What devices made
// since then they upload again, before or after the first run.
func TestRowS2AnOlderDatabase(t *testing.T) {
	t.Parallel()
	for _, uploaded := range []string{"before", "after"} {
		t.Run(uploaded, func(t *testing.T) {
			t.Parallel()
			onForgetful(t, open(rule.Ask), func(t *testing.T, w *world) {
				w.put("a.ics", event("uid-a", "one"))
				w.clean()
				w.clock.Advance(24 * time.Hour) // notes of the CRM wait until then
				w.clean()
				back := w.copyOfNow()
				w.put("b.ics", event("uid-b", "two"))
				w.crm.Add(event("", "three"), "")
				w.clean()
				w.want(3, 3)
				back()
				if uploaded == "after" {
					w.clean()
				}
				if len(w.objects()) == 1 || !slices.ContainsFunc(slices.Collect(maps.Values(w.objects())), func(o store.Object) bool { return o.UID == "uid-b" }) {
					w.put("b.ics", event("uid-b", "two"))
				}
				w.want(3, 3)
			})
		})
	}
}

// copyOfNow is a function that puts back what the database held, as far as things were
// only added since.
func (w *world) copyOfNow() (back func()) {
	w.t.Helper()
	var link store.Link
	var coll store.Collection
	var last [2]int64
	w.update(func(tx *store.Tx) (err error) { // a reading one has no SQL of its own
		if link, err = tx.Link(w.link.ID); err != nil {
			return err
		}
		if coll, err = tx.Collection(w.coll.ID); err != nil {
			return err
		}
		for i, table := range []string{"objects", "pairs"} {
			if err := tx.SQL().QueryRowContext(w.ctx, "SELECT coalesce(max(id), 0) FROM "+table).Scan(&last[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return func() {
		w.update(func(tx *store.Tx) error {
			for _, text := range []string{
				fmt.Sprintf("DELETE FROM pairs WHERE id > %d", last[1]),
				fmt.Sprintf("DELETE FROM versions WHERE object_id > %d", last[0]),
				fmt.Sprintf("DELETE FROM objects WHERE id > %d", last[0]),
				fmt.Sprintf("DELETE FROM identities WHERE user_id = %d AND uid NOT IN (SELECT uid FROM objects)", w.user.ID),
				fmt.Sprintf("UPDATE collections SET seq = %d, bytes = %d WHERE id = %d", coll.Seq, coll.Bytes, coll.ID),
			} {
				if _, err := tx.SQL().ExecContext(w.ctx, text); err != nil {
					return err
				}
			}
			return tx.UpdateLink(link, "Cursor", "LocalSeq")
		})
	}
}

// The CRM is installed anew: every record has another id and no memory.
func TestRowS2TheCRMIsInstalledAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoUID: true}, open(rule.Ask), func(w *world) {
		for i := range 6 {
			w.put(fmt.Sprintf("%d.ics", i), event(fmt.Sprintf("uid-%d", i), fmt.Sprintf("item number %d", i)))
		}
		w.clean()
		var items []pim.Item
		for _, r := range w.records() {
			items = append(items, r.Item)
		}
		w.crm.Clear(mem.Activities)
		w.crm.ExpireCursors()
		for _, it := range items {
			e := pim.Clone(it).(*pim.Event)
			if e.Title == "item number 0" {
				e.Notes = "changed there"
			}
			w.crm.Add(e, "")
		}
		w.edit("1.ics", func(e *pim.Event) { e.Location = "changed here" })
		w.want(6, 6)
		if got := w.item(w.object("0.ics")).Notes; got != "changed there" {
			t.Errorf("there: %q", got)
		}
		found := false
		for _, r := range w.records() {
			found = found || r.Item.(*pim.Event).Location == "changed here"
		}
		if !found || len(w.conflicts(true)) != 0 {
			t.Errorf("here: %v, conflicts %d", found, len(w.conflicts(true)))
		}
	})
}

// The CRM is installed anew, and what is taken for the copy of a record is another item
// with the same title and time: nothing of either may be overwritten in silence.
func TestRowS2AFalseMatchOverwritesNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range []rule.Policy{rule.Ask, rule.PreferCRM} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{NoUID: true}, open(policy), func(w *world) {
				ours := event("uid-a", "Board: March")
				ours.Notes, ours.Location = "ours alone", "Room 1"
				w.put("a.ics", ours)
				w.clean()
				w.crm.Clear(mem.Activities)
				w.crm.ExpireCursors()
				others := event("", "Board: March")
				others.Notes = "of another board"
				w.crm.Add(others, "")
				if rep := w.run(); rep.Counts.Matched != 1 {
					t.Fatalf("%+v", rep.Counts)
				}
				cs := w.conflicts(true)
				if len(cs) != 1 || !strings.Contains(string(cs[0].Mine), "ours alone") || !strings.Contains(string(cs[0].Theirs), "of another board") {
					t.Errorf("conflicts: %+v", cs)
				}
				want := map[rule.Policy]string{rule.Ask: "ours alone", rule.PreferCRM: "of another board"}[policy]
				if got := w.item(w.object("a.ics")); got.Notes != want || got.Location != "Room 1" {
					t.Errorf("here: %q at %q", got.Notes, got.Location)
				}
			})
		})
	}
}

// A record that carries the UID of an item is that item, and what is different in it is a
// change like any other.
func TestRowS2ACopyWithItsUIDKeepsTheBase(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		ours := event("uid-a", "Board: March")
		ours.Notes = "as agreed"
		w.put("a.ics", ours)
		w.clean()
		was := w.record().ID
		w.crm.Clear(mem.Activities)
		w.crm.ExpireCursors()
		copied := event("uid-a", "Board: March")
		copied.Notes = "changed there"
		rec, err := w.crm.Remote().Create(w.ctx, mem.Activities, remote.Entry{UID: "uid-a", Item: copied}, "another key")
		if err != nil || rec.ID == was {
			t.Fatalf("copy %s of %s: %v", rec.ID, was, err)
		}
		w.want(1, 1)
		if got := w.item(w.object("a.ics")).Notes; got != "changed there" || len(w.conflicts(false)) != 0 {
			t.Errorf("%q, %d conflicts", got, len(w.conflicts(false)))
		}
	})
}
