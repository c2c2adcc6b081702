package thunderbird

import (
	"strings"
	"testing"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// Check runs what a person does with a calendar and an address book, conflicts and offline work included, and what the
// server and another client do meanwhile.
func Check(t *testing.T, target plain.Target) {
	s := &script{target: target, app: Start(t)}
	t.Logf("Thunderbird %s", s.app.Version(t))
	s.seed(t)
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"discover calendars from the base", s.discover},
		{"discover as the New Calendar dialog does", s.discoverDialog},
		{"discover from the calendar", s.discoverDirect},
		{"discover with a wrong password", s.discoverRefused},
		{"discover address books", s.discoverBooks},
		{"subscribe", s.subscribe},
		{"read", s.read},
		{"create", s.create},
		{"create in a time zone", s.createZoned},
		{"create and complete a task", s.createTask},
		{"edit twice", s.edit},
		{"edit one occurrence", s.editOccurrence},
		{"delete", s.remove},
		{"server creates, edits, deletes", s.serverSide},
		{"conflict, overwritten", s.conflictOverwrite},
		{"conflict, own change discarded", s.conflictDiscard},
		{"conflict on deletion", s.conflictRemove},
		{"delete what is gone", s.removeGone},
		{"offline work is replayed", s.offline},
		{"refused sync token", s.refusedToken},
		{"read as a feed", s.feed},
		{"address book: subscribe", s.subscribeBook},
		{"address book: create", s.createCard},
		{"address book: edit", s.editCard},
		{"address book: edit another's card", s.editOldCard},
		{"address book: photo", s.photo},
		{"address book: server creates, edits, deletes", s.serverCards},
		{"address book: both edit", s.bothEditCard},
		{"address book: delete", s.removeCard},
		{"address book: refused sync token", s.refusedBookToken},
		{"restart", s.restart},
	} {
		if !t.Run(step.name, step.do) && s.calendar == nil {
			t.Fatal("the steps that follow build on this one")
		}
	}
}

// script is one run of Check; its methods stand in the order of their run.
type script struct {
	target   plain.Target
	app      *App
	calendar *Calendar
	book     *Book
}

// seed puts items on the server that nobody has made in Thunderbird.
func (s *script) seed(t *testing.T) {
	t.Helper()
	long := strings.Repeat("long text ", 30)
	series := strings.Replace(plain.Event("series", "Weekly", "RRULE:FREQ=WEEKLY;COUNT=5"), "END:VCALENDAR",
		"BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:20270101T000000Z\r\nRECURRENCE-ID:20270122T100000Z\r\n"+
			"DTSTART:20270122T130000Z\r\nDTEND:20270122T140000Z\r\nSUMMARY:Moved\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	for name, text := range map[string]string{
		"single": plain.Event("single", "Grüße €  日本", "LOCATION:Room 1\\, floor 2", "DESCRIPTION:one\\ntwo "+fold(long)),
		"series": series,
		"task":   plain.Task("task", "A task"),
		"allday": plain.Event("allday", "All day", "DTSTART;VALUE=DATE:20270301", "DTEND;VALUE=DATE:20270302"),
	} {
		s.target.Put(t, s.target.Calendar+name+".ics", text)
	}
	s.target.Put(t, s.target.Book+"old.vcf", plain.Card("old", "Zoé Müller", "zoe@example.org", "TEL;TYPE=CELL:+49 30 123", "NOTE:one\\ntwo"))
	s.target.Put(t, s.target.Book+"new.vcf", plain.Card4("new", "Bob Builder", "bob@example.org"))
}

// fold breaks a long value as RFC 5545 3.1 asks.
func fold(value string) string {
	var out strings.Builder
	for len(value) > 50 {
		out.WriteString(value[:50] + "\r\n ")
		value = value[50:]
	}
	return out.String() + value
}

func offered(found []Found, url string) *Found {
	for _, f := range found {
		if f.URL == url {
			return &f
		}
	}
	return nil
}

func (s *script) discover(t *testing.T) {
	found, err := s.app.DetectCalendars(t, s.target.Account, s.target.Base)
	if err != nil {
		t.Fatal(err)
	}
	c := offered(found, s.target.Calendar)
	if c == nil {
		t.Fatalf("%s is not among %+v", s.target.Calendar, found)
	}
	if c.Name != "Work" || c.ReadOnly {
		t.Errorf("found as %+v", c)
	}
	// Thunderbird drops the transparency.
	if !s.target.Peculiar.NoColour && !strings.EqualFold(c.Colour, "#3377AA") {
		t.Errorf("colour %q", c.Colour)
	}
}

func (s *script) discoverDialog(t *testing.T) {
	if kinds := s.app.DetectAsDialog(t, s.target.Account); kinds[s.target.Calendar] != "caldav" {
		t.Errorf("%s is not offered as CalDAV: %v", s.target.Calendar, kinds)
	}
}

func (s *script) discoverDirect(t *testing.T) {
	found, err := s.app.DetectCalendars(t, s.target.Account, s.target.Calendar)
	if err != nil || offered(found, s.target.Calendar) == nil {
		t.Errorf("%+v, %v", found, err)
	}
	if books := s.app.DetectBooks(t, s.target.Account, s.target.Book); offered(books, s.target.Book) == nil {
		t.Errorf("%+v", books)
	}
}

func (s *script) discoverRefused(t *testing.T) {
	account := s.target.Account
	account.Password = "wrong"
	if found, err := s.app.DetectCalendars(t, account, s.target.Base); err == nil && len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

func (s *script) discoverBooks(t *testing.T) {
	found := s.app.DetectBooks(t, s.target.Account, s.target.Base)
	if b := offered(found, s.target.Book); b == nil || b.Name != "Contacts" {
		t.Errorf("%s is not among %+v", s.target.Book, found)
	}
}

func (s *script) restart(t *testing.T) {
	s.target.Put(t, s.target.Calendar+"meanwhile.ics", plain.Event("meanwhile", "While it was closed"))
	const id = "0b9c1a34-5d6e-4f70-8192-a3b4c5d6e7f8"
	second := s.target.Book + "?" // another book to Thunderbird, the same to the server
	s.app.Restart(map[string]any{
		"calendar.registry." + id + ".type":          "caldav",
		"calendar.registry." + id + ".uri":           s.target.Calendar,
		"calendar.registry." + id + ".name":          "By preferences",
		"calendar.registry." + id + ".username":      s.target.User,
		"calendar.registry." + id + ".cache.enabled": true,
		"ldap_2.servers.second.description":          "By preferences",
		"ldap_2.servers.second.dirType":              102,
		"ldap_2.servers.second.filename":             "abook-second.sqlite",
		"ldap_2.servers.second.carddav.url":          second,
		"ldap_2.servers.second.carddav.username":     s.target.User,
		"ldap_2.servers.second.uid":                  "second",
	})
	there := func(i *Item) bool { return i != nil }
	s.calendar.Await(t, "meanwhile", "the new event in the old subscription", there)
	s.app.Registered(id).Await(t, "meanwhile", "the new event in the calendar by preferences", there)
	book := s.app.RegisteredBook(second)
	testenv.Until(t, patience, "the book by preferences", func() error { return book.Sync(t) })
	if got, want := len(book.Cards(t)), len(s.target.Members(t, s.target.Book)); got != want {
		t.Errorf("%d cards in the book by preferences, %d on the server", got, want)
	}
}
