package feed_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/feed"
	"crmbridge/pim/ics"
)

// secretWord makes texts that are found again: nothing else in a feed has such words.
func secretWord(t *rapid.T, hidden bool) string {
	mark := "qopen"
	if hidden {
		mark = "qhidden"
	}
	return mark + rapid.StringMatching(`[a-z]{6}(-[äß😀 ]{0,2}[a-z]{3})?`).Draw(t, "word")
}

// drawComponent is an event or task as some program might have written it, well or not.
func drawComponent(t *rapid.T, kind, uid, class, extra string, hidden bool) string {
	var b strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	w := func() string { return secretWord(t, hidden) }
	day := rapid.IntRange(1, 28).Draw(t, "day")
	add("BEGIN:%s", kind)
	add("UID:%s", uid)
	add("%s", class)
	form := rapid.SampledFrom([]string{
		"DTSTART:202603%02dT090000Z\r\nDTEND:202603%02[1]dT100000Z", "DTSTART;VALUE=DATE:202603%02d",
		"DTSTART;TZID=Europe/Berlin:202603%02dT090000\r\nDURATION:PT1H", "DTSTART;TZID=\"Own, zone\";X-A=" + w() + ":202603%02dT090000",
		"DTSTART;TZID=nowhere:202603%02dt090000", "DTSTART:202603%02dT090000", "DTSTART;TZID=UTC:202603%02dT090000\r\nDTEND:" + w(),
		"DTSTART;TZID=Romance Standard Time;VALUE=DATE-TIME: 202603%02dT090000 ",
	}).Draw(t, "form")
	add(form, day)
	for range rapid.IntRange(0, 6).Draw(t, "lines") {
		line := rapid.SampledFrom([]string{
			"SUMMARY:%s", "DESCRIPTION;ALTREP=\"cid:%s\":x", "LOCATION;LANGUAGE=en:%s", "X-UNKNOWN;X-P=\"%s:;,\":v", "CATEGORIES:%s,b",
			"ATTENDEE;CN=%s:mailto:ann@example.org", "ORGANIZER;CN=\"%s\":mailto:olga@example.org", "CONTACT:%s", "COMMENT:%s",
			"URL:https://example.org/%s", "RDATE;VALUE=PERIOD:20260401T090000Z/PT1H,%s", "EXDATE;TZID=Europe/Berlin:20260402T090000,%s",
			"RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;UNTIL=20260501T090000;BYDAY=MO", "RRULE:FREQ=%s", "SEQUENCE:%s", "STATUS:%s",
			"TRANSP:%s", "DTSTAMP:%s", "item1.X-ABC:%s", "X-ALT-DESC;FMTTYPE=text/html:<p>%s</p>", "DTSTAMP:20260101T000000Z",
			"X-MICROSOFT-CDO-BUSYSTATUS:%s", "GEO:%s", "ATTACH:https://example.org/%s", "RELATED-TO:%s", "DURATION:%s",
			"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:%s\r\nEND:VALARM", "BEGIN:X-INNER\r\nX-A:%s\r\nEND:X-INNER",
			"X BAD NAME:%s", "X-QUOTE;A=\"b\"c:%s", "X-EMPTY;A=;B:%s",
		}).Draw(t, "line")
		if strings.Contains(line, "%s") {
			line = fmt.Sprintf(line, w())
		}
		add("%s", line)
	}
	if extra != "" {
		add("%s", extra)
	}
	add("END:%s", kind)
	return b.String()
}

const ownZone = "BEGIN:VTIMEZONE\r\nTZID:Own\\, zone\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZNAME:%s\r\nTZOFFSETFROM:+0111\r\nTZOFFSETTO:+0111\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

