package dav_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/internal/testenv"
	"crmbridge/store"
)

// patience is the processor time that the answer to a malformed request may take: the best of a few tries, as collecting
// the garbage of others costs some.
const (
	patience = slowed * 150 * time.Millisecond
	tries    = 12
)

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	s.put(path, event("a", "A"))
	deep := strings.Repeat("<a>", 100_000)
	long := strings.Repeat("x", 60_000)
	ten := strings.Repeat("a", 11<<20)
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             []int
	}{
		"xml":             {"PROPFIND", annCal, "<D:propfind", nil, []int{400}},
		"empty root":      {"PROPFIND", annCal, "<a/>", nil, []int{400}},
		"doctype":         {"PROPFIND", annCal, `<!DOCTYPE a [<!ENTITY b "c">]><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>`, nil, []int{400}},
		"deep":            {"PROPFIND", annCal, deep, nil, []int{400, 413}},
		"elements":        {"PROPFIND", annCal, `<D:propfind xmlns:D="DAV:"><D:prop>` + strings.Repeat("<D:a/>", 50_000) + `</D:prop></D:propfind>`, []string{"Depth: 0"}, []int{413}},
		"names":           {"PROPFIND", annCal, `<D:propfind xmlns:D="DAV:"><D:prop>` + distinct(300, "<D:a%d/>") + `</D:prop></D:propfind>`, []string{"Depth: 0"}, []int{413}},
		"namespaces":      {"PROPFIND", annCal, `<D:propfind xmlns:D="DAV:"><D:prop>` + distinct(70, `<x xmlns="urn:n%d"/>`) + `</D:prop></D:propfind>`, []string{"Depth: 0"}, []int{413}},
		"filters":         {"REPORT", annCal, calendarQuery(`<C:comp-filter name="VEVENT">` + distinct(1100, `<C:prop-filter name="X%d"/>`) + `</C:comp-filter>`), nil, []int{413}},
		"large":           {"PROPPATCH", annCal, proppatch("<X:a>" + ten + "</X:a>"), nil, []int{400, 413}},
		"utf-16":          {"PROPFIND", annCal, "\xff\xfe<\x00a\x00", nil, []int{400}},
		"depth":           {"PROPFIND", annCal, "", []string{"Depth: 2"}, []int{400}},
		"infinity":        {"PROPFIND", annCal, "", []string{"Depth: infinity"}, []int{403}},
		"no depth":        {"PROPFIND", annCal, "", nil, []int{403}},
		"report depth":    {"REPORT", annCal, syncBody("", "D:getetag"), []string{"Depth: x"}, []int{400}},
		"no report":       {"REPORT", annCal, "", nil, []int{400}},
		"ics":             {"PUT", path, "BEGIN:VCALENDAR\r\nEND:VEVENT", nil, []int{403}},
		"empty":           {"PUT", path, "", nil, []int{403}},
		"binary":          {"PUT", path, "\x00\x01\x02", nil, []int{403}},
		"card in cal":     {"PUT", path, card("a", "A B"), nil, []int{403}},
		"two UIDs":        {"PUT", path, strings.Replace(event("a", "A"), "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR", 1), nil, []int{403}},
		"METHOD":          {"PUT", path, strings.Replace(event("a", "A"), "BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", 1), nil, []int{403}},
		"secondly":        {"PUT", path, event("a", "A", "RRULE:FREQ=SECONDLY"), nil, []int{403}},
		"quoted":          {"PUT", path, event("a", "A", `X;A="`+strings.Repeat(`a";B="`, 100_000)+`":1`), nil, []int{403}},
		"a line":          {"PUT", path, event("a", "A", "X;A=b"), nil, []int{403}},
		"too large":       {"PUT", path, event("a", strings.Repeat("y", 1<<20)), nil, []int{403}},
		"vcf":             {"PUT", annBook + "a.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A", nil, []int{403}},
		"ics in book":     {"PUT", annBook + "a.vcf", event("a", "A"), nil, []int{403}},
		"vcf 2.1":         {"PUT", annBook + "a.vcf", "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A;B\r\nEND:VCARD\r\n", nil, []int{403}},
		"type":            {"PUT", path, event("a", "A"), []string{"Content-Type: text/html"}, []int{403}},
		"utf-16 object":   {"PUT", path, event("a", "Ä"), []string{"Content-Type: text/calendar; charset=utf-16"}, []int{403}},
		"latin-1":         {"PUT", path, event("a", "\u00c4"), []string{"Content-Type: text/calendar; charset=ISO-8859-1"}, []int{403}},
		"odd type":        {"PUT", path, event("a", "A"), []string{"Content-Type: ;;"}, []int{400}},
		"part":            {"PUT", path, event("a", "A"), []string{"Content-Range: bytes 0-1/2"}, []int{400}},
		"gzip":            {"PUT", path, zipped(t, event("a", "A")), []string{"Content-Encoding: gzip"}, []int{415}},
		"zip bomb":        {"PROPFIND", annCal, zipped(t, ten), []string{"Content-Encoding: gzip", "Depth: 0"}, []int{415}},
		"if":              {"PUT", path, event("a", "A"), []string{"If: (["}, []int{400}},
		"ifs":             {"PUT", path, event("a", "A"), []string{"If: " + strings.Repeat(`(["a"])`, 1000)}, []int{400}},
		"tags":            {"PUT", path, event("a", "A"), []string{"If-Match: " + strings.Repeat(`"a",`, 1000)}, []int{400}},
		"dots":            {"GET", "/dav/calendars/ann/%2e%2e/calendar/a.ics", "", nil, []int{400}},
		"slash in name":   {"PUT", annCal + "a%2fb.ics", event("x", "X"), nil, []int{400}},
		"null":            {"PUT", annCal + "a%00.ics", event("x", "X"), nil, []int{400}},
		"not utf-8":       {"PUT", annCal + "%ff.ics", event("x", "X"), nil, []int{400}},
		"backslash":       {"GET", annCal + "..%5c..%5ca.ics", "", nil, []int{400}},
		"long name":       {"PUT", annCal + long[:1000] + ".ics", event("x", "X"), nil, []int{414}},
		"long path":       {"GET", "/dav/" + long, "", nil, []int{400}},
		"too deep a path": {"PUT", annCal + "a/b/c.ics", event("x", "X"), nil, []int{409}},
		"no calendar":     {"PUT", calHome + "none/a.ics", event("x", "X"), nil, []int{409}},
		"put on calendar": {"PUT", annCal, event("x", "X"), nil, []int{405}},
		"get on calendar": {"GET", annCal, "", nil, []int{405}},
		"lock":            {"LOCK", path, "", nil, []int{405}},
		"post":            {"POST", annCal, "", nil, []int{403}},
		"unknown":         {"FROBNICATE", annCal, "", nil, []int{405}},
		"delete home":     {"DELETE", calHome, "", nil, []int{405}},
		"mkcol body":      {"MKCOL", calHome + "x/", "<a/>", nil, []int{415}},
		"mkcol no xml":    {"MKCOL", calHome + "x/", "text", nil, []int{400, 415}},
		"mkcol home":      {"MKCOL", "/dav/calendars/ann/", "", nil, []int{405}},
		"proppatch none":  {"PROPPATCH", annCal, `<D:propertyupdate xmlns:D="DAV:"/>`, nil, []int{400}},
		"proppatch root":  {"PROPPATCH", "/dav/", proppatch("<X:a/>"), nil, []int{403}},
		"hrefs":           {"REPORT", annCal, askMore("C:calendar-multiget", strings.Repeat("<D:href>/a</D:href>", 5001), "D:getetag"), nil, []int{413}},
	} {
		t.Run(name, func(t *testing.T) {
			run := *s
			run.t = t
			before := run.homeState("ann")
			var r *reply
			best := time.Hour
			for n := 0; n < tries && best > patience; n++ {
				best = min(best, testenv.Work(t, func() { r = run.call(c.method, c.path, c.body, c.headers...).want(c.status...) }))
			}
			if best > patience {
				t.Errorf("took %v", best)
			}
			checkAnswer(t, r)
			if root := parseXML(t, r.Body); root.Name.Local != "error" || len(root.Children) == 0 {
				t.Errorf("no reason given: %s", r.Body)
			}
			if run.homeState("ann") != before {
				t.Error("something was stored")
			}
		})
	}
	if got := s.call("GET", path, "").want(200); string(got.Body) != event("a", "A") {
		t.Errorf("stored: %s", got.Body)
	}
}

