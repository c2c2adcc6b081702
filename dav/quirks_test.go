package dav_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/dav"
	"crmbridge/store"
)

// programs are the clients of the table of quirks, with a User-Agent as they send it and what is done for them.
var programs = []struct {
	part, family, agent string
	// badToken is the answer to a token of an address book that is refused.
	badToken int
	// oldCards: gets vCard 3.0 and Apple's groups when it names no version. smallPhotos, revInUTC: as in the table.
	oldCards, smallPhotos, revInUTC bool
}{
	{part: "Thunderbird/", family: "Thunderbird", badToken: 400,
		agent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"},
	{part: "Betterbird/", family: "Betterbird", badToken: 400,
		agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Betterbird/128.7.0"},
	{part: "DAVx5/", family: "DAVx5", badToken: 403, agent: "DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/14"},
	{part: "Evolution/", family: "Evolution", badToken: 403, agent: "Evolution/3.46.4"},
	{part: "akonadi", family: "KDE", badToken: 403,
		agent: "Mozilla/5.0 (X11; Linux x86_64) KHTML/5.103 (like Gecko) Konqueror/5.0 KIO/5.103 akonadi_davgroupware_resource_0/5.22.3"},
	{part: "KDE DAV", family: "KDE", badToken: 403, agent: "KDE DAV groupware client"},
	{part: "CalDavSynchronizer/", family: "CalDavSynchronizer", badToken: 403, oldCards: true, smallPhotos: true,
		agent: "CalDavSynchronizer/4.4"},
	{part: "vdirsyncer/", family: "vdirsyncer", badToken: 403, agent: "vdirsyncer/0.19.3"},
	{part: "iOS/", family: "iOS", badToken: 403, oldCards: true, smallPhotos: true, agent: "iOS/17.0 (21A329) dataaccessd/1.0"},
	{part: "macOS/", family: "macOS", badToken: 403, oldCards: true, agent: "macOS/14.0 (23A344) AddressBookCore/2567"},
	{part: "Mac OS X/", family: "macOS", badToken: 403, oldCards: true, agent: "Mac OS X/10.11.6 (15G31) CalendarAgent/361.2"},
	{part: "eM Client", family: "eM Client", badToken: 403, revInUTC: true, agent: "eM Client/9.2.2038"},
	// Programs without a row are known by the first word of their User-Agent and get what the standards say.
	{family: "OneCalendar", badToken: 403, agent: "OneCalendar/2024.1"},
	{family: "python-caldav", badToken: 403, agent: "python-caldav/1.3.9"},
	{family: "node", badToken: 403, agent: "node"},
	{family: "cadaver", badToken: 403, agent: "cadaver/0.24 neon/0.32.5"},
}

// Each row of the table, seen from outside.
func TestQuirksOverHTTP(t *testing.T) {
	t.Parallel()
	parts := dav.QuirkParts()
	for _, p := range programs {
		if p.part != "" {
			parts = slices.DeleteFunc(parts, func(part string) bool { return part == p.part })
		}
		t.Run(p.agent, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			agent := "User-Agent: " + p.agent

			s.call("REPORT", annBook, syncBody("urn:elsewhere", "D:getetag"), agent).want(p.badToken).condition(nsD, "valid-sync-token")
			s.call("REPORT", annCal, syncBody("urn:elsewhere", "D:getetag"), agent).want(403).condition(nsD, "valid-sync-token")

			photo := largePhoto(t, 7)
			path := annBook + "p.vcf"
			stored := photoCard("p", "Ida Example", photo, "REV:20260101T020000+0200")
			tag := s.put(path, stored, desk)
			got, gotTag := s.multiget(path, agent)
			if gotTag != tag {
				t.Errorf("ETag %s, stored with %s", gotTag, tag)
			}
			if old := strings.Contains(got, "VERSION:3.0"); old != p.oldCards {
				t.Errorf("version 3.0: %v", old)
			}
			if small := len(got) < len(photo); small != p.smallPhotos {
				t.Errorf("%d bytes with a photo of %d", len(got), len(photo))
			}
			// Conversion writes REV in UTC, too.
			if utc := !strings.Contains(got, "+0200"); utc != (p.revInUTC || p.oldCards) {
				t.Errorf("REV in UTC: %v in %.200s", utc, got)
			}
			if plain := got == stored; plain != (!p.oldCards && !p.smallPhotos && !p.revInUTC) {
				t.Errorf("the card as it is stored: %v", plain)
			}
			if explicit := string(s.call("GET", path, "", desk).want(200).Body); explicit != stored {
				t.Error("what is stored has changed")
			}

			// A program is known by name in reports, though it shares the account's password.
			note := annBook + "n.vcf"
			s.put(note, card("n", "Ada Lane", "NOTE:1"), agent)
			s.put(note, card("n", "Ada Lane", "NOTE:2"), "User-Agent: another/1", "If-Match: "+s.call("GET", note, "", "User-Agent: another/1").etag())
			s.put(note, card("n", "Ada Lane", "NOTE:3"), agent)
			reports := s.conflicts()
			if len(reports) != 1 || !strings.HasSuffix(reports[0].Device, "/"+p.family) {
				t.Errorf("%d reports: %+v", len(reports), reports)
			}
		})
	}
	if len(parts) != 0 {
		t.Errorf("rows without a test: %q", parts)
	}
}

// A program that writes without a condition over what it has not seen: other fields are merged, the same field is
// taken from it, as it believes, with the other version in a report. In its next sync it is told of what it did not send.
func TestBlindWritesOfEachFamily(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, agent, path, kind string }{
		{"Thunderbird contacts", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0", annBook + "b.vcf", "card"},
		{"Thunderbird, overwriting", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0", annCal + "b.ics", "event"},
		{"Evolution calendar", "Evolution/3.46.4", annCal + "b.ics", "event"},
		{"Evolution contacts", "Evolution/3.46.4", annBook + "b.vcf", "card"},
		// DAVx5 sends no condition while it knows no ETag: after a PUT that was merged.
		{"DAVx5 after a merge", "DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/14", annCal + "b.ics", "event"},
		{"python-caldav", "python-caldav/1.3.9", annCal + "b.ics", "event"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			agent := "User-Agent: " + c.agent
			collection := c.path[:strings.LastIndex(c.path, "/")+1]
			text := func(title, note string) string {
				if c.kind == "card" {
					return card("b", "Ada Lane", "TITLE:"+title, "NOTE:"+note)
				}
				return event("b", title, "DESCRIPTION:"+note)
			}
			overwrite := func(title, note string) {
				s.put(c.path, text(title, note), desk, "If-Match: "+s.call("GET", c.path, "", desk).etag())
			}
			s.put(c.path, text("one", "one"), agent)
			token := s.call("REPORT", collection, syncBody("", "D:getetag"), agent).multi().token

			overwrite("one", "desk's")
			r := s.call("PUT", c.path, text("two", "one"), agent).want(204)
			if r.Header.Get("ETag") != "" {
				t.Error("an ETag for a text that was not stored so")
			}
			if got := string(s.call("GET", c.path, "", "User: ann+reader").Body); !strings.Contains(got, "two") || !strings.Contains(got, "desk's") {
				t.Errorf("not merged: %s", got)
			}
			if n := len(s.conflicts()); n != 0 {
				t.Errorf("%d reports of a merge", n)
			}
			if m := s.call("REPORT", collection, syncBody(token, "D:getetag"), agent).multi(); !slices.Contains(m.order, c.path) {
				t.Error("its sync does not bring the merged text")
			}

			s.call("GET", c.path, "", agent).want(200)
			overwrite("two", "desk's again")
			if tag := s.put(c.path, text("two", "mine"), agent); tag == "" {
				t.Error("no ETag for what was stored as sent")
			}
			if got := string(s.call("GET", c.path, "", "User: ann+reader").Body); got != text("two", "mine") {
				t.Errorf("stored: %s", got)
			}
			reports := s.conflicts()
			if len(reports) != 1 || reports[0].Cause != store.CauseBlind || string(reports[0].Theirs) != text("two", "desk's again") ||
				string(reports[0].Mine) != text("two", "mine") {
				t.Errorf("%+v", reports)
			}
		})
	}
}

// Programs that drop a refused change without a word, or put theirs in its place when they next sync: the report has
// the version that would be lost, whatever the way it was refused.
func TestSilentlyDroppedChangesAreReported(t *testing.T) {
	t.Parallel()
	davx5 := "User-Agent: DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/14"
	s := newServer(t)
	for i, c := range []struct {
		method, mine string
		condition    func(tag string) string
	}{
		{"PUT", "Changed on the phone", func(tag string) string { return "If-Match: " + tag }},
		{"PUT", "Made on the phone", func(string) string { return "If-None-Match: *" }},
		{"DELETE", "", func(tag string) string { return "If-Match: " + tag }},
	} {
		name := fmt.Sprintf("%s %d", c.method, i)
		path := fmt.Sprintf("%sx%d.ics", annCal, i)
		uid := fmt.Sprintf("x%d", i)
		tag := s.put(path, event(uid, "Before"), davx5)
		s.put(path, event(uid, "At the desk"), desk, "If-Match: "+tag)
		body, kind := "", "Content-Type: text/calendar; charset=utf-8"
		if c.method == "PUT" {
			body = event(uid, c.mine)
		}
		s.call(c.method, path, body, davx5, kind, c.condition(tag)).want(412)
		if got := string(s.call("GET", path, "", davx5).Body); !strings.Contains(got, "At the desk") {
			t.Errorf("%s: it would download %s", name, got)
		}
		reports := s.conflicts()
		if len(reports) != i+1 {
			t.Fatalf("%s: %d reports", name, len(reports))
		}
		newest := reports[0]
		if string(newest.Mine) != body || !strings.Contains(string(newest.Theirs), "At the desk") || !strings.HasSuffix(newest.Device, "/DAVx5") {
			t.Errorf("%s: %+v", name, newest)
		}
	}
}
