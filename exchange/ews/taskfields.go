package ews

import (
	"slices"
	"strconv"
	"time"

	"crmbridge/pim"
)

// taskTable is the fields of tasks. Exchange keeps days for them, no times (MS-OXOTASK 2.2.2.2.4): a day is written as its
// midnight in UTC, which the TimeZoneContext makes the same day there.
var taskTable = slices.Concat(activityRows(), table{
	{
		fields: pim.Set(pim.FieldStart, pim.FieldDue, pim.FieldReminders),
		asks:   []path{uri("task:StartDate"), uri("task:DueDate"), uri("item:ReminderIsSet"), uri("item:ReminderDueBy")},
		read:   readTaskDays, write: writeTaskDays,
	},
	{
		fields: pim.Set(pim.FieldStatus, pim.FieldPercent, pim.FieldCompleted),
		asks:   []path{uri("task:Status"), uri("task:PercentComplete"), uri("task:CompleteDate")},
		read:   readProgress, write: writeProgress,
	},
	minutes(pim.FieldEffort, "TotalWork", func(x *item) val { return x.TotalWork }, func(t *pim.Task) *time.Duration { return &t.Effort }),
	minutes(pim.FieldSpent, "ActualWork", func(x *item) val { return x.ActualWork }, func(t *pim.Task) *time.Duration { return &t.Spent }),
	{fields: pim.Set(pim.FieldRecurrence), asks: []path{uri("task:Recurrence")}},
	{
		// EWS shows the owner and does not let it be written, but for the property behind it.
		fields: pim.Set(pim.FieldOwner), asks: []path{uri("task:Owner"), {ext: ownership}},
		read:  func(x *item, it pim.Item, _ *zones) { it.(*pim.Task).CRM.Owner = x.Owner },
		write: func(w *writing) { w.extended(ownerProperty, cut(w.task().CRM.Owner)) },
	},
})

// ownerProperty is PidLidTaskOwner (MS-OXPROPS 2.328): 0x811F in the set of tasks.
var ownerProperty = extended{known: "Task", id: "33055", typ: "String"}

// ownership is PidLidTaskOwnership (MS-OXOTASK): 0x8129 in the set of tasks. It tells whose work a task is.
var ownership = extended{known: "Task", id: "33065", typ: "Integer"}

// taskSet is the set "Task" by its number, as servers may name it (MS-OXPROPS 1.3.2).
const taskSet = "00062003-0000-0000-c000-000000000046"

// assignedAway reports the copy that stays with who has given a task to somebody else.
func (x *item) assignedAway() bool { return x.extended(ownership) == "1" }

func minutes(f pim.FieldID, name string, in func(*item) val, at func(*pim.Task) *time.Duration) row {
	p := uri("task:" + name)
	return row{
		fields: pim.Set(f), asks: []path{p},
		read: func(x *item, it pim.Item, _ *zones) { *at(it.(*pim.Task)) = in(x).minutes() },
		write: func(w *writing) {
			if d := *at(w.task()); d >= time.Minute {
				w.set(p, leaf("t:"+name, strconv.Itoa(int(d/time.Minute))))
				return
			}
			w.clear(p)
		},
	}
}

// readTaskDays reads the reminder, a moment there, relative to the begin of the day that the task starts on or else is due.
func readTaskDays(x *item, it pim.Item, z *zones) {
	t := it.(*pim.Task)
	t.Start, t.Due = nearestDay(x.StartDate.time()), nearestDay(x.DueDate.time())
	anchor, end := remindFrom(t)
	at := x.RemindBy.time()
	if !x.Remind.bool() || anchor.IsZero() || at.IsZero() {
		return
	}
	t.Reminders = []pim.Reminder{{Before: z.instant(anchor).Sub(at), End: end}}
}

// remindFrom is what reminders of a task are relative to.
func remindFrom(t *pim.Task) (anchor pim.When, end bool) {
	if !t.Start.IsZero() {
		return t.Start, false
	}
	return t.Due, true
}

func writeTaskDays(w *writing) {
	t := w.task()
	due := t.Due
	if !t.Start.IsZero() && !due.IsZero() && due.Time.Before(t.Start.Time) {
		due = t.Start // MS-OXOTASK 2.2.2.2.5: never before the start
	}
	for _, d := range []struct {
		name string
		day  pim.When
	}{{"StartDate", t.Start}, {"DueDate", due}} {
		if d.day.IsZero() {
			w.clear(uri("task:" + d.name))
			continue
		}
		w.set(uri("task:"+d.name), leaf("t:"+d.name, stamp(w.zones.date(d.day).Time)))
	}
	at, ok := w.zones.remindAt(t)
	if !ok {
		w.set(uri("item:ReminderIsSet"), leaf("t:ReminderIsSet", "false"))
		return
	}
	w.set(uri("item:ReminderDueBy"), leaf("t:ReminderDueBy", stamp(at)))
	w.set(uri("item:ReminderIsSet"), leaf("t:ReminderIsSet", "true"))
}

// remindAt is the moment of the first reminder of a task whose day is there.
func (z *zones) remindAt(t *pim.Task) (time.Time, bool) {
	for _, r := range t.Reminders {
		from := t.Start
		if r.End || from.IsZero() {
			from = t.Due
		}
		if !from.IsZero() {
			return z.instant(from).Add(-r.Before), true
		}
	}
	return time.Time{}, false
}

// readProgress has no word for a task that nobody has begun.
func readProgress(x *item, it pim.Item, _ *zones) {
	t := it.(*pim.Task)
	t.Percent = min(max(x.Percent.int(), 0), 100)
	switch x.Status.text() {
	case "Completed":
		t.Status, t.Completed = pim.Completed, nearestDay(x.Completed.time())
	case "InProgress", "WaitingOnOthers":
		t.Status = pim.InProcess
	}
}

// writeProgress writes no more than it takes: setting any of the date of completion, the per cent and the status changes the
// others at Exchange, and the last one wins (task:Status).
func writeProgress(w *writing) {
	t := w.task()
	switch status := taskStatus(t); {
	case status == "Completed" && !t.Completed.IsZero():
		day := w.zones.date(t.Completed)
		if day.Time.After(w.now) { // east of Greenwich a day begins before it does in UTC, and Exchange takes none that is to come
			day = pim.On(w.now.UTC().Date())
		}
		w.set(uri("task:CompleteDate"), leaf("t:CompleteDate", stamp(day.Time)))
	case status == "Completed":
		w.set(uri("task:Status"), leaf("t:Status", status))
	default:
		w.set(uri("task:PercentComplete"), leaf("t:PercentComplete", strconv.Itoa(min(max(t.Percent, 0), 99))))
		w.set(uri("task:Status"), leaf("t:Status", status))
	}
}

// taskStatus is Exchange's word. A task that was given up is put off there, which is the nearest that it has.
func taskStatus(t *pim.Task) string {
	switch {
	case t.Status == pim.Completed, t.Status == "" && (t.Percent >= 100 || !t.Completed.IsZero()):
		return "Completed"
	case t.Status == pim.Cancelled:
		return "Deferred"
	case t.Status == pim.InProcess, t.Percent > 0:
		return "InProgress"
	}
	return "NotStarted"
}
