package pim

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// Canonical texts of the compound values in the table.

// sep keeps the parts of a compound value apart; no calendar text may hold it.
const sep = "\x1f"

// join is the canonical text of a compound value; "" when every part is absent.
func join(parts ...string) string {
	s := strings.Join(parts, sep)
	if strings.Trim(s, sep) == "" {
		return ""
	}
	return s
}

func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}

// span is the value of FieldTime.
type span struct{ start, end When }

func spanOf(e *Event) *span { return &span{e.Start, e.End} }

func setSpan(it Item, v span) {
	e := it.(*Event)
	e.Start, e.End = v.start, v.end
}

func spanText(v span) string {
	if v.start.IsZero() && v.end.IsZero() {
		return ""
	}
	return v.start.String() + " – " + v.end.String()
}

// beginning makes FieldTime comparable: by its start.
func beginning(f Field) Field {
	f.Values = TimeValue
	f.each = func(it Item) []string {
		if e := it.(*Event); !e.Start.IsZero() {
			return []string{e.Start.String()}
		}
		return nil
	}
	return f
}

// nameParts is the value of FieldName. Prefix and suffix are fields of their own:
// many CRMs have no place for them, and a change of the name there must not take
// the "Dr." here away.
type nameParts struct{ given, middle, family string }

func nameOf(c *Contact) *nameParts { return &nameParts{c.Given, c.Middle, c.Family} }

func setName(it Item, v nameParts) {
	c := it.(*Contact)
	c.Given, c.Middle, c.Family = v.given, v.middle, v.family
}

func nameText(v nameParts) string { return join(plain(v.given), plain(v.middle), plain(v.family)) }

func nameShow(it Item) string {
	v := nameOf(it.(*Contact))
	return strings.Join(dropEmpty([]string{plain(v.given), plain(v.middle), plain(v.family)}), " ")
}

func reminderText(r Reminder) string {
	s := r.Before.String()
	if r.End {
		s += " end"
	}
	return s
}

func personKey(p Person) string {
	if p.Email != "" {
		return strings.ToLower(p.Email)
	}
	return p.Name + sep + p.ID
}

func personText(p Person) string { return join(plain(p.Name), strings.ToLower(p.Email)) }

func personShow(p Person) string {
	switch {
	case p.Email == "":
		return plain(p.Name)
	case p.Name == "":
		return strings.ToLower(p.Email)
	}
	return plain(p.Name) + " <" + strings.ToLower(p.Email) + ">"
}

// fileText leaves ids out: they are another mailbox's for the same file.
func fileText(f File) string { return join(f.Name, f.Type, number0(int(f.Size))) }

func fileShow(f File) string {
	if f.Size == 0 {
		return f.Name
	}
	return f.Name + " (" + strconv.FormatInt(f.Size, 10) + " bytes)"
}

func attendeeKey(a Attendee) string { return personKey(a.Person) }

// answer is "" for one that was not given, however that is written.
func (a Attendee) answer() string { return strings.TrimPrefix(a.Answer, "needs-action") }

func attendeeText(a Attendee) string {
	return join(personText(a.Person), a.answer(), yes(a.Optional, "optional"))
}

func attendeeShow(a Attendee) string {
	s := personShow(a.Person)
	if a.answer() != "" {
		s += " " + a.Answer
	}
	if a.Optional {
		s += " optional"
	}
	return s
}

func recurrenceText(r *Recurrence) string {
	if r == nil {
		return ""
	}
	changed := make([]string, 0, len(r.Changed))
	for _, o := range r.Changed {
		changed = append(changed, o.text())
	}
	sort.Strings(changed)
	return strings.Join(append(dropEmpty([]string{recurrenceShow(r)}), changed...), "\n")
}

// recurrenceShow tells which occurrences differ, not in what.
func recurrenceShow(r *Recurrence) string {
	if r == nil {
		return ""
	}
	whens := func(name string, ws []When) string {
		out := make([]string, 0, len(ws))
		for _, w := range ws {
			out = append(out, name+w.String())
		}
		sort.Strings(out)
		return strings.Join(out, "\n")
	}
	rules := append([]string(nil), r.Rules...)
	sort.Strings(rules)
	changed := make([]When, 0, len(r.Changed))
	for _, o := range r.Changed {
		changed = append(changed, o.At)
	}
	parts := []string{strings.Join(rules, "\n"), whens("also ", r.Dates), whens("not ", r.Except), whens("changed ", changed)}
	parts = dropEmpty(parts)
	return strings.Join(parts, "\n")
}

func dropEmpty(ss []string) []string {
	out := ss[:0]
	for _, s := range ss {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *Recurrence) clone() *Recurrence {
	if r == nil {
		return nil
	}
	c := *r
	c.Rules = append([]string(nil), r.Rules...)
	c.Dates = append([]When(nil), r.Dates...)
	c.Except = append([]When(nil), r.Except...)
	c.Changed = nil
	for _, o := range r.Changed {
		c.Changed = append(c.Changed, o.clone())
	}
	return &c
}

// phoneKey sees "+47 22 33 44" and "+472233 44" as one number.
func phoneKey(l Labeled) string {
	var b strings.Builder
	for _, r := range l.Value {
		if r == '+' || unicode.IsDigit(r) || unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func emailKey(l Labeled) string { return strings.ToLower(l.Value) }
func valueKey(l Labeled) string { return l.Value }

func labeledText(l Labeled) string {
	return join(plain(l.Value), l.Label, yes(l.Preferred, "preferred"))
}

func labeledShow(l Labeled) string {
	s := plain(l.Value)
	if l.Label != "" {
		s += " (" + l.Label + ")"
	}
	if l.Preferred {
		s += " preferred"
	}
	return s
}

func addressKey(a Address) string { return a.Label + sep + a.Street + sep + a.City }

func addressText(a Address) string {
	return join(plain(a.POBox), plain(a.Extended), plain(a.Street), plain(a.PostalCode), plain(a.City), plain(a.Region), plain(a.Country),
		a.Label, yes(a.Preferred, "preferred"))
}

func addressShow(a Address) string {
	parts := dropEmpty([]string{plain(a.POBox), plain(a.Extended), plain(a.Street), plain(a.PostalCode), plain(a.City), plain(a.Region), plain(a.Country)})
	s := strings.Join(parts, ", ")
	if a.Label != "" {
		s += " (" + a.Label + ")"
	}
	if a.Preferred {
		s += " preferred"
	}
	return s
}

// What a filter compares of the lists whose elements have parts: the plain values,
// without labels.

func labeledValues(at func(*Contact) []Labeled) func(Item) []string {
	return func(it Item) []string {
		var values []string
		for _, l := range at(it.(*Contact)) {
			values = append(values, plain(l.Value))
		}
		return values
	}
}

func addressValues(it Item) []string {
	var values []string
	for _, a := range it.(*Contact).Addresses {
		values = append(values, dropEmpty([]string{plain(a.Street), plain(a.PostalCode), plain(a.City), plain(a.Region), plain(a.Country)})...)
	}
	return values
}

func attendeeValues(it Item) []string {
	var values []string
	for _, a := range ActivityOf(it).Attendees {
		values = append(values, dropEmpty([]string{a.Name, a.Email})...)
	}
	return values
}
