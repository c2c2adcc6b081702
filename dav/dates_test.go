package dav_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/store"
	"crmbridge/store/storetest"
)

// withinASecond is a server whose clock stands at the start of a second, and a function that sets how many
// milliseconds of time have gone since.
func withinASecond(t *testing.T) (*server, func(milliseconds int64)) {
	var passed atomic.Int64
	now := func() time.Time {
		return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Add(time.Duration(passed.Load()) * time.Millisecond)
	}
	return serverOn(t, storetest.OpenWith(t, store.Config{Rand: &steps{}, Now: now})), passed.Store
}

// theSecond is how HTTP writes every time within the second of withinASecond.
var theSecond = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Format(http.TimeFormat)

// A date names no version while the second of the change lasts (RFC 9110 8.8.2.2).
func TestDatesSayNothingWithinTheSecond(t *testing.T) {
	t.Parallel()
	s, at := withinASecond(t)
	path := annCal + "a.ics"
	at(100)
	s.put(path, event("a", "One"))
	at(200)
	if got := s.call("GET", path, "").want(200).Header.Get("Last-Modified"); got != "" {
		t.Errorf("a date of two versions: %q", got)
	}
	at(300)
	s.put(path, event("a", "Two"))
	at(400)
	r := s.call("GET", path, "", "If-Modified-Since: "+theSecond).want(200)
	if string(r.Body) != event("a", "Two") {
		t.Errorf("%s", r.Body)
	}
	s.call("GET", path, "", "If-Unmodified-Since: "+theSecond).want(412)
	s.call("PUT", path, event("a", "Three"), "If-Unmodified-Since: "+theSecond).want(412)
	s.call("DELETE", path, "", "If-Unmodified-Since: "+theSecond).want(412)
	s.call("MOVE", path, "", "Destination: "+annCal+"b.ics", "If-Unmodified-Since: "+theSecond).want(412)

	at(1000)
	if got := s.call("GET", path, "").want(200).Header.Get("Last-Modified"); got != theSecond {
		t.Errorf("Last-Modified %q when the second is over", got)
	}
	s.call("GET", path, "", "If-Modified-Since: "+theSecond).want(304)
	s.call("PUT", path, event("a", "Three"), "If-Unmodified-Since: "+theSecond).want(204)
}

// A date is no version: what a device writes under one is compared with what it saw, as without a condition.
func TestAWriteUnderADateIsABlindOne(t *testing.T) {
	t.Parallel()
	s, at := withinASecond(t)
	path := annCal + "a.ics"
	at(100)
	s.put(path, event("a", "One"), phone)
	at(200)
	s.put(path, event("a", "Two"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
	at(5000)
	s.call("PUT", path, event("a", "Three"), phone, "If-Unmodified-Since: "+theSecond).want(204)
	reports := s.conflicts()
	if len(reports) != 1 || reports[0].Cause != store.CauseBlind || string(reports[0].Theirs) != event("a", "Two") {
		t.Fatalf("%+v", reports)
	}
	at(9000)
	s.put(path, event("a", "Four"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
	at(12000)
	s.call("DELETE", path, "", phone, "If-Unmodified-Since: "+s.call("HEAD", path, "", phone).Header.Get("Last-Modified")).want(204)
	if reports := s.conflicts(); len(reports) != 2 || string(reports[0].Theirs) != event("a", "Four") || reports[0].Method != "DELETE" {
		t.Errorf("%d reports", len(reports))
	}
}
