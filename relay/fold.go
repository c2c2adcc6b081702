package relay

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/store"
)

// takeEdits folds what was written to single objects by others than this relay.
func (pr *projection) takeEdits() error {
	for i := range pr.rows {
		x := &pr.rows[i]
		o, err := pr.tx.ObjectByID(x.ObjectID)
		if err != nil {
			return err
		}
		if o.Seq == x.Seq || !pr.repeat {
			continue
		}
		if o.Deleted {
			err = pr.foldGone(pr.tx, o)
		} else {
			err = pr.takeEdit(*x, o)
		}
		if err != nil {
			return err
		}
		if pr.series, err = pr.tx.ObjectByID(pr.series.ID); err != nil {
			return err
		}
		if err := pr.read(); err != nil {
			return err
		}
	}
	var err error
	pr.rows, err = pr.tx.OccurrencesOf(pr.hidden, pr.series.ID)
	return err
}

// takeEdit puts what changed of an object since it was in step on top of what its series
// says by now.
func (pr *projection) takeEdit(x store.Occurrence, o store.Object) error {
	series, err := ics.Parse(pr.series.Text, calendarLimits())
	if err != nil {
		return err
	}
	s, there, err := series.Single(ics.Zones{Local: pr.codec.loc}, x.Occurrence, o.UID)
	if err != nil {
		return err
	}
	was, err := pr.tx.Version(o.ID, x.Seq)
	if errors.Is(err, pim.ErrNotFound) || err == nil && !there {
		return pr.fold(pr.tx, o) // taken out since: a change beats a deletion
	}
	if err != nil {
		return err
	}
	base, err := pr.codec.read(o.Kind, was.Text)
	if err != nil {
		return err
	}
	edited, err := pr.codec.read(o.Kind, o.Text)
	if err != nil {
		return err
	}
	w, err := pr.codec.apply(s.Object.Bytes(), edited, pim.Diff(base, edited, pim.AllOf(o.Kind)))
	if err != nil {
		return err
	}
	_, err = pr.put(pr.tx, pr.hidden, w, o.Name, o.UID, o.Kind)
	return err
}

// inStep brings a single object up to date with its series, ahead of a write to it. Its
// collection of series stays locked, so that nobody comes in between.
func (r *run) inStep(tx *store.Tx, o store.Object) error {
	if o.ID == 0 || o.CollectionID == r.coll.ID {
		return nil
	}
	if _, err := tx.Collection(r.coll.ID); err != nil {
		return err
	}
	x, err := tx.OccurrenceOf(o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil || series.Seq == x.SeriesSeq {
		return err
	}
	return r.project(tx, series.ID)
}

// fold puts a written single object into its series.
func (r *run) fold(tx *store.Tx, o store.Object) error {
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series == nil {
		return err
	}
	single, err := ics.Parse(o.Text, calendarLimits())
	if err != nil {
		return err
	}
	next, err := series.WithSingle(x.Occurrence, single, r.icsOptions())
	if err != nil {
		return err
	}
	x.Seq = o.Seq
	return r.putSeries(tx, x, next)
}

// foldGone takes a deleted single object out of its series.
func (r *run) foldGone(tx *store.Tx, o store.Object) error {
	if o.CollectionID == r.coll.ID {
		return nil
	}
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series == nil {
		return err
	}
	next, err := series.WithoutSingle(x.Occurrence, r.icsOptions())
	if err != nil {
		return err
	}
	now, err := tx.ObjectByID(o.ID)
	if err != nil {
		return err
	}
	x.Seq = now.Seq
	return r.putSeries(tx, x, next)
}

func (r *run) icsOptions() ics.ApplyOptions {
	return ics.ApplyOptions{Now: r.codec.now, Zone: r.codec.zone, Zones: ics.Zones{Local: r.codec.loc}}
}

// seriesOf is the series of a single object; nil when it is not one any more.
func (r *run) seriesOf(tx *store.Tx, o store.Object) (store.Occurrence, *ics.Object, error) {
	x, err := tx.OccurrenceOf(o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return x, nil, nil
	}
	if err != nil {
		return x, nil, err
	}
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil || series.Deleted {
		return x, nil, err
	}
	it, err := r.codec.read(series.Kind, series.Text)
	if err != nil || pim.RecurrenceOf(it) == nil {
		return x, nil, err
	}
	obj, err := ics.Parse(series.Text, calendarLimits())
	return x, obj, err
}

func (r *run) putSeries(tx *store.Tx, x store.Occurrence, text *ics.Object) error {
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil {
		return err
	}
	in := objectText(text).put(r.coll.ID, series.Name, series.UID, series.Kind)
	in.By, in.Link = r.by(), r.link.ID
	res, err := tx.PutObject(in)
	if err != nil {
		return err
	}
	x.SeriesSeq = res.Object.Seq
	return errors.Join(tx.SaveOccurrence(&x), tx.SetSeriesSeq(x.CollectionID, x.SeriesID, res.Object.Seq))
}

// homeOf is where the object of a pair is to be: an occurrence of a series that still
// repeats goes back there, anything else into the collection of the link.
func (r *run) homeOf(tx *store.Tx, p store.Pair) (store.CollectionID, error) {
	if p.ObjectID == 0 {
		return r.coll.ID, nil
	}
	o, err := tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && o.CollectionID == r.coll.ID {
		return r.coll.ID, nil
	}
	if err != nil {
		return 0, err
	}
	if err := r.inStep(tx, o); err != nil {
		return 0, err
	}
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series != nil {
		return o.CollectionID, err
	}
	return r.coll.ID, tx.DeleteOccurrence(x.ID)
}

// putBack writes the object of a record that has none, or none any more.
func (r *run) putBack(tx *store.Tx, p store.Pair, home store.CollectionID, w written, name string, kind pim.Kind) (store.Object, error) {
	if home == r.coll.ID {
		return r.put(tx, home, w, name, p.UID, kind)
	}
	x, err := tx.OccurrenceOf(p.ObjectID)
	if err != nil {
		return store.Object{}, err
	}
	in := w.put(home, name, p.UID, kind)
	in.By, in.Link = r.by(), r.link.ID
	res, err := tx.PutObject(in)
	if err != nil {
		return store.Object{}, err
	}
	x.ObjectID = res.Object.ID
	if err := tx.SaveOccurrence(&x); err != nil {
		return store.Object{}, err
	}
	return res.Object, r.fold(tx, res.Object)
}
