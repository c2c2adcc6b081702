package feed_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/birthday"
	"crmbridge/feed"
	"crmbridge/pim"
	"crmbridge/store"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	s.put("two", "20260311", "CLASS:PRIVATE\r\n")
	path, _, f := s.add(full)
	s.clock.Advance(time.Minute)
	body, h := s.get(200, path, "User-Agent: Thunderbird/153")
	o := wellFormed(t, []byte(body))
	if es := o.Calendar().Blocks("VEVENT"); len(es) != 1 || es[0].Value("SUMMARY") != "About one" {
		t.Errorf("%s", body)
	}
	if got := o.Calendar().Value("X-WR-TIMEZONE") + o.Calendar().Value("NAME") + o.Calendar().Value("COLOR") + o.Calendar().Value("X-PUBLISHED-TTL"); got != "Europe/BerlinAnn's calendarredPT15M" {
		t.Errorf("%s", got)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/calendar; charset=utf-8; method=PUBLISH", "Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noindex, nofollow, noarchive", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding, User-Agent",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}
	if h.Get("Last-Modified") == "" || !strings.HasPrefix(h.Get("ETag"), `"`) {
		t.Errorf("%v", h)
	}
	head := s.call("HEAD", path)
	if rest, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(rest) != 0 || !maps.EqualFunc(head.Header, h, slices.Equal[[]string]) {
		t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
	}
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		got, err := tx.Feed(s.user.ID, f.ID)
		if err == nil && (got.LastUsed == nil || got.LastAgent != "Thunderbird/153") {
			t.Errorf("%+v", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	path, _, _ := s.add(full)
	s.clock.Advance(time.Minute)
	_, h := s.get(200, path)
	tag, modified := h.Get("ETag"), h.Get("Last-Modified")
	same := []string{
		"If-None-Match: " + tag, "If-None-Match: W/" + tag, `If-None-Match: "x", ` + tag, "If-None-Match: *", "If-Modified-Since: " + modified,
		"If-None-Match: " + strings.TrimSuffix(tag, `"`) + `-gzip"`,
	}
	for _, c := range same {
		body, h := s.get(304, path, c)
		if body != "" || h.Get("ETag") != tag || h.Get("Cache-Control") == "" || h.Get("Content-Type") != "" {
			t.Errorf("%s: %q %v", c, body, h)
		}
	}
	s.get(200, path, `If-None-Match: "x"`, "If-Modified-Since: "+modified)
	s.get(200, path, "If-Modified-Since: Mon, 05 Jan 2015 09:00:00 GMT")
	if _, h := s.get(200, path, "User-Agent: Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.16327; Pro)"); h.Get("ETag") == tag {
		t.Error("Outlook reads another text under the same tag")
	}
	s.put("two", "20260311", "")
	// In the second of the change a date says nothing.
	if _, h := s.get(200, path, "If-None-Match: "+tag); h.Get("ETag") == tag || h.Get("Last-Modified") != "" {
		t.Errorf("after a change: %v", h)
	}
	s.clock.Advance(time.Minute)
	if _, h := s.get(200, path, "If-Modified-Since: "+modified); h.Get("Last-Modified") == modified {
		t.Errorf("after a change: %v", h)
	}
	_, h = s.get(200, path)
	s.clock.Advance(24 * time.Hour)
	s.get(304, path, "If-None-Match: "+h.Get("ETag"))
}

// A window moves at midnight of the calendar's zone, and its tag with it.
func TestWindowMoves(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("past", "20260301", "")
	s.put("here", "20260302", "")
	s.put("soon", "20260304", "")
	s.put("late", "20260305", "")
	shown := func(body string) string {
		var out []string
		for _, e := range wellFormed(t, []byte(body)).Calendar().Blocks("VEVENT") {
			out = append(out, e.Value("UID"))
		}
		return strings.Join(out, " ")
	}
	path, _, _ := s.add(store.Feed{Detail: store.DetailFull, PastDays: 1, FutureDays: 2})
	body, h := s.get(200, path)
	if got := shown(body); got != "past here soon" {
		t.Errorf("on 2 March: %s", got)
	}
	s.clock.Advance(10*time.Hour + 30*time.Minute) // 22:31 in UTC, 23:31 in Berlin
	s.get(304, path, "If-None-Match: "+h.Get("ETag"))
	s.clock.Advance(time.Hour)
	body, later := s.get(200, path, "If-None-Match: "+h.Get("ETag"), "If-Modified-Since: "+h.Get("Last-Modified"))
	if got := shown(body); got != "here soon late" || later.Get("Last-Modified") == h.Get("Last-Modified") {
		t.Errorf("on 3 March: %s, %v", got, later)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	path, _, _ := s.add(full)
	plain, h := s.get(200, path, "Accept-Encoding: br, gzip;q=0")
	packed, zh := s.get(200, path, "Accept-Encoding: deflate, gzip;q=0.8")
	if zh.Get("Content-Encoding") != "gzip" || h.Get("Content-Encoding") != "" || h.Get("ETag") != zh.Get("ETag") {
		t.Errorf("%v\n%v", h, zh)
	}
	r, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != plain {
		t.Errorf("%v %s", err, b)
	}
	if got := s.call("HEAD", path, "Accept-Encoding: gzip").Header; !maps.EqualFunc(got, zh, slices.Equal[[]string]) {
		t.Errorf("HEAD: %v", got)
	}
}

// Whatever is wrong with an address, the answer is the same. Who knows the address of a feed that has ended is told so:
// at 404 Thunderbird shows what it has for ever, at 410 it switches the calendar off.
func TestGone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	before, after := s.clock.Now().Add(-time.Minute), s.clock.Now().Add(time.Hour)
	good, secret, _ := s.add(store.Feed{Detail: store.DetailFull, ExpiresAt: &after})
	expired, _, _ := s.add(store.Feed{Detail: store.DetailFull, ExpiresAt: &before})
	revoked, _, f := s.add(full)
	f.RevokedAt = &before
	s.update(func(tx *store.Tx) error { return tx.UpdateFeed(f) })
	s.get(200, good)
	for name, path := range map[string]string{"expired": expired, "revoked": revoked} {
		if body, h := s.get(410, path); strings.Contains(body, "VCALENDAR") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q %v", name, body, h)
		}
	}
	want, wantHeader := s.get(404, "/feeds/"+strings.Repeat("a", len(secret))+"/team.ics")
	for name, path := range map[string]string{
		"ended under another name": strings.Replace(expired, "team", "home", 1), "other name": strings.Replace(good, "team", "home", 1), "no name": "/feeds/" + secret + "/.ics",
		"no end": strings.TrimSuffix(good, ".ics"), "only the prefix": "/feeds/", "secret alone": "/feeds/" + secret, "deeper": good + "/team.ics",
		"long": "/feeds/" + strings.Repeat("a", 5000) + "/team.ics", "cut": strings.Replace(good, secret, secret[:20], 1),
	} {
		if body, h := s.get(404, path); body != want || !maps.EqualFunc(h, wantHeader, slices.Equal[[]string]) {
			t.Errorf("%s: %q %v", name, body, h)
		}
	}
	s.update(func(tx *store.Tx) error { s.user.Disabled = true; return tx.UpdateUser(s.user) })
	s.get(404, good)
	s.update(func(tx *store.Tx) error { s.user.Disabled = false; return tx.UpdateUser(s.user) })
	s.get(200, good)
	s.clock.Advance(time.Hour)
	s.get(410, good, "If-None-Match: *")
	s.update(func(tx *store.Tx) error { s.user.Disabled = true; return tx.UpdateUser(s.user) })
	s.get(404, good)
	if s.counts.what["full"] != 2 || s.counts.what["unknown"] != 12 || s.counts.what["ended"] != 3 {
		t.Errorf("%v", s.counts.what)
	}
}

