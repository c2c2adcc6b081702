package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// A series on a remote that keeps single items only is refused or expanded, by rule.
//
// Expanded, each occurrence in the window is an object of its own in a hidden
// collection (store.Occurrences), with a pair as any other: the engine knows nothing
// of series. Between the series and these objects there is no second sync: whoever of
// the relay writes one writes the other in the same transaction.
//
//   - expand, when the series changed or the window moved: objects are made, changed
//     and deleted as the series says (project);
//   - fold, when the relay wrote such an object: the series gets an override, or an
//     exception where it was deleted.
//
// What a person at a conflict did to such an object is folded by the next run. What
// leaves the window stays.

const (
	// mostSingles is how many occurrences of one series are kept as single items.
	mostSingles = 1000
	// aheadAtMost bounds a window without an end, for series without one.
	aheadAtMost = 366 * 24 * time.Hour
)

// repeats reports an item that the remote cannot keep, because it repeats.
func (r *run) repeats(it pim.Item) bool {
	return pim.RecurrenceOf(it) != nil && r.traits.Recurrence != remote.RuleRecurrence
}

// expands reports that the link makes single items of series.
func (r *run) expands() bool {
	return r.rules.Series == rule.SeriesExpand && r.traits.Recurrence != remote.RuleRecurrence && r.coll.Home == store.Calendars
}

// repeated takes a series out of what the engine does with objects. What is to go from
// the remote because it turned private goes all the same.
func (r *run) repeated(v *view) {
	if v.local == nil || !r.repeats(v.local) || v.action == DeleteRemote {
		return
	}
	v.series, v.action = true, Nothing
	v.refused = !r.expands()
	if !v.refused {
		_, err := r.singles(v.object.Text, nil, nil)
		v.refused = err != nil
	}
}

// seriesWords tells a person what became of a series.
func (r *run) seriesWords(tx *store.Tx, v view) (string, error) {
	if !r.expands() {
		return "It repeats, and the remote keeps nothing that does: it stays here. The rule series can make single items of it.", nil
	}
	if _, err := r.singles(v.object.Text, nil, nil); err != nil {
		return "It repeats, and cannot be made into single items: " + pim.PublicText(err) + ".", nil
	}
	hidden, err := r.hidden(tx)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return "", err
	}
	known, err := tx.OccurrencesOf(hidden, v.object.ID)
	if err != nil {
		return "", err
	}
	living := 0
	for _, x := range known {
		o, err := tx.ObjectByID(x.ObjectID)
		if err != nil {
			return "", err
		}
		if !o.Deleted {
			living++
		}
	}
	return fmt.Sprintf("It repeats, and the remote keeps nothing that does: %d of its occurrences are synced as single items tied to it.", living), nil
}

// hidden is the collection of the occurrences, else pim.ErrNotFound.
func (r *run) hidden(tx *store.Tx) (store.CollectionID, error) {
	d, err := tx.DerivedFrom(r.coll.ID, r.hiddenAs())
	return d.CollectionID, err
}

func (r *run) hiddenAs() string { return string(store.Occurrences) + "/" + string(r.link.Side) }

// makeHidden is hidden, made where it does not exist.
func (r *run) makeHidden(tx *store.Tx) (store.CollectionID, error) {
	id, err := r.hidden(tx)
	if !errors.Is(err, pim.ErrNotFound) {
		return id, err
	}
	c, err := tx.CreateCollection(store.Collection{UserID: r.user.ID, Home: store.Occurrences, Slug: fmt.Sprintf("%d-%s", r.coll.ID, r.link.Side),
		DisplayName: r.coll.DisplayName, Components: r.coll.Components})
	if err != nil {
		return 0, err
	}
	return c.ID, tx.SetDerived(store.Derived{CollectionID: c.ID, SourceID: r.coll.ID, What: r.hiddenAs(), Title: r.sweptFor()})
}

// objectByUID finds an object of the link, an occurrence of a series too.
func (r *run) objectByUID(tx *store.Tx, uid string) (store.Object, error) {
	o, err := tx.ObjectByUID(r.coll.ID, uid)
	if !errors.Is(err, pim.ErrNotFound) || !r.expands() {
		return o, err
	}
	hidden, err := r.hidden(tx)
	if err != nil {
		return store.Object{}, err
	}
	return tx.ObjectByUID(hidden, uid)
}

// window bounds the occurrences that become single items.
func (r *run) window() ics.TimeRange {
	from, until := r.rules.Outside(r.now)
	if until.IsZero() {
		until = r.now.Add(aheadAtMost)
	}
	return ics.TimeRange{From: from, Until: until}
}

