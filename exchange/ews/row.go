package ews

import (
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// row is one line of a table of fields: in which properties of Exchange fields are kept. What is asked for, carried, read and
// written follows from it. Fields of one row are kept together; when only some of them change, the others are written as they
// are there.
type row struct {
	fields   pim.FieldSet
	readOnly bool
	asks     []path
	// read sets the fields of an item; nil: read elsewhere.
	read func(x *item, it pim.Item, z *zones)
	// write says what the properties are to be; nil: not by properties.
	write func(w *writing)
}

// table is that of a kind, in the order of reading and writing.
type table []row

// tables are all of them.
var tables = map[pim.Kind]table{pim.KindEvent: eventTable, pim.KindTask: taskTable, pim.KindContact: contactTable}

// always is asked for of every item.
var always = []path{uri("item:LastModifiedTime"), uri("item:EffectiveRights"), {ext: marker}}

// asked is what to ask for of a kind, each once.
func (t table) asked() []path {
	out := slices.Clone(always)
	for _, r := range t {
		for _, p := range r.asks {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// declare adds what a kind carries to traits.
func (t table) declare(k pim.Kind, to *remote.Traits) {
	for _, r := range t {
		to.Carries[k] = to.Carries[k].Or(r.fields)
		if r.readOnly {
			to.ReadOnly = to.ReadOnly.Or(r.fields)
		}
	}
}

// needs are the fields that a write of changed has to know besides.
func (t table) needs(changed pim.FieldSet) pim.FieldSet {
	var out pim.FieldSet
	for _, r := range t {
		if touched := r.fields.And(changed); !touched.IsEmpty() {
			out = out.Or(r.fields.Minus(changed))
		}
	}
	return out
}

// all is every field of the table.
func (t table) all() pim.FieldSet {
	var out pim.FieldSet
	for _, r := range t {
		out = out.Or(r.fields)
	}
	return out
}

// writable is what of a set can be written.
func (t table) writable(set pim.FieldSet) pim.FieldSet {
	var out pim.FieldSet
	for _, r := range t {
		if !r.readOnly {
			out = out.Or(r.fields.And(set))
		}
	}
	return out
}

// writing collects what a create or an update is to set.
type writing struct {
	item   pim.Item
	zones  *zones
	create bool
	// occurrence: of a series; its zones are those of the series.
	occurrence bool
	now        time.Time
	changes    []setting
	notes      []remote.Note
}

func (m *mail) writing(it pim.Item) *writing {
	return &writing{item: it, zones: m.zones, now: m.env.Now()}
}

// setting is the new value of a property; without an element it is taken away.
type setting struct {
	path path
	el   *el
}

func (w *writing) set(p path, e el) { w.changes = append(w.changes, setting{p, &e}) }

func (w *writing) clear(p path) { w.changes = append(w.changes, setting{p, nil}) }

// text sets a property to a text, or takes it away when that is empty.
func (w *writing) text(p path, name, value string) {
	if value == "" {
		w.clear(p)
		return
	}
	w.set(p, leaf(name, value))
}

// extended is text for a MAPI property.
func (w *writing) extended(p extended, value string) {
	if value == "" {
		w.clear(path{ext: p})
		return
	}
	w.set(path{ext: p}, p.value(value))
}

func (w *writing) event() *pim.Event     { return w.item.(*pim.Event) }
func (w *writing) task() *pim.Task       { return w.item.(*pim.Task) }
func (w *writing) contact() *pim.Contact { return w.item.(*pim.Contact) }

// activity is what events and tasks share; of others an empty one, which nobody keeps.
func (w *writing) activity() *pim.Activity { return pim.ActivityOf(w.item) }

// write collects the settings for the fields of changed; the item has whatever else they need.
func (t table) write(w *writing, changed pim.FieldSet) {
	for _, r := range t {
		if r.write != nil && !r.readOnly && !r.fields.And(changed).IsEmpty() {
			r.write(w)
		}
	}
}

// created is the item element of a create.
func (w *writing) created(extra ...el) el {
	es := slices.Clone(extra)
	for _, c := range w.changes {
		if c.el != nil {
			es = append(es, *c.el)
		}
	}
	return node(elementOf(w.item.Kind()), inOrder(es)...)
}

// updates are the descriptions of an UpdateItem.
func (w *writing) updates() []el {
	var out []el
	for _, c := range w.changes {
		if c.el == nil {
			out = append(out, node("t:DeleteItemField", c.path.el()))
			continue
		}
		out = append(out, node("t:SetItemField", c.path.el(), node(elementOf(w.item.Kind()), *c.el)))
	}
	return out
}
