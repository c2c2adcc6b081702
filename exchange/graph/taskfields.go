package graph

import (
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// taskFields is the table of To Do tasks. To Do keeps dates, not times ("todoTask": "the date in the specified time zone").
func (c *connector) taskFields() fields[*task, *pim.Task] {
	return fields[*task, *pim.Task]{
		{id: pim.FieldTitle, props: []string{"title"},
			read:  func(t *task, it *pim.Task) { it.Title = t.Title },
			write: func(d *draft[*task], it *pim.Task) error { d.put("title", cut(it.Title, pim.FieldTitle)); return nil }},
		{id: pim.FieldNotes, props: []string{"body"},
			read:  func(t *task, it *pim.Task) { it.Notes = t.Body.text() },
			write: func(d *draft[*task], it *pim.Task) error { d.put("body", textBody(it.Notes)); return nil }},
		{id: pim.FieldCategories, props: []string{"categories"},
			read:  func(t *task, it *pim.Task) { it.Categories = t.Categories },
			write: func(d *draft[*task], it *pim.Task) error { d.put("categories", list(it.Categories)); return nil }},
		{id: pim.FieldPriority, props: []string{"importance"},
			read:  func(t *task, it *pim.Task) { it.Priority = priorityOf(t.Importance) },
			write: func(d *draft[*task], it *pim.Task) error { d.put("importance", importanceOf(it.Priority)); return nil }},
		{id: pim.FieldStatus, props: []string{"status"}, required: true,
			read: func(t *task, it *pim.Task) { it.Status = statusOf(t.Status) }, write: writeTaskStatus},
		{id: pim.FieldStart, props: []string{"startDateTime"},
			read:  func(t *task, it *pim.Task) { it.Start = t.Start.day(c.zone) },
			write: func(d *draft[*task], it *pim.Task) error { c.putDay(d, "startDateTime", it.Start); return nil }},
		{id: pim.FieldDue, props: []string{"dueDateTime"},
			read:  func(t *task, it *pim.Task) { it.Due = t.Due.day(c.zone) },
			write: func(d *draft[*task], it *pim.Task) error { c.putDay(d, "dueDateTime", it.Due); return nil }},
		{id: pim.FieldCompleted, props: []string{"completedDateTime", "status"}, read: c.readCompleted, write: c.writeCompleted},
		// After the dates: a reminder is told relative to them.
		{id: pim.FieldReminders, props: []string{"isReminderOn", "reminderDateTime"}, read: c.readTaskReminder, write: c.writeTaskReminder},
		// Written apart, as each is a request.
		{id: pim.FieldAttachments, read: func(t *task, it *pim.Task) { it.Attachments = attachmentsOf(t.files) }},
		{id: pim.FieldRecurrence, props: []string{"recurrence"}, read: c.readTaskRule, write: c.writeTaskRule},
	}
}

// putDay leaves an absent date out of a new task.
func (c *connector) putDay(d *draft[*task], name string, w pim.When) {
	if !w.IsZero() || !d.fresh {
		d.put(name, c.daily(w))
	}
}

func statusOf(s string) pim.Status {
	switch s {
	case "completed":
		return pim.Completed
	case "inProgress", "waitingOnOthers":
		return pim.InProcess
	}
	return pim.NeedsAction // notStarted, deferred
}

func writeTaskStatus(d *draft[*task], it *pim.Task) error {
	switch it.Status {
	case pim.Completed:
		d.put("status", "completed")
	case pim.InProcess:
		d.put("status", "inProgress")
	case pim.Cancelled:
		d.lost(pim.FieldStatus, string(it.Status), "To Do has no word for a task that is called off; it stays as it was")
	default:
		d.put("status", "notStarted")
	}
	return nil
}

func (c *connector) readCompleted(t *task, it *pim.Task) {
	if t.Status == "completed" {
		it.Completed = t.Completed.day(c.zone)
	}
}

// writeCompleted leaves the day to To Do where there is none: a task that is done has one.
func (c *connector) writeCompleted(d *draft[*task], it *pim.Task) error {
	if it.Status == pim.Completed && !it.Completed.IsZero() {
		d.put("completedDateTime", c.daily(it.Completed))
	}
	return nil
}

// anchor is what a reminder is relative to: the start, or the end (true) of a task that has none.
func (c *connector) anchor(it *pim.Task) (at time.Time, end bool) {
	w := it.Start
	if w.IsZero() {
		w, end = it.Due, true
	}
	switch {
	case w.IsZero():
		return time.Time{}, false
	case w.Date || w.Floating:
		return tz.Instant(w.Time, c.zone).UTC(), end
	}
	return w.Time, end
}

func (c *connector) readTaskReminder(t *task, it *pim.Task) {
	at, end := c.anchor(it)
	if remind := t.Reminder.instant(); t.ReminderOn && !at.IsZero() && !remind.IsZero() {
		it.Reminders = []pim.Reminder{{Before: at.Sub(remind), End: end}}
	}
}

func (c *connector) writeTaskReminder(d *draft[*task], it *pim.Task) error {
	if len(it.Reminders) == 0 {
		d.put("isReminderOn", false)
		return nil
	}
	at, _ := c.anchor(it)
	if r := it.Reminders[0]; r.End && !it.Due.IsZero() {
		at, _ = c.anchor(&pim.Task{Due: it.Due})
	}
	if at.IsZero() {
		d.lost(pim.FieldReminders, it.Reminders[0].Before.String(), "a reminder needs a start or a due date")
		return nil
	}
	d.put("isReminderOn", true)
	d.put("reminderDateTime", dateTime{at.Add(-it.Reminders[0].Before).Format(clockLayout), "UTC"})
	return nil
}

// firstDay is that of a task that repeats: its due date, or its start.
func firstDay(it *pim.Task) pim.When {
	if it.Due.IsZero() {
		return it.Start
	}
	return it.Due
}

func (c *connector) readTaskRule(t *task, it *pim.Task) {
	it.Recurrence = c.ruleOf(t.Recurrence, firstDay(it))
}

func (c *connector) writeTaskRule(d *draft[*task], it *pim.Task) error {
	if it.Recurrence == nil {
		if !d.fresh {
			d.put("recurrence", nil)
		}
		return nil
	}
	first := firstDay(it)
	if first.IsZero() {
		return pim.Errorf("graph: write", pim.ErrUnsupported, "a task that repeats needs a due date in To Do")
	}
	if !first.Date { // To Do keeps the day alone
		first = pim.On(c.clock(first).Date())
	}
	p, err := series.Of(it.Recurrence, first, c.zone)
	if err != nil {
		return err
	}
	if len(it.Recurrence.Except)+len(it.Recurrence.Changed) > 0 {
		d.lost(pim.FieldRecurrence, "", "To Do makes the next task when one is done; occurrences that differ stay here only")
	}
	r := recurring(p, first.Time, "")
	d.put("recurrence", r)
	return nil
}
