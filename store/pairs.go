package store

import (
	"math"
	"slices"
	"time"

	"crmbridge/pim"
)

// Pair returns the pair with that id, else pim.ErrNotFound.
func (t *Tx) Pair(id PairID) (Pair, error) {
	p, err := take[Pair](t, "id = ?"+t.forUpdate(), id)
	return p, fail("pair", err)
}

// PairByObject returns the pair of an object in a link, else pim.ErrNotFound.
func (t *Tx) PairByObject(l LinkID, o ObjectID) (Pair, error) {
	p, err := take[Pair](t, "link_id = ? AND object_id = ? AND object_id <> 0"+t.forUpdate(), l, o)
	return p, fail("pair by object", err)
}

// PairByRemote returns the pair of a remote item in a link, else pim.ErrNotFound.
func (t *Tx) PairByRemote(l LinkID, remote string) (Pair, error) {
	p, err := take[Pair](t, "link_id = ? AND remote_id = ? AND remote_id <> ''"+t.forUpdate(), l, remote)
	return p, fail("pair by remote", err)
}

// PairsByUID returns the pairs with a UID in a link, oldest first: an item that was
// deleted and made anew has several.
func (t *Tx) PairsByUID(l LinkID, uid string) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND uid = ? ORDER BY id"+t.forUpdate(), l, uid)
	return ps, fail("pairs by uid", err)
}

// PairsByRemote returns the pairs of many remote items by their remote id; the
// unknown are left out.
func (t *Tx) PairsByRemote(l LinkID, remotes []string) (map[string]Pair, error) {
	found := make(map[string]Pair, len(remotes))
	const chunk = 1000
	for len(remotes) > 0 {
		n := min(chunk, len(remotes))
		list := t.textList(remotes[:n])
		remotes = remotes[n:]
		ps, err := find[Pair](t, "link_id = ? AND remote_id <> '' AND remote_id "+t.anyText()+" ORDER BY id"+t.forUpdate(), l, list)
		if err != nil {
			return nil, fail("pairs by remote", err)
		}
		for _, p := range ps {
			found[p.RemoteID] = p
		}
	}
	return found, nil
}

// EachPair calls f for the pairs of a link in the order of their ids, until f
// fails. f may use the transaction.
func (t *Tx) EachPair(l LinkID, f func(*Pair) error) error {
	const page = 100
	for last := PairID(0); ; {
		ps, err := find[Pair](t, "link_id = ? AND id > ? ORDER BY id LIMIT ?", l, last, page)
		if err != nil {
			return fail("each pair", err)
		}
		for i := range ps {
			last = ps[i].ID
			if err := f(&ps[i]); err != nil {
				return err
			}
		}
		if len(ps) < page {
			return nil
		}
	}
}

// LivingPairs returns how many pairs of a link have an item on the remote that is
// still tied to the object.
func (t *Tx) LivingPairs(l LinkID) (n int, err error) {
	// Counts that are each served by an index of their own: the rows themselves hold whole
	// items, and every run of a link counts.
	err = t.row(`SELECT count(*) FROM pairs WHERE link_id = ? AND remote_id <> '' AND NOT remote_gone`, l).Scan(&n)
	if err != nil {
		return 0, fail("count pairs", err)
	}
	var parked int
	err = t.row(`SELECT count(*) FROM pairs WHERE link_id = ? AND local_gone AND NOT remote_gone AND NOT dirty`, l).Scan(&parked)
	return max(0, n-parked), fail("count pairs", err)
}

// CountPairs returns LivingPairs, how many pairs the relay has still to look at, and how
// many of those that are dirty or wait for a retry cannot be synced now.
func (t *Tx) CountPairs(l LinkID) (living, dirty, failing int, err error) {
	if living, err = t.LivingPairs(l); err != nil {
		return 0, 0, 0, err
	}
	err = t.row(`SELECT coalesce(sum(CASE WHEN dirty OR intent <> '' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN error <> '' THEN 1 ELSE 0 END), 0)
		FROM pairs WHERE link_id = ? AND (dirty OR intent <> '' OR retry_at IS NOT NULL)`, l).Scan(&dirty, &failing)
	return living, dirty, failing, fail("count pairs", err)
}

// Alive is what AliveRemotes tells of a pair, named as its fields.
type Alive struct {
	ID           PairID
	RemoteID     string
	TheirVersion string
	AwayAt       *time.Time
	Tie, Along   string
}

// AliveRemotes calls f, in the order of the pairs' ids, for each pair of a link
// that has an item on the remote. f may use the transaction.
func (t *Tx) AliveRemotes(l LinkID, f func(Alive) error) error {
	const page = 1000
	for last := PairID(0); ; {
		var as []Alive
		err := t.db().Model(&Pair{}).Where("link_id = ? AND remote_id <> '' AND NOT remote_gone AND id > ?", l, last).
			Order("id").Limit(page).Find(&as).Error
		if err != nil {
			return fail("remote ids", err)
		}
		for _, a := range as {
			last = a.ID
			if err := f(a); err != nil {
				return err
			}
		}
		if len(as) < page {
			return nil
		}
	}
}

