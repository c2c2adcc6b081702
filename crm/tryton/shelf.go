package tryton

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"

	"crmbridge/pim"
	"crmbridge/remote"
)

// shelf is a collection: what parties and tasks have in common.
type shelf struct {
	id    remote.CollectionID
	name  string
	kind  pim.Kind
	model string

	// base is the condition for a record to be an item of the collection at all.
	base domain
	// usable says in plain words why the collection cannot be used.
	usable func(*facts) error
	// fields are what to ask for; brief ones suffice for the version alone.
	fields func(f *facts, brief bool) []string
	// scope is the condition of a scope; ok is false when nothing can meet it.
	scope func(ctx context.Context, c *connector, f *facts, s remote.Scope) (d domain, ok bool, err error)
	// changed is the condition for records that changed at t or later.
	changed func(f *facts, t stamp) domain
	// read makes rows of the records in an answer; with brief fields they have no item.
	// cells are what the mapped columns of each record hold; nil: there are none.
	read func(f *facts, raw json.RawMessage, brief bool, cells []cells) ([]row, error)
	// mapped are the columns that only the field map names.
	mapped mappedColumns

	// plan is the write that gives the record in r (zero: a new one) the fields of set.
	plan func(ctx context.Context, c *connector, op string, f *facts, r row, want pim.Item, set pim.FieldSet) (plan, error)
	// mark makes a new record's values carry a key, marked finds the record by it.
	mark   func(set values, key string)
	marked func(key string) domain
	// remove takes a record away.
	remove func(ctx context.Context, c *connector, op string, f *facts, r row, how remote.Removal) error
}

// row is a record that was read.
type row struct {
	id      int64
	version string
	born    stamp // when it was made
	last    stamp // the newest stamp of the record and its parts
	seen    stamp // the newest one that was asked for: of records that show in it, too
	item    pim.Item
	locks   values // Tryton's own stamps, by model and id
	party   *party // what was read, of the kind that it is
	work    *work
}

// plan is a write to one record.
type plan struct {
	set values
	// second is tried when Tryton refuses the first; nil: nothing else to try.
	second values
	// notes tell what became of names that were looked up.
	notes []remote.Note
}

// shelves are the collections.
func (c *connector) shelves() []shelf { return []shelf{c.partyShelf(), c.taskShelf()} }

func (c *connector) shelf(ctx context.Context, op string, id remote.CollectionID) (shelf, *facts, error) {
	for _, s := range c.shelves() {
		if s.id != id {
			continue
		}
		f, err := c.facts(ctx)
		if err == nil {
			err = s.usable(f)
		}
		if err == nil {
			s.mapped, err = c.mapped(ctx, op, s.kind, s.model)
		}
		return s, f, err
	}
	return shelf{}, nil, pim.Errorf(op, pim.ErrNotFound, "there is no collection %q", id)
}

// rows asks for the records of a shelf that meet a condition.
func (c *connector) rows(ctx context.Context, op string, s shelf, f *facts, where domain, limit int, brief bool) ([]row, error) {
	var raw json.RawMessage
	where = append(slices.Clone(s.base), where...)
	q := query{model: s.model, where: where, limit: limit, fields: append(s.fields(f, brief), s.mapped.asked()...)}
	if err := c.find(ctx, op, f.in, q, &raw); err != nil {
		return nil, err
	}
	cells, err := s.mapped.read(raw, c.zone)
	var rows []row
	if err == nil {
		rows, err = s.read(f, raw, brief, cells)
	}
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Tryton's answer is not what was asked for", Err: err}
	}
	for i := range rows {
		if rows[i].seen = rows[i].last; cells != nil {
			rows[i].version = version(rows[i].version, cells[i].texts)
			rows[i].seen = max(rows[i].last, cells[i].seen)
		}
	}
	return rows, nil
}

// record is a row in the contract's words.
func (c *connector) record(s shelf, r row) remote.Record {
	page := c.pageOf(s.model, r.id)
	switch v := r.item.(type) {
	case *pim.Contact:
		v.PageURL = page
	case *pim.Task:
		v.URL = page
	}
	// All that one transaction writes bears the same stamp.
	return remote.Record{Ref: r.ref(), Item: r.item, Untouched: r.last == r.born, URL: page, Modified: r.last.time()}
}

func (r row) ref() remote.Ref { return remote.Ref{ID: itemID(r.id), Version: r.version} }

// pageOf is the address of a record's form in Tryton's web client.
func (c *connector) pageOf(model string, id int64) string {
	return c.set.page + "#" + url.PathEscape(c.set.database) + "/model/" + model + "/" + strconv.FormatInt(id, 10)
}

// version is made of what identifies the state of a record: stamps, and the texts of
// other records that show in it.
func version(parts ...any) string {
	h := fnv.New64a()
	for _, p := range parts {
		fmt.Fprintf(h, "%v\x00", p) // a hash never fails to be written to
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
