package pim

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// FieldID names a field, the same in configuration, reports and JSON.
type FieldID string

// Sensitivity says what a mask does to a field of a private item.
type Sensitivity uint8

// Sensitivities.
const (
	Open    Sensitivity = iota // stays: time, status, whether the time is blocked
	Content                    // goes: texts, people, places
)

// ValueType says what can be asked of the values of a field (Filter).
type ValueType uint8

// Value types. A field with several values has texts.
const (
	TextValue ValueType = iota
	NumberValue
	DurationValue
	FlagValue
	TimeValue
	OpaqueValue // there or not there: pictures, rules of recurrence
)

// String names the type for people.
func (v ValueType) String() string {
	switch v {
	case NumberValue:
		return "number"
	case DurationValue:
		return "duration, such as 1h30m,"
	case FlagValue:
		return "yes or no"
	case TimeValue:
		return "date, such as 2026-11-21 or -30d,"
	case OpaqueValue:
		return "value"
	}
	return "text"
}

// Field is one row of the field table. The zero Field is not usable; rows come
// from Fields and FieldByID.
type Field struct {
	ID          FieldID
	Label       string // English; the pages translate it by ID
	Kinds       KindSet
	Sensitivity Sensitivity
	Values      ValueType

	index int
	text  func(Item) string
	show  func(Item) string
	each  func(Item) []string // what a filter compares; nil: what show gives
	copy  func(dst, src Item)
	set   func(Item, string) error                 // nil: no plain value
	merge func(base, mine, theirs, into Item) bool // nil: no finer than the whole field
	union func(into, from Item) []string           // nil: not a list
	// parts is merge where each side has a base of its own; nil: the sides have the same.
	parts func(baseMine, mine, baseTheirs, theirs, into Item) bool
}

// Text is the canonical form of the field's value: equal values have equal texts,
// whatever their order, line ends or zone names; "" means absent.
func (f Field) Text(it Item) string { return f.text(it) }

// Show is the value for people, one or more lines; "" when absent.
func (f Field) Show(it Item) string { return f.show(it) }

// values are what a filter compares, none when the field is absent.
func (f Field) values(it Item) []string {
	if f.each != nil {
		return f.each(it)
	}
	if s := f.show(it); s != "" {
		return []string{s}
	}
	return nil
}

// Equal compares the field of two items of the same kind.
func (f Field) Equal(a, b Item) bool { return f.text(a) == f.text(b) }

// Copy sets the field of dst to that of src; an absent value clears it. Nothing
// is shared between the two afterwards.
func (f Field) Copy(dst, src Item) { f.copy(dst, src) }

// IsText reports that the field is a single text, which SetText can set.
func (f Field) IsText() bool { return f.set != nil && f.Values == TextValue }

// Merge puts into "into" what both sides made of the field since base, where that
// can be told: lists merge by element (one side adds a phone, the other a second), series
// by occurrence (series.go).
// False means the two changes collide and into is untouched.
func (f Field) Merge(base, mine, theirs, into Item) bool {
	if f.merge == nil {
		return false
	}
	return f.merge(base, mine, theirs, into)
}

// InParts reports a field of which each side may have what the other one cannot keep. A change of one side alone is not the
// other's whole value then: it is merged by Parts.
func (f Field) InParts() bool { return f.parts != nil }

// Parts is Merge where the sides were not equal when they last agreed, each with its own base. Of a field that is not InParts it
// is false.
func (f Field) Parts(baseMine, mine, baseTheirs, theirs, into Item) bool {
	return f.parts != nil && f.parts(baseMine, mine, baseTheirs, theirs, into)
}

// Union adds to the list that the field is what only the list of from has, and returns, for
// people, the elements of from that are another form of one that is there already: they are
// left out. False means that the field is no list; then nothing is done.
func (f Field) Union(into, from Item) (left []string, ok bool) {
	if f.union == nil {
		return nil, false
	}
	return f.union(into, from), true
}

// fieldWords is the room for fields: 64 each.
const fieldWords = 2

// FieldSet is a set of fields, comparable with ==; the zero value is empty.
type FieldSet struct{ w [fieldWords]uint64 }

// Set makes a FieldSet; an unknown id is a fault of the program and panics, so use
// ParseFieldSet for input.
func Set(ids ...FieldID) FieldSet {
	s, err := ParseFieldSet(ids)
	if err != nil {
		panic(err)
	}
	return s
}

// ParseFieldSet makes a FieldSet of names from outside.
func ParseFieldSet(ids []FieldID) (FieldSet, error) {
	var s FieldSet
	for _, id := range ids {
		f, ok := FieldByID(id)
		if !ok {
			return FieldSet{}, fmt.Errorf("pim: no field %q", id)
		}
		s = s.With(f)
	}
	return s, nil
}

// With returns s and f.
func (s FieldSet) With(f Field) FieldSet {
	s.w[f.index/64] |= 1 << (f.index % 64)
	return s
}

// Has reports whether the field named id is in s; false for unknown names.
func (s FieldSet) Has(id FieldID) bool {
	f, ok := FieldByID(id)
	return ok && s.has(f)
}

func (s FieldSet) has(f Field) bool { return s.w[f.index/64]&(1<<(f.index%64)) != 0 }

// And, Or and Minus are intersection, union and difference.
func (s FieldSet) And(o FieldSet) FieldSet {
	for i := range s.w {
		s.w[i] &= o.w[i]
	}
	return s
}

// Or is the union.
func (s FieldSet) Or(o FieldSet) FieldSet {
	for i := range s.w {
		s.w[i] |= o.w[i]
	}
	return s
}

// Minus is the difference.
func (s FieldSet) Minus(o FieldSet) FieldSet {
	for i := range s.w {
		s.w[i] &^= o.w[i]
	}
	return s
}

// IsEmpty reports a set without members.
func (s FieldSet) IsEmpty() bool { return s == FieldSet{} }

// Len counts the members.
func (s FieldSet) Len() int {
	n := 0
	for _, w := range s.w {
		n += bits.OnesCount64(w)
	}
	return n
}

// IDs lists the members in table order.
func (s FieldSet) IDs() []FieldID {
	var ids []FieldID
	for _, f := range table {
		if s.has(f) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// String lists the members: "title,notes".
func (s FieldSet) String() string {
	var b strings.Builder
	for i, id := range s.IDs() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(id))
	}
	return b.String()
}

// MarshalJSON writes the ids.
func (s FieldSet) MarshalJSON() ([]byte, error) {
	ids := s.IDs()
	if ids == nil {
		ids = []FieldID{}
	}
	return json.Marshal(ids)
}

// UnmarshalJSON reads what MarshalJSON wrote; unknown names are left out, so that
// data of a newer release opens.
func (s *FieldSet) UnmarshalJSON(b []byte) error {
	var ids []FieldID
	if err := json.Unmarshal(b, &ids); err != nil {
		return fmt.Errorf("pim: field set: %w", err)
	}
	*s = FieldSet{}
	for _, id := range ids {
		if f, ok := FieldByID(id); ok {
			*s = s.With(f)
		}
	}
	return nil
}