// SetAway notes of pairs of a link that their items are not listed, as asked now, or
// that they are listed again.
func (t *Tx) SetAway(l LinkID, remotes []string, away bool) error {
	const op = "set away"
	if err := t.writing(op); err != nil {
		return err
	}
	var at *time.Time
	if away {
		at = &t.now
	}
	for chunk := range slices.Chunk(remotes, 1000) {
		_, err := t.exec(`UPDATE pairs SET away_at = ? WHERE link_id = ? AND remote_id <> '' AND remote_id `+t.anyText(), at, l, t.textList(chunk))
		if err != nil {
			return fail(op, err)
		}
	}
	return nil
}

// PairState is a question that a list of pairs answers.
type PairState string

// PairStates; "" is every pair.
const (
	PairsFailing  PairState = "failing"  // cannot be synced now
	PairsIgnored  PairState = "ignored"  // could not be synced, and a person said to leave them until they change
	PairsHeld     PairState = "held"     // wait for a person before they are made on the remote
	PairsWaiting  PairState = "waiting"  // are looked at by the next run
	PairsLinked   PairState = "linked"   // a person said that they are to be synced
	PairsUnlinked PairState = "unlinked" // a person said that they are not, or moved one copy to a place without a link
	PairsMasked   PairState = "masked"   // one side shows only a mask
	PairsHere     PairState = "here"     // have no item on the remote
	PairsThere    PairState = "there"    // have no object
)

// PairStates are all of them, for forms and commands.
func PairStates() []PairState {
	return []PairState{PairsFailing, PairsIgnored, PairsHeld, PairsWaiting, PairsLinked, PairsUnlinked, PairsMasked, PairsHere, PairsThere}
}

var pairStates = map[PairState]string{
	"":            `TRUE`,
	PairsFailing:  `error <> '' AND (dirty OR intent <> '' OR retry_at IS NOT NULL OR files_at IS NOT NULL)`,
	PairsIgnored:  `error <> '' AND ignored_at IS NOT NULL`,
	PairsHeld:     `hold <> ''`,
	PairsWaiting:  `(dirty OR intent <> '')`,
	PairsLinked:   `tie = 'linked'`,
	PairsUnlinked: `tie IN ('unlinked', 'moved')`,
	PairsMasked:   `mask <> ''`,
	PairsHere:     `object_id <> 0 AND (remote_id = '' OR remote_gone)`,
	PairsThere:    `remote_id <> '' AND NOT remote_gone AND (object_id = 0 OR local_gone OR NOT EXISTS (SELECT 1 FROM objects o WHERE o.id = pairs.object_id AND NOT o.deleted))`,
}

// PairsIn returns at most limit pairs of a link that are in a state, with ids above
// after, by id. pim.ErrInvalid for a state that there is not.
func (t *Tx) PairsIn(l LinkID, s PairState, limit int, after PairID) ([]Pair, error) {
	where, ok := pairStates[s]
	if !ok {
		return nil, pim.Errorf("store: pairs", pim.ErrInvalid, "there is no state %q", s)
	}
	ps, err := find[Pair](t, "link_id = ? AND id > ? AND "+where+" ORDER BY id LIMIT ?", l, after, limit)
	return ps, fail("pairs in state", err)
}

// PairFilter chooses pairs that people are shown, over links; zero fields do not choose.
type PairFilter struct {
	Link LinkID
	// State is PairsFailing, PairsIgnored or PairsHeld; "" is failing and ignored.
	State PairState
	Holds []string // with PairsHeld: what it waits for, one of these; none is any
	// Since and Until bound when the relay last wrote to the pair, which of a failing one is its last
	// try: Since inclusive, Until exclusive.
	Since, Until time.Time
	After        PairID // only those with higher ids, for paging
	Limit        int    // 0: 100
}

// ReviewPairs returns pairs that wait for a person, by id. pim.ErrInvalid for another state.
func (t *Tx) ReviewPairs(f PairFilter) ([]Pair, error) {
	w := where{}
	switch f.State {
	case "", PairsFailing, PairsIgnored:
		w.add(true, "error <> ''")
		w.add(f.State == PairsFailing, "(dirty OR intent <> '' OR retry_at IS NOT NULL OR files_at IS NOT NULL)")
		w.add(f.State == PairsIgnored, "ignored_at IS NOT NULL")
	case PairsHeld:
		w.add(true, "hold <> ''")
		w.add(len(f.Holds) > 0, "hold "+t.anyText(), t.textList(f.Holds))
	default:
		return nil, pim.Errorf("store: review pairs", pim.ErrInvalid, "there is no list of items that are %q", f.State)
	}
	w.add(f.Link != 0, "link_id = ?", f.Link)
	w.add(!f.Since.IsZero(), "updated_at >= ?", f.Since.UTC())
	w.add(!f.Until.IsZero(), "updated_at < ?", f.Until.UTC())
	w.add(true, "id > ?", f.After)
	ps, err := find[Pair](t, w.text()+" ORDER BY id LIMIT ?", append(w.args, orHundred(f.Limit))...)
	return ps, fail("review pairs", err)
}