// distinct prints a pattern with each number below n.
func distinct(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i)
	}
	return b.String()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The conditions that RFC 4791 5.3.2.1 and RFC 6352 6.3.2.1 name.
func TestPutPreconditions(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Object: 8 << 10, Card: 8 << 10, Attendees: 3})
	s.put(annCal+"a.ics", event("a", "A"))
	s.put(annBook+"a.vcf", card("a", "A B"))
	for _, c := range []struct{ path, text, space, condition string }{
		{annCal + "b.ics", "rubbish", nsC, "valid-calendar-data"},
		{annCal + "b.ics", strings.Replace(event("b", "B"), "UID:b\r\n", "", 1), nsC, "valid-calendar-object-resource"},
		{annCal + "b.ics", todo("b", "B"), nsC, "supported-calendar-component"},
		{annCal + "b.ics", event("a", "Same UID"), nsC, "no-uid-conflict"},
		{annCal + "a.ics", event("c", "Another UID"), nsC, "no-uid-conflict"},
		{annCal + "b.ics", event("b", strings.Repeat("long", 2100)), nsC, "max-resource-size"},
		{annCal + "b.ics", event("b", "B", strings.TrimSpace(strings.Repeat("ATTENDEE:mailto:x@example.org\r\n", 4))), nsC, "max-attendees-per-instance"},
		{annCal + "b.ics", event("b", "B", "RRULE:FREQ=MINUTELY"), nsC, "supported-rrule"},
		{annCal + "b.ics", event("b", "B", "DURATION:PT99H"), nsC, "valid-calendar-data"}, // beside another DTEND
		{annCal + "b.ics", strings.Replace(event("b", "B"), "DTEND:2026", "DTEND:2025", 1), nsC, "valid-calendar-data"},
		{annBook + "b.vcf", "rubbish", nsCR, "valid-address-data"},
		{annBook + "b.vcf", card("a", "Same UID"), nsCR, "no-uid-conflict"},
		{annBook + "b.vcf", card("b", strings.Repeat("long", 2100)), nsCR, "max-resource-size"},
		{annBook + "b.vcf", strings.Replace(card("b", "B C"), "3.0", "2.1", 1), nsCR, "supported-address-data"},
	} {
		r := s.call("PUT", c.path, c.text).want(403)
		cond := r.condition(c.space, c.condition)
		if c.condition == "no-uid-conflict" {
			dir := c.path[:strings.LastIndex(c.path, "/")+1]
			if href := cond.child(nsD, "href"); href == nil || !strings.HasPrefix(href.Text, dir+"a.") {
				t.Errorf("%s: %v", c.path, href)
			}
		}
	}
	if got := s.propfind(annCal, 0, "C:max-resource-size").text(annCal, "max-resource-size"); got != "8192" {
		t.Errorf("max-resource-size %s", got)
	}
}

