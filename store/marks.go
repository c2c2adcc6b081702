package store

import (
	"cmp"
	"slices"
	"time"
)

// PairsByMark returns the pairs of a user's links whose remote items carry one of these keys, or are about to, by the key
// and each key's by id: an item that was copied on the remote has its key in common with the copy.
func (t *Tx) PairsByMark(u UserID, marks []string) (map[string][]Pair, error) {
	links, err := t.Links(u)
	if err != nil {
		return nil, err
	}
	theirs := map[LinkID]bool{}
	for _, l := range links {
		theirs[l.ID] = true
	}
	found := map[string][]Pair{}
	for some := range slices.Chunk(marks, 1000) {
		ps, err := find[Pair](t, "mark <> '' AND mark "+t.anyText(), t.textList(some))
		if err != nil {
			return nil, fail("pairs by mark", err)
		}
		for _, p := range ps {
			if theirs[p.LinkID] {
				found[p.Mark] = append(found[p.Mark], p)
			}
		}
	}
	for _, ps := range found {
		slices.SortFunc(ps, func(a, b Pair) int { return cmp.Compare(a.ID, b.ID) })
	}
	return found, nil
}

// PairsToMark returns at most limit pairs of a link whose remote items are to be given a key by now, those that wait
// longest first.
func (t *Tx) PairsToMark(l LinkID, now time.Time, limit int) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND mark_at IS NOT NULL AND mark_at <= ? AND NOT remote_gone AND remote_id <> '' ORDER BY mark_at, id LIMIT ?", l, now.UTC(), limit)
	return ps, fail("pairs to mark", err)
}

// MissingPairs returns at most limit pairs of a link, with ids above after, that the relay has to look at, by id, and whose
// remote items are gone and carried a key by which the remote may know them elsewhere.
func (t *Tx) MissingPairs(l LinkID, limit int, after PairID) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND id > ? AND (dirty OR intent <> '' OR retry_at IS NOT NULL) AND remote_gone AND mark <> '' ORDER BY id LIMIT ?", l, after, limit)
	return ps, fail("missing pairs", err)
}

// MoveConflicts gives the open reports of a link about an object to the object, and the link, that it is now.
func (t *Tx) MoveConflicts(from ObjectID, link LinkID, to Object, now LinkID) error {
	const op = "move conflicts"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE conflicts SET collection_id = ?, object_id = ?, name = ?, link_id = ? WHERE object_id = ? AND link_id = ? AND resolved_at IS NULL`,
		to.CollectionID, to.ID, to.Name, now, from, link)
	return fail(op, err)
}
