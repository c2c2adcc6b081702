package thunderbird

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// patience is how long a change may take to cross from one side to the other.
const patience = 30 * time.Second

// Choice is the answer to the conflict dialog.
type Choice string

const (
	// Discard gives up the change made here, Overwrite that of the server.
	Discard   Choice = "discard"
	Overwrite Choice = "overwrite"
)

// conflictDialog is the window in which Thunderbird asks.
const conflictDialog = "calendar-conflicts-dialog.xhtml"

// Outcome is how a change ended as the person saw it.
type Outcome struct {
	Dialogs []string
	Error   string
}

// Quiet fails the test unless the change went through without a window or an error.
func (o Outcome) Quiet(tb testing.TB) {
	tb.Helper()
	if len(o.Dialogs) > 0 || o.Error != "" {
		tb.Fatalf("Thunderbird showed %q, error %q", o.Dialogs, o.Error)
	}
}

// Conflict fails the test unless the conflict dialog was shown.
func (o Outcome) Conflict(tb testing.TB) {
	tb.Helper()
	if !slices.Contains(o.Dialogs, conflictDialog) {
		tb.Fatalf("no conflict dialog but %q, error %q", o.Dialogs, o.Error)
	}
}

// Found is a collection that discovery offers.
type Found struct {
	Name, URL, Colour string
	ReadOnly          bool
}

// DetectCalendars looks for calendars at location and returns what a person would be offered. The error is what they
// would be told.
func (a *App) DetectCalendars(tb testing.TB, account plain.Account, location string) ([]Found, error) {
	tb.Helper()
	var reply struct {
		Outcome
		Value []Found
	}
	a.call(tb, &reply, "detectCalendars", account.User, account.Password, location)
	if reply.Error != "" {
		return nil, errors.New(reply.Error)
	}
	return reply.Value, nil
}

// DetectAsDialog asks all providers as the New Calendar dialog does and returns the provider of each URL found.
func (a *App) DetectAsDialog(tb testing.TB, account plain.Account) (kinds map[string]string) {
	tb.Helper()
	a.call(tb, &kinds, "detectAsDialog", account.User, account.Password, account.Base)
	return kinds
}

// Calendar is one that Thunderbird has subscribed to, with a local copy.
type Calendar struct {
	app *App
	id  string
}

// Subscribe adds a calendar found at its URL. Its password must be remembered before (Remember).
func (a *App) Subscribe(tb testing.TB, account plain.Account, calendar string) *Calendar {
	tb.Helper()
	c := &Calendar{app: a}
	a.call(tb, &c.id, "subscribe", account.User, account.Password, calendar)
	return c
}

// SubscribeFeed adds a read-only iCalendar feed; user is "" when it needs no password.
func (a *App) SubscribeFeed(tb testing.TB, user, feed string) *Calendar {
	tb.Helper()
	c := &Calendar{app: a}
	a.call(tb, &c.id, "subscribeFeed", user, feed)
	return c
}

// Registered is a calendar by its id, such as one configured by preferences.
func (a *App) Registered(id string) *Calendar { return &Calendar{app: a, id: id} }

// Unsubscribe removes the calendar from Thunderbird.
func (c *Calendar) Unsubscribe(tb testing.TB) {
	tb.Helper()
	c.app.call(tb, nil, "unsubscribe", c.id)
}

// State is what Thunderbird holds of a calendar. A calendar that is disabled for a Temporary reason is tried again.
type State struct {
	Name, Colour                                         string
	ReadOnly, Disabled, Temporary, SyncReport, Schedules bool
}

// State returns it.
func (c *Calendar) State(tb testing.TB) (s State) {
	tb.Helper()
	c.app.call(tb, &s, "describe", c.id)
	return s
}

// Refresh starts a sync and does not wait for it.
func (c *Calendar) Refresh(tb testing.TB) {
	tb.Helper()
	c.app.call(tb, nil, "refresh", c.id)
}

// Entry is an item in a list.
type Entry struct{ UID, Title string }

// Entries lists all items.
func (c *Calendar) Entries(tb testing.TB) (entries []Entry) {
	tb.Helper()
	c.app.call(tb, &entries, "entries", c.id)
	return entries
}

