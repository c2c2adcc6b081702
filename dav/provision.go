package dav

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// Provision gives a user the collections that every account starts with: a calendar for events, one for tasks (several
// programs show only one kind of a calendar) and an address book. What exists already stays as it is.
func Provision(_ context.Context, tx *store.Tx, u store.User) error {
	for _, c := range []store.Collection{
		{Home: store.Calendars, Slug: "calendar", DisplayName: "Calendar", Components: "VEVENT"},
		{Home: store.Calendars, Slug: "tasks", DisplayName: "Tasks", Components: "VTODO"},
		{Home: store.AddressBooks, Slug: "contacts", DisplayName: "Contacts"},
	} {
		c.UserID = u.ID
		if _, err := tx.CreateCollection(c); err != nil && !errors.Is(err, pim.ErrExists) {
			return err
		}
	}
	return nil
}
