package pim

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Diff is the fields of within in which a and b differ. Both have the same kind;
// a nil item counts as one with every field absent.
func Diff(a, b Item, within FieldSet) FieldSet {
	a, b = pair(a, b)
	var s FieldSet
	if a == nil {
		return s
	}
	for _, f := range table {
		if within.has(f) && f.Kinds.Has(a.Kind()) && !f.Equal(a, b) {
			s = s.With(f)
		}
	}
	return s
}

// Equal reports whether a and b agree in every field of within.
func Equal(a, b Item, within FieldSet) bool { return Diff(a, b, within).IsEmpty() }

// Fingerprint identifies the content of it within the given fields: 32 hex digits,
// equal exactly when Equal is (up to hash collision). It ignores order, folding,
// DTSTAMP, PRODID and the like, because the fields do. A nil item gives "".
func Fingerprint(it Item, within FieldSet) string {
	if it == nil {
		return ""
	}
	h := sha256.New()
	_, _ = h.Write([]byte(it.Kind().String()))
	for _, f := range table {
		if !within.has(f) || !f.Kinds.Has(it.Kind()) {
			continue
		}
		if v := f.text(it); v != "" {
			// Lengths keep neighbouring values from running into each other.
			_, _ = h.Write([]byte("\x00" + string(f.ID) + "\x00" + strconv.Itoa(len(v)) + "\x00" + v))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Copy sets the fields of set in dst from src; both have the same kind.
func Copy(dst, src Item, set FieldSet) {
	for _, f := range table {
		if set.has(f) && f.Kinds.Has(dst.Kind()) {
			f.copy(dst, src)
		}
	}
}

// Clone is an independent copy of it, nil for nil.
func Clone(it Item) Item {
	if it == nil {
		return nil
	}
	out := New(it.Kind())
	Copy(out, it, AllOf(it.Kind()))
	switch v := it.(type) {
	case *Event:
		out.(*Event).UID = v.UID
		out.(*Event).CRM.Language = v.CRM.Language
	case *Task:
		out.(*Task).UID = v.UID
		out.(*Task).CRM.Language = v.CRM.Language
	case *Contact:
		out.(*Contact).UID = v.UID
	case *Message:
		m := out.(*Message)
		m.MessageID, m.Cut, m.MoreFiles, m.CRM.Language = v.MessageID, v.Cut, v.MoreFiles, v.CRM.Language
	}
	return out
}

// Mask returns what may be shown of a private item: its open fields and the word
// "Private" as title.
func Mask(it Item, title string) Item {
	if it == nil {
		return nil
	}
	out := Clone(it)
	empty := New(it.Kind())
	for _, f := range table {
		if f.Sensitivity == Content && f.Kinds.Has(it.Kind()) {
			f.copy(out, empty)
		}
	}
	out = WithOccurrences(out, func(o Occurrence) Item { return Mask(o.Item, title) })
	switch v := out.(type) {
	case *Event:
		v.Title = title
	case *Task:
		v.Title = title
	case *Contact:
		v.FullName = title
	case *Message:
		v.Subject = title
	}
	return out
}

func pair(a, b Item) (Item, Item) {
	switch {
	case a == nil && b == nil:
		return nil, nil
	case a == nil:
		return New(b.Kind()), b
	case b == nil:
		return a, New(a.Kind())
	}
	return a, b
}
