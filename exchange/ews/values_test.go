package ews

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/exchange/series"
	"crmbridge/pim"
)

func zonesOf(t testing.TB, name string) *zones {
	t.Helper()
	z, err := newZones(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The user's own zone keeps its name; others get the one that Windows' name stands for; what Windows does not know is UTC.
func TestZoneNames(t *testing.T) {
	t.Parallel()
	oslo := zonesOf(t, "Europe/Oslo")
	for iana, want := range map[string]string{"Europe/Oslo": "W. Europe Standard Time", "Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time", "": "UTC", "Antarctica/Troll": "UTC"} {
		if got := oslo.windows(iana); got != want {
			t.Errorf("%s: %s", iana, got)
		}
	}
	for windows, want := range map[string]string{"W. Europe Standard Time": "Europe/Oslo", "Eastern Standard Time": "America/New_York", "UTC": "", "tzone://Microsoft/Utc": ""} {
		if got, ok := oslo.iana(windows); !ok || got != want {
			t.Errorf("%s: %s %v", windows, got, ok)
		}
	}
	for _, nothing := range []string{"", "tzone://Microsoft/Custom", "Customised"} {
		if got, ok := oslo.iana(nothing); ok {
			t.Errorf("%s: %s", nothing, got)
		}
	}
}

// An all-day event of any zone keeps its days, also where the zone is beyond twelve hours from UTC, and where its name says nothing.
func TestDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, windows string
	}{{"Europe/Oslo", "W. Europe Standard Time"}, {"Pacific/Auckland", "New Zealand Standard Time"}, {"Pacific/Honolulu", "Hawaiian Standard Time"}, {"Pacific/Kiritimati", "Line Islands Standard Time"}, {"Asia/Kathmandu", "Nepal Standard Time"}} {
		z := zonesOf(t, c.zone)
		for _, day := range []pim.When{pim.On(2026, 1, 31), pim.On(2026, 3, 29), pim.On(2026, 10, 25)} {
			at := val(stamp(z.instant(day)))
			if got := z.day(at, zoneDef{ID: c.windows}); !got.Equal(day) {
				t.Errorf("%s: %v became %v", c.zone, day, got)
			}
			if c.zone == "Pacific/Auckland" || c.zone == "Pacific/Kiritimati" {
				continue // beyond what can be told without the zone
			}
			if got := z.day(at, zoneDef{ID: "Customised"}); !got.Equal(day) {
				t.Errorf("%s, without its name: %v became %v", c.zone, day, got)
			}
		}
	}
	for _, s := range []string{"2026-05-17T11:59:00Z", "2026-05-17T00:00:00Z", "2026-05-16T22:00:00Z", "2026-05-17T08:00:00Z"} {
		if got := nearestDay(val(s).time()); !got.Equal(pim.On(2026, 5, 17)) {
			t.Errorf("%s is %v", s, got)
		}
	}
}

// A reading of what was written is the same, whatever numbers there are and as far as there are places.
func TestPhonePlaces(t *testing.T) {
	t.Parallel()
	read := func(at map[string]string) []pim.Labeled {
		x := &item{}
		for k, v := range at {
			x.Phones = append(x.Phones, entry{k, v})
		}
		c := &pim.Contact{}
		readPhones(x, c, nil)
		return c.Phones
	}
	c := []pim.Labeled{{Label: "work", Value: "1"}, {Label: "work", Value: "2"}, {Label: "work", Value: "3"}, {Label: "cell,work", Value: "4"}, {Label: "fax", Value: "5"}, {Label: "fax,home", Value: "6"}, {Value: "7"}, {Label: "pager", Value: "8"}}
	places, left := placed(c)
	got := read(places)
	for _, want := range []pim.Labeled{{Label: "work", Value: "1"}, {Label: "work", Value: "2"}, {Label: "cell", Value: "4"}, {Label: "fax", Value: "5"}, {Label: "fax,home", Value: "6"}, {Label: "other", Value: "7"}, {Label: "pager", Value: "8"}} {
		if !slices.Contains(got, want) {
			t.Errorf("%v is not among %v", want, got)
		}
	}
	if len(got) != len(c) || len(left) != 0 {
		t.Errorf("%d of %d numbers have a place", len(got), len(c))
	}
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.SampledFrom([]string{"", "work", "home", "cell", "fax", "fax,work", "pager", "main", "car", "assistant"}), 0, 12).Draw(t, "labels")
		var in []pim.Labeled
		for i, l := range labels {
			in = append(in, pim.Labeled{Label: l, Value: fmt.Sprint(i)})
		}
		first, left := placed(in)
		if len(first)+len(left) != len(in) {
			t.Fatalf("%d places and %d left out of %d", len(first), len(left), len(in))
		}
		seen := map[string]bool{}
		for _, v := range first {
			if seen[v] {
				t.Fatalf("%s has two places", v)
			}
			seen[v] = true
		}
		if again := reread(read, first); !pim.Equal(&pim.Contact{Phones: read(first)}, &pim.Contact{Phones: again}, pim.Set(pim.FieldPhones)) {
			t.Fatalf("%v became %v", read(first), again)
		}
	})
}

func reread(read func(map[string]string) []pim.Labeled, at map[string]string) []pim.Labeled {
	again, _ := placed(read(at))
	return read(again)
}

