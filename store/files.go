package store

import "time"

// PairsWithFiles returns at most limit pairs of a link whose files are to be taken over by now, those that wait longest first.
func (t *Tx) PairsWithFiles(l LinkID, now time.Time, limit int) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND files_at IS NOT NULL AND files_at <= ? ORDER BY files_at, id LIMIT ?", l, now.UTC(), limit)
	return ps, fail("pairs with files", err)
}
