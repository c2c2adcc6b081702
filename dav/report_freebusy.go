package dav

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/store"
)

// davProdID names this program in calendar texts that it makes itself.
const davProdID = "-//crmbridge//dav//EN"

// openRange is how far a range without an end reaches: no client looks further ahead, and a series may have no end.
const openRange = 5

// freeBusyQuery is RFC 4791 7.10: when the events of a calendar take time. On a home it is asked of all calendars that
// count (RFC 6638 9.1).
func (q *request) freeBusyQuery(rep *davxml.FreeBusyQuery) error {
	depth, err := q.depth(0)
	if err != nil {
		return err
	}
	span := closed(timeRange(rep.TimeRange))
	var busy []ics.Busy
	err = q.h.store.View(q.ctx, func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		cols, err := q.countingCalendars(tx, r, depth)
		if err != nil {
			return err
		}
		d, err := q.newData(davxml.PropFind{}, nil)
		if err != nil {
			return err
		}
		for _, col := range cols {
			d.zones.Local = q.localZone(col)
			if busy, err = q.busyIn(tx, col, d, span, busy); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	q.answerFreeBusy(ics.MergeBusy(busy), span)
	return nil
}

// countingCalendars are the calendars that the query covers. A calendar answers at every depth, as clients send any; a
// home has no times of its own (RFC 3253 3.6: depth 0 is the home alone).
func (q *request) countingCalendars(tx *store.Tx, r *resource, depth int) ([]*resource, error) {
	if r.col != nil {
		return []*resource{r}, nil
	}
	if depth == 0 {
		return nil, nil
	}
	cols, err := tx.Collections(q.caller.User.ID, r.flavor.home)
	if err != nil {
		return nil, err
	}
	var out []*resource
	for i := range cols {
		if !cols[i].Transparent {
			out = append(out, collectionResource(r.target, &cols[i]))
		}
	}
	return out, nil
}

// busyIn adds what the events of one calendar take, within the budget of the request.
func (q *request) busyIn(tx *store.Tx, col *resource, d *dataRequest, span ics.TimeRange, busy []ics.Busy) ([]ics.Busy, error) {
	opts := store.EachOptions{
		Text: true, Components: []string{"VEVENT", "VFREEBUSY"}, From: unix(span.From), Until: unix(span.Until),
	}
	err := col.objects(tx, opts, func(o *store.Object) error {
		if err := q.ctx.Err(); err != nil {
			return err
		}
		found, err := d.busy(o.Text, span)
		busy = append(busy, found...)
		return err
	})
	return busy, err
}

// busy is what one object takes.
func (d *dataRequest) busy(text []byte, span ics.TimeRange) ([]ics.Busy, error) {
	o, err := ics.Parse(text, d.limits.ics())
	if err != nil {
		return nil, nil // as in matches
	}
	defer d.charge(d.now())
	if d.left <= 0 || d.spent > d.limits.Query {
		return nil, errOverBudget
	}
	found, err := o.Busy(d.zones, span, min(d.limits.Steps, d.left))
	switch {
	case errors.Is(err, pim.ErrTooLarge):
		return nil, errOverBudget
	case err != nil:
		return nil, nil // a rule that cannot be read says nothing about when
	}
	d.left -= len(found)
	return found, nil
}

// closed gives an open end, as VFREEBUSY has none (RFC 5545 3.6.4).
func closed(r ics.TimeRange) ics.TimeRange {
	switch {
	case r.Until.IsZero():
		r.Until = r.From.AddDate(openRange, 0, 0)
	case r.From.IsZero():
		r.From = r.Until.AddDate(-openRange, 0, 0)
	}
	return r
}

// answerFreeBusy sends the VFREEBUSY. Its UID is the same for the same question.
func (q *request) answerFreeBusy(busy []ics.Busy, span ics.TimeRange) {
	asked := q.at.path() + " " + span.From.Format(time.RFC3339) + " " + span.Until.Format(time.RFC3339)
	text := ics.NewFreeBusy(busy, ics.FreeBusyOptions{
		ProdID: davProdID, UID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:crmbridge:freebusy:"+asked)).String(),
		Now: q.h.now(), Range: span,
	})
	h := q.w.Header()
	h.Set("Content-Type", calendarContentType("VFREEBUSY"))
	h.Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(text) // a client that is gone is no failure of the answer
}
