package pim

import "time"

// Task is something to do.
type Task struct {
	Activity
	Start     When `json:"start,omitzero"`
	Due       When `json:"due,omitzero"`
	Completed When `json:"completed,omitzero"`
	// Percent done, 0 to 100.
	Percent int `json:"percent,omitempty"`
	// Effort is the time planned, Spent the time used; zero when unknown.
	Effort time.Duration `json:"effort,omitempty"`
	Spent  time.Duration `json:"spent,omitempty"`
}

// Kind implements Item.
func (*Task) Kind() Kind { return KindTask }

// ID implements Item.
func (t *Task) ID() string { return t.UID }

// Summary implements Item.
func (t *Task) Summary() string { return t.Title }

// Done reports a task that is finished.
func (t *Task) Done() bool { return t.Status == Completed }
