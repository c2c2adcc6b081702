package store

import (
	"context"
	"strings"
)

// copied are rows of a table that are copied; every argument of where is the id of the link.
type copied struct{ table, where string }

// copies are the rows that a run of a link reads, in the order in which they refer to each
// other. Of other collections and links of the user a run reads what it knows by a UID of its
// own only, so that their size does not matter: the loops of those conditions begin at what is
// the link's own.
func copies() []copied {
	const collections = `(SELECT collection_id FROM links WHERE id = ? UNION SELECT d.collection_id FROM derived AS d JOIN links AS l ON l.collection_id = d.source_id WHERE l.id = ?)`
	const user = `(SELECT user_id FROM links WHERE id = ?)`
	// Where else an item that is gone here may live, and, for a first run, what records had
	// before in collections that have no link any more.
	const elsewhere = `(SELECT o.id FROM links AS l CROSS JOIN collections AS h CROSS JOIN objects AS t CROSS JOIN collections AS c CROSS JOIN objects AS o
			WHERE l.id = ? AND h.id = l.collection_id AND t.collection_id = h.id AND t.deleted AND t.uid <> ''
			AND c.user_id = l.user_id AND c.home = h.home AND c.id <> h.id AND NOT c.deleted
			AND o.collection_id = c.id AND o.uid = t.uid AND o.uid <> '' AND NOT o.deleted
		UNION SELECT o.id FROM links AS l CROSS JOIN collections AS h CROSS JOIN collections AS c CROSS JOIN identities AS i CROSS JOIN objects AS o
			WHERE l.id = ? AND l.last_success IS NULL AND h.id = l.collection_id
			AND c.user_id = l.user_id AND c.home = h.home AND c.id <> h.id AND NOT c.deleted AND NOT EXISTS (SELECT 1 FROM links AS k WHERE k.collection_id = c.id)
			AND i.user_id = l.user_id AND i.driver = l.driver AND i.collection_id = c.id
			AND o.collection_id = c.id AND o.uid = i.uid AND o.uid <> '' AND NOT o.deleted)`
	// Which records the objects have that no record was made for yet, by other links.
	const tied = `(SELECT p.id FROM links AS l CROSS JOIN objects AS o CROSS JOIN links AS k CROSS JOIN pairs AS p
			WHERE l.id = ? AND o.collection_id IN ` + collections + ` AND NOT o.deleted AND o.uid <> ''
			AND NOT EXISTS (SELECT 1 FROM pairs AS own WHERE own.link_id = l.id AND own.object_id = o.id AND own.object_id <> 0 AND own.remote_id <> '')
			AND k.user_id = l.user_id AND k.driver = l.driver AND k.id <> l.id
			AND p.link_id = k.id AND p.uid = o.uid AND p.remote_id <> '' AND NOT p.remote_gone AND NOT p.local_gone)`
	const present = `seq = (SELECT o.seq FROM objects AS o WHERE o.id = versions.object_id)`
	return []copied{
		{"users", `id IN ` + user},
		{"collections", `user_id IN ` + user},
		{"derived", `collection_id IN ` + collections + ` AND source_id IN ` + collections},
		{"links", `user_id IN ` + user},
		{"objects", `collection_id IN ` + collections},
		{"objects", `id IN ` + elsewhere},
		// The texts of earlier versions are read of occurrences of a series only.
		{"versions", `object_id IN (SELECT id FROM objects WHERE collection_id IN ` + collections + `)
			AND (` + present + ` OR object_id IN (SELECT object_id FROM occurrences WHERE collection_id IN ` + collections + `))`},
		{"versions", `object_id IN ` + elsewhere + ` AND ` + present},
		{"occurrences", `collection_id IN ` + collections},
		{"pairs", `link_id = ?`},
		{"pairs", `id IN ` + tied},
		{"brings", `link_id = ?`},
		// Records of contacts are none of activities, however many there are.
		{"identities", `user_id IN ` + user + ` AND driver IN (SELECT driver FROM links WHERE id = ?)
			AND collection_id NOT IN (SELECT c.id FROM links AS l JOIN collections AS h ON h.id = l.collection_id JOIN collections AS c ON c.user_id = l.user_id AND c.home <> h.home WHERE l.id = ?)`},
		{"conflicts", `collection_id IN ` + collections + ` AND resolved_at IS NULL`},
		{"duplicates", `collection_id IN ` + collections},
	}
}

// CopyForRun fills to, a migrated and empty store, with what a run of a link reads, under
// the same ids and as of one moment: its user, the rows of the user's collections and links,
// and of the link's own collection objects with their present texts, pairs, identities, open
// conflicts; of the other collections what the run may move here, or finds there, and of the
// other links the pairs of records that it may not take. The sealed settings of links are left
// out, and nothing of other links waits for a run. It reads row by row, so that memory stays
// flat, and holds up no writer of s. pim.ErrNotFound without the link.
func (s *Store) CopyForRun(ctx context.Context, to *Store, id LinkID) error {
	const op = "copy"
	return s.View(ctx, func(from *Tx) error {
		if _, err := from.Link(id); err != nil {
			return err
		}
		return to.Update(ctx, func(t *Tx) error {
			for _, c := range copies() {
				if err := from.copyTo(t, c, id); err != nil {
					return fail(op+" "+c.table, err)
				}
			}
			if _, err := t.exec(`UPDATE links SET settings = NULL, lease_owner = '', lease_until = NULL, wanted_at = NULL`); err != nil {
				return fail(op, err)
			}
			_, err := t.exec(`UPDATE pairs SET dirty = false, intent = '', hold = '', error = '', retry_at = NULL, relate_at = NULL WHERE link_id <> ?`, id)
			return fail(op, err)
		})
	})
}

// copyTo copies rows that are not there yet; every argument of the condition is arg.
func (t *Tx) copyTo(to *Tx, c copied, arg any) error {
	args := make([]any, strings.Count(c.where, "?"))
	for i := range args {
		args[i] = arg
	}
	rows, err := t.query(`SELECT * FROM `+c.table+` WHERE `+c.where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	insert, err := to.tx.PrepareContext(to.ctx, to.bind(`INSERT INTO `+c.table+` ("`+strings.Join(columns, `", "`)+`") VALUES (`+
		strings.Repeat(`?, `, len(columns)-1)+`?) ON CONFLICT DO NOTHING`))
	if err != nil {
		return err
	}
	defer insert.Close()
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	for n := 1; rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if n%checkRows == 0 && t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		if _, err := insert.ExecContext(to.ctx, row...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// CopyPairs adds pairs to a copy that CopyForRun made, with their objects and the present texts of those, under the same ids, for a
// run that turns out to take them over. What the copy has already stays as it is there.
func (s *Store) CopyPairs(ctx context.Context, to *Store, ids []PairID) error {
	return s.View(ctx, func(from *Tx) error {
		objects := `(SELECT object_id FROM pairs WHERE id ` + from.anyInt() + `)`
		return to.Update(ctx, func(t *Tx) error {
			for _, c := range []copied{
				{"objects", `id IN ` + objects},
				{"versions", `object_id IN ` + objects + ` AND seq = (SELECT o.seq FROM objects AS o WHERE o.id = versions.object_id)`},
				{"conflicts", `object_id IN ` + objects + ` AND resolved_at IS NULL`},
				{"pairs", `id ` + from.anyInt()},
			} {
				if err := from.copyTo(t, c, intList(from, ids)); err != nil {
					return fail("copy "+c.table, err)
				}
			}
			return nil
		})
	})
}
