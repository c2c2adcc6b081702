package graph

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/tz"
)

// readOccurrences adds to a series what differs from it: exceptions, each as an item, and the occurrences that are not held.
func (c *connector) readOccurrences(e *event, it *pim.Event) {
	for i := range e.Exceptions {
		x := &e.Exceptions[i]
		at, ok := c.originalStart(x, it)
		if !ok {
			continue
		}
		o := pim.Occurrence{At: at}
		if x.Start != nil && x.End != nil { // one that Graph shows by its id alone is known by its time alone
			own := &pim.Event{}
			c.eventTable.read(x, own)
			own.Recurrence = nil
			o.Item = own
		}
		it.Recurrence.Changed = append(it.Recurrence.Changed, o)
	}
	for _, id := range e.Deleted {
		if at, ok := c.deletedStart(id, it); ok {
			it.Recurrence.Except = append(it.Recurrence.Except, at)
		}
	}
}

// originalStart is when an exception would be held by the rule.
func (c *connector) originalStart(x *event, master *pim.Event) (pim.When, bool) {
	t, err := time.Parse(time.RFC3339Nano, x.Original)
	if err != nil {
		return pim.When{}, false
	}
	if !master.Start.Date {
		return pim.At(t, master.Start.Zone), true
	}
	if h, m, s := t.UTC().Clock(); h+m+s != 0 { // midnight in the zone of the series
		t = t.In(c.location(pim.When{Zone: c.zoneNamed(x.Zone)}))
	}
	return pim.On(t.Date()), true
}

// deletedStart reads "OID.<master>.<date>" (Microsoft Graph, event: cancelledOccurrences hold the occurrenceId). The date is taken as
// the day on the clocks of the series; where the rule has nothing on it, as the day in UTC.
func (c *connector) deletedStart(id string, master *pim.Event) (pim.When, bool) {
	i := strings.LastIndexByte(id, '.')
	day, err := time.Parse(time.DateOnly, id[i+1:])
	if err != nil {
		return pim.When{}, false
	}
	if master.Start.Date {
		return pim.On(day.Date()), true
	}
	zone := c.dayZone(master.Start)
	on := func(day time.Time) pim.When {
		clock := c.clock(master.Start)
		wall := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
		return pim.At(tz.Instant(wall, zone), master.Start.Zone)
	}
	set, ok := c.set(master)
	for _, shift := range []int{0, -1, 1} {
		at := on(day.AddDate(0, 0, shift))
		if has, err := set.Has(at.Time, nil); ok && err == nil && has && (shift == 0 || at.Time.UTC().Format(time.DateOnly) == day.Format(time.DateOnly)) {
			return at, true
		}
	}
	return on(day), true
}
