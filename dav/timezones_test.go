package dav_test

import (
	"strings"
	"testing"

	"crmbridge/pim/ics"
)

const berlin = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nX-OWN:kept\r\nBEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n" +
	"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" +
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

const ownZone = "BEGIN:VTIMEZONE\r\nTZID:Our Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0230\r\nTZOFFSETTO:+0230\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

// zoned is an event with times in tzid, and definitions ahead of it.
func zoned(uid, tzid, definitions string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//test//EN\r\n" + definitions + "BEGIN:VEVENT\r\nUID:" + uid +
		"\r\nDTSTART;TZID=" + tzid + ":20260110T100000\r\nDTEND;TZID=" + tzid + ":20260110T110000\r\nSUMMARY:Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// RFC 7809 3.1.3: who knows the standard zones gets texts without them; the ETag is that of the object all the same.
func TestTimezonesByReference(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if r := s.call("OPTIONS", annCal, ""); !strings.Contains(r.Header.Get("DAV"), "calendar-no-timezone") {
		t.Errorf("DAV: %s", r.Header.Get("DAV"))
	}
	with, without := zoned("std", "Europe/Berlin", berlin), zoned("std", "Europe/Berlin", "")
	own, both := zoned("own", "Our Office", ownZone), zoned("both", "Europe/Berlin", berlin+ownZone)
	bare := zoned("bare", "America/New_York", "")
	for name, text := range map[string]string{"std": with, "own": own, "both": both} {
		s.put(annCal+name+".ics", text)
	}
	s.put(annCal+"bare.ics", bare, "CalDAV-Timezones: F")
	stripped := strings.Replace(both, berlin, "", 1)
	for _, c := range []struct{ name, header, want string }{
		{"std", "X: x", with}, {"std", "CalDAV-Timezones: T", with}, {"std", "CalDAV-Timezones: F", without}, {"std", "CalDAV-Timezones: maybe", with},
		{"own", "X: x", own}, {"own", "CalDAV-Timezones: T", own}, {"own", "CalDAV-Timezones: F", own},
		{"both", "X: x", both}, {"both", "CalDAV-Timezones: F", stripped},
		{"bare", "CalDAV-Timezones: F", bare},
	} {
		path := annCal + c.name + ".ics"
		get := s.call("GET", path, "", c.header).want(200)
		if string(get.Body) != c.want || !varies(get, "CalDAV-Timezones") {
			t.Errorf("GET %s, %s: %v %q", c.name, c.header, get.Header, get.Body)
		}
		multiget := askMore("C:calendar-multiget", "<D:href>"+path+"</D:href>", "D:getetag", "C:calendar-data")
		for _, body := range []string{multiget, calendarQuery(`<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match>` + c.name + `</C:text-match></C:prop-filter></C:comp-filter>`),
			syncBody("", "D:getetag", "C:calendar-data")} {
			m := s.call("REPORT", annCal, body, c.header).multi()
			if got := m.text(path, "calendar-data"); got != c.want {
				t.Errorf("REPORT %s, %s: %q", c.name, c.header, got)
			}
			if m.text(path, "getetag") != get.etag() {
				t.Errorf("%s, %s: ETag %s and %s", c.name, c.header, m.text(path, "getetag"), get.etag())
			}
		}
	}
	// RFC 5545 3.2.19: everybody else gets a definition, whoever left it out.
	for _, header := range []string{"X: x", "CalDAV-Timezones: T"} {
		text := s.call("GET", annCal+"bare.ics", "", header).want(200).Body
		o, err := ics.Parse(text, ics.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		zones := o.Calendar().Blocks("VTIMEZONE")
		if len(zones) != 1 || zones[0].Value("TZID") != "America/New_York" || len(zones[0].Blocks("DAYLIGHT")) == 0 ||
			!strings.HasSuffix(string(text), bare[strings.Index(bare, "BEGIN:VEVENT"):]) {
			t.Errorf("%s: %s", header, text)
		}
	}
	// RFC 9110 9.3.4: whoever reads it with a definition gets no ETag for what was sent without one.
	for header, same := range map[string]bool{"X: x": false, "CalDAV-Timezones: T": false, "CalDAV-Timezones: F": true} {
		for i, text := range []string{zoned("tag", "America/New_York", ""), zoned("tag", "Asia/Tokyo", "")} {
			r := s.call("PUT", annCal+"tag.ics", text, header).want(201, 204)
			if got := r.Header.Get("ETag") != ""; got != same || same != (string(s.call("GET", annCal+"tag.ics", "", header).Body) == text) {
				t.Errorf("%s, %d: ETag %q", header, i, r.Header.Get("ETag"))
			}
		}
	}
	// Names that are older than the one in use keep theirs.
	s.call("PUT", annCal+"old.ics", zoned("old", "US/Eastern", "")).want(201)
	if text := string(s.call("GET", annCal+"old.ics", "").Body); !strings.Contains(text, "\r\nTZID:US/Eastern\r\n") {
		t.Errorf("%s", text)
	}
}

// RFC 7809 5.2: the zone of a calendar by its name, which goes with its definition.
func TestCalendarTimezoneID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	get := func() (id, text string) {
		r := s.propfind(annCal, 0, "C:calendar-timezone-id", "C:calendar-timezone").at(annCal)
		if n := r.found["calendar-timezone-id"]; n != nil {
			id = n.Text
		}
		if n := r.found["calendar-timezone"]; n != nil {
			text = n.Text
		}
		return id, text
	}
	set := func(inner string) *reply { return s.call("PROPPATCH", annCal, proppatch(inner)).want(207) }
	if id, text := get(); id+text != "" {
		t.Errorf("unset: %q %q", id, text)
	}
	set("<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>")
	if id, text := get(); id != "America/New_York" || !strings.Contains(text, "TZID:America/New_York") || !strings.Contains(text, "BEGIN:DAYLIGHT") {
		t.Errorf("by name: %q %q", id, text)
	}
	set("<C:calendar-timezone>BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + berlin + "END:VCALENDAR\r\n</C:calendar-timezone>")
	if id, text := get(); id != "Europe/Berlin" || !strings.Contains(text, "X-OWN:kept") {
		t.Errorf("by definition: %q %q", id, text)
	}
	set("<C:calendar-timezone>BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + ownZone + "END:VCALENDAR\r\n</C:calendar-timezone>")
	if id, text := get(); id != "" || !strings.Contains(text, "Our Office") {
		t.Errorf("one that has no name: %q %q", id, text)
	}
	for _, id := range []string{"UTC", "Etc/UTC", "Etc/GMT+5", "US/Eastern", "Africa/Casablanca"} {
		set("<C:calendar-timezone-id>" + id + "</C:calendar-timezone-id>")
		if got, text := get(); got != id || strings.Count(text, "BEGIN:VTIMEZONE") != 1 {
			t.Errorf("%s: %q %q", id, got, text)
		}
		// RFC 4791 5.2.2: what is shown can be set again.
		_, text := get()
		set("<C:calendar-timezone>" + strings.ReplaceAll(text, "\r", "&#13;") + "</C:calendar-timezone>")
		if got, again := get(); got != id || again != strings.TrimSpace(text) {
			t.Errorf("%s: %q %q", id, got, again)
		}
	}
	for _, bad := range []string{"Mars/Olympus", "", "W. Europe Standard Time"} {
		r := s.call("PROPPATCH", annCal, proppatch("<C:calendar-timezone-id>"+bad+"</C:calendar-timezone-id>")).want(207)
		if !strings.Contains(string(r.Body), "<C:valid-timezone/>") {
			t.Errorf("%q: %s", bad, r.Body)
		}
	}
	s.call("PROPPATCH", annCal, `<D:propertyupdate`+declarations+`><D:remove><D:prop><C:calendar-timezone-id/></D:prop></D:remove></D:propertyupdate>`).want(207)
	if id, text := get(); id+text != "" {
		t.Errorf("removed: %q %q", id, text)
	}
	s.call("MKCALENDAR", calHome+"zoned/", `<C:mkcalendar`+declarations+`><D:set><D:prop><C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id></D:prop></D:set></C:mkcalendar>`).want(201)
	if got := s.propfind(calHome+"zoned/", 0, "C:calendar-timezone-id").text(calHome+"zoned/", "calendar-timezone-id"); got != "Asia/Tokyo" {
		t.Errorf("made with it: %q", got)
	}
	// RFC 7809 5.1: absent, as no service is run or recommended.
	if r := s.propfind(calHome, 0, "C:timezone-service-set").at(calHome); len(r.gone) != 1 {
		t.Errorf("%v", r.found)
	}
}
