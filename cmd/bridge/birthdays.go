package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"crmbridge/birthday"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

func (p *program) birthdaysCommand() *cobra.Command {
	c := &cobra.Command{Use: "birthdays", Short: "Show the birthdays of an address book as a calendar"}
	c.AddCommand(
		p.birthdaysSwitch("on", "Add a calendar with the birthdays and anniversaries of an address book", (*app).birthdaysOn),
		p.birthdaysSwitch("off", "Remove that calendar", (*app).birthdaysOff))
	return c
}

// birthdaysShown is what became of the calendar.
type birthdaysShown struct {
	User     string `json:"user"`
	Book     string `json:"collection"`
	Calendar string `json:"calendar,omitempty"` // its path segment; "" when there is none any more
	Events   int    `json:"events"`
	Feeds    int    `json:"feedsEnded,omitempty"` // how many addresses ended with the calendar
}

func (p *program) birthdaysSwitch(use, short string, do func(*app, context.Context, store.Collection) (birthdaysShown, error)) *cobra.Command {
	var user, slug string
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var book store.Collection
				err := a.store.View(ctx, func(tx *store.Tx) error {
					u, err := manage.User(tx, user)
					if err != nil {
						return err
					}
					book, err = tx.CollectionBySlug(u.ID, store.AddressBooks, slug)
					if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
						err = pim.Errorf("birthdays", pim.ErrNotFound, "%s has no address book %q", u.Name, slug)
					}
					return err
				})
				if err != nil {
					return err
				}
				row, err := do(a, ctx, book)
				if err != nil {
					return err
				}
				row.User, row.Book = user, slug
				if p.json {
					return p.printJSON(row)
				}
				if row.Calendar == "" {
					return p.say("the calendar with the birthdays of the address book %q is removed%s", slug, row.ended())
				}
				return p.say("the calendar %q has the birthdays and anniversaries of the address book %q, %d so far, and follows it from now on", row.Calendar, slug, row.Events)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&user, "user", "", "account")
	f.StringVar(&slug, "collection", "contacts", "the address book, by the last part of its address")
	_ = c.MarkFlagRequired("user")
	return c
}

func (a *app) birthdaysOn(ctx context.Context, book store.Collection) (birthdaysShown, error) {
	var cal store.Collection
	row := birthdaysShown{}
	err := a.office.Record(ctx, "birthdays.on", book.Slug, func() error {
		return a.store.Update(ctx, func(tx *store.Tx) (err error) {
			cal, err = birthday.Enable(tx, book)
			return err
		})
	})
	if err == nil {
		err = birthday.Freshen(ctx, a.store, cal.ID)
	}
	if err != nil {
		return row, err
	}
	row.Calendar = cal.Slug
	err = a.store.View(ctx, func(tx *store.Tx) (err error) {
		row.Events, _, err = tx.Count(cal.ID)
		return err
	})
	return row, err
}

func (a *app) birthdaysOff(ctx context.Context, book store.Collection) (birthdaysShown, error) {
	row := birthdaysShown{}
	err := a.office.Record(ctx, "birthdays.off", book.Slug, func() error {
		return a.store.Update(ctx, func(tx *store.Tx) (err error) {
			if row.Feeds, err = openFeeds(tx, book); err == nil {
				err = birthday.Disable(tx, book.ID)
			}
			return err
		})
	})
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf("birthdays", pim.ErrNotFound, "the address book %q has no calendar of birthdays", book.Slug)
	}
	return row, err
}

// openFeeds counts the feeds of the book's birthday calendar that can be read.
func openFeeds(tx *store.Tx, book store.Collection) (int, error) {
	d, err := tx.DerivedFrom(book.ID, birthday.What)
	if err != nil {
		return 0, err
	}
	fs, err := tx.Feeds(book.UserID)
	n := 0
	for _, f := range fs {
		if f.CollectionID == d.CollectionID && f.RevokedAt == nil && (f.ExpiresAt == nil || tx.Now().Before(*f.ExpiresAt)) {
			n++
		}
	}
	return n, err
}

// ended tells of the feeds that ended, if any.
func (b birthdaysShown) ended() string {
	switch b.Feeds {
	case 0:
		return ""
	case 1:
		return "; 1 feed of it has ended"
	}
	return fmt.Sprintf("; %d feeds of it have ended", b.Feeds)
}
