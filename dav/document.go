package dav

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
)

// document is an object that was read: the one face of *ics.Object and *vcf.Card.
type document interface {
	bytes() []byte
	uid() string
	component() string
	kind() pim.Kind // 0 for components that have no typed view
	// bounds are those of store.Object.Start and End.
	bounds() (start, end int64)
	// item is the typed view; pim.ErrUnsupported when kind is 0.
	item(local *time.Location) (pim.Item, error)
	// apply sets fields in the text and leaves all else alone.
	apply(it pim.Item, set pim.FieldSet, now time.Time, local *time.Location) (document, error)
}

type calendarDocument struct{ *ics.Object }

func (d calendarDocument) bytes() []byte          { return d.Bytes() }
func (d calendarDocument) uid() string            { return d.UID() }
func (d calendarDocument) component() string      { return d.Component() }
func (d calendarDocument) bounds() (int64, int64) { return d.Bounds() }

func (d calendarDocument) kind() pim.Kind {
	switch d.Component() {
	case "VEVENT":
		return pim.KindEvent
	case "VTODO":
		return pim.KindTask
	}
	return 0
}

func (d calendarDocument) item(local *time.Location) (pim.Item, error) {
	return d.Item(ics.Zones{Local: local})
}

// apply writes new times in the zone of the calendar where the text names none.
func (d calendarDocument) apply(it pim.Item, set pim.FieldSet, now time.Time, local *time.Location) (document, error) {
	opt := ics.ApplyOptions{Now: now, Zones: ics.Zones{Local: local}}
	if local != nil {
		opt.Zone = local.String()
	}
	o, err := ics.Apply(d.Object, it, set, opt)
	if err != nil {
		return nil, err
	}
	return calendarDocument{o}, nil
}

type cardDocument struct{ *vcf.Card }

func (d cardDocument) bytes() []byte          { return d.Bytes() }
func (d cardDocument) uid() string            { return d.UID() }
func (d cardDocument) component() string      { return "VCARD" }
func (d cardDocument) bounds() (int64, int64) { return 0, 0 }
func (d cardDocument) kind() pim.Kind         { return pim.KindContact }

func (d cardDocument) item(*time.Location) (pim.Item, error) { return d.Item(), nil }

func (d cardDocument) apply(it pim.Item, set pim.FieldSet, now time.Time, _ *time.Location) (document, error) {
	contact, ok := it.(*pim.Contact)
	if !ok {
		return nil, pim.Wrap("dav: apply", pim.ErrUnsupported, errors.New("not a contact"))
	}
	c, err := vcf.Apply(d.Card, contact, set, vcf.ApplyOptions{Now: now})
	if err != nil {
		return nil, err
	}
	return cardDocument{c}, nil
}

// readCalendar reads a text that a client wants stored; errors are answers.
func readCalendar(f *flavor, text []byte, lim Limits) (document, error) {
	o, err := ics.Parse(text, lim.ics())
	if err != nil {
		return nil, unreadable(f, err)
	}
	if faults := o.Validate(); len(faults) > 0 {
		return nil, faulty(f, faults)
	}
	if fail := checkCalendar(o); fail != nil {
		return nil, fail
	}
	// RFC 4791 5.3.2.1: max-attendees-per-instance.
	for _, b := range append(o.Overrides(), o.Master()) {
		if attendees(b) > lim.Attendees {
			return nil, forbidden(davxml.C("max-attendees-per-instance"), "There are too many attendees.")
		}
	}
	first, last := o.Extent(ics.Zones{})
	switch {
	case !first.IsZero() && first.Before(minDate):
		return nil, forbidden(davxml.C("min-date-time"), "A date is too early.") // RFC 4791 5.2.6
	case last.After(maxDate):
		return nil, forbidden(davxml.C("max-date-time"), "A date is too late.") // RFC 4791 5.2.7
	case !o.CountsUpTo(lim.Steps):
		return nil, forbidden(davxml.C("max-instances"), "The series has too many occurrences.") // RFC 4791 5.2.8
	}
	return calendarDocument{o}, nil
}

// The dates that objects may hold: what Windows, and so Outlook and Exchange, can count from, and the last that iCalendar
// can write. Clients use both ends for "ever" and "never".
var (
	minDate = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	maxDate = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// dateLimit prints a bound for CALDAV:min-date-time and max-date-time.
func dateLimit(t time.Time) string { return t.Format("20060102T150405Z") }

func attendees(b *line.Block) int {
	n := 0
	if b == nil {
		return n
	}
	for _, p := range b.Parts {
		if p.Line != nil && p.Line.Name == "ATTENDEE" {
			n++
		}
	}
	return n
}

// readCard is readCalendar for vCards.
func readCard(f *flavor, text []byte, lim Limits) (document, error) {
	c, err := vcf.Parse(text, lim.vcf())
	if err != nil {
		return nil, unreadable(f, err)
	}
	if faults := c.Validate(); len(faults) > 0 {
		return nil, faulty(f, faults)
	}
	return cardDocument{c}, nil
}

// unreadable answers a text that is no iCalendar or vCard. The parsers' public texts name a line and nothing of its content.
func unreadable(f *flavor, err error) *failure {
	out := forbidden(f.validData, pim.PublicText(err))
	out.err = err
	return out
}

// faulty answers a text that breaks rules, with every precondition it breaks once.
func faulty(f *flavor, faults []line.Fault) *failure {
	out := &failure{status: http.StatusForbidden, message: pim.PublicText(line.Err("dav: validate", faults))}
	var seen []string
	for _, fault := range faults {
		if !slices.Contains(seen, fault.Condition) {
			seen = append(seen, fault.Condition)
			out.conditions = append(out.conditions, davxml.Condition{Name: f.space(fault.Condition)})
		}
	}
	return out
}
