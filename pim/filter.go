package pim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter is a condition on an item, over the field table. It is one of: all of And, any
// of Or, not Not, or a comparison of one field. The zero Filter holds for every item. A
// field that a kind does not have counts as empty there.
type Filter struct {
	And []Filter `json:"and,omitempty"`
	Or  []Filter `json:"or,omitempty"`
	Not *Filter  `json:"not,omitempty"`

	Field FieldID `json:"field,omitempty"`
	Op    Op      `json:"op,omitempty"`
	// Value is compared with; Empty and NotEmpty have none. Numbers are written in
	// decimal, durations as 1h30m, times as 2026-11-21, as 2026-11-21T10:00:00Z, or
	// as days from now: today, -30d, +1d. A flag is yes or no.
	Value string `json:"value,omitempty"`
}

// Op compares a field with a value.
type Op string

// Ops. Texts are compared without regard to case; of a list (phones, categories) one
// element has to fit, and for the negated ones none may.
const (
	Is          Op = "is"
	IsNot       Op = "is not"
	Contains    Op = "contains"
	ContainsNot Op = "does not contain"
	Begins      Op = "begins with"
	Empty       Op = "is empty"
	NotEmpty    Op = "is not empty"
	AtLeast     Op = "at least"
	AtMost      Op = "at most"
	Before      Op = "before"
	After       Op = "after"
)

// ops are what can be asked of a field, by the type of its values.
var ops = map[ValueType][]Op{
	TextValue:     {Is, IsNot, Contains, ContainsNot, Begins, Empty, NotEmpty},
	NumberValue:   {Is, IsNot, AtLeast, AtMost, Empty, NotEmpty},
	DurationValue: {Is, IsNot, AtLeast, AtMost, Empty, NotEmpty},
	FlagValue:     {Is},
	TimeValue:     {Before, After, Empty, NotEmpty},
	OpaqueValue:   {Empty, NotEmpty},
}

// Ops are what a Filter can ask of the field, for forms.
func (f Field) Ops() []Op { return slices.Clone(ops[f.Values]) }

// A filter is written by a person; more than this is a mistake or an attack.
const (
	filterDepth = 8
	filterNodes = 200
	filterValue = 500 // bytes
)

// IsZero reports a filter that holds for every item.
func (f Filter) IsZero() bool {
	return len(f.And) == 0 && len(f.Or) == 0 && f.Not == nil && f.Field == "" && f.Op == "" && f.Value == ""
}

// Validate reports every fault of a filter for items of the given kinds at once.
func (f Filter) Validate(kinds KindSet) error {
	v := filterCheck{kinds: kinds}
	v.filter(f, 1)
	if v.nodes > filterNodes {
		v.bad("the filter has more than %d conditions", filterNodes)
	}
	return errors.Join(v.faults...)
}

type filterCheck struct {
	kinds  KindSet
	nodes  int
	faults []error
}

func (v *filterCheck) bad(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf("filter: "+format, args...))
}

func (v *filterCheck) filter(f Filter, depth int) {
	if v.nodes++; v.nodes > filterNodes || f.IsZero() {
		return
	}
	if depth > filterDepth {
		v.bad("conditions lie more than %d deep", filterDepth)
		return
	}
	forms := 0
	for _, there := range []bool{len(f.And) > 0, len(f.Or) > 0, f.Not != nil, f.Field != "" || f.Op != "" || f.Value != ""} {
		if there {
			forms++
		}
	}
	if forms > 1 {
		v.bad("a condition is one of and, or, not, or a field with its op; this one is several")
		return
	}
	for _, part := range append(slices.Clone(f.And), f.Or...) {
		v.filter(part, depth+1)
	}
	if f.Not != nil {
		v.filter(*f.Not, depth+1)
	}
	if len(f.And) == 0 && len(f.Or) == 0 && f.Not == nil {
		v.comparison(f)
	}
}

func (v *filterCheck) comparison(f Filter) {
	field, ok := FieldByID(f.Field)
	if !ok || v.kinds != 0 && field.Kinds&v.kinds == 0 {
		v.bad("there is no field %q; there are %s", f.Field, strings.Join(fieldNames(v.kinds), ", "))
		return
	}
	if !slices.Contains(ops[field.Values], f.Op) {
		v.bad("%s cannot be asked of %s; it can be: %s", strconv.Quote(string(f.Op)), f.Field, joinOps(ops[field.Values]))
		return
	}
	if f.Op == Empty || f.Op == NotEmpty {
		if f.Value != "" {
			v.bad("%q of %s takes no value", f.Op, f.Field)
		}
		return
	}
	if len(f.Value) > filterValue {
		v.bad("the value for %s is longer than %d bytes", f.Field, filterValue)
		return
	}
	var err error
	switch field.Values {
	case TextValue:
		if f.Value == "" {
			v.bad("%q of %s needs a value; to ask for nothing there is %q", f.Op, f.Field, Empty)
		}
	case NumberValue:
		_, err = strconv.Atoi(f.Value)
	case DurationValue:
		_, err = time.ParseDuration(f.Value)
	case FlagValue:
		if f.Value != "yes" && f.Value != "no" {
			v.bad("%s is yes or no, not %q", f.Field, f.Value)
		}
	case TimeValue:
		_, err = pointInTime(f.Value, time.Time{})
	}
	if err != nil {
		v.bad("%q is no %s for %s", f.Value, field.Values, f.Field)
	}
}

