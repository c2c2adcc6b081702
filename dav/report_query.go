package dav

import (
	"errors"
	"math"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
	"crmbridge/pim/tz"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// calendarQuery is RFC 4791 7.8: the index of first start and last end gives candidates, their texts decide.
func (q *request) calendarQuery(rep *davxml.CalendarQuery) error {
	filter := compFilter(rep.Filter)
	opts := candidates(rep.Filter)
	return q.listing(rep.Prop, func(r *resource) (*time.Location, error) { return q.queryZone(rep, r) }, func(l *lister, r *resource) error {
		d := l.env.data
		plain := kindOnly(rep.Filter) && r.obj == nil
		span := spanOnly(rep.Filter)
		opts.Text = d.wanted || !plain
		opts.Names = l.slim(r)
		err := r.objects(l.env.tx, opts, func(o *store.Object) error {
			member := r.member(o)
			if plain {
				return l.respond(member)
			}
			if err := q.ctx.Err(); err != nil {
				return err
			}
			if !span.holds(o) {
				if ok, err := d.matches(member, filter); err != nil || !ok {
					return err
				}
			}
			err := l.respond(member)
			d.parsed = nil
			return err
		})
		return l.overBudget(r, err)
	})
}

// overBudget turns the end of the budget into an answer: a precondition when nothing was sent yet, else the mark of
// an answer that was cut short.
func (l *lister) overBudget(r *resource, err error) error {
	if !errors.Is(err, errOverBudget) || !l.q.w.begun {
		return err
	}
	return l.truncated(r)
}

// matches applies a filter to one object and leaves what it parsed for the answer. Where rules cost more than the request may,
// an object counts as matching: a client takes what is left out for deleted, and looks at the times of what it gets itself.
// Only one that wants occurrences instead of objects does not, so that is refused.
func (d *dataRequest) matches(r *resource, f ics.CompFilter) (bool, error) {
	o, err := ics.Parse(r.obj.Text, d.limits.ics())
	if err != nil {
		return false, nil // it does not read by the rules of today, so no filter holds of it
	}
	defer d.charge(d.now())
	if d.spent > d.limits.Query {
		d.zones.Budget = rrule.NewBudget(0) // objects that take a few steps are still judged
	}
	ok, err := o.Matches(f, d.zones, d.limits.Steps)
	if err == nil && d.cal.Expand != nil && d.zones.Budget.Left() <= 0 {
		return false, errOverBudget
	}
	if ok {
		d.parsed = o
	}
	return ok, err
}

// queryZone is the zone of the query (RFC 4791 9.8, RFC 7809 5.2), else the calendar's.
func (q *request) queryZone(rep *davxml.CalendarQuery, r *resource) (*time.Location, error) {
	switch {
	case rep.Timezone != "":
		z, err := ics.CalendarZone(rep.Timezone, q.h.now())
		if err != nil {
			f := forbidden(davxml.C("valid-calendar-data"), "The time zone of the query cannot be read.")
			f.err = err
			return nil, f
		}
		return z.Loc, nil
	case rep.TimezoneID != "":
		z, err := tz.Resolve(rep.TimezoneID)
		if err != nil {
			f := forbidden(davxml.C("valid-timezone"), "The time zone of the query is not known.")
			f.err = err
			return nil, f
		}
		return z.Loc, nil
	}
	return q.localZone(r), nil
}

// candidates reads off a filter which objects the index can leave out.
func candidates(f davxml.CompFilter) store.EachOptions {
	var opts store.EachOptions
	for _, c := range f.Comps {
		if c.IsNotDefined || c.Name == "VTIMEZONE" {
			continue
		}
		// All conditions hold at once (RFC 4791 9.7.1), and an object has one kind of component.
		opts.Components = []string{c.Name}
		if c.TimeRange != nil {
			opts.From, opts.Until = unix(c.TimeRange.Start), unix(c.TimeRange.End)
		}
		break
	}
	return opts
}

func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix()
	return &s
}

// kindOnly reports a filter that asks for nothing but a kind of component, so that the index decides alone.
func kindOnly(f davxml.CompFilter) bool {
	if f.IsNotDefined || f.TimeRange != nil || len(f.Props) > 0 || len(f.Comps) > 1 {
		return false
	}
	for _, c := range f.Comps {
		if c.Name == "VTIMEZONE" || c.IsNotDefined || c.TimeRange != nil || len(c.Props) > 0 || len(c.Comps) > 0 {
			return false
		}
	}
	return true
}

