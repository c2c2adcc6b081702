package ews

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
	"crmbridge/remote"
)

// inOccurrences are the fields that an occurrence can have of its own (MS-OXOCAL 2.2.1.44).
var inOccurrences = pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldLocation, pim.FieldTime, pim.FieldFree, pim.FieldStatus, pim.FieldReminders, pim.FieldCategories, pim.FieldAttendees)

// recurrenceURI is the property of the pattern.
var recurrenceURI = map[pim.Kind]path{pim.KindEvent: uri("calendar:Recurrence"), pim.KindTask: uri("task:Recurrence")}

// days is where the days of a series begin and end, as series.Of wants it. A series in UTC is one in UTC at Exchange, too.
func (z *zones) days(start pim.When) *time.Location { return z.location(z.zoneOf(start)) }

// readSeries is the recurrence of a master with its exceptions; nil for a single item, and where the pattern has no rule.
func (z *zones) readSeries(x *item, it pim.Item) *pim.Recurrence {
	p, ok := x.Recurrence.pattern()
	start := pim.BeginOf(it)
	if !ok || start.IsZero() {
		return nil
	}
	rule, err := p.Rule(start, z.days(start))
	if err != nil {
		return nil
	}
	rec := &pim.Recurrence{Rules: []string{rule}}
	at := func(v val) pim.When {
		if start.Date {
			return z.day(v, x.StartZone)
		}
		return pim.At(v.time(), start.Zone)
	}
	for _, d := range x.Deleted {
		rec.Except = append(rec.Except, at(d.Start))
	}
	for _, o := range x.Exceptions {
		i := slices.IndexFunc(x.changed, func(c item) bool { return c.ID.ID == o.ID.ID })
		if i < 0 {
			continue
		}
		// One that was changed back is still an exception there, and none here.
		one, when := z.read(&x.changed[i]), at(o.Original)
		if !pim.Equal(one, pim.OwnOccurrenceOnClock(it, when, z.days(start)), inOccurrences) {
			rec.Changed = append(rec.Changed, pim.Occurrence{At: when, Item: one})
		}
	}
	return rec
}

// moveSeries lets the names of occurrences go along with a series whose start moves and whose recurrence is said to stay.
func (z *zones) moveSeries(to, from pim.Item) {
	rec, start, was := pim.ActivityOf(to).Recurrence, pim.BeginOf(to), pim.BeginOf(from)
	if rec == nil || start.Equal(was) || start.Date != was.Date {
		return
	}
	zone := z.days(was)
	by := wall(start, z.days(start)).Sub(wall(was, zone))
	move := func(w pim.When) pim.When {
		moved := wall(w, zone).Add(by)
		if w.Date || w.Floating {
			w.Time = moved
			return w
		}
		return pim.At(tz.Instant(moved, z.days(start)), start.Zone)
	}
	for i := range rec.Except {
		rec.Except[i] = move(rec.Except[i])
	}
	for i := range rec.Changed {
		rec.Changed[i].At = move(rec.Changed[i].At)
	}
}

