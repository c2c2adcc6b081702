package dav

import (
	"strings"
	"testing"
	"time"
)

func cardOf(t *testing.T, lines ...string) document {
	t.Helper()
	text := strings.Join(append(append([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:u"}, lines...), "END:VCARD", ""), "\r\n")
	d, err := readCard(books, []byte(text), Limits{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func eventOf(t *testing.T, lines ...string) document {
	t.Helper()
	text := strings.Join(append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z",
		"DTSTART:20260110T100000Z", "DTEND:20260110T110000Z"}, lines...), "END:VEVENT", "END:VCALENDAR", ""), "\r\n")
	d, err := readCalendar(calendars, []byte(text), Limits{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var mergeTime = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// What the typed view does not show of a property is kept like any other: neither side's change of it goes unnoticed.
func TestThreeWayKeepsWhatFieldsDoNotShow(t *testing.T) {
	t.Parallel()
	person := "FN:Ada Lane\r\nN:Lane;Ada;;;"
	for name, c := range map[string]struct{ base, changed string }{
		"second note":      {"TITLE:b", "TITLE:b\r\nNOTE:one\r\nNOTE:two"},
		"second title":     {"TITLE:b", "TITLE:b\r\nTITLE:c"},
		"second ORG":       {"ORG:a", "ORG:a\r\nORG:b"},
		"third unit":       {"ORG:a;b", "ORG:a;b;c"},
		"text of a gender": {"GENDER:O", "GENDER:O;something"},
		"photo elsewhere":  {"PHOTO;VALUE=URI:https://example.org/1.png", "PHOTO;VALUE=URI:https://example.org/2.png"},
		"label":            {"ADR:;;Road 1;;;;", "ADR;LABEL=Road one:;;Road 1;;;;"},
		"sort as":          {"NICKNAME:x", "NICKNAME;SORT-AS=y:x"},
	} {
		base, changed := cardOf(t, person, c.base), cardOf(t, person, c.changed)
		other := cardOf(t, person, c.base, "X-CRM-OWNER:Bo", "TEL:1")
		for side, got := range map[string]document{
			"mine": threeWay(base, changed, other, mergeTime, time.UTC), "theirs": threeWay(base, other, changed, mergeTime, time.UTC),
		} {
			if got == nil {
				t.Errorf("%s of %s collides", name, side)
				continue
			}
			for _, line := range strings.Split(c.changed, "\r\n") {
				if !strings.Contains(string(got.bytes()), line) || !strings.Contains(string(got.bytes()), "TEL:1") {
					t.Errorf("%s of %s: no %s in\n%s", name, side, line, got.bytes())
				}
			}
		}
	}
	for name, c := range map[string]struct{ base, changed string }{
		"role":        {"ATTENDEE:mailto:b@example.org", "ATTENDEE;ROLE=CHAIR:mailto:b@example.org"},
		"delegation":  {"ATTENDEE:mailto:b@example.org", `ATTENDEE;DELEGATED-TO="mailto:c@example.org":mailto:b@example.org`},
		"alternative": {"DESCRIPTION:x", `DESCRIPTION;ALTREP="https://example.org/x":x`},
	} {
		base, changed, other := eventOf(t, c.base), eventOf(t, c.changed), eventOf(t, c.base, "LOCATION:here")
		for side, got := range map[string]document{
			"mine": threeWay(base, changed, other, mergeTime, time.UTC), "theirs": threeWay(base, other, changed, mergeTime, time.UTC),
		} {
			if got == nil || !strings.Contains(unfolded(got), c.changed) || !strings.Contains(unfolded(got), "LOCATION:here") {
				t.Errorf("%s of %s: %v", name, side, got)
			}
		}
	}
}

func unfolded(d document) string { return strings.ReplaceAll(string(d.bytes()), "\r\n ", "") }

func TestThreeWay(t *testing.T) {
	t.Parallel()
	person := "FN:Ada Lane\r\nN:Lane;Ada;;;"
	alarm := "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT10M\r\nEND:VALARM"
	for name, c := range map[string]struct {
		base, mine, theirs document
		want               []string // lines of the result; nil: a collision
		not                []string
	}{
		"different fields": {
			cardOf(t, person, "NOTE:a", "TITLE:b"), cardOf(t, person, "NOTE:A", "TITLE:b"), cardOf(t, person, "NOTE:a", "TITLE:B"),
			[]string{"NOTE:A", "TITLE:B"}, nil,
		},
		"same change": {
			cardOf(t, person, "NOTE:a"), cardOf(t, person, "NOTE:A"), cardOf(t, person, "NOTE:A"), []string{"NOTE:A"}, nil,
		},
		"same field": {cardOf(t, person, "NOTE:a"), cardOf(t, person, "NOTE:A"), cardOf(t, person, "NOTE:B"), nil, nil},
		"list elements": {
			cardOf(t, person, "TEL:1"), cardOf(t, person, "TEL:1", "TEL:2"), cardOf(t, person, "TEL:1", "TEL:3"), []string{"TEL:1", "2", "3"}, nil,
		},
		"unknown of mine is kept": {
			cardOf(t, person, "NOTE:a"), cardOf(t, person, "NOTE:a", "X-MINE:1"), cardOf(t, person, "NOTE:B"), []string{"X-MINE:1", "NOTE:B"}, nil,
		},
		"unknown of theirs is kept": {
			cardOf(t, person, "NOTE:a"), cardOf(t, person, "NOTE:A"), cardOf(t, person, "NOTE:a", "X-THEIRS:1"), []string{"X-THEIRS:1", "NOTE:A"}, nil,
		},
		"unknown of both": {
			cardOf(t, person), cardOf(t, person, "X-MINE:1"), cardOf(t, person, "X-THEIRS:1"), []string{"X-MINE:1", "X-THEIRS:1"}, nil,
		},
		"unknown of both, the same": {
			cardOf(t, person, "X-A:1"), cardOf(t, person, "X-A:2"), cardOf(t, person, "X-A:3"), nil, nil,
		},
		"unknown alike": {
			cardOf(t, person, "NOTE:a"), cardOf(t, person, "X-SAME:1", "NOTE:a"), cardOf(t, person, "X-SAME:1", "NOTE:B"), []string{"X-SAME:1", "NOTE:B"}, nil,
		},
		"removed by mine": {
			cardOf(t, person, "X-OLD:1", "NOTE:a"), cardOf(t, person, "NOTE:a"), cardOf(t, person, "X-OLD:1", "NOTE:B"), []string{"NOTE:B"}, []string{"X-OLD"},
		},
		"no base, same content": {
			nil, cardOf(t, person, "NOTE:a", "TITLE:b"), cardOf(t, person, "TITLE:b", "NOTE:a"), []string{"NOTE:a"}, nil,
		},
		"no base": {nil, cardOf(t, person, "NOTE:a"), cardOf(t, person, "NOTE:b"), nil, nil},
		"time and title": {
			eventOf(t, "SUMMARY:a"), eventOf(t, "SUMMARY:A"), eventUntil(t, "20260110T120000Z", "SUMMARY:a"),
			[]string{"SUMMARY:A", "DTEND:20260110T120000Z"}, nil,
		},
		"alarm of mine": {
			eventOf(t, "SUMMARY:a"), eventOf(t, "SUMMARY:a", alarm), eventOf(t, "SUMMARY:B"), []string{"BEGIN:VALARM", "SUMMARY:B"}, nil,
		},
		"saved by another program": {
			eventOf(t, "SUMMARY:a", "LAST-MODIFIED:20260101T000000Z", "SEQUENCE:1"), eventOf(t, "SEQUENCE:2", "LAST-MODIFIED:20260103T000000Z", "SUMMARY:a", "LOCATION:x"),
			eventOf(t, "SUMMARY:b", "LAST-MODIFIED:20260102T000000Z", "SEQUENCE:5"), []string{"SUMMARY:b", "LOCATION:x"}, nil,
		},
		"overrides of both": {
			withOverride(t, "a"), withOverride(t, "b"), withOverride(t, "c"), nil, nil,
		},
		"override of mine, title of theirs": {
			withOverride(t, "a"), withOverride(t, "b"), withOverride(t, "a", "LOCATION:x"), []string{"SUMMARY:b", "LOCATION:x"}, nil,
		},
	} {
		got := threeWay(c.base, c.mine, c.theirs, mergeTime, time.UTC)
		if (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, got)
			continue
		}
		for _, line := range c.want {
			if !strings.Contains(string(got.bytes()), line) {
				t.Errorf("%s: no %s in\n%s", name, line, got.bytes())
			}
		}
		for _, line := range c.not {
			if strings.Contains(string(got.bytes()), line) {
				t.Errorf("%s: %s in\n%s", name, line, got.bytes())
			}
		}
	}
}

// eventUntil is an event with another end.
func eventUntil(t *testing.T, end string, lines ...string) document {
	t.Helper()
	text := strings.Replace(string(eventOf(t, lines...).bytes()), "DTEND:20260110T110000Z", "DTEND:"+end, 1)
	d, err := readCalendar(calendars, []byte(text), Limits{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// withOverride is a series with one changed occurrence, whose title is given.
func withOverride(t *testing.T, title string, lines ...string) document {
	t.Helper()
	lines = append([]string{"SUMMARY:series", "RRULE:FREQ=DAILY"}, lines...)
	override := []string{"END:VEVENT", "BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20260112T100000Z", "DTSTART:20260112T100000Z", "SUMMARY:" + title}
	return eventOf(t, append(lines, override...)...)
}

// Merging is neutral where only one side did anything, whatever the texts are.
func TestThreeWayNeutral(t *testing.T) {
	t.Parallel()
	person := "FN:Ada Lane\r\nN:Lane;Ada;;;"
	docs := []document{cardOf(t, person), cardOf(t, person, "NOTE:a"), cardOf(t, person, "X-A:1", "TEL:1"), cardOf(t, "FN:Other\r\nN:Other;;;;", "TEL:2", "TEL:3")}
	for _, base := range docs {
		for _, x := range docs {
			for name, got := range map[string]document{
				"mine alone": threeWay(base, x, base, mergeTime, time.UTC), "theirs alone": threeWay(base, base, x, mergeTime, time.UTC),
				"both the same": threeWay(base, x, x, mergeTime, time.UTC),
			} {
				if got == nil || !differing(got, x, time.UTC).IsEmpty() {
					t.Errorf("%s: %v", name, got)
				}
			}
		}
	}
}
