package relay

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// told is a history in one line per event.
func told(h History) (out []string) {
	for _, e := range h.Events {
		line := e.By.String() + " " + e.Action
		if e.Remote {
			line = "remote " + line + " " + e.Outcome
		}
		for _, f := range e.Fields {
			if f.Field == pim.FieldTitle || f.Field == pim.FieldNotes {
				line += " " + f.Before + ">" + f.After
			}
		}
		out = append(out, line)
	}
	return out
}

func sameLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// byPhone makes the next writes of a world those of an app password.
func (w *world) byPhone(f func(tx *store.Tx, by string) error) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		ts, err := tx.Tokens(w.user.ID)
		if err != nil {
			return err
		}
		if len(ts) == 0 {
			k, err := tx.CreateToken(store.Token{UserID: w.user.ID, Name: "phone", Hash: []byte(w.user.Name)})
			if err != nil {
				return err
			}
			ts = append(ts, k)
		}
		return f(tx, "dav:"+w.user.Name+"/token:"+strconv.FormatInt(int64(ts[0].ID), 10))
	})
}

// X4: everything that happened to an item stands in one time line: who, from which device
// or system, which field, before and after; and what went to the CRM.
func TestRowX4HistoryOfAnItem(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		var written store.Object
		w.byPhone(func(tx *store.Tx, by string) error {
			wr, err := newCodec(w.clock.Now(), "").create(event("u", "one"), "u")
			if err != nil {
				return err
			}
			in := wr.put(w.coll.ID, "u.ics", "u", pim.KindEvent)
			in.By = by
			res, err := tx.PutObject(in)
			written = res.Object
			return err
		})
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "two" })
		w.clean()
		w.delete("u.ics")
		w.clean()
		w.put("u.ics", event("u", "three"))
		w.clean()
		h, err := w.engine.History(w.ctx, w.coll.ID, "u")
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, told(h),
			"ann, phone create >one", "remote crm crm create done >one",
			"crm crm update one>two",
			"test delete", "remote crm crm delete done",
			"test made anew two>three", "remote crm crm create done >three")
		if h.Origin != (Author{"client", "ann", "phone"}) || !h.Whole || h.Kind != pim.KindEvent || h.Summary != "three" || h.Events[0].Version != written.Seq {
			t.Errorf("%+v", h)
		}
		if _, err := w.engine.History(w.ctx, w.coll.ID, "nobody"); pim.ReasonOf(err) != pim.ErrNotFound {
			t.Errorf("an item that never was: %v", err)
		}
	})
}

