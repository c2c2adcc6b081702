package dav_test

import (
	"strings"
	"testing"

	"crmbridge/birthday"
	"crmbridge/store"
)

const annBirthdays = calHome + "birthdays-contacts/"

// withBirthdays switches the birthdays of ann's contacts on.
func (s *server) withBirthdays() {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), func(tx *store.Tx) error {
		book, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		if err != nil {
			return err
		}
		_, err = birthday.Enable(tx, book)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestBirthdayCalendar reads it in every way that clients have; what happens in the book shows at once.
func TestBirthdayCalendar(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.withBirthdays()
	s.put(annBook+"jane.vcf", card("jane", "Jane Roe", "BDAY:1980-05-06"))
	home := s.propfind(calHome, 1, "D:displayname", "D:sync-token", "CS:getctag", "D:current-user-privilege-set")
	if got := home.text(annBirthdays, "displayname"); got != "Birthdays (Contacts)" {
		t.Errorf("displayname %q", got)
	}
	first := home.text(annBirthdays, "sync-token")
	s.put(annBook+"joe.vcf", card("joe", "Joe Doe", "BDAY:1990-01-02"))
	sync := s.call("REPORT", annBirthdays, syncBody(first, "D:getetag"), "Depth: 1").multi()
	if got := string(s.call("REPORT", annBirthdays, syncBody(first, "D:getetag"), "Depth: 1").want(207).Body); strings.Count(got, "<D:href>") != 1 {
		t.Errorf("since then: %v %s", sync, got)
	}
	query := calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range start="20260501T000000Z" end="20260601T000000Z"/></C:comp-filter>`)
	if got := string(s.call("REPORT", annBirthdays, query, "Depth: 1").want(207).Body); strings.Count(got, "<D:href>") != 1 {
		t.Errorf("in May: %s", got)
	}
	before := s.propfind(calHome, 0, "CS:getctag").text(calHome, "getctag")
	s.call("DELETE", annBook+"joe.vcf", "").want(204)
	if after := s.propfind(calHome, 0, "CS:getctag").text(calHome, "getctag"); after == before {
		t.Error("the home does not tell that a birthday is gone")
	}
	if got := string(s.call("PROPFIND", annBirthdays, "", "Depth: 1").want(207).Body); strings.Count(got, ".ics</") != 1 {
		t.Errorf("members: %s", got)
	}
}

// A book that is renamed renames its calendar, as seen on the calendar itself and in the home.
func TestBirthdayCalendarFollowsItsBook(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.withBirthdays()
	for _, name := range []string{"Friends", "Family"} {
		s.call("PROPPATCH", annBook, proppatch("<D:displayname>"+name+"</D:displayname>")).want(207)
		path, depth := annBirthdays, 0
		if name == "Family" {
			path, depth = calHome, 1
		}
		if got := s.propfind(path, depth, "D:displayname").text(annBirthdays, "displayname"); got != "Birthdays ("+name+")" {
			t.Errorf("the book is called %s, its calendar %q", name, got)
		}
	}
}

func TestBirthdayCalendarIsReadOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.withBirthdays()
	s.put(annBook+"jane.vcf", card("jane", "Jane Roe", "BDAY:1980-05-06"))
	if got := string(s.call("PROPFIND", annBirthdays, ask("D:propfind", "D:current-user-privilege-set"), "Depth: 0").want(207).Body); strings.Contains(got, "write") {
		t.Errorf("privileges: %s", got)
	}
	s.call("PUT", annBirthdays+"x.ics", event("x", "X"), "Content-Type: text/calendar").want(403)
	s.call("DELETE", annBirthdays, "").want(403)
	s.call("PROPFIND", annBirthdays, "", "User: bob", "Depth: 0").want(404)
}

// TestBirthdayCalendarGoesWithTheBook: nobody is left with birthdays that nothing keeps up to date.
func TestBirthdayCalendarGoesWithTheBook(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.withBirthdays()
	s.put(annBook+"jane.vcf", card("jane", "Jane Roe", "BDAY:1980-05-06"))
	s.propfind(annBirthdays, 1, "D:getetag")
	s.call("DELETE", annBook, "").want(204)
	s.call("PROPFIND", annBirthdays, "", "Depth: 0").want(404)
	// A book that comes in place of another.
	s.call("MKCOL", bookHome+"other/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`).want(201)
	s.call("MOVE", bookHome+"other/", "", "Destination: http://dav.test"+annBook).want(201)
	s.withBirthdays()
	s.call("MKCOL", bookHome+"third/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`).want(201)
	s.call("MOVE", bookHome+"third/", "", "Destination: http://dav.test"+annBook, "Overwrite: T").want(204)
	s.call("PROPFIND", annBirthdays, "", "Depth: 0").want(404)
}
