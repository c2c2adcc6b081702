package dav_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOthersTakeAsLongAsNothing asks, in turns, for what bob has and for what nobody has, and compares the medians: the
// time of an answer tells no more than the answer. Whatever else the machine does slows both alike; a difference that
// is there in each of several rounds is ours.
func TestOthersTakeAsLongAsNothing(t *testing.T) {
	s := newServer(t) // not in parallel: other tests would be in the way of both
	s.call("PUT", "/dav/calendars/bob/calendar/e.ics", event("e", "Secret"), "User: bob").want(201)
	s.call("PUT", "/dav/addressbooks/bob/contacts/c.vcf", card("c", "Secret Person"), "User: bob").want(201)
	took := func(method, path string) time.Duration {
		began := time.Now()
		s.call(method, path, "", "Depth: 1", "Destination: http://dav.test"+annCal+"copy.ics")
		return time.Since(began)
	}
	ratio := func(method, there, nothing string) float64 {
		var a, b []time.Duration
		for range 101 {
			a, b = append(a, took(method, there)), append(b, took(method, nothing))
		}
		slices.Sort(a)
		slices.Sort(b)
		return float64(a[50]) / float64(b[50])
	}
	for _, path := range []string{"/dav/calendars/bob/", "/dav/calendars/bob/calendar/", "/dav/calendars/bob/calendar/e.ics", "/dav/addressbooks/bob/contacts/c.vcf", "/dav/principals/bob/"} {
		for _, method := range []string{"GET", "PUT", "DELETE", "COPY", "PROPFIND", "REPORT"} {
			for try := 1; ; try++ {
				r := ratio(method, path, strings.Replace(path, "/bob/", "/eve/", 1))
				if r > 0.8 && r < 1.25 {
					break
				}
				if try == 5 {
					t.Errorf("%s %s takes %.2f times as long as what does not exist", method, path, r)
					break
				}
			}
		}
	}
}
