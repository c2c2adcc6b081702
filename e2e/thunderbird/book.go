package thunderbird

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// DetectBooks looks for address books at location.
func (a *App) DetectBooks(tb testing.TB, account plain.Account, location string) (found []Found) {
	tb.Helper()
	a.call(tb, &found, "detectBooks", account.User, account.Password, location)
	return found
}

// Book is an address book that Thunderbird has subscribed to.
type Book struct {
	app *App
	url string
}

// SubscribeBook adds the address book that discovery from the account's base finds at target, and waits for its first
// sync to end.
func (a *App) SubscribeBook(tb testing.TB, account plain.Account, target string) *Book {
	tb.Helper()
	a.call(tb, nil, "subscribeBook", account.User, account.Password, account.Base, target)
	b := a.RegisteredBook(target)
	testenv.Until(tb, patience, "the first sync of "+target, func() error {
		var idle bool
		a.call(tb, &idle, "bookIdle", target)
		if !idle || b.State(tb).Token == "" {
			return errors.New("still busy")
		}
		return nil
	})
	return b
}

// RegisteredBook is a book that Thunderbird knows by its URL.
func (a *App) RegisteredBook(target string) *Book { return &Book{app: a, url: target} }

// BookState is what Thunderbird holds of a book.
type BookState struct {
	Name, Token string
	ReadOnly    bool
}

// State returns it.
func (b *Book) State(tb testing.TB) (s BookState) {
	tb.Helper()
	b.app.call(tb, &s, "describeBook", b.url)
	return s
}

// Card is a contact as Thunderbird shows it.
type Card struct{ UID, Name, Email, Text string }

// Cards lists the book.
func (b *Book) Cards(tb testing.TB) (cards []Card) {
	tb.Helper()
	b.app.call(tb, &cards, "cards", b.url)
	return cards
}

// Card returns the card with the UID, nil when there is none.
func (b *Book) Card(tb testing.TB, uid string) *Card {
	tb.Helper()
	for _, card := range b.Cards(tb) {
		if card.UID == uid {
			return &card
		}
	}
	return nil
}

// Sync brings changes from the server and waits for the end. The error is what Thunderbird logs.
func (b *Book) Sync(tb testing.TB) error {
	tb.Helper()
	return b.app.try(nil, "syncBook", b.url)
}

// Await syncs until the card is as ok wants it; nil is a card that is not there.
func (b *Book) Await(tb testing.TB, uid, what string, ok func(*Card) bool) *Card {
	tb.Helper()
	var card *Card
	var synced time.Time
	testenv.Until(tb, patience, what, func() error {
		if time.Since(synced) > time.Second {
			if err := b.Sync(tb); err != nil {
				return err
			}
			synced = time.Now()
		}
		if card = b.Card(tb, uid); !ok(card) {
			return fmt.Errorf("it has %+v", card)
		}
		return nil
	})
	return card
}

// Add makes a contact from vCard text.
func (b *Book) Add(tb testing.TB, text string) {
	tb.Helper()
	b.app.call(tb, nil, "addCard", b.url, text)
}

// Rename changes the name that is shown.
func (b *Book) Rename(tb testing.TB, uid, name string) {
	tb.Helper()
	b.app.call(tb, nil, "changeCard", b.url, uid, map[string]string{"displayName": name})
}

// SetEmail changes the first e-mail address.
func (b *Book) SetEmail(tb testing.TB, uid, address string) {
	tb.Helper()
	b.app.call(tb, nil, "changeCard", b.url, uid, map[string]string{"primaryEmail": address})
}

// AddPhoto adds a picture given as a data: URL.
func (b *Book) AddPhoto(tb testing.TB, uid, picture string) {
	tb.Helper()
	b.app.call(tb, nil, "extendCard", b.url, uid, [][]string{{"photo", "uri", picture}})
}

// Remove deletes a contact.
func (b *Book) Remove(tb testing.TB, uid string) {
	tb.Helper()
	b.app.call(tb, nil, "removeCard", b.url, uid)
}

// ForgeToken replaces the sync token that Thunderbird keeps.
func (b *Book) ForgeToken(tb testing.TB, token string) {
	tb.Helper()
	b.app.call(tb, nil, "forgeBookToken", b.url, token)
}
