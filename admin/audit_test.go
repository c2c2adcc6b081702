package admin

import (
	"net/http"
	"strings"
	"testing"
)

// Who does what at a page stands in the log with where from, as text, and only administrators read it.
func TestAuditPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	b.post(t, "/web/people/ann", "/web/people/ann/state", "do", "disable")
	s := b.get(t, "/web/audit?text=ann&act=account.disable")
	if s.status != http.StatusOK || !strings.Contains(s.text, "<td data-label=\"What\">Account disabled</td>") || !strings.Contains(s.text, "<td data-label=\"Outcome\">Done</td>") || !strings.Contains(s.text, "page, 192.0.2.") {
		t.Errorf("%d %s", s.status, s.text)
	}
	if s := b.get(t, "/web/audit?act=account.sign-in"); !strings.Contains(s.text, ">Signed in</td>") {
		t.Errorf("signing in: %s", s.text)
	}
	if s := b.get(t, "/web/audit?text=nothing-like-it"); !strings.Contains(s.text, "Nothing fits") {
		t.Errorf("nothing fits: %s", s.text)
	}
	if s := b.get(t, "/web/audit?since=yesterdayish"); s.status != http.StatusOK || !strings.Contains(s.text, "f-since-fault") {
		t.Errorf("a day that is none: %d", s.status)
	}
}
