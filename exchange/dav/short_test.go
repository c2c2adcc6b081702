package dav_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
)

var (
	responseOf = regexp.MustCompile(`(?s)<([a-z]*:?)response>.*?</[a-z]*:?response>`)
	documentOf = regexp.MustCompile(`(?s)^(.*?<(?:[a-z]+:)?multistatus[^>]*>).*$`)
)

// A listing that the server cuts short, and says so (507, as RFC 6352 8.6.2 and RFC 6578 3.6 have it), and one that does not even name what
// was asked, are no listing: what they leave out is not gone.
func TestAListingThatIsCutShortDeletesNothing(t *testing.T) {
	t.Parallel()
	const full = `<D:response xmlns:D="DAV:"><D:href>` + string(eventsOf) + `</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>`
	for name, c := range map[string]struct {
		manner manner
		keep   func(all []string) string
	}{
		"cut short":              {manner{noLog: true}, func(all []string) string { return all[0] + all[len(all)-1] + full }},
		"cut short, without tag": {manner{noLog: true, noStamp: true}, func(all []string) string { return all[0] + full }},
		"empty":                  {manner{noLog: true}, func([]string) string { return "" }},
		"cut short, with a log":  {manner{}, func(all []string) string { return all[0] + full }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(c.manner)
			var short atomic.Bool
			m := open(t, testclock.New(), remote.Settings{"url": serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !short.Load() || r.Header.Get("Depth") != "1" || r.URL.Path != string(eventsOf) || name == "empty" && r.Method != "PROPFIND" {
					f.ServeHTTP(w, r)
					return
				}
				rec := httptest.NewRecorder()
				f.ServeHTTP(rec, r)
				text := rec.Body.String()
				all := responseOf.FindAllString(text, -1)
				head, end := documentOf.FindStringSubmatch(text), strings.LastIndex(text, "</")
				if len(all) < 3 { // of items that were asked for
					w.WriteHeader(rec.Code)
					_, _ = w.Write(rec.Body.Bytes())
					return
				}
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write([]byte(head[1] + c.keep(all) + text[end:]))
			}))})
			for _, uid := range []string{"a", "b", "c", "d"} {
				f.put(string(eventsOf)+uid+".ics", single(uid, firstDay))
			}
			_, _, next, _ := changes(t, m, remote.Scope{}, "")
			f.put(string(eventsOf)+"e.ics", single("e", firstDay))
			short.Store(true)
			if refs, err := m.(remote.Lister).List(t.Context(), eventsOf, remote.Scope{}); name != "empty" && (err == nil || pim.ReasonOf(err) == pim.ErrNotFound) {
				t.Errorf("it lists %d, %v", len(refs), err)
			}
			if c.manner.noLog {
				if d, err := m.Changes(t.Context(), eventsOf, remote.Scope{}, next); err == nil || len(d.Removed) > 0 {
					t.Errorf("%d are gone, %v", len(d.Removed), err)
				}
			}
			short.Store(false)
			changed, removed, _, _ := changes(t, m, remote.Scope{}, next)
			if len(changed) != 1 || len(removed) != 0 {
				t.Errorf("afterwards %v changed and %v are gone", changed, removed)
			}
		})
	}
}
