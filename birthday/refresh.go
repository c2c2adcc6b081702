package birthday

import (
	"context"
	"errors"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// batch is how many changes of a book one transaction takes over: writers must not wait long.
const batch = 200

// Freshen brings a birthday calendar up to date with its book, in short transactions. Another collection is left alone,
// and when nothing changed in the book, two rows are read and nothing is written. What an older edition of the program
// made is made anew.
func Freshen(ctx context.Context, st *store.Store, c store.CollectionID) error {
	stale := false
	err := st.Peek(ctx, func(tx *store.Tx) error {
		d, err := tx.DerivedOf(c)
		if err != nil || d.What != What {
			return ignoreMissing(err)
		}
		book, err := tx.Collection(d.SourceID)
		stale = err == nil && (book.Seq > d.Seq || d.Edition < edition || d.Title != title(book))
		return ignoreMissing(err)
	})
	for stale && err == nil {
		err = st.Update(ctx, func(tx *store.Tx) error {
			// The calendar's row is locked first, so that two who read at once do not both write.
			cal, err := tx.Collection(c)
			if err != nil {
				stale = false
				return ignoreMissing(err)
			}
			stale, err = refresh(tx, cal)
			return err
		})
	}
	return err
}

// ignoreMissing: what is gone meanwhile needs nothing.
func ignoreMissing(err error) error {
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	return err
}

// refresh takes over the next changes; more tells whether there are others.
func refresh(tx *store.Tx, cal store.Collection) (more bool, err error) {
	d, err := tx.DerivedOf(cal.ID)
	if err != nil {
		return false, ignoreMissing(err)
	}
	if d.Edition < edition {
		d.Seq, d.Edition = 0, edition
	}
	if err := rename(tx, &cal, &d); err != nil {
		return false, ignoreMissing(err)
	}
	var changed []store.Object
	last, more, err := tx.ObjectChanges(d.SourceID, d.Seq, batch, func(o store.Object) error {
		changed = append(changed, o)
		return nil
	})
	if err != nil {
		return false, err
	}
	var names []string
	living := map[store.ObjectID]*store.Object{}
	for i := range changed {
		o := &changed[i]
		switch {
		case !o.Deleted:
			names, living[o.ID] = append(names, o.Name), o
		case cal.Seq == 0: // nothing was made of it
		default:
			if err := remove(tx, cal, o.ID, kinds[:]); err != nil {
				return false, err
			}
		}
	}
	// Photos make cards long: a few texts are held at a time.
	err = tx.EachNamed(d.SourceID, names, func(card *store.Object) error {
		if o := living[card.ID]; o != nil {
			return update(tx, cal, d, o, card.Text)
		}
		return nil // another card took the name since, which comes again
	})
	if err != nil {
		return false, err
	}
	d.Seq = last
	return more, tx.SetDerived(d)
}

// rename calls the calendar as its book is called now. One that somebody gave a name of his own keeps it.
func rename(tx *store.Tx, cal *store.Collection, d *store.Derived) error {
	book, err := tx.Collection(d.SourceID)
	if err != nil {
		return err
	}
	now := title(book)
	ours := cal.DisplayName == d.Title || d.Title == "" && strings.HasPrefix(cal.DisplayName, titles) // "": made before titles were kept
	d.Title = now
	if !ours || cal.DisplayName == now {
		return nil
	}
	cal.DisplayName = now
	*cal, err = tx.UpdateCollection(*cal)
	return err
}

// update makes the events of one card what they have to be.
func update(tx *store.Tx, cal store.Collection, d store.Derived, o *store.Object, text []byte) error {
	var events []event
	// What is stored was judged when it came; a card that does not read by the rules of today has no birthday.
	lim := vcf.DefaultLimits()
	lim.Bytes = 0
	if c, err := vcf.Parse(text, lim); err == nil {
		events = eventsOf(c)
	}
	wanted := map[string]bool{}
	for _, e := range events {
		wanted[e.kind.name] = true
		if err := put(tx, cal, d, o, e); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if !wanted[k.name] {
			if err := remove(tx, cal, o.ID, []kind{k}); err != nil {
				return err
			}
		}
	}
	return nil
}

func put(tx *store.Tx, cal store.Collection, d store.Derived, o *store.Object, e event) error {
	p := store.Put{
		Collection: cal.ID, Name: e.kind.resource(o.ID), UID: e.uid(d.SourceID, o), Kind: pim.KindEvent, Component: "VEVENT",
		By: What, ReplaceUID: true,
	}
	stamp := tx.Now()
	old, err := tx.Object(cal.ID, p.Name)
	switch {
	case err == nil:
		if t, ok := stampOf(old.Text); ok {
			if same, err := e.text(p.UID, t); err != nil || string(same.text) == string(old.Text) {
				return err
			}
		}
	case !errors.Is(err, pim.ErrNotFound):
		return err
	}
	made, err := e.text(p.UID, stamp)
	if err != nil {
		return err
	}
	p.Text, p.Start, p.End = made.text, made.start, made.end
	_, err = tx.PutObject(p)
	var taken *store.UIDTaken
	if errors.As(err, &taken) && taken.Name != p.Name {
		// A card that was renamed: its event under the old name goes before its tombstone is seen.
		if _, err := tx.DeleteObject(cal.ID, taken.Name, store.Cond{}, What, 0); err != nil {
			return err
		}
		_, err = tx.PutObject(p)
	}
	return err
}

func remove(tx *store.Tx, cal store.Collection, card store.ObjectID, of []kind) error {
	for _, k := range of {
		_, err := tx.DeleteObject(cal.ID, k.resource(card), store.Cond{}, What, 0)
		if err := ignoreMissing(err); err != nil {
			return err
		}
	}
	return nil
}
