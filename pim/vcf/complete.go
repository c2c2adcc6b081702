package vcf

import (
	"time"

	"crmbridge/pim/line"
)

// Complete adds what a stored card must have and c has not: UID (RFC 6352 5.1), FN (RFC
// 6350 6.2.1) and, in version 3.0, N (RFC 2426 3.1.2), without which iOS shows no card. FN comes
// from the name, the company or an address; N from FN, marked as derived, so that no CRM
// takes it for a name in parts. uid is written as it is, where there is none. When nothing is missing, it is c
// itself; every line that was there keeps its bytes.
func Complete(c *Card, uid string) *Card {
	v := c.Version()
	noUID := c.UID() == ""
	if !noUID && c.card.First("FN") != nil && (v != V3 || c.card.First("N") != nil) {
		return c
	}
	out := c.clone()
	if noUID {
		if old := out.card.First("UID"); old != nil {
			out.card.Replace(old, line.New("UID", line.Escape(uid)))
		} else {
			out.card.AddAfter(out.card.First("VERSION"), line.New("UID", line.Escape(uid)))
		}
	}
	out.complete(v)
	return out
}

// RevInUTC gives the card with REV as a moment in UTC that ends in Z, for programs that
// drop a card when it is written otherwise. A REV that says no moment goes, and so does
// one that says none at all. When nothing changes, it is c itself.
func RevInUTC(c *Card) *Card {
	out := c
	for _, l := range c.card.All("REV") {
		if utcMoment(trim(l.Value)) {
			continue
		}
		if out == c {
			out = c.clone()
		}
		if next := convertRev(l, c.Version()); utcMoment(trim(next.Value)) {
			out.card.Replace(l, next)
		} else {
			out.card.Replace(l)
		}
	}
	return out
}

// utcMoment recognises the two forms of revision.
func utcMoment(v string) bool {
	for _, layout := range [...]string{"20060102T150405Z", "2006-01-02T15:04:05Z"} {
		if _, err := time.Parse(layout, v); err == nil && len(v) == len(layout) {
			return true
		}
	}
	return false
}
