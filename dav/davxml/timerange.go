package davxml

import "time"

// TimeRange is from Start to before End, both in UTC. A zero time is an open end; at most one is zero.
type TimeRange struct {
	Start, End time.Time
}

// readTimeRange reads the attributes start and end. need says that both have to be there.
func readTimeRange(el *Element, need bool, fail func(format string, args ...any) error) (*TimeRange, error) {
	var tr TimeRange
	start, hasStart := el.Attr("start")
	end, hasEnd := el.Attr("end")
	// RFC 4791 9.9: at least one; 9.6.5-9.6.7: both.
	if !hasStart && !hasEnd || need && !(hasStart && hasEnd) {
		return nil, fail("%s without start or end", el.Name.Local)
	}
	var ok bool
	if hasStart {
		if tr.Start, ok = readUTC(start); !ok {
			return nil, fail("start %.40q is not a date with UTC time", start)
		}
	}
	if hasEnd {
		if tr.End, ok = readUTC(end); !ok {
			return nil, fail("end %.40q is not a date with UTC time", end)
		}
	}
	// RFC 4791 9.9: end MUST be later than start.
	if hasStart && hasEnd && !tr.End.After(tr.Start) {
		return nil, fail("%s ends before it starts", el.Name.Local)
	}
	return &tr, nil
}

// readUTC reads RFC 5545 3.3.5 form #2, the only one allowed here (RFC 4791 9.9). The length is checked because
// time.Parse takes fractions of seconds that the layout does not have.
func readUTC(s string) (time.Time, bool) {
	const layout = "20060102T150405Z"
	if len(s) != len(layout) {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, s)
	if err == nil && t.IsZero() {
		// What programs on .NET write for "from ever" is Go's zero time, which is an open end here.
		t = t.Add(time.Second)
	}
	return t, err == nil
}
