package ics

import (
	"errors"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// CompFilter is CALDAV:comp-filter (RFC 4791 9.7.1). The outermost one names VCALENDAR.
type CompFilter struct {
	Name string
	// NotDefined asks for the absence of the component; the rest is then ignored.
	NotDefined bool
	Range      *TimeRange
	Props      []PropFilter
	Comps      []CompFilter
}

// PropFilter is CALDAV:prop-filter (RFC 4791 9.7.2).
type PropFilter struct {
	Name       string
	NotDefined bool
	Range      *TimeRange
	Text       *line.TextMatch
	Params     []line.ParamFilter
}

// Matches applies f to o: everything in a filter has to hold of one and the same
// component (RFC 4791 9.7.1), time ranges by the tables of RFC 4791 9.9 for VEVENT,
// VTODO, VJOURNAL, VFREEBUSY and VALARM, overrides and all occurrences included. limit is
// as for Occurrences; an object whose expansion is over it matches, so that nothing is hidden.
// A negated text-match means that no such property has the text.
// pim.ErrUnsupported for a collation that is not known.
func (o *Object) Matches(f CompFilter, z Zones, limit int) (bool, error) {
	if limit <= 0 {
		limit = MaxOccurrences
	}
	m := matcher{o: o, z: z, limit: limit, budget: z.steps(limit)}
	if !strings.EqualFold(f.Name, calendar) {
		return f.NotDefined, nil
	}
	if f.NotDefined {
		return false, nil
	}
	return m.block(f, o.cal, nil)
}

// MatchesRange is Matches with a time-range on the object's own component.
func (o *Object) MatchesRange(z Zones, r TimeRange, limit int) bool {
	ok, err := o.Matches(CompFilter{Name: calendar, Comps: []CompFilter{{Name: o.Component(), Range: &r}}}, z, limit)
	return ok && err == nil
}

type matcher struct {
	o     *Object
	z     Zones
	limit int
	// series and budget are those of the object: a filter may ask for many ranges, one for each alarm.
	series *series
	budget *rrule.Budget
	// hits are the components that have an occurrence in the range asked last.
	hits      map[*line.Block]bool
	hitsRange *TimeRange
}

// comp asks whether some component in parent matches f.
func (m *matcher) comp(f CompFilter, parent *line.Block) (bool, error) {
	blocks := parent.Blocks(strings.ToUpper(f.Name))
	if f.NotDefined {
		return len(blocks) == 0, nil
	}
	for _, b := range blocks {
		if ok, err := m.block(f, b, parent); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (m *matcher) block(f CompFilter, b, parent *line.Block) (bool, error) {
	for _, p := range f.Props {
		if ok, err := m.prop(p, b); !ok || err != nil {
			return false, err
		}
	}
	for _, c := range f.Comps {
		if ok, err := m.comp(c, b); !ok || err != nil {
			return false, err
		}
	}
	return f.Range == nil || m.inRange(b, parent, f.Range), nil
}

func (m *matcher) prop(f PropFilter, b *line.Block) (bool, error) {
	lines := b.All(strings.ToUpper(f.Name))
	if f.NotDefined {
		return len(lines) == 0, nil
	}
	if f.Range != nil {
		return m.propInRange(f, b), nil
	}
	var kept []*line.Line
	for _, l := range lines {
		ok, err := paramsMatch(f.Params, l)
		if err != nil {
			return false, err
		}
		if ok {
			kept = append(kept, l)
		}
	}
	if len(kept) == 0 || f.Text == nil {
		return len(kept) > 0, nil
	}
	texts := make([]string, len(kept))
	for i, l := range kept {
		texts[i] = l.Text()
	}
	return f.Text.MatchAny(texts)
}

func paramsMatch(fs []line.ParamFilter, l *line.Line) (bool, error) {
	for _, f := range fs {
		if ok, err := f.Match(l); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// propInRange is RFC 4791 9.9 for properties: (start <= value) AND (end > value). DTEND
// and DUE may follow from DURATION.
func (m *matcher) propInRange(f PropFilter, b *line.Block) bool {
	r := m.o.reader(b, m.z)
	r.allDay = false
	name := strings.ToUpper(f.Name)
	lines := b.All(name)
	for _, l := range lines {
		if s, ok := stampOf(l); ok && f.Range.has(s.instant(m.o.tzs, m.z)) {
			return true
		}
	}
	if len(lines) > 0 || name != "DTEND" && name != "DUE" {
		return false
	}
	s, ok := stampOf(b.First("DTSTART"))
	length := r.lasting()
	if !ok || length.span == nil {
		return false
	}
	_, until := length.end(r, s, r.when(s), s.instant(m.o.tzs, m.z))
	return f.Range.has(until)
}

// inRange asks whether an occurrence that b describes overlaps r.
func (m *matcher) inRange(b, parent *line.Block, r *TimeRange) bool {
	switch b.Name {
	case event, todo, journal:
		if m.hitsRange != r {
			m.hits, m.hitsRange = m.overlapping(*r, r.meets), r
		}
		return m.hits[b]
	case freeBusy:
		return m.freeBusy(b, *r)
	case alarm:
		return m.alarm(b, parent, *r)
	}
	return true // RFC 4791 9.9 defines nothing for other components
}

// overlapping collects the components with an occurrence that meets wants; when there is
// too much to expand, all of them.
func (m *matcher) overlapping(window TimeRange, meets func(Occurrence) bool) map[*line.Block]bool {
	hits := map[*line.Block]bool{}
	n := 0
	master := m.o.Master()
	if master == nil {
		return hits
	}
	if m.series == nil {
		m.series = m.o.newSeries(master, m.z)
	}
	err := m.series.each(window, m.budget, func(oc Occurrence) bool {
		n++
		if !hits[oc.Component] && meets(oc) {
			hits[oc.Component] = true
		}
		return n <= m.limit && len(hits) < len(m.o.main)
	})
	if n > m.limit || errors.Is(err, pim.ErrTooLarge) {
		for _, c := range m.o.main {
			hits[c] = true
		}
	}
	return hits
}