// drawObject draws a stored object whose hidden texts only a feed with private items may have.
func drawObject(t *rapid.T, i int) feed.Entry {
	kind := rapid.SampledFrom([]string{"VEVENT", "VEVENT", "VTODO", "VJOURNAL"}).Draw(t, "kind")
	hidden := rapid.Bool().Draw(t, "hidden")
	class := rapid.SampledFrom([]string{"CLASS:PUBLIC", "CLASS: public ", "CLASS:"}).Draw(t, "class")
	closed := rapid.SampledFrom([]string{"CLASS:PRIVATE", "CLASS;X-A=1:confidential", "CLASS:X-SOME", "X-CALENDARSERVER-ACCESS:RESTRICTED", "CLASS:PUBLIC\r\nCLASS:PRIVATE"}).Draw(t, "closed")
	if hidden {
		class = closed
	}
	uid := fmt.Sprintf("%s%d", secretWord(t, hidden), i)
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + fmt.Sprintf(ownZone, secretWord(t, true)) + drawComponent(t, kind, uid, class, "", hidden)
	for n := range rapid.IntRange(0, 2).Draw(t, "overrides") {
		over, overClass := hidden, class
		if !hidden && rapid.Bool().Draw(t, "hidden override") {
			over, overClass = true, closed
		} else if hidden {
			overClass = "CLASS:PUBLIC" // the series is hidden all the same
		}
		ranged := rapid.SampledFrom([]string{"", "", ";RANGE=THISANDFUTURE"}).Draw(t, "range")
		text += drawComponent(t, kind, uid, overClass, fmt.Sprintf("RECURRENCE-ID%s:2026031%dT090000Z", ranged, n+1), over)
	}
	text += "END:VCALENDAR\r\n"
	if rapid.IntRange(0, 20).Draw(t, "cut") == 0 {
		text = text[:len(text)/2]
	}
	e := feed.Entry{UID: uid, Text: []byte(text), Changed: now}
	if o, err := ics.Parse(e.Text, ics.Limits{}); err == nil {
		e.First, _ = o.Bounds()
	}
	return e
}

// Whatever is in the store, the feed is one that readers take, holds nothing of a private
// item unless it may, and nothing of any text when it says only when somebody is busy.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		var es []feed.Entry
		for i := range rapid.IntRange(0, 6).Draw(t, "objects") {
			es = append(es, drawObject(t, i))
		}
		c := feed.Calendar{
			Name: "calendar", Zone: zone, Now: now, Refresh: time.Hour, Key: []byte("k"), ProdID: "p",
			Busy: rapid.Bool().Draw(t, "busy"), Private: rapid.Bool().Draw(t, "private"), Alarms: rapid.Bool().Draw(t, "alarms"),
			Tasks: rapid.Bool().Draw(t, "tasks"), Outlook: rapid.Bool().Draw(t, "outlook"),
		}
		if rapid.Bool().Draw(t, "window") {
			c.From, c.Until = now.AddDate(0, 0, -5), now.AddDate(0, 0, 10)
		}
		var b bytes.Buffer
		res, err := feed.Render(&b, c, source(es))
		if err != nil {
			t.Fatal(err)
		}
		o := wellFormed(t, b.Bytes())
		flat := strings.NewReplacer("\r\n ", "").Replace(b.String())
		if !c.Private && strings.Contains(flat, "qhidden") {
			t.Fatalf("something private is in it:\n%s", flat)
		}
		if c.Busy && (strings.Contains(flat, "qopen") || strings.Contains(strings.ToLower(flat), "qhidden")) {
			t.Fatalf("a text is in it:\n%s", flat)
		}
		if strings.Contains(flat, "ATTENDEE") || strings.Contains(flat, "VJOURNAL") || !c.Alarms && strings.Contains(flat, "VALARM") {
			t.Fatalf("what no feed has:\n%s", flat)
		}
		uids := map[string]bool{}
		for _, comp := range o.Calendar().Blocks("") {
			if comp.Name != "VTIMEZONE" {
				uids[comp.Value("UID")] = true
			}
		}
		if len(uids) > len(es)*3 || res.Shown > len(es) || res.Shown > 0 && len(uids) == 0 {
			t.Fatalf("%d shown, %d UIDs", res.Shown, len(uids))
		}
		again := bytes.Buffer{}
		if _, err := feed.Render(&again, c, source(es)); err != nil || again.String() != b.String() {
			t.Fatalf("the second time it is another: %v", err)
		}
	})
}
