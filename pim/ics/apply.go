package ics

import (
	"strconv"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

const opApply = "ics: apply"

// ApplyOptions go with Apply.
type ApplyOptions struct {
	// Now is written as DTSTAMP and LAST-MODIFIED; zero leaves them alone.
	Now time.Time
	// Zone is the IANA name in which instants without a zone of their own are written
	// where the text gives none; "" means UTC.
	Zone string
	// Zones reads o, as for Item.
	Zones Zones
}

// Apply returns a new object in which the fields of set are those of it, and every
// other line of the text has the bytes it had. A field whose value in the text is
// equal already (pim.Field.Equal) is not written. When nothing changes, o itself is
// returned.
//
// A property whose time moves keeps its parameters: the new wall clock time is written
// in the zone it had. An end stays DTEND or DURATION. Attendees are matched by
// address and alarms by trigger, so that all else in them survives. A zone that is new to
// the text gets its VTIMEZONE. SEQUENCE rises when times or the recurrence change.
//
// Files inside the text are added and removed as whole lines, links to files stay. An override that is made of the master gets no
// copy of its files, and those that overrides have stay as they are.
//
// What other programs keep beside a property goes with it: X-ALT-DESC and ALTREP with the
// notes, GEO and X-APPLE-STRUCTURED-LOCATION with the place, X-MICROSOFT-CDO-* with
// priority, free time and whole days. A task that is reopened loses COMPLETED and a
// PERCENT-COMPLETE of 100 unless set says otherwise, since clients show it as done by them.
//
// When the start of a series moves, the RECURRENCE-ID of its overrides moves with it, and
// EXDATE too unless set has the recurrence.
//
// With the recurrence in set, the overrides become those of Recurrence.Changed, matched by
// RECURRENCE-ID as a moment. Each is written as the master is, all its fields, and revised by
// itself: every line that its fields do not change has the bytes it had. A new one is made of
// the master's component, with its times. One that is not wanted, or that the recurrence
// excludes, goes. An occurrence without Item leaves its override as it is. Overrides with
// RANGE=THISANDFUTURE stay as they are until the recurrence goes or excludes them.
//
// pim.ErrUnsupported when the kind of it is not that of o, pim.ErrInvalid for values
// that iCalendar cannot hold.
func Apply(o *Object, it pim.Item, set pim.FieldSet, opt ApplyOptions) (*Object, error) {
	have, err := o.Item(opt.Zones)
	if err != nil {
		return nil, err
	}
	if have.Kind() != it.Kind() {
		return nil, pim.Errorf(opApply, pim.ErrUnsupported, "a calendar object cannot change between event and task")
	}
	diff := pim.Diff(have, it, set.And(pim.AllOf(it.Kind())))
	if diff.IsEmpty() {
		return o, nil
	}
	w := newWriter(o, have, it, set, opt)
	w.write(diff)
	if w.err != nil {
		return nil, w.err
	}
	switch {
	case w.touched:
		w.stamp()
	case !w.overridden:
		return o, nil
	}
	return newObject(w.next.text), nil
}

// NewOptions go with New.
type NewOptions struct {
	ProdID string    // PRODID; required
	Now    time.Time // CREATED, DTSTAMP, LAST-MODIFIED; required
	UID    string    // used when the item has none
	Zone   string    // as in ApplyOptions
}

// New makes a whole object of an event or a task: CRLF, one VTIMEZONE for each zone used,
// then the component, then one for each of Recurrence.Changed that has an Item. pim.ErrUnsupported for other kinds, pim.ErrInvalid without
// a UID, a start (of an event), ProdID or Now, and for values that iCalendar cannot hold.
func New(it pim.Item, opt NewOptions) (*Object, error) {
	name := ""
	switch it.(type) {
	case *pim.Event:
		name = event
	case *pim.Task:
		name = todo
	default:
		return nil, pim.Errorf(opApply, pim.ErrUnsupported, "only events and tasks can be put into a calendar")
	}
	uid := it.ID()
	if uid == "" {
		uid = opt.UID
	}
	if uid == "" || opt.ProdID == "" || opt.Now.IsZero() {
		return nil, pim.Errorf(opApply, pim.ErrInvalid, "a new calendar object needs a UID, a PRODID and the time")
	}
	now := stamp{wall: opt.Now.UTC(), kind: utc}.value()
	c := line.NewBlock(name,
		line.New("UID", line.Escape(uid)),
		line.New("DTSTAMP", now),
		line.New("CREATED", now),
		line.New("LAST-MODIFIED", now),
	)
	cal := line.NewBlock(calendar, line.New("VERSION", "2.0"), line.New("PRODID", line.Escape(opt.ProdID)))
	cal.AddBlock(c)

	empty := pim.New(it.Kind())
	all := pim.AllOf(it.Kind())
	w := newWriter(newObject(line.NewText(cal)), empty, it, all, ApplyOptions{Zone: opt.Zone})
	diff := pim.Diff(empty, it, all)
	if e, ok := it.(*pim.Event); ok && e.Start.IsZero() {
		return nil, pim.Errorf(opApply, pim.ErrInvalid, "the event has no start")
	}
	w.write(diff)
	if w.err != nil {
		return nil, w.err
	}
	return newObject(w.next.text), nil
}

// writer edits a component of a copy of an object. The first error stops it.
type writer struct {
	old  *Object
	next *Object     // the copy
	c    *line.Block // its master component, or an override
	read reader      // of the component as it was

	have, want pim.Item
	set        pim.FieldSet
	opt        ApplyOptions

	touched     bool // something was written
	rescheduled bool // times or recurrence were
	overridden  bool // an override was
	err         error
}

func newWriter(o *Object, have, want pim.Item, set pim.FieldSet, opt ApplyOptions) *writer {
	next := newObject(o.text.Clone())
	return &writer{
		old: o, next: next, c: next.Master(), read: o.reader(o.Master(), opt.Zones),
		have: have, want: want, set: set, opt: opt,
	}
}

func (w *writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = pim.Errorf(opApply, pim.ErrInvalid, format, args...)
	}
}

