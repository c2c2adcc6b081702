package dav

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"crmbridge/dav/davxml"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// Bounds of what clients may write into live properties, in bytes.
const (
	maxName        = 1 << 10
	maxDescription = 8 << 10
	maxColor       = 64
)

// collectionProperties are those of calendars, address books and their homes.
func collectionProperties() []property {
	syncs := atHome | atCollection
	rows := []property{
		{name: davxml.D("displayname"), on: everywhere &^ atObject, all: true, value: displayName,
			set: setText(maxName, func(c *store.Collection) *string { return &c.DisplayName })},
		{name: davxml.D("sync-token"), on: syncs, value: syncTokenValue(davxml.D("sync-token"))},
		// Clients compare it for equality only, so the sync token does.
		{name: davxml.CS("getctag"), on: syncs, value: syncTokenValue(davxml.CS("getctag"))},
		{name: davxml.D("quota-used-bytes"), on: atCollection, value: quotaUsed},
		{name: davxml.D("quota-available-bytes"), on: atCollection, value: quotaAvailable},

		{name: davxml.C("calendar-description"), on: atCalendar,
			value: textValue(davxml.C("calendar-description"), func(_ *env, r *resource) string { return r.col.Description }),
			set:   setText(maxDescription, func(c *store.Collection) *string { return &c.Description })},
		{name: davxml.CR("addressbook-description"), on: atBook,
			value: textValue(davxml.CR("addressbook-description"), func(_ *env, r *resource) string { return r.col.Description }),
			set:   setText(maxDescription, func(c *store.Collection) *string { return &c.Description })},
		{name: davxml.ICAL("calendar-color"), on: atCollection,
			value: textValue(davxml.ICAL("calendar-color"), func(_ *env, r *resource) string { return r.col.Color }),
			set:   setText(maxColor, func(c *store.Collection) *string { return &c.Color })},
		{name: davxml.ICAL("calendar-order"), on: atCollection, value: order, set: setOrder},
		{name: davxml.C("calendar-timezone"), on: atCalendar,
			value: textValue(davxml.C("calendar-timezone"), func(_ *env, r *resource) string { return r.col.Timezone }),
			set:   setTimezone},
		{name: davxml.C("calendar-timezone-id"), on: atCalendar, value: timezoneID, set: setTimezoneID},
		{name: davxml.C("schedule-calendar-transp"), on: atCalendar, value: transparency, set: setTransparency},
		{name: davxml.C("supported-calendar-component-set"), on: atCalendar, value: componentSet,
			set: setComponents, initial: true},
		{name: davxml.C("supported-collation-set"), on: atCalendar,
			value: fixedValue(davxml.C("supported-collation-set"), collations(davxml.C("supported-collation")))},
		{name: davxml.CR("supported-collation-set"), on: atBook,
			value: fixedValue(davxml.CR("supported-collation-set"), collations(davxml.CR("supported-collation")))},
		{name: davxml.C("supported-calendar-data"), on: atCalendar,
			value: fixedValue(davxml.C("supported-calendar-data"), dataType(davxml.C("calendar-data"), "text/calendar", "2.0"))},
		{name: davxml.CR("supported-address-data"), on: atBook,
			value: fixedValue(davxml.CR("supported-address-data"), slices.Concat(
				dataType(davxml.CR("address-data-type"), "text/vcard", "3.0"),
				dataType(davxml.CR("address-data-type"), "text/vcard", "4.0")))},
	}
	for _, f := range []*flavor{calendars, books} {
		rows = append(rows, property{name: f.space("max-resource-size"), on: f.collectionAt,
			value: textValue(f.space("max-resource-size"), func(e *env, _ *resource) string {
				return strconv.Itoa(f.size(e.q.h.limits))
			})})
	}
	return append(rows,
		property{name: davxml.C("max-attendees-per-instance"), on: atCalendar,
			value: textValue(davxml.C("max-attendees-per-instance"), func(e *env, _ *resource) string {
				return strconv.Itoa(e.q.h.limits.Attendees)
			})},
		property{name: davxml.C("min-date-time"), on: atCalendar, // RFC 4791 5.2.6
			value: textValue(davxml.C("min-date-time"), func(*env, *resource) string { return dateLimit(minDate) })},
		property{name: davxml.C("max-date-time"), on: atCalendar, // RFC 4791 5.2.7
			value: textValue(davxml.C("max-date-time"), func(*env, *resource) string { return dateLimit(maxDate) })},
		property{name: davxml.C("max-instances"), on: atCalendar,
			value: textValue(davxml.C("max-instances"), func(e *env, _ *resource) string {
				return strconv.Itoa(e.q.h.limits.Steps)
			})},
		property{name: davxml.CR("max-image-size"), on: atBook,
			value: textValue(davxml.CR("max-image-size"), func(e *env, _ *resource) string {
				// A photo is three quarters of its base64 text, and the card holds more than the photo.
				return strconv.Itoa(min(vcf.MaxPhoto, e.q.h.limits.Card/4*3*9/10))
			})},
	)
}

