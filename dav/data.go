package dav

import (
	"errors"
	"net/http"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/rrule"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// errOverBudget says that the objects of one request repeat more often than one request may ask for.
var errOverBudget = overLimit("There are too many occurrences in this time: ask for a shorter one, or for the series themselves instead of their occurrences.")

// dataRequest is what a REPORT wants of objects' texts (RFC 4791 9.6, RFC 6352 10.4), and what it may cost.
type dataRequest struct {
	wanted bool // the texts are asked for at all
	cal    davxml.CalendarData
	card   davxml.AddressData
	zones  ics.Zones
	mode   zoneMode
	suit   func(*vcf.Card, vcf.Version) *vcf.Card // what the program needs; nil: nothing
	limits Limits
	left   int              // occurrences that the request may still look at
	now    func() time.Time // measures what rules cost
	spent  time.Duration    // on rules so far
	parsed *ics.Object
	seen   downloads // objects whose whole text was sent
}

// newData reads what ask wants; zone is that of floating times.
func (q *request) newData(ask davxml.PropFind, zone *time.Location) (*dataRequest, error) {
	if q.at.flavor == calendars {
		q.vary(calendars.varies)
	}
	// A step follows a rule to the next period or to the next occurrence.
	zones := ics.Zones{Local: zone, Budget: rrule.NewBudget(2 * q.h.limits.TotalSteps)}
	d := &dataRequest{zones: zones, mode: q.zones, limits: q.h.limits, left: q.h.limits.TotalSteps, now: q.h.now}
	if !q.quirks.suits() {
		d.suit = q.suitedCard
	}
	if c := ask.CalendarData; c != nil {
		d.wanted, d.cal = true, *c
		if c.ContentType != "" && c.ContentType != "text/calendar" || c.Version != "" && c.Version != "2.0" {
			return nil, forbidden(calendars.supportedData, "Only text/calendar of version 2.0 is kept here.")
		}
	}
	if a := ask.AddressData; a != nil {
		d.wanted, d.card = true, *a
		if a.ContentType != "" && a.ContentType != "text/vcard" || a.Version != "" && a.Version != "3.0" && a.Version != "4.0" {
			return nil, forbidden(books.supportedData, "Only text/vcard of version 3.0 and 4.0 is kept here.")
		}
	}
	return d, nil
}

// of is the text of r as asked for.
func (d *dataRequest) of(r *resource) ([]byte, error) {
	if r.at == atCard {
		return d.ofCard(r)
	}
	return d.ofEvent(r)
}

// whole notes that all of r is sent: only who got all of it has seen that version.
func (d *dataRequest) whole(r *resource) {
	d.seen.add(store.SeenMark{Object: r.obj.ID, Seq: r.obj.Seq})
}

// ofEvent is RFC 4791 9.6: instances first, then the parts of them that are wanted.
func (d *dataRequest) ofEvent(r *resource) ([]byte, error) {
	c := &d.cal
	if c.Comp == nil && c.Expand == nil && c.LimitRecurrence == nil && c.LimitFreeBusy == nil {
		d.whole(r)
		return d.mode.text(r.obj.Text, d.limits), nil
	}
	o := d.object(r)
	if o == nil {
		d.whole(r)
		return r.obj.Text, nil
	}
	if c.Expand == nil {
		o = d.mode.object(o)
	}
	switch {
	case c.Expand != nil:
		expanded, err := d.expand(o, timeRange(*c.Expand))
		if err != nil {
			return nil, err
		}
		o = expanded
	case c.LimitRecurrence != nil:
		o = o.LimitRecurrenceSet(d.zones, timeRange(*c.LimitRecurrence))
	}
	if c.LimitFreeBusy != nil {
		o = o.LimitFreeBusySet(d.zones, timeRange(*c.LimitFreeBusy))
	}
	if c.Comp != nil {
		o = o.Select(selectionOf(*c.Comp))
	}
	return o.Bytes(), nil
}

// expand writes the occurrences out, within what the request may cost.
func (d *dataRequest) expand(o *ics.Object, r ics.TimeRange) (*ics.Object, error) {
	defer d.charge(d.now())
	if d.left <= 0 || d.spent > d.limits.Query {
		return nil, errOverBudget
	}
	out, err := o.Expand(d.zones, r, min(d.limits.Steps, d.left))
	if errors.Is(err, pim.ErrTooLarge) {
		return nil, errOverBudget
	}
	if err != nil {
		return nil, err
	}
	d.left -= len(out.Calendar().Blocks(""))
	return out, nil
}

// charge adds the time since began. The budget of steps bounds what rules cost, the clock what steps cost.
func (d *dataRequest) charge(began time.Time) { d.spent += d.now().Sub(began) }

// object parses the text of r, or has done so for the filter; nil when it cannot be read by the rules of today.
func (d *dataRequest) object(r *resource) *ics.Object {
	if d.parsed != nil {
		return d.parsed
	}
	o, err := ics.Parse(r.obj.Text, d.limits.ics())
	if err != nil {
		return nil
	}
	return o
}

// ofCard is RFC 6352 10.4.
func (d *dataRequest) ofCard(r *resource) ([]byte, error) {
	if len(d.card.Props) == 0 && d.card.Version == "" && d.suit == nil {
		d.whole(r)
		return vcf.PlainText(r.obj.Text, d.limits.vcf()), nil
	}
	c, err := vcf.Parse(r.obj.Text, d.limits.vcf())
	if err != nil {
		d.whole(r)
		return r.obj.Text, nil
	}
	if v := vcf.Version(d.card.Version); v != "" && v != c.Version() {
		// RFC 6352 5.1.1: the version that was asked for. What cannot be converted is better than nothing.
		if converted, err := vcf.Convert(c, v); err == nil {
			c = converted
		}
	}
	if d.suit != nil {
		c = d.suit(c, vcf.Version(d.card.Version))
	}
	c = c.Plain()
	if len(d.card.Props) == 0 {
		d.whole(r)
		return c.Bytes(), nil
	}
	props := make([]vcf.PropSelection, len(d.card.Props))
	for i, p := range d.card.Props {
		props[i] = vcf.PropSelection{Name: p.Name, NoValue: p.NoValue}
	}
	return c.Select(props).Bytes(), nil
}

func timeRange(r davxml.TimeRange) ics.TimeRange { return ics.TimeRange{From: r.Start, Until: r.End} }

func selectionOf(c davxml.CompSelect) ics.Selection {
	s := ics.Selection{Name: c.Name, AllProps: c.AllProps, AllComps: c.AllComps}
	for _, p := range c.Props {
		s.Props = append(s.Props, ics.PropSelection{Name: p.Name, NoValue: p.NoValue})
	}
	for _, sub := range c.Comps {
		s.Comps = append(s.Comps, selectionOf(sub))
	}
	return s
}

// listing streams a multistatus about members of the request's collection, and notes what was downloaded once it is
// sent.
func (q *request) listing(ask davxml.PropFind, zone func(*resource) (*time.Location, error), f func(*lister, *resource) error) error {
	var seen downloads
	err := q.view(func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		loc := q.localZone(r)
		if zone != nil {
			if loc, err = zone(r); err != nil {
				return err
			}
		}
		l := q.newLister(tx, ask)
		if l.env.data, err = q.newData(ask, loc); err != nil {
			return err
		}
		if err := f(l, r); err != nil {
			return err
		}
		seen = l.env.data.seen
		return l.ms.End()
	})
	if err == nil {
		seen.each(markedAtOnce, func(list []store.SeenMark) { q.h.seen.add(q.caller.Device, list) })
	}
	return err
}

// markedAtOnce is for how many marks others wait that have something to note.
const markedAtOnce = 1000

// truncated ends an answer that holds only a part (RFC 6578 3.6, RFC 6352 8.6.2).
func (l *lister) truncated(r *resource) error {
	l.ms.Response(r.path())
	l.ms.Status(http.StatusInsufficientStorage)
	l.ms.Error(davxml.Condition{Name: davxml.D("number-of-matches-within-limits")})
	l.ms.Description("There is more than this answer holds. A sync goes on from its token; ask a query for less at once, or without a limit.")
	return l.ms.EndResponse()
}