// Shown is what Thunderbird's views show of the time between two others in iCalendar form, UTC: plain.Shown for each
// occurrence, in order.
func (c *Calendar) Shown(tb testing.TB, from, until string) []string {
	tb.Helper()
	var found []struct{ Title, Start string }
	c.app.call(tb, &found, "shown", c.id, from, until)
	lines := make([]string, len(found))
	for i, f := range found {
		lines[i] = plain.Shown(tb, f.Start, f.Title)
	}
	slices.Sort(lines)
	return lines
}

// Titled returns the UID of the item with that title, "" when there is none.
func (c *Calendar) Titled(tb testing.TB, title string) string {
	tb.Helper()
	for _, e := range c.Entries(tb) {
		if e.Title == title {
			return e.UID
		}
	}
	return ""
}

// Item is an event or a task as Thunderbird shows it. Start is in iCalendar form.
type Item struct {
	Title, Text, Location, Description, Start string
	AllDay, Completed                         bool
	Occurrences                               []struct{ Title, Start string }
}

// Item returns the item, nil when there is none.
func (c *Calendar) Item(tb testing.TB, uid string) (item *Item) {
	tb.Helper()
	c.app.call(tb, &item, "item", c.id, uid)
	return item
}

// Await refreshes until the item is as ok wants it; nil is an item that is not there.
func (c *Calendar) Await(tb testing.TB, uid, what string, ok func(*Item) bool) *Item {
	tb.Helper()
	var item *Item
	var refreshed time.Time
	testenv.Until(tb, patience, what, func() error {
		// Not at every look: a refresh that finds another under way is lost.
		if time.Since(refreshed) > 2*time.Second {
			c.Refresh(tb)
			refreshed = time.Now()
		}
		if item = c.Item(tb, uid); !ok(item) {
			return fmt.Errorf("it has %+v", item)
		}
		return nil
	})
	return item
}

// AwaitTitle waits until some item has the title.
func (c *Calendar) AwaitTitle(tb testing.TB, title string) {
	tb.Helper()
	var refreshed time.Time
	testenv.Until(tb, patience, fmt.Sprintf("the title %q", title), func() error {
		if time.Since(refreshed) > 2*time.Second {
			c.Refresh(tb)
			refreshed = time.Now()
		}
		if c.Titled(tb, title) == "" {
			return fmt.Errorf("it has %q", c.Entries(tb))
		}
		return nil
	})
}

// Add makes an item from iCalendar text with one event or task.
func (c *Calendar) Add(tb testing.TB, text string) Outcome {
	tb.Helper()
	kind := "VEVENT"
	if strings.Contains(text, "BEGIN:VTODO") {
		kind = "VTODO"
	}
	var o Outcome
	c.app.call(tb, &o, "add", c.id, kind, text)
	return o
}

// Change sets properties by their iCalendar names, and TITLE (text) and COMPLETED (bool). The dialog that a conflict
// brings up is answered with choice.
func (c *Calendar) Change(tb testing.TB, uid string, changes map[string]any, choice Choice) (o Outcome) {
	tb.Helper()
	c.app.call(tb, &o, "change", c.id, uid, changes, choice)
	return o
}

// Move gives an event other times, in iCalendar form, UTC.
func (c *Calendar) Move(tb testing.TB, uid, start, end string) (o Outcome) {
	tb.Helper()
	c.app.call(tb, &o, "move", c.id, uid, start, end)
	return o
}

// ChangeOccurrence gives one occurrence of a series a title of its own.
func (c *Calendar) ChangeOccurrence(tb testing.TB, uid string, index int, title string) (o Outcome) {
	tb.Helper()
	c.app.call(tb, &o, "changeOccurrence", c.id, uid, index, title)
	return o
}

// Remove deletes an item.
func (c *Calendar) Remove(tb testing.TB, uid string, choice Choice) (o Outcome) {
	tb.Helper()
	c.app.call(tb, &o, "remove", c.id, uid, choice)
	return o
}

// ForgeToken replaces the sync token that Thunderbird keeps.
func (c *Calendar) ForgeToken(tb testing.TB, token string) {
	tb.Helper()
	c.app.call(tb, nil, "forgeToken", c.id, token)
}
