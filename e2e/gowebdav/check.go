// Package gowebdav talks to a server through the client of emersion/go-webdav: a library that others wrote and that
// parses strictly, as a second opinion on what the server answers.
package gowebdav

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
	"github.com/emersion/go-webdav/carddav"

	"crmbridge/e2e/plain"
)

// Check discovers, reads, creates, queries, edits, deletes and hits a conflict.
func Check(t *testing.T, target plain.Target) {
	s := newScript(t, target)
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"discover calendars", s.discoverCalendars},
		{"discover address books", s.discoverBooks},
		{"create and read events", s.createEvents},
		{"query a month", s.queryMonth},
		{"multiget events", s.multigetEvents},
		{"edit and conflict", s.conflict},
		{"create and read cards", s.createCards},
		{"query cards", s.queryCards},
		{"multiget cards", s.multigetCards},
		{"sync the address book", s.syncBook},
		{"delete", s.delete},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatal("the steps that follow build on this one")
		}
	}
}

// script is one run of Check; its methods stand in the order of their run.
type script struct {
	target         plain.Target
	calendar, book string // paths
	files          *webdav.Client
	calendars      *caldav.Client
	books          *carddav.Client
}

func newScript(t *testing.T, target plain.Target) *script {
	t.Helper()
	s := &script{target: target, calendar: pathOf(t, target.Calendar), book: pathOf(t, target.Book)}
	client := webdav.HTTPClientWithBasicAuth(&http.Client{Timeout: 30 * time.Second}, target.User, target.Password)
	var err error
	if s.files, err = webdav.NewClient(client, target.Base); err != nil {
		t.Fatal(err)
	}
	if s.calendars, err = caldav.NewClient(client, target.Base); err != nil {
		t.Fatal(err)
	}
	if s.books, err = carddav.NewClient(client, target.Base); err != nil {
		t.Fatal(err)
	}
	return s
}

func pathOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func (s *script) discoverCalendars(t *testing.T) {
	principal, err := s.files.FindCurrentUserPrincipal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home, err := s.calendars.FindCalendarHomeSet(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.calendars.FindCalendars(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(found, func(c caldav.Calendar) bool { return c.Path == s.calendar })
	if at < 0 {
		t.Fatalf("%s is not among %+v", s.calendar, found)
	}
	c := found[at]
	if c.Name != "Work" || !slices.Contains(c.SupportedComponentSet, "VEVENT") || !slices.Contains(c.SupportedComponentSet, "VTODO") {
		t.Errorf("found as %+v", c)
	}
}

func (s *script) discoverBooks(t *testing.T) {
	if err := s.books.HasSupport(t.Context()); err != nil {
		t.Errorf("OPTIONS: %v", err)
	}
	principal, err := s.files.FindCurrentUserPrincipal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home, err := s.books.FindAddressBookHomeSet(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.books.FindAddressBooks(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(found, func(b carddav.AddressBook) bool { return b.Path == s.book })
	if at < 0 {
		t.Fatalf("%s is not among %+v", s.book, found)
	}
	if b := found[at]; b.Name != "Contacts" || !b.SupportsAddressData("text/vcard", "3.0") {
		t.Errorf("found as %+v", b)
	}
}

func decode(t *testing.T, text string) *ical.Calendar {
	t.Helper()
	c, err := ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func summary(t *testing.T, o caldav.CalendarObject) string {
	t.Helper()
	for _, c := range o.Data.Children {
		if c.Name == ical.CompEvent || c.Name == ical.CompToDo {
			text, err := c.Props.Text(ical.PropSummary)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
	}
	return ""
}

// events of the script: one in January, one in March, and a weekly one that begins before both.
func (s *script) createEvents(t *testing.T) {
	for name, text := range map[string]string{
		"january": plain.Event("january", `In January\; with\, signs`),
		"march":   plain.Event("march", "In March", "DTSTART:20270310T100000Z", "DTEND:20270310T110000Z"),
		"weekly":  plain.Event("weekly", "Weekly", "DTSTART:20261201T080000Z", "DTEND:20261201T090000Z", "RRULE:FREQ=WEEKLY;COUNT=8"),
		"task":    plain.Task("task", "A task"),
	} {
		path := s.calendar + name + ".ics"
		if _, err := s.calendars.PutCalendarObject(t.Context(), path, decode(t, text)); err != nil {
			t.Fatal(err)
		}
		got, err := s.calendars.GetCalendarObject(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if got.ETag == "" || summary(t, *got) != summary(t, caldav.CalendarObject{Data: decode(t, text)}) {
			t.Errorf("%s came back as %q, ETag %q", name, summary(t, *got), got.ETag)
		}
	}
}

var everything = caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true}

// queryMonth asks for January: the weekly event has occurrences in it although it begins before.
func (s *script) queryMonth(t *testing.T) {
	got, err := s.calendars.QueryCalendar(t.Context(), s.calendar, &caldav.CalendarQuery{
		CompRequest: everything,
		CompFilter: caldav.CompFilter{Name: "VCALENDAR", Comps: []caldav.CompFilter{{Name: "VEVENT",
			Start: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range got {
		if o.ETag == "" {
			t.Errorf("%s has no ETag", o.Path)
		}
		names = append(names, summary(t, o))
	}
	slices.Sort(names)
	if want := []string{"In January; with, signs", "Weekly"}; !slices.Equal(names, want) {
		t.Errorf("January holds %q, want %q", names, want)
	}
}

func (s *script) multigetEvents(t *testing.T) {
	paths := []string{s.calendar + "march.ics", s.calendar + "task.ics"}
	got, err := s.calendars.MultiGetCalendar(t.Context(), s.calendar, &caldav.CalendarMultiGet{Paths: paths, CompRequest: everything})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, o := range got {
		names[o.Path] = summary(t, o)
	}
	if len(names) != 2 || names[paths[0]] != "In March" || names[paths[1]] != "A task" {
		t.Errorf("got %v", names)
	}
}

// conditional adds a precondition, which the library's own methods lack.
type conditional struct {
	webdav.HTTPClient
	name, value string
}

func (c conditional) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set(c.name, c.value)
	return c.HTTPClient.Do(r)
}

// put writes the January event under a precondition.
func (s *script) put(t *testing.T, title, name, value string) (*caldav.CalendarObject, error) {
	t.Helper()
	base := webdav.HTTPClientWithBasicAuth(&http.Client{Timeout: 30 * time.Second}, s.target.User, s.target.Password)
	client, err := caldav.NewClient(conditional{base, name, value}, s.target.Base)
	if err != nil {
		t.Fatal(err)
	}
	return client.PutCalendarObject(t.Context(), s.calendar+"january.ics", decode(t, plain.Event("january", title)))
}

func (s *script) conflict(t *testing.T) {
	before, err := s.calendars.GetCalendarObject(t.Context(), s.calendar+"january.ics")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.put(t, "Edited", "If-Match", `"`+before.ETag+`"`); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"If-Match": `"` + before.ETag + `"`, "If-None-Match": "*"} {
		if _, err := s.put(t, "Too late", name, value); err == nil || !strings.Contains(err.Error(), "412") {
			t.Errorf("%s: %s: %v, want 412", name, value, err)
		}
	}
	after, err := s.calendars.GetCalendarObject(t.Context(), s.calendar+"january.ics")
	if err != nil {
		t.Fatal(err)
	}
	if summary(t, *after) != "Edited" || after.ETag == before.ETag {
		t.Errorf("%q, ETag %q, before %q", summary(t, *after), after.ETag, before.ETag)
	}
}

func card(name, email string) vcard.Card {
	c := vcard.Card{}
	given, family, _ := strings.Cut(name, " ")
	c.SetValue(vcard.FieldVersion, "3.0")
	c.SetValue(vcard.FieldUID, strings.ToLower(given))
	c.SetValue(vcard.FieldFormattedName, name)
	c.SetName(&vcard.Name{FamilyName: family, GivenName: given})
	c.Add(vcard.FieldEmail, &vcard.Field{Value: email, Params: vcard.Params{vcard.ParamType: {"WORK"}}})
	return c
}

func (s *script) createCards(t *testing.T) {
	for name, c := range map[string]vcard.Card{
		"ann": card("Ann Example", "ann@example.org"), "bob": card("Bob Müller", "bob@example.org"), "cat": card("Cat Other", "cat@example.org"),
	} {
		path := s.book + name + ".vcf"
		if _, err := s.books.PutAddressObject(t.Context(), path, c); err != nil {
			t.Fatal(err)
		}
		got, err := s.books.GetAddressObject(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if got.ETag == "" || got.Card.PreferredValue(vcard.FieldFormattedName) != c.PreferredValue(vcard.FieldFormattedName) {
			t.Errorf("%s came back as %v, ETag %q", name, got.Card, got.ETag)
		}
	}
}

func (s *script) queryCards(t *testing.T) {
	got, err := s.books.QueryAddressBook(t.Context(), s.book, &carddav.AddressBookQuery{
		DataRequest: carddav.AddressDataRequest{AllProp: true},
		FilterTest:  carddav.FilterAnyOf,
		PropFilters: []carddav.PropFilter{
			{Name: vcard.FieldFormattedName, TextMatches: []carddav.TextMatch{{Text: "müller", MatchType: carddav.MatchContains}}},
			{Name: vcard.FieldEmail, TextMatches: []carddav.TextMatch{{Text: "ann@example.org", MatchType: carddav.MatchEquals}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range got {
		names = append(names, o.Card.PreferredValue(vcard.FieldFormattedName))
	}
	slices.Sort(names)
	if want := []string{"Ann Example", "Bob Müller"}; !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}

func (s *script) multigetCards(t *testing.T) {
	got, err := s.books.MultiGetAddressBook(t.Context(), s.book, &carddav.AddressBookMultiGet{
		Paths: []string{s.book + "cat.vcf"}, DataRequest: carddav.AddressDataRequest{AllProp: true}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Path != s.book+"cat.vcf" || got[0].Card.PreferredValue(vcard.FieldEmail) != "cat@example.org" {
		t.Errorf("got %+v", got)
	}
}

// syncBook: first everything, then nothing, then exactly what changed.
func (s *script) syncBook(t *testing.T) {
	sync := func(token string) (next string, updated, deleted []string) {
		t.Helper()
		r, err := s.books.SyncCollection(t.Context(), s.book, &carddav.SyncQuery{SyncToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Updated {
			updated = append(updated, strings.TrimPrefix(o.Path, s.book))
		}
		for _, path := range r.Deleted {
			deleted = append(deleted, strings.TrimPrefix(path, s.book))
		}
		slices.Sort(updated)
		return r.SyncToken, updated, deleted
	}
	expect := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	token, updated, _ := sync("")
	expect("first sync", updated, []string{"ann.vcf", "bob.vcf", "cat.vcf"})
	token, updated, deleted := sync(token)
	expect("nothing updated", updated, nil)
	expect("nothing deleted", deleted, nil)
	if _, err := s.books.PutAddressObject(t.Context(), s.book+"ann.vcf", card("Ann Changed", "ann@example.org")); err != nil {
		t.Fatal(err)
	}
	if err := s.files.RemoveAll(t.Context(), s.book+"bob.vcf"); err != nil {
		t.Fatal(err)
	}
	_, updated, deleted = sync(token)
	expect("updated", updated, []string{"ann.vcf"})
	expect("deleted", deleted, []string{"bob.vcf"})
}

func (s *script) delete(t *testing.T) {
	for _, path := range []string{s.calendar + "january.ics", s.book + "ann.vcf"} {
		if err := s.files.RemoveAll(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.calendars.GetCalendarObject(t.Context(), s.calendar+"january.ics"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the event after its deletion: %v", err)
	}
	if _, err := s.books.GetAddressObject(t.Context(), s.book+"ann.vcf"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the card after its deletion: %v", err)
	}
}
