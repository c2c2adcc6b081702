package ics

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// overrides makes the components with RECURRENCE-ID those of the wanted recurrence. Each is written as a master is, so that it
// keeps what no field shows. One for THISANDFUTURE stands for many occurrences and stays as it is.
func (w *writer) overrides(want *pim.Recurrence) {
	now := w.next.view(w.c, w.opt.Zones)
	read := w.next.reader(w.c, w.opt.Zones)
	key := func(at pim.When) string { return pim.StartOf(now, at).String() }
	except := map[string]bool{}
	for _, at := range want.Except {
		except[key(at)] = true
	}
	here, ranges := map[string][]*line.Block{}, map[string]bool{}
	for _, c := range w.next.Overrides() {
		s, ok := stampOf(c.First("RECURRENCE-ID"))
		if !ok {
			continue
		}
		switch at := key(read.when(s)); {
		case except[at]:
			w.drop(c)
		case thisAndFuture(c):
			ranges[at] = true
		default:
			here[at] = append(here[at], c)
		}
	}
	for _, o := range want.Changed {
		at := key(o.At)
		blocks := here[at]
		switch {
		case except[at], ranges[at]:
		case len(blocks) > 0:
			here[at] = blocks[1:]
			w.nested(blocks[0], o.Item, false)
		case o.Item != nil:
			w.nested(w.occurrence(pim.StartOf(now, o.At)), o.Item, true)
		}
	}
	for _, left := range here {
		for _, c := range left {
			w.drop(c)
		}
	}
}

func (w *writer) drop(c *line.Block) {
	w.next.cal.RemoveBlock(c)
	w.change()
}

func thisAndFuture(c *line.Block) bool {
	return strings.EqualFold(trim(c.First("RECURRENCE-ID").Param("RANGE")), "THISANDFUTURE")
}

// nested writes what differs of one occurrence into its component; nil says nothing of it.
func (w *writer) nested(c *line.Block, want pim.Item, fresh bool) {
	if w.err != nil || want == nil || c == nil {
		return
	}
	was := c.Clone()
	have := w.next.view(was, w.opt.Zones)
	if have == nil || have.Kind() != want.Kind() {
		w.fail("an occurrence of the series is of another kind")
		return
	}
	set := pim.AllOf(want.Kind()).Minus(pim.Set(pim.FieldRecurrence, pim.FieldAttachments))
	n := &writer{old: w.old, next: w.next, c: c, read: w.old.reader(was, w.opt.Zones), have: have, want: want, set: set, opt: w.opt, touched: fresh}
	n.write(pim.Diff(have, want, set))
	if w.err = n.err; w.err != nil || !n.touched {
		return
	}
	n.stamp()
	w.overridden = true
}

// occurrence adds a component for the occurrence that starts at a time, as the master makes it.
func (w *writer) occurrence(at pim.When) *line.Block {
	begin := w.c.First("DTSTART")
	if begin == nil {
		begin = w.c.First("DUE")
	}
	from, ok := stampOf(begin)
	if !ok || at.IsZero() {
		w.fail("a series or an occurrence of it has no start")
		return nil
	}
	start := w.dateLine(begin.Name, at)
	if s, _ := stampOf(start); s.kind == from.kind && s.tzid == from.tzid {
		start = begin.WithValue(s.value())
	}
	c := w.c.Fresh()
	withoutFiles(c)
	for _, name := range []string{"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"} {
		c.Remove(name)
	}
	c.AddAfter(c.First("UID"), start.WithName("RECURRENCE-ID"))
	c.Set(start)
	w.lengthen(c, start)
	w.next.cal.AddBlock(c)
	return c
}

// lengthen gives an occurrence that begins at start the length that the series has.
func (w *writer) lengthen(c *line.Block, start *line.Line) {
	name := "DTEND"
	if c.Name == todo {
		name = "DUE"
	}
	old := c.First(name)
	first, ok := stampOf(w.c.First("DTSTART"))
	last, ok2 := stampOf(old)
	s, ok3 := stampOf(start)
	if !ok || !ok2 || !ok3 || start.Name != "DTSTART" {
		return
	}
	r := w.next.reader(w.c, w.opt.Zones)
	if s.kind == dateOnly || r.allDay && last.midnight() {
		s.wall = s.wall.Add(last.wall.Sub(first.wall)) // whole days, whatever the clocks do
		c.Set(old.WithValue(last.at(s.wall).value()))
		return
	}
	r.allDay = false
	end, _ := r.lasting().end(r, s, r.when(s), time.Time{})
	if !end.IsZero() {
		c.Set(w.timeLine(name, end, old, start))
	}
}

// at is a stamp of the same form.
func (s stamp) at(wall time.Time) stamp {
	s.wall = wall
	return s
}
