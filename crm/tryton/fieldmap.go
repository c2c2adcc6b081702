package tryton

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.FieldMapper = (*connector)(nil)

// FieldMap implements remote.FieldMapper.
func (c *connector) FieldMap(k pim.Kind) []remote.Mapping {
	if k == pim.KindContact {
		return partyTable(c.set.employer != "").Map(k)
	}
	return taskTable().Map(k)
}

// Mapped implements remote.FieldMapper. The copy shares everything but the tables: its
// session, its turn to write, and what was found out about the server.
func (c *connector) Mapped(m remote.FieldMaps) (remote.Remote, error) {
	var faults []error
	for k, one := range m {
		if c.FieldMap(k) == nil {
			faults = append(faults, errors.New("Tryton keeps no "+k.String()+"s here"))
			continue
		}
		faults = append(faults, remote.CheckFieldMap(c.FieldMap(k), one, nil, true)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &pim.Error{Op: "tryton: map", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	out := *c
	out.maps, out.contacts, out.works = m, partyTable(c.set.employer != ""), taskTable()
	if one, ok := m[pim.KindContact]; ok {
		out.contacts = out.contacts.Changed(pim.KindContact, one, plainParty())
	}
	if one, ok := m[pim.KindTask]; ok {
		out.works = out.works.Changed(pim.KindTask, one, plainTask())
	}
	return &out, nil
}

// askedApart: mapped columns are asked for with every reading, those for versions alone
// among them, and so not by the tables.
func askedApart(remote.Column) []string { return []string{} }

func plainParty() crm.Plain[partyRead, *partyWrite] {
	return crm.Plain[partyRead, *partyWrite]{
		Asks: askedApart,
		Item: func(w *partyWrite) pim.Item { return w.want },
		Read: func(r partyRead, col remote.Column) string { return r.cells.texts[col.Name] },
		Write: func(w *partyWrite, id pim.FieldID, col remote.Column, v string) error {
			p := plainWrite{connector: w.connector, f: w.f, kind: pim.KindContact, model: modelParty, now: w.now.cells, out: w.out}
			notes, err := p.put(w.ctx, id, col, v)
			w.notes = append(w.notes, notes...)
			return err
		},
	}
}

func plainTask() crm.Plain[taskRead, *taskWrite] {
	return crm.Plain[taskRead, *taskWrite]{
		Asks: askedApart,
		Item: func(w *taskWrite) pim.Item { return w.want },
		Read: func(r taskRead, col remote.Column) string { return r.cells.texts[col.Name] },
		Write: func(w *taskWrite, id pim.FieldID, col remote.Column, v string) error {
			p := plainWrite{connector: w.connector, f: w.f, kind: pim.KindTask, model: modelWork, now: w.now.cells, out: w.out}
			notes, err := p.put(w.ctx, id, col, v)
			w.notes = append(w.notes, notes...)
			return err
		},
	}
}

// mappedColumn is a column that only the field map names, as Tryton has it now.
type mappedColumn struct {
	remote.Column
	def definition
}

// mappedColumns are those of a model, by name.
type mappedColumns []mappedColumn

// mapped are the mapped columns of a kind. One that Tryton has no more, or has otherwise,
// stops the link: without it every item would look as if somebody had emptied it.
func (c *connector) mapped(ctx context.Context, op string, k pim.Kind, model string) (mappedColumns, error) {
	var wanted []remote.Column
	for _, x := range c.maps[k].Set {
		wanted = append(wanted, x.Column)
	}
	for _, x := range c.maps[k].Custom {
		wanted = append(wanted, x.Column)
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	slices.SortFunc(wanted, func(a, b remote.Column) int { return strings.Compare(a.Name, b.Name) })
	defs, err := c.fields.Get(ctx, model)
	if err != nil {
		return nil, err
	}
	out, lost, ok := defs.match(wanted)
	if !ok {
		fresh, _, err := c.fields.Again(ctx, model)
		if err != nil {
			return nil, err
		}
		out, lost, ok = fresh.match(wanted)
	}
	if !ok {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "Tryton has no column %s of %s any more that holds a %s; change the field map", lost.Name, model, lost.Kind)
	}
	return out, nil
}

// match finds wanted columns; lost is the first that is not there, or of another kind.
func (d definitions) match(wanted []remote.Column) (out mappedColumns, lost remote.Column, ok bool) {
	for _, col := range wanted {
		def, there := d[col.Name]
		if now := def.column(col.Name); !there || now.Kind != col.Kind || now.Of != col.Of {
			return nil, col, false
		}
		out = append(out, mappedColumn{col, def})
	}
	return out, lost, true
}

// asked is what to ask for to read the columns.
func (m mappedColumns) asked() []string {
	var out []string
	for _, col := range m {
		if col.Kind != remote.ReferenceColumn {
			out = append(out, col.Name)
			continue
		}
		for _, part := range []string{"rec_name", "create_date", "write_date"} {
			out = append(out, col.Name+"."+part)
		}
	}
	return out
}

// changed adds to the condition for records that changed at t or later: the name of what a
// column leads to shows in them.
func (m mappedColumns) changed(d domain, t stamp) domain {
	for _, col := range m {
		if col.Kind == remote.ReferenceColumn && bool(col.def.Searchable) {
			d = append(d, clause(col.Name, "where", since(t)))
		}
	}
	return d
}