// wall is what clocks show, as if it were UTC.
func wall(w pim.When, zone *time.Location) time.Time {
	if w.Date || w.Floating {
		return w.Time
	}
	t := w.Time.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// loadExceptions gets the occurrences of series that differ.
func (m *mail) loadExceptions(ctx context.Context, op string, items []item) error {
	var ids []string
	for i := range items {
		for _, o := range items[i].Exceptions {
			if o.ID.ID != "" {
				ids = append(ids, o.ID.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	got, err := m.items(ctx, op, shape("m:ItemShape", true, eventTable.asked()), ids)
	if err != nil {
		return err
	}
	for i := range items {
		for _, o := range items[i].Exceptions {
			if at := slices.IndexFunc(got, func(x item) bool { return x.ID.ID == o.ID.ID }); at >= 0 {
				items[i].changed = append(items[i].changed, got[at])
			}
		}
	}
	return nil
}

// seriesPlan is what a write does to a recurrence.
type seriesPlan struct {
	kind    pim.Kind
	wanted  pim.Item // the item with the recurrence that it is to have
	pattern *el      // to be written; nil: stays
	clear   bool     // the series becomes a single item
	// revise says that occurrences have to be looked at afterwards.
	revise bool
	zones  *zones
}

// planSeries is the plan for a new item.
func (m *mail) planSeries(it pim.Item) (seriesPlan, error) {
	p := seriesPlan{kind: it.Kind(), wanted: it, zones: m.zones}
	rec := pim.ActivityOf(it).Recurrence
	if rec == nil {
		return p, nil
	}
	wanted, err := m.zones.patternOf(it)
	if err != nil {
		return p, err
	}
	p.write(wanted)
	p.revise = len(rec.Except)+len(rec.Changed) > 0
	return p, nil
}

// patternOf is the pattern of an item's recurrence as it is written.
func (z *zones) patternOf(it pim.Item) (series.Pattern, error) {
	rec, start := pim.ActivityOf(it).Recurrence, pim.BeginOf(it)
	if it.Kind() == pim.KindTask {
		start = z.date(start)
		if start.IsZero() {
			return series.Pattern{}, pim.Errorf("ews: series", pim.ErrUnsupported, "the task repeats without a day to begin on, which Exchange cannot keep")
		}
		if len(rec.Except)+len(rec.Changed) > 0 {
			return series.Pattern{}, pim.Errorf("ews: series", pim.ErrUnsupported, "the task repeats with exceptions, which Exchange cannot keep")
		}
	}
	p, err := series.Of(rec, start, z.days(start))
	return spelled(p), err
}

func (p *seriesPlan) write(pattern series.Pattern) {
	start := pim.BeginOf(p.wanted)
	day := start.Time
	if p.kind == pim.KindTask {
		day = p.zones.date(start).Time
	} else if !start.Date && !start.Floating {
		day = start.Time.In(p.zones.days(start))
	}
	e := element(pattern, day)
	p.pattern = &e
}

// planUpdate is the plan for an item that is there. now is nil when neither it nor what is wanted can be a series.
func (m *mail) planUpdate(it pim.Item, now *item, set pim.FieldSet) (seriesPlan, error) {
	p := seriesPlan{kind: it.Kind(), wanted: it, zones: m.zones}
	if p.kind == pim.KindContact || now == nil && !set.Has(pim.FieldRecurrence) {
		return p, nil
	}
	rec := pim.ActivityOf(it).Recurrence
	if rec == nil {
		p.clear = set.Has(pim.FieldRecurrence) && now != nil && now.Recurrence != nil
		return p, nil
	}
	wanted, err := m.zones.patternOf(it)
	if err != nil {
		return p, err
	}
	have := m.zones.record(now).Item
	is, was := now.Recurrence.pattern()
	moved := !m.zones.sameStart(have, it)
	if !was || moved || pim.ActivityOf(have).Recurrence == nil || series.Rewritten(pim.ActivityOf(have).Recurrence, rec, is, wanted) {
		p.write(wanted)
	}
	if p.kind == pim.KindEvent {
		there := pim.ActivityOf(have).Recurrence
		p.revise = len(rec.Except)+len(rec.Changed) > 0 || there != nil && len(there.Changed) > 0
	}
	return p, nil
}

// sameStart reports series that begin at one time; of tasks only the day counts.
func (z *zones) sameStart(a, b pim.Item) bool {
	if a.Kind() == pim.KindTask {
		return z.date(pim.BeginOf(a)).Equal(z.date(pim.BeginOf(b)))
	}
	return pim.BeginOf(a).Equal(pim.BeginOf(b))
}

// create adds the pattern to the properties of a new item.
func (p seriesPlan) create(w *writing) {
	if p.pattern != nil {
		w.set(recurrenceURI[p.kind], *p.pattern)
	}
}

// update adds what becomes of the pattern to a change. It is taken away before anything else: a series of tasks that is done would go on
// with its next one.
func (p seriesPlan) update(w *writing) {
	p.create(w)
	if p.clear {
		w.changes = slices.Insert(w.changes, 0, setting{path: recurrenceURI[p.kind]})
	}
}

// occurrences makes those of a series that was written the wanted ones. One that Exchange refuses stays as it is, and is told.
func (p seriesPlan) occurrences(ctx context.Context, m *mail, op string, ref remote.Ref) (remote.Ref, []remote.Note, error) {
	if !p.revise {
		return ref, nil, nil
	}
	now, err := m.one(ctx, op, p.kind, string(ref.ID))
	if err != nil {
		return ref, nil, err
	}
	ref.Version = now.ID.ChangeKey
	have := p.zones.record(now).Item
	if pim.ActivityOf(have).Recurrence == nil {
		return ref, nil, nil
	}
	todo := series.Occurrences(have, p.wanted, inOccurrences, p.zones.days(pim.BeginOf(have)))
	if len(todo.Delete)+len(todo.Change) == 0 {
		return ref, nil, nil
	}
	o := &occurrences{mail: m, op: op, master: string(ref.ID), series: have, kind: p.kind}
	for _, at := range todo.Delete {
		if err := o.do(at, func(id el) error { return m.remove(ctx, op, id, "MoveToDeletedItems") }); err != nil {
			return ref, nil, err
		}
	}
	for _, c := range todo.Change {
		if err := o.do(c.At, func(id el) error { return o.change(ctx, id, c) }); err != nil {
			return ref, nil, err
		}
	}
	ref.Version, err = m.version(ctx, op, string(ref.ID))
	return ref, o.notes, err
}

// occurrences is the work on those of one series.
type occurrences struct {
	mail   *mail
	op     string
	master string
	series pim.Item
	kind   pim.Kind
	notes  []remote.Note
}

// do works on the occurrence with an original start. What was done already is no fault.
func (o *occurrences) do(at pim.When, work func(id el) error) error {
	n, ok := o.index(at)
	if !ok {
		o.note(at, "the series has none there")
		return nil
	}
	err := work(leaf("t:OccurrenceItemId", "", "RecurringMasterId", o.master, "InstanceIndex", strconv.Itoa(n)))
	switch {
	case err == nil, codeOf(err) == "ErrorCalendarOccurrenceIsDeletedFromRecurrence":
		return nil
	case pim.ReasonOf(err).Retryable(), errors.Is(err, pim.ErrAuth), errors.Is(err, pim.ErrForbidden):
		return err
	}
	o.note(at, pim.PublicText(err))
	return nil
}

func (o *occurrences) note(at pim.When, says string) {
	o.notes = append(o.notes, remote.Note{Field: pim.FieldRecurrence, Wanted: at.String(), Says: "the occurrence of " + at.String() + " was left as it is: " + says})
}

// steps bounds the way to an occurrence of a series.
const steps = 100_000

// index is the number of an occurrence, from 1: all that the pattern gives are counted, the deleted ones too.
func (o *occurrences) index(at pim.When) (int, bool) {
	z, start := o.mail.zones, pim.BeginOf(o.series)
	rule, err := rrule.Parse(pim.ActivityOf(o.series).Recurrence.Rules[0])
	if err != nil {
		return 0, false
	}
	zone := z.days(start)
	set := rrule.Set{Start: start.Time, Date: start.Date, Zone: zone, Rules: []rrule.Rule{rule}}
	if !start.Date && !start.Floating {
		set.Start = start.Time.In(zone)
	}
	want := z.instant(at)
	it := set.Iter(time.Time{}, want.Add(time.Second), rrule.NewBudget(steps))
	n := 0
	for t, ok := it.Next(); ok; t, ok = it.Next() {
		if n++; t.Equal(want) {
			return n, true
		}
	}
	return 0, false
}

// change changes one: it is read first, because its version is not that of the series.
func (o *occurrences) change(ctx context.Context, id el, c series.Change) error {
	a, err := o.mail.account.call(ctx, request{op: o.op, body: node("m:GetItem", shape("m:ItemShape", false, nil), node("m:ItemIds", id))})
	if err != nil {
		return err
	}
	now, err := written(a, o.op)
	if err != nil {
		return err
	}
	return o.write(ctx, itemID(now.ID.ID, now.ID.ChangeKey), c)
}

func (o *occurrences) write(ctx context.Context, id el, c series.Change) error {
	w := o.mail.writing(c.Item)
	w.occurrence = true
	tables[o.kind].write(w, c.Set)
	if o.mail.answersOther(c.Item, c.Set) {
		o.notes = append(o.notes, remote.Note{Field: pim.FieldRecurrence, Wanted: c.At.String(),
			Says: "the answer to the occurrence of " + c.At.String() + " was not given: answer a single occurrence of somebody else's series in Outlook"})
	}
	if len(w.changes) == 0 {
		return nil
	}
	_, err := o.mail.changeItem(ctx, o.op, o.kind, id, w.updates(), o.mail.sends(c.Set))
	return err
}
