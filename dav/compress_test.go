package dav_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
)

func gunzip(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// RFC 9110 8.4, 12.5.3: compressed for who asks, the same text, the same ETag.
func TestCompression(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := event("long", "L", "DESCRIPTION:"+strings.Repeat("word ", 500))
	s.put(annCal+"long.ics", long)
	s.put(annCal+"short.ics", event("short", "S"))
	for i := range 30 {
		s.put(fmt.Sprintf("%sn%d.ics", annCal, i), event(fmt.Sprint("n", i), "N"))
	}
	for _, c := range []struct {
		method, path, body, accept string
		want                       bool
	}{
		{"GET", annCal + "long.ics", "", "gzip", true},
		{"GET", annCal + "long.ics", "", "gzip, deflate, br, zstd", true},
		{"GET", annCal + "long.ics", "", "br, *;q=0.1", true},
		{"GET", annCal + "long.ics", "", "x-gzip;q=0.5", true},
		{"GET", annCal + "long.ics", "", "gzip;q=0, *", false},
		{"GET", annCal + "long.ics", "", "identity", false},
		{"GET", annCal + "long.ics", "", "gzip;q=x", false},
		{"GET", annCal + "long.ics", "", "", false},
		{"GET", annCal + "short.ics", "", "gzip", false},
		{"GET", annCal + "none.ics", "", "gzip", false},
		{"PROPFIND", annCal, ask("D:propfind", "D:getetag"), "gzip", true},
		{"PROPFIND", annCal + "short.ics", ask("D:propfind", "D:getetag"), "gzip", false},
		{"REPORT", annCal, syncBody("", "D:getetag", "C:calendar-data"), "gzip", true},
	} {
		headers := []string{"Depth: 1"}
		if c.accept != "" {
			headers = append(headers, "Accept-Encoding: "+c.accept)
		}
		plain, r := s.call(c.method, c.path, c.body, "Depth: 1"), s.call(c.method, c.path, c.body, headers...)
		got := r.Header.Get("Content-Encoding") == "gzip"
		if got != c.want || !varies(r, "Accept-Encoding") || r.Status != plain.Status || r.Header.Get("ETag") != plain.Header.Get("ETag") {
			t.Errorf("%s %s, %q: %v", c.method, c.path, c.accept, r.Header)
			continue
		}
		body := string(r.Body)
		if got {
			if len(body) >= len(plain.Body) || r.Header.Get("Content-Length") != "" {
				t.Errorf("%s %s: %d bytes of %d, %v", c.method, c.path, len(body), len(plain.Body), r.Header)
			}
			body = gunzip(t, r.Body)
		}
		if body != string(plain.Body) {
			t.Errorf("%s %s: another text", c.method, c.path)
		}
	}
	// Used again after a shorter and a longer answer, writers start afresh.
	for range 3 {
		for _, path := range []string{annCal + "long.ics", annCal + "short.ics"} {
			r := s.call("GET", path, "", "Accept-Encoding: gzip")
			if r.Header.Get("Content-Encoding") == "gzip" && gunzip(t, r.Body) != long {
				t.Fatal("mixed up")
			}
		}
	}
}

// RFC 9110 9.3.2, 14.3, 15.4.5: HEAD and 304 have the head of the GET; parts are not served.
func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := event("long", "L", "DESCRIPTION:"+strings.Repeat("word ", 500))
	etag := s.put(annCal+"long.ics", long)
	s.put(annBook+"c.vcf", card("c", "Card Example"))
	for _, path := range []string{annCal + "long.ics", annCal + "none.ics", annBook + "c.vcf", annCal, calHome, "/dav/principals/ann/", "/", "/dav/calendars/bob/", "/elsewhere"} {
		for _, extra := range []string{"X: x", "Accept-Encoding: gzip", "CalDAV-Timezones: F", "Range: bytes=0-9", "If-None-Match: " + etag, "Accept: text/vcard;version=4.0"} {
			get, head := s.call("GET", path, "", extra), s.call("HEAD", path, "", extra)
			if head.Status != get.Status || fmt.Sprint(head.Header) != fmt.Sprint(get.Header) || len(head.Body) != 0 {
				t.Errorf("%s, %s: %d %v\nGET %d %v", path, extra, head.Status, head.Header, get.Status, get.Header)
			}
		}
	}
	r := s.call("GET", annCal+"long.ics", "", "Range: bytes=0-9").want(200)
	if r.Header.Get("Accept-Ranges") != "none" || string(r.Body) != long {
		t.Errorf("%v", r.Header)
	}
	not := s.call("GET", annCal+"long.ics", "", "If-None-Match: "+etag, "Accept-Encoding: gzip").want(304)
	if not.etag() != etag || len(not.Body) != 0 || not.Header.Get("Content-Type") != "" || not.Header.Get("Content-Encoding") != "" || !varies(not, "Accept-Encoding") {
		t.Errorf("%v", not.Header)
	}
	// RFC 9110 13.1.3: a date counts where there is no tag.
	modified := r.Header.Get("Last-Modified")
	s.call("GET", annCal+"long.ics", "", "If-Modified-Since: "+modified).want(304)
	s.call("GET", annCal+"long.ics", "", "If-Modified-Since: "+modified, `If-None-Match: "other"`).want(200)
	s.call("GET", annCal+"long.ics", "", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT").want(200)
}