// write carries out the fields of diff. Times come first: the recurrence needs them.
func (w *writer) write(diff pim.FieldSet) {
	switch want := w.want.(type) {
	case *pim.Event:
		w.eventTimes(want, diff)
	case *pim.Task:
		w.taskTimes(want, diff)
	}
	if diff.Has(pim.FieldRecurrence) {
		w.recurrence()
	}
	for _, f := range fieldWriters {
		if diff.Has(f.id) && w.err == nil {
			f.write(w)
		}
	}
	if rec := w.act().Recurrence; rec != nil && diff.Has(pim.FieldRecurrence) && w.err == nil {
		w.overrides(rec) // new ones are made of what the master is now
	}
}

// set puts l in the place of the line of its name, or removes that when l is nil.
func (w *writer) put(name string, l *line.Line) {
	w.touched = true
	if l == nil {
		w.c.Remove(name)
		return
	}
	w.c.Set(l)
}

// value sets the value of a line that is not a TEXT; "" removes it.
func (w *writer) value(name, v string) {
	old := w.c.First(name)
	switch {
	case v == "":
		w.put(name, nil)
	case old != nil:
		w.put(name, old.WithValue(v))
	default:
		w.put(name, line.New(name, v))
	}
}

// text sets a TEXT value and keeps the parameters that still hold.
func (w *writer) text(name, v string) {
	v = line.Escape(v)
	if old := w.c.First(name); old != nil && v != "" {
		w.put(name, old.WithoutParam("ALTREP", "ENCODING", "CHARSET").WithValue(v))
		return
	}
	w.value(name, v)
}

// follow sets a line of another program's that says the same as a property of ours, if
// it is there.
func (w *writer) follow(name, v string) {
	if l := w.c.First(name); l != nil && trim(l.Value) != v {
		w.put(name, l.WithValue(v))
	}
}

// stamp writes when the component was revised (RFC 5545 3.8.7.2 to 3.8.7.4).
func (w *writer) stamp() {
	if w.rescheduled {
		n, err := strconv.Atoi(trim(w.c.Value("SEQUENCE")))
		if err != nil || n < 0 || n >= 1<<31-1 {
			n = 0
		}
		w.value("SEQUENCE", strconv.Itoa(n+1))
	}
	if w.opt.Now.IsZero() {
		return
	}
	now := stamp{wall: w.opt.Now.UTC(), kind: utc}.value()
	w.value("DTSTAMP", now)
	w.value("LAST-MODIFIED", now)
}
