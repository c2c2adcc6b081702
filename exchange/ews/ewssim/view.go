package ewssim

import (
	"maps"
	"slices"
	"time"
)

// view is what one id shows: an item, or an occurrence of a master.
type view struct {
	it  *item
	occ *occurrence // nil for the item itself
}

// prop is a stored property, nil without.
func (v view) prop(name string) *node {
	if v.occ != nil {
		if v.occ.ex != nil {
			if p, ok := v.occ.ex.props[name]; ok {
				return p
			}
		}
		if name == "Recurrence" {
			return nil
		}
	}
	return v.it.props[name]
}

func (v view) text(name string) string {
	if p := v.prop(name); p != nil {
		return p.text
	}
	return ""
}

func (v view) extended(key string) *node {
	if v.occ != nil && v.occ.ex != nil {
		if p, ok := v.occ.ex.ext[key]; ok {
			return p
		}
	}
	return v.it.ext[key]
}

func (v view) files() []*attachment {
	if v.occ != nil && v.occ.ex != nil && v.occ.ex.hasFiles {
		return v.occ.ex.files
	}
	return v.it.files
}

func (v view) modified() time.Time {
	if v.occ != nil && v.occ.ex != nil {
		return v.occ.ex.modified
	}
	return v.it.modified
}

func (v view) start() time.Time {
	if v.occ != nil {
		return v.occ.start
	}
	return v.it.time("Start")
}

func (v view) end() time.Time {
	if v.occ != nil {
		return v.occ.end
	}
	return v.it.time("End")
}

// zone is the zone an appointment was made in.
func (v view) zone() (*time.Location, string) {
	id := v.prop("StartTimeZone").at("Id")
	loc, ok := zoneOf(id)
	if !ok {
		return time.UTC, "UTC"
	}
	return loc, id
}

// viewID is the ItemId of what is shown. An occurrence has its master's ChangeKey, so that it changes with every other one.
func (c *call) viewID(v view) *node {
	if v.occ == nil {
		return c.itemID("t:ItemId", v.it)
	}
	return idNode("t:ItemId", c.encodeID(thing{'o', v.it.box.index, v.it.num, v.occ.orig.Unix()}), encodeKey('o', v.it.key))
}

// find finds what an ItemId, OccurrenceItemId or RecurringMasterItemId means; key is the version that it names, 0 without.
func (c *call) find(id *node) (view, uint64, error) {
	key, err := decodeKey(id.at("ChangeKey"))
	if err != nil {
		return view{}, 0, err
	}
	switch id.local() {
	case "OccurrenceItemId":
		v, err := c.findID(id.at("RecurringMasterId"))
		if err != nil {
			return v, 0, err
		}
		if v.occ != nil || v.it.series == nil {
			return v, 0, fail("ErrorCalendarCannotUseIdForOccurrenceId", "The id of the recurring master is not one.")
		}
		o, err := v.it.series.nth(atoi(id.at("InstanceIndex")))
		return view{v.it, &o}, key, err
	case "RecurringMasterItemId":
		v, err := c.findID(id.at("OccurrenceId"))
		if err != nil {
			return v, 0, err
		}
		if v.occ == nil {
			return v, 0, fail("ErrorCalendarCannotUseIdForRecurringMasterId", "The id of the occurrence is not one.")
		}
		return view{it: v.it}, key, nil
	case "ItemId":
		v, err := c.findID(id.at("Id"))
		return v, key, err
	}
	return view{}, 0, fail("ErrorInvalidIdMalformed", "Ids of this kind are not supported.")
}

func (c *call) findID(id string) (view, error) {
	t, err := c.decodeID(id)
	if err != nil {
		return view{}, err
	}
	switch t.kind {
	case 'f':
		return view{}, fail("ErrorCannotUseFolderIdForItemId", "Cannot use folder id for item id.")
	case 'a':
		return view{}, fail("ErrorInvalidIdMalformed", "Id is malformed.")
	}
	b, err := c.boxAt(t.box)
	if err != nil {
		return view{}, err
	}
	it := b.items[t.num]
	if it == nil {
		return view{}, fail("ErrorItemNotFound", "The specified object was not found in the store.")
	}
	if t.kind == 'i' {
		return view{it: it}, nil
	}
	if it.series == nil {
		return view{}, fail("ErrorItemNotFound", "The specified object was not found in the store.")
	}
	o, err := it.series.at(t.sub)
	return view{it, &o}, err
}