// displayName falls back to the last segment: a calendar without a name is skipped by Outlook CalDav Synchronizer.
func displayName(dst []byte, e *env, r *resource) ([]byte, error) {
	var s string
	switch {
	case r.col != nil:
		if s = r.col.DisplayName; s == "" {
			s = r.col.Slug
		}
	case r.at == atPrincipal || r.at&atHome != 0:
		if s = e.q.caller.User.DisplayName; s == "" {
			s = e.q.caller.User.Name
		}
	default:
		return dst, errAbsent
	}
	return davxml.AppendText(dst, davxml.D("displayname"), s), nil
}

// order is Apple's calendar-order; 0 is what nobody has set.
func order(dst []byte, _ *env, r *resource) ([]byte, error) {
	if r.col.Order == 0 {
		return dst, errAbsent
	}
	return davxml.AppendText(dst, davxml.ICAL("calendar-order"), strconv.Itoa(r.col.Order)), nil
}

// transparency is RFC 6638 9.1; opaque unless set.
func transparency(dst []byte, _ *env, r *resource) ([]byte, error) {
	v := davxml.C("opaque")
	if r.col.Transparent {
		v = davxml.C("transparent")
	}
	return davxml.AppendNames(dst, davxml.C("schedule-calendar-transp"), v), nil
}

// componentSet is RFC 4791 5.2.3. Clients skip calendars without it.
func componentSet(dst []byte, _ *env, r *resource) ([]byte, error) {
	name := davxml.C("supported-calendar-component-set")
	dst = davxml.AppendOpen(dst, name)
	for _, c := range components(r.col) {
		dst = davxml.AppendEmpty(dst, davxml.C("comp"), xml.Attr{Name: xml.Name{Local: "name"}, Value: c})
	}
	return davxml.AppendClose(dst, name), nil
}

// collations lists those of RFC 4791 7.5.1 and RFC 6352 8.3.1 that text-match takes.
func collations(name xml.Name) []byte {
	var dst []byte
	for _, c := range []davxml.Collation{davxml.CollationASCII, davxml.CollationOctet, davxml.CollationUnicode} {
		dst = davxml.AppendText(dst, name, string(c))
	}
	return dst
}

// dataType is one type of RFC 4791 5.2.4 or RFC 6352 6.2.2.
func dataType(name xml.Name, mime, version string) []byte {
	return davxml.AppendEmpty(nil, name,
		xml.Attr{Name: xml.Name{Local: "content-type"}, Value: mime}, xml.Attr{Name: xml.Name{Local: "version"}, Value: version})
}

// setText is the setter of a text that is kept as the client wrote it.
func setText(limit int, at func(*store.Collection) *string) func(*store.Collection, *davxml.Element, time.Time) error {
	return func(c *store.Collection, el *davxml.Element, _ time.Time) error {
		if el == nil {
			*at(c) = ""
			return nil
		}
		v := el.Value()
		if len(v) > limit || !utf8.ValidString(v) {
			return &failure{status: http.StatusInsufficientStorage, message: "The value is too long."}
		}
		*at(c) = v
		return nil
	}
}

