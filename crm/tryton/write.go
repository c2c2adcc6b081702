package tryton

import (
	"context"
	"errors"
	"maps"

	"crmbridge/pim"
	"crmbridge/remote"
)

// enter waits for the turn to write.
func (c *connector) enter(ctx context.Context, op string) (leave func(), err error) {
	select {
	case c.writing <- struct{}{}:
		return func() { <-c.writing }, nil
	case <-ctx.Done():
		return nil, ended(op, ctx)
	}
}

// locked is the user's context with Tryton's own lock on everything that was read.
func (f *facts) locked(r row) values {
	in := maps.Clone(f.in)
	if in == nil {
		in = values{}
	}
	in["_timestamp"] = r.locks
	return in
}

func wrongKind(op string, it pim.Item) error {
	return pim.Errorf(op, pim.ErrUnsupported, "this collection of Tryton cannot keep a %s", it.Kind())
}

// writable are the fields of set that go to Tryton.
func (c *connector) writable(k pim.Kind, set pim.FieldSet) pim.FieldSet {
	t := c.Traits()
	return set.And(t.Carries[k]).Minus(t.ReadOnly)
}

// Create implements remote.Remote. It looks for the key first, so that a create that
// is tried again after a lost answer makes no second record.
func (c *connector) Create(ctx context.Context, col remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	const op = "tryton: create"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return remote.Record{}, err
	}
	leave, err := c.enter(ctx, op)
	if err != nil {
		return remote.Record{}, err
	}
	defer leave()
	if r, found, err := c.byKey(ctx, op, sh, f, key); err != nil || found {
		return c.recordIf(sh, r, found), err
	}
	p, err := sh.plan(ctx, c, op, f, row{}, e.Item, c.writable(sh.kind, pim.AllOf(sh.kind)))
	if err != nil {
		return remote.Record{}, err
	}
	if key != "" {
		sh.mark(p.set, key)
	}
	var ids []int64
	if err := c.user(ctx, op, sh.model, "create", f.in, &ids, []values{p.set}); err != nil {
		return remote.Record{}, c.refine(ctx, op, f, sh, 0, err)
	}
	if len(ids) != 1 {
		return remote.Record{}, pim.Errorf(op, pim.ErrProtocol, "Tryton did not say which record it made")
	}
	rec, err := c.readBack(ctx, op, sh, f, ids[0])
	rec.Notes = p.notes
	return rec, err
}

// readBack is the record after a write. Whatever keeps us from reading it leaves the
// outcome unknown to the caller, though the write was done.
func (c *connector) readBack(ctx context.Context, op string, sh shelf, f *facts, id int64) (remote.Record, error) {
	r, err := c.one(ctx, op, sh, f, id)
	if err != nil {
		return remote.Record{}, &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "it was written to Tryton, but could not be read back", After: pim.RetryAfter(err), Err: err}
	}
	return c.record(sh, r), nil
}

// Find implements remote.Finder.
func (c *connector) Find(ctx context.Context, col remote.CollectionID, key string, _ remote.Entry) (remote.Record, bool, error) {
	const op = "tryton: find"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return remote.Record{}, false, err
	}
	r, found, err := c.byKey(ctx, op, sh, f, key)
	return c.recordIf(sh, r, found), found, err
}

func (c *connector) byKey(ctx context.Context, op string, sh shelf, f *facts, key string) (row, bool, error) {
	if key == "" {
		return row{}, false, nil
	}
	rows, err := c.rows(ctx, op, sh, f, sh.marked(key), 1, false)
	if err != nil || len(rows) == 0 {
		return row{}, false, err
	}
	return rows[0], true, nil
}

func (c *connector) recordIf(sh shelf, r row, found bool) remote.Record {
	if !found {
		return remote.Record{}
	}
	return c.record(sh, r)
}

// Update implements remote.Remote. It reads the record, compares the version, works
// out what differs and writes that in one call, under Tryton's lock for the rows that
// it touches.
func (c *connector) Update(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "tryton: update"
	sh, f, r, leave, err := c.hold(ctx, op, col, old)
	if err != nil {
		return remote.Record{}, err
	}
	defer leave()
	p, err := sh.plan(ctx, c, op, f, r, e.Item, c.writable(sh.kind, changed))
	if err != nil {
		return remote.Record{}, err
	}
	if len(p.set) == 0 {
		rec := c.record(sh, r)
		rec.Notes = p.notes
		return rec, nil
	}
	in, ids := f.locked(r), []int64{r.id}
	err = c.user(ctx, op, sh.model, "write", in, nil, ids, p.set)
	if isFault(err, "UserError") && p.second != nil {
		err = c.user(ctx, op, sh.model, "write", in, nil, ids, p.second)
	}
	if err != nil {
		return remote.Record{}, c.refine(ctx, op, f, sh, r.id, err)
	}
	rec, err := c.readBack(ctx, op, sh, f, r.id)
	rec.Notes = p.notes
	return rec, err
}

// Delete implements remote.Remote.
func (c *connector) Delete(ctx context.Context, col remote.CollectionID, old remote.Ref, how remote.Removal) error {
	const op = "tryton: delete"
	sh, f, r, leave, err := c.hold(ctx, op, col, old)
	if err != nil {
		return err
	}
	defer leave()
	if err := sh.remove(ctx, c, op, f, r, how); err != nil {
		return c.refine(ctx, op, f, sh, r.id, err)
	}
	return nil
}

// hold reads the record that old points at, in that version, and keeps the turn to
// write until leave is called.
func (c *connector) hold(ctx context.Context, op string, col remote.CollectionID, old remote.Ref) (sh shelf, f *facts, r row, leave func(), err error) {
	if sh, f, err = c.shelf(ctx, op, col); err != nil {
		return sh, f, r, nil, err
	}
	id, ok := recordID(old.ID)
	if !ok {
		return sh, f, r, nil, notFound(op)
	}
	if leave, err = c.enter(ctx, op); err != nil {
		return sh, f, r, nil, err
	}
	r, err = c.one(ctx, op, sh, f, id)
	if err == nil && old.Version != "" && r.version != old.Version {
		err = pim.Errorf(op, pim.ErrConflict, "it was changed in Tryton")
	}
	if err != nil {
		leave()
		return sh, f, r, nil, err
	}
	return sh, f, r, leave, nil
}

// refine tells what a refused write was refused for. Tryton has one error for rules,
// rights and records that are gone, in the user's language; so the reason is asked
// for rather than read. id is 0 for a create.
func (c *connector) refine(ctx context.Context, op string, f *facts, sh shelf, id int64, err error) error {
	var e *pim.Error
	if !isFault(err, "UserError") || !errors.As(err, &e) {
		return err
	}
	if id != 0 {
		if _, gone := c.one(ctx, op, sh, f, id); errors.Is(gone, pim.ErrNotFound) {
			return gone
		}
	}
	var now map[string]rights
	if c.user(ctx, op, "ir.model.access", "get_access", f.in, &now, []string{sh.model}) != nil {
		return err // the refusal is what the caller has to know
	}
	r := now[sh.model]
	if id == 0 && !bool(r.Create) || id != 0 && !bool(r.Write) {
		return &pim.Error{Op: op, Kind: pim.ErrForbidden, Public: e.Public, Err: e.Err}
	}
	return err
}
