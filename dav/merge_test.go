package dav_test

import (
	"strings"
	"testing"

	"crmbridge/store"
)

// A device that writes twice before it downloads again takes back what it wrote itself, and nothing else.
func TestBlindWriteTakesBackItsOwnChange(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		text := func(tel, title string) string { return card("a", "Ada Lane", "TEL:"+tel, "TITLE:"+title) }
		s.put(path, text("1", "a"), phone)
		s.put(path, text("1", "b"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
		for _, tel := range []string{"2", "1", "3", "1"} {
			s.blind(path, text(tel, "a"))
			if c := s.contact(path); len(c.Phones) != 1 || c.Phones[0].Value != tel || c.Title != "b" {
				t.Fatalf("after %s: phones %v, title %q", tel, c.Phones, c.Title)
			}
		}
		if n := len(s.conflicts()); n != 0 {
			t.Errorf("%d reports", n)
		}
		// What it sent is in the history ahead of what came out, and was never what others could read.
		for _, v := range s.versions(path) {
			if !strings.HasSuffix(v.By, "/token:phone") && !strings.HasSuffix(v.By, "/token:desk") {
				t.Errorf("a version by %q", v.By)
			}
		}
		var history []string
		for _, v := range s.versions(path) {
			history = append(history, line(v.Text, "TEL")+" "+line(v.Text, "TITLE"))
		}
		want := "TEL:1 TITLE:b|TEL:1 TITLE:a|TEL:3 TITLE:b|TEL:3 TITLE:a|TEL:1 TITLE:b|TEL:1 TITLE:a|TEL:2 TITLE:b|TEL:2 TITLE:a|TEL:1 TITLE:b|TEL:1 TITLE:a"
		if got := strings.Join(history, "|"); got != want {
			t.Errorf("history %s", got)
		}
		// The same sent once more changes nothing.
		before := s.call("GET", path, "", desk).etag()
		n := len(s.versions(path))
		s.blind(path, text("1", "a"))
		if now := s.call("GET", path, "", desk).etag(); now != before || len(s.versions(path)) != n {
			t.Errorf("tag %s was %s, %d versions were %d", now, before, len(s.versions(path)), n)
		}
	})
}

// Others hear of a merge once, with what came out of it.
func TestMergeIsOneChange(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		s.put(path, card("a", "Ada Lane", "TEL:1", "TITLE:a"), phone)
		s.put(path, card("a", "Ada Lane", "TEL:1", "TITLE:b"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
		token := s.call("REPORT", annBook, syncBody("", "D:getetag"), desk).multi().token
		s.blind(path, card("a", "Ada Lane", "TEL:2", "TITLE:a"))
		m := s.call("REPORT", annBook, syncBody(token, "D:getetag", "CR:address-data"), desk).want(207)
		if n := strings.Count(string(m.Body), path); n != 1 || !strings.Contains(string(m.Body), "TITLE:b") || !strings.Contains(string(m.Body), "TEL:2") {
			t.Errorf("%d changes: %s", n, m.Body)
		}
	})
}

