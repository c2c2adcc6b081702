package relay

import (
	"context"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// History is everything that is kept of one item of a collection, oldest first. Objects
// made anew under the same UID are one item.
type History struct {
	Collection store.Collection
	UID        string
	Kind       pim.Kind
	Summary    string // of the newest text; for the owner's eyes
	Origin     Author // where it was first made
	// Whole says that nothing before the first event was pruned. Else earlier texts were
	// replaced or deleted longer ago than Keeps.
	Whole  bool
	Keeps  time.Duration
	Events []Event
}

// Event is one change of an item: of the hub's object, or a write to a remote.
type Event struct {
	At     time.Time
	Remote bool   // written to the remote of Link
	By     Author // of a write to a remote: the link
	Action string // create, made anew, update, rename, delete; unassign on a remote
	// Fields are what changed, with both values, as far as they are known; nil for a change
	// of what no field shows.
	Fields []FieldChange
	// Version names the hub's text for Restore; 0 for a write to a remote.
	Version store.Seq
	Link    store.LinkID // 0: no write to a remote
	Run     store.RunID
	Outcome string // of a write to a remote: done, begun (its answer is not known)
	Cut     string // texts that the remote kept the beginning of: "title to 250 of 412"
}

// FieldChange is one field before and after, for people.
type FieldChange struct {
	Field  pim.FieldID `json:"field"`
	Label  string      `json:"label"`
	Before string      `json:"before"`
	After  string      `json:"after"`
}

// History returns the history of an item. pim.ErrNotFound when the collection never had it,
// as far as is known.
func (e *Engine) History(ctx context.Context, c store.CollectionID, uid string) (h History, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		h, err = e.history(tx, c, uid)
		return err
	})
	return h, err
}

func (e *Engine) history(tx *store.Tx, id store.CollectionID, uid string) (History, error) {
	h := History{UID: uid, Whole: true, Keeps: e.Store.KeepsVersions()}
	var err error
	if h.Collection, err = tx.Collection(id); err != nil {
		return h, err
	}
	u, err := tx.User(h.Collection.UserID)
	if err != nil {
		return h, err
	}
	who, err := newAuthors(tx, u)
	if err != nil {
		return h, err
	}
	links, err := tx.LinksOf(id)
	if err != nil {
		return h, err
	}
	objects, err := tx.ObjectsByUID(id, uid)
	if err != nil {
		return h, err
	}
	t := teller{authors: who, codec: newCodec(tx.Now(), u.Zone).withLinks(links...), h: &h}
	for i, o := range objects {
		if err := t.object(o, i > 0); err != nil {
			return h, err
		}
	}
	for _, l := range links {
		if err := t.writes(l); err != nil {
			return h, err
		}
	}
	if len(h.Events) == 0 {
		return h, pim.Errorf("relay: history", pim.ErrNotFound, "the collection has no item with the UID %q", uid)
	}
	slices.SortStableFunc(h.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	return h, nil
}

// teller puts one history together.
type teller struct {
	authors
	codec codec
	h     *History
	last  pim.Item // the newest text so far
}

// object adds the versions of one object.
func (t *teller) object(o store.Object, again bool) error {
	vs, err := t.tx.Versions(o.ID)
	if err != nil {
		return err
	}
	slices.Reverse(vs)
	t.h.Kind = o.Kind
	if origin, err := t.of(o.Origin); err != nil {
		return err
	} else if t.h.Origin.Side == "" {
		t.h.Origin = origin
	}
	if len(vs) == 0 || !vs[0].At.Equal(o.CreatedAt) {
		t.h.Whole = false
	}
	known := len(vs) > 0 && vs[0].At.Equal(o.CreatedAt) || t.last != nil
	for i, v := range vs {
		ev := Event{At: v.At, Version: v.Seq, Action: "update"}
		if ev.By, err = t.of(v.By); err != nil {
			return err
		}
		now, err := t.codec.read(o.Kind, v.Text)
		if err != nil {
			now = nil // not to be read by the rules of today: told without its fields
		}
		switch {
		case v.ETag == "":
			ev.Action, now = "delete", nil
		case i == 0 && v.At.Equal(o.CreatedAt) && again:
			ev.Action = "made anew"
		case i == 0 && v.At.Equal(o.CreatedAt):
			ev.Action = "create"
		case i > 0 && v.ETag == vs[i-1].ETag:
			ev.Action = "rename"
		}
		if ev.Action != "delete" && known {
			ev.Fields = fieldChanges(t.last, now)
		}
		known = true
		if now != nil {
			t.last, t.h.Summary = now, now.Summary()
		}
		t.h.Events = append(t.h.Events, ev)
	}
	return nil
}

// writes adds what runs of a link wrote to its remote.
func (t *teller) writes(l store.Link) error {
	steps, err := t.tx.RemoteSteps(l.ID, t.h.UID)
	if err != nil {
		return err
	}
	for _, s := range steps {
		ev := Event{At: *s.DoneAt, Remote: true, By: Author{Side: string(l.Side), Name: l.Name}, Action: s.Action, Link: l.ID, Run: s.RunID, Outcome: s.Outcome, Cut: s.Cut}
		if s.Action == "relate" { // a person did it
			if err := t.asked(&ev); err != nil {
				return err
			}
		}
		m, kept, err := recall(s.Undo)
		if err != nil {
			return err
		}
		if kept && s.Action != "delete" {
			before, err := pim.DecodeItem(m.Pair.TheirItem)
			if err != nil {
				return err
			}
			after, err := pim.DecodeItem(m.After)
			if err != nil {
				return err
			}
			if s.Action == "create" {
				before = nil
			}
			ev.Fields = fieldChanges(before, after)
			ev.Fields = append(ev.Fields, tieChanges(m, ev.Fields)...)
		}
		if t.h.Kind == 0 && kept {
			t.h.Kind = m.Kind
		}
		t.h.Events = append(t.h.Events, ev)
	}
	return nil
}

// asked names who had a write to a remote done.
func (t *teller) asked(ev *Event) error {
	run, err := t.tx.Run(ev.Run)
	if err != nil || run.AskedBy == "" {
		return err
	}
	ev.By, err = t.of(run.AskedBy)
	return err
}

// fieldChanges are the fields in which two items differ, nil being an empty one.
func fieldChanges(before, after pim.Item) []FieldChange {
	if after == nil {
		return nil
	}
	if before == nil || before.Kind() != after.Kind() {
		before = pim.New(after.Kind())
	}
	var out []FieldChange
	for _, f := range pim.Fields(after.Kind()) {
		if f.Equal(before, after) {
			continue
		}
		out = append(out, FieldChange{Field: f.ID, Label: f.Label, Before: f.Show(before), After: f.Show(after)})
	}
	return out
}
