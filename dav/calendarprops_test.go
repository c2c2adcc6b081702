package dav_test

import (
	"strings"
	"testing"
)

// RFC 7986: what its properties say of a calendar or an event survives.
func TestNewPropertiesSurvive(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	text := crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//test//EN", "NAME:Team", "NAME;LANGUAGE=nb:Laget", "DESCRIPTION:What we do", "COLOR:turquoise",
		"UID:5FC53010-1267-4F8E-BC28-1D7AE55A7C99", "LAST-MODIFIED:20260101T000000Z", "URL:https://example.org/team", "CATEGORIES:work",
		"REFRESH-INTERVAL;VALUE=DURATION:P1W", "SOURCE;VALUE=URI:https://example.org/team.ics", "IMAGE;VALUE=URI;DISPLAY=BADGE:https://example.org/team.png",
		"BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "DTSTART:20260110T100000Z", "SUMMARY:E", "COLOR:navy", "IMAGE;VALUE=URI:https://example.org/e.png",
		"CONFERENCE;VALUE=URI;FEATURE=PHONE;LABEL=Dial in:tel:+47-22334455", "ATTENDEE;EMAIL=ann@example.org:urn:uuid:1", "END:VEVENT", "END:VCALENDAR")
	s.put(annCal+"e.ics", text)
	if got := s.call("GET", annCal+"e.ics", "").want(200); string(got.Body) != text {
		t.Errorf("%q", got.Body)
	}
	part := s.call("REPORT", annCal, `<C:calendar-multiget`+declarations+`><D:prop><C:calendar-data><C:comp name="VCALENDAR"><C:prop name="NAME"/><C:comp name="VEVENT"><C:prop name="CONFERENCE"/></C:comp></C:comp></C:calendar-data></D:prop>
		<D:href>`+annCal+`e.ics</D:href></C:calendar-multiget>`).multi().text(annCal+"e.ics", "calendar-data")
	if !strings.Contains(part, "NAME;LANGUAGE=nb:Laget\r\n") || !strings.Contains(part, "CONFERENCE;VALUE=URI") || strings.Contains(part, "COLOR") {
		t.Errorf("%s", part)
	}
}

// RFC 7986 5: a value that means nothing is refused, since every other program would stumble over it.
func TestNewPropertiesAreChecked(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for lines, ok := range map[string]bool{
		"REFRESH-INTERVAL:PT12H":                                       true, // without VALUE=DURATION, as many write it
		"REFRESH-INTERVAL;VALUE=DURATION:P1W":                          true,
		"REFRESH-INTERVAL;VALUE=DURATION:-PT1H":                        false,
		"REFRESH-INTERVAL;VALUE=DURATION:weekly":                       false,
		"SOURCE;VALUE=URI:webcal://example.org/a.ics":                  true,
		"SOURCE;VALUE=URI:not an address":                              false,
		"SOURCE;VALUE=URI:/relative.ics":                               false,
		"COLOR:rebeccapurple":                                          true,
		"COLOR:red\r\nCOLOR:blue":                                      false,
		"SOURCE:https://example.org/1\r\nSOURCE:https://example.org/2": false,
		"NAME:One\r\nNAME;LANGUAGE=nb:En":                              true,
	} {
		r := s.call("PUT", annCal+"e.ics", strings.Replace(event("e", "E"), "BEGIN:VEVENT", lines+"\r\nBEGIN:VEVENT", 1))
		if ok {
			r.want(201, 204)
		} else {
			r.want(403).condition(nsC, "valid-calendar-data")
		}
	}
}

// A subscription of macOS: made here, kept for its programs, with the address it comes from.
func TestSubscribedCalendars(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	at := calHome + "holidays/"
	s.call("MKCALENDAR", at, `<C:mkcalendar`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype><D:displayname>Holidays</D:displayname>
		<CS:source><D:href>webcal://example.org/holidays.ics</D:href></CS:source><I:refreshrate>P1W</I:refreshrate><CS:subscribed-strip-alarms/></D:prop></D:set></C:mkcalendar>`).want(201)
	r := s.propfind(at, 0, "D:resourcetype", "CS:source", "I:refreshrate", "CS:subscribed-strip-alarms").at(at)
	if len(r.gone) > 0 || r.found["resourcetype"].child(nsCS, "subscribed") == nil || r.found["resourcetype"].child(nsC, "calendar") != nil ||
		r.found["source"].child(nsD, "href").Text != "webcal://example.org/holidays.ics" || r.found["refreshrate"].Text != "P1W" {
		t.Errorf("%+v %v", r.found, r.gone)
	}
	// SECURITY.md 10: nothing but an address that may be fetched is taken for one.
	for _, bad := range []string{"file:///etc/passwd", "javascript:alert(1)", "/relative", "", "https://"} {
		if r := s.call("PROPPATCH", at, proppatch("<CS:source><D:href>"+bad+"</D:href></CS:source>")).want(207); !strings.Contains(string(r.Body), "409 Conflict") {
			t.Errorf("%q: %s", bad, r.Body)
		}
	}
	s.call("PROPPATCH", at, proppatch("<CS:source><D:href>https://example.org/other.ics</D:href></CS:source>")).want(207)
	if got := s.propfind(at, 0, "CS:source").at(at).found["source"].child(nsD, "href").Text; got != "https://example.org/other.ics" {
		t.Errorf("%s", got)
	}
	// On what is no subscription it is kept like any other.
	s.call("PROPPATCH", annCal, `<D:propertyupdate`+declarations+`><D:remove><D:prop><CS:source/></D:prop></D:remove></D:propertyupdate>`).want(207)
	if r := s.propfind(annCal, 0, "CS:source").at(annCal); len(r.gone) != 1 {
		t.Errorf("%+v", r.found)
	}
}

// getctag changes when, and only when, something in the collection does (calendarserver-ctag).
func TestCtagFollowsChanges(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	tag := func(path string) string { return s.propfind(path, 0, "CS:getctag").text(path, "getctag") }
	for path, home := range map[string]string{annCal: calHome, annBook: bookHome} {
		text, other := event("a", "A"), event("a", "B")
		if path == annBook {
			text, other = card("a", "Ada Example"), card("a", "Bea Example")
		}
		last, lastHome := tag(path), tag(home)
		changed := func(what string, want bool) {
			t.Helper()
			now, nowHome := tag(path), tag(home)
			if (now != last) != want || (nowHome != lastHome) != want {
				t.Errorf("%s: %s → %s, home %s → %s", what, last, now, lastHome, nowHome)
			}
			last, lastHome = now, nowHome
		}
		changed("nothing", false)
		s.put(path+"a", text)
		changed("created", true)
		s.call("GET", path+"a", "").want(200)
		changed("read", false)
		s.put(path+"a", text)
		changed("written again", false)
		s.put(path+"a", other)
		changed("changed", true)
		s.call("PUT", path+"a", text, `If-Match: "no"`).want(412)
		changed("refused", false)
		s.call("PROPPATCH", path, proppatch("<D:displayname>Other</D:displayname>")).want(207)
		changed("renamed", true)
		s.call("DELETE", path+"a", "").want(204)
		changed("deleted", true)
	}
}
