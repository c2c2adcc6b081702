package store

import (
	"database/sql"
	"errors"
	"time"
)

// ReportHead is what tells whether a report has to be brought up to date.
type ReportHead struct {
	ID           ConflictID
	Digest       string
	TheirVersion string
}

// OpenReport is the open report of a series; false when there is none. It reads no texts,
// like all functions here.
func (t *Tx) OpenReport(series string) (h ReportHead, ok bool, err error) {
	return t.reportHead(`SELECT id, digest, their_version FROM conflicts WHERE series = ? AND series <> '' AND resolved_at IS NULL
		LIMIT 1`, series)
}

// SettledReport reports whether a series has a resolved report of the same: who goes on
// trying what was settled is not told twice.
func (t *Tx) SettledReport(series, digest, theirVersion string) (bool, error) {
	_, ok, err := t.reportHead(`SELECT id, digest, their_version FROM conflicts WHERE series = ? AND series <> '' AND resolved_at IS NOT NULL
		AND digest = ? AND their_version = ? LIMIT 1`, series, digest, theirVersion)
	return ok, err
}

func (t *Tx) reportHead(query string, args ...any) (h ReportHead, ok bool, err error) {
	err = t.row(query, args...).Scan(&h.ID, &h.Digest, &h.TheirVersion)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	return h, err == nil, fail("report", err)
}

// OpenDigests are the digests of the open reports of an object, each once.
func (t *Tx) OpenDigests(o ObjectID) ([]string, error) {
	list, err := t.texts(`SELECT DISTINCT digest FROM conflicts WHERE object_id = ? AND resolved_at IS NULL AND digest <> ''`, o)
	return list, fail("open digests", err)
}

// ResolveReports closes the open reports of an object with that digest, and says how many.
func (t *Tx) ResolveReports(o ObjectID, digest, resolution, by string) (int64, error) {
	const op = "resolve reports"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	n, err := t.exec(`UPDATE conflicts SET resolved_at = ?, resolution = ?, resolved_by = ?
		WHERE object_id = ? AND digest = ? AND resolved_at IS NULL AND digest <> ''`, t.now, resolution, by, o, digest)
	return n, fail(op, err)
}

// EndWishes closes the open reports of refused deletions of an object: those of a device, or
// all when device is "". What they wish for has happened, or is wished no more; nothing
// else is in them that is nowhere else.
func (t *Tx) EndWishes(o ObjectID, device, by string) error {
	const op = "end wishes"
	if err := t.writing(op); err != nil {
		return err
	}
	query := `UPDATE conflicts SET resolved_at = ?, resolution = 'superseded', resolved_by = ?
		WHERE object_id = ? AND resolved_at IS NULL AND cause = 'precondition' AND method = 'DELETE'`
	args := []any{t.now, by, o}
	if device != "" {
		query, args = query+` AND device = ?`, append(args, device)
	}
	_, err := t.exec(query, args...)
	return fail(op, err)
}

// pruned is how many reports PruneConflicts deletes at once: each may have megabytes of
// texts, and other writers wait. Those that make room for another have together little
// more than that one.
const (
	pruned     = 20
	mostForOne = 5000
)

// ReportRoom makes room for another so many bytes of reports of a user, who may have most
// in all: resolved ones go first, the longest settled first. It is false when those do
// not suffice: an open report is never dropped.
func (t *Tx) ReportRoom(u UserID, more, most int64) (bool, error) {
	const op = "report room"
	if err := t.writing(op); err != nil {
		return false, err
	}
	var used int64
	if err := t.row(`SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM conflicts WHERE user_id = ?`, u).Scan(&used); err != nil {
		return false, fail(op, err)
	}
	if used+more <= most {
		return true, nil
	}
	ids, err := t.oldestResolved(u, used+more-most)
	if err != nil || ids == nil {
		return false, fail(op, err)
	}
	for _, id := range ids {
		if _, err := t.exec(`DELETE FROM conflicts WHERE id = ?`, id); err != nil {
			return false, fail(op, err)
		}
	}
	return true, nil
}

// oldestResolved are resolved reports that have so many bytes together; nil when they have
// not, or only too many together.
func (t *Tx) oldestResolved(u UserID, bytes int64) ([]ConflictID, error) {
	rows, err := t.query(`SELECT id, size FROM conflicts WHERE user_id = ? AND resolved_at IS NOT NULL ORDER BY resolved_at LIMIT ?`, u, mostForOne)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []ConflictID
	for rows.Next() && bytes > 0 {
		var id ConflictID
		var size int64
		if err := rows.Scan(&id, &size); err != nil {
			return nil, err
		}
		ids, bytes = append(ids, id), bytes-size
	}
	if bytes > 0 {
		ids = nil
	}
	return ids, rows.Err()
}

// PruneConflicts deletes reports that were resolved before a time, a few at most, and
// says how many: call it again until there are none. Open ones stay for ever.
func (t *Tx) PruneConflicts(before time.Time) (int64, error) {
	const op = "prune conflicts"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM conflicts WHERE id IN (SELECT id FROM conflicts WHERE resolved_at IS NOT NULL AND resolved_at < ?
		ORDER BY resolved_at LIMIT ?)`, before.UTC(), pruned)
	return n, fail(op, err)
}
