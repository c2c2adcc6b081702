package tz

import "time"

// Instant returns the moment at which clocks in loc show wall; wall's own Location is ignored, nil loc means UTC.
// The result is in loc.
//
// RFC 5545 3.3.5: a reading that comes twice means the first; one that is skipped is read with the offset in
// force before the gap, so 02:30 in a gap from 02:00 to 03:00 is the moment that clocks show as 03:30.
func Instant(wall time.Time, loc *time.Location) time.Time {
	if loc == nil {
		loc = time.UTC
	}
	sec := WallSeconds(wall)
	u := sec - int64(NewClock(loc).offset(sec))
	return time.Unix(u, int64(wall.Nanosecond())).In(loc)
}

// WallSeconds counts the seconds from 1970-01-01T00:00:00 to the reading of wall, as a clock without zone does.
func WallSeconds(wall time.Time) int64 {
	y, m, d := wall.Date()
	h, mi, s := wall.Clock()
	return time.Date(y, m, d, h, mi, s, 0, time.UTC).Unix()
}

// Clock converts many wall readings of one zone, quickly when they are near each other. It is for one goroutine.
type Clock struct {
	loc *time.Location
	// The stretch last used: all instants from start up to end have off. Open ends are the far past and future.
	start, end int64
	off        int
}

// NewClock returns a clock for loc; nil means UTC.
func NewClock(loc *time.Location) *Clock {
	if loc == nil {
		loc = time.UTC
	}
	return &Clock{loc: loc}
}

// Instant is the function Instant on WallSeconds, giving Unix seconds. Skipped reports a reading in a gap.
func (c *Clock) Instant(wall int64) (unix int64, skipped bool) {
	unix = wall - int64(c.offset(wall))
	return unix, unix >= c.end
}

// Wall returns what clocks show at an instant, as WallSeconds.
func (c *Clock) Wall(unix int64) int64 {
	if unix < c.start || unix >= c.end {
		c.seek(unix)
	}
	return unix + int64(c.off)
}

const (
	farPast   = -1 << 62
	farFuture = 1 << 62
	// maxShift is further than any clock is from UTC.
	maxShift = 26 * hour
)

func (c *Clock) seek(unix int64) {
	s := stretchAt(c.loc, unix)
	c.start, c.end, c.off = s.start, s.end, s.off
}

// stretch is a time in which clocks do not change, from start up to end in Unix seconds. It need not be the longest
// such: another with the same offset may follow.
type stretch struct {
	start, end int64
	off        int
	daylight   bool
	name       string
}

func stretchAt(loc *time.Location, unix int64) stretch {
	t := time.Unix(unix, 0).In(loc)
	s := stretch{start: farPast, end: farFuture, daylight: t.IsDST()}
	s.name, s.off = t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	// Where Go computes years from a zone's rule it takes each for 365 days long: on 31 December of leap years the
	// end it gives is not after t. What holds then holds until New Year.
	if s.end <= unix {
		s.end = unix - unix%day + day
	}
	return s
}

// offset finds the offset by which to read wall. It leaves the stretch of that offset in c.
func (c *Clock) offset(wall int64) int {
	// Inside a stretch and further from its start than clocks can differ, no earlier reading is possible.
	if u := wall - int64(c.off); c.start < c.end && u < c.end && wall-maxShift >= c.start {
		return c.off
	}
	c.seek(wall - maxShift)
	for {
		u := wall - int64(c.off)
		if u < c.end {
			return c.off
		}
		// Past this stretch: the next one has it, unless the reading falls into the gap between the two.
		off, start, end := c.off, c.start, c.end
		c.seek(c.end)
		if wall-int64(c.off) < c.start {
			c.off, c.start, c.end = off, start, end
			return off
		}
	}
}
