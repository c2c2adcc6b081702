package pim

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Custom is the value of a field that only a field map knows: a CRM's own column. What a
// map does not name is in no item.
type Custom struct {
	// Key tells which column and which place in the text belong together. A value under
	// another key is another field, though the column be the same.
	Key string `json:"key"`
	// Name is what people call it: "Region".
	Name string `json:"name,omitempty"`
	// Value is the canonical text of the value (Scalar); never "".
	Value string `json:"value"`
}

func customKey(c Custom) string  { return c.Key }
func customText(c Custom) string { return c.Key + sep + plain(c.Value) }
func customShow(c Custom) string { return c.Name + ": " + plain(c.Value) }

func customs(it Item) *[]Custom {
	switch v := it.(type) {
	case *Contact:
		return &v.Custom
	case *Event, *Task:
		return &ActivityOf(v).Custom
	}
	return &[]Custom{}
}

// CustomOf are the custom fields of an item, in no order; nil for none.
func CustomOf(it Item) []Custom { return *customs(it) }

// SetCustom gives an item custom fields: those with a value, by key.
func SetCustom(it Item, all []Custom) {
	var out []Custom
	for _, c := range all {
		if c.Value != "" {
			out = append(out, c)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	*customs(it) = out
}

// CustomValue is the value under a key; "" when there is none.
func CustomValue(it Item, key string) string {
	for _, c := range CustomOf(it) {
		if c.Key == key {
			return c.Value
		}
	}
	return ""
}

// Scalar reports a field with one plain value, which can be kept in any column that takes
// such values, and set by SetText.
func (f Field) Scalar() bool { return f.set != nil }

// SetText sets a scalar field to what its Text prints ("" clears it); texts are taken as
// they are. A value that the field cannot have is an error, and nothing is set.
func (f Field) SetText(it Item, s string) error {
	if f.set == nil {
		return fmt.Errorf("pim: %s has no plain value", f.ID)
	}
	if err := f.set(it, s); err != nil {
		return fmt.Errorf("pim: %s: %w", f.ID, err)
	}
	return nil
}

// Raw is what SetText takes: the value of a scalar field as it is.
func (f Field) Raw(it Item) string {
	if f.Values == TextValue {
		return f.show(it)
	}
	return f.text(it)
}

// settable makes a scalar row settable by text.
func settable[T any](f Field, at func(Item) *T, parse func(string) (T, error)) Field {
	f.set = func(it Item, s string) error {
		v, err := parse(s)
		if err == nil {
			*at(it) = v
		}
		return err
	}
	return f
}

func ofNumber(id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *int) Field {
	return settable(of(NumberValue, scalar(id, label, kinds, s, at, number0)), at, func(s string) (int, error) {
		if s == "" {
			return 0, nil
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, fmt.Errorf("%q is no whole number", s)
		}
		return n, nil
	})
}

func ofDuration(id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *time.Duration) Field {
	return settable(of(DurationValue, scalar(id, label, kinds, s, at, duration)), at, func(s string) (time.Duration, error) {
		if s == "" {
			return 0, nil
		}
		return time.ParseDuration(s)
	})
}

func ofFlag(id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *bool) Field {
	return settable(of(FlagValue, scalar(id, label, kinds, s, at, flag)), at, func(s string) (bool, error) {
		switch s {
		case "", "no":
			return false, nil
		case "yes":
			return true, nil
		}
		return false, fmt.Errorf("%q is neither yes nor no", s)
	})
}

func ofWhen(id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *When) Field {
	return settable(of(TimeValue, scalar(id, label, kinds, s, at, When.String)), at, ParseWhen)
}

// ParseWhen reads what When.String prints; "" is absent. The zone of an instant is UTC.
func ParseWhen(s string) (When, error) {
	switch {
	case s == "":
		return When{}, nil
	case strings.HasSuffix(s, "Z"):
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return When{}, fmt.Errorf("%q is no time", s)
		}
		return When{Time: t.UTC()}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return When{Time: t, Date: true}, nil
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999", s)
	if err != nil {
		return When{}, fmt.Errorf("%q is no day and no time", s)
	}
	return When{Time: t, Floating: true}, nil
}
