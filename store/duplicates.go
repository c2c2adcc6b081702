package store

import (
	"slices"
	"time"

	"crmbridge/pim"
)

// DuplicateStates are all states, for forms and commands.
func DuplicateStates() []DuplicateState {
	return []DuplicateState{DuplicateOpen, DuplicateIgnored, DuplicateMerged}
}

// DuplicateFilter chooses pairs of items that may be one; zero fields do not choose.
type DuplicateFilter struct {
	User       UserID
	Collection CollectionID
	State      DuplicateState
	Kind       pim.Kind
	// Object is in the pair.
	Object ObjectID
	// Since and Until bound when the pair was found: Since inclusive, Until exclusive.
	Since, Until time.Time
	After        DuplicateID // only those with higher ids, for paging
	Limit        int         // 0: 100
}

// Duplicate returns the pair with that id, else pim.ErrNotFound.
func (t *Tx) Duplicate(id DuplicateID) (Duplicate, error) {
	d, err := take[Duplicate](t, "id = ?"+t.forUpdate(), id)
	return d, fail("duplicate", err)
}

// Duplicates returns pairs by id. Open ones of which an object is gone are left out.
func (t *Tx) Duplicates(f DuplicateFilter) ([]Duplicate, error) {
	db := t.db().Order("id").Where("id > ?", f.After)
	if f.User != 0 {
		db = db.Where("user_id = ?", f.User)
	}
	if f.Collection != 0 {
		db = db.Where("collection_id = ?", f.Collection)
	}
	if f.State != "" {
		db = db.Where("state = ?", f.State)
	}
	if f.Kind != 0 {
		db = db.Where("kind = ?", f.Kind)
	}
	if !f.Since.IsZero() {
		db = db.Where("found_at >= ?", f.Since.UTC())
	}
	if !f.Until.IsZero() {
		db = db.Where("found_at < ?", f.Until.UTC())
	}
	if f.Object != 0 {
		db = db.Where("(first_id = ? OR second_id = ?)", f.Object, f.Object)
	}
	db = db.Where(`(state <> 'open' OR (EXISTS (SELECT 1 FROM objects WHERE objects.id = first_id AND NOT objects.deleted)
		AND EXISTS (SELECT 1 FROM objects WHERE objects.id = second_id AND NOT objects.deleted)))`)
	if f.Limit <= 0 {
		f.Limit = 100
	}
	var ds []Duplicate
	err := db.Limit(f.Limit).Find(&ds).Error
	return ds, fail("duplicates", err)
}

// SaveDuplicate writes all of an existing pair. Its objects are put in order. What was
// noted of the same two objects under another id goes.
func (t *Tx) SaveDuplicate(d Duplicate) error {
	const op = "save duplicate"
	if err := t.writing(op); err != nil {
		return err
	}
	d.order()
	if _, err := t.exec(`DELETE FROM duplicates WHERE first_id = ? AND second_id = ? AND id <> ?`, d.FirstID, d.SecondID, d.ID); err != nil {
		return fail(op, err)
	}
	return t.save(op, "duplicate", &d)
}

func (d *Duplicate) order() {
	if d.FirstID > d.SecondID {
		d.FirstID, d.SecondID = d.SecondID, d.FirstID
	}
}

// SuggestDuplicates notes pairs of a collection that may be one, whose ids do not count, and
// returns how many are new. One that a person ignored stays so while its Print does; one
// that was merged stays so. Writers wait for it: long lists go in parts.
func (t *Tx) SuggestDuplicates(c CollectionID, list []Duplicate) (added int, err error) {
	const op = "suggest duplicates"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	first := make([]ObjectID, 0, len(list))
	for i := range list {
		list[i].order()
		first = append(first, list[i].FirstID)
	}
	var known []Duplicate
	if err := t.db().Where("collection_id = ? AND first_id "+t.anyInt(), c, intList(t, first)).Find(&known).Error; err != nil {
		return 0, fail(op, err)
	}
	byPair := make(map[[2]ObjectID]Duplicate, len(known))
	for _, d := range known {
		byPair[d.Objects()] = d
	}
	for _, d := range list {
		old, there := byPair[d.Objects()]
		switch {
		case !there:
			d.ID, d.CollectionID, d.State, d.FoundAt = 0, c, DuplicateOpen, t.now
			if err := t.db().Create(&d).Error; err != nil {
				return added, fail(op, err)
			}
			added++
		case old.State == DuplicateMerged, old.Print == d.Print:
		default:
			if old.State == DuplicateIgnored {
				old.State, old.SettledAt, old.SettledBy, old.Merge = DuplicateOpen, nil, "", nil
				added++
			}
			old.Score, old.Reasons, old.Print = d.Score, d.Reasons, d.Print
			if err := t.save(op, "duplicate", &old); err != nil {
				return added, err
			}
		}
	}
	return added, nil
}

// Objects are the two of a pair, the lower id first.
func (d Duplicate) Objects() [2]ObjectID {
	d.order()
	return [2]ObjectID{d.FirstID, d.SecondID}
}

// DropSuggestions removes those of the pairs that are open; others stay.
func (t *Tx) DropSuggestions(ids []DuplicateID) error {
	const op = "drop suggestions"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM duplicates WHERE state = 'open' AND id `+t.anyInt(), intList(t, ids))
	return fail(op, err)
}

// PruneDuplicates removes some open pairs of which an object is gone, some ignored ones of which
// one was gone before a time, and some merges that were done before it, which cannot be undone any
// more then; after that the oldest merges as long as there are more than most, 0 is no bound. It
// returns how many it removed; 0 when there is nothing left to do.
func (t *Tx) PruneDuplicates(before time.Time, most int) (int64, error) {
	const op = "prune duplicates"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM duplicates WHERE id IN (SELECT id FROM duplicates AS d WHERE
		state = 'merged' AND settled_at < ?
		OR state = 'open' AND 2 > (SELECT count(*) FROM objects AS o WHERE o.id IN (d.first_id, d.second_id) AND NOT o.deleted)
		OR state = 'ignored' AND 2 > (SELECT count(*) FROM objects AS o WHERE o.id IN (d.first_id, d.second_id) AND (NOT o.deleted OR o.updated_at >= ?))
		LIMIT ?)`, before.UTC(), before.UTC(), pruneBatch)
	if err != nil || n > 0 || most <= 0 {
		return n, fail(op, err)
	}
	n, err = t.exec(`DELETE FROM duplicates WHERE id IN (SELECT id FROM duplicates WHERE state = 'merged' ORDER BY settled_at DESC, id DESC LIMIT ? OFFSET ?)`, pruneBatch, most)
	return n, fail(op, err)
}

// CheckDuplicateState is pim.ErrInvalid for a state that there is not; "" is any.
func CheckDuplicateState(s DuplicateState) error {
	if s != "" && !slices.Contains(DuplicateStates(), s) {
		return pim.Errorf("store: duplicates", pim.ErrInvalid, "there is no state %q", string(s))
	}
	return nil
}
