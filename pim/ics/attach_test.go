package ics_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

// parsed is an event with some lines.
func parsed(t *testing.T, lines ...string) *ics.Object {
	t.Helper()
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261124T090000Z\r\n" +
		strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func files(t *testing.T, o *ics.Object) []pim.Attachment {
	t.Helper()
	it, err := o.Item(ics.Zones{})
	if err != nil {
		t.Fatal(err)
	}
	return pim.AttachmentsOf(it)
}

func TestFilesAreRead(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]pim.Attachment{
		"ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain;FILENAME=a.txt:aGVsbG8=":               pim.NewAttachment("a.txt", "text/plain", []byte("hello")),
		"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"a, b.txt\":aGVsbG8":                          pim.NewAttachment("a, b.txt", "", []byte("hello")),
		"ATTACH;FMTTYPE=text/plain;ENCODING=base64;X-LABEL=a.txt:aGVs\r\n bG8=":                        pim.NewAttachment("a.txt", "text/plain", []byte("hello")),
		"ATTACH;FILENAME=a.txt:data:text/plain;charset=utf-8;base64,aGVsbG8%3D":                        pim.NewAttachment("a.txt", "text/plain", []byte("hello")),
		"ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=\"^'a^'.txt\":aGVsbG8=":                          pim.NewAttachment(`"a".txt`, "", []byte("hello")),
		"ATTACH;VALUE=BINARY;ENCODING=BASE64:aGVsbG8=\r\nATTACH;VALUE=BINARY;ENCODING=BASE64:aGVsbG8=": pim.NewAttachment("", "", []byte("hello")),
	} {
		got := files(t, parsed(t, line))
		if len(got) != 1 || !got[0].Same(want) || got[0].Type != want.Type || got[0].Size != 5 {
			t.Errorf("%s: got %+v", line, got)
		}
	}
	for _, line := range []string{
		"ATTACH:https://example.org/a.txt", "ATTACH;FMTTYPE=text/plain;MANAGED-ID=1;FILENAME=a.txt;SIZE=5:https://example.org/a.txt", "ATTACH:CID:1@example.org",
		"ATTACH;VALUE=BINARY;ENCODING=BASE64:!!", "ATTACH;VALUE=BINARY;ENCODING=BASE64:", "ATTACH:data:text/plain,hello",
	} {
		if got := files(t, parsed(t, line)); len(got) > 0 {
			t.Errorf("%s: got %+v", line, got)
		}
	}
}

// large is a file of n bytes, inside the text.
func large(name string, n int) string {
	return "ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=" + name + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(name[:1], n)))
}

// TestLargeFilesStayInTheText: what is past the bound is told by name, and no write touches it.
func TestLargeFilesStayInTheText(t *testing.T) {
	t.Parallel()
	o := parsed(t, large("a", 100), large("big", pim.MaxAttachments), large("c", 100))
	got := files(t, o)
	if len(got) != 3 || !got[0].Carried() || got[1].Carried() || got[1].Bytes != nil || got[1].Size != pim.MaxAttachments || !got[2].Carried() {
		t.Fatalf("%d files: %v", len(got), got)
	}
	it, _ := o.Item(ics.Zones{})
	want := pim.Clone(it).(*pim.Event)
	want.Attachments = []pim.Attachment{got[0], pim.NewAttachment("new", "", []byte("new")), pim.NewAttachment("big", "", []byte(strings.Repeat("b", pim.MaxAttachments)))}
	next, err := ics.Apply(o, want, pim.Set(pim.FieldAttachments), ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range files(t, next) {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{"a", "big", "new"}) {
		t.Errorf("the text has %q", names)
	}
}

func TestFilesAreWritten(t *testing.T) {
	t.Parallel()
	link := "ATTACH;FMTTYPE=text/html:https://example.org/"
	o := parsed(t, "ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=old.txt;X-A=1:b2xk", link, "ATTACH;X-B=2;VALUE=BINARY;ENCODING=BASE64:c3RheXM")
	it, _ := o.Item(ics.Zones{})
	want := pim.Clone(it).(*pim.Event)
	stays := want.Attachments[1]
	stays.Type = "image/png" // no change
	want.Attachments = []pim.Attachment{stays, pim.NewAttachment("offer \"A\".pdf", "application/pdf", []byte("%PDF")), pim.NewAttachment("", "not a type", []byte{0, 1, 2})}
	next, err := ics.Apply(o, want, pim.AllOf(pim.KindEvent), ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, l := range others(string(next.Bytes()), nil) {
		if strings.HasPrefix(l, "ATTACH") {
			have = append(have, l)
		}
	}
	if want := []string{
		link, "ATTACH;X-B=2;VALUE=BINARY;ENCODING=BASE64:c3RheXM",
		"ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=application/pdf;FILENAME=offer ^'A^'.pdf;X-FILENAME=offer ^'A^'.pdf:JVBERg==",
		"ATTACH;VALUE=BINARY;ENCODING=BASE64:AAEC",
	}; !slices.Equal(have, want) {
		t.Errorf("have %q\nwant %q", have, want)
	}
	if got, _ := next.Item(ics.Zones{}); !pim.Equal(got, want, pim.AllOf(pim.KindEvent)) {
		t.Errorf("it is read as %v", pim.AttachmentsOf(got))
	}
	if faults := next.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestOccurrencesHaveNoCopies: a series' files are its own, neither in overrides that are made of it nor in single occurrences, and
// those that an override has stay.
func TestOccurrencesHaveNoCopies(t *testing.T) {
	t.Parallel()
	o := parsed(t, "RRULE:FREQ=DAILY;COUNT=5", large("a", 10), "ATTACH:https://example.org/",
		"END:VEVENT", "BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261125T090000Z", "DTSTART:20261125T100000Z", large("own", 10))
	it, _ := o.Item(ics.Zones{})
	want := pim.Clone(it).(*pim.Event)
	if len(want.Attachments) != 1 || len(pim.AttachmentsOf(want.Recurrence.Changed[0].Item)) != 0 {
		t.Fatalf("the view has %+v", want.Recurrence)
	}
	one := pim.OwnOccurrence(want, utc("20261126T090000Z")).(*pim.Event)
	one.Title = "Another"
	want.Recurrence.Changed = append(want.Recurrence.Changed, pim.Occurrence{At: utc("20261126T090000Z"), Item: one})
	next, err := ics.Apply(o, want, pim.AllOf(pim.KindEvent), ics.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(next.Bytes()), "ATTACH;"); n != 2 {
		t.Errorf("%d files in\n%s", n, next.Bytes())
	}
	if n := strings.Count(string(next.Bytes()), "ATTACH:"); n != 2 {
		t.Errorf("%d links in\n%s", n, next.Bytes())
	}
	all, err := next.Singles(ics.Zones{}, ics.TimeRange{}, nil, 0, func(id string) string { return id })
	if err != nil || len(all) != 5 {
		t.Fatal(err, len(all))
	}
	for i, s := range all {
		if has := strings.Contains(string(s.Object.Bytes()), "ATTACH;"); has != (i == 1) {
			t.Errorf("occurrence %d has files: %v", i, has)
		}
	}
}
