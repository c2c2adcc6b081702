package tryton

import (
	"testing"

	"crmbridge/pim"
)

func TestStatusAndProgress(t *testing.T) {
	t.Parallel()
	part := func(p float64) *float64 { return &p }
	f := &facts{
		statuses: []status{
			{ID: 1, Name: "Open", Default: true, Active: true}, {ID: 2, Name: "Done", Progress: part(1), Active: true},
			{ID: 3, Name: "Review", Progress: part(0.8), Active: true}, {ID: 4, Name: "Cancelled", Active: true}, {ID: 5, Name: "Old", Active: false},
		},
		cancelled: 4,
	}
	for _, c := range []struct {
		id       int64
		progress *float64
		want     pim.Status
	}{
		{1, nil, pim.NeedsAction}, {1, part(0), pim.InProcess}, {1, part(0.5), pim.InProcess}, {1, part(1), pim.InProcess},
		{2, part(1), pim.Completed}, {3, part(0.9), pim.InProcess}, {4, nil, pim.Cancelled}, {4, part(1), pim.Cancelled}, {99, nil, pim.NeedsAction},
	} {
		if got := statusOf(f, c.id, c.progress); got != c.want {
			t.Errorf("status %d: %s, want %s", c.id, got, c.want)
		}
	}

	number := func(p *float64) float64 {
		if p == nil {
			return -1
		}
		return *p
	}
	only, both := pim.Set(pim.FieldStatus), pim.Set(pim.FieldStatus, pim.FieldPercent)
	percent := pim.Set(pim.FieldPercent)
	type state struct {
		id       int64
		progress float64
	}
	for _, c := range []struct {
		name string
		now  state
		want pim.Task
		set  pim.FieldSet
		end  state
	}{
		{"a new task", state{0, -1}, pim.Task{Activity: pim.Activity{Status: pim.NeedsAction}}, both, state{1, -1}},
		{"without a status", state{0, -1}, pim.Task{}, both, state{1, -1}},
		{"not begun, yet some percent", state{0, -1}, pim.Task{Activity: pim.Activity{Status: pim.NeedsAction}, Percent: 20}, both, state{1, 0.2}},
		{"begun", state{1, -1}, pim.Task{Activity: pim.Activity{Status: pim.InProcess}}, only, state{1, 0}},
		{"begun and half", state{1, -1}, pim.Task{Activity: pim.Activity{Status: pim.InProcess}, Percent: 50}, both, state{1, 0.5}},
		{"finished, percent not said", state{1, 0.4}, pim.Task{Activity: pim.Activity{Status: pim.Completed}, Percent: 40}, both, state{2, 1}},
		{"finished by status alone", state{1, 0.4}, pim.Task{Activity: pim.Activity{Status: pim.Completed}}, only, state{2, 1}},
		{"opened again by status", state{2, 1}, pim.Task{Activity: pim.Activity{Status: pim.NeedsAction}}, only, state{1, -1}},
		{"opened again by percent", state{2, 1}, pim.Task{Percent: 60}, percent, state{1, 0.6}},
		{"a company's own status stays", state{3, 0.9}, pim.Task{Activity: pim.Activity{Status: pim.InProcess}, Percent: 95}, both, state{3, 0.95}},
		{"and goes where it may not be", state{3, 0.9}, pim.Task{Percent: 10}, percent, state{1, 0.1}},
		{"finer progress is not rounded", state{1, 0.333}, pim.Task{Activity: pim.Activity{Status: pim.InProcess}, Percent: 33}, both, state{1, 0.333}},
		{"all percent is not yet done", state{1, 0.5}, pim.Task{Percent: 100}, percent, state{1, 1}},
		{"cancelled", state{1, 0.5}, pim.Task{Activity: pim.Activity{Status: pim.Cancelled}}, only, state{4, 0.5}},
		{"no longer cancelled", state{4, 0.5}, pim.Task{Activity: pim.Activity{Status: pim.InProcess}}, only, state{1, 0.5}},
		{"nothing said", state{3, 0.9}, pim.Task{Percent: 10}, pim.FieldSet{}, state{3, 0.9}},
	} {
		now := work{Status: c.now.id}
		if c.now.progress >= 0 {
			now.Progress = part(c.now.progress)
		}
		out := values{}
		if err := progressValues(f, now, &c.want, c.set, out); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := state{now.Status, number(now.Progress)}
		if id, ok := out["status"]; ok {
			got.id = id.(int64)
		}
		if p, ok := out["progress"]; ok {
			got.progress = -1
			if p != nil {
				got.progress = p.(float64)
			}
		}
		if got != c.end {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.end)
		}
	}

	f.cancelled = 0
	if err := progressValues(f, work{Status: 1}, &pim.Task{Activity: pim.Activity{Status: pim.Cancelled}}, only, values{}); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("cancelled without such a status: %v", err)
	}
	f.statuses = f.statuses[:1]
	if err := progressValues(f, work{Status: 1}, &pim.Task{Activity: pim.Activity{Status: pim.Completed}}, only, values{}); pim.ReasonOf(err) != pim.ErrUnsupported {
		t.Errorf("completed without such a status: %v", err)
	}
}