func TestAddressPlaces(t *testing.T) {
	t.Parallel()
	at, mail, left := placedAddresses([]pim.Address{{Label: "work", City: "A"}, {Label: "work", City: "B", Preferred: true}, {Label: "home", City: "C"}, {City: "D"}, {Label: "work", City: "E"}})
	if at["Business"].City != "A" || at["Home"].City != "C" || at["Other"].City != "D" || mail != "None" || len(left) != 2 {
		t.Errorf("%v %s", at, mail)
	}
	at, mail, left = placedAddresses([]pim.Address{{Label: "work", City: "A"}, {Label: "work", City: "B", Preferred: true}})
	if at["Other"].City != "B" || mail != "Other" || len(at) != 2 || len(left) != 0 {
		t.Errorf("%v %s", at, mail)
	}
}

// Every pattern that can be written is read as itself.
func TestPatternSpelling(t *testing.T) {
	t.Parallel()
	z := zonesOf(t, "Europe/Oslo")
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=7", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU;UNTIL=20261231T070000Z",
		"FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYDAY=1MO;COUNT=3", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1",
		"FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1", "FREQ=YEARLY;BYMONTH=6;BYDAY=1MO", "FREQ=YEARLY;INTERVAL=3;BYMONTH=6;BYMONTHDAY=1", "FREQ=MONTHLY;INTERVAL=2",
	} {
		e := &pim.Event{Start: pim.At(time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC), "Europe/Oslo")}
		e.Recurrence = &pim.Recurrence{Rules: []string{rule}}
		want, err := z.patternOf(e)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		x := asRead(t, element(want, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)))
		got, ok := x.pattern()
		if !ok || !got.Same(want) {
			t.Errorf("%s: %+v became %+v", rule, want, got)
		}
	}
	if _, ok := (&recurrence{}).pattern(); ok {
		t.Error("a pattern of nothing")
	}
	if p := spelled(series.Pattern{Form: series.AbsoluteYearly, Interval: 2, Month: time.May, DayOfMonth: 1}); p.Form != series.AbsoluteMonthly || p.Interval != 24 {
		t.Errorf("%+v", p)
	}
}

// asRead is a written recurrence as an answer has it.
func asRead(t *testing.T, e el) *recurrence {
	t.Helper()
	a, err := readAnswer("test", []byte(success("GetItem", `<m:Items>`+text(node("t:CalendarItem", e))+`</m:Items>`)))
	if err != nil {
		t.Fatal(err)
	}
	return a.Body.Response.Messages.List[0].Items.List[0].Recurrence
}

// Texts are cut by characters, and line ends become those of each side.
func TestTexts(t *testing.T) {
	t.Parallel()
	if got := cut(strings.Repeat("é", 300)); len([]rune(got)) != textLimit {
		t.Errorf("%d characters", len([]rune(got)))
	}
	if got := crlf("a\nb\r\nc\rd\n\n"); got != "a\r\nb\r\nc\r\nd" {
		t.Errorf("%q", got)
	}
	if got := noteText("a\r\nb\r\n"); got != "a\nb" {
		t.Errorf("%q", got)
	}
}

// What a status, a per cent and a day of completion say together.
func TestTaskStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task pim.Task
		want string
	}{
		{pim.Task{}, "NotStarted"}, {pim.Task{Percent: 40}, "InProgress"}, {pim.Task{Percent: 100}, "Completed"}, {pim.Task{Completed: pim.On(2026, 1, 1)}, "Completed"},
		{pim.Task{Activity: pim.Activity{Status: pim.NeedsAction}}, "NotStarted"}, {pim.Task{Activity: pim.Activity{Status: pim.NeedsAction}, Percent: 40}, "InProgress"},
		{pim.Task{Activity: pim.Activity{Status: pim.InProcess}, Percent: 100}, "InProgress"}, {pim.Task{Activity: pim.Activity{Status: pim.Cancelled}}, "Deferred"},
		{pim.Task{Activity: pim.Activity{Status: pim.Completed}}, "Completed"},
	} {
		if got := taskStatus(&c.task); got != c.want {
			t.Errorf("%v %d %v is %s, want %s", c.task.Status, c.task.Percent, c.task.Completed, got, c.want)
		}
	}
}

// A task that is done keeps the user's day, and never one that UTC has not reached.
func TestDayOfCompletion(t *testing.T) {
	t.Parallel()
	auckland := zonesOf(t, "Pacific/Auckland")
	evening := time.Date(2026, 5, 1, 19, 0, 0, 0, time.UTC) // the 2nd there
	for now, want := range map[time.Time]string{evening: "2026-05-01T00:00:00Z", evening.Add(24 * time.Hour): "2026-05-02T00:00:00Z"} {
		w := &writing{item: &pim.Task{Activity: pim.Activity{Status: pim.Completed}, Completed: pim.At(evening, "")}, zones: auckland, now: now}
		writeProgress(w)
		if len(w.changes) != 1 || w.changes[0].el.text != want {
			t.Errorf("at %v: %+v", now, w.changes)
		}
	}
}

// Whose mailbox is meant follows from the names; another one is never opened by a guess.
func TestWhose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user, mailbox, impersonate string
		acting, own                bool
	}{
		{"ann@example.org", "", auto, false, true}, {"ann@example.org", "Ann@example.org", auto, false, true}, {`EXAMPLE\ann`, "ann@example.org", auto, false, true},
		{"svc", "ann@example.org", auto, true, false}, {"svc", "ann@example.org", no, false, false}, {"ann", "ann@example.org", yes, true, true},
	} {
		s := exchangeSettings("user", c.user, "mailbox", c.mailbox, "impersonate", c.impersonate)
		if acting(s) != c.acting || own(s) != c.own {
			t.Errorf("%+v: acting %v, own %v", c, acting(s), own(s))
		}
	}
}