// An address ends with its calendar: at 404 Thunderbird would show the old events for ever.
func TestGoneWithItsCalendar(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	path, _, _ := s.add(full)
	_, h := s.get(200, path)
	s.update(func(tx *store.Tx) error { return tx.DeleteCollection(s.cal.ID) })
	if body, _ := s.get(410, path, "If-None-Match: "+h.Get("ETag")); strings.Contains(body, "VCALENDAR") {
		t.Errorf("%q", body)
	}
	s.get(404, strings.Replace(path, "team", "home", 1))
	s.update(func(tx *store.Tx) error { s.user.Disabled = true; return tx.UpdateUser(s.user) })
	s.get(404, path)
}

// Programs that look whether they may write are refused without a look at the address.
func TestOnlyReading(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path, _, _ := s.add(full)
	for _, method := range []string{"PUT", "POST", "DELETE", "PROPFIND", "OPTIONS", "REPORT", "MKCALENDAR"} {
		for _, p := range []string{path, "/feeds/unknown/x.ics"} {
			res := s.call(method, p, "If-Match: nothing")
			if res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s: %d %v", method, res.StatusCode, res.Header)
			}
		}
	}
}

// Who asks too often is told when to come back, guessing sooner than reading; and nobody else is.
func TestThrottle(t *testing.T) {
	t.Parallel()
	s := newServer(t, feed.Limits{Burst: 20, Rate: 1, Miss: 10})
	path, _, _ := s.add(full)
	for range 20 {
		s.get(200, path)
	}
	_, h := s.get(503, path)
	if h.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %s", h.Get("Retry-After"))
	}
	s.clock.Advance(time.Second)
	s.get(200, path)
	s.clock.Advance(time.Hour)
	s.get(404, "/feeds/a/x.ics")
	s.get(404, "/feeds/b/x.ics")
	if _, h = s.get(503, "/feeds/c/x.ics"); h.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %s", h.Get("Retry-After"))
	}
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = "[2001:db8::7]:99"
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("another network: %d", w.Code)
	}
}

