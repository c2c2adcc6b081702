package ewssim

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// settleCalendar checks and completes an appointment. old is what it was, without item for a new one.
func (c *call) settleCalendar(d *draft, old view) error {
	d.setDefault("ItemClass", "IPM.Appointment")
	if old.it == nil && !c.opt.NoDefaultReminder {
		d.setDefault("ReminderIsSet", "true")
	}
	d.setDefault("ReminderIsSet", "false")
	d.setDefault("ReminderMinutesBeforeStart", "15")
	if d.props["UID"] == nil {
		d.set("UID", c.newUID())
	}
	c.settleZone(d, old)
	if old.it == nil {
		half := c.now.UTC().Truncate(30 * time.Minute).Add(30 * time.Minute)
		d.setDefault("Start", stamp(half))
		d.setDefault("End", stamp(d.time("Start").Add(30*time.Minute)))
	}
	if d.touched["Start"] && !d.touched["End"] && old.it != nil {
		d.set("End", stamp(d.time("Start").Add(old.end().Sub(old.start()))))
	}
	loc, _ := zoneOf(d.props["StartTimeZone"].at("Id"))
	start, end := d.time("Start"), d.time("End")
	if end.Before(start) {
		return fail("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate")
	}
	if d.text("IsAllDayEvent") == "true" {
		start = dayOf(start, loc)
		if day := dayOf(end, loc); day.Before(end) {
			end = day.AddDate(0, 0, 1)
		}
		if !end.After(start) {
			end = start.AddDate(0, 0, 1)
		}
	}
	if end.Sub(start) > 5*366*24*time.Hour {
		return fail("ErrorCalendarDurationIsTooLong", "Duration is too long.")
	}
	d.set("Start", stamp(start))
	d.set("End", stamp(end))
	return nil
}

// settleZone gives an appointment its zones. When only the zone is changed, the wall clock stays and the instants move.
func (c *call) settleZone(d *draft, old view) {
	if d.props["StartTimeZone"] == nil {
		id := c.zoneID
		if id == "" {
			id = "UTC"
		}
		d.props["StartTimeZone"] = el("t:StartTimeZone", attr{"Id", id})
	}
	if d.props["EndTimeZone"] == nil || (d.touched["StartTimeZone"] && !d.touched["EndTimeZone"]) {
		d.props["EndTimeZone"] = d.props["StartTimeZone"].renamed("t:EndTimeZone")
	}
	if old.it == nil || !d.touched["StartTimeZone"] {
		return
	}
	was, _ := old.zone()
	is, _ := zoneOf(d.props["StartTimeZone"].at("Id"))
	for _, name := range []string{"Start", "End"} {
		if !d.touched[name] {
			w := d.time(name).In(was)
			d.set(name, stamp(time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, is)))
		}
	}
}

// settleSeries gives a new or changed item its series. Rewriting the pattern or the times discards the exceptions.
func (c *call) settleSeries(it *item, d *draft) error {
	p := d.props["Recurrence"]
	if d.class != "CalendarItem" || p == nil {
		it.series = nil
		return nil
	}
	start, end := d.time("Start"), d.time("End")
	loc, _ := zoneOf(d.props["StartTimeZone"].at("Id"))
	old := it.series
	if old != nil && !d.touched["Recurrence"] {
		if o, ok := old.nth(1); ok == nil && o.orig.Equal(start) && wall(o.orig.In(loc), old.end, loc).Equal(end) && old.loc.String() == loc.String() {
			return nil
		}
	}
	r, err := readRule(p)
	if err != nil {
		return err
	}
	if old != nil && !d.touched["Recurrence"] {
		r.from = asDay(start, loc) // a master whose start moves takes the range along
	}
	first := dayOf(start, loc)
	s := &series{rule: r, loc: loc, start: clockOf(start, first, loc), end: clockOf(end, first, loc),
		changed: map[int64]*exception{}, deleted: map[int64]bool{}}
	if err := s.checkSpan(); err != nil {
		return err
	}
	o, _ := s.first()
	d.set("Start", stamp(o.orig))
	d.set("End", stamp(o.end))
	d.props["Recurrence"] = withRange(p, r, loc)
	it.series = s
	return nil
}

// clockOf is how far t's wall clock is from the midnight of a day.
func clockOf(t, day time.Time, loc *time.Location) time.Duration {
	w, m := t.In(loc), day.In(loc)
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, time.UTC).
		Sub(time.Date(m.Year(), m.Month(), m.Day(), 0, 0, 0, 0, time.UTC))
}

func asDay(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// withRange is a recurrence as it is shown: the dates of its range with the zone's offset, as the product writes them.
func withRange(p *node, r rule, loc *time.Location) *node {
	out := el(p.name)
	for _, k := range p.kids {
		k = bare(k)
		for i, x := range k.kids {
			switch x.local() {
			case "StartDate":
				k.kids[i] = el(x.name, zoned(r.from, loc))
			case "EndDate":
				k.kids[i] = el(x.name, zoned(r.until, loc))
			}
		}
		out.kids = append(out.kids, k)
	}
	return out
}

func zoned(day time.Time, loc *time.Location) string {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc).Format("2006-01-02Z07:00")
}

// newUID makes a global object id (MS-OXOCAL 2.2.1.27) with the time of creation and something unique.
func (c *call) newUID() string {
	c.uids++
	unique := c.sign(binary.BigEndian.AppendUint64([]byte("uid"), c.uids))[:16]
	ticks := uint64(c.now.UnixNano()/100) + 116444736000000000 // since 1601
	created := binary.LittleEndian.AppendUint64(nil, ticks)
	return strings.ToUpper(uidHead + "00000000" + hex.EncodeToString(created) + "0000000000000000" + "10000000" + hex.EncodeToString(unique))
}