// spanOnly is the time that a filter asks events for when it asks for nothing else, as programs do to show a month; nil
// for any other filter.
func spanOnly(f davxml.CompFilter) *span {
	if f.Name != "VCALENDAR" || f.IsNotDefined || f.TimeRange != nil || len(f.Props) > 0 || len(f.Comps) != 1 {
		return nil
	}
	c := f.Comps[0]
	if c.Name != "VEVENT" || c.IsNotDefined || c.TimeRange == nil || len(c.Props) > 0 || len(c.Comps) > 0 {
		return nil
	}
	return &span{from: unix(c.TimeRange.Start), until: unix(c.TimeRange.End)}
}

// span is a range of time in unix seconds; nil is open.
type span struct{ from, until *int64 }

// holds is true when the index alone shows that o matches: an event that takes place once, wholly inside. Whatever
// else has to be read.
func (s *span) holds(o *store.Object) bool {
	if s == nil || o.Component != "VEVENT" || o.Start == math.MinInt64 || o.End == math.MaxInt64 {
		return false
	}
	if s.from != nil && o.Start < *s.from || s.until != nil && o.End > *s.until {
		return false
	}
	return ics.Once(o.Text, o.Start, o.End)
}

// compFilter gives a parsed filter to pim/ics; the two types differ in nothing that matters.
func compFilter(f davxml.CompFilter) ics.CompFilter {
	out := ics.CompFilter{Name: f.Name, NotDefined: f.IsNotDefined, Range: rangeOf(f.TimeRange)}
	for _, p := range f.Props {
		prop := ics.PropFilter{Name: p.Name, NotDefined: p.IsNotDefined, Range: rangeOf(p.TimeRange), Params: paramFilters(p.Params)}
		if len(p.Texts) > 0 {
			prop.Text = textMatch(&p.Texts[0])
		}
		out.Props = append(out.Props, prop)
	}
	for _, c := range f.Comps {
		out.Comps = append(out.Comps, compFilter(c))
	}
	return out
}

func rangeOf(r *davxml.TimeRange) *ics.TimeRange {
	if r == nil {
		return nil
	}
	out := timeRange(*r)
	return &out
}

func paramFilters(ps []davxml.ParamFilter) []line.ParamFilter {
	var out []line.ParamFilter
	for _, p := range ps {
		out = append(out, line.ParamFilter{Name: p.Name, NotDefined: p.IsNotDefined, Text: textMatch(p.Text)})
	}
	return out
}

func textMatch(t *davxml.TextMatch) *line.TextMatch {
	if t == nil {
		return nil
	}
	return &line.TextMatch{Text: t.Text, Collation: string(t.Collation), Type: string(t.Match), Negate: t.Negate}
}

// addressbookQuery is RFC 6352 8.6. The index of words gives candidates where the filter asks for words, their texts decide.
func (q *request) addressbookQuery(rep *davxml.AddressbookQuery) error {
	filter := cardFilter(rep.Filter)
	wanted := filter.Wanted()
	return q.listing(rep.Prop, nil, func(l *lister, r *resource) error {
		opts := store.EachOptions{Text: l.env.data.wanted || len(filter.Props) > 0}
		opts.Names = l.slim(r)
		if sieve := vcf.NewSieve(filter, q.h.limits.vcf()); sieve != nil {
			opts.Keep = sieve.MayMatch
		}
		if wanted != nil && r.obj == nil {
			opts.Words = &store.Words{Edition: vcf.WordsEdition, Of: wanted, Behind: func() { q.h.words.want(r.col.ID) }}
		}
		found := 0
		err := r.objects(l.env.tx, opts, func(o *store.Object) error {
			if err := q.ctx.Err(); err != nil {
				return err
			}
			if len(filter.Props) > 0 {
				c, err := vcf.Parse(o.Text, q.h.limits.vcf())
				if err != nil {
					return nil // as in matches
				}
				if ok, err := c.Matches(filter); err != nil || !ok {
					return err
				}
			}
			if found++; rep.Limit > 0 && found > rep.Limit {
				return errEnough
			}
			return l.respond(r.member(o))
		})
		if errors.Is(err, errEnough) {
			return l.truncated(r)
		}
		return err
	})
}

// errEnough ends a listing that has as many members as were asked for.
var errEnough = errors.New("dav: enough")

// cardFilter is compFilter for pim/vcf.
func cardFilter(f davxml.AddressFilter) vcf.Filter {
	out := vcf.Filter{AllOf: f.Test == davxml.AllOf}
	for _, p := range f.Props {
		prop := vcf.PropFilter{Name: p.Name, AllOf: p.Test == davxml.AllOf, NotDefined: p.IsNotDefined, Params: paramFilters(p.Params)}
		for i := range p.Texts {
			prop.Texts = append(prop.Texts, *textMatch(&p.Texts[i]))
		}
		out.Props = append(out.Props, prop)
	}
	return out
}