// WakePairs marks the pairs of a link to be looked at now; only those with an open
// conflict when conflicted is set.
func (t *Tx) WakePairs(l LinkID, conflicted bool) error {
	const op = "wake pairs"
	if err := t.writing(op); err != nil {
		return err
	}
	text := `UPDATE pairs SET dirty = ?, retry_at = NULL, ignored_at = NULL, attempts = 0 WHERE link_id = ?`
	args := []any{true, l}
	if conflicted {
		text += ` AND object_id IN (SELECT object_id FROM conflicts WHERE link_id = ? AND resolved_at IS NULL)`
		args = append(args, l)
	}
	_, err := t.exec(text, args...)
	return fail(op, err)
}

// WakeFailing marks those pairs of a link to be looked at now that fail for a reason (pim.Reason); what a person set aside stays so.
func (t *Tx) WakeFailing(l LinkID, kind string) error {
	const op = "wake failing"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE pairs SET dirty = ?, retry_at = NULL, attempts = 0 WHERE link_id = ? AND error <> '' AND error_kind = ? AND ignored_at IS NULL`, true, l, kind)
	return fail(op, err)
}

// HoldPairs notes what pairs wait for.
func (t *Tx) HoldPairs(ids []PairID, hold string) error {
	const op = "hold pairs"
	if err := t.writing(op); err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, 1000) {
		if _, err := t.exec(`UPDATE pairs SET hold = ? WHERE id `+t.anyInt(), hold, intList(t, chunk)); err != nil {
			return fail(op, err)
		}
	}
	return nil
}

// SavePair adds a pair whose id is 0, and fills in id and CreatedAt, or writes all
// of an existing one. pim.ErrExists when the link has another pair for the object
// or the remote item.
func (t *Tx) SavePair(p *Pair) error {
	const op = "save pair"
	if err := t.writing(op); err != nil {
		return err
	}
	p.UpdatedAt = t.now
	if p.ID != 0 {
		return t.save(op, "pair", p)
	}
	p.CreatedAt = t.now
	added, err := t.insert(op, p)
	if added {
		t.added++
	}
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "the link knows this item already")
	}
	return err
}

// DeletePair removes a pair; one that is not there is no error.
func (t *Tx) DeletePair(id PairID) error {
	if err := t.writing("delete pair"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM pairs WHERE id = ?`, id)
	return fail("delete pair", err)
}

// Intents returns the pairs of a link with a write whose outcome is not known, by id.
func (t *Tx) Intents(l LinkID) ([]Pair, error) {
	ps, err := find[Pair](t, "link_id = ? AND intent <> '' ORDER BY id", l)
	return ps, fail("intents", err)
}

// PendingCreates returns the pairs of a link whose item was begun to be made on the
// remote, and is not known to be there, by id.
func (t *Tx) PendingCreates(l LinkID) ([]Pair, error) {
	// Such a pair is always to be looked at, which has an index.
	ps, err := find[Pair](t, "link_id = ? AND (dirty OR intent <> '' OR retry_at IS NOT NULL) AND remote_id = '' AND key <> '' ORDER BY id", l)
	return ps, fail("pending creates", err)
}

// DirtyPairs returns at most limit (0: all) pairs of a link with an id above after
// that the relay has to look at by now, by id: Dirty, with a write whose outcome is
// unknown, or due for a retry. Those whose RetryAt is later wait for it.
func (t *Tx) DirtyPairs(l LinkID, now time.Time, limit int, after PairID) ([]Pair, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	ps, err := find[Pair](t, "link_id = ? AND id > ? AND (dirty OR intent <> '' OR retry_at IS NOT NULL) AND (retry_at IS NULL OR retry_at <= ?) ORDER BY id LIMIT ?",
		l, after, now.UTC(), limit)
	return ps, fail("dirty pairs", err)
}

// Strangers counts what has to be looked at and has nothing on the other side: records
// without an object, and objects whose record is gone. living is how many pairs have a
// record besides.
func (t *Tx) Strangers(l LinkID) (fresh, gone, living int, err error) {
	const due = ` FROM pairs WHERE link_id = ? AND (dirty OR intent <> '' OR retry_at IS NOT NULL)`
	if err = t.row(`SELECT count(*)`+due+` AND object_id = 0 AND remote_id <> '' AND NOT remote_gone`, l).Scan(&fresh); err != nil {
		return 0, 0, 0, fail("strangers", err)
	}
	if err = t.row(`SELECT count(*)`+due+` AND object_id <> 0 AND remote_gone`, l).Scan(&gone); err != nil {
		return 0, 0, 0, fail("strangers", err)
	}
	living, err = t.LivingPairs(l)
	return fresh, gone, max(0, living-fresh), err
}
