package creatio

import (
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
	switch k {
	case pim.KindContact:
		return contactFields().Map(k)
	case pim.KindMessage:
		return messageFields().Map(k)
	}
	return activityFields().Map(k)
}

// Mapped implements remote.FieldMapper. The copy shares everything but the tables: its
// session, what was looked up, and what was found out about the site.
func (c *connector) Mapped(m remote.FieldMaps) (remote.Remote, error) {
	var faults []error
	for k, one := range m {
		if c.FieldMap(k) == nil {
			faults = append(faults, errors.New("Creatio keeps no "+k.String()+"s here"))
			continue
		}
		if k == pim.KindMessage {
			faults = append(faults, errors.New("the columns of e-mails are Creatio's own and cannot be others"))
			continue
		}
		faults = append(faults, remote.CheckFieldMap(c.FieldMap(k), one, nil, true)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &pim.Error{Op: "creatio: map", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	out := *c
	out.maps = m
	out.activityTable, out.contactTable = activityFields(), contactFields()
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask} {
		if one, ok := m[k]; ok {
			out.activityTable = out.activityTable.Changed(k, one, plainActivity())
		}
	}
	if one, ok := m[pim.KindContact]; ok {
		out.contactTable = out.contactTable.Changed(pim.KindContact, one, plainContact())
	}
	return &out, nil
}

func plainActivity() crm.Plain[activityRead, *activityWrite] {
	return crm.Plain[activityRead, *activityWrite]{
		Asks: plainAsks,
		Item: func(w *activityWrite) pim.Item { return w.it },
		Read: func(r activityRead, col remote.Column) string { return plainText(r.row, col) },
		Write: func(w *activityWrite, id pim.FieldID, col remote.Column, v string) error {
			return w.k.put(w.ctx, "Activity", w.cur.row, w.out, id, col, v)
		},
	}
}

func plainContact() crm.Plain[contactRead, *contactWrite] {
	return crm.Plain[contactRead, *contactWrite]{
		Asks: plainAsks,
		Item: func(w *contactWrite) pim.Item { return w.c },
		Read: func(r contactRead, col remote.Column) string { return plainText(r.row, col) },
		Write: func(w *contactWrite, id pim.FieldID, col remote.Column, v string) error {
			return w.k.put(w.ctx, "Contact", w.cur.row, w.out, id, col, v)
		},
	}
}

// activityFields is the table of this connection.
func (c *connector) activityFields() crm.Fields[activityRead, *activityWrite] {
	if c.activityTable != nil {
		return c.activityTable
	}
	return activityFields()
}

// contactFields is the table of this connection.
func (c *connector) contactFields() crm.Fields[contactRead, *contactWrite] {
	if c.contactTable != nil {
		return c.contactTable
	}
	return contactFields()
}

// leftOut reports a field that the map has no more.
func (c *connector) leftOut(k pim.Kind, id pim.FieldID) bool {
	return slices.Contains(c.maps[k].Without, id)
}

// expand is own with the lookups that the maps of kinds name.
func (c *connector) expand(own []string, kinds ...pim.Kind) string {
	out := slices.Clone(own)
	for _, k := range kinds {
		var columns []remote.Column
		for _, x := range c.maps[k].Set {
			columns = append(columns, x.Column)
		}
		for _, x := range c.maps[k].Custom {
			columns = append(columns, x.Column)
		}
		for _, col := range columns {
			begin := navigation(col) + "("
			if (col.Kind == remote.ReferenceColumn || col.Kind == remote.ChoiceColumn) &&
				!slices.ContainsFunc(out, func(s string) bool { return strings.HasPrefix(s, begin) }) {
				out = append(out, begin+"$select=Id,Name)")
			}
		}
	}
	return strings.Join(out, ",")
}