func calendarComputed(m computed) {
	text := func(name string, f func(v view) string) {
		m["CalendarItem:"+name] = func(_ *call, v view, _ *shape) *node { return saidIf(f(v)) }
	}
	orDefault := func(name, def string) {
		text(name, func(v view) string {
			if t := v.text(name); t != "" {
				return t
			}
			return def
		})
	}
	text("Start", func(v view) string { return stamp(v.start()) })
	text("End", func(v view) string { return stamp(v.end()) })
	text("OriginalStart", func(v view) string {
		if v.occ == nil {
			return ""
		}
		return stamp(v.occ.orig)
	})
	text("RecurrenceId", func(v view) string {
		if v.occ == nil {
			return ""
		}
		return stamp(v.occ.orig)
	})
	text("DateTimeStamp", func(v view) string { return stamp(v.modified()) })
	text("CalendarItemType", view.kind)
	text("IsMeeting", func(v view) string { return boolText(v.isMeeting()) })
	text("IsCancelled", func(v view) string { return boolText(v.text("cancelled") != "") })
	text("IsRecurring", func(v view) string {
		// Documented: an organiser's master says false, although that is wrong.
		return boolText(v.occ != nil || (v.it.series != nil && v.it.text("organizer") != ""))
	})
	text("IsOrganizer", func(v view) string { return boolText(v.it.text("organizer") == "") })
	text("Duration", func(v view) string { return duration(v.end().Sub(v.start())) })
	text("AppointmentState", func(v view) string { return v.state() })
	for name, def := range map[string]string{"MeetingRequestWasSent": "false", "IsResponseRequested": "true", "IsAllDayEvent": "false",
		"LegacyFreeBusyStatus": "Busy", "AppointmentSequenceNumber": "0", "ConferenceType": "0", "AllowNewTimeProposal": "true",
		"IsOnlineMeeting": "false", "ConflictingMeetingCount": "0", "AdjacentMeetingCount": "0"} {
		orDefault(name, def)
	}
	text("MyResponseType", func(v view) string {
		switch {
		case v.text("MyResponseType") != "":
			return v.text("MyResponseType")
		case v.isMeeting():
			return "Organizer"
		}
		return "Unknown"
	})
	text("TimeZone", func(v view) string { _, id := v.zone(); return id })
	text("StartTimeZoneId", func(v view) string { _, id := v.zone(); return id })
	text("EndTimeZoneId", func(v view) string { return v.prop("EndTimeZone").at("Id") })
	text("StartWallClock", func(v view) string { loc, _ := v.zone(); return v.start().In(loc).Format("2006-01-02T15:04:05") })
	text("EndWallClock", func(v view) string { loc, _ := v.zone(); return v.end().In(loc).Format("2006-01-02T15:04:05") })
	for _, name := range []string{"StartTimeZone", "EndTimeZone"} {
		m["CalendarItem:"+name] = func(c *call, v view, _ *shape) *node {
			p := v.prop(name)
			if c.old || p == nil {
				return nil
			}
			return el(p.name, attr{"Id", p.at("Id")}, attr{"Name", zoneName(p.at("Id"), c.now)})
		}
	}
	m["CalendarItem:MeetingTimeZone"] = func(*call, view, *shape) *node { return nil }
	m["CalendarItem:Organizer"] = func(_ *call, v view, _ *shape) *node {
		if p := v.prop("Organizer"); p != nil {
			return p
		}
		return el("t:Organizer", mailboxNode(v.it.box.Name, v.it.box.Address))
	}
	seriesComputed(m)
}

