package davxml

import "encoding/xml"

// Namespaces with a fixed prefix in everything this package prints, and the one that XML itself reserves.
const (
	NSDAV            = "DAV:"                                 // prefix D
	NSCalDAV         = "urn:ietf:params:xml:ns:caldav"        // prefix C
	NSCardDAV        = "urn:ietf:params:xml:ns:carddav"       // prefix CR
	NSCalendarServer = "http://calendarserver.org/ns/"        // prefix CS
	NSAppleICal      = "http://apple.com/ns/ical/"            // prefix ICAL
	NSXML            = "http://www.w3.org/XML/1998/namespace" // prefix xml, of xml:lang
)

// D names an element of the DAV: namespace.
func D(local string) xml.Name { return xml.Name{Space: NSDAV, Local: local} }

// C names an element of the CalDAV namespace.
func C(local string) xml.Name { return xml.Name{Space: NSCalDAV, Local: local} }

// CR names an element of the CardDAV namespace.
func CR(local string) xml.Name { return xml.Name{Space: NSCardDAV, Local: local} }

// CS names an element of the calendarserver.org namespace (getctag and friends).
func CS(local string) xml.Name { return xml.Name{Space: NSCalendarServer, Local: local} }

// ICAL names an element of Apple's iCal namespace (calendar-color, calendar-order).
func ICAL(local string) xml.Name { return xml.Name{Space: NSAppleICal, Local: local} }

// fixedPrefix returns the prefix that the roots declare for space, or "".
func fixedPrefix(space string) string {
	switch space {
	case NSDAV:
		return "D"
	case NSCalDAV:
		return "C"
	case NSCardDAV:
		return "CR"
	case NSCalendarServer:
		return "CS"
	case NSAppleICal:
		return "ICAL"
	case NSXML:
		return "xml"
	}
	return ""
}

// rootDeclarations declares every fixed prefix; each printed document carries it on its root.
const rootDeclarations = ` xmlns:D="` + NSDAV + `" xmlns:C="` + NSCalDAV + `" xmlns:CR="` + NSCardDAV +
	`" xmlns:CS="` + NSCalendarServer + `" xmlns:ICAL="` + NSAppleICal + `"`

// prolog stands before every document.
const prolog = `<?xml version="1.0" encoding="utf-8"?>` + "\n"