// A feed of busy times says nothing else, not even how its owner calls the calendar.
func TestBusyFeed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "LOCATION:Room 7\r\n")
	path, _, _ := s.add(store.Feed{Detail: store.DetailBusy, Alarms: true})
	body, _ := s.get(200, path)
	again, _, _ := s.add(store.Feed{Detail: store.DetailBusy})
	other, _ := s.get(200, again)
	for _, text := range []string{"About", "Room", "Ann", "UID:one"} {
		if strings.Contains(body, text) {
			t.Errorf("%q is in it:\n%s", text, body)
		}
	}
	uid := func(b string) string { return wellFormed(t, []byte(b)).UID() }
	if uid(body) == "" || uid(body) == uid(other) {
		t.Error("two feeds can be told to be of one calendar by their UIDs")
	}
}

// A calendar of birthdays is read as its address book is now, by feeds too.
func TestBirthdays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	card := func(name, day string) {
		t.Helper()
		s.update(func(tx *store.Tx) error {
			book, err := tx.CollectionBySlug(s.user.ID, store.AddressBooks, "contacts")
			if err != nil {
				return err
			}
			text := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + name + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nBDAY:" + day + "\r\nEND:VCARD\r\n"
			_, err = tx.PutObject(store.Put{Collection: book.ID, Name: name + ".vcf", UID: name, Kind: pim.KindContact, Component: "VCARD", Text: []byte(text)})
			return err
		})
	}
	var days store.Collection
	s.update(func(tx *store.Tx) error {
		book, err := tx.CreateCollection(store.Collection{UserID: s.user.ID, Home: store.AddressBooks, Slug: "contacts", DisplayName: "Contacts"})
		if err == nil {
			days, err = birthday.Enable(tx, book)
		}
		return err
	})
	card("Bertha", "1980-03-10")
	path, _, _ := s.add(store.Feed{CollectionID: days.ID, Detail: store.DetailFull})
	body, h := s.get(200, path)
	if !strings.Contains(body, "Bertha") {
		t.Errorf("%s", body)
	}
	s.get(304, path, "If-None-Match: "+h.Get("ETag"))
	card("Carl", "1990-04-10")
	card("Dora", "1990-04-11\r\nCLASS:PRIVATE")
	if body, _ := s.get(200, path, "If-None-Match: "+h.Get("ETag")); !strings.Contains(body, "Bertha") || !strings.Contains(body, "Carl") || strings.Contains(body, "Dora") {
		t.Errorf("%s", body)
	}
}

// Nothing that is logged leads to a feed: not when all is well, and not when things fail.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("one", "20260310", "")
	s.update(func(tx *store.Tx) error {
		_, err := tx.PutObject(store.Put{Collection: s.cal.ID, Name: "b.ics", UID: "b", Kind: pim.KindEvent, Component: "VEVENT", Text: []byte("BEGIN:VCALENDAR\r\nno line")})
		return err
	})
	path, secret, _ := s.add(full)
	s.get(200, path)
	s.get(404, path+"x.ics")
	s.h = feed.New(feed.Options{Store: s.store, Now: s.clock.Now, Log: slog.New(slog.NewTextHandler(s.log, nil)), Limits: feed.Limits{Time: time.Nanosecond}})
	body, h := s.get(503, path)
	if h.Get("Retry-After") == "" || h.Get("ETag") != "" {
		t.Errorf("%v", h)
	}
	log := s.log.String()
	if !strings.Contains(log, "left out") || !strings.Contains(log, "feed: failed") {
		t.Errorf("nothing was logged:\n%s", log)
	}
	for _, text := range []string{secret, strings.ReplaceAll(secret, "-", ""), secret[:9], "/feeds/"} {
		if strings.Contains(log, text) || strings.Contains(body, text) {
			t.Errorf("%q is in:\n%s", text, log)
		}
	}
}
