package creatio

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm"
	"crmbridge/pim"
)

var utc = time.UTC

func zoned(t interface{ Fatal(...any) }, zone string) *connector {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 15, 21, 30, 0, 0, time.UTC)
	return &connector{zone: loc, env: crm.Env{Zone: zone, Now: func() time.Time { return now }}}
}

var zones = []string{"UTC", "Europe/Helsinki", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Sao_Paulo", "Asia/Beirut"}

// An event's times come back as they went, dates as dates, in every zone and on
// the days when clocks change.
func TestEventTimesSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := zoned(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		day := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 6000).Draw(t, "day"))
		e := &pim.Event{}
		if rapid.Bool().Draw(t, "all day") {
			e.Start = pim.On(day.Date())
			e.End = pim.On(day.AddDate(0, 0, rapid.IntRange(1, 5).Draw(t, "days")).Date())
		} else {
			start := day.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
			e.Start, e.End = pim.At(start, ""), pim.At(start.Add(time.Duration(rapid.IntRange(1, 3600*20).Draw(t, "length"))*time.Second), "")
		}
		start, due := c.spanTimes(e)
		from, until := c.span(start, due)
		if !from.Equal(e.Start) || !until.Equal(e.End) {
			t.Fatalf("%s – %s became %s – %s (kept as %s – %s)", e.Start, e.End, from, until, start, due)
		}
	})
}

func TestTaskTimesSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := zoned(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		day := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 6000).Draw(t, "day"))
		later := rapid.IntRange(1, 50).Draw(t, "later")
		x := &pim.Task{}
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			x.Due = pim.On(day.Date())
		case 1:
			x.Start, x.Due = pim.On(day.Date()), pim.On(day.AddDate(0, 0, later-1).Date())
		case 2:
			x.Due = pim.At(day.Add(9*time.Hour+7*time.Minute), "")
		case 3:
			x.Start = pim.At(day.Add(9*time.Hour+7*time.Minute), "")
			x.Due = pim.At(x.Start.Time.Add(time.Duration(later)*time.Hour), "")
		}
		start, due := c.taskTimes(x)
		from, until := c.taskSpan(start, due)
		if !from.Equal(x.Start) || !until.Equal(x.Due) {
			t.Fatalf("%s – %s became %s – %s (kept as %s – %s)", x.Start, x.Due, from, until, start, due)
		}
	})
}

func TestTaskTimesHaveDefaults(t *testing.T) {
	t.Parallel()
	c := zoned(t, "Europe/Helsinki") // 00:30 on 16 June there
	at := func(d, h, m int) time.Time { return time.Date(2026, 6, d, h, m, 0, 0, time.UTC) }
	for name, x := range map[string]struct {
		task       pim.Task
		start, due time.Time
	}{
		"nothing":          {pim.Task{}, at(16, 20, 59), at(16, 20, 59)},
		"a start date":     {pim.Task{Start: pim.On(2026, 6, 20)}, at(19, 21, 0), at(20, 20, 59)},
		"a start":          {pim.Task{Start: pim.At(at(20, 8, 0), "")}, at(20, 8, 0), at(20, 8, 30)},
		"start after due":  {pim.Task{Start: pim.At(at(20, 8, 0), ""), Due: pim.At(at(19, 8, 0), "")}, at(19, 8, 0), at(19, 8, 0)},
		"a floating start": {pim.Task{Start: pim.When{Time: at(20, 8, 0), Floating: true}, Due: pim.At(at(21, 8, 0), "")}, at(20, 5, 0), at(21, 8, 0)},
	} {
		start, due := c.taskTimes(&x.task)
		if !start.Equal(x.start) || !due.Equal(x.due) {
			t.Errorf("%s: %s – %s, want %s – %s", name, start, due, x.start, x.due)
		}
	}
	from, until := c.span(at(20, 9, 0), at(20, 8, 0))
	if !until.Equal(from) {
		t.Errorf("an event that ends before it begins: %s – %s", from, until)
	}
}
