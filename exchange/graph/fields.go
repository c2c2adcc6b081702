package graph

import (
	"net/url"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// field is one row of a table of fields: in which properties of Graph's object a field is kept, and how it comes from there and goes
// there. R is an object as it was read. What is asked for, carried, read and written all follows from the tables.
type field[R any, I pim.Item] struct {
	id       pim.FieldID
	props    []string
	readOnly bool
	required bool // no object is without
	lasting  bool // it can be changed, but not taken away
	// read sets the field of an item; nil: another row sets it as well.
	read func(R, I)
	// write puts the properties of the field; nil with readOnly alone.
	write func(*draft[R], I) error
}

type fields[R any, I pim.Item] []field[R, I]

// draft is a write under way.
type draft[R any] struct {
	props map[string]any
	now   R    // the object as it is; of a new one, zero
	fresh bool // it is to be made
	set   pim.FieldSet
	notes []remote.Note
}

func (d *draft[R]) put(name string, v any) { d.props[name] = v }

// lost notes a value that Graph has no place for.
func (d *draft[R]) lost(f pim.FieldID, wanted, says string) {
	d.notes = append(d.notes, remote.Note{Field: f, Wanted: wanted, Says: says})
}

// declare adds what is carried of kind k to traits.
func declare[R any, I pim.Item](t fields[R, I], k pim.Kind, to *remote.Traits) {
	for _, f := range t {
		one := pim.Set(f.id)
		to.Carries[k] = to.Carries[k].Or(one)
		if f.readOnly {
			to.ReadOnly = to.ReadOnly.Or(one)
		}
		if f.lasting {
			to.Lasting = to.Lasting.Or(one)
		}
		if f.required {
			to.Required[k] = to.Required[k].Or(one)
		}
	}
}

// asked are the properties to select, beside those that a shelf needs for itself.
func (t fields[R, I]) asked(more ...string) string {
	out := slices.Clone(more)
	for _, f := range t {
		for _, p := range f.props {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return strings.Join(out, ",")
}

func (t fields[R, I]) read(r R, it I) {
	for _, f := range t {
		if f.read != nil {
			f.read(r, it)
		}
	}
}

// write lets each row whose field is in the draft's set put its properties.
func (t fields[R, I]) write(d *draft[R], it I) error {
	for _, f := range t {
		if f.write == nil || !d.set.Has(f.id) {
			continue
		}
		if err := f.write(d, it); err != nil {
			return err
		}
	}
	return nil
}

func selecting(props string) url.Values { return url.Values{"$select": {props}} }
