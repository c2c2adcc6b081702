package store

import (
	"context"
	"strings"
)

// copies are the rows that a run of a link reads, in the order in which they refer to each
// other: the table, and which of its rows; every argument is the id of the link.
func copies() []struct{ table, where string } {
	const collections = `(SELECT collection_id FROM links WHERE id = ? UNION SELECT d.collection_id FROM derived AS d JOIN links AS l ON l.collection_id = d.source_id WHERE l.id = ?)`
	const user = `(SELECT user_id FROM links WHERE id = ?)`
	return []struct{ table, where string }{
		{"users", `id IN ` + user},
		{"collections", `id IN ` + collections},
		{"derived", `collection_id IN ` + collections + ` AND source_id IN ` + collections},
		{"links", `collection_id IN (SELECT collection_id FROM links WHERE id = ?)`},
		{"objects", `collection_id IN ` + collections},
		// The texts of earlier versions are read of occurrences of a series only.
		{"versions", `object_id IN (SELECT id FROM objects WHERE collection_id IN ` + collections + `)
			AND (seq = (SELECT o.seq FROM objects AS o WHERE o.id = versions.object_id) OR object_id IN (SELECT object_id FROM occurrences WHERE collection_id IN ` + collections + `))`},
		{"occurrences", `collection_id IN ` + collections},
		{"pairs", `link_id = ?`},
		{"brings", `link_id = ?`},
		{"identities", `user_id IN ` + user},
		{"conflicts", `collection_id IN ` + collections + ` AND resolved_at IS NULL`},
		{"duplicates", `collection_id IN ` + collections},
	}
}

// CopyForRun fills to, a migrated and empty store, with what a run of a link reads, under
// the same ids and as of one moment: its user, collections, objects with their present
// texts, pairs, identities, open conflicts. The sealed settings of links are left out. It
// reads row by row, so that memory stays flat, and holds up no writer of s.
// pim.ErrNotFound without the link.
func (s *Store) CopyForRun(ctx context.Context, to *Store, id LinkID) error {
	const op = "copy"
	return s.View(ctx, func(from *Tx) error {
		if _, err := from.Link(id); err != nil {
			return err
		}
		return to.Update(ctx, func(t *Tx) error {
			for _, c := range copies() {
				if err := from.copyTo(t, c.table, c.where, id); err != nil {
					return fail(op+" "+c.table, err)
				}
			}
			_, err := t.exec(`UPDATE links SET settings = NULL, lease_owner = '', lease_until = NULL, wanted_at = NULL`)
			return fail(op, err)
		})
	})
}

func (t *Tx) copyTo(to *Tx, table, where string, id LinkID) error {
	args := make([]any, strings.Count(where, "?"))
	for i := range args {
		args[i] = id
	}
	rows, err := t.query(`SELECT * FROM `+table+` WHERE `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	insert, err := to.tx.PrepareContext(to.ctx, to.bind(`INSERT INTO `+table+` ("`+strings.Join(columns, `", "`)+`") VALUES (`+
		strings.Repeat(`?, `, len(columns)-1)+`?)`))
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
