package rrule

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"FREQ=DAILY", "FREQ=DAILY"},
		{"freq=daily;", "FREQ=DAILY"},
		{"RRULE:FREQ=DAILY;;INTERVAL=1", "FREQ=DAILY"},
		{" FREQ = WEEKLY ; BYDAY = MO, TU ", "FREQ=WEEKLY;BYDAY=MO,TU"},
		{"COUNT=3;FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=3"},
		{"FREQ=DAILY;COUNT=00010", "FREQ=DAILY;COUNT=10"},
		{"FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231"},
		{"FREQ=DAILY;UNTIL=20261231T235959", "FREQ=DAILY;UNTIL=20261231T235959"},
		{"FREQ=DAILY;until=20261231t235959z", "FREQ=DAILY;UNTIL=20261231T235959Z"},
		{"FREQ=DAILY;UNTIL=20161231T235960Z", "FREQ=DAILY;UNTIL=20161231T235959Z"},
		{"FREQ=MONTHLY;BYDAY=+1MO,-1MO,1MO,TU", "FREQ=MONTHLY;BYDAY=-1MO,TU,1MO"},
		{"FREQ=MONTHLY;BYMONTHDAY=+15,-1,1,1", "FREQ=MONTHLY;BYMONTHDAY=-1,1,15"},
		{"FREQ=YEARLY;BYWEEKNO=-1,53;BYDAY=SU;WKST=SU", "FREQ=YEARLY;BYWEEKNO=-1,53;BYDAY=SU;WKST=SU"},
		{"FREQ=YEARLY;BYDAY=53MO,-53SU", "FREQ=YEARLY;BYDAY=-53SU,53MO"},
		{"FREQ=SECONDLY;BYSECOND=60,0;BYMINUTE=59;BYHOUR=23", "FREQ=SECONDLY;BYHOUR=23;BYMINUTE=59;BYSECOND=0,60"},
		{"FREQ=HOURLY;BYYEARDAY=-366,366", "FREQ=HOURLY;BYYEARDAY=-366,366"},
		{"FREQ=DAILY;INTERVAL=2147483647", "FREQ=DAILY;INTERVAL=2147483647"},
		{"WKST=MO;BYSETPOS=-1;BYDAY=FR,MO;FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1"},
		{"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT", "FREQ=YEARLY"},
	} {
		r, err := Parse(tt.in)
		if err != nil || r.String() != tt.want {
			t.Errorf("Parse(%q) = %q, %v, want %q", tt.in, r, err, tt.want)
		}
		if r.Interval == 1 {
			r.Interval = 0 // the same, and not written
		}
		if again, err := Parse(r.String()); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q read again: %+v, %v, want %+v", r, again, err, r)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		is   error
		says string
	}{
		{"", ErrRule, "FREQ is missing"},
		{";", ErrRule, "FREQ is missing"},
		{"INTERVAL=2", ErrRule, "FREQ is missing"},
		{"FREQ", ErrRule, `"FREQ" has no value`},
		{"FREQ=", ErrRule, `FREQ=""`},
		{"FREQ=FORTNIGHTLY", ErrRule, `FREQ="FORTNIGHTLY"`},
		{"FREQ=DAILY;FREQ=DAILY", ErrRule, `"FREQ" twice`},
		{"FREQ=DAILY;BYEASTER=0", ErrRule, `unknown part "BYEASTER"`},
		{"FREQ=DAILY;COUNT=0", ErrRule, `COUNT="0"`},
		{"FREQ=DAILY;COUNT=-1", ErrRule, `COUNT="-1"`},
		{"FREQ=DAILY;COUNT=2147483648", ErrRule, "COUNT"},
		{"FREQ=DAILY;COUNT=99999999999999999999", ErrRule, "COUNT"},
		{"FREQ=DAILY;INTERVAL=0", ErrRule, `INTERVAL="0"`},
		{"FREQ=DAILY;INTERVAL=1.5", ErrRule, "INTERVAL"},
		{"FREQ=DAILY;INTERVAL=", ErrRule, "INTERVAL"},
		{"FREQ=DAILY;COUNT=1;UNTIL=20260101", ErrRule, "both COUNT and UNTIL"},
		{"FREQ=DAILY;UNTIL=20260230", ErrRule, "UNTIL"},
		{"FREQ=DAILY;UNTIL=2026-01-01", ErrRule, "UNTIL"},
		{"FREQ=DAILY;UNTIL=20260101T000000+0100", ErrRule, "UNTIL"},
		{"FREQ=DAILY;UNTIL=20260101T000000.5Z", ErrRule, "UNTIL"},
		{"FREQ=DAILY;UNTIL=00000101", ErrRule, "UNTIL: year 0"},
		{"FREQ=DAILY;UNTIL=", ErrRule, "UNTIL"},
		{"FREQ=DAILY;BYMONTH=0", ErrRule, `BYMONTH: "0": want 1 to 12`},
		{"FREQ=DAILY;BYMONTH=13", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYMONTH=-1", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYMONTH=+1", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYMONTH=1,,2", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYMONTH=1,2,", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYMONTH=JAN", ErrRule, "BYMONTH"},
		{"FREQ=DAILY;BYHOUR=24", ErrRule, "BYHOUR"},
		{"FREQ=DAILY;BYMINUTE=60", ErrRule, "BYMINUTE"},
		{"FREQ=DAILY;BYSECOND=61", ErrRule, "BYSECOND"},
		{"FREQ=DAILY;BYMONTHDAY=32", ErrRule, `BYMONTHDAY: "32": want 1 to 31 or -31 to -1`},
		{"FREQ=MONTHLY;BYMONTHDAY=0", ErrRule, "BYMONTHDAY"},
		{"FREQ=YEARLY;BYYEARDAY=367", ErrRule, "BYYEARDAY"},
		{"FREQ=YEARLY;BYWEEKNO=54", ErrRule, "BYWEEKNO"},
		{"FREQ=YEARLY;BYDAY=54MO", ErrRule, `BYDAY: "54MO"`},
		{"FREQ=YEARLY;BYDAY=0MO", ErrRule, "BYDAY"},
		{"FREQ=YEARLY;BYDAY=XX", ErrRule, `BYDAY: "XX" is no weekday`},
		{"FREQ=YEARLY;BYDAY=M", ErrRule, "BYDAY"},
		{"FREQ=YEARLY;BYDAY=", ErrRule, "BYDAY"},
		{"FREQ=YEARLY;BYDAY=--1MO", ErrRule, "BYDAY"},
		{"FREQ=YEARLY;WKST=1MO", ErrRule, "WKST"},
		{"FREQ=YEARLY;BYSETPOS=1", ErrRule, "BYSETPOS without another BY part"},
		{"FREQ=YEARLY;BYDAY=MO;BYSETPOS=0", ErrRule, "BYSETPOS"},
		{"FREQ=YEARLY;BYDAY=MO;BYSETPOS=367", ErrRule, "BYSETPOS"},
		{"FREQ=MONTHLY;BYWEEKNO=1", ErrRule, "BYWEEKNO with FREQ=MONTHLY"},
		{"FREQ=DAILY;BYYEARDAY=1", ErrRule, "BYYEARDAY with FREQ=DAILY"},
		{"FREQ=WEEKLY;BYMONTHDAY=1", ErrRule, "BYMONTHDAY with FREQ=WEEKLY"},
		{"FREQ=WEEKLY;BYDAY=1MO", ErrRule, "BYDAY with a number with FREQ=WEEKLY"},
		{"FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", ErrRule, "BYDAY with a number with BYWEEKNO"},
		{"FREQ=YEARLY;BYMONTH=" + strings.Repeat("1,", 12) + "1", ErrRule, "13 values, at most 12"},
		{"FREQ=YEARLY;BYDAY=" + strings.Repeat("MO,", 749) + "MO", ErrRule, "750 values, at most 749"},
		{"FREQ=DAILY;" + strings.Repeat(" ", maxText), ErrRule, "bytes, at most"},
		{"RSCALE=CHINESE;FREQ=YEARLY", ErrUnsupported, "CHINESE"},
		{"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", ErrUnsupported, "FORWARD"},
		{"RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=5L", ErrUnsupported, "5L"},
		{"\x00\xff", ErrRule, "has no value"},
	} {
		r, err := Parse(tt.in)
		if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Parse(%.60q): error %v, want %q", tt.in, err, tt.says)
		}
		if !reflect.DeepEqual(r, Rule{}) {
			t.Errorf("Parse(%.60q): %+v with an error", tt.in, r)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Rule{
		"no freq":      {},
		"freq":         {Freq: Yearly + 1},
		"negative":     {Freq: -1},
		"interval":     {Freq: Daily, Interval: -1},
		"count":        {Freq: Daily, Count: -1},
		"until form":   {Freq: Daily, Until: Until{Form: UntilUTC + 1}},
		"until year":   {Freq: Daily, Until: Until{Form: UntilDate, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"week start":   {Freq: Daily, WeekStart: Sunday + 1},
		"weekday":      {Freq: Daily, ByDay: []NthDay{{Day: -1}}},
		"nth":          {Freq: Yearly, ByDay: []NthDay{{N: 54}}},
		"many days":    {Freq: Yearly, ByDay: make([]NthDay, maxDays+1)},
		"month":        {Freq: Yearly, ByMonth: []int{0}},
		"many seconds": {Freq: Yearly, BySecond: make([]int, 62)},
	} {
		if err := r.Validate(); !errors.Is(err, ErrRule) {
			t.Errorf("%s: %v", name, err)
		}
		set := Set{Start: reading(t, "20260101T000000"), Rules: []Rule{r}}
		if all, err := set.Between(time.Time{}, time.Time{}, nil); !errors.Is(err, ErrRule) || all != nil {
			t.Errorf("%s: Between: %v, %v", name, all, err)
		}
		if _, err := set.Bounds(0, nil); !errors.Is(err, ErrRule) {
			t.Errorf("%s: Bounds: %v", name, err)
		}
	}
	empty := Rule{Freq: Daily, ByDay: []NthDay{}, ByMonth: []int{}, BySetPos: []int{}}
	if err := empty.Validate(); err != nil || empty.String() != "FREQ=DAILY" {
		t.Errorf("empty lists: %q, %v", empty, err)
	}
}

func TestWeekday(t *testing.T) {
	t.Parallel()
	for d := time.Sunday; d <= time.Saturday; d++ {
		if w := WeekdayOf(d); w.Std() != d || !strings.EqualFold(w.String(), d.String()[:2]) {
			t.Errorf("%v is %v, which is %v", d, w, w.Std())
		}
	}
	if Weekday(7).String() != "" || Weekday(-1).String() != "" || Freq(8).String() != "" || Freq(-1).String() != "" {
		t.Error("names of what is none")
	}
}

func TestStringProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRule(t, Secondly, Yearly)
		if r.Count == 0 && rapid.Bool().Draw(t, "hasUntil") {
			r.Until = Until{UntilForm(rapid.IntRange(1, 3).Draw(t, "form")), anyStart(t)}
			if r.Until.Form == UntilDate {
				r.Until.Time = r.Until.Time.Truncate(24 * time.Hour)
			}
		}
		if r.Interval == 1 {
			r.Interval = 0
		}
		back, err := Parse(r.String())
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%s: %+v, %v, want %+v", r, back, err, r)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, e := range rfcExamples {
		f.Add(e.rule)
	}
	f.Add("RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=5L;SKIP=OMIT")
	f.Add("FREQ=DAILY;UNTIL=20161231T235960Z;BYDAY=+1MO;;WKST=" + strconv.Quote("SU"))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrRule) && !errors.Is(err, ErrUnsupported) {
				t.Fatal(err)
			}
			if len(err.Error()) > 200 {
				t.Fatalf("error of %d bytes", len(err.Error()))
			}
			return
		}
		again, err := Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q is %q, which is %q, %v", text, r, again, err)
		}
	})
}
