package dav_test

import "testing"

// What plain WebDAV clients (litmus, cadaver) look at, and calendar clients never do.
func TestPlainWebDAV(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	weird := "Content-Type: xzy-foo/bar-512"
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		want               int
	}{
		// RFC 4918 9.7.1 and 9.3.1: what has no parent is 409, however deep.
		"put without parents":         {"PUT", annCal + "none/a.ics", event("a", "A"), nil, 409},
		"mkcol without parents":       {"MKCOL", annCal + "none/coll/", "", nil, 409},
		"mkcalendar without parents":  {"MKCALENDAR", calHome + "none/x/y/", "", nil, 409},
		"not there is still that":     {"GET", annCal + "none/a.ics", "", nil, 404},
		"an object with a slash":      {"PUT", annCal + "a.ics/", event("a", "A"), nil, 404},
		"nothing about other people":  {"PUT", "/dav/calendars/bob/calendar/none/a.ics", event("a", "A"), nil, 404},
		"nothing outside of the tree": {"PUT", "/dav/elsewhere/x/y/z", event("a", "A"), nil, 404},
		// RFC 4918 9.3: a body that is not understood is 415, whatever else is wrong.
		"mkcol with a weird body":             {"MKCOL", calHome + "new/", "afafafaf", []string{weird}, 415},
		"mkcol with a weird body, inside":     {"MKCOL", annCal + "new", "afafafaf", []string{weird}, 415},
		"mkcol with a weird type and nothing": {"MKCOL", calHome + "typed/", "", []string{weird}, 201},
		"mkcol with xml": {"MKCOL", calHome + "xml/", `<D:mkcol xmlns:D="DAV:"><D:set><D:prop><D:displayname>X</D:displayname></D:prop></D:set></D:mkcol>`,
			[]string{"Content-Type: text/xml; charset=utf-8"}, 201},
	} {
		t.Run(name, func(t *testing.T) {
			run := *s
			run.t = t
			run.call(c.method, c.path, c.body, c.headers...).want(c.want)
		})
	}
}
