package ics_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/pim/ics"
)

var zoneNames = []string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo"}

func drawText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.Just(""),
		rapid.StringMatching(`[a-zA-Z0-9äß😀,;:"'\\^=\n ]{0,60}[a-z]`),
	).Draw(t, name)
}

// drawWhen draws a time in one of the forms there are: all around changes of clocks.
func drawWhen(t *rapid.T, name string) pim.When {
	base := time.Date(2026, rapid.SampledFrom([]time.Month{2, 3, 4, 10, 11}).Draw(t, name+" month"), 1, 0, 0, 0, 0, time.UTC)
	at := base.Add(time.Duration(rapid.IntRange(0, 31*24*4).Draw(t, name+" quarter")) * 15 * time.Minute)
	switch rapid.IntRange(0, 3).Draw(t, name+" form") {
	case 0:
		return pim.On(at.Year(), at.Month(), at.Day())
	case 1:
		return pim.When{Time: at, Floating: true}
	}
	return pim.At(at, rapid.SampledFrom(zoneNames).Draw(t, name+" zone"))
}

// like draws a time of the same form, after w.
func like(t *rapid.T, w pim.When, name string) pim.When {
	if w.Date {
		w.Time = w.Time.AddDate(0, 0, rapid.IntRange(1, 5).Draw(t, name))
		return w
	}
	w.Time = w.Time.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, name)) * 15 * time.Minute)
	return w
}

func drawActivity(t *rapid.T, statuses []pim.Status) pim.Activity {
	a := pim.Activity{
		UID: "uid", Title: drawText(t, "title"), Notes: drawText(t, "notes"), Location: drawText(t, "location"),
		URL:      rapid.SampledFrom([]string{"", "https://crm.example.org/?a=1,2;b"}).Draw(t, "url"),
		Priority: rapid.IntRange(0, 9).Draw(t, "priority"),
		Class:    rapid.SampledFrom([]pim.Class{pim.Public, pim.Private, pim.Confidential}).Draw(t, "class"),
		Status:   rapid.SampledFrom(statuses).Draw(t, "status"),
	}
	a.Categories = rapid.SliceOfDistinct(rapid.StringMatching(`[a-z,;\\]{0,8}[a-z]`), rapid.ID).Draw(t, "categories")
	for range rapid.IntRange(0, 2).Draw(t, "reminders") {
		a.Reminders = append(a.Reminders, pim.Reminder{
			Before: time.Duration(rapid.IntRange(-100, 5000).Draw(t, "before")) * time.Minute,
			End:    rapid.Bool().Draw(t, "end"),
		})
	}
	if len(a.Reminders) == 2 && a.Reminders[0] == a.Reminders[1] {
		a.Reminders = a.Reminders[:1]
	}
	if rapid.Bool().Draw(t, "organized") {
		a.Organizer = pim.Person{Name: strings.TrimSpace(drawText(t, "organizer")), Email: "boss@example.org"}
	}
	for _, who := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a@example.org", "B@Example.org", "c@example.org", ""}), rapid.ID).Draw(t, "who") {
		p := pim.Person{Name: strings.TrimSpace(drawText(t, "attendee")), Email: who}
		if who == "" {
			p.Name = "Nobody Special"
		}
		a.Attendees = append(a.Attendees, pim.Attendee{
			Person: p, Optional: rapid.Bool().Draw(t, "optional"),
			Answer: rapid.SampledFrom([]string{"", "accepted", "declined", "tentative"}).Draw(t, "answer"),
		})
	}
	a.CRM = pim.Relations{
		Type: drawText(t, "type"), Number: drawText(t, "number"), Company: drawText(t, "company"), Contact: drawText(t, "contact"),
		Project: drawText(t, "project"), Owner: drawText(t, "owner"), Result: drawText(t, "result"), Report: drawText(t, "report"),
	}
	return a
}

// drawFiles draws what a series, not an occurrence, has.
func drawFiles(t *rapid.T) (out []pim.Attachment) {
	for _, name := range rapid.SliceOfNDistinct(drawName(), 0, 3, rapid.ID).Draw(t, "files") {
		out = append(out, pim.NewAttachment(name, rapid.SampledFrom([]string{"", "text/plain", "no type"}).Draw(t, "type"), rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "bytes")))
	}
	return out
}

