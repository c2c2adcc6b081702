package rrule

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	other "github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// anyRule draws a valid rule of FREQ between the two given. It leaves out where the RFC leaves room and others went
// another way (see the package's documentation): week numbers without a day, and the 60th second. dateutil and
// rrule-go, its descendant, also take weeks from the end of the year wrongly where they touch the next; so only a few.
func anyRule(t *rapid.T, shortest, longest Freq) Rule {
	r := Rule{Freq: Freq(rapid.IntRange(int(shortest), int(longest)).Draw(t, "freq"))}
	if rapid.Bool().Draw(t, "hasInterval") {
		r.Interval = rapid.IntRange(1, 5).Draw(t, "interval")
	}
	list := func(name string, likely bool, low, high int, negative bool) []int {
		if chance := rapid.IntRange(0, 9).Draw(t, "has"+name); chance > 6 || chance > 2 && !likely {
			return nil
		}
		g := rapid.IntRange(low, high)
		if negative {
			g = rapid.OneOf(g, rapid.IntRange(-high, -low))
		}
		return sorted(rapid.SliceOfNDistinct(g, 1, 4, rapid.ID).Draw(t, name))
	}
	r.ByMonth = list("month", true, 1, 12, false)
	if r.Freq == Yearly && rapid.IntRange(0, 3).Draw(t, "weeks") == 0 {
		r.ByWeekNo = list("weekNo", true, 1, 53, false)
		if rapid.IntRange(0, 3).Draw(t, "lastWeek") == 0 {
			r.ByWeekNo = []int{-1}
		}
	}
	if r.Freq == Yearly || r.Freq < Daily {
		r.ByYearDay = list("yearDay", false, 1, 366, true)
	}
	if r.Freq != Weekly {
		r.ByMonthDay = list("monthDay", false, 1, 31, true)
	}
	r.ByDay = anyDays(t, r)
	r.ByHour = list("hour", false, 0, 23, false)
	r.ByMinute = list("minute", false, 0, 59, false)
	r.BySecond = list("second", false, 0, 59, false)
	if r.hasOtherBy() && rapid.IntRange(0, 3).Draw(t, "hasSetPos") == 0 {
		r.BySetPos = sorted(rapid.SliceOfNDistinct(rapid.SampledFrom([]int{1, 2, 3, 7, -1, -2, -5}), 1, 3, rapid.ID).Draw(t, "setPos"))
	}
	if rapid.Bool().Draw(t, "hasWeekStart") {
		r.WeekStart = Weekday(rapid.IntRange(0, 6).Draw(t, "weekStart"))
	}
	if rapid.IntRange(0, 2).Draw(t, "hasCount") == 0 {
		r.Count = rapid.IntRange(1, 40).Draw(t, "count")
	}
	return r
}

func anyDays(t *rapid.T, r Rule) []NthDay {
	need := len(r.ByWeekNo) > 0
	if !need && rapid.Bool().Draw(t, "hasDay") {
		return nil
	}
	var days []NthDay
	for _, d := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, rapid.ID).Draw(t, "days") {
		n := 0
		if (r.Freq == Monthly || r.Freq == Yearly) && !need && rapid.Bool().Draw(t, "hasNth") {
			most := 5
			if r.Freq == Yearly && len(r.ByMonth) == 0 {
				most = 53
			}
			n = rapid.OneOf(rapid.IntRange(1, most), rapid.IntRange(-most, -1)).Draw(t, "nth")
		}
		days = append(days, NthDay{n, Weekday(d)})
	}
	slices.SortFunc(days, compareDays)
	return days
}

func sorted(list []int) []int {
	slices.Sort(list)
	return list
}

func anyStart(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "start"), 0).UTC()
}

// withStart is what dateutil and rrule-go give, turned into what RFC 5545 3.8.5.3 says: the start is the first
// occurrence and counts.
func withStart(list []time.Time, start time.Time, count int) []time.Time {
	if len(list) > 0 && list[0].Equal(start) {
		return list
	}
	list = append([]time.Time{start}, list...)
	if count > 0 && len(list) > count {
		list = list[:count]
	}
	return list
}

