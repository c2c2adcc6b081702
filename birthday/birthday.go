package birthday

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"crmbridge/pim"
	"crmbridge/store"
)

// What is the kind of derived collection in store.Derived.
const What = "birthdays"

// edition is raised when the same card becomes another event, or a calendar another name, than before: then what there is
// is made anew. 1 has CLASS.
const edition = 1

// slugs begin like this, so that one can tell from an address that it may be such a calendar.
const slugs = "birthdays-"

// MayBe says whether the collection under that path segment can be a birthday calendar.
func MayBe(slug string) bool { return strings.HasPrefix(slug, slugs) }

// Enable makes the birthday calendar of a book, or returns the one that there is. It is empty until Freshen.
// pim.ErrInvalid when book is no address book.
func Enable(tx *store.Tx, book store.Collection) (store.Collection, error) {
	if book.Home != store.AddressBooks {
		return store.Collection{}, pim.Errorf("birthday", pim.ErrInvalid, "%q is no address book", book.Slug)
	}
	d, err := tx.DerivedFrom(book.ID, What)
	if err == nil {
		return tx.Collection(d.CollectionID)
	}
	if !errors.Is(err, pim.ErrNotFound) {
		return store.Collection{}, err
	}
	c := store.Collection{
		UserID: book.UserID, Home: store.Calendars, Slug: slugs + book.Slug, Components: "VEVENT",
		DisplayName: title(book), Color: "#E9A23BFF", Transparent: true, ReadOnly: true,
	}
	made, err := tx.CreateCollection(c)
	for n := 2; errors.Is(err, pim.ErrExists) && n < 100; n++ {
		c.Slug = fmt.Sprintf("%s%s-%d", slugs, book.Slug, n)
		made, err = tx.CreateCollection(c)
	}
	if err != nil {
		return made, err
	}
	return made, tx.SetDerived(store.Derived{CollectionID: made.ID, SourceID: book.ID, What: What, Edition: edition, Title: c.DisplayName})
}

// titles begin like this.
const titles = "Birthdays ("

// title is how the calendar of a book is called.
func title(book store.Collection) string {
	name := book.DisplayName
	if name == "" {
		name = book.Slug
	}
	return titles + name + ")"
}

// Disable deletes the birthday calendar of a book; pim.ErrNotFound when there is none.
func Disable(tx *store.Tx, book store.CollectionID) error {
	d, err := tx.DerivedFrom(book, What)
	if err != nil {
		return err
	}
	return tx.DeleteCollection(d.CollectionID)
}

// DeleteCollection deletes a collection and, with an address book, the calendar of its birthdays. Whoever deletes collections
// calls this, not the store, which knows nothing of birthdays: a calendar without its book could never be removed again.
func DeleteCollection(tx *store.Tx, c store.Collection) error {
	if c.Home == store.AddressBooks {
		if err := Disable(tx, c.ID); err != nil && !errors.Is(err, pim.ErrNotFound) {
			return err
		}
	}
	return tx.DeleteCollection(c.ID)
}

// FreshenHome is Freshen for all birthday calendars of a user.
func FreshenHome(ctx context.Context, st *store.Store, u store.UserID) error {
	var stale []store.CollectionID
	err := st.Peek(ctx, func(tx *store.Tx) error {
		cs, err := tx.Collections(u, store.Calendars)
		for _, c := range cs {
			if err == nil && c.ReadOnly && MayBe(c.Slug) {
				stale = append(stale, c.ID)
			}
		}
		return err
	})
	for _, c := range stale {
		if err == nil {
			err = Freshen(ctx, st, c)
		}
	}
	return err
}
