package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/auth"
	"crmbridge/feed"
	"crmbridge/pim"
	"crmbridge/pim/tz"
	"crmbridge/store"
)

func (p *program) feedCommand() *cobra.Command {
	c := &cobra.Command{Use: "feed", Short: "Calendars without a login: read-only addresses for Outlook, Google and others"}
	c.AddCommand(p.feedAdd(), p.feedList(), p.feedRotate(), p.feedRevoke())
	return c
}

type feedShown struct {
	ID         store.FeedID `json:"id"`
	User       string       `json:"user"`
	Collection string       `json:"collection"`
	Name       string       `json:"name"`
	Hint       string       `json:"hint"`
	Detail     store.Detail `json:"detail"`
	Private    bool         `json:"private"`
	Alarms     bool         `json:"alarms"`
	PastDays   int          `json:"pastDays"`
	FutureDays int          `json:"futureDays"`
	Created    time.Time    `json:"created"`
	Expires    *time.Time   `json:"expires,omitempty"`
	Revoked    *time.Time   `json:"revoked,omitempty"`
	LastUsed   *time.Time   `json:"lastUsed,omitempty"`
	LastAgent  string       `json:"lastAgent,omitempty"`
	// Address and Webcal are there only in the answers to feed add and feed rotate.
	Address string `json:"address,omitempty"`
	Webcal  string `json:"webcal,omitempty"`
}

func feedRow(tx *store.Tx, u store.User, f store.Feed) (feedShown, error) {
	c, err := tx.AnyCollection(f.CollectionID) // a feed that ended with its calendar is listed, too
	return feedShown{ID: f.ID, User: u.Name, Collection: c.Slug, Name: f.Name, Hint: f.Hint, Detail: f.Detail, Private: f.Private, Alarms: f.Alarms,
		PastDays: f.PastDays, FutureDays: f.FutureDays, Created: f.CreatedAt, Expires: f.ExpiresAt, Revoked: f.RevokedAt,
		LastUsed: f.LastUsed, LastAgent: f.LastAgent}, err
}

// newFeed is what feed add was told.
type newFeed struct {
	user, collection, name, detail string
	private, alarms                bool
	past, future                   int
	expires                        string
}

// maxDays bounds windows: a hundred years.
const maxDays = 36525

func (n newFeed) create(tx *store.Tx, secret string) (feedShown, error) {
	const op = "feed add"
	u, err := userNamed(tx, n.user)
	if err != nil {
		return feedShown{}, err
	}
	c, err := tx.CollectionBySlug(u.ID, store.Calendars, n.collection)
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf(op, pim.ErrNotFound, "%s has no calendar %q", u.Name, n.collection)
	}
	if err != nil {
		return feedShown{}, err
	}
	if n.name == "" {
		n.name = c.Slug
	}
	if err := feed.ValidName(n.name); err != nil {
		return feedShown{}, err
	}
	if err := vacantName(tx, u, n.name); err != nil {
		return feedShown{}, err
	}
	if n.detail != string(store.DetailFull) && n.detail != string(store.DetailBusy) {
		return feedShown{}, pim.Errorf(op, pim.ErrInvalid, "--detail is full or busy")
	}
	if n.past < 0 || n.future < 0 || n.past > maxDays || n.future > maxDays {
		return feedShown{}, pim.Errorf(op, pim.ErrInvalid, "--past-days and --future-days are between 0 and %d", maxDays)
	}
	end, err := expiry(n.expires, tx.Now(), u)
	if err != nil {
		return feedShown{}, err
	}
	f, err := tx.CreateFeed(store.Feed{UserID: u.ID, CollectionID: c.ID, Name: n.name, Hash: auth.HashSecret(secret), Hint: auth.Hint(secret),
		Detail: store.Detail(n.detail), Private: n.private, Alarms: n.alarms, PastDays: n.past, FutureDays: n.future, ExpiresAt: end})
	if err != nil {
		return feedShown{}, err
	}
	return feedRow(tx, u, f)
}

// vacantName refuses a name that another feed of the account has, by which people tell them apart.
func vacantName(tx *store.Tx, u store.User, name string) error {
	fs, err := tx.Feeds(u.ID)
	if err != nil {
		return err
	}
	for _, f := range fs {
		if f.RevokedAt == nil && strings.EqualFold(f.Name, name) {
			return pim.Errorf("feed add", pim.ErrExists, "feed %d of %s is named %q already; give another name with --name, or end that one with `bridge feed revoke %d`", f.ID, u.Name, f.Name, f.ID)
		}
	}
	return nil
}

