package ics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim/ics"
)

// question is a series as dateutil's rruleset and Python's zoneinfo are asked about it. Times are readings of clocks.
type question struct {
	Zone    string // "" for UTC, floating times and dates
	Start   string
	Rules   []string // without UNTIL
	Until   []string // of each rule: a UTC instant where there is a zone, else a reading; "" for none
	ExRules []string
	RDates  []string
	ExDates []string
	End     string // UTC

	lines []string
}

const reading = "2006-01-02T15:04:05"

// anyRuleText draws a rule. It leaves out what dateutil does otherwise than RFC 5545 (see pim/rrule/oracle_test.go, which
// has the rarer parts).
func anyRuleText(t *rapid.T, date bool) string {
	freqs := []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
	if !date {
		freqs = append(freqs, "HOURLY")
	}
	freq := rapid.SampledFrom(freqs).Draw(t, "freq")
	parts := []string{"FREQ=" + freq}
	add := func(name string, likely int, values ...string) bool {
		if rapid.IntRange(0, 9).Draw(t, "has"+name) >= likely {
			return false
		}
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID).Draw(t, name)
		parts = append(parts, name+"="+strings.Join(some, ","))
		return true
	}
	days, by := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, false
	by = add("BYMONTH", 3, "1", "2", "3", "6", "10", "12") || by
	switch freq {
	case "HOURLY":
		by = add("BYHOUR", 8, "0", "1", "2", "3", "9", "17") || by
		by = add("BYDAY", 4, days...) || by
	case "DAILY":
		by = add("BYDAY", 4, days...) || by
		by = add("BYMONTHDAY", 2, "1", "13", "31", "-1") || by
	case "WEEKLY":
		add("BYDAY", 6, days...)
	case "MONTHLY":
		if add("BYDAY", 5, "1MO", "2TU", "-1FR", "5WE", "-2SU") {
			by = true
		} else {
			by = add("BYMONTHDAY", 5, "1", "15", "29", "30", "31", "-1", "-3") || by
		}
	case "YEARLY":
		switch rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			by = add("BYDAY", 10, "1MO", "20TU", "-1FR", "53SU") || by
		case 1:
			by = add("BYMONTHDAY", 10, "1", "29", "-1") || by
		case 2:
			by = add("BYYEARDAY", 10, "1", "60", "100", "366", "-1", "-306") || by
		case 3:
			parts = slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "BYMONTH=") })
			by = add("BYWEEKNO", 10, "1", "10", "20", "52") && add("BYDAY", 10, days...)
		}
	}
	if !date {
		by = add("BYMINUTE", 1, "0", "15", "45") || by
	}
	if by && freq != "HOURLY" {
		add("BYSETPOS", 2, "1", "2", "-1")
	}
	if rapid.Bool().Draw(t, "hasInterval") {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", rapid.IntRange(1, 4).Draw(t, "interval")))
	}
	if rapid.IntRange(0, 3).Draw(t, "hasCount") == 0 {
		parts = append(parts, fmt.Sprintf("COUNT=%d", rapid.IntRange(1, 30).Draw(t, "count")))
	}
	return strings.Join(parts, ";")
}

func anyQuestion(t *rapid.T) question {
	kind := rapid.SampledFrom([]string{"utc", "floating", "date", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"}).Draw(t, "kind")
	start := time.Date(rapid.IntRange(2001, 2024).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"),
		rapid.SampledFrom([]int{0, 1, 2, 3, 12, 23}).Draw(t, "hour"), rapid.SampledFrom([]int{0, 15, 30, 59}).Draw(t, "minute"), 0, 0, time.UTC)
	if kind == "date" {
		start = start.Truncate(24 * time.Hour)
	}
	end := start.AddDate(3, 0, 0)
	q := question{Start: start.Format(reading), End: end.Format(reading)}
	format, param := "20060102T150405", ""
	switch kind {
	case "utc":
		format += "Z"
	case "date":
		format, param = "20060102", ";VALUE=DATE"
	case "floating":
	default:
		q.Zone, param = kind, ";TZID="+kind
	}
	q.lines = append(q.lines, "DTSTART"+param+":"+start.Format(format))
	for range rapid.IntRange(1, 2).Draw(t, "rules") {
		rule, until := anyRuleText(t, kind == "date"), ""
		text := rule
		if !strings.Contains(rule, "COUNT") && rapid.IntRange(0, 2).Draw(t, "hasUntil") == 0 {
			at := start.AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, "until"))
			until = at.Format(reading)
			form := format
			if q.Zone != "" {
				form += "Z" // RFC 5545 3.3.10: UNTIL in UTC when DTSTART has a zone
			}
			text += ";UNTIL=" + at.Format(form)
		}
		q.Rules, q.Until, q.lines = append(q.Rules, rule), append(q.Until, until), append(q.lines, "RRULE:"+text)
	}
	if rapid.IntRange(0, 2).Draw(t, "hasExRule") == 0 {
		rule := anyRuleText(t, kind == "date")
		q.ExRules, q.lines = append(q.ExRules, rule), append(q.lines, "EXRULE:"+rule)
	}
	dates := func(name string) (out []string) {
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 60), 0, 5).Draw(t, name) {
			at := start.AddDate(0, 0, n)
			out = append(out, at.Format(reading))
			q.lines = append(q.lines, name+param+":"+at.Format(format))
		}
		return out
	}
	q.RDates, q.ExDates = dates("RDATE"), dates("EXDATE")
	return q
}

