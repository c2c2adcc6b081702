package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/store"
)

// model is what a collection should hold, as simply as can be said: the history of
// its states. It compares what every old sync token is answered with the difference
// of two states.
type model struct {
	living  map[string]member
	history []map[string]member // after each write
	at      []store.Seq         // the collection's change then
}

type member struct {
	uid, text string
	seq       store.Seq
}

// testModel does random writes to two collections and compares with the model after
// each.
func testModel(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++ // fresh collections in the same store: shrinking needs many
		m := &machine{f: f, cols: [2]store.Collection{f.collection(fmt.Sprintf("a%d", n)), f.collection(fmt.Sprintf("b%d", n))}}
		for i := range m.models {
			m.models[i] = &model{living: map[string]member{}}
			m.models[i].remember(m.cols[i].Seq)
		}
		rt.Repeat(map[string]func(*rapid.T){"put": m.put, "delete": m.delete, "move": m.move, "names": m.names, "older": m.older, "rename": m.rename,
			"restored": m.restored, "": m.check})
	})
}

type machine struct {
	f      *fixture
	cols   [2]store.Collection
	models [2]*model
}

func (m *model) remember(seq store.Seq) {
	m.history = append(m.history, maps.Clone(m.living))
	m.at = append(m.at, seq)
}

// seqs are the collections' present numbers.
func (m *machine) seqs(rt *rapid.T) (seqs [2]store.Seq) {
	m.look(rt, func(tx *store.Tx) error {
		for i := range m.cols {
			c, err := tx.Collection(m.cols[i].ID)
			if err != nil {
				return err
			}
			seqs[i] = c.Seq
		}
		return nil
	})
	return seqs
}

func (m *machine) look(rt *rapid.T, read func(*store.Tx) error) {
	if err := m.f.s.View(m.f.Context(), read); err != nil {
		rt.Fatal(err)
	}
}

func (m *machine) do(rt *rapid.T, write func(tx *store.Tx) error) error {
	err := m.f.s.Update(m.f.Context(), write)
	for i, seq := range m.seqs(rt) {
		if seq != m.models[i].at[len(m.models[i].at)-1] {
			defer m.models[i].remember(seq)
			if err != nil {
				rt.Fatalf("a failed write moved the sequence: %v", err)
			}
		}
	}
	return err
}

func drawName(rt *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, label)
}

func (m *machine) put(rt *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(rt, "collection")
	name, uid, text := drawName(rt, "name"), drawName(rt, "uid"), rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "text")
	p := store.Put{Collection: m.cols[i].ID, Name: name, UID: uid, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text)}
	living := m.models[i].living
	old, exists := living[name]
	want := pim.Reason("")
	switch rapid.SampledFrom([]string{"", "create", "update"}).Draw(rt, "condition") {
	case "create":
		p.Cond.IfNoneMatch = []string{"*"}
		if exists {
			want = pim.ErrConflict
		}
	case "update":
		expected := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "expected")
		p.Cond.IfMatch = []string{store.ETag([]byte(expected))}
		if !exists || old.text != expected {
			want = pim.ErrConflict
		}
	}
	if want == "" && (exists && old.uid != uid || !exists && m.models[i].has(uid)) {
		want = pim.ErrExists
	}
	var res store.PutResult
	err := m.do(rt, func(tx *store.Tx) error {
		var err error
		res, err = tx.PutObject(p)
		if err == nil && (!exists || old.text != text) {
			living[name] = member{uid, text, res.Object.Seq}
		}
		return err
	})
	if pim.ReasonOf(err) != want {
		rt.Fatalf("got %v, want %q", err, want)
	}
	if err == nil && (res.Created == exists || res.Unchanged != (exists && old.text == text)) {
		rt.Fatalf("got %+v", res)
	}
}

func (m *model) has(uid string) bool {
	for _, o := range m.living {
		if o.uid == uid {
			return true
		}
	}
	return false
}

func (m *machine) delete(rt *rapid.T) {
	i, name := rapid.IntRange(0, 1).Draw(rt, "collection"), drawName(rt, "name")
	_, exists := m.models[i].living[name]
	err := m.do(rt, func(tx *store.Tx) error {
		_, err := tx.DeleteObject(m.cols[i].ID, name, store.Cond{}, "", 0)
		if err == nil {
			delete(m.models[i].living, name)
		}
		return err
	})
	if exists != (err == nil) || err != nil && !errors.Is(err, pim.ErrNotFound) {
		rt.Fatalf("exists %v: %v", exists, err)
	}
}

