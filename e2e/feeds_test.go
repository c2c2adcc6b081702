//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/evolution"
	"crmbridge/e2e/khal"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/thunderbird"
)

// reader is a program that follows the address of a feed.
type reader struct {
	// shown asks the server again and returns what January 2027 looks like, "2027-01-15 10:00 TITLE" in UTC for each
	// occurrence, "2027-01-20 TITLE" for whole days.
	shown func(*testing.T) []string
	// ended reports nil when the program lets its user see that there is nothing at the address any more; it is nil where the
	// program does not tell.
	ended func(*testing.T) error
}

// readers subscribe to an address.
var readers = map[string]func(*testing.T) func(*testing.T, bridge.Feed) reader{
	"thunderbird":     feedsInThunderbird,
	"evolution":       feedsInEvolution,
	"vdirsyncer-khal": feedsInKhal,
}

// Every program that can subscribe to an address shows what the feed holds, follows its changes, and tells when it ended.
func TestServeFeeds(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	for name, start := range readers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subscribe := start(t)
			checkFeed(t, b, plainAccount(t, b, "feeds-"+name), subscribe)
		})
	}
}

func checkFeed(t *testing.T, b *bridge.Instance, target plain.Target, subscribe func(*testing.T, bridge.Feed) reader) {
	for name, text := range map[string]string{
		"single":  plain.Event("single", "Grüße €  日本", "LOCATION:Room 1\\, floor 2"),
		"private": plain.Event("private", "Doctor", "CLASS:PRIVATE"),
		"allday":  plain.Event("allday", "All day", "DTSTART;VALUE=DATE:20270120", "DTEND;VALUE=DATE:20270121"),
		"series": strings.Replace(plain.Event("series", "Weekly", "DTSTART;TZID=Europe/Berlin:20270104T090000",
			"DTEND;TZID=Europe/Berlin:20270104T100000", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20270111T090000"), "END:VCALENDAR",
			"BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:20270101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20270118T090000\r\n"+
				"DTSTART;TZID=Europe/Berlin:20270118T130000\r\nDTEND;TZID=Europe/Berlin:20270118T140000\r\nSUMMARY:Moved\r\nEND:VEVENT\r\nEND:VCALENDAR", 1),
	} {
		target.Put(t, target.Calendar+name+".ics", text)
	}
	want := []string{"2027-01-04 08:00 Weekly", "2027-01-15 10:00 Grüße €  日本", "2027-01-18 12:00 Moved", "2027-01-20 All day", "2027-01-25 08:00 Weekly"}

	first := b.AddFeed(t, target.User, "work", "--name", "team")
	old := subscribe(t, first)
	old.awaits(t, "the feed", want)

	target.Put(t, target.Calendar+"fed.ics", plain.Event("fed", "Added", "DTSTART:20270121T120000Z", "DTEND:20270121T130000Z"))
	target.Remove(t, target.Calendar+"allday.ics")
	want = slices.Insert(slices.Delete(want, 3, 4), 3, "2027-01-21 12:00 Added")
	old.awaits(t, "changes in the feed", want)

	if old.ended != nil && old.ended(t) == nil {
		t.Error("the program calls a feed ended that is not")
	}

	second := b.RotateFeed(t, first)
	if old.ended != nil {
		await(t, "the end of the old address", func() error { return old.ended(t) })
	}
	now := subscribe(t, second)
	now.awaits(t, "the new address", want)

	b.RevokeFeed(t, second)
	if now.ended != nil {
		await(t, "the end of the feed", func() error { return now.ended(t) })
	} else if got := now.shown(t); !slices.Equal(got, want) {
		t.Errorf("after the end it shows %q", got) // as docs/clients.md says
	}
}

func (r reader) awaits(t *testing.T, what string, want []string) {
	t.Helper()
	await(t, what, func() error {
		if got := r.shown(t); !slices.Equal(got, want) {
			return fmt.Errorf("it shows %q, not %q", got, want)
		}
		return nil
	})
}

func feedsInThunderbird(t *testing.T) func(*testing.T, bridge.Feed) reader {
	app := thunderbird.Start(t)
	return func(t *testing.T, f bridge.Feed) reader {
		// As the New Calendar dialog does, which tries what it may do before it subscribes.
		if kinds := app.DetectAsDialog(t, plain.Account{Base: f.Address}); kinds[f.Address] != "ics" {
			t.Errorf("the dialog offers %v", kinds)
		}
		c := app.SubscribeFeed(t, "", f.Address)
		return reader{
			shown: func(t *testing.T) []string {
				c.Refresh(t)
				return c.Shown(t, "20270101T000000Z", "20270201T000000Z")
			},
			// It takes 404 for a calendar that nobody has written to yet, and would show what it has for ever.
			ended: func(t *testing.T) error {
				c.Refresh(t)
				if s := c.State(t); !s.Disabled || s.Temporary {
					return fmt.Errorf("the calendar is not switched off: %+v", s)
				}
				return nil
			},
		}
	}
}

func feedsInEvolution(t *testing.T) func(*testing.T, bridge.Feed) reader {
	session := evolution.Start(t, plain.Account{})
	return func(t *testing.T, f bridge.Feed) reader {
		s := session.OpenFeed(t, f.Webcal)
		if !s.ReadOnly {
			t.Error("it may be written to")
		}
		return reader{
			shown: func(t *testing.T) []string { s.Refresh(t); return s.Shown(t, "2027-01-01", "2027-02-01") },
			// It goes on to show what it has, and leaves its source disconnected after good refreshes as after bad ones.
			ended: nil,
		}
	}
}

func feedsInKhal(t *testing.T) func(*testing.T, bridge.Feed) reader {
	return func(t *testing.T, f bridge.Feed) reader {
		d := khal.Follow(t, f.Address)
		return reader{
			shown: func(t *testing.T) []string { d.MustSync(t); return d.Shown(t) },
			ended: func(t *testing.T) error {
				if err := d.Sync(t, "null"); err == nil {
					return errors.New("vdirsyncer says nothing")
				}
				if len(d.Shown(t)) == 0 {
					t.Error("what was read before is gone")
				}
				return nil
			},
		}
	}
}
