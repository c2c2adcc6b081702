package tryton

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Changes implements remote.Remote. Its cursor is explained at cursor.
func (c *connector) Changes(ctx context.Context, col remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	const op = "tryton: changes"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return remote.Delta{}, err
	}
	cur, err := parseCursor(since)
	if err != nil {
		return remote.Delta{}, err
	}
	p := page{asked: c.now()}
	where, ok, err := c.within(ctx, sh, f, s)
	if err != nil {
		return remote.Delta{}, err
	}
	var rows []row
	if ok {
		if cur.From > 0 {
			where = append(where, sh.mapped.changed(sh.changed(f, cur.From), cur.From))
		}
		if cur.After > 0 {
			where = append(where, clause("id", ">", cur.After))
		}
		if rows, err = c.rows(ctx, op, sh, f, where, pageSize, false); err != nil {
			return remote.Delta{}, err
		}
	}
	var d remote.Delta
	for _, r := range rows {
		p.last, p.peak = max(p.last, r.id), max(p.peak, r.seen)
		d.Changed = append(d.Changed, c.record(sh, r))
	}
	if p.full = len(rows) >= pageSize; p.full && cur.After == 0 {
		if p.water, err = c.water(ctx, op, sh.model, f.in); err != nil {
			return remote.Delta{}, err
		}
	}
	next, more := cur.turn(p)
	d.Next, d.More = remote.Cursor(next.String()), more
	return d, nil
}

// within is the condition of a scope, as a list that more can be appended to.
func (c *connector) within(ctx context.Context, sh shelf, f *facts, s remote.Scope) (domain, bool, error) {
	if s.Kinds != 0 && !s.Kinds.Has(sh.kind) {
		return nil, false, nil
	}
	where, ok, err := sh.scope(ctx, c, f, s)
	return slices.Clip(where), ok, err
}

// water is the newest stamp of a model.
func (c *connector) water(ctx context.Context, op, model string, in values) (stamp, error) {
	var newest stamp
	for _, field := range []string{"write_date", "create_date"} {
		var found []stamps
		q := query{model: model, limit: 1, fields: []string{field}, order: []any{[]any{field, "DESC NULLS LAST"}}}
		if err := c.find(ctx, op, in, q, &found); err != nil {
			return 0, err
		}
		for _, s := range found {
			newest = max(newest, s.last())
		}
	}
	return newest, nil
}

// List implements remote.Lister.
func (c *connector) List(ctx context.Context, col remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	const op = "tryton: list"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return nil, err
	}
	where, ok, err := c.within(ctx, sh, f, s)
	if err != nil || !ok {
		return nil, err
	}
	var out []remote.Ref
	for after := int64(0); ; {
		rows, err := c.rows(ctx, op, sh, f, append(where, clause("id", ">", after)), listSize, true)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			after = max(after, r.id)
			out = append(out, r.ref())
		}
		if len(rows) < listSize {
			return out, nil
		}
	}
}

// Fetch implements remote.Remote. Archived parties and works of other companies are
// found too.
func (c *connector) Fetch(ctx context.Context, col remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	const op = "tryton: fetch"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for part := range slices.Chunk(recordIDs(ids), fetchSize) {
		rows, err := c.rows(ctx, op, sh, f, domain{clause("id", "in", part)}, 0, false)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, c.record(sh, r))
		}
	}
	return out, nil
}

// one is the record with an id, as a row; ErrNotFound when there is none.
func (c *connector) one(ctx context.Context, op string, sh shelf, f *facts, id int64) (row, error) {
	rows, err := c.rows(ctx, op, sh, f, domain{clause("id", "=", id)}, 1, false)
	if err != nil {
		return row{}, err
	}
	if len(rows) == 0 {
		return row{}, notFound(op)
	}
	return rows[0], nil
}

func notFound(op string) error {
	return pim.Errorf(op, pim.ErrNotFound, "there is no such record in Tryton (any more)")
}
