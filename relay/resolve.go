package relay

import (
	"sort"
	"strings"

	"crmbridge/pim"
	"crmbridge/store"
)

// Take names a side of a conflict report.
type Take string

// Sides of a report: mine is what the device or the hub had, theirs what the
// server or the remote had.
const (
	Mine   Take = "mine"
	Theirs Take = "theirs"
)

// Choice is what a person decides about a conflict.
type Choice struct {
	// All is taken for every field that Fields does not name.
	All Take
	// Fields choose per field; they may name only fields in which the two sides
	// differ.
	Fields map[pim.FieldID]Take
}

// ParseChoice reads "mine", "theirs", "both" or "title=mine,time=theirs"; the last form
// may begin with a side for the rest ("mine,title=theirs").
func ParseChoice(s string) (Choice, error) {
	if strings.TrimSpace(s) == string(KeepBoth) {
		return Choice{All: KeepBoth}, nil
	}
	c := Choice{Fields: map[pim.FieldID]Take{}}
	for _, part := range strings.Split(s, ",") {
		name, value, field := strings.Cut(strings.TrimSpace(part), "=")
		if !field {
			value = name
		}
		t := Take(strings.TrimSpace(value))
		if t != Mine && t != Theirs {
			return Choice{}, pim.Errorf("relay: choice", pim.ErrInvalid, "%q is not mine, theirs or, for the whole item, both", value)
		}
		if !field && c.All != "" {
			return Choice{}, pim.Errorf("relay: choice", pim.ErrInvalid, "there are two sides for all fields: name one, and the fields for which the other holds, such as mine,notes=theirs")
		}
		if !field {
			c.All = t
			continue
		}
		id := pim.FieldID(strings.TrimSpace(name))
		if _, ok := pim.FieldByID(id); !ok {
			return Choice{}, pim.Errorf("relay: choice", pim.ErrInvalid, "there is no field %q", name)
		}
		if _, twice := c.Fields[id]; twice {
			return Choice{}, pim.Errorf("relay: choice", pim.ErrInvalid, "the field %q is there twice", id)
		}
		c.Fields[id] = t
	}
	return c, nil
}

// of is the side taken for a field.
func (c Choice) of(id pim.FieldID) (Take, bool) {
	if t, ok := c.Fields[id]; ok {
		return t, true
	}
	return c.All, c.All != ""
}

// String is kept in the report as what was decided.
func (c Choice) String() string {
	var parts []string
	for id, t := range c.Fields {
		parts = append(parts, string(id)+"="+string(t))
	}
	sort.Strings(parts)
	if c.All != "" {
		parts = append([]string{string(c.All)}, parts...)
	}
	return strings.Join(parts, ",")
}

// Resolved is what a choice makes of a conflict.
type Resolved struct {
	// Delete asks for the object to go; otherwise Item and Set say which fields
	// of the present text become what; Text, when not nil, replaces it whole before
	// they do.
	Delete bool
	Item   pim.Item
	Set    pim.FieldSet
	Text   []byte
	// Agreed are the fields in which the remote is now known to differ by
	// choice; the relay moves their base to the remote's value.
	Agreed pim.FieldSet
}

// Resolve is pure: mine and theirs are the report's sides (nil for a deletion),
// now is the object as it stands (nil when it is gone), colliding the fields of
// the report (empty: all that differ).
func Resolve(c store.Conflict, ch Choice, mine, theirs, now pim.Item, colliding pim.FieldSet) (Resolved, error) {
	if mine == nil || theirs == nil {
		return resolveWhole(c, ch, mine, theirs, now)
	}
	differing := pim.Diff(mine, theirs, pim.AllOf(mine.Kind()))
	if colliding.IsEmpty() {
		colliding = differing
	}
	for id := range ch.Fields {
		if !colliding.Or(differing).Has(id) {
			return Resolved{}, pim.Errorf("relay: resolve", pim.ErrInvalid, "the two sides do not differ in %s", id)
		}
	}
	out := pim.Clone(now)
	if out == nil {
		out = pim.Clone(mine)
	}
	r := Resolved{Agreed: colliding}
	for _, f := range pim.Fields(mine.Kind()) {
		if !colliding.Has(f.ID) {
			if _, named := ch.Fields[f.ID]; !named {
				continue
			}
		}
		t, ok := ch.of(f.ID)
		if !ok {
			return Resolved{}, pim.Errorf("relay: resolve", pim.ErrInvalid, "nothing was chosen for %s", f.ID)
		}
		src := mine
		if t == Theirs {
			src = theirs
		}
		if t == Mine && now != nil && !f.Equal(now, theirs) {
			continue // as it is, or newer than the report: nobody chose against that
		}
		if now == nil || !f.Equal(now, src) {
			r.Set = r.Set.With(f)
			f.Copy(out, src)
		}
	}
	r.Item = out
	if now == nil {
		// The object is gone: it comes back with the text of one side, in which
		// the chosen fields are set.
		r.Text = c.Mine
		if ch.All == Theirs {
			r.Text, out = c.Theirs, pim.Clone(theirs)
			pim.Copy(out, r.Item, r.Set)
			r.Item = out
		}
	}
	return r, nil
}

// resolveWhole handles reports in which one side is a deletion.
func resolveWhole(c store.Conflict, ch Choice, mine, theirs, now pim.Item) (Resolved, error) {
	if len(ch.Fields) > 0 || ch.All == "" {
		return Resolved{}, pim.Errorf("relay: resolve", pim.ErrInvalid, "one side is a deletion: take mine or theirs as a whole")
	}
	want, text := mine, c.Mine
	if ch.All == Theirs {
		want, text = theirs, c.Theirs
	}
	switch {
	case want == nil:
		return Resolved{Delete: now != nil}, nil
	case now == nil:
		return Resolved{Item: want, Text: text}, nil
	}
	all := pim.AllOf(want.Kind())
	return Resolved{Item: want, Set: pim.Diff(now, want, all)}, nil
}