// panics is a Metrics that fails where a request is counted, so that a panic can be had.
type panicking struct{ counters }

func (p *panicking) Merge() { panic("in the middle") }

func TestPanicIsAnsweredWithoutText(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var log bytes.Buffer
	counts := &panicking{}
	h := dav.New(dav.Options{
		Store: s.store, Auth: s.auth, Now: func() time.Time { return time.Time{} }, Metrics: counts,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	t.Cleanup(func() {
		if err := h.Close(t.Context()); err != nil {
			t.Log(err)
		}
	})
	s.h = h
	path := annBook + "a.vcf"
	s.put(path, card("a", "A B"), desk)
	s.call("GET", path, "", phone)
	s.put(path, card("a", "A B", "NOTE:desk"), desk)
	r := s.call("PUT", path, card("a", "A B", "TEL:1"), phone).want(500)
	if len(r.Body) != 0 || counts.panics.Load() != 1 {
		t.Errorf("%d panics, %s", counts.panics.Load(), r.Body)
	}
	if l := log.String(); !strings.Contains(l, "panic=string") || !strings.Contains(l, "Merge") || strings.Contains(l, "in the middle") {
		t.Errorf("the log says %s", l)
	}
}

func TestNothingInternalInAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var log bytes.Buffer
	broken := dav.New(dav.Options{
		Store: closedStore(t), Auth: s.auth, Now: func() time.Time { return time.Time{} }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, method := range []string{"GET", "PUT", "DELETE", "PROPFIND", "REPORT", "MKCALENDAR"} {
		path, body := annCal+"a.ics", ""
		switch method {
		case "PUT":
			body = event("a", "A")
		case "REPORT":
			path, body = annCal, syncBody("", "D:getetag")
		case "MKCALENDAR":
			path = calHome + "x/"
		}
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.SetBasicAuth("ann", "pw")
		r.Header.Set("Depth", "0")
		w := httptest.NewRecorder()
		broken.ServeHTTP(w, r)
		if w.Code < 500 || strings.Contains(w.Body.String(), "sql") || strings.Contains(w.Body.String(), "database") {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
	if log.Len() == 0 {
		t.Error("nothing in the log")
	}
}

// closedStore is a database that went away.
func closedStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{URL: fmt.Sprintf("sqlite:%s/x.db", t.TempDir()), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return st
}
