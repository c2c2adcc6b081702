package pim

import "encoding/json"

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