// singles are the occurrences of a text in the window, and those that are known.
func (r *run) singles(text []byte, known map[string]bool, uid func(string) string) ([]ics.Single, error) {
	o, err := ics.Parse(text, calendarLimits())
	if err != nil {
		return nil, err
	}
	if uid == nil {
		uid = func(id string) string { return id }
	}
	return o.Singles(ics.Zones{Local: r.codec.loc}, r.window(), known, mostSingles, uid)
}

// expand brings the occurrences of a changed object up to date. Of one that fails nothing
// stays in tx.
func (r *run) expand(tx *store.Tx, o store.Object) error {
	if !r.expands() || !r.kinds.Has(o.Kind) {
		return nil
	}
	return tx.Attempt(func() error {
		return r.guarded("series", func() error { return r.project(tx, o.ID) })
	})
}

// ofSeries reports a failure that concerns one series, and neither the link nor the database.
func ofSeries(err error) bool {
	switch pim.ReasonOf(err) {
	case pim.ErrInvalid, pim.ErrUnsupported, pim.ErrTooLarge, pim.ErrNotFound, pim.ErrExists, pim.ErrConflict, pim.ErrForbidden:
		return true
	}
	return errors.Is(err, errPanic)
}

// sweptFor names the day and the rules that the last sweep was for.
func (r *run) sweptFor() string {
	w := r.window()
	return w.From.Format(time.DateOnly) + "/" + w.Until.Format(time.DateOnly)
}

// sweep brings every series up to date when the window has moved by a day, and folds
// what a person changed. store.Derived.Seq is up to which change of the occurrences it looked.
func (r *run) sweep(ctx context.Context) error {
	if !r.expands() {
		return nil
	}
	var ids []store.ObjectID
	var d store.Derived
	var seen store.Seq
	due := false
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		ids = nil
		if d, err = tx.DerivedFrom(r.coll.ID, r.hiddenAs()); err != nil {
			return err
		}
		hidden, err := tx.Collection(d.CollectionID)
		if err != nil {
			return err
		}
		if seen = hidden.Seq; seen != d.Seq {
			edited, err := tx.EditedOccurrences(d.CollectionID, d.Seq)
			if err != nil {
				return err
			}
			for _, x := range edited {
				ids = append(ids, x.SeriesID)
			}
			ids = slices.Compact(ids)
		}
		if due = d.Title != r.sweptFor(); !due {
			return nil
		}
		return tx.EachObject(r.coll.ID, store.EachOptions{Text: true}, func(o *store.Object) error {
			if ics.Repeats(o.Text) {
				ids = append(ids, o.ID)
			}
			return nil
		})
	})
	if errors.Is(err, pim.ErrNotFound) {
		return nil // there never was a series
	}
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := r.at("series"); err != nil {
			return err
		}
		if err := r.sweepOne(ctx, id); err != nil {
			return err
		}
	}
	if !due && seen == d.Seq {
		return nil
	}
	return r.update(ctx, func(tx *store.Tx) error {
		d.Title, d.Seq = r.sweptFor(), seen
		return errors.Join(tx.PruneOccurrences(d.CollectionID), tx.SetDerived(d))
	})
}

// sweepOne brings one series up to date, or notes on its pair why that cannot be done.
func (r *run) sweepOne(ctx context.Context, id store.ObjectID) error {
	return r.update(ctx, func(tx *store.Tx) error {
		o, err := tx.ObjectByID(id)
		if err != nil {
			return err
		}
		stuck := r.expand(tx, o)
		if stuck == nil || !ofSeries(stuck) {
			return stuck
		}
		p, err := tx.PairByObject(r.link.ID, id)
		if errors.Is(err, pim.ErrNotFound) {
			p, err = r.pairFor(tx, o)
		}
		if err != nil {
			return err
		}
		if p.Error != "" && p.RetryAt != nil && p.RetryAt.After(r.now) {
			return nil // said already; its pair is looked at again then
		}
		p.Dirty = true
		return r.noteFailure(tx, &p, stuck)
	})
}

// tieOccurrences lets what a person said of a series be said of its occurrences.
func (r *run) tieOccurrences(tx *store.Tx, v view) error {
	hidden, err := r.hidden(tx)
	if errors.Is(err, pim.ErrNotFound) || !r.expands() {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := tx.OccurrencesOf(hidden, v.object.ID)
	for _, x := range all {
		p, err := tx.PairByObject(r.link.ID, x.ObjectID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && p.Tie == v.pair.Tie {
			continue
		}
		if err != nil {
			return err
		}
		p.Tie = v.pair.Tie
		wake(&p)
		if err := tx.SavePair(&p); err != nil {
			return err
		}
	}
	return err
}
