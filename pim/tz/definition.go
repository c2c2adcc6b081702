package tz

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrDefinition says that a definition cannot be followed: no observance, an offset of a day or more, a rule that
// is no yearly rule, or too much of everything.
var ErrDefinition = errors.New("tz: unusable time zone definition")

// Limits on a definition. The longest real ones, a full history, have some 300 observances.
const (
	maxObservances = 1000
	maxOnsets      = 20_000
	maxDaysTried   = 1_000_000
)

// Definitions are followed in these years. Before, the state at the beginning of firstYear holds, after lastYear that
// of its end. Programs put DTSTART into the years 1, 1601 and 1970 to say "always".
const (
	firstYear = 1900
	lastYear  = 2100
)

// Definition is a VTIMEZONE component (RFC 5545 3.6.5).
type Definition struct {
	TZID string
	// Location is X-LIC-LOCATION, the IANA name that libical writes, or empty. It only helps Guess.
	Location    string
	Observances []Observance
}

// Observance is a STANDARD or DAYLIGHT part: clocks change from OffsetFrom to OffsetTo, seconds east of UTC, at Start,
// at each of RDates and at each time of RRule. All times are wall clock readings before the change, that is by
// OffsetFrom; their Locations are ignored.
type Observance struct {
	Daylight   bool
	Name       string // TZNAME, may be empty
	Start      time.Time
	OffsetFrom int
	OffsetTo   int
	// RRule is the value of RRULE, empty for none: FREQ=YEARLY with any other part but BYWEEKNO. Blanks, case and a
	// trailing semicolon do not matter.
	RRule  string
	RDates []time.Time
}

// onset is one change of the clocks.
type onset struct {
	at int64 // Unix seconds
	kind
}

// kind is what all onsets of an observance share.
type kind struct {
	from, to int // seconds east of UTC
	daylight bool
	name     string
}

// wall is the reading of the old clock at the change.
func (o onset) wall() time.Time { return time.Unix(o.at+int64(o.from), 0).UTC() }

// Zone returns the zone that the definition describes, named by its TZID. Before the first onset the OffsetFrom of
// that onset holds. Where two onsets fall on one instant, standard time wins: that is how programs write a zone
// whose parts all begin on one day of 1601. The error wraps ErrDefinition.
func (d Definition) Zone() (Zone, error) {
	onsets, err := d.onsets()
	if err != nil {
		return Zone{}, fmt.Errorf("%w %.80q: %w", ErrDefinition, d.TZID, err)
	}
	loc, err := compile(d.TZID, onsets)
	if err != nil {
		return Zone{}, fmt.Errorf("%w %.80q: %w", ErrDefinition, d.TZID, err)
	}
	return Zone{Name: d.TZID, Loc: loc}, nil
}

func (d Definition) onsets() ([]onset, error) {
	if len(d.Observances) == 0 {
		return nil, errors.New("no observance") // RFC 5545 3.6.5: at least one
	}
	if len(d.Observances) > maxObservances {
		return nil, fmt.Errorf("%d observances", len(d.Observances))
	}
	var all []onset
	work := maxDaysTried
	for i, o := range d.Observances {
		starts, err := o.starts(&work)
		if err != nil {
			return nil, fmt.Errorf("observance %d: %w", i+1, err)
		}
		if len(all)+len(starts) > maxOnsets {
			return nil, fmt.Errorf("over %d changes", maxOnsets)
		}
		k := kind{o.OffsetFrom, o.OffsetTo, o.Daylight, o.Name}
		for _, wall := range starts {
			all = append(all, onset{wall - int64(o.OffsetFrom), k})
		}
	}
	slices.SortStableFunc(all, func(a, b onset) int {
		return cmp.Or(cmp.Compare(a.at, b.at), boolRank(b.daylight)-boolRank(a.daylight))
	})
	return oneEach(all), nil
}

// oneEach keeps the last of several onsets at one instant, with the offset from which the first changes.
func oneEach(sorted []onset) []onset {
	kept := sorted[:0]
	for _, o := range sorted {
		if n := len(kept); n > 0 && kept[n-1].at == o.at {
			o.from = kept[n-1].from
			kept = kept[:n-1]
		}
		kept = append(kept, o)
	}
	return kept
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// starts returns the wall seconds of all onsets up to lastYear. Of those before firstYear only the last remains.
func (o Observance) starts(work *int) ([]int64, error) {
	for _, off := range []int{o.OffsetFrom, o.OffsetTo} {
		if off <= -day || off >= day {
			return nil, fmt.Errorf("offset of %d seconds", off)
		}
	}
	if len(o.RDates) > maxOnsets {
		return nil, fmt.Errorf("%d dates", len(o.RDates))
	}
	walls := []int64{WallSeconds(o.Start)}
	if o.RRule != "" {
		rule, err := parseYearly(o.RRule)
		if err != nil {
			return nil, err
		}
		times, err := rule.expand(o.Start, o.OffsetFrom, work)
		if err != nil {
			return nil, err
		}
		walls = append(walls, times...)
	}
	for _, t := range o.RDates {
		walls = append(walls, WallSeconds(t))
	}
	slices.Sort(walls)
	walls = slices.Compact(walls)
	first := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	if i, _ := slices.BinarySearch(walls, first); i > 1 {
		walls = walls[i-1:]
	}
	return walls, nil
}
