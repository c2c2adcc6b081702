package graph_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// An event reads the same on whichever page of a listing it stands, and when it is read on its own: what is asked for of texts and times
// is asked for on each page.
func TestEveryPageIsReadAlike(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	rec := &recorder{next: r.sim}
	srv := httptest.NewServer(rec)
	t.Cleanup(srv.Close)
	m := r.open(exchange.Settings{"graph_url": srv.URL, "page_size": "5"})
	c := home(t, m, pim.KindEvent)
	for n := range 14 {
		r.do("POST", "/events", graphsim.Fields{"subject": fmt.Sprint("Event ", n), "body": graphsim.Fields{"contentType": "html",
			"content": "<html><body><p>one</p><ul><li>two</li><li>three <a href=\"https://example.org/x\">there</a></li></ul><table><tr><td>a</td><td>b</td></tr></table></body></html>"},
			"start": graphsim.Fields{"dateTime": "2026-10-12T10:00:00", "timeZone": "Tokyo Standard Time"}, "end": graphsim.Fields{"dateTime": "2026-10-12T11:00:00", "timeZone": "Tokyo Standard Time"}})
	}
	all, _, _ := follow(t, m, c, remote.Scope{}, "")
	if len(all) != 14 {
		t.Fatalf("%d events", len(all))
	}
	pages := 0
	for _, line := range rec.lines {
		if strings.Contains(line, "/calendarView/delta") {
			pages++
			if !strings.Contains(line, `outlook.timezone="UTC", outlook.body-content-type="text"`) {
				t.Errorf("a page is asked for by\n%s", line)
			}
		}
	}
	if pages < 3 {
		t.Errorf("%d pages", pages)
	}
	for id, rec := range all {
		alone := fetch(t, m, pim.KindEvent, id)
		if d := pim.Diff(rec.Item, alone.Item, pim.AllOf(pim.KindEvent)); !d.IsEmpty() {
			t.Errorf("listed and read on its own %s differs in %v:\n%q\n%q", rec.Item.Summary(), d, rec.Item.(*pim.Event).Notes, alone.Item.(*pim.Event).Notes)
		}
	}
}
