package relay

import (
	"slices"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// changedIn are the occurrences of a series that differ from it.
func changedIn(e *pim.Event) (out []*pim.Event) {
	if rec := pim.RecurrenceOf(e); rec != nil {
		for _, o := range rec.Changed {
			out = append(out, o.Item.(*pim.Event))
		}
	}
	return out
}

// occurrence changes a single occurrence of a series as a person does: writes into it, takes it out, or sets it back to what
// the series says. Of an item that does not repeat nothing is changed.
func (m *machine) occurrence(t *rapid.T, e *pim.Event) {
	rec := e.Recurrence
	if rec == nil {
		return
	}
	at := nth(rapid.IntRange(0, 4).Draw(t, "occurrence"))
	is := func(o pim.Occurrence) bool { return o.At.Equal(at) }
	i := slices.IndexFunc(rec.Changed, is)
	what := rapid.SampledFrom([]string{"write", "write", "write", "take out", "set back", "bring back"}).Draw(t, "to it")
	switch out := slices.ContainsFunc(rec.Except, at.Equal); {
	case what == "bring back" && out:
		rec.Except = slices.DeleteFunc(rec.Except, at.Equal)
	case what == "write" && !out:
		o := pim.OccurrenceAt(e, at).(*pim.Event)
		f := rapid.SampledFrom(machineFields).Draw(t, "field")
		if i < 0 { // what it has of the series stays in the series
			*f.at(o) = ""
		}
		m.write(t, f.at(o))
		rec.Changed = append(slices.DeleteFunc(rec.Changed, is), pim.Occurrence{At: at, Item: o})
	case (what == "take out" || what == "set back") && !out:
		if i >= 0 {
			m.forget(rec.Changed[i].Item.(*pim.Event))
		}
		rec.Changed = slices.DeleteFunc(rec.Changed, is)
		if what == "take out" {
			rec.Except = append(rec.Except, at)
		}
	}
}
