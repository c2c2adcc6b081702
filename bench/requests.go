package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"crmbridge/bench/sample"
)

// What clients ask, in the words that they use. A path is a collection's.

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>`

func reportOn(path, depth, body string) call {
	return call{method: "REPORT", path: path, body: []byte(body), headers: []string{"Content-Type", "application/xml; charset=utf-8", "Depth", depth}}
}

func propfind(path, depth, props string) call {
	return call{method: "PROPFIND", path: path, headers: []string{"Depth", depth, "Content-Type", "application/xml; charset=utf-8"},
		body: []byte(xmlHead + `<propfind xmlns="DAV:" xmlns:CS="http://calendarserver.org/ns/" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>` + props + `</prop></propfind>`)}
}

// syncReport is sync-collection with an empty token or one that was given earlier.
func syncReport(path, token string) call {
	return reportOn(path, "1", xmlHead+`<sync-collection xmlns="DAV:"><sync-token>`+token+`</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`)
}

// words are what the protocols of the two kinds call their things.
type words struct{ multiget, space, data string }

func caldav() words {
	return words{"calendar-multiget", "urn:ietf:params:xml:ns:caldav", "calendar-data"}
}

func carddav() words {
	return words{"addressbook-multiget", "urn:ietf:params:xml:ns:carddav", "address-data"}
}

func multigetOf(path string, w words, hrefs []string) call {
	var b strings.Builder
	fmt.Fprintf(&b, xmlHead+`<C:%s xmlns:D="DAV:" xmlns:C="%s"><D:prop><D:getetag/><C:%s/></D:prop>`, w.multiget, w.space, w.data)
	for _, h := range hrefs {
		b.WriteString("<D:href>" + h + "</D:href>")
	}
	fmt.Fprintf(&b, "</C:%s>", w.multiget)
	return reportOn(path, "1", b.String())
}

// month asks for the events of some time, as they are or each occurrence on its own.
func month(path string, from, until time.Time, expand bool) call {
	span, data := `start="`+day(from)+`" end="`+day(until)+`"`, "<C:calendar-data/>"
	if expand {
		data = "<C:calendar-data><C:expand " + span + "/></C:calendar-data>"
	}
	return reportOn(path, "1", xmlHead+`<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>`+data+
		`</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range `+span+`/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`)
}

// searchFor is what a program asks while somebody types a name.
func searchFor(path, collation string) call {
	match := `<C:text-match collation="` + collation + `" match-type="contains">` + sample.SearchText + `</C:text-match>`
	return reportOn(path, "1", xmlHead+`<C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop>`+
		`<C:filter test="anyof"><C:prop-filter name="FN">`+match+`</C:prop-filter><C:prop-filter name="NICKNAME">`+match+
		`</C:prop-filter><C:prop-filter name="EMAIL">`+match+`</C:prop-filter></C:filter></C:addressbook-query>`)
}

func get(path string) call { return call{method: http.MethodGet, path: path} }

// put sends an object that is new, or replaces one that has this ETag.
func put(path, mime string, o sample.Object, etag string) call {
	c := call{method: http.MethodPut, path: path + o.Name, body: o.Text, headers: []string{"Content-Type", mime, "If-None-Match", "*"}}
	if etag != "" {
		c.headers = []string{"Content-Type", mime, "If-Match", etag}
	}
	return c
}

const (
	icsType = "text/calendar; charset=utf-8"
	vcfType = "text/vcard; charset=utf-8"
)