// What fields cannot hold goes through a blind write as it is.
func TestBlindWriteKeepsWhatFieldsCannotHold(t *testing.T) {
	t.Parallel()
	series := func(start, end string, extra ...string) []string {
		return append([]string{"DTSTART" + start, "DTEND" + end, "RRULE:FREQ=WEEKLY"}, extra...)
	}
	berlin := series(";TZID=Europe/Berlin:20260110T100000", ";TZID=Europe/Berlin:20260110T110000")
	meeting := func(uid string, lines []string, place string) string {
		all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:" + uid, "DTSTAMP:20260101T000000Z"}, lines...)
		return crlf(append(all, "LOCATION:"+place, "END:VEVENT", "END:VCALENDAR")...)
	}
	for name, mine := range map[string][]string{
		"utc":     series(":20260110T090000Z", ":20260110T100000Z"),
		"newyork": series(";TZID=America/New_York:20260110T040000", ";TZID=America/New_York:20260110T050000"),
		"period":  append(berlin[:len(berlin):len(berlin)], "RDATE;VALUE=PERIOD:20260201T100000Z/PT8H"),
	} {
		s := newServer(t)
		path := annCal + name + ".ics"
		byName := "CalDAV-Timezones: F"
		s.put(path, meeting(name, berlin, "here"), phone, byName)
		s.put(path, meeting(name, berlin, "there"), desk, byName, "If-Match: "+s.call("GET", path, "", desk).etag())
		s.blind(path, meeting(name, mine, "here"))
		got := string(s.call("GET", path, "", desk).want(200).Body)
		for _, l := range append(mine, "LOCATION:there") {
			if !strings.Contains(got, "\n"+l+"\r\n") {
				t.Errorf("%s: no %s in\n%s", name, l, got)
			}
		}
		if len(s.conflicts()) != 0 {
			t.Errorf("%s: a report", name)
		}
	}
	for _, bday := range []string{"BDAY;VALUE=text:about 1980", "BDAY:1980-05", "BDAY:19800506T100000Z", "X-CRM-SHOE-SIZE:44", "NICKNAME:jj,jk"} {
		s := newServer(t)
		path := annBook + "a.vcf"
		text := func(bday, tel string) string {
			return strings.Replace(card("a", "Ada Lane", bday, "TEL:"+tel), "VERSION:3.0", "VERSION:4.0", 1)
		}
		s.put(path, text("BDAY:19800506", "1"), phone)
		s.put(path, text("BDAY:19800506", "2"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
		s.blind(path, text(bday, "1"))
		got := string(s.call("GET", path, "", desk).want(200).Body)
		if !strings.Contains(got, "\n"+bday+"\r\n") || !strings.Contains(got, "\nTEL:2\r\n") || len(s.conflicts()) != 0 {
			t.Errorf("%s: %d reports, stored\n%s", bday, len(s.conflicts()), got)
		}
	}
}

// Reports are told apart by all that the texts say, not by what fields show of it.
func TestReportsDifferByWhatFieldsDoNotShow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	text := func(bday string) string {
		return strings.Replace(card("a", "Ada Lane", bday), "VERSION:3.0", "VERSION:4.0", 1)
	}
	tag := s.put(path, text("BDAY:19800506"), phone)
	s.put(path, text("BDAY:19800507"), desk, "If-Match: "+tag)
	for range 2 {
		s.call("PUT", path, text("BDAY;VALUE=text:about 1980"), phone, "If-Match: "+tag).want(412)
		s.call("PUT", path, text("BDAY;VALUE=text:about 1981"), "User: ann+tablet", "If-Match: "+tag).want(412)
	}
	if n := len(s.conflicts()); n != 2 {
		t.Fatalf("%d reports", n)
	}
	s.put(path, text("BDAY;VALUE=text:about 1980"), phone, "If-Match: "+s.call("GET", path, "", phone).etag())
	for _, c := range s.conflicts() {
		if done := c.Resolution == "superseded"; done != strings.Contains(string(c.Mine), "about 1980") {
			t.Errorf("resolution %q of %s", c.Resolution, c.Mine)
		}
	}
}

// blind is a PUT of the phone without condition, over a version that it has not seen.
func (s *server) blind(path, text string) {
	s.t.Helper()
	if tag := s.call("PUT", path, text, phone).want(204).Header.Get("ETag"); tag != "" {
		s.t.Errorf("an ETag for bytes that were not stored so: %s", tag)
	}
}

// versions is the history of the object at a path, newest first.
func (s *server) versions(path string) []store.Version {
	s.t.Helper()
	parts := strings.Split(path, "/")
	var out []store.Version
	err := s.store.View(s.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.Home(parts[2]), parts[4])
		if err != nil {
			return err
		}
		o, err := tx.Object(c.ID, parts[5])
		if err != nil {
			return err
		}
		out, err = tx.Versions(o.ID)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// line is the first line of a text that begins so.
func line(text []byte, name string) string {
	for l := range strings.SplitSeq(string(text), "\r\n") {
		if strings.HasPrefix(l, name) {
			return l
		}
	}
	return ""
}
