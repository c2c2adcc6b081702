package davxml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkListing prints one response with an ETag, as a PROPFIND of a collection does per member.
func BenchmarkListing(b *testing.B) {
	ms := NewMultiStatus(io.Discard)
	scratch := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		scratch = AppendText(scratch[:0], D("getetag"), `"1234567890abcdef"`)
		if err := ms.Item("/dav/calendars/ann@example.org/work/", "3C1F2A0B-9E1E-4B43-8B6B-0F3B7D2B5A11.ics", scratch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "responses/s")
}

// BenchmarkListing100k prints a whole answer of 100 000 members.
func BenchmarkListing100k(b *testing.B) {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("%08x-9e1e-4b43-8b6b-0f3b7d2b5a11.ics", i)
	}
	scratch := make([]byte, 0, 256)
	ms := NewMultiStatus(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		ms.Reset(io.Discard)
		for _, name := range names {
			scratch = AppendText(scratch[:0], D("getetag"), `"1234567890abcdef"`)
			if err := ms.Item("/dav/calendars/ann@example.org/work/", name, scratch); err != nil {
				b.Fatal(err)
			}
		}
		ms.SyncToken("urn:sync:1:100000")
		if err := ms.End(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMultigetAnswer prints one response with an object of 4 KiB.
func BenchmarkMultigetAnswer(b *testing.B) {
	ms := NewMultiStatus(io.Discard)
	ics := []byte(strings.Repeat("DESCRIPTION:Besprechung im Büro über <Plan> & Ziele\r\n", 78))
	scratch := make([]byte, 0, 8192)
	b.ReportAllocs()
	b.SetBytes(int64(len(ics)))
	for b.Loop() {
		scratch = AppendText(scratch[:0], D("getetag"), `"1234567890abcdef"`)
		scratch = AppendText(scratch, C("calendar-data"), ics)
		if err := ms.Item("/dav/calendars/ann@example.org/work/", "a.ics", scratch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCollection prints a response with found and missing properties, as for a home.
func BenchmarkCollection(b *testing.B) {
	ms := NewMultiStatus(io.Discard)
	found, missing := make([]byte, 0, 2048), make([]byte, 0, 2048)
	unknown := xml.Name{Space: "http://me.com/_namespace/", Local: "bulk-requests"}
	b.ReportAllocs()
	for b.Loop() {
		found = AppendText(found[:0], D("displayname"), "Büro")
		found = AppendNames(found, D("resourcetype"), D("collection"), C("calendar"))
		found = AppendHrefs(found, D("owner"), "/dav/principals/ann@example.org/")
		found = AppendText(found, CS("getctag"), "urn:sync:1:100000")
		found = AppendText(found, ICAL("calendar-color"), "#FF2968FF")
		missing = AppendEmpty(missing[:0], unknown)
		missing = AppendEmpty(missing, CS("source"))
		ms.Response("/dav/calendars/ann@example.org/work/")
		ms.Propstat(200, found)
		ms.Propstat(404, missing)
		if err := ms.EndResponse(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParsePropFind(b *testing.B) {
	body := readFile(b, "testdata/macos-home.xml")
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := ParsePropFind(bytes.NewReader(body), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseMultiget reads a multiget of 100 hrefs.
func BenchmarkParseMultiget(b *testing.B) {
	content := AppendNames(nil, D("prop"), D("getetag"), C("calendar-data"))
	for i := range 100 {
		content = AppendHref(content, fmt.Sprintf("/dav/calendars/ann@example.org/work/%08x-9e1e-4b43.ics", i))
	}
	body := AppendDocument(nil, C("calendar-multiget"), content)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := ParseReport(bytes.NewReader(body), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeHref(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeHref("/dav/calendars/ann%40example.org/work/a%20b.ics", nil); err != nil {
			b.Fatal(err)
		}
	}
}
