package graph

import (
	"context"
	"net/url"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/pim"
	"crmbridge/remote"
)

// rewritten reports that the pattern of a series has to be sent: it is new or another one, one that ends, or one whose first day
// moves, which Graph refuses to take without its range.
func (s *events) rewritten(now *event, is, want *pim.Event, changed pim.FieldSet) (bool, error) {
	if !changed.Has(pim.FieldRecurrence) && !changed.Has(pim.FieldTime) || is.Recurrence == nil && want.Recurrence == nil {
		return false, nil
	}
	if want.Recurrence == nil || is.Recurrence == nil {
		return true, nil
	}
	wanted, err := series.Of(want.Recurrence, want.Start, s.dayZone(want.Start))
	if err != nil {
		return false, err
	}
	have, ok := now.Recurrence.pattern()
	if !ok || changed.Has(pim.FieldTime) && !s.sameDay(is.Start, want.Start) {
		return true, nil
	}
	return series.Rewritten(is.Recurrence, want.Recurrence, have, wanted), nil
}

// sameDay reports that a series begins on the same day of the same zone.
func (c *connector) sameDay(a, b pim.When) bool {
	return a.Date == b.Date && c.dayZone(a).String() == c.dayZone(b).String() && c.clock(a).Format(time.DateOnly) == c.clock(b).Format(time.DateOnly)
}

// reshape makes the occurrences of a series those of want: what is not held is deleted, what differs is changed one by one. The
// series itself has been written already.
func (s *events) reshape(ctx context.Context, op, id string, want *pim.Event, notes []remote.Note) (remote.Record, error) {
	now, err := s.current(ctx, op, remote.ItemID(id))
	if err != nil {
		return remote.Record{}, err
	}
	if now, err = s.restored(ctx, op, now, want); err != nil {
		return remote.Record{}, err
	}
	plan := series.Occurrences(s.item(now), want, s.carriedByOccurrence(), s.dayZone(want.Start))
	if len(plan.Delete)+len(plan.Change) > 0 {
		if err := s.carryOut(ctx, op, now, plan); err != nil {
			return remote.Record{}, err
		}
		if now, err = s.current(ctx, op, remote.ItemID(id)); err != nil {
			return remote.Record{}, err
		}
	}
	rec := s.record(now)
	rec.Notes = notes
	return rec, nil
}

// restored brings occurrences back that were deleted and are wanted. Only a new pattern does, and one that is sent again as it
// was is none: so another one comes between.
func (s *events) restored(ctx context.Context, op string, now *event, want *pim.Event) (*event, error) {
	is := s.item(now)
	have, ok := now.Recurrence.pattern()
	if is.Recurrence == nil || !ok || !series.Rewritten(is.Recurrence, want.Recurrence, have, have) {
		return now, nil
	}
	between := have
	between.Until, between.Count = pim.When{}, have.Count+1
	for _, p := range []series.Pattern{between, have} {
		var err error
		if now, err = s.patch(ctx, op, now, "", map[string]any{"recurrence": s.recurringAt(p, is.Start)}); err != nil {
			return nil, err
		}
	}
	return s.current(ctx, op, remote.ItemID(now.ID))
}

// carryOut does what a plan says.
func (s *events) carryOut(ctx context.Context, op string, master *event, plan series.Plan) error {
	ats := append([]pim.When(nil), plan.Delete...)
	for _, ch := range plan.Change {
		ats = append(ats, ch.At)
	}
	found, err := s.instances(ctx, op, master, ats)
	if err != nil {
		return err
	}
	for _, at := range plan.Delete {
		x := found[at.String()]
		if x == nil {
			continue // the rule does not give it
		}
		if _, err := s.send(ctx, request{op: op, method: "DELETE", path: s.path(remote.ItemID(x.ID))}); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return err
		}
	}
	for _, ch := range plan.Change {
		x := found[ch.At.String()]
		if x == nil {
			return pim.Errorf(op, pim.ErrRefused, "an occurrence that is changed is not one of the series")
		}
		if err := s.alter(ctx, op, x, ch); err != nil {
			return err
		}
	}
	return nil
}

// alter gives an occurrence the fields in which it differs.
func (s *events) alter(ctx context.Context, op string, x *event, ch series.Change) error {
	it, ok := ch.Item.(*pim.Event)
	if !ok {
		return pim.Errorf(op, pim.ErrInvalid, "an occurrence is of another kind than its series")
	}
	d := &draft[*event]{props: map[string]any{}, now: x, set: ch.Set}
	if err := s.eventTable.write(d, it); err != nil {
		return err
	}
	if len(d.props) == 0 {
		return nil
	}
	_, err := s.send(ctx, request{op: op, method: "PATCH", path: s.path(remote.ItemID(x.ID)), prefer: reading(), body: d.props})
	return err
}

// instances finds occurrences by the starts that the rule gives them. Exceptions are known by the series already; the others stand
// where the rule puts them.
func (s *events) instances(ctx context.Context, op string, master *event, ats []pim.When) (map[string]*event, error) {
	is := s.item(master)
	out := map[string]*event{}
	for i := range master.Exceptions {
		x := &master.Exceptions[i]
		if at, ok := s.originalStart(x, is); ok {
			out[at.String()] = x
		}
	}
	var rs []request
	for _, at := range ats {
		if out[at.String()] != nil {
			continue
		}
		begin := at.Time
		if at.Date { // midnight of the series is somewhere within a day of it
			begin = begin.Add(-14 * time.Hour)
		}
		rs = append(rs, request{op: op, path: s.path(remote.ItemID(master.ID)) + "/instances", prefer: reading(), query: url.Values{
			"startDateTime": {begin.Format(time.RFC3339)}, "endDateTime": {at.Time.Add(28 * time.Hour).Format(time.RFC3339)},
			"$select": {s.eventTable.asked(append(always(), "originalStart")...)},
		}})
	}
	pages, err := readAll[page[event]](ctx, s.service, op, rs)
	if err != nil {
		return nil, err
	}
	for i := range pages {
		for j := range pages[i].Value {
			x := &pages[i].Value[j]
			own := &pim.Event{}
			s.readTime(x, own)
			own.Start.Zone = is.Start.Zone
			if x.Type == typeOccurrence && out[own.Start.String()] == nil {
				out[own.Start.String()] = x
			}
		}
	}
	return out, nil
}
