package manage

import (
	"context"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
)

// Search is what somebody wants to see of a list, in their words; empty fields do not choose.
type Search struct {
	User, Link   string // an account; a link by its name or number
	Kind, State  string
	Text         string // letters in title, UID or reason
	Since, Until string // see Moment
	After        int64  // Next of the page before
	Limit        int    // rows of a page; 0 is 100
	Place        *time.Location
}

const noMoment = "cannot be %q: write how long ago (2h, 7d), a day (2026-11-22) or a time (2026-11-22T10:00:00Z)"

// Query is the search as package review has it. Errors: a Fault, pim.ErrNotFound for an account or a link that is not there.
func (o *Office) Query(ctx context.Context, s Search) (out review.Query, err error) {
	const op = "list"
	out = review.Query{State: s.State, Text: s.Text, After: s.After, Limit: s.Limit}
	if out.Since, err = Moment(s.Since, o.Now(), s.Place); err != nil {
		return out, wrong(op, "since", noMoment, s.Since)
	}
	if out.Since.After(o.Now()) {
		return out, wrong(op, "since", "is in the future (%s); nothing has happened since", out.Since.Format(time.RFC3339))
	}
	if out.Until, err = Moment(s.Until, o.Now(), s.Place); err != nil {
		return out, wrong(op, "until", noMoment, s.Until)
	}
	if s.Kind != "" {
		if out.Kind, err = pim.ParseKind(s.Kind); err != nil {
			return out, wrong(op, "kind", "cannot be %q; there are event, task, contact and message", s.Kind)
		}
	}
	if s.Link != "" {
		l, _, err := o.FindLink(ctx, s.User, s.Link)
		out.Link, out.User = l.ID, l.UserID
		return out, err
	}
	if s.User == "" {
		return out, nil
	}
	return out, o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := User(tx, s.User)
		out.User = u.ID
		return err
	})
}

// Moment reads how long ago (36h, 7d), a day (2026-11-22) where place is, nil for where the program runs, or a time (RFC 3339). "" is the zero time.
// Errors: pim.ErrInvalid.
func Moment(word string, now time.Time, place *time.Location) (time.Time, error) {
	if word == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(word, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(word); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if place == nil {
		place = time.Local //nolint:gosmopolitan // a person's day
	}
	if t, err := time.ParseInLocation(time.DateOnly, word, place); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, word)
	if err != nil {
		err = pim.Errorf("time", pim.ErrInvalid, "%q is no time: write how long ago (2h, 7d), a day (2026-11-22) or a time (2026-11-22T10:00:00Z)", word)
	}
	return t, err
}
