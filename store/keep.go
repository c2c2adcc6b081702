package store

import (
	"database/sql"
	"slices"
)

// eachKept reads the texts of a page, one after the other in the same place, then the
// rows of the objects that opts.Keep leaves. where is as for eachPaged.
func (t *Tx) eachKept(where string, args []any, opts EachOptions, f func(*Object) error) error {
	var last ObjectID
	for want := pageRows; ; want = min(2*want, maxPageRows) {
		page, err := t.keepPage(where, append(slices.Clone(args), last, want), opts.Keep)
		if err != nil {
			return fail("each object", err)
		}
		if err := t.eachOf(page.kept, opts, f); err != nil || page.rows < want {
			return err
		}
		last = page.last
		if 2*len(page.kept) > page.rows {
			return t.eachPaged(where, args, opts, last, f) // reading twice does not pay
		}
	}
}

// keptPage is what Keep left of so many rows, the last of which has the id last.
type keptPage struct {
	kept []ObjectID
	rows int
	last ObjectID
}

func (t *Tx) keepPage(where string, args []any, keep func([]byte) bool) (p keptPage, err error) {
	rows, err := t.query(`SELECT o.id`+t.withText()+where, args...)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	var text sql.RawBytes
	for rows.Next() {
		if err := rows.Scan((*int64)(&p.last), &text); err != nil {
			return p, err
		}
		if p.rows++; p.rows%checkRows == 0 && t.ctx.Err() != nil { // as in stream
			return p, t.ctx.Err()
		}
		if keep(text) {
			p.kept = append(p.kept, p.last)
		}
	}
	return p, rows.Err()
}
