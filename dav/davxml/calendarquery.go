package davxml

import "encoding/xml"

// CalendarQuery is the calendar-query REPORT (RFC 4791 9.5).
type CalendarQuery struct {
	Prop   PropFind
	Filter CompFilter // always VCALENDAR
	// Timezone is the iCalendar text in which floating times are to be understood (RFC 4791 9.8), TimezoneID the
	// name of a zone for the same use (RFC 7809 5.2). Both "" when not given.
	Timezone   string
	TimezoneID string
}

func (*CalendarQuery) Root() xml.Name { return C("calendar-query") }

// FreeBusyQuery is the free-busy-query REPORT (RFC 4791 7.10).
type FreeBusyQuery struct {
	TimeRange TimeRange
}

func (*FreeBusyQuery) Root() xml.Name { return C("free-busy-query") }

func readCalendarQuery(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	q := &CalendarQuery{Prop: prop}
	// RFC 4791 9.7: a filter holds exactly one comp-filter, and 9.7.1: the outermost is VCALENDAR.
	filter, err := only(el, C("filter"))
	if err != nil {
		return nil, err
	}
	outer, err := only(filter, C("comp-filter"))
	if err != nil {
		return nil, err
	}
	filters := calendarFilters(lim)
	for i := range filter.Children {
		if c := &filter.Children[i]; c != outer {
			if err := filters.unknown(c); err != nil {
				return nil, err
			}
		}
	}
	if q.Filter, err = filters.comp(outer, ""); err != nil {
		return nil, err
	}
	if tz := el.Child(C("timezone")); tz != nil {
		q.Timezone = tz.Value()
	}
	if id := el.Child(C("timezone-id")); id != nil {
		q.TimezoneID = id.Value()
	}
	return q, nil
}

// only returns the one child of that name.
func only(el *Element, name xml.Name) (*Element, error) {
	var one *Element
	for i := range el.Children {
		if el.Children[i].Name != name {
			continue
		}
		if one != nil {
			return nil, invalidFilter("more than one %s in %s", name.Local, el.Name.Local)
		}
		one = &el.Children[i]
	}
	if one == nil {
		return nil, invalidFilter("no %s in %s", name.Local, el.Name.Local)
	}
	return one, nil
}

func readFreeBusyQuery(el *Element, _ Limits) (Report, error) {
	tr := el.Child(C("time-range"))
	if tr == nil {
		return nil, malformed("free-busy-query without time-range")
	}
	r, err := readTimeRange(tr, false, malformed)
	if err != nil {
		return nil, err
	}
	return &FreeBusyQuery{TimeRange: *r}, nil
}
