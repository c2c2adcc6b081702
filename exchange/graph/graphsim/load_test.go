package graphsim

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestManyCallers has sixteen clients write, read and follow two mailboxes at once, over their limits: whoever is throttled
// tries again, and nothing is lost or there twice.
func TestManyCallers(t *testing.T) {
	t.Parallel()
	b := newBench(t, hooked, func(o *Options) { o.Calm = false })
	h := newHook(t)
	b.want(201, "POST", "/subscriptions", overlay(wish(h, ann+"/events"), object{"changeType": "created"}))
	const callers, each = 16, 5
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			home := []string{ann, "/users/bob@example.org"}[c%2]
			b := &bench{t: t, sim: b.sim, url: b.url, token: b.token}
			for i := range each {
				body := overlay(onDay2("2026-10-05"), object{"subject": "x", "transactionId": fmt.Sprint(c, " ", i)})
				for b.send("POST", home+"/events", body).StatusCode == http.StatusTooManyRequests {
				}
				for _, path := range []string{"/events?$top=3", "/calendarView/delta" + october, "/todo/lists"} {
					if status := b.send("GET", home+path, nil).StatusCode; status != 200 && status != http.StatusTooManyRequests {
						t.Errorf("%s: %d", path, status)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, home := range []string{ann, "/users/bob@example.org"} {
		if n := len(values(b.want(200, "GET", home+"/events?$top=1000", nil))); n != callers*each/2 {
			t.Errorf("%s has %d events, want %d", home, n, callers*each/2)
		}
	}
	for range callers * each / 2 {
		h.next(t)
	}
}
