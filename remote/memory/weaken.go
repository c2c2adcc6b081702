package memory

import (
	"slices"
	"time"

	"crmbridge/pim"
)

// weaken is what the system keeps of an item.
func (m *System) weaken(it pim.Item) pim.Item {
	out := pim.New(it.Kind())
	pim.Copy(out, it, m.opt.Carries[it.Kind()])
	out = pim.WithOccurrences(out, func(o pim.Occurrence) pim.Item { return m.weaken(o.Item) })
	switch v := out.(type) {
	case *pim.Event:
		v.Start, v.End = m.moment(v.Start), m.moment(v.End)
		m.cut(&v.Activity)
	case *pim.Task:
		v.Start, v.Due, v.Completed = m.taskTime(v.Start), m.taskTime(v.Due), m.taskTime(v.Completed)
		m.cut(&v.Activity)
	case *pim.Message:
		v.MessageID = it.(*pim.Message).MessageID
		v.Cut, v.MoreFiles = it.(*pim.Message).Cut, it.(*pim.Message).MoreFiles
		v.Sent, v.Received = m.moment(v.Sent), m.moment(v.Received)
		v.Subject, v.Text, v.HTML = m.limit(pim.FieldTitle, v.Subject), m.limit(pim.FieldNotes, v.Text), m.limit(pim.FieldHTML, v.HTML)
	case *pim.Contact:
		v.FullName = m.limit(pim.FieldFullName, v.FullName)
		v.Notes = m.limit(pim.FieldNotes, v.Notes)
	}
	return out
}

func (m *System) cut(a *pim.Activity) {
	a.Title = m.limit(pim.FieldTitle, a.Title)
	a.Notes = m.limit(pim.FieldNotes, a.Notes)
	a.Location = m.limit(pim.FieldLocation, a.Location)
}

func (m *System) limit(f pim.FieldID, s string) string {
	n := m.opt.TextLimit[f]
	if rs := []rune(s); n > 0 && len(rs) > n {
		return string(rs[:n])
	}
	return s
}

func (m *System) moment(w pim.When) pim.When {
	if w.Date && m.opt.NoAllDay {
		y, mo, d := w.Time.Date()
		w = pim.At(time.Date(y, mo, d, 0, 0, 0, 0, m.loc), m.opt.Zone)
	}
	return w.Truncate(m.opt.TimeStep)
}

const day = 24 * time.Hour

func (m *System) taskTime(w pim.When) pim.When {
	if m.opt.TimeStep < day || w.IsZero() || w.Date {
		return w.Truncate(m.opt.TimeStep)
	}
	t := w.Time
	if !w.Floating {
		t = t.In(m.loc)
	}
	return pim.On(t.Date())
}

// keepUnknown leaves occurrences as they are of which no more is said than that they differ.
func keepUnknown(it, was pim.Item) {
	rec, before := pim.RecurrenceOf(it), pim.RecurrenceOf(was)
	if rec == nil {
		return
	}
	rec.Changed = slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool {
		return o.Item == nil && (before == nil || !slices.ContainsFunc(before.Changed, func(b pim.Occurrence) bool { return b.At.Equal(o.At) }))
	})
	for i, o := range rec.Changed {
		if o.Item == nil {
			rec.Changed[i].Item = pim.OccurrenceAt(was, o.At)
		}
	}
}
