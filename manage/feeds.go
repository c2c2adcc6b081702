package manage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crmbridge/auth"
	"crmbridge/feed"
	"crmbridge/pim"
	"crmbridge/pim/tz"
	"crmbridge/store"
)

// Feed is a read-only address of a calendar, without a login.
type Feed struct {
	ID         store.FeedID `json:"id"`
	User       string       `json:"user"`
	Collection string       `json:"collection"`
	Name       string       `json:"name"`
	Hint       string       `json:"hint"` // what the secret in the address ends in
	Detail     store.Detail `json:"detail"`
	Private    bool         `json:"private"`
	Alarms     bool         `json:"alarms"`
	PastDays   int          `json:"pastDays"`   // 0 is everything
	FutureDays int          `json:"futureDays"` // 0 is everything
	Created    time.Time    `json:"created"`
	Expires    *time.Time   `json:"expires,omitempty"`
	Revoked    *time.Time   `json:"revoked,omitempty"`
	LastUsed   *time.Time   `json:"lastUsed,omitempty"`
	LastAgent  string       `json:"lastAgent,omitempty"`
	// Address and Webcal are there only in the answers to AddFeed and RotateFeed.
	Address string `json:"address,omitempty"`
	Webcal  string `json:"webcal,omitempty"`
}

func feedOf(tx *store.Tx, u store.User, f store.Feed) (Feed, error) {
	c, err := tx.AnyCollection(f.CollectionID) // a feed that ended with its calendar is listed, too
	return Feed{ID: f.ID, User: u.Name, Collection: c.Slug, Name: f.Name, Hint: f.Hint, Detail: f.Detail, Private: f.Private, Alarms: f.Alarms,
		PastDays: f.PastDays, FutureDays: f.FutureDays, Created: f.CreatedAt, Expires: f.ExpiresAt, Revoked: f.RevokedAt,
		LastUsed: f.LastUsed, LastAgent: f.LastAgent}, err
}

// Contents says in words what is in a feed.
func (f Feed) Contents() string {
	parts := []string{"everything public"}
	switch {
	case f.Detail == store.DetailBusy && f.Private:
		parts[0] = "busy times, also of private items"
	case f.Detail == store.DetailBusy:
		parts[0] = "busy times"
	case f.Private:
		parts[0] = "everything, private items too"
	}
	if f.Alarms && f.Detail != store.DetailBusy {
		parts = append(parts, "reminders")
	}
	if w := f.window(); w != "" {
		parts = append(parts, w)
	}
	return strings.Join(parts, ", ")
}

func (f Feed) window() string {
	switch {
	case f.PastDays > 0 && f.FutureDays > 0:
		return fmt.Sprintf("-%d to +%d days", f.PastDays, f.FutureDays)
	case f.PastDays > 0:
		return fmt.Sprintf("from -%d days", f.PastDays)
	case f.FutureDays > 0:
		return fmt.Sprintf("to +%d days", f.FutureDays)
	}
	return ""
}

// State is a word for how a feed stands at a time: active, expired or revoked.
func (f Feed) State(now time.Time) string {
	switch {
	case f.Revoked != nil:
		return "revoked"
	case f.Expires != nil && !now.Before(*f.Expires):
		return "expired"
	}
	return "active"
}

// NewFeed is a feed to be made.
type NewFeed struct {
	User, Collection string
	Name             string       // last part of the address; "" is the calendar's
	Detail           store.Detail // "" is store.DetailFull
	Private, Alarms  bool
	// PastDays and FutureDays bound what is in it; 0 is everything.
	PastDays, FutureDays int
	// Expires is the last day, such as 2030-12-31, in the account's zone, a number of days, such as 90d, or "" or never.
	Expires string
}

// maxDays bounds windows: a hundred years.
const maxDays = 36525

// AddFeed makes an address for a calendar. Errors: a Fault, pim.ErrNotFound, pim.ErrExists where one of that name can be read already.
func (o *Office) AddFeed(ctx context.Context, n NewFeed) (row Feed, err error) {
	d, err := o.begin(ctx, "feed.add", n.User+": "+n.Name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	return o.issue(ctx, func(tx *store.Tx, secret string) (Feed, error) { return n.Create(tx, secret) })
}

// Create makes a feed whose secret is known already.
func (n NewFeed) Create(tx *store.Tx, secret string) (Feed, error) {
	const op = "feed add"
	u, err := User(tx, n.User)
	if err != nil {
		return Feed{}, err
	}
	c, err := tx.CollectionBySlug(u.ID, store.Calendars, n.Collection)
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf(op, pim.ErrNotFound, "%s has no calendar %q", u.Name, n.Collection)
	}
	if err != nil {
		return Feed{}, err
	}
	if n.Name == "" {
		n.Name = c.Slug
	}
	if err := feed.ValidName(n.Name); err != nil {
		return Feed{}, err
	}
	if err := feedIsNew(tx, u, n.Name); err != nil {
		return Feed{}, err
	}
	if n.Detail == "" {
		n.Detail = store.DetailFull
	}
	if n.Detail != store.DetailFull && n.Detail != store.DetailBusy {
		return Feed{}, wrong(op, "detail", "is full or busy")
	}
	for field, days := range map[string]int{"pastDays": n.PastDays, "futureDays": n.FutureDays} {
		if days < 0 || days > maxDays {
			return Feed{}, wrong(op, field, "is between 0 and %d", maxDays)
		}
	}
	end, err := expiry(n.Expires, tx.Now(), u)
	if err != nil {
		return Feed{}, err
	}
	f, err := tx.CreateFeed(store.Feed{UserID: u.ID, CollectionID: c.ID, Name: n.Name, Hash: auth.HashSecret(secret), Hint: auth.Hint(secret),
		Detail: n.Detail, Private: n.Private, Alarms: n.Alarms, PastDays: n.PastDays, FutureDays: n.FutureDays, ExpiresAt: end})
	if err != nil {
		return Feed{}, err
	}
	return feedOf(tx, u, f)
}

