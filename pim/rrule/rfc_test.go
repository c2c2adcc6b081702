package rrule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func newYork(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func reading(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse("20060102T150405", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustParse(t testing.TB, text string) Rule {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// spell reads lists of dates like those of the RFC: "1997 Sep 2-11, Oct 3; 1998 Jan 1".
func spell(t testing.TB, list string) []string {
	t.Helper()
	var out []string
	for years := range strings.SplitSeq(list, ";") {
		words := strings.Fields(strings.ReplaceAll(years, ",", " "))
		year, month := words[0], ""
		for _, w := range words[1:] {
			if m, err := time.Parse("Jan", w); err == nil {
				month = m.Format("01")
				continue
			}
			first, last, isRange := strings.Cut(w, "-")
			if !isRange {
				last = first
			}
			from, err1 := strconv.Atoi(first)
			to, err2 := strconv.Atoi(last)
			if err1 != nil || err2 != nil {
				t.Fatalf("%q in %q", w, list)
			}
			for d := from; d <= to; d++ {
				out = append(out, fmt.Sprintf("%s-%s-%02d", year, month, d))
			}
		}
	}
	return out
}

const daysOf1997 = "1997 Sep 2-30, Oct 1-31, Nov 1-30, Dec 1-23"

// The examples of RFC 5545 3.8.5.3, all in America/New_York and at 09:00 where no time is said. Those without end are
// shown as far as the RFC does.
var rfcExamples = []struct {
	start, rule, want string
	more              bool // goes on after want
}{
	{"19970902", "FREQ=DAILY;COUNT=10", "1997 Sep 2-11", false},
	{"19970902", "FREQ=DAILY;UNTIL=19971224T000000Z", daysOf1997, false},
	{"19970902", "FREQ=DAILY;INTERVAL=2", "1997 Sep 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30, Oct 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30, Nov 1 3 5", true},
	{"19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 Sep 2 12 22, Oct 2 12", false},
	{"19980101", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "1998 Jan 1-31; 1999 Jan 1-31; 2000 Jan 1-31", false},
	{"19980101", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "1998 Jan 1-31; 1999 Jan 1-31; 2000 Jan 1-31", false},
	{"19970902", "FREQ=WEEKLY;COUNT=10", "1997 Sep 2 9 16 23 30, Oct 7 14 21 28, Nov 4", false},
	{"19970902", "FREQ=WEEKLY;UNTIL=19971224T000000Z", "1997 Sep 2 9 16 23 30, Oct 7 14 21 28, Nov 4 11 18 25, Dec 2 9 16 23", false},
	{"19970902", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997 Sep 2 16 30, Oct 14 28, Nov 11 25, Dec 9 23; 1998 Jan 6 20, Feb 3 17", true},
	{"19970902", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "1997 Sep 2 4 9 11 16 18 23 25 30, Oct 2", false},
	{"19970902", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "1997 Sep 2 4 9 11 16 18 23 25 30, Oct 2", false},
	{"19970901", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", "1997 Sep 1 3 5 15 17 19 29, Oct 1 3 13 15 17 27 29 31, Nov 10 12 14 24 26 28, Dec 8 10 12 22", false},
	{"19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997 Sep 2 4 16 18 30, Oct 2 14 16", false},
	{"19970905", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997 Sep 5, Oct 3, Nov 7, Dec 5; 1998 Jan 2, Feb 6, Mar 6, Apr 3, May 1, Jun 5", false},
	{"19970905", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1997 Sep 5, Oct 3, Nov 7, Dec 5", false},
	{"19970907", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "1997 Sep 7 28, Nov 2 30; 1998 Jan 4 25, Mar 1 29, May 3 31", false},
	{"19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 Sep 22, Oct 20, Nov 17, Dec 22; 1998 Jan 19, Feb 16", false},
	{"19970928", "FREQ=MONTHLY;BYMONTHDAY=-3", "1997 Sep 28, Oct 29, Nov 28, Dec 29; 1998 Jan 29, Feb 26", true},
	{"19970902", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997 Sep 2 15, Oct 2 15, Nov 2 15, Dec 2 15; 1998 Jan 2 15", false},
	{"19970930", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997 Sep 30, Oct 1 31, Nov 1 30, Dec 1 31; 1998 Jan 1 31, Feb 1", false},
	{"19970910", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "1997 Sep 10-15; 1999 Mar 10-13", false},
	{"19970902", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997 Sep 2 9 16 23 30, Nov 4 11 18 25; 1998 Jan 6 13 20 27, Mar 3 10 17 24 31", true},
	{"19970610", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997 Jun 10, Jul 10; 1998 Jun 10, Jul 10; 1999 Jun 10, Jul 10; 2000 Jun 10, Jul 10; 2001 Jun 10, Jul 10", false},
	{"19970310", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "1997 Mar 10; 1999 Jan 10, Feb 10, Mar 10; 2001 Jan 10, Feb 10, Mar 10; 2003 Jan 10, Feb 10, Mar 10", false},
	{"19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "1997 Jan 1, Apr 10, Jul 19; 2000 Jan 1, Apr 9, Jul 18; 2003 Jan 1, Apr 10, Jul 19; 2006 Jan 1", false},
	{"19970519", "FREQ=YEARLY;BYDAY=20MO", "1997 May 19; 1998 May 18; 1999 May 17", true},
	{"19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 May 12; 1998 May 11; 1999 May 17", true},
	{"19970313", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997 Mar 13 20 27; 1998 Mar 5 12 19 26; 1999 Mar 4 11 18 25", true},
	{"19970605", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997 Jun 5 12 19 26, Jul 3 10 17 24 31, Aug 7 14 21 28; 1998 Jun 4 11 18 25, Jul 2 9 16 23 30, Aug 6 13 20 27; 1999 Jun 3 10 17 24, Jul 1 8 15 22 29, Aug 5 12 19 26", true},
	{"19970913", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997 Sep 13, Oct 11, Nov 8, Dec 13; 1998 Jan 10, Feb 7, Mar 7, Apr 11, May 9, Jun 13", true},
	{"19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996 Nov 5; 2000 Nov 7; 2004 Nov 2", true},
	{"19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 Sep 4, Oct 7, Nov 6", false},
	{"19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997 Sep 29, Oct 30, Nov 27, Dec 30; 1998 Jan 29, Feb 26, Mar 30", true},
	{"19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 Aug 5 10 19 24", false},
	{"19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 Aug 5 17 19 31", false},
	{"20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 Jan 15 30, Feb 15, Mar 15 30", false},
}

func TestRFCExamples(t *testing.T) {
	t.Parallel()
	loc := newYork(t)
	for _, tt := range rfcExamples {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			set := Set{Start: reading(t, tt.start+"T090000"), Zone: loc, Rules: []Rule{mustParse(t, tt.rule)}}
			want := spell(t, tt.want)
			for i := range want {
				want[i] += " 09:00"
			}
			it := set.Iter(time.Time{}, time.Time{}, nil)
			var got []string
			for len(got) < len(want) {
				at, ok := it.Next()
				if !ok {
					break
				}
				got = append(got, at.Format("2006-01-02 15:04"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if _, ok := it.Next(); ok != tt.more || it.Err() != nil {
				t.Errorf("goes on: %v, %v", ok, it.Err())
			}
			// Dates give the same days.
			if !tt.more && !strings.Contains(tt.rule, "UNTIL") {
				days := Set{Start: set.Start, Date: true, Rules: set.Rules}
				all, err := days.Between(time.Time{}, time.Time{}, nil)
				if err != nil || len(all) != len(want) {
					t.Fatalf("%d dates, %v", len(all), err)
				}
				for i, d := range all {
					if d.Format("2006-01-02 15:04") != want[i][:10]+" 00:00" {
						t.Errorf("date %v, want %s", d, want[i])
					}
				}
			}
		})
	}
}

// The examples whose occurrences are times of one day, and the one with an exception.
func TestRFCExamplesOfTimes(t *testing.T) {
	t.Parallel()
	loc := newYork(t)
	var every20 []string
	for _, d := range []string{"02", "03"} {
		for m := 9 * 60; m <= 16*60+40; m += 20 {
			every20 = append(every20, fmt.Sprintf("%s %02d:%02d", d, m/60, m%60))
		}
	}
	for _, tt := range []struct {
		rule string
		want []string
	}{
		// Erratum 3883: with UNTIL=19970902T170000Z, as printed, 15:00 in New York is too late.
		{"FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", []string{"02 09:00", "02 12:00", "02 15:00"}},
		{"FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", []string{"02 09:00", "02 12:00"}},
		{"FREQ=MINUTELY;INTERVAL=15;COUNT=6", []string{"02 09:00", "02 09:15", "02 09:30", "02 09:45", "02 10:00", "02 10:15"}},
		{"FREQ=MINUTELY;INTERVAL=90;COUNT=4", []string{"02 09:00", "02 10:30", "02 12:00", "02 13:30"}},
		{"FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", every20},
		{"FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", every20},
	} {
		set := Set{Start: reading(t, "19970902T090000"), Zone: loc, Rules: []Rule{mustParse(t, tt.rule)}}
		all, err := set.Between(time.Time{}, set.At(reading(t, "19970904T000000")), nil)
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
		}
		var got []string
		for _, at := range all {
			got = append(got, at.Format("02 15:04"))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got  %v\nwant %v", tt.rule, got, tt.want)
		}
	}

	fridays := Set{
		Start: reading(t, "19970902T090000"), Zone: loc, Rules: []Rule{mustParse(t, "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13")},
		ExDates: []time.Time{time.Date(1997, 9, 2, 13, 0, 0, 0, time.UTC)},
	}
	all, err := fridays.Between(time.Time{}, time.Date(2000, 12, 1, 0, 0, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := spell(t, "1998 Feb 13, Mar 13, Nov 13; 1999 Aug 13; 2000 Oct 13")
	for i, at := range all {
		if i >= len(want) || at.Format("2006-01-02") != want[i] {
			t.Fatalf("Fridays the 13th: %v, want %v", all, want)
		}
	}
	if len(all) != len(want) {
		t.Errorf("Fridays the 13th: %v, want %v", all, want)
	}
}
