package dav_test

import (
	"strings"
	"testing"
)

// RFC 5995: the server names what is posted to a collection.
func TestAddMember(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if got := s.propfind(annCal, 0, "D:add-member").at(annCal).found["add-member"].child(nsD, "href"); got.Text != annCal {
		t.Fatalf("add-member is %+v", got)
	}
	s.put(annCal+"taken.ics", event("other", "Another UID"))
	evil := `../../x?a#b%2f` + strings.Repeat("u", 300)
	for name, c := range map[string]struct {
		at, text string
		prefix   string // of the name; "" for one that is made
	}{
		"uid":      {annCal, event("plain-1@example.org", "A"), "plain-1@example.org.ics"},
		"strange":  {annCal, event(evil, "B"), ""},
		"dots":     {annCal, event("..", "C"), ""},
		"taken":    {annCal, event("taken", "D"), ""},
		"umlaut":   {annCal, event("ü", "E"), ""},
		"a card":   {annBook, card("ada", "Ada Example"), "ada.vcf"},
		"card urn": {annBook, card("urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "Bo Example"), ""},
	} {
		r := s.call("POST", c.at, c.text).want(201)
		to := r.Header.Get("Location")
		if !strings.HasPrefix(to, c.at) || strings.Count(to, "/") != 5 || strings.Contains(to, "..") || len(to) > 200 ||
			c.prefix != "" && to != c.at+c.prefix {
			t.Errorf("%s: Location %q", name, to)
		}
		got := s.call("GET", to, "").want(200)
		if string(got.Body) != c.text || got.etag() != r.etag() {
			t.Errorf("%s: %s %q", name, got.Header, got.Body)
		}
	}
	if r := s.call("GET", annCal+"taken.ics", "").want(200); !strings.Contains(string(r.Body), "UID:other") {
		t.Errorf("it was written over: %s", r.Body)
	}
}

// The preconditions of PUT hold (RFC 4791 5.3.2.1, RFC 6352 6.3.2.1).
func TestAddMemberPreconditions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"there.ics", event("there", "A"))
	for name, c := range map[string]struct {
		at, text, header string
		status           int
		space, condition string
	}{
		"same uid":       {annCal, event("there", "B"), "", 403, nsC, "no-uid-conflict"},
		"wrong kind":     {annTasks, event("x", "B"), "", 403, nsC, "supported-calendar-component"},
		"no calendar":    {annCal, "rubbish", "", 403, nsC, "valid-calendar-data"},
		"wrong type":     {annCal, event("x", "B"), "Content-Type: application/xml", 403, nsC, "supported-calendar-data"},
		"not there":      {calHome + "none/", event("x", "B"), "", 409, "urn:crmbridge:dav", "message"},
		"if-match":       {annCal, event("x", "B"), `If-Match: "e"`, 412, "urn:crmbridge:dav", "message"},
		"old sync token": {annCal, event("x", "B"), `If: (<urn:crmbridge:sync:old:1>)`, 412, "urn:crmbridge:dav", "message"},
	} {
		headers := []string{}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		r := s.call("POST", c.at, c.text, headers...)
		if r.Status != c.status {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
			continue
		}
		r.condition(c.space, c.condition)
		if r.Header.Get("Location") != "" {
			t.Errorf("%s: Location of nothing", name)
		}
	}
	s.call("POST", annCal, event("new", "B"), "If-None-Match: *").want(201)
	s.setReadOnly(annCal)
	s.call("POST", annCal, event("x", "B")).want(403).condition(nsD, "need-privileges")
	for _, path := range []string{"/", "/dav/principals/ann/", calHome, annCal + "there.ics"} {
		s.call("POST", path, event("x", "B")).want(405)
	}
}
