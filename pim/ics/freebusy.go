package ics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"crmbridge/pim/line"
)

// BusyType is FBTYPE (RFC 5545 3.2.9) without FREE.
type BusyType string

// The types, the one that counts most where they overlap first.
const (
	BusyFixed       BusyType = "BUSY"
	BusyUnavailable BusyType = "BUSY-UNAVAILABLE"
	BusyTentative   BusyType = "BUSY-TENTATIVE"
)

// Busy is a time that something takes, from From to before Until.
type Busy struct {
	From, Until time.Time // UTC
	Type        BusyType
}

// Busy lists what o takes of the time in r, cut to r, in no order: each occurrence of an event that is neither transparent
// nor cancelled, and the FREEBUSY values of a VFREEBUSY (RFC 4791 7.10). Both ends of r may be open. limit and the
// errors are those of Occurrences.
func (o *Object) Busy(z Zones, r TimeRange, limit int) ([]Busy, error) {
	switch o.Component() {
	case event:
	case freeBusy:
		return o.stated(z, r), nil
	default:
		return nil, nil
	}
	occurrences, err := o.Occurrences(z, r, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Busy, 0, len(occurrences))
	for _, oc := range occurrences {
		if t, busy := busyType(oc.Component); busy {
			out = appendBusy(out, r, oc.From, oc.Until, t)
		}
	}
	return out, nil
}

// appendBusy adds what of a time lies in r; nothing when that has no length.
func appendBusy(out []Busy, r TimeRange, from, until time.Time, t BusyType) []Busy {
	if from.Before(r.From) {
		from = r.From
	}
	if !r.Until.IsZero() && until.After(r.Until) {
		until = r.Until
	}
	if from.IsZero() || !from.Before(until) {
		return out
	}
	return append(out, Busy{From: from.UTC(), Until: until.UTC(), Type: t})
}

// busyType is the table of RFC 4791 7.10. What Outlook says beside STATUS and TRANSP is finer: out of the office, or
// free without TRANSP.
func busyType(c *line.Block) (t BusyType, busy bool) {
	switch strings.ToUpper(trim(c.Value("STATUS"))) {
	case "CANCELLED":
		return "", false
	case "TENTATIVE":
		t = BusyTentative
	}
	transparency := strings.ToUpper(trim(c.Value("TRANSP")))
	outlook := strings.ToUpper(trim(c.Value("X-MICROSOFT-CDO-BUSYSTATUS")))
	switch {
	case transparency == "TRANSPARENT", transparency == "" && outlook == "FREE":
		return "", false
	case t != "":
		return t, true
	case outlook == "TENTATIVE":
		return BusyTentative, true
	case outlook == "OOF":
		return BusyUnavailable, true
	}
	return BusyFixed, true
}

// stated are the FREEBUSY values in r.
func (o *Object) stated(z Zones, r TimeRange) []Busy {
	var out []Busy
	for _, c := range o.main {
		read := o.reader(c, z)
		for _, l := range c.All("FREEBUSY") {
			t := BusyType(strings.ToUpper(l.Param("FBTYPE")))
			switch t {
			case "FREE":
				continue
			case BusyUnavailable, BusyTentative:
			default: // RFC 5545 3.2.9: what is not known is BUSY
				t = BusyFixed
			}
			for st, end := range periods(l) {
				if end == nil {
					continue
				}
				_, until := end.of(read, st)
				out = appendBusy(out, r, st.instant(o.tzs, z), until, t)
			}
		}
	}
	return out
}

// MergeBusy gives the same times without overlap, sorted: where several overlap the type that counts most holds, and
// neighbours of one type are one. busy is sorted by it.
func MergeBusy(busy []Busy) []Busy {
	var out []Busy
	for _, t := range []BusyType{BusyFixed, BusyUnavailable, BusyTentative} {
		out = fillGaps(out, union(busy, t))
	}
	return out
}

// union is what one type takes, sorted and merged.
func union(busy []Busy, t BusyType) []Busy {
	slices.SortFunc(busy, func(a, b Busy) int { return a.From.Compare(b.From) })
	var out []Busy
	for _, b := range busy {
		switch last := len(out) - 1; {
		case b.Type != t:
		case last >= 0 && !b.From.After(out[last].Until):
			if b.Until.After(out[last].Until) {
				out[last].Until = b.Until
			}
		default:
			out = append(out, b)
		}
	}
	return out
}

// fillGaps adds of more what taken leaves free; both are sorted and without overlap, and so is the result.
func fillGaps(taken, more []Busy) []Busy {
	out := slices.Clone(taken)
	i := 0
	for _, b := range more {
		for i < len(taken) && !taken[i].Until.After(b.From) {
			i++
		}
		for j := i; j < len(taken) && taken[j].From.Before(b.Until) && b.From.Before(b.Until); j++ {
			if b.From.Before(taken[j].From) {
				out = append(out, Busy{From: b.From, Until: taken[j].From, Type: b.Type})
			}
			b.From = taken[j].Until
		}
		if b.From.Before(b.Until) {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b Busy) int { return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until)) })
	return out
}

// FreeBusyOptions go with NewFreeBusy.
type FreeBusyOptions struct {
	ProdID string    // required
	UID    string    // required
	Now    time.Time // DTSTAMP
	Range  TimeRange // both ends: what was asked about
}

// NewFreeBusy is a whole iCalendar text with one VFREEBUSY (RFC 5545 3.6.4) that says busy, which is sorted.
func NewFreeBusy(busy []Busy, opt FreeBusyOptions) []byte {
	at := func(t time.Time) string { return stamp{wall: t.UTC(), kind: utc}.value() }
	c := line.NewBlock(freeBusy,
		line.New("UID", line.Escape(opt.UID)), line.New("DTSTAMP", at(opt.Now)),
		line.New("DTSTART", at(opt.Range.From)), line.New("DTEND", at(opt.Range.Until)))
	lines := make([]*line.Line, len(busy))
	for i, b := range busy {
		// One value a line: programs that read only the first of a list are common.
		lines[i] = line.New("FREEBUSY", at(b.From)+"/"+at(b.Until)).WithParam(line.P("FBTYPE", string(b.Type)))
	}
	c.Add(lines...)
	cal := line.NewBlock(calendar, line.New("VERSION", "2.0"), line.New("PRODID", line.Escape(opt.ProdID)))
	cal.AddBlock(c)
	return line.NewText(cal).Bytes()
}
