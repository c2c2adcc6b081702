package store

import "sync"

// Earlier versions are kept for as long as the user has room for them: what lives comes first. How much they take is counted
// beside the database, as nothing but their end depends on it: the housekeeping counts anew (PruneEarlier), and writes add.
type earlier struct {
	mu    sync.Mutex
	bytes map[UserID]int64
	// kept is how many of them were left when less could be deleted than was wanted.
	kept map[UserID]int64
}

func (e *earlier) of(u UserID) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bytes[u]
}

func (e *earlier) add(u UserID, n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bytes == nil {
		e.bytes = map[UserID]int64{}
	}
	e.bytes[u] = max(0, e.bytes[u]+n)
}

func (e *earlier) set(u UserID, n int64) { e.add(u, n-e.of(u)) }

// keeps notes that no more than n bytes of a user can be deleted down to.
func (e *earlier) keeps(u UserID, n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept == nil {
		e.kept = map[UserID]int64{}
	}
	e.kept[u] = n
}

// worth reports whether it is worth to look for earlier versions of a user to delete: to look takes as long as he has
// many, and after it was in vain there has to be something new.
func (e *earlier) worth(u UserID, something int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept, tried := e.kept[u]
	return !tried || e.bytes[u] < kept || e.bytes[u] >= kept+something
}

// prunedAtOnce is how many earlier versions one transaction prunes for want of room, as other writers wait for it.
const prunedAtOnce = 2000

// EarlierBytes are the bytes of all earlier versions that a user has, those of deleted objects included.
func (t *Tx) EarlierBytes(u UserID) (n int64, err error) {
	err = t.row(`SELECT CAST(coalesce(sum(length(v.text)), 0) AS bigint) FROM collections AS c
		JOIN objects AS o ON o.collection_id = c.id JOIN versions AS v ON v.object_id = o.id AND v.seq < o.seq WHERE c.user_id = ?`, u).Scan(&n)
	return n, fail("earlier bytes", err)
}

// PruneEarlier counts the earlier versions of a user and, when they and all that lives take more than quota together, deletes
// some, in the order of makeRoom; more says that there is reason to call again. A quota of 0 is no limit.
func (t *Tx) PruneEarlier(u UserID, quota int64) (more bool, err error) {
	const op = "prune earlier"
	if err := t.writing(op); err != nil || quota <= 0 {
		return false, err
	}
	have, err := t.EarlierBytes(u)
	if err != nil {
		return false, err
	}
	used, err := t.UsedBytes(u)
	if err != nil {
		return false, err
	}
	var freed int64
	over := used + have - quota
	if over > 0 {
		if freed, err = t.makeRoom(u, over); err != nil {
			return false, fail(op, err)
		}
	}
	t.AfterCommit(func() { t.s.earlier.set(u, have-freed) })
	return freed > 0 && freed < over, nil
}

// becomes notes that so many bytes of a user will be of an earlier version. When he then has more than the quota, earlier ones
// go first, and some more of them, so that not each write has to look for them.
func (t *Tx) becomes(h *head, n, used, quota int64) error {
	var freed int64
	have := t.s.earlier.of(h.user)
	over, vain := used+have+n-quota, false
	if quota > 0 && over > 0 && t.s.earlier.worth(h.user, quota/16) {
		var err error
		if freed, err = t.makeRoom(h.user, over+quota/16); err != nil {
			return err
		}
		vain = freed < over
	}
	t.AfterCommit(func() {
		t.s.earlier.add(h.user, n-freed)
		if vain {
			t.s.earlier.keeps(h.user, have+n-freed)
		}
	})
	return nil
}

// makeRoom deletes earlier versions of a user until so many bytes are freed, or as many as one transaction may: the
// oldest first, those last that a device saw last or an open conflict is about. What a link goes by (pairs) stays.
func (t *Tx) makeRoom(u UserID, want int64) (freed int64, err error) {
	type version struct {
		object ObjectID
		seq    Seq
	}
	var old []version
	rows, err := t.query(`SELECT v.object_id, v.seq, length(v.text) FROM collections AS c
		JOIN objects AS o ON o.collection_id = c.id JOIN versions AS v ON v.object_id = o.id AND v.seq < o.seq
		WHERE c.user_id = ? AND v.text IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM pairs AS p WHERE p.object_id = v.object_id AND p.seq = v.seq)
		ORDER BY CASE WHEN EXISTS (SELECT 1 FROM seen AS s WHERE s.object_id = v.object_id AND s.seq = v.seq)
			OR EXISTS (SELECT 1 FROM conflicts AS k WHERE k.object_id = v.object_id AND k.resolved_at IS NULL) THEN 1 ELSE 0 END, v.changed_at, v.object_id, v.seq
		LIMIT ?`, u, prunedAtOnce)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for freed < want && rows.Next() {
		var v version
		var size int64
		if err := rows.Scan(&v.object, &v.seq, &size); err != nil {
			return 0, err
		}
		old, freed = append(old, v), freed+size
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if err := rows.Close(); err != nil {
		return 0, err
	}
	for _, v := range old {
		if _, err := t.exec(`DELETE FROM versions WHERE object_id = ? AND seq = ?`, v.object, v.seq); err != nil {
			return 0, err
		}
	}
	return freed, nil
}
