package tryton

import (
	"crmbridge/pim"
)

// status is a project.work.status. Tryton has Open and Done; companies add their own.
type status struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Progress is what a work must have reached; null: nothing.
	Progress *float64 `json:"progress"`
	Default  truth    `json:"default"`
	Active   truth    `json:"active"`
}

func statusFields() []string { return []string{"name", "progress", "default", "active"} }

// done reports a status that only finished works may have.
func (s status) done() bool { return s.Progress != nil && *s.Progress >= 1 }

// allows reports whether a work of this progress may have the status.
func (s status) allows(progress *float64) bool {
	return s.Progress == nil || progress != nil && *progress >= *s.Progress
}

// statusOf reads a work's status: done by what the status demands, in process by the
// progress, because Tryton's own statuses do not tell. A work without any progress
// is not begun; one at 0 % is.
func statusOf(f *facts, id int64, progress *float64) pim.Status {
	if id != 0 && id == f.cancelled {
		return pim.Cancelled
	}
	for _, s := range f.statuses {
		if s.ID == id && s.done() {
			return pim.Completed
		}
	}
	if progress == nil {
		return pim.NeedsAction
	}
	return pim.InProcess
}

// wish is what a task's status and percentage are to be.
type wish struct {
	status   pim.Status
	percent  int
	byStatus bool // the status was changed, and rules the percentage
	byNumber bool // the percentage was changed
}

// progressFor is the status and progress of a work that fulfil a wish, given the
// present status (0 for a new work).
func progressFor(f *facts, w wish, now int64) (id int64, progress *float64, err error) {
	part := func(percent int) *float64 {
		p := float64(min(max(percent, 0), 100)) / 100
		return &p
	}
	if !w.byStatus && w.status == pim.Completed && w.percent < 100 {
		w.status = pim.InProcess // less than all of it is done: it was opened again
	}
	switch w.status {
	case pim.Completed:
		id, err = f.pick(now, part(100), status.done)
		return id, part(100), err
	case pim.Cancelled:
		if f.cancelled == 0 {
			return 0, nil, pim.Errorf("tryton: status", pim.ErrUnsupported, "Tryton has no status for cancelled tasks; name one in cancelled_status")
		}
		progress = part(w.percent)
		for _, s := range f.statuses {
			if s.ID == f.cancelled && !s.allows(progress) {
				progress = s.Progress
			}
		}
		return f.cancelled, progress, nil
	case pim.InProcess:
		progress = part(w.percent)
	default:
		if w.percent > 0 && (w.percent < 100 || w.byNumber) {
			progress = part(w.percent)
		}
	}
	id, err = f.pick(now, progress, func(s status) bool { return !s.done() && s.ID != f.cancelled })
	return id, progress, err
}

// pick chooses among the statuses that fit: the present one, the default one, the
// first.
func (f *facts) pick(now int64, progress *float64, fits func(status) bool) (int64, error) {
	var first, standard int64
	for _, s := range f.statuses {
		if !bool(s.Active) || !fits(s) || !s.allows(progress) {
			continue
		}
		if s.ID == now {
			return now, nil
		}
		if standard == 0 && bool(s.Default) {
			standard = s.ID
		}
		if first == 0 {
			first = s.ID
		}
	}
	switch {
	case standard != 0:
		return standard, nil
	case first != 0:
		return first, nil
	}
	return 0, pim.Errorf("tryton: status", pim.ErrUnsupported, "Tryton has no status for tasks like this one; add it under Project, Configuration")
}

// allows reports whether a work of this progress may have the status with an id.
func (f *facts) allows(id int64, progress *float64) bool {
	for _, s := range f.statuses {
		if s.ID == id {
			return s.allows(progress)
		}
	}
	return false
}
