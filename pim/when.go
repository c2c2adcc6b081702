package pim

import "time"

// When is a point on the calendar as RFC 5545 knows it: a date (3.3.4), a
// floating local time, or an instant (3.3.5). The zero value is "absent".
type When struct {
	// Time is the instant in UTC. For a date or a floating time it holds the
	// wall clock as if it were UTC, so that no zone can shift it.
	Time time.Time `json:"t,omitzero"`
	// Zone is the IANA name the wall clock was written in, "" for UTC. It is
	// always "" for dates and floating times. Two Whens that differ only in
	// Zone are the same instant.
	Zone string `json:"zone,omitempty"`
	// Date marks a date without a time.
	Date bool `json:"date,omitempty"`
	// Floating marks a local time that is tied to no zone.
	Floating bool `json:"floating,omitempty"`
}

// At is the instant t, shown in zone ("" = UTC).
func At(t time.Time, zone string) When {
	if t.IsZero() {
		return When{}
	}
	return When{Time: t.UTC(), Zone: zone}
}

// On is the date y-m-d.
func On(y int, m time.Month, d int) When {
	return When{Time: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Date: true}
}

// IsZero reports an absent value.
func (w When) IsZero() bool { return w.Time.IsZero() }

// Equal compares what is meant, not how it is written: a date only with a date,
// a floating time only with a floating time, instants regardless of Zone.
func (w When) Equal(o When) bool {
	return w.Date == o.Date && w.Floating == o.Floating && w.Time.Equal(o.Time)
}

// Before orders two Whens by their Time; mixed forms compare wall clocks.
func (w When) Before(o When) bool { return w.Time.Before(o.Time) }

// Truncate cuts an instant or floating time down to a multiple of step; dates
// and steps <= 0 are left alone.
func (w When) Truncate(step time.Duration) When {
	if w.Date || step <= 0 {
		return w
	}
	w.Time = w.Time.Truncate(step)
	return w
}

// String is the canonical form used in fingerprints: 2026-11-21,
// 2026-11-21T10:00:00 (floating) or 2026-11-21T10:00:00Z; "" when absent.
// Fractions of a second are kept only when there are any.
func (w When) String() string {
	switch {
	case w.IsZero():
		return ""
	case w.Date:
		return w.Time.Format("2006-01-02")
	case w.Floating:
		return w.Time.Format("2006-01-02T15:04:05.999999999")
	}
	return w.Time.UTC().Format("2006-01-02T15:04:05.999999999Z")
}
