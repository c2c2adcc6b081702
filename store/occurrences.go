package store

import (
	"cmp"
	"slices"

	"crmbridge/pim"
)

// OccurrenceID is the id of an Occurrence.
type OccurrenceID int64

// Occurrence ties an object of the home Occurrences, which holds one occurrence of a
// series, to the series. The two say the same in every committed state in which Seq and
// SeriesSeq are the last changes of the two objects.
type Occurrence struct {
	ID           OccurrenceID `gorm:"primaryKey"`
	CollectionID CollectionID // of the object, not of the series
	SeriesID     ObjectID
	// Occurrence is the original start (ics.Single.ID), unique in its series.
	Occurrence string
	// ObjectID may be that of a tombstone while a pair still has to do with it.
	ObjectID  ObjectID
	Seq       Seq
	SeriesSeq Seq
}

// OccurrencesOf returns what is known of a series' occurrences in a collection, by
// original start.
func (t *Tx) OccurrencesOf(c CollectionID, series ObjectID) ([]Occurrence, error) {
	os, err := find[Occurrence](t, "collection_id = ? AND series_id = ? ORDER BY occurrence", c, series)
	return os, fail("occurrences", err)
}

// OccurrenceOf returns what an object is an occurrence of, else pim.ErrNotFound.
func (t *Tx) OccurrenceOf(o ObjectID) (Occurrence, error) {
	x, err := take[Occurrence](t, "object_id = ?", o)
	return x, fail("occurrence", err)
}

// EditedOccurrences returns the occurrences whose object in a collection was changed after
// the change after, and is not in step with its series since; by series.
func (t *Tx) EditedOccurrences(c CollectionID, after Seq) ([]Occurrence, error) {
	os, err := find[Occurrence](t, `object_id IN (SELECT o.id FROM objects o WHERE o.collection_id = ? AND o.seq > ?)
		AND seq <> (SELECT o.seq FROM objects o WHERE o.id = occurrences.object_id)`, c, after)
	slices.SortFunc(os, func(a, b Occurrence) int { return cmp.Or(cmp.Compare(a.SeriesID, b.SeriesID), cmp.Compare(a.ID, b.ID)) })
	return os, fail("edited occurrences", err)
}

// SaveOccurrence adds an occurrence whose id is 0, and fills the id in, or writes all of
// an existing one. pim.ErrExists when the series has it already.
func (t *Tx) SaveOccurrence(x *Occurrence) error {
	const op = "save occurrence"
	if err := t.writing(op); err != nil {
		return err
	}
	if x.ID != 0 {
		return t.save(op, "occurrence", x)
	}
	added, err := t.insert(op, x)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "the occurrence is known already")
	}
	return err
}

// SetSeriesSeq notes that all known occurrences of a series are those of its change seq.
func (t *Tx) SetSeriesSeq(c CollectionID, series ObjectID, seq Seq) error {
	if err := t.writing("set series"); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE occurrences SET series_seq = ? WHERE collection_id = ? AND series_id = ? AND series_seq <> ?`, seq, c, series, seq)
	return fail("set series", err)
}

// PruneOccurrences forgets those in a collection whose object is gone and with which no
// pair has to do any more.
func (t *Tx) PruneOccurrences(c CollectionID) error {
	if err := t.writing("prune occurrences"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM occurrences WHERE collection_id = ? AND EXISTS (SELECT 1 FROM objects o WHERE o.id = object_id AND o.deleted)
		AND NOT EXISTS (SELECT 1 FROM pairs p WHERE p.object_id = occurrences.object_id)`, c)
	return fail("prune occurrences", err)
}

// DeleteOccurrence forgets an occurrence; one that is not there is no error.
func (t *Tx) DeleteOccurrence(id OccurrenceID) error {
	if err := t.writing("delete occurrence"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM occurrences WHERE id = ?`, id)
	return fail("delete occurrence", err)
}