func drawName() *rapid.Generator[string] {
	return rapid.StringMatching(`[a-zäß😀,;:"'\\^=]{1,20}(\.pdf)?`)
}

func drawEvent(t *rapid.T) *pim.Event {
	e := &pim.Event{
		Activity: drawActivity(t, []pim.Status{"", pim.Tentative, pim.Confirmed, pim.Cancelled}),
		Start:    drawWhen(t, "start"), Free: rapid.Bool().Draw(t, "free"),
	}
	e.Attachments = drawFiles(t)
	e.End = like(t, e.Start, "end")
	if rapid.Bool().Draw(t, "repeats") {
		rec := &pim.Recurrence{Rules: []string{rapid.SampledFrom([]string{"FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=YEARLY;UNTIL=20300101"}).Draw(t, "rule")}}
		for range rapid.IntRange(0, 2).Draw(t, "dates") {
			rec.Dates = append(rec.Dates, like(t, e.Start, "date"))
			rec.Except = append(rec.Except, like(t, e.Start, "except"))
		}
		rec.Dates, rec.Except = distinct(rec.Dates), distinct(rec.Except)
		e.Recurrence = rec
		drawOccurrences(t, e)
	}
	return e
}

// drawOccurrences lets some occurrences differ that are not excluded, in a little or in everything.
func drawOccurrences(t *rapid.T, e *pim.Event) {
	var at []pim.When
	for range rapid.IntRange(0, 3).Draw(t, "changed") {
		at = append(at, like(t, e.Start, "occurrence"))
	}
	for _, w := range distinct(at) {
		if slices.ContainsFunc(e.Recurrence.Except, w.Equal) {
			continue
		}
		o := pim.OwnOccurrence(e, w).(*pim.Event)
		if rapid.Bool().Draw(t, "differs in all") {
			o = &pim.Event{Activity: drawActivity(t, []pim.Status{"", pim.Tentative, pim.Confirmed, pim.Cancelled}), Start: drawWhen(t, "start of one")}
			o.End = like(t, o.Start, "end of one")
		} else {
			o.Title = drawText(t, "title of one")
		}
		e.Recurrence.Changed = append(e.Recurrence.Changed, pim.Occurrence{At: w, Item: o})
	}
}

func distinct(ws []pim.When) []pim.When {
	var out []pim.When
	for _, w := range ws {
		if !slices.ContainsFunc(out, w.Equal) {
			out = append(out, w)
		}
	}
	return out
}

func drawTask(t *rapid.T) *pim.Task {
	k := &pim.Task{
		Activity: drawActivity(t, []pim.Status{"", pim.NeedsAction, pim.InProcess, pim.Completed, pim.Cancelled}),
		Percent:  rapid.IntRange(0, 100).Draw(t, "percent"),
		Effort:   time.Duration(rapid.IntRange(0, 5000).Draw(t, "effort")) * time.Minute,
		Spent:    time.Duration(rapid.IntRange(0, 5000).Draw(t, "spent")) * time.Second,
	}
	k.Attachments = drawFiles(t)
	if rapid.Bool().Draw(t, "starts") {
		k.Start = drawWhen(t, "start")
	}
	if rapid.Bool().Draw(t, "due") {
		k.Due = drawWhen(t, "due")
		if !k.Start.IsZero() {
			k.Due = like(t, k.Start, "due after")
		}
	}
	if rapid.Bool().Draw(t, "completed") {
		k.Completed = pim.At(now, "")
	}
	return k
}

func drawItem(t *rapid.T, kind pim.Kind) pim.Item {
	if kind == pim.KindTask {
		return drawTask(t)
	}
	return drawEvent(t)
}

func drawSet(t *rapid.T, k pim.Kind) pim.FieldSet {
	var s pim.FieldSet
	for _, f := range pim.Fields(k) {
		if rapid.Bool().Draw(t, string(f.ID)) {
			s = s.With(f)
		}
	}
	return s
}

func drawRange(t *rapid.T) ics.TimeRange {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 2*365*24).Draw(t, "from")) * time.Hour)
	r := ics.TimeRange{From: from, Until: from.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "length")) * time.Hour)}
	if rapid.IntRange(0, 5).Draw(t, "open start") == 0 {
		r.From = time.Time{}
	}
	return r
}

var locals = []*time.Location{nil, load1("America/Los_Angeles"), load1("Pacific/Kiritimati")}

func load1(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}
