package dav_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// zoneOfBytes is a calendar-timezone of about n bytes, as text in XML.
func zoneOfBytes(n int) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n" +
		"DTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n")
	for b.Len() < n {
		b.WriteString("COMMENT:" + strings.Repeat("x", 60) + "\r\n")
	}
	b.WriteString("END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n")
	return b.String()
}

// allocated is how many bytes f allocates, besides what others in this process do at the time.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// expandBody asks for X:refs and, of what it names, for properties.
func expandBody(props ...string) string {
	return `<D:expand-property` + declarations + `><D:property name="refs" namespace="urn:example">` + strings.Join(props, "") +
		`</D:property></D:expand-property>`
}

func refsTo(hrefs ...string) string {
	return "<X:refs><D:href>" + strings.Join(hrefs, "</D:href><D:href>") + "</D:href></X:refs>"
}

const zoneProperty = `<D:property name="calendar-timezone" namespace="` + nsC + `"/>`

// A property is answered once, however often it is asked for, and what its mentions ask for is put together.
func TestExpandAsksOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("PROPPATCH", annCal, proppatch(refsTo(annCal, annTasks))).want(207)
	body := `<D:expand-property` + declarations + `>` + strings.Repeat(`<D:property name="refs" namespace="urn:example"><D:property name="displayname"/></D:property>`, 3) +
		`<D:property name="refs" namespace="urn:example"><D:property name="resourcetype"/><D:property name="none"/></D:property></D:expand-property>`
	r := s.call("REPORT", annCal, body).want(207)
	if n := strings.Count(string(r.Body), "<D:displayname>"); n != 2 {
		t.Errorf("%d names of two calendars\n%s", n, r.Body)
	}
	for i, res := range r.multi().at(annCal).found["refs"].all(nsD, "response") {
		props := res.all(nsD, "propstat")[0].child(nsD, "prop")
		if props.child(nsD, "displayname") == nil || props.child(nsD, "resourcetype") == nil || len(res.all(nsD, "propstat")) != 2 {
			t.Errorf("response %d: %+v", i, res)
		}
	}
}

// However much a small request points at, the answer and what it takes to make it have a bound. Not parallel: it measures.
func TestExpandIsBounded(t *testing.T) {
	const most = 64 << 20
	s := newServer(t)
	hrefs := make([]string, 100)
	for i := range hrefs {
		hrefs[i] = annCal
	}
	s.call("PROPPATCH", annCal, proppatch("<C:calendar-timezone>"+zoneOfBytes(60000)+"</C:calendar-timezone>"+refsTo(hrefs...))).want(207)
	for name, props := range map[string]string{
		"once":        zoneProperty,
		"many times":  strings.Repeat(zoneProperty, 200),
		"in levels":   `<D:property name="refs" namespace="urn:example">` + zoneProperty + `</D:property>`,
		"what is not": fmt.Sprintf(`<D:property name="%s"/>`, strings.Repeat("n", 60000)),
	} {
		var r *reply
		n := allocated(func() { r = s.call("REPORT", annCal, expandBody(props)) })
		r.want(403).condition(nsD, "number-of-matches-within-limits")
		if n > most*slowed {
			t.Errorf("%s: %d MiB allocated", name, n>>20)
		}
	}
	// Others pay as little for what they ask of one calendar.
	if r := s.call("REPORT", annCal, expandBody(`<D:property name="getctag" namespace="`+nsCS+`"/>`)).want(207); strings.Count(string(r.Body), "<D:response>") != 101 {
		t.Errorf("%s", r.Body)
	}
}

// What has to be read for an answer has a bound too, be the answer ever so short.
func TestExpandReadsWithinBounds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annBook+"a.vcf", card("a", "Ada Example", "X-A:"+strings.Repeat("y", 2_000_000), "X-B:"+strings.Repeat("y", 2_100_000)))
	props, body := "", func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `<D:property name="r%d" namespace="urn:example"><D:property name="getetag"/></D:property>`, i)
		}
		return `<D:expand-property` + declarations + `>` + b.String() + `</D:expand-property>`
	}
	for i := range 17 {
		props += fmt.Sprintf("<X:r%d><D:href>%sa.vcf</D:href></X:r%d>", i, annBook, i)
	}
	s.call("PROPPATCH", annBook, proppatch(props)).want(207)
	if r := s.call("REPORT", annBook, body(5)).want(207); strings.Count(string(r.Body), "<D:getetag>") != 5 {
		t.Errorf("%s", r.Body)
	}
	s.call("REPORT", annBook, body(17)).want(403).condition(nsD, "number-of-matches-within-limits")
}

// Names that are asked for are printed for each member that lacks them, so all of them together have a bound.
func TestNamesAskedForAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := "X:" + strings.Repeat("n", 50000)
	s.call("PROPFIND", annCal, ask("D:propfind", long+"1", long+"2"), "Depth: 1").want(413)
	s.call("REPORT", annCal, syncBody("", long+"1", long+"2")).want(413)
	s.propfind(annCal, 0, long)
}

// Each property that is set or removed is named in the answer, with its namespace, however long that is.
func TestNamesSetAreBounded(t *testing.T) {
	s := newServer(t)
	space := "urn:" + strings.Repeat("s", 30000)
	for name, c := range map[string]struct{ method, path, open, close string }{
		"PROPPATCH":  {"PROPPATCH", annCal, "<D:propertyupdate" + declarations + "><D:remove><D:prop ", "</D:prop></D:remove></D:propertyupdate>"},
		"MKCALENDAR": {"MKCALENDAR", calHome + "new/", "<C:mkcalendar" + declarations + "><D:set><D:prop ", "</D:prop></D:set></C:mkcalendar>"},
		"MKCOL":      {"MKCOL", calHome + "new/", "<D:mkcol" + declarations + "><D:set><D:prop ", "</D:prop></D:set></D:mkcol>"},
	} {
		body := c.open + `xmlns:L="` + space + `">` + strings.Repeat("<L:a/>", 2000) + c.close
		inside := strings.Replace(c.open, "remove", "set", 1) + `xmlns:L="` + space + `"><X:v>` + strings.Repeat(`<L:a/><D:b L:c=""/>`, 1000) + "</X:v>" + strings.Replace(c.close, "remove", "set", 1)
		if n := allocated(func() { s.call(c.method, c.path, inside) }); n > 16<<20*slowed {
			t.Errorf("%s: %d MiB allocated for names inside a value", name, n>>20)
		}
		var r *reply
		if n := allocated(func() { r = s.call(c.method, c.path, body) }); n > 16<<20*slowed {
			t.Errorf("%s: %d MiB allocated for a request of %d KiB", name, n>>20, len(body)>>10)
		}
		if r.Status != 413 {
			t.Errorf("%s: %d, %d bytes", name, r.Status, len(r.Body))
		}
	}
}
