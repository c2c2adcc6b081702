package dav

import (
	"encoding/xml"
	"strings"
	"time"

	"crmbridge/pim"
)

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// names declares the prefixes that the bodies use.
const names = ` xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:r="urn:ietf:params:xml:ns:carddav" xmlns:s="http://calendarserver.org/ns/"`

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

func propfind(props ...string) string {
	return xmlHead + "<d:propfind" + names + "><d:prop>" + elements(props) + "</d:prop></d:propfind>"
}

func elements(names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString("<" + n + "/>")
	}
	return b.String()
}

// syncCollection asks what changed since a token (RFC 6578 3.2).
func syncCollection(token string) string {
	return xmlHead + "<d:sync-collection" + names + "><d:sync-token>" + escaped(token) + "</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
}

// multiget asks for texts by path (RFC 4791 7.9, RFC 6352 8.7).
func multiget(book bool, paths []string) string {
	name, data := "c:calendar-multiget", "<c:calendar-data/>"
	if book {
		name, data = "r:addressbook-multiget", "<r:address-data/>"
	}
	var b strings.Builder
	b.WriteString(xmlHead + "<" + name + names + "><d:prop><d:getetag/><d:getlastmodified/>" + data + "</d:prop>")
	for _, p := range paths {
		b.WriteString("<d:href>" + escaped(p) + "</d:href>")
	}
	b.WriteString("</" + name + ">")
	return b.String()
}

// calendarQuery asks for the tags of the components of a kind (RFC 4791 7.8); inner goes into the component's filter.
func calendarQuery(component, inner string) string {
	return xmlHead + "<c:calendar-query" + names + `><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="` + component + `">` +
		inner + "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
}

// timeRange is a filter (RFC 4791 9.9), a little wider than asked; "" when both are open.
func timeRange(from, until time.Time) string {
	if from.IsZero() && until.IsZero() {
		return ""
	}
	const form = "20060102T150405Z"
	out := "<c:time-range"
	if !from.IsZero() {
		out += ` start="` + from.UTC().Add(-aside).Format(form) + `"`
	}
	if !until.IsZero() {
		out += ` end="` + until.UTC().Add(aside).Format(form) + `"`
	}
	return out + "/>"
}

// uidQuery asks for the tags of items with a UID (RFC 4791 7.8.6, RFC 6352 8.6).
func uidQuery(k pim.Kind, uid string) string {
	if k == pim.KindContact {
		return xmlHead + "<r:addressbook-query" + names + `><d:prop><d:getetag/></d:prop><r:filter><r:prop-filter name="UID"><r:text-match match-type="equals">` +
			escaped(uid) + "</r:text-match></r:prop-filter></r:filter></r:addressbook-query>"
	}
	return calendarQuery(componentOf(k), `<c:prop-filter name="UID"><c:text-match collation="i;octet">`+escaped(uid)+"</c:text-match></c:prop-filter>")
}

// componentOf is the component that items of a kind are.
func componentOf(k pim.Kind) string {
	if k == pim.KindTask {
		return "VTODO"
	}
	return "VEVENT"
}
