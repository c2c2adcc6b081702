package store

import (
	"time"

	"gorm.io/gorm/clause"
)

// Relating returns at most limit pairs of a link whose record the remote is to be asked about
// by a time (Pair.RelateAt), those that waited longest first.
func (t *Tx) Relating(l LinkID, by time.Time, limit int) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND relate_at IS NOT NULL AND relate_at <= ? ORDER BY relate_at, id LIMIT ?", l, by.UTC(), limit)
	return ps, fail("pairs to relate", err)
}

// Related notes when the remote is to be asked again about the records of some pairs.
func (t *Tx) Related(ids []PairID, next time.Time) error {
	const op = "related"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE pairs SET relate_at = ? WHERE id `+t.anyInt(), next.UTC(), intList(t, ids))
	return fail(op, err)
}

// RelateAll has the remote asked about all records of a link by a time.
func (t *Tx) RelateAll(l LinkID, at time.Time) error {
	const op = "relate all"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE pairs SET relate_at = ? WHERE link_id = ? AND remote_id <> '' AND NOT remote_gone`, at.UTC(), l)
	return fail(op, err)
}

// AddBring notes that a record is to be brought, and reports whether that is new.
func (t *Tx) AddBring(b Bring) (bool, error) {
	const op = "add bring"
	if err := t.writing(op); err != nil {
		return false, err
	}
	b.ID, b.AskedAt = 0, t.now
	res := t.db().Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "link_id"}, {Name: "remote_id"}}, DoNothing: true}).Create(&b)
	return res.RowsAffected > 0, fail(op, res.Error)
}

// Brings returns the records that a link is to bring, the oldest first.
func (t *Tx) Brings(l LinkID, limit int) ([]Bring, error) {
	bs, err := find[Bring](t, "link_id = ? ORDER BY id LIMIT ?", l, limit)
	return bs, fail("brings", err)
}

// DropBrings forgets what was brought, or was not to be.
func (t *Tx) DropBrings(bs []Bring) error {
	const op = "drop brings"
	if err := t.writing(op); err != nil {
		return err
	}
	ids := make([]int64, len(bs))
	for i, b := range bs {
		ids[i] = b.ID
	}
	_, err := t.exec(`DELETE FROM brings WHERE id `+t.anyInt(), intList(t, ids))
	return fail(op, err)
}