// X4: the origin outlives the texts, deletion and being made anew, and chooses a list.
func TestRowX4OriginOutlivesPruning(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	storetest.EachWith(t, store.Config{Now: clock.Now, KeepVersions: time.Hour}, func(t *testing.T, s *store.Store) {
		w := newWorldAt(t, s, clock, "ann", mem.Options{}, open(rule.Ask))
		w.put("here.ics", event("here", "here"))
		w.crm.Add(event("", "there"), "")
		w.clean()
		for _, title := range []string{"a", "b"} {
			w.clock.Advance(2 * time.Hour)
			w.edit("here.ics", func(e *pim.Event) { e.Title = title })
			w.clean()
		}
		w.clock.Advance(2 * time.Hour)
		var pruned int64
		w.update(func(tx *store.Tx) error {
			_, n, err := tx.PruneVersions(0, 1000)
			pruned = n
			return err
		})
		if pruned == 0 {
			t.Fatal("nothing was pruned")
		}
		h, err := w.engine.History(w.ctx, w.coll.ID, "here")
		if err != nil || h.Whole || h.Origin.Side != "client" || h.Keeps != time.Hour {
			t.Errorf("%+v, %v", h, err)
		}
		for word, want := range map[string]string{"client": "here", "crm": "there", "exchange": "", "": "here there", "phone": ""} {
			var got []string
			w.view(func(tx *store.Tx) error {
				f, err := ParseOrigin(tx, w.user, word)
				if err != nil {
					return err
				}
				ps, err := tx.PairsFrom(store.PairFilter{Link: w.link.ID, Limit: 10}, f)
				for _, p := range ps {
					o, err := tx.ObjectByID(p.ObjectID)
					if err != nil {
						return err
					}
					got = append(got, map[bool]string{true: "here", false: "there"}[o.Name == "here.ics"])
				}
				return err
			})
			if slices.Sort(got); strings.Join(got, " ") != want {
				t.Errorf("origin %q: %v, want %q", word, got, want)
			}
		}
		xs, err := w.engine.Explain(w.ctx, w.link.ID, "here")
		if err != nil || len(xs) != 1 || xs[0].Origin.Side != "client" || !strings.Contains(strings.Join(xs[0].Words, " "), "first made by") {
			t.Errorf("%+v, %v", xs, err)
		}
		// Deleted and made anew by the CRM, it is still a device's item.
		w.delete("here.ics")
		w.update(func(tx *store.Tx) error {
			wr, err := newCodec(w.clock.Now(), "").create(event("here", "again"), "here")
			if err != nil {
				return err
			}
			in := wr.put(w.coll.ID, "other.ics", "here", pim.KindEvent)
			in.By, in.Link, in.Origin = "relay:crm", w.link.ID, "crm:crm"
			res, err := tx.PutObject(in)
			if res.Object.Origin != "dav:test" {
				t.Errorf("origin %q", res.Object.Origin)
			}
			return err
		})
	})
}

// Any version becomes the newest one, a deleted item comes back under its UID and name, and
// the relay carries it over.
func TestRestoreAVersion(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		first := w.put("u.ics", event("u", "one"))
		w.clean()
		w.edit("u.ics", func(e *pim.Event) { e.Title = "two" })
		w.clean()
		restore := func(version store.Seq) Restored {
			t.Helper()
			res, err := w.engine.Restore(w.ctx, w.coll.ID, "u", version, "shell")
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		if res := restore(first.Seq); res.Unchanged || res.Anew || string(res.Object.Text) != string(first.Text) {
			t.Errorf("%+v", res)
		}
		if res := restore(first.Seq); !res.Unchanged {
			t.Errorf("the second time it changed something: %+v", res)
		}
		w.clean()
		if got := w.record().Item.Summary(); got != "one" {
			t.Errorf("the record is %q", got)
		}
		w.delete("u.ics")
		gone := w.version(first.ID, func(v store.Version) bool { return v.ETag == "" })
		w.clean()
		if len(w.records()) != 0 {
			t.Fatal("the record is still there")
		}
		if res := restore(first.Seq); !res.Anew || res.Object.Name != "u.ics" || res.Object.UID != "u" || res.Object.Origin != "dav:test" {
			t.Errorf("%+v", res)
		}
		if res := restore(first.Seq); !res.Unchanged || res.Anew {
			t.Errorf("%+v", res)
		}
		w.clean()
		if got := w.record().Item.Summary(); got != "one" {
			t.Errorf("the record is %q", got)
		}
		w.quiet()
		for version, want := range map[store.Seq]pim.Reason{99999: pim.ErrNotFound, gone.Seq: pim.ErrInvalid} {
			_, err := w.engine.Restore(w.ctx, w.coll.ID, "u", version, "shell")
			mustFail(t, err, want)
		}
		// Its name is somebody else's by now.
		w.delete("u.ics")
		w.put("u.ics", event("other", "other"))
		if res := restore(first.Seq); !res.Anew || res.Object.Name == "u.ics" || res.Object.UID != "u" {
			t.Errorf("%+v", res)
		}
		if w.item(w.object("u.ics")).Title != "other" {
			t.Error("the other item was overwritten")
		}
	})
}

func (w *world) version(id store.ObjectID, is func(store.Version) bool) (v store.Version) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		vs, err := tx.Versions(id)
		for _, one := range vs {
			if is(one) {
				v = one
			}
		}
		return err
	})
	return v
}
