package dav

import (
	"encoding/xml"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// flavor is what sets calendars and address books apart. There are two, and nothing else in this package asks which
// one it has.
type flavor struct {
	home         store.Home
	prefix       string // path of the homes
	homeAt       place
	collectionAt place
	objectAt     place
	mime         string
	size         func(Limits) int            // the most bytes of an object
	extension    string                      // of names that the server makes
	varies       string                      // the request header that downloads depend on
	space        func(local string) xml.Name // CalDAV's or CardDAV's namespace

	resourceType xml.Name // of collections
	homeSet      xml.Name
	data         xml.Name // the property that holds an object's text

	// Preconditions of RFC 4791 5.3.2.1 and RFC 6352 6.3.2.1 that have a name of their own here and there.
	supportedData xml.Name
	validData     xml.Name
	location      xml.Name // collections may not be made here

	read        func(f *flavor, text []byte, lim Limits) (document, error)
	contentType func(component string) string
}

var calendars = &flavor{
	home: store.Calendars, prefix: "/dav/calendars/", mime: "text/calendar", space: davxml.C, size: func(l Limits) int { return l.Object },
	extension: ".ics", varies: "CalDAV-Timezones",
	homeAt: atCalendarHome, collectionAt: atCalendar, objectAt: atEvent,
	resourceType:  davxml.C("calendar"),
	homeSet:       davxml.C("calendar-home-set"),
	data:          davxml.C("calendar-data"),
	supportedData: davxml.C("supported-calendar-data"),
	validData:     davxml.C("valid-calendar-data"),
	location:      davxml.C("calendar-collection-location-ok"),
	read:          readCalendar,
	contentType:   calendarContentType,
}

var books = &flavor{
	home: store.AddressBooks, prefix: "/dav/addressbooks/", mime: "text/vcard", space: davxml.CR, size: func(l Limits) int { return l.Card },
	extension: ".vcf", varies: "Accept",
	homeAt: atBookHome, collectionAt: atBook, objectAt: atCard,
	resourceType:  davxml.CR("addressbook"),
	homeSet:       davxml.CR("addressbook-home-set"),
	data:          davxml.CR("address-data"),
	supportedData: davxml.CR("supported-address-data"),
	validData:     davxml.CR("valid-address-data"),
	location:      davxml.CR("addressbook-collection-location-ok"),
	read:          readCard,
	contentType:   func(string) string { return "text/vcard; charset=utf-8" },
}

// flavorOf finds the flavor by the segment below /dav/.
func flavorOf(segment string) *flavor {
	switch segment {
	case "calendars":
		return calendars
	case "addressbooks":
		return books
	}
	return nil
}

// calendarContentType names the component, as RFC 5545 8.1 lets it: Thunderbird wants the type to begin with
// text/calendar and reads no further.
func calendarContentType(component string) string {
	return "text/calendar; charset=utf-8; component=" + component
}

// components lists what a calendar may hold; empty for address books.
func components(c *store.Collection) []string {
	return strings.FieldsFunc(c.Components, func(r rune) bool { return r == ',' })
}