func seriesComputed(m computed) {
	info := func(c *call, v view, o occurrence, name string) *node {
		return el(name, c.viewID(view{v.it, &o}), el("t:Start", stamp(o.start)), el("t:End", stamp(o.end)), el("t:OriginalStart", stamp(o.orig)))
	}
	m["CalendarItem:FirstOccurrence"] = func(c *call, v view, _ *shape) *node {
		if v.occ == nil && v.it.series != nil {
			if o, ok := v.it.series.first(); ok {
				return info(c, v, o, "t:FirstOccurrence")
			}
		}
		return nil
	}
	m["CalendarItem:LastOccurrence"] = func(c *call, v view, _ *shape) *node {
		if v.occ == nil && v.it.series != nil {
			if o, ok := v.it.series.last(); ok {
				return info(c, v, o, "t:LastOccurrence")
			}
		}
		return nil
	}
	m["CalendarItem:ModifiedOccurrences"] = func(c *call, v view, _ *shape) *node {
		if v.occ != nil || v.it.series == nil || len(v.it.series.changed) == 0 {
			return nil
		}
		out := el("t:ModifiedOccurrences")
		for _, key := range slices.Sorted(maps.Keys(v.it.series.changed)) {
			ex := v.it.series.changed[key]
			out.kids = append(out.kids, info(c, v, occurrence{orig: time.Unix(key, 0), start: ex.start, end: ex.end, ex: ex}, "t:Occurrence"))
		}
		return out
	}
	m["CalendarItem:DeletedOccurrences"] = func(_ *call, v view, _ *shape) *node {
		if v.occ != nil || v.it.series == nil || len(v.it.series.deleted) == 0 {
			return nil
		}
		out := el("t:DeletedOccurrences")
		for _, key := range slices.Sorted(maps.Keys(v.it.series.deleted)) {
			out.kids = append(out.kids, el("t:DeletedOccurrence", el("t:Start", stamp(time.Unix(key, 0)))))
		}
		return out
	}
}

// kind is the CalendarItemType.
func (v view) kind() string {
	switch {
	case v.occ != nil && v.occ.ex != nil:
		return "Exception"
	case v.occ != nil:
		return "Occurrence"
	case v.it.series != nil:
		return "RecurringMaster"
	}
	return "Single"
}

// attendeeProps are the three lists of people.
func attendeeProps() []string {
	return []string{"RequiredAttendees", "OptionalAttendees", "Resources"}
}

func (v view) isMeeting() bool {
	for _, name := range attendeeProps() {
		if len(v.prop(name).all()) > 0 {
			return true
		}
	}
	return v.text("organizer") != ""
}

// state is the AppointmentState (MS-OXOCAL 2.2.1.10): 1 meeting, 2 received, 4 cancelled.
func (v view) state() string {
	n := 0
	if v.isMeeting() {
		n = 1
	}
	if v.text("organizer") != "" {
		n |= 2
	}
	if v.text("cancelled") != "" {
		n |= 4
	}
	return string(rune('0' + n))
}

// duration is an xs:duration of days, hours and minutes.
func duration(d time.Duration) string {
	out := "P"
	if days := d / (24 * time.Hour); days > 0 {
		out += itoa(int(days)) + "D"
	}
	rest := d % (24 * time.Hour)
	if rest == 0 && out != "P" {
		return out
	}
	out += "T"
	if h := rest / time.Hour; h > 0 {
		out += itoa(int(h)) + "H"
	}
	if m := rest % time.Hour / time.Minute; m > 0 || rest < time.Hour {
		out += itoa(int(m)) + "M"
	}
	return out
}

// zoneName is a zone's name as people read it.
func zoneName(id string, now time.Time) string {
	loc, ok := zoneOf(id)
	if !ok || loc == time.UTC {
		return "(UTC) Coordinated Universal Time"
	}
	_, offset := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, loc).Zone()
	return time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.FixedZone("", offset)).Format("(UTC-07:00) ") + id
}

func mailboxNode(name, address string) *node {
	return el("t:Mailbox", el("t:Name", name), el("t:EmailAddress", address), el("t:RoutingType", "SMTP"))
}