func (m *machine) move(rt *rapid.T) {
	i, j := rapid.IntRange(0, 1).Draw(rt, "from"), rapid.IntRange(0, 1).Draw(rt, "to")
	name, newName := drawName(rt, "name"), drawName(rt, "new name")
	from, to := m.models[i].living, m.models[j].living
	o, exists := from[name]
	there, taken := to[newName]
	overwrite := rapid.Bool().Draw(rt, "overwrite")
	want := pim.Reason("")
	switch {
	case i == j && name == newName:
		want = pim.ErrForbidden
	case !exists:
		want = pim.ErrNotFound
	case taken && !overwrite:
		want = pim.ErrConflict
	case taken && there.uid != o.uid, !taken && i != j && m.models[j].has(o.uid):
		want = pim.ErrExists
	}
	err := m.do(rt, func(tx *store.Tx) error {
		res, err := tx.MoveObject(store.Move{From: m.cols[i].ID, To: m.cols[j].ID, Name: name, NewName: newName, Overwrite: overwrite})
		if err == nil {
			delete(from, name)
			to[newName] = member{o.uid, o.text, res.Object.Seq}
		}
		return err
	})
	if pim.ReasonOf(err) != want {
		rt.Fatalf("got %v, want %q", err, want)
	}
}

// check asks for the changes since the first and last states and one between.
func (m *machine) check(rt *rapid.T) {
	m.look(rt, func(tx *store.Tx) error {
		for i, mod := range m.models {
			newest := len(mod.history) - 1
			for _, h := range []int{0, rapid.IntRange(0, newest).Draw(rt, "since"), newest} {
				if err := m.since(rt, tx, i, h); err != nil {
					return err
				}
			}
			if err := m.list(rt, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// since compares the changes after a state with the difference of the two.
func (m *machine) since(rt *rapid.T, tx *store.Tx, i, h int) error {
	mod := m.models[i]
	then, got := mod.history[h], map[string]string{}
	last, _, err := tx.Changes(m.cols[i].ID, mod.at[h], 0, true, func(o *store.Object) error {
		if _, twice := got[o.Name]; twice {
			rt.Fatalf("%s twice", o.Name)
		}
		got[o.Name] = fmt.Sprintf("%v %s", o.Deleted, o.Text)
		return nil
	})
	if err != nil {
		return err
	}
	if last != mod.at[len(mod.at)-1] {
		rt.Fatalf("position %d, want %d", last, mod.at[len(mod.at)-1])
	}
	for name := range union(then, mod.living) {
		before, was := then[name]
		now, is := mod.living[name]
		switch {
		case is && (!was || now.seq > before.seq) && got[name] != "false "+now.text:
			rt.Fatalf("since %d: %s is %q, want %q", mod.at[h], name, got[name], now.text)
		case was && !is && got[name] != "true ":
			rt.Fatalf("since %d: the deletion of %s is not told: %q", mod.at[h], name, got[name])
		case was && is && now.seq == before.seq && got[name] != "":
			rt.Fatalf("since %d: %s did not change: %q", mod.at[h], name, got[name])
		}
	}
	return nil
}

func (m *machine) list(rt *rapid.T, tx *store.Tx, i int) error {
	got := map[string]member{}
	err := tx.EachObject(m.cols[i].ID, store.EachOptions{Text: true}, func(o *store.Object) error {
		got[o.Name] = member{o.UID, string(o.Text), o.Seq}
		return nil
	})
	if err != nil {
		return err
	}
	if !maps.Equal(got, m.models[i].living) {
		rt.Fatalf("got %v, want %v", got, m.models[i].living)
	}
	return nil
}

// names lists both collections, as they are after whatever was done since the last time.
func (m *machine) names(rt *rapid.T) {
	err := m.f.s.View(m.f.Context(), m.sameNames)
	if err != nil {
		rt.Fatal(err)
	}
}

// older lists them in a snapshot that others have left behind.
func (m *machine) older(rt *rapid.T) {
	err := m.f.s.View(m.f.Context(), func(tx *store.Tx) error {
		if _, err := tx.Collection(m.cols[0].ID); err != nil { // now the snapshot is taken
			return err
		}
		m.put(rt)
		m.names(rt)
		return m.sameNames(tx)
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// rename changes a collection and none of its members.
func (m *machine) rename(rt *rapid.T) {
	err := m.do(rt, func(tx *store.Tx) error {
		c, err := tx.Collection(m.cols[0].ID)
		if err == nil {
			c.DisplayName += "x"
			_, err = tx.UpdateCollection(c)
		}
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// restored gives the collections other epochs.
func (m *machine) restored(rt *rapid.T) {
	err := m.do(rt, func(tx *store.Tx) error {
		_, err := tx.Restored()
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// sameNames fails when a listing of names, which may come from memory, is another than that of the rows.
func (m *machine) sameNames(tx *store.Tx) error {
	for _, c := range m.cols {
		if err := sameNames(tx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func sameNames(tx *store.Tx, c store.CollectionID) error {
	list := func(opts store.EachOptions) (out []string, err error) {
		return out, tx.EachObject(c, opts, func(o *store.Object) error {
			out = append(out, fmt.Sprint(o.ID, o.Name, o.ETag))
			return nil
		})
	}
	rows, err := list(store.EachOptions{Brief: true})
	if err != nil {
		return err
	}
	names, err := list(store.EachOptions{Names: true})
	if err == nil && !slices.Equal(names, rows) {
		err = fmt.Errorf("collection %d has the names %v, its rows are %v", c, names, rows)
	}
	return err
}

func union(a, b map[string]member) map[string]bool {
	all := map[string]bool{}
	for _, name := range slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)) {
		all[name] = true
	}
	return all
}
