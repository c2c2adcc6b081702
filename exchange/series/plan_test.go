package series_test

import (
	"slices"
	"testing"

	"crmbridge/exchange/series"
	"crmbridge/pim"
)

func weekly(rec pim.Recurrence, title string) *pim.Event {
	rec.Rules = []string{"FREQ=DAILY;COUNT=9"}
	loc := berlin(panics{})
	return &pim.Event{Activity: pim.Activity{Title: title, Recurrence: &rec}, Start: in(loc, "2026-10-23T10:00"), End: in(loc, "2026-10-23T11:00")}
}

type panics struct{}

func (panics) Fatal(args ...any) { panic(args) }

func moved(at, start, end, title string) pim.Occurrence {
	loc := berlin(panics{})
	return pim.Occurrence{At: in(loc, at), Item: &pim.Event{Activity: pim.Activity{Title: title}, Start: in(loc, start), End: in(loc, end)}}
}

func TestOccurrences(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	carried := pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldRecurrence)
	for name, c := range map[string]struct {
		have, want pim.Item
		deleted    []string
		changed    []string // original start and fields
	}{
		"nothing": {weekly(pim.Recurrence{}, "a"), weekly(pim.Recurrence{}, "a"), nil, nil},
		"one deleted, one deleted already": {
			weekly(pim.Recurrence{Except: []pim.When{in(loc, "2026-10-24T10:00")}}, "a"),
			weekly(pim.Recurrence{Except: []pim.When{in(loc, "2026-10-28T10:00"), in(loc, "2026-10-26T10:00"), in(loc, "2026-10-24T10:00")}}, "a"),
			[]string{"2026-10-26T09:00:00Z", "2026-10-28T09:00:00Z"}, nil,
		},
		"one moved and named, after the clocks changed": {
			weekly(pim.Recurrence{}, "a"),
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "b")}}, "a"),
			nil, []string{"2026-10-26T09:00:00Z title,time"},
		},
		"one that differs in nothing that is kept": {
			weekly(pim.Recurrence{}, "a"),
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T10:00", "2026-10-26T11:00", "a")}}, "a"),
			nil, nil,
		},
		"one differs in its title only there": {
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "a")}}, "a"),
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "b")}}, "a"),
			nil, []string{"2026-10-26T09:00:00Z title"},
		},
		"one is as the series again": {
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "b")}}, "a"),
			weekly(pim.Recurrence{}, "a"),
			nil, []string{"2026-10-26T09:00:00Z title,time"},
		},
		"one changed there goes": {
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "b")}}, "a"),
			weekly(pim.Recurrence{Except: []pim.When{in(loc, "2026-10-26T10:00")}}, "a"),
			[]string{"2026-10-26T09:00:00Z"}, nil,
		},
		"one is left as it is": {
			weekly(pim.Recurrence{Changed: []pim.Occurrence{moved("2026-10-26T10:00", "2026-10-26T12:00", "2026-10-26T13:00", "b")}}, "a"),
			weekly(pim.Recurrence{Changed: []pim.Occurrence{{At: in(loc, "2026-10-26T10:00")}}}, "a"),
			nil, nil,
		},
		"none passes another": {
			weekly(pim.Recurrence{}, "a"),
			weekly(pim.Recurrence{Changed: []pim.Occurrence{
				moved("2026-10-24T10:00", "2026-10-23T20:00", "2026-10-23T21:00", "a"),
				moved("2026-10-27T10:00", "2026-10-28T08:00", "2026-10-28T09:00", "a"),
				moved("2026-10-28T10:00", "2026-10-28T20:00", "2026-10-28T21:00", "a"),
				moved("2026-10-25T10:00", "2026-10-24T20:00", "2026-10-24T21:00", "a"),
			}}, "a"),
			nil, []string{"2026-10-28T09:00:00Z time", "2026-10-27T09:00:00Z time", "2026-10-24T08:00:00Z time", "2026-10-25T09:00:00Z time"},
		},
	} {
		p := series.Occurrences(c.have, c.want, carried, loc)
		var deleted, changed []string
		for _, w := range p.Delete {
			deleted = append(deleted, w.String())
		}
		for _, x := range p.Change {
			changed = append(changed, x.At.String()+" "+x.Set.String())
		}
		if !slices.Equal(deleted, c.deleted) || !slices.Equal(changed, c.changed) {
			t.Errorf("%s: deletes %v and changes %v, want %v and %v", name, deleted, changed, c.deleted, c.changed)
		}
	}
}

func TestRewritten(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	one := []pim.When{in(loc, "2026-10-26T10:00")}
	p := series.Pattern{Form: series.Daily, Interval: 1, Count: 9}
	longer := p
	longer.Count = 10
	for name, c := range map[string]struct {
		have, want pim.Recurrence
		wanted     series.Pattern
		rewritten  bool
	}{
		"the same":           {pim.Recurrence{Except: one}, pim.Recurrence{Except: one}, p, false},
		"one more deleted":   {pim.Recurrence{}, pim.Recurrence{Except: one}, p, false},
		"one less deleted":   {pim.Recurrence{Except: one}, pim.Recurrence{}, p, true},
		"another pattern":    {pim.Recurrence{}, pim.Recurrence{}, longer, true},
		"one changed anyhow": {pim.Recurrence{Except: one}, pim.Recurrence{Changed: []pim.Occurrence{{At: one[0]}}}, p, true},
	} {
		if got := series.Rewritten(&c.have, &c.want, p, c.wanted); got != c.rewritten {
			t.Errorf("%s: %v", name, got)
		}
	}
}