func setOrder(c *store.Collection, el *davxml.Element, _ time.Time) error {
	if el == nil {
		c.Order = 0
		return nil
	}
	n, err := strconv.ParseInt(el.Value(), 10, 32)
	if err != nil {
		return &failure{status: http.StatusConflict, message: "The order is not a number.", err: err}
	}
	c.Order = int(n)
	return nil
}

// setTimezone takes an iCalendar text with a VTIMEZONE (RFC 4791 5.2.2).
func setTimezone(c *store.Collection, el *davxml.Element, now time.Time) error {
	if el == nil {
		c.Timezone = ""
		return nil
	}
	text := strings.TrimSpace(el.Text)
	if len(text) > ics.MaxTimezone {
		return &failure{status: http.StatusInsufficientStorage, message: "The value is too long."}
	}
	if _, err := ics.CalendarZone(text, now); err != nil {
		f := forbidden(davxml.C("valid-calendar-data"), "This is no time zone.")
		f.err = err
		return f
	}
	c.Timezone = text
	return nil
}

// timezoneID is RFC 7809 5.2: the name of the calendar's zone, absent for one that has none.
func timezoneID(dst []byte, e *env, r *resource) ([]byte, error) {
	id := zoneName(r.col.Timezone, e.q.h.now())
	if id == "" {
		return dst, errAbsent
	}
	return davxml.AppendText(dst, davxml.C("calendar-timezone-id"), id), nil
}

// setTimezoneID sets the definition that goes with a name, so that both properties always say the same.
func setTimezoneID(c *store.Collection, el *davxml.Element, now time.Time) error {
	if el == nil {
		c.Timezone = ""
		return nil
	}
	text, ok := zoneText(el.Value(), now)
	if !ok {
		return forbidden(davxml.C("valid-timezone"), "There is no such time zone.") // RFC 7809 5.2
	}
	c.Timezone = text
	return nil
}

// setTransparency is RFC 6638 9.1.
func setTransparency(c *store.Collection, el *davxml.Element, _ time.Time) error {
	c.Transparent = el != nil && el.Child(davxml.C("transparent")) != nil
	return nil
}

// setComponents is RFC 4791 5.2.3: it is set when the calendar is made, and never after.
func setComponents(c *store.Collection, el *davxml.Element, _ time.Time) error {
	var names []string
	for i := range el.Children {
		child := &el.Children[i]
		if child.Name != davxml.C("comp") {
			continue
		}
		name, _ := child.Attr("name")
		name = strings.ToUpper(name)
		switch name {
		case "VEVENT", "VTODO", "VJOURNAL":
		default:
			return forbidden(davxml.C("supported-calendar-component"), "Calendars hold events, tasks and journal entries.")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return forbidden(davxml.C("supported-calendar-component"), "A calendar has to hold something.")
	}
	c.Components = strings.Join(names, ",")
	return nil
}

// quotaUsed is RFC 4331 4: where there is a quota, what counts against it, which is all that the user has.
func quotaUsed(dst []byte, e *env, r *resource) ([]byte, error) {
	used := r.col.Bytes
	if e.q.h.limits.Quota > 0 {
		var err error
		if used, err = e.tx.UsedBytes(r.col.UserID); err != nil {
			return dst, err
		}
	}
	return davxml.AppendText(dst, davxml.D("quota-used-bytes"), strconv.FormatInt(used, 10)), nil
}

// quotaAvailable is RFC 4331 3; absent without a quota.
func quotaAvailable(dst []byte, e *env, r *resource) ([]byte, error) {
	quota := e.q.h.limits.Quota
	if quota <= 0 {
		return dst, errAbsent
	}
	used, err := e.tx.UsedBytes(r.col.UserID)
	if err != nil {
		return dst, err
	}
	return davxml.AppendText(dst, davxml.D("quota-available-bytes"), strconv.FormatInt(max(0, quota-used), 10)), nil
}