// TestSeriesAgainstDateutil: rules of every part, COUNT, UNTIL, RDATE, EXDATE and EXRULE, in UTC, floating, on dates, and
// in zones through gaps and overlaps of their clocks, against two programs that are not ours.
func TestSeriesAgainstDateutil(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import dateutil.rrule, zoneinfo; zoneinfo.ZoneInfo('Australia/Lord_Howe')").Run()
	}
	if err != nil {
		t.Skip("SKIPPED: python3 with dateutil and zoneinfo (python3-dateutil, tzdata) is not installed")
	}
	draw := rapid.Custom(anyQuestion)
	var questions []question
	var gots [][]string
	const most = 300
	for seed := range 240 {
		q := draw.Example(seed)
		end, err := time.Parse(reading, q.End)
		if err != nil {
			t.Fatal(err)
		}
		all, err := object(t, "VEVENT", q.lines...).Occurrences(ics.Zones{}, ics.TimeRange{Until: end}, 40_000)
		if err != nil {
			t.Fatalf("%q: %v", q.lines, err)
		}
		if len(all) < 2 {
			continue // dateutil looks for the next one up to the year 9999
		}
		var got []string
		for _, oc := range all[:min(len(all), most)] {
			got = append(got, oc.From.UTC().Format(reading))
		}
		questions, gots = append(questions, q), append(gots, got)
	}
	answers := askDateutil(t, python, questions)
	compared, zoned, gone := 0, 0, 0
	for i, q := range questions {
		want := answers[i]
		if want == nil {
			continue // dateutil knows no answer
		}
		want = want[:min(len(want), most)]
		if !slices.Equal(gots[i], want) {
			n := 0
			for n < len(want) && n < len(gots[i]) && want[n] == gots[i][n] {
				n++
			}
			t.Errorf("%s\nfrom number %d\ngot  %q\nwant %q", strings.Join(q.lines, "\n"), n, cut(gots[i], n), cut(want, n))
		}
		compared++
		if q.Zone != "" {
			zoned++
		}
		if len(q.ExRules) > 0 {
			gone++
		}
	}
	if compared < 110 || zoned < 45 || gone < 25 {
		t.Errorf("only %d compared, %d in zones, %d with EXRULE", compared, zoned, gone)
	}
}

func cut(list []string, from int) []string { return list[min(from, len(list)):min(from+5, len(list))] }

func askDateutil(t *testing.T, python string, questions []question) [][]string {
	t.Helper()
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-W", "ignore", "-c", `
import sys, json, re, itertools, signal, zoneinfo
from datetime import datetime, timedelta, timezone
from dateutil.rrule import rrulestr

def instants(q):
    start, end = datetime.fromisoformat(q["Start"]), datetime.fromisoformat(q["End"])
    zone = zoneinfo.ZoneInfo(q["Zone"]) if q["Zone"] else timezone.utc
    at = lambda d: d.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)
    last = end + timedelta(days=2)
    stop = last.strftime("%Y%m%dT%H%M%S")
    def readings(rule):
        # COUNT and UNTIL together end the search for rare ones.
        return list(itertools.islice(rrulestr(rule + ";UNTIL=" + stop, dtstart=start), 40000))
    found = {at(start)}
    for rule, until in zip(q["Rules"], q["Until"]):
        list_ = readings(rule)
        count = re.search("COUNT=([0-9]+)", rule)
        if count and list_ and list_[0] != start: # RFC 5545 3.3.10: DTSTART always counts as the first
            list_ = list_[:int(count.group(1)) - 1]
        if until and q["Zone"]:
            list_ = [d for d in list_ if at(d) <= datetime.fromisoformat(until)]
        elif until:
            list_ = [d for d in list_ if d <= datetime.fromisoformat(until)]
        found |= {at(d) for d in list_}
    found |= {at(datetime.fromisoformat(d)) for d in q["RDates"] or []}
    found -= {at(datetime.fromisoformat(d)) for d in q["ExDates"] or []}
    for rule in q["ExRules"] or []:
        found -= {at(d) for d in readings(rule)}
    return [d.isoformat() for d in sorted(found) if d < end]

