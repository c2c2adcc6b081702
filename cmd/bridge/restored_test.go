package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A copy of the database is put back, the command is run, and a token from before is taken no more.
func TestRestored(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	report := func(token string) (int, string) {
		return p.request("REPORT", "/dav/calendars/alice/calendar/", `<D:sync-collection xmlns:D="DAV:"><D:sync-token>`+token+
			`</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>`, nil)
	}
	s := p.serve()
	status, body := report("")
	token := regexp.MustCompile(`<D:sync-token>([^<]+)<`).FindStringSubmatch(body)
	if status != http.StatusMultiStatus || token == nil {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := report(token[1]); status != http.StatusMultiStatus {
		t.Fatalf("%d %s", status, body)
	}
	s.stop()
	if out := p.must("", "restored"); !strings.Contains(out, "list all") || !strings.Contains(out, "3 here") {
		t.Errorf("%s", out)
	}
	s = p.serve()
	if status, body := report(token[1]); status != http.StatusForbidden || !strings.Contains(body, "valid-sync-token") {
		t.Errorf("%d %s", status, body)
	}
	s.stop()
}
