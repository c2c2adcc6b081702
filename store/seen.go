package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
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
			from = `SELECT CAST(? AS text), CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS bigint) FROM json_array_elements(CAST(? AS json))
				ORDER BY CAST(value ->> 0 AS bigint)` // always the same order of locks
		}
		_, err = t.exec(`INSERT INTO seen (device, object_id, seq) `+from+`
			ON CONFLICT (device, object_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seen.seq`, device, string(b))
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

// ForgetDevice drops what a device saw, when its app password ends.
func (t *Tx) ForgetDevice(device string) error {
	if err := t.writing("forget device"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM seen WHERE device = ?`, device)
	return fail("forget device", err)
}
