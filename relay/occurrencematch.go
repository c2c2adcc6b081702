package relay

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/store"
)

// match finds the row of each wanted occurrence. Where original starts vanished and
// others appeared, because the series moved, they are the same occurrences in their order.
// One that an exception took out did not move, and one that the window gained did not move here.
func (pr *projection) match(wanted []ics.Single, uids map[string]string) (rows map[string]store.Occurrence, gone []store.Occurrence, err error) {
	rows = map[string]store.Occurrence{}
	at := map[string]store.Occurrence{}
	for _, x := range pr.rows {
		at[x.Occurrence] = x
	}
	covered, err := pr.covered()
	if err != nil {
		return nil, nil, err
	}
	var fresh []string
	for _, s := range wanted {
		x, ok := at[s.ID]
		switch {
		case ok:
			rows[s.ID] = x
			delete(at, s.ID)
		case covered(s.At):
			fresh = append(fresh, s.ID)
		}
	}
	var moved []store.Occurrence
	for _, x := range pr.rows {
		if _, left := at[x.Occurrence]; !left {
			continue
		}
		o, err := pr.tx.ObjectByID(x.ObjectID)
		if err != nil {
			return nil, nil, err
		}
		if o.Deleted || pr.excepted(x.Occurrence) {
			gone = append(gone, x)
			continue
		}
		moved, uids[x.Occurrence] = append(moved, x), o.UID
	}
	// Those ahead of the window moved within what is wanted no more.
	early := ics.SingleID(pim.At(pr.window().From, ""))
	for len(moved) > len(fresh) && moved[0].Occurrence < early {
		gone, moved = append(gone, moved[0]), moved[1:]
	}
	n := min(len(moved), len(fresh))
	for i, x := range moved[:n] {
		uids[fresh[i]], rows[fresh[i]] = uids[x.Occurrence], x
	}
	return rows, append(gone, moved[n:]...), nil
}

// covered tells which original starts the last sweep looked at: others are new because the
// window moved.
func (pr *projection) covered() (func(time.Time) bool, error) {
	d, err := pr.tx.DerivedFrom(pr.coll.ID, pr.hiddenAs())
	if err != nil {
		return nil, err
	}
	first, last, _ := strings.Cut(d.Title, "/")
	from, err1 := time.Parse(time.DateOnly, first)
	until, err2 := time.Parse(time.DateOnly, last)
	if err1 != nil || err2 != nil {
		return func(time.Time) bool { return true }, nil
	}
	wider := from.After(pr.window().From) // by other rules: of itself it only moves on
	return func(at time.Time) bool { return at.Before(until) && !(wider && at.Before(from)) }, nil
}

// excepted reports an original start that an exception of the series names, as a time or as
// the day of it.
func (pr *projection) excepted(id string) bool {
	if pr.item == nil || pim.RecurrenceOf(pr.item) == nil {
		return false
	}
	return slices.ContainsFunc(pim.RecurrenceOf(pr.item).Except, func(w pim.When) bool {
		name := ics.SingleID(w)
		return name == id || w.Date && strings.HasPrefix(id, name)
	})
}

// startOf names the occurrence with which an item begins.
func startOf(it pim.Item) string {
	switch it.(type) {
	case *pim.Event, *pim.Task:
		return ics.SingleID(pim.BeginOf(it))
	}
	return ""
}