func fieldNames(kinds KindSet) []string {
	var names []string
	for _, f := range table {
		if kinds == 0 || f.Kinds&kinds != 0 {
			names = append(names, string(f.ID))
		}
	}
	return names
}

func joinOps(ops []Op) string {
	words := make([]string, len(ops))
	for i, op := range ops {
		words[i] = string(op)
	}
	return strings.Join(words, ", ")
}

// Matches reports whether the filter, which is valid, holds for it at time now. A nil
// item fits the zero Filter only.
func (f Filter) Matches(it Item, now time.Time) bool {
	switch {
	case f.IsZero():
		return true
	case it == nil:
		return false
	case len(f.And) > 0:
		return !slices.ContainsFunc(f.And, func(c Filter) bool { return !c.Matches(it, now) })
	case len(f.Or) > 0:
		return slices.ContainsFunc(f.Or, func(c Filter) bool { return c.Matches(it, now) })
	case f.Not != nil:
		return !f.Not.Matches(it, now)
	}
	field, ok := FieldByID(f.Field)
	return ok && f.compare(field, it, now)
}

func (f Filter) compare(field Field, it Item, now time.Time) bool {
	var values []string
	if field.Kinds.Has(it.Kind()) {
		values = field.values(it)
	}
	switch f.Op {
	case Empty:
		return len(values) == 0
	case NotEmpty:
		return len(values) > 0
	case IsNot:
		return !slices.ContainsFunc(values, f.fits(field, Is, now))
	case ContainsNot:
		return !slices.ContainsFunc(values, f.fits(field, Contains, now))
	}
	if field.Values == FlagValue {
		return (len(values) > 0) == (f.Value == "yes")
	}
	return slices.ContainsFunc(values, f.fits(field, f.Op, now))
}

// fits compares one value.
func (f Filter) fits(field Field, op Op, now time.Time) func(string) bool {
	switch field.Values {
	case NumberValue:
		want, _ := strconv.Atoi(f.Value)
		return func(s string) bool { got, err := strconv.Atoi(s); return err == nil && ordered(op, got, want) }
	case DurationValue:
		want, _ := time.ParseDuration(f.Value)
		return func(s string) bool { got, err := time.ParseDuration(s); return err == nil && ordered(op, got, want) }
	case TimeValue:
		want, _ := pointInTime(f.Value, now)
		return func(s string) bool {
			got, err := pointInTime(s, now)
			return err == nil && (op == Before && got.Before(want) || op == After && got.After(want))
		}
	}
	want := strings.ToLower(f.Value)
	return func(s string) bool {
		s = strings.ToLower(s)
		switch op {
		case Contains:
			return strings.Contains(s, want)
		case Begins:
			return strings.HasPrefix(s, want)
		}
		return op == Is && s == want
	}
}

func ordered[T int | time.Duration](op Op, got, want T) bool {
	switch op {
	case AtLeast:
		return got >= want
	case AtMost:
		return got <= want
	}
	return op == Is && got == want
}

// pointInTime reads what Filter.Value says of times. Dates and floating times are taken
// as if they were UTC.
func pointInTime(s string, now time.Time) (time.Time, error) {
	if s == "today" {
		s = "+0d"
	}
	if days, ok := strings.CutSuffix(s, "d"); ok && (s[0] == '+' || s[0] == '-') {
		n, err := strconv.Atoi(days)
		if err != nil {
			return time.Time{}, err
		}
		y, m, d := now.UTC().Date()
		return time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05.999999999Z", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("pim: %q is no time", s)
}

// String is the filter in words: company is "Acme" and (type is "Customer" or owner is
// empty); "" for the zero Filter.
func (f Filter) String() string { return f.words(false) }

func (f Filter) words(inner bool) string {
	list := func(parts []Filter, word string) string {
		texts := make([]string, len(parts))
		for i, p := range parts {
			if texts[i] = p.words(len(parts) > 1); texts[i] == "" {
				texts[i] = "anything"
			}
		}
		s := strings.Join(texts, word)
		if inner && len(parts) > 1 {
			return "(" + s + ")"
		}
		return s
	}
	switch {
	case f.IsZero():
		return ""
	case len(f.And) > 0:
		return list(f.And, " and ")
	case len(f.Or) > 0:
		return list(f.Or, " or ")
	case f.Not != nil:
		return "not (" + f.Not.words(false) + ")"
	}
	name := string(f.Field)
	if field, ok := FieldByID(f.Field); ok {
		name = strings.ToLower(field.Label[:1]) + field.Label[1:]
	}
	if f.Op == Empty || f.Op == NotEmpty {
		return name + " " + string(f.Op)
	}
	return name + " " + string(f.Op) + " " + strconv.Quote(f.Value)
}
