package rrule

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// Entering a rule at a window costs no more for its age.
func TestOldRulesAreCheap(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	from := time.Date(2026, 6, 1, 0, 0, 0, 0, berlin)
	until := from.AddDate(0, 1, 0)
	for _, tt := range []struct {
		rule         string
		steps, found int
	}{
		{"FREQ=DAILY", 70, 30},
		{"FREQ=DAILY;INTERVAL=3;BYHOUR=8,20", 40, 20},
		{"FREQ=DAILY;COUNT=100000", 70, 30},
		{"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", 40, 22},
		{"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=100000", 40, 22},
		{"FREQ=DAILY;UNTIL=20991231", 70, 30},
		{"FREQ=DAILY;BYMONTH=6", 70, 30},
		{"FREQ=WEEKLY;BYDAY=MO,WE", 20, 9},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=50000", 20, 5},
		{"FREQ=MONTHLY;BYDAY=-1FR", 10, 1},
		{"FREQ=MONTHLY;BYDAY=-1FR;COUNT=5000", 700, 1}, // counted month by month
		{"FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=10", 10, 1},
		{"FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=10;COUNT=1000", 70, 1},
		{"FREQ=HOURLY;COUNT=100000000", 1500, 720},
		{"FREQ=HOURLY;BYHOUR=9,10", 140, 60},
		{"FREQ=SECONDLY;BYSECOND=0;BYMINUTE=0;BYHOUR=12", 70, 30},
		{"FREQ=SECONDLY;BYMONTH=6;BYMONTHDAY=1;BYHOUR=12;BYMINUTE=0", 400, 60},
		{"FREQ=SECONDLY;INTERVAL=86400", 70, 30},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 10, 0},
		{"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 20, 0},
		{"FREQ=DAILY;BYMONTH=2", 10, 0},
	} {
		set := Set{Start: reading(t, "19700101T120000"), Zone: berlin, Rules: []Rule{mustParse(t, tt.rule)}}
		b := NewBudget(ObjectSteps)
		all, err := set.Between(from, until, b)
		if used := ObjectSteps - b.Left(); err != nil || len(all) != tt.found || used > tt.steps {
			t.Errorf("%s: %d found in %d steps, %v; want %d in %d", tt.rule, len(all), used, err, tt.found, tt.steps)
		}
	}
}

// Whatever a rule asks for, it ends soon and says so.
func TestBudgetEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule  string
		found int
		err   error
	}{
		{"FREQ=SECONDLY", 5000, ErrBudget},
		{"FREQ=MINUTELY", 5000, ErrBudget},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1, nil}, // up to the year 9999
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", 1, nil},
		{"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", 1, ErrBudget},
		{"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 1, ErrBudget}, // day by day of each February
		{"FREQ=SECONDLY;INTERVAL=60;BYSECOND=30", 1, ErrBudget},
		{"FREQ=YEARLY;BYHOUR=" + numbersTo(23) + ";BYMINUTE=" + numbersTo(59) + ";BYSECOND=" + numbersTo(59), 9999, ErrBudget},
		{"FREQ=YEARLY;BYHOUR=" + numbersTo(23) + ";BYMINUTE=" + numbersTo(59) + ";BYSECOND=" + numbersTo(59) + ";BYSETPOS=-1,366", 10000, ErrBudget},
		{"FREQ=YEARLY;INTERVAL=2147483647", 1, nil},
		{"FREQ=WEEKLY;INTERVAL=2147483647;COUNT=2147483647", 1, nil},
		{"FREQ=SECONDLY;COUNT=2147483647", 5000, ErrBudget},
	} {
		set := Set{Start: reading(t, "20260101T000000"), Rules: []Rule{mustParse(t, tt.rule)}}
		var all []time.Time
		var err error
		if took := testenv.Work(t, func() { all, err = set.Between(time.Time{}, time.Time{}, nil) }); took > time.Second {
			t.Errorf("%.60s took %v", tt.rule, took)
		}
		if !errors.Is(err, tt.err) || len(all) > ObjectSteps || len(all) < min(tt.found, 3333) && tt.found > 1 || tt.found == 1 && len(all) != 1 {
			t.Errorf("%.60s: %d found, %v; want %d, %v", tt.rule, len(all), err, tt.found, tt.err)
		}
		if _, err := set.Bounds(time.Hour, nil); err != nil {
			t.Errorf("%.60s: bounds: %v", tt.rule, err)
		}
	}
}

func numbersTo(n int) string {
	var b strings.Builder
	for i := range n + 1 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()
}

// The request's steps are spent by all its objects; an object's own do not outlast it.
func TestSharedBudget(t *testing.T) {
	t.Parallel()
	set := Set{Start: reading(t, "20260101T000000"), Rules: []Rule{{Freq: Secondly}}}
	request := NewBudget(250)
	var found []int
	for range 4 {
		all, err := set.Between(time.Time{}, time.Time{}, request.Object(100))
		if !errors.Is(err, ErrBudget) {
			t.Fatalf("error %v", err)
		}
		found = append(found, len(all))
	}
	if request.Left() != 0 || found[0] < 49 || found[1] != found[0] || found[2] >= found[0] || found[3] != 1 {
		t.Errorf("%d left, found %v", request.Left(), found)
	}
	if left := NewBudget(10).Object(100).Left(); left != 10 {
		t.Errorf("an object of 100 steps in a request of 10 has %d", left)
	}
	if left := (*Budget)(nil).Object(7).Left(); left != 7 {
		t.Errorf("an object of 7 steps without a request has %d", left)
	}
	if left := (*Budget)(nil).Left(); left != ObjectSteps {
		t.Errorf("no budget has %d steps", left)
	}
	if left := NewBudget(-1).Left(); left != 0 {
		t.Errorf("a negative budget has %d steps", left)
	}
}

// A rule that runs out does not hide what is known without it.
func TestBudgetKeepsDates(t *testing.T) {
	t.Parallel()
	start := reading(t, "20260101T000000")
	set := Set{
		Start: start, Rules: []Rule{mustParse(t, "FREQ=SECONDLY;INTERVAL=60;BYSECOND=30")},
		RDates: []time.Time{start.AddDate(0, 0, 2), start.AddDate(5, 0, 0)},
	}
	all, err := set.Between(time.Time{}, time.Time{}, nil)
	if got := format(all, "2006-01-02"); !errors.Is(err, ErrBudget) || got != "2026-01-01 2026-01-03" {
		t.Errorf("%s, %v", got, err)
	}
}