// expiry reads --expires: a last day (2026-12-31, in the account's zone), a number of days
// (90d), or "" or "never".
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
		return nil, pim.Errorf("feed", pim.ErrInvalid, "--expires is a day to come, such as 2030-12-31, or a number of days, such as 90d")
	}
	return &end, nil
}

func (p *program) feedAdd() *cobra.Command {
	var n newFeed
	c := &cobra.Command{
		Use: "add", Short: "Make an address for a calendar; it is shown once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				return p.issue(ctx, a, func(tx *store.Tx, secret string) (feedShown, error) { return n.create(tx, secret) })
			})
		},
	}
	f := c.Flags()
	f.StringVar(&n.user, "user", "", "account")
	f.StringVar(&n.collection, "collection", "calendar", "which of its calendars")
	f.StringVar(&n.name, "name", "", "last part of the address (default: the calendar's)")
	f.StringVar(&n.detail, "detail", string(store.DetailFull), "full, or busy: only when somebody is busy")
	f.BoolVar(&n.private, "private", false, "with items that are marked private or confidential")
	f.BoolVar(&n.alarms, "alarms", false, "with reminders")
	f.IntVar(&n.past, "past-days", 0, "nothing that ended longer ago (0: everything)")
	f.IntVar(&n.future, "future-days", 0, "nothing that begins later (0: everything)")
	f.StringVar(&n.expires, "expires", "", "last day, such as 2030-12-31, or number of days, such as 90d (default: never)")
	_ = c.MarkFlagRequired("user")
	return c
}

// issue makes a secret, stores it by do and shows the address, this once.
func (p *program) issue(ctx context.Context, a *app, do func(*store.Tx, string) (feedShown, error)) error {
	secret, err := auth.NewSecret(rand.Reader)
	if err != nil {
		return err
	}
	var row feedShown
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		row, err = do(tx, secret)
		return err
	})
	if err != nil {
		return err
	}
	row.Address, row.Webcal = feed.Address(a.address(), secret, row.Name)
	if p.json {
		return p.printJSON(row)
	}
	hint := ""
	if a.cfg.PublicURL == "" {
		hint = "\nOthers reach the server by another name? Set server.public_url, and the address is right."
	}
	return p.say("%s\n%s\n\nFeed %d: %s of %s, %s. Whoever has the address can read it.\nIt is not shown again.%s",
		row.Address, row.Webcal, row.ID, row.Collection, row.User, row.contents(), hint)
}

// contents says in words what is in a feed.
func (f feedShown) contents() string {
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

func (f feedShown) window() string {
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

func (f feedShown) state(now time.Time) string {
	switch {
	case f.Revoked != nil:
		return "revoked"
	case f.Expires != nil && !now.Before(*f.Expires):
		return "expired"
	}
	return "active"
}

func (p *program) feedList() *cobra.Command {
	var user string
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List feeds that can be read, with --all also those that ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var rows []feedShown
				err := a.store.View(ctx, func(tx *store.Tx) (err error) {
					rows, err = feedRows(tx, user)
					return err
				})
				if err != nil {
					return err
				}
				known := len(rows)
				if !all {
					rows = slices.DeleteFunc(rows, func(f feedShown) bool { return f.state(a.now()) != "active" })
				}
				hidden := known - len(rows)
				err = print(p, rows, printed[feedShown]{
					head: []string{"ID", "USER", "CALENDAR", "NAME", "ENDS IN", "CONTENTS", "EXPIRES", "LAST USED", "BY", "STATE"},
					cells: func(f feedShown) []string {
						return []string{strconv.FormatInt(int64(f.ID), 10), f.User, f.Collection, f.Name, "…" + f.Hint, f.contents(), stamp(f.Expires),
							stamp(f.LastUsed), f.LastAgent, f.state(a.now())}
					},
				})
				if err != nil || p.json || hidden == 0 {
					return err
				}
				return p.say("%s not shown, having ended: see them with --all", numbered(hidden, "feed is", "feeds are"))
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also feeds that were revoked or have expired")
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}

func feedRows(tx *store.Tx, user string) ([]feedShown, error) {
	us, err := usersOrOne(tx, user)
	if err != nil {
		return nil, err
	}
	var rows []feedShown
	for _, u := range us {
		fs, err := tx.Feeds(u.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range fs {
			row, err := feedRow(tx, u, f)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
