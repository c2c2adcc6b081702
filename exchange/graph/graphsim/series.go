package graphsim

import (
	"net/http"
	"time"
)

// occurrence is an event as it stands in a calendar: a single one, or one of a series.
type occurrence struct {
	it  *item
	day int // original day, or noDay
	ex  *exception
	at  when
}

// single is an event that is no series, as an occurrence of itself; a series is its first occurrence.
func (it *item) single() occurrence { return occurrence{it: it, day: noDay, at: it.when} }

// on is the occurrence with this original day, whether or not the series has it.
func (it *item) on(day int) occurrence {
	o := occurrence{it: it, day: day, ex: it.changed[day], at: it.when}
	if o.ex != nil && o.ex.when != nil {
		o.at = *o.ex.when
		return o
	}
	by := onDay(day - it.when.start.day())
	o.at.start += by
	o.at.end += by
	return o
}

// has says whether a series has an occurrence with this original day that was not deleted.
func (it *item) has(day int) bool {
	if it.rule == nil || it.cancelled[day] {
		return false
	}
	for d := range it.rule.each {
		if d >= day {
			return d == day
		}
	}
	return false
}

// within are the occurrences of an event that overlap a time. Exceptions keep the order of the series, so the first one
// that begins too late is the last to look at.
func (it *item) within(from, to time.Time) []occurrence {
	overlaps := func(o occurrence) bool {
		begin, end := o.at.from(), o.at.to()
		return begin.Before(to) && (end.After(from) || begin.Equal(end) && !begin.Before(from))
	}
	if it.rule == nil {
		if o := it.single(); overlaps(o) {
			return []occurrence{o}
		}
		return nil
	}
	var out []occurrence
	for day := range it.rule.each {
		if it.cancelled[day] {
			continue
		}
		o := it.on(day)
		if !o.at.from().Before(to) {
			break
		}
		if overlaps(o) {
			out = append(out, o)
		}
	}
	return out
}

// except changes one occurrence.
func (it *item) except(day int, body object, now time.Time) *refusal {
	if rec, sent := body["recurrence"]; sent && rec != nil {
		return invalidProperty("recurrence cannot be set on an occurrence.")
	}
	ex := it.changed[day]
	if ex == nil {
		ex = &exception{props: object{}, ext: map[string]extended{}, files: it.files}
	}
	whole, ext, r := merged(overlay(it.props, ex.props), ex.ext, body)
	if r != nil {
		return r
	}
	at := it.on(day).at
	w, r := at.change(body, yes(whole, "isAllDay"))
	if r != nil {
		return r
	}
	own := overlay(ex.props, nil)
	for _, name := range writable() {
		_, sent := body[name]
		if sent || (name == "location" && body["locations"] != nil) || (name == "locations" && body["location"] != nil) {
			own[name] = whole[name]
		}
	}
	next := &exception{props: own, ext: ext, when: ex.when, modified: now, files: ex.files}
	if !w.same(at) {
		if it.crosses(day, w) {
			return refuse(http.StatusBadRequest, "ErrorOccurrenceCrossingBoundary", "Modified occurrence is crossing or overlapping adjacent occurrence.")
		}
		next.when = &w
	}
	it.changed[day] = next
	return nil
}

// overlay is a shallow copy of base with what over says instead.
func overlay(base, over object) object {
	out := make(object, len(base)+len(over))
	for name, v := range base {
		out[name] = v
	}
	for name, v := range over {
		out[name] = v
	}
	return out
}

// crosses says whether an occurrence at w would come to or past the day of one beside it, or overlap it.
func (it *item) crosses(day int, w when) bool {
	local := func(t time.Time) int { return wallOf(t.In(it.when.zone.loc)).day() }
	begin, end := w.from(), w.to()
	var before *occurrence
	for d := range it.rule.each {
		if it.cancelled[d] || d == day {
			continue
		}
		o := it.on(d)
		if d < day {
			before = &o
			continue
		}
		if local(begin) >= local(o.at.from()) || end.After(o.at.from()) {
			return true
		}
		break
	}
	return before != nil && (local(begin) <= local(before.at.from()) || begin.Before(before.at.to()))
}