// feedIsNew refuses a name that another feed of the account has, by which people tell them apart.
func feedIsNew(tx *store.Tx, u store.User, name string) error {
	fs, err := tx.Feeds(u.ID)
	if err != nil {
		return err
	}
	for _, f := range fs {
		if f.RevokedAt == nil && strings.EqualFold(f.Name, name) {
			return taken("feed add", "name", "%q is that of feed %d of %s already; give another one, or end that feed with `bridge feed revoke %d`", f.Name, f.ID, u.Name, f.ID)
		}
	}
	return nil
}

// expiry reads when a feed is to end, nil being never.
func expiry(s string, now time.Time, u store.User) (*time.Time, error) {
	if s == "" || s == "never" {
		return nil, nil
	}
	var end time.Time
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		loc := time.UTC
		if z, err := tz.Resolve(u.Zone); u.Zone != "" && err == nil {
			loc = z.Loc
		}
		end = tz.Instant(day.AddDate(0, 0, 1), loc).UTC()
	} else if n, err := strconv.Atoi(strings.TrimSuffix(s, "d")); err == nil && strings.HasSuffix(s, "d") && n <= maxDays {
		end = now.AddDate(0, 0, n)
	}
	if !end.After(now) {
		return nil, wrong("feed", "expires", "is a day to come, such as 2030-12-31, or a number of days, such as 90d")
	}
	return &end, nil
}

// issue makes a secret, stores it by do and returns the address, this once.
func (o *Office) issue(ctx context.Context, do func(*store.Tx, string) (Feed, error)) (row Feed, err error) {
	secret, err := auth.NewSecret(o.Random)
	if err != nil {
		return Feed{}, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		row, err = do(tx, secret)
		return err
	})
	if err == nil {
		row.Address, row.Webcal = feed.Address(o.Address, secret, row.Name)
	}
	return row, err
}

// Feeds lists the feeds of an account, or of all for "", also those that ended.
func (o *Office) Feeds(ctx context.Context, account string) (rows []Feed, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		rows = []Feed{}
		us, err := Users(tx, account)
		if err != nil {
			return err
		}
		for _, u := range us {
			fs, err := tx.Feeds(u.ID)
			if err != nil {
				return err
			}
			for _, f := range fs {
				row, err := feedOf(tx, u, f)
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
		}
		return nil
	})
	return rows, err
}

// RotateFeed gives a feed a new address and ends the old one at once. expires is a new end as in NewFeed, "" leaves it as it is.
// account may be "", for any. Errors: a Fault, pim.ErrNotFound, pim.ErrInvalid for a feed that has ended.
func (o *Office) RotateFeed(ctx context.Context, account string, id store.FeedID, expires string) (row Feed, err error) {
	d, err := o.begin(ctx, "feed.rotate", fmt.Sprint(id))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	const op = "feed rotate"
	return o.issue(ctx, func(tx *store.Tx, secret string) (Feed, error) {
		var old store.Feed
		row, err := changeFeed(tx, account, id, func(u store.User, f *store.Feed) (err error) {
			old = *f
			d.of(u.Name, f.Name)
			if f.RevokedAt != nil {
				return pim.Errorf(op, pim.ErrInvalid, "feed %d is revoked; make another one with feed add", id)
			}
			if expires != "" {
				if f.ExpiresAt, err = expiry(expires, tx.Now(), u); err != nil {
					return err
				}
			}
			if f.ExpiresAt != nil && !tx.Now().Before(*f.ExpiresAt) {
				return wrong(op, "expires", "gives feed %d a new end: it has expired", id)
			}
			f.Hash, f.Hint = auth.HashSecret(secret), auth.Hint(secret)
			return nil
		})
		if err != nil {
			return row, err
		}
		return row, keepEnded(tx, old)
	})
}

// keepEnded keeps an address that was given up as a feed that is revoked, so that programs which still ask there are told
// that it ended: an address that nobody knows is as good as one that was mistyped.
func keepEnded(tx *store.Tx, old store.Feed) error {
	now := tx.Now()
	old.RevokedAt = &now
	_, err := tx.CreateFeed(old)
	return err
}

// RevokeFeed ends a feed at once; account may be "", for any. Twice is no error. Errors: pim.ErrNotFound.
func (o *Office) RevokeFeed(ctx context.Context, account string, id store.FeedID) (row Feed, err error) {
	d, err := o.begin(ctx, "feed.revoke", fmt.Sprint(id))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		row, err = changeFeed(tx, account, id, func(_ store.User, f *store.Feed) error {
			if f.RevokedAt == nil {
				now := tx.Now()
				f.RevokedAt = &now
			}
			return nil
		})
		d.of(row.User, row.Name)
		return err
	})
	return row, err
}

func changeFeed(tx *store.Tx, account string, id store.FeedID, change func(store.User, *store.Feed) error) (Feed, error) {
	us, err := Users(tx, account)
	if err != nil {
		return Feed{}, err
	}
	for _, u := range us {
		f, err := tx.Feed(u.ID, id)
		if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
			continue
		}
		if err == nil {
			err = change(u, &f)
		}
		if err == nil {
			err = tx.UpdateFeed(f)
		}
		if err != nil {
			return Feed{}, err
		}
		return feedOf(tx, u, f)
	}
	return Feed{}, pim.Errorf("feed", pim.ErrNotFound, "there is no feed %d", id)
}
