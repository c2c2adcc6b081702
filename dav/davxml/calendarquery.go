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
	filter := el.Child(C("filter"))
	if filter == nil {
		return nil, invalidFilter("no filter")
	}
	filters := calendarFilters(lim)
	var outer *Element
	for i := range filter.Children {
		c := &filter.Children[i]
		switch {
		case c.Name != C("comp-filter"):
			if err := filters.unknown(c); err != nil {
				return nil, err
			}
		case outer != nil:
			return nil, invalidFilter("more than one outermost comp-filter")
		default:
			outer = c
		}
	}
	if outer == nil {
		return nil, invalidFilter("no comp-filter")
	}
	if q.Filter, err = filters.comp(outer, ""); err != nil {
		return nil, err
	}
	if tz := el.Child(C("timezone")); tz != nil {
		q.Timezone = tz.Text
	}
	if id := el.Child(C("timezone-id")); id != nil {
		q.TimezoneID = id.Value()
	}
	return q, nil
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
