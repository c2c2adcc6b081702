package main

import (
	"net/http"
	"strings"
	"testing"

	"crmbridge/manage"
)

// Programs that log in with the account's password are told apart in the running program as package dav does: KDE is one
// device under two names, and what it read Betterbird has not.
func TestProgramsWithOnePassword(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	s := p.serve()
	defer s.stop()
	const path = "/dav/calendars/alice/calendar/a.ics"
	as := func(agent string) map[string]string { return map[string]string{"User-Agent": agent} }
	betterbird := as("Mozilla/5.0 (Windows NT 10.0) Betterbird/128.0")
	reads := as("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) KIO/5.103 akonadi_davgroupware_resource_0/5.22.3")
	writes := as("KDE DAV groupware client")
	send := func(want int, method, title string, header map[string]string) {
		t.Helper()
		body := ""
		if title != "" {
			body = meeting("a", title)
		}
		if status, text := p.request(method, path, body, header); status != want {
			t.Fatalf("%s %s: %d %s", method, title, status, text)
		}
	}
	send(http.StatusCreated, "PUT", "one", betterbird)
	send(http.StatusOK, "GET", "", reads)
	send(http.StatusNoContent, "PUT", "two", writes)
	if rows := list[manage.Conflict](p, "conflict", "list"); len(rows) != 0 {
		t.Errorf("KDE has seen what it writes over: %+v", rows)
	}
	send(http.StatusNoContent, "PUT", "three", betterbird)
	if rows := list[manage.Conflict](p, "conflict", "list"); len(rows) != 1 || !strings.HasSuffix(rows[0].Device, "Betterbird") {
		t.Errorf("Betterbird has not seen what KDE wrote: %+v", rows)
	}
}
