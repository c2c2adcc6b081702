package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// SeenMark says that a device downloaded an object as of a change.
type SeenMark struct {
	Object ObjectID
	Seq    Seq
}

// MarkSeen notes what a device downloaded. A mark never goes back to an earlier
// change. Objects must exist; tombstones may be named.
func (t *Tx) MarkSeen(device string, marks []SeenMark) error {
	const op = "mark seen"
	if err := t.writing(op); err != nil {
		return err
	}
	// One row per object: PostgreSQL refuses to touch a row twice in a statement.
	newest := make(map[ObjectID]Seq, len(marks))
	for _, m := range marks {
		newest[m.Object] = max(newest[m.Object], m.Seq)
	}
	const chunk = 1000
	list := make([][2]int64, 0, min(chunk, len(newest)))
	flush := func() error {
		b, err := json.Marshal(list)
		if err != nil {
			return err
		}
		list = list[:0]
		from := `SELECT CAST(? AS text), json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?) WHERE true`
		if t.s.postgres {
			from = markedInTurn
		}
		args := []any{device, string(b)}
		if t.s.postgres {
			args = append(args, device)
		}
		_, err = t.exec(`INSERT INTO seen (device, object_id, seq) `+from+`
			ON CONFLICT (device, object_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seen.seq`, args...)
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(newest)) { // neighbours lie on one page
		list = append(list, [2]int64{int64(id), int64(newest[id])})
		if len(list) == chunk {
			if err := flush(); err != nil {
				return fail(op, err)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return fail(op, flush())
}

// markedInTurn are the marks that are news, for PostgreSQL. Transactions that mark for one device do it one after another,
// from their first mark to their end: each holds marks that another may want next, and a deadlock lasts a second until
// PostgreSQL ends it. The sort sees to it that the lock is there before the first row is written. What is no news is left
// out first, as an upsert locks a row even when it changes nothing; each mark is looked up for itself, since a join would read all
// that the device ever saw.
const markedInTurn = `SELECT m.device, m.object_id, m.seq FROM (
		SELECT CAST(? AS text) AS device, CAST(value ->> 0 AS bigint) AS object_id, CAST(value ->> 1 AS bigint) AS seq
		FROM json_array_elements(CAST(? AS json))
	) m CROSS JOIN (SELECT pg_advisory_xact_lock(` + seenLock + `, hashtext(?)) OFFSET 0) turn
	WHERE coalesce((SELECT s.seq FROM seen s WHERE s.device = m.device AND s.object_id = m.object_id), -1) < m.seq
	ORDER BY m.object_id`

// seenLock is the first key of the advisory locks of devices.
const seenLock = "1936024942"

// SeenSeq is the change of an object that a device downloaded last; false when it
// never did.
func (t *Tx) SeenSeq(device string, o ObjectID) (Seq, bool, error) {
	var seq Seq
	err := t.row(`SELECT seq FROM seen WHERE device = ? AND object_id = ?`, device, o).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return seq, err == nil, fail("seen", err)
}

// DeviceHere notes that devices are here, for ForgetDevices.
func (t *Tx) DeviceHere(devices ...string) error {
	const op = "device here"
	if err := t.writing(op); err != nil {
		return err
	}
	for _, device := range slices.Sorted(slices.Values(devices)) { // in one order, so that nobody waits in a circle
		_, err := t.exec(`INSERT INTO devices (device, here_at) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET here_at = excluded.here_at`, device, t.now)
		if err != nil {
			return fail(op, err)
		}
	}
	return nil
}

// ForgetDevice drops what a device saw, when its app password ends.
func (t *Tx) ForgetDevice(device string) error {
	const op = "forget device"
	if err := t.writing(op); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM seen WHERE device = ?`, device); err != nil {
		return fail(op, err)
	}
	_, err := t.exec(`DELETE FROM devices WHERE device = ?`, device)
	return fail(op, err)
}

// ForgetDevices drops what the device saw that was away longest, if it was not here since before: limit marks at most, so that
// no writer waits long. It is called again while more is true. A device that comes back is one that has seen nothing: what
// it writes without condition is compared with care.
func (t *Tx) ForgetDevices(before time.Time, limit int) (more bool, err error) {
	const op = "forget devices"
	if err := t.writing(op); err != nil {
		return false, err
	}
	var device string
	err = t.row(`SELECT device FROM devices WHERE here_at < ? ORDER BY here_at LIMIT 1`, before).Scan(&device)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fail(op, err)
	}
	n, err := t.exec(`DELETE FROM seen WHERE device = ? AND object_id IN (SELECT s.object_id FROM seen AS s WHERE s.device = ? ORDER BY s.object_id LIMIT ?)`, device, device, limit)
	if err == nil && n < int64(limit) {
		_, err = t.exec(`DELETE FROM devices WHERE device = ?`, device)
	}
	return err == nil, fail(op, err)
}
