package ics

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// fieldWriter writes one field of writer.want.
type fieldWriter struct {
	id    pim.FieldID
	write func(*writer)
}

var fieldWriters = append([]fieldWriter{
	{pim.FieldTitle, func(w *writer) { w.text("SUMMARY", w.act().Title) }},
	{pim.FieldNotes, (*writer).notes},
	{pim.FieldLocation, (*writer).location},
	{pim.FieldURL, func(w *writer) { w.value("URL", trim(w.act().URL)) }},
	{pim.FieldCategories, (*writer).categories},
	{pim.FieldPriority, (*writer).priority},
	{pim.FieldClass, func(w *writer) { w.value("CLASS", strings.ToUpper(string(w.act().Class))) }},
	{pim.FieldStatus, (*writer).status},
	{pim.FieldReminders, (*writer).reminders},
	{pim.FieldOrganizer, (*writer).organizer},
	{pim.FieldAttendees, (*writer).attendees},
	{pim.FieldAttachments, (*writer).attachments},
	{pim.FieldFree, (*writer).free},
	{pim.FieldPercent, (*writer).percent},
	{pim.FieldEffort, func(w *writer) { w.length("X-CRM-EFFORT", w.want.(*pim.Task).Effort) }},
	{pim.FieldSpent, func(w *writer) { w.length("X-CRM-SPENT", w.want.(*pim.Task).Spent) }},
}, relationWriters()...)

func relationWriters() []fieldWriter {
	var out []fieldWriter
	for _, r := range relations {
		out = append(out, fieldWriter{r.field, func(w *writer) { w.relation(r) }})
	}
	return out
}

func (w *writer) act() *pim.Activity { return pim.ActivityOf(w.want) }

func (w *writer) relation(r relation) {
	rel := &w.act().CRM
	w.text(r.prop, *r.at(rel))
	if l := w.c.First(r.prop); l != nil && r.field == pim.FieldType && rel.Language != "" {
		w.put(r.prop, l.WithParam(line.P("LANGUAGE", rel.Language)))
	}
}

// notes takes the rich forms of the old text along: Thunderbird shows ALTREP and
// Outlook X-ALT-DESC rather than DESCRIPTION.
func (w *writer) notes() {
	w.text("DESCRIPTION", w.act().Notes)
	w.c.Remove("X-ALT-DESC")
}

// location takes along what describes the old place.
func (w *writer) location() {
	w.text("LOCATION", w.act().Location)
	w.c.Remove("GEO")
	w.c.Remove("X-APPLE-STRUCTURED-LOCATION")
}

// categories leaves lines that lose none as they are and adds to the last one: what parameters say of some (LANGUAGE) is
// not said of all.
func (w *writer) categories() {
	const name = "CATEGORIES"
	w.touched = true
	want := slices.DeleteFunc(slices.Clone(w.act().Categories), func(s string) bool { return trim(s) == "" })
	var last *line.Line
	var here []string
	for _, l := range w.c.All(name) {
		texts := line.Texts(l.Value)
		kept := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !slices.Contains(want, s) || slices.Contains(here, s) })
		here = append(here, kept...)
		switch {
		case len(kept) == 0:
			w.c.Replace(l)
			continue
		case len(kept) < len(texts):
			next := l.WithValue(line.JoinTexts(kept))
			w.c.Replace(l, next)
			l = next
		}
		last = l
	}
	fresh := slices.DeleteFunc(want, func(s string) bool { return slices.Contains(here, s) })
	switch {
	case len(fresh) == 0:
	case last == nil:
		w.c.Add(line.New(name, line.JoinTexts(fresh)))
	default:
		w.c.Replace(last, last.WithValue(line.JoinTexts(append(line.Texts(last.Value), fresh...))))
	}
}

func (w *writer) priority() {
	n := w.act().Priority
	if n < 0 || n > 9 {
		w.fail("the priority is not between 0 and 9")
		return
	}
	w.value("PRIORITY", number(n))
	// [MS-OXCICAL]: 0 low, 1 normal, 2 high.
	switch {
	case n >= 1 && n <= 4:
		w.follow("X-MICROSOFT-CDO-IMPORTANCE", "2")
	case n >= 6:
		w.follow("X-MICROSOFT-CDO-IMPORTANCE", "0")
	default:
		w.follow("X-MICROSOFT-CDO-IMPORTANCE", "1")
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (w *writer) status() {
	s := w.act().Status
	if s != "" && statusOf(w.c.Name, string(s)) == "" {
		w.fail("an event cannot have the status of a task, nor a task that of an event")
		return
	}
	w.value("STATUS", strings.ToUpper(string(s)))
	if w.c.Name != todo || s == pim.Completed {
		return
	}
	// Clients take a task for done by any of the three.
	if !w.set.Has(pim.FieldCompleted) {
		w.c.Remove("COMPLETED")
	}
	if !w.set.Has(pim.FieldPercent) && trim(w.c.Value("PERCENT-COMPLETE")) == "100" {
		w.c.Remove("PERCENT-COMPLETE")
	}
}

func (w *writer) percent() {
	n := w.want.(*pim.Task).Percent
	if n < 0 || n > 100 {
		w.fail("the percentage is not between 0 and 100")
		return
	}
	w.value("PERCENT-COMPLETE", number(n))
}

func (w *writer) length(name string, d time.Duration) {
	switch {
	case d < 0 || d > maxDays*24*time.Hour:
		w.fail("a length of time is negative or too long")
	case d < time.Second:
		w.value(name, "")
	default:
		w.value(name, duration(d, false))
	}
}

func (w *writer) free() {
	free := w.want.(*pim.Event).Free
	v, busy := "OPAQUE", "BUSY"
	if free {
		v, busy = "TRANSPARENT", "FREE"
	}
	w.value("TRANSP", v)
	// TENTATIVE, OOF and the like are kinds of busy and may stay.
	for _, name := range []string{"X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS"} {
		if strings.EqualFold(trim(w.c.Value(name)), "FREE") != free {
			w.follow(name, busy)
		}
	}
}
