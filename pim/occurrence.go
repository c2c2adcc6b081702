package pim

import (
	"encoding/json"
	"time"
)

// Occurrence is one that differs from its series (RFC 5545 3.8.4.4).
type Occurrence struct {
	// At is the start that the rule gives it: RECURRENCE-ID.
	At When
	// Item is the whole occurrence as it is, of the kind of the series and without a
	// recurrence of its own; nil where only At is known.
	Item Item
}

type occurrenceJSON struct {
	At   When            `json:"at"`
	Item json.RawMessage `json:"item,omitempty"`
}

// MarshalJSON keeps the kind of the item.
func (o Occurrence) MarshalJSON() ([]byte, error) {
	b, err := EncodeItem(o.Item)
	if err != nil {
		return nil, err
	}
	return json.Marshal(occurrenceJSON{At: o.At, Item: b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Occurrence) UnmarshalJSON(b []byte) error {
	var j occurrenceJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	it, err := DecodeItem(j.Item)
	*o = Occurrence{At: j.At, Item: it}
	return err
}

// whole is what the row of the recurrence asks of an occurrence's item. It is asked by an interface because the row is part of
// the table that the answer is made with.
type whole interface {
	print() string
	clone() Item
	own(at When, end length) Item
	merged(base, theirs Item, alone bool) (Item, bool)
}

func (e *Event) print() string { return Fingerprint(e, AllOf(KindEvent)) }
func (e *Event) clone() Item   { return Clone(e) }
func (t *Task) print() string  { return Fingerprint(t, AllOf(KindTask)) }
func (t *Task) clone() Item    { return Clone(t) }

// text is equal for occurrences whose fields are equal, whatever else an iCalendar text has of them.
func (o Occurrence) text() string {
	if w, ok := o.Item.(whole); ok {
		return o.At.String() + " " + w.print()
	}
	return o.At.String()
}

func (o Occurrence) clone() Occurrence {
	if w, ok := o.Item.(whole); ok {
		o.Item = w.clone()
	}
	return o
}

// RecurrenceOf is that of an event or a task, nil for items that do not repeat.
func RecurrenceOf(it Item) *Recurrence {
	switch it.(type) {
	case *Event, *Task:
		return ActivityOf(it).Recurrence
	}
	return nil
}

// OwnOccurrence is the occurrence that a series has at a start that its rule gives, as far as nothing is said of that one alone:
// the fields of the series, exactly as long, and without a recurrence. A day names the occurrence of a timed series on that day.
func OwnOccurrence(series Item, at When) Item { return ownOccurrence(series, at, exactly) }

// OwnOccurrenceOnClock is OwnOccurrence where a length is what clocks in a zone show, as Exchange has it: a shift from 23:00 to 07:00
// ends at 07:00 also in a night in which they change. nil is UTC.
func OwnOccurrenceOnClock(series Item, at When, zone *time.Location) Item {
	if zone == nil {
		zone = time.UTC
	}
	return ownOccurrence(series, at, onClock(zone))
}

func ownOccurrence(series Item, at When, end length) Item {
	if w, ok := series.(whole); ok {
		return w.own(at, end)
	}
	return nil
}

// OccurrenceAt is the occurrence of a series at a start that its rule gives: the one that differs, where there is one with an
// Item, else OwnOccurrence. It is the caller's to change.
func OccurrenceAt(series Item, at When) Item {
	at = StartOf(series, at)
	if rec := RecurrenceOf(series); rec != nil {
		for _, o := range rec.Changed {
			if o.Item != nil && StartOf(series, o.At).Equal(at) {
				return Clone(o.Item)
			}
		}
	}
	return OwnOccurrence(series, at)
}

// WithOccurrences is a series with f of each occurrence that differs, and everything else as it is; f gets what it may change.
// An item that has no such occurrence is returned itself. Those whose Item is nil stay so.
func WithOccurrences(series Item, f func(Occurrence) Item) Item {
	rec := RecurrenceOf(series)
	if rec == nil || len(rec.Changed) == 0 {
		return series
	}
	out := Clone(series)
	for i, o := range ActivityOf(out).Recurrence.Changed {
		if o.Item != nil {
			ActivityOf(out).Recurrence.Changed[i].Item = f(o)
		}
	}
	return out
}

// StartOf is the start of a series' own occurrence of that name: at, in the form and the zone of the start of the series.
func StartOf(series Item, at When) When { return at.inFormOf(BeginOf(series)) }

func (e *Event) own(at When, end length) Item {
	bare := *e
	bare.Recurrence, bare.Attachments = nil, nil
	bare.Start = at.inFormOf(e.Start)
	bare.End = end(e.End, e.Start, bare.Start)
	return Clone(&bare)
}

func (t *Task) own(at When, end length) Item {
	bare := *t
	bare.Recurrence, bare.Attachments = nil, nil
	if t.Start.IsZero() {
		if !t.Due.IsZero() {
			bare.Due = at.inFormOf(t.Due) // RFC 5545 3.8.5.3 asks for a start; a series of tasks without one is named by DUE
		}
		return Clone(&bare)
	}
	bare.Start = at.inFormOf(t.Start)
	bare.Due = end(t.Due, t.Start, bare.Start)
	return Clone(&bare)
}