def late(*_): raise TimeoutError
signal.signal(signal.SIGVTALRM, late) # its own time: how busy the machine is must not matter

def answer(q):
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.05)
    try:
        return instants(q)
    except (ValueError, IndexError, TimeoutError): # rules that can never match are refused or searched for up to the year 9999
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

json.dump([answer(q) for q in json.load(sys.stdin)], sys.stdout)
`)
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers [][]string
	if err := json.Unmarshal(raw, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	return answers
}

// TestWindowsOfAnySeries: looking through a window shows what looking at everything shows in it, whatever rules,
// exceptions and overrides, of one occurrence or of all that follow, the series has.
func TestWindowsOfAnySeries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		q := anyQuestion(rt)
		lines := append(q.lines, rapid.SampledFrom([]string{"DURATION:PT1H", "DURATION:P3D", "SUMMARY:x"}).Draw(rt, "length"))
		start, err := time.Parse(reading, q.Start)
		if err != nil {
			rt.Fatal(err)
		}
		head, _, _ := strings.Cut(q.lines[0], ":")
		param, form := strings.TrimPrefix(head, "DTSTART"), q.lines[0][len(head)+1:]
		layout := "20060102T150405"[:min(len(form), 15)]
		if strings.HasSuffix(form, "Z") {
			layout += "Z"
		}
		for range rapid.IntRange(0, 3).Draw(rt, "overrides") {
			at := start.AddDate(0, 0, rapid.IntRange(0, 40).Draw(rt, "day"))
			to := at.AddDate(0, 0, rapid.IntRange(-20, 20).Draw(rt, "moved")).Add(time.Duration(rapid.IntRange(-9, 9).Draw(rt, "hours")) * time.Hour)
			all := rapid.SampledFrom([]string{"", ";RANGE=THISANDFUTURE"}).Draw(rt, "range")
			lines = append(lines, "END:VEVENT", "BEGIN:VEVENT", "UID:1", "RECURRENCE-ID"+all+param+":"+at.Format(layout), "DTSTART"+param+":"+to.Format(layout),
				rapid.SampledFrom([]string{"DURATION:PT2H", "DURATION:P5D"}).Draw(rt, "its length"))
		}
		o := object(t, "VEVENT", lines...)
		z := ics.Zones{Local: rapid.SampledFrom(locals).Draw(rt, "local")}
		far := ics.TimeRange{Until: start.AddDate(1, 0, 0)}
		every, err := o.Occurrences(z, far, 30_000)
		if err != nil {
			rt.Fatalf("%q: %v", lines, err)
		}
		r := ics.TimeRange{From: start.AddDate(0, 0, rapid.IntRange(-30, 200).Draw(rt, "from"))}
		r.Until = r.From.AddDate(0, 0, rapid.IntRange(1, 60).Draw(rt, "days"))
		got, err := o.Occurrences(z, r, 0)
		if err != nil {
			rt.Fatalf("%q: %v", lines, err)
		}
		show := func(all []ics.Occurrence) (out []string) {
			for _, oc := range all {
				if oc.From.Before(r.Until) && (oc.Until.After(r.From) || oc.From.Equal(oc.Until) && oc.From.Equal(r.From)) {
					out = append(out, oc.From.UTC().Format(reading)+"/"+oc.RecurrenceID.String())
				}
			}
			slices.Sort(out)
			return out
		}
		if a, b := show(got), show(every); !slices.Equal(a, b) {
			rt.Fatalf("%s\nin %v\ngot  %q\nwant %q", strings.Join(lines, "\n"), r, a, b)
		}
		first, last := o.Bounds()
		for _, oc := range every {
			if oc.From.Unix() < first || oc.Until.Unix() > last {
				rt.Fatalf("%s\n%v to %v is outside the bounds", strings.Join(lines, "\n"), oc.From, oc.Until)
			}
		}
		if hit := o.MatchesRange(z, r, 0); hit != (len(got) > 0) {
			rt.Fatalf("%s\nin %v: %v, %d occurrences", strings.Join(lines, "\n"), r, hit, len(got))
		}
	})
}
