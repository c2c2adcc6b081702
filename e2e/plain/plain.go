// Package plain looks at a DAV server and seeds it with plain HTTP requests, so that a test of a client program can play
// "somebody else changed it" and can see what the server really holds.
//
// It is no client: it discovers nothing, caches nothing and sends no preconditions. A request that fails fails the test.
package plain

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Account is one user of one server.
type Account struct {
	// Base is what a person would type into a client: the server's root, with a final slash.
	Base           string
	User, Password string
}

// Target is where a client script works.
type Target struct {
	Account
	// Calendar and Book are collection URLs with a final slash; Make makes them.
	Calendar, Book string
	// Feed is where the calendar can be had as one iCalendar file, "" when nowhere.
	Feed string
	// Peculiar holds what this server is known to do differently.
	Peculiar Peculiarities
}

// Peculiarities are deviations of other people's servers; the bridge has none.
type Peculiarities struct {
	// BookTokenStuck: a sync token that was refused on an address book is not answered 400, the one status from which
	// Thunderbird recovers.
	BookTokenStuck bool
	// NoColour: a calendar is made without the colour that was asked for.
	NoColour bool
}

// Reply is what the server said.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// OK reports a 2xx status.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Member is one resource of a collection.
type Member struct{ URL, ETag string }

// Do sends one request with the account's credentials. Header holds names and values in turn.
func (a Account) Do(tb testing.TB, method, target, body string, header ...string) Reply {
	tb.Helper()
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if a.User != "" {
		request.SetBasicAuth(a.User, a.Password)
	}
	request.Header.Set("User-Agent", "plain/1")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, target, err)
	}
	return Reply{Status: answer.StatusCode, Header: answer.Header, Body: string(text)}
}

// Put stores an item whatever was there before.
func (a Account) Put(tb testing.TB, target, text string) {
	tb.Helper()
	kind := "text/vcard; charset=utf-8"
	if strings.HasPrefix(text, "BEGIN:VCALENDAR") {
		kind = "text/calendar; charset=utf-8"
	}
	if r := a.Do(tb, http.MethodPut, target, text, "Content-Type", kind); !r.OK() {
		tb.Fatalf("PUT %s: %d %s", target, r.Status, r.Body)
	}
}

// Edit replaces old by replacement in the one item of a collection that holds it.
func (a Account) Edit(tb testing.TB, collection, old, replacement string) {
	tb.Helper()
	m, text, found := a.Find(tb, collection, old)
	if !found {
		tb.Fatalf("nothing in %s holds %q", collection, old)
	}
	a.Put(tb, m.URL, strings.ReplaceAll(text, old, replacement))
}

// Remove deletes an item or a collection whatever its state.
func (a Account) Remove(tb testing.TB, target string) {
	tb.Helper()
	if r := a.Do(tb, http.MethodDelete, target, ""); !r.OK() {
		tb.Fatalf("DELETE %s: %d %s", target, r.Status, r.Body)
	}
}

// Members lists a collection.
func (a Account) Members(tb testing.TB, collection string) []Member {
	tb.Helper()
	r := a.Do(tb, "PROPFIND", collection,
		`<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>`,
		"Depth", "1", "Content-Type", "application/xml; charset=utf-8")
	if r.Status != http.StatusMultiStatus {
		tb.Fatalf("PROPFIND %s: %d %s", collection, r.Status, r.Body)
	}
	var list struct {
		Responses []struct {
			Href     string `xml:"DAV: href"`
			Propstat []struct {
				ETag       string    `xml:"DAV: prop>getetag"`
				Collection *struct{} `xml:"DAV: prop>resourcetype>collection"`
			} `xml:"DAV: propstat"`
		} `xml:"DAV: response"`
	}
	if err := xml.Unmarshal([]byte(r.Body), &list); err != nil {
		tb.Fatalf("PROPFIND %s: %v\n%s", collection, err, r.Body)
	}
	base, err := url.Parse(collection)
	if err != nil {
		tb.Fatal(err)
	}
	var members []Member
	for _, response := range list.Responses {
		member, folder := Member{}, false
		for _, p := range response.Propstat {
			member.ETag += p.ETag
			folder = folder || p.Collection != nil
		}
		href, err := base.Parse(response.Href)
		if err != nil {
			tb.Fatalf("PROPFIND %s: href: %v", collection, err)
		}
		if member.URL = href.String(); !folder {
			members = append(members, member)
		}
	}
	return members
}

// Find returns the first item of a collection whose unfolded text holds text.
func (a Account) Find(tb testing.TB, collection, text string) (Member, string, bool) {
	tb.Helper()
	for _, m := range a.Members(tb, collection) {
		// An item that has gone since it was listed is none.
		if r := a.Do(tb, http.MethodGet, m.URL, ""); r.Status == http.StatusOK && strings.Contains(Unfold(r.Body), text) {
			return m, r.Body, true
		}
	}
	return Member{}, "", false
}

// Text is the unfolded text of the first item that holds text, "" when there is none.
func (a Account) Text(tb testing.TB, collection, text string) string {
	tb.Helper()
	_, found, _ := a.Find(tb, collection, text)
	return Unfold(found)
}

// Realm is the realm of the server's Basic challenge for a URL.
func (a Account) Realm(tb testing.TB, target string) string {
	tb.Helper()
	r := Account{}.Do(tb, "PROPFIND", target, "", "Depth", "0")
	if m := challenge.FindStringSubmatch(r.Header.Get("WWW-Authenticate")); m != nil {
		return m[1]
	}
	return ""
}

var challenge = regexp.MustCompile(`realm="([^"]*)"`)

// MakeCalendar makes a calendar for events and tasks.
func (a Account) MakeCalendar(tb testing.TB, target, name string) {
	tb.Helper()
	r := a.Do(tb, "MKCALENDAR", target, `<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>
<D:displayname>`+name+`</D:displayname><A:calendar-color>#3377AAFF</A:calendar-color>
<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>`, "Content-Type", "application/xml; charset=utf-8")
	if r.Status != http.StatusCreated {
		tb.Fatalf("MKCALENDAR %s: %d %s", target, r.Status, r.Body)
	}
}

// MakeBook makes an address book.
func (a Account) MakeBook(tb testing.TB, target, name string) {
	tb.Helper()
	r := a.Do(tb, "MKCOL", target, `<?xml version="1.0" encoding="utf-8"?>
<D:mkcol xmlns:D="DAV:" xmlns:B="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:displayname>`+name+`</D:displayname>
<D:resourcetype><D:collection/><B:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`,
		"Content-Type", "application/xml; charset=utf-8")
	if r.Status != http.StatusCreated {
		tb.Fatalf("MKCOL %s: %d %s", target, r.Status, r.Body)
	}
}

// Make makes the target's two collections.
func (t Target) Make(tb testing.TB) {
	tb.Helper()
	t.MakeCalendar(tb, t.Calendar, "Work")
	t.MakeBook(tb, t.Book, "Contacts")
}