func toOther(t *rapid.T, r Rule, start, until time.Time) *other.RRule {
	days := [...]other.Weekday{other.MO, other.TU, other.WE, other.TH, other.FR, other.SA, other.SU}
	o := other.ROption{
		Freq: map[Freq]other.Frequency{
			Yearly: other.YEARLY, Monthly: other.MONTHLY, Weekly: other.WEEKLY, Daily: other.DAILY,
			Hourly: other.HOURLY, Minutely: other.MINUTELY, Secondly: other.SECONDLY,
		}[r.Freq],
		Dtstart: start, Interval: r.Interval, Wkst: days[r.WeekStart], Count: r.Count, Until: until,
		Bysetpos: r.BySetPos, Bymonth: r.ByMonth, Bymonthday: r.ByMonthDay, Byyearday: r.ByYearDay, Byweekno: r.ByWeekNo,
		Byhour: r.ByHour, Byminute: r.ByMinute, Bysecond: r.BySecond,
	}
	for _, d := range r.ByDay {
		w := days[d.Day]
		if d.N != 0 {
			w = w.Nth(d.N)
		}
		o.Byweekday = append(o.Byweekday, w)
	}
	rule, err := other.NewRRule(o)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

func TestAgainstRRuleGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, start := anyRule(t, Daily, Yearly), anyStart(t)
		r = comparable(r, start)
		until := start.AddDate(9, 0, 0)
		set := Set{Start: start, Rules: []Rule{r}}
		got, err := set.Between(time.Time{}, until, NewBudget(200_000))
		if err != nil {
			t.Skip("more than one cares to compare")
		}
		if len(got) < 3 {
			t.Skip("rrule-go looks for further ones up to the year 9999, day by day")
		}
		const most = 400
		var want []time.Time
		next := toOther(t, r, start, until.Add(-time.Second)).Iterator()
		for at, ok := next(); ok && len(want) <= most; at, ok = next() {
			want = append(want, at)
		}
		want = withStart(want, start, r.Count)
		want, got = want[:min(most, len(want))], got[:min(most, len(got))]
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s from %s\ngot  %v\nwant %v", r, start.Format("Mon 2006-01-02 15:04:05"), got, want)
		}
	})
}

// comparable drops what dateutil and rrule-go do otherwise than RFC 5545 3.3.10: it has BYSETPOS count in the whole
// week, they from DTSTART in the first one; BYDAY=MO,1TU is a list of days, of which they want both at once.
func comparable(r Rule, start time.Time) Rule {
	if r.hasNth() {
		r.ByDay = slices.DeleteFunc(slices.Clone(r.ByDay), func(d NthDay) bool { return d.N == 0 })
	}
	if r.Freq == Weekly && WeekdayOf(start.Weekday()) != r.WeekStart {
		r.BySetPos = nil
	}
	return r
}

// dateutil is asked once for many rules.
func TestAgainstDateutil(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import dateutil.rrule").Run()
	}
	if err != nil {
		t.Skip("python3 with dateutil (python3-dateutil) is not installed")
	}
	type question struct {
		Rule, Start, Until string
		set                Set
		until              time.Time
	}
	draw := rapid.Custom(func(t *rapid.T) question {
		r, start := anyRule(t, Daily, Yearly), anyStart(t)
		r = comparable(r, start)
		until := start.AddDate(6, 0, 0)
		const form = "2006-01-02T15:04:05"
		return question{r.String(), start.Format(form), until.Format(form), Set{Start: start, Rules: []Rule{r}}, until}
	})
	var questions []question
	var gots [][]time.Time
	for seed := range 200 {
		q := draw.Example(seed)
		got, err := q.set.Between(time.Time{}, q.until, NewBudget(1e6))
		if err != nil {
			t.Fatal(q.Rule, err)
		}
		if len(got) > 2 { // others dateutil searches for up to the year 9999
			questions, gots = append(questions, q), append(gots, got)
		}
	}
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-W", "ignore", "-c", `
import sys, json, datetime, dateutil.rrule as R
out = []
for q in json.load(sys.stdin):
    until = datetime.datetime.fromisoformat(q["Until"])
    got = []
    # Both COUNT and UNTIL, or rare matches are searched for without end.
    end = q["Until"].replace("-", "").replace(":", "")
    for t in R.rrulestr(q["Rule"] + ";UNTIL=" + end, dtstart=datetime.datetime.fromisoformat(q["Start"])):
        if t >= until or len(got) >= 300: break
        got.append(t.isoformat() + "Z")
    out.append(got)
json.dump(out, sys.stdout)
`)
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers [][]time.Time
	if err := json.Unmarshal(raw, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	for i, q := range questions {
		got, want := gots[i], withStart(answers[i], q.set.Start, q.set.Rules[0].Count)
		n := min(len(got), len(want), 300)
		if len(got) < 300 && len(got) != len(want) || !slices.EqualFunc(got[:n], want[:n], time.Time.Equal) {
			t.Errorf("%s from %s\ngot  %v\nwant %v", q.Rule, q.Start, got[:n], want[:n])
		}
	}
}
