package dav

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

func TestEntityTags(t *testing.T) {
	t.Parallel()
	here := state{exists: true, etag: "abc", modified: time.Date(2026, 1, 5, 9, 0, 0, 500, time.UTC)}
	for _, c := range []struct {
		name, header string
		s            state
		holds        bool
	}{
		{"If-Match", `"abc"`, here, true},
		{"If-Match", `"x", "abc"`, here, true},
		{"If-Match", `"x","y"`, here, false},
		{"If-Match", `*`, here, true},
		{"If-Match", `*`, state{}, false},
		{"If-Match", `"*"`, here, false},
		{"If-Match", `W/"abc"`, here, false},
		{"If-Match", `nothing`, here, false},
		{"If-Match", ``, here, false},
		{"If-Match", `"`, here, false},
		{"If-Match", `abc`, here, true}, // without quotes it can mean nothing else
		{"If-None-Match", `*`, here, false},
		{"If-None-Match", `*`, state{}, true},
		{"If-None-Match", `"abc"`, here, false},
		{"If-None-Match", `W/"abc"`, here, false},
		{"If-None-Match", `"x"`, here, true},
		{"If-None-Match", `nothing`, here, true},
		{"If-Unmodified-Since", "Mon, 05 Jan 2026 09:00:00 GMT", here, true},
		{"If-Unmodified-Since", "Mon, 05 Jan 2026 08:59:59 GMT", here, false},
		{"If-Unmodified-Since", "some day", here, true},
		{"If-Modified-Since", "Mon, 05 Jan 2026 09:00:00 GMT", here, true}, // says nothing about writes
	} {
		cond, err := readConditions(http.Header{http.CanonicalHeaderKey(c.name): {c.header}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cond.holds(c.s); got != c.holds {
			t.Errorf("%s: %s: %v", c.name, c.header, got)
		}
	}
	get := conditions{modifiedSince: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	if !get.notModified(here) || get.notModified(state{exists: true, modified: here.modified.Add(time.Second)}) {
		t.Error("If-Modified-Since")
	}
}

func TestIfHeader(t *testing.T) {
	t.Parallel()
	own := ifState{etag: "abc", token: ""}
	calendar := ifState{token: "urn:crmbridge:sync:x:5"}
	look := func(t target) (ifState, error) {
		if t.at == atCalendar {
			return calendar, nil
		}
		return ifState{}, nil
	}
	for _, c := range []struct {
		header    string
		ok, holds bool
	}{
		{`(["abc"])`, true, true},
		{`(["x"])`, true, false},
		{`(["x"]) (["abc"])`, true, true},
		{`(["abc"] <urn:uuid:1>)`, true, false},
		{`(Not <urn:uuid:1>)`, true, true},
		{`(Not <DAV:no-lock> ["abc"])`, true, true},
		{`(<DAV:no-lock>)`, true, false},
		{`([W/"abc"])`, true, false},
		{`(NOT["x"])`, true, true},
		{`</dav/calendars/ann/work/> (<urn:crmbridge:sync:x:5>)`, true, true},
		{`<http://here/dav/calendars/ann/work/> (<urn:crmbridge:sync:x:4>)`, true, false},
		{`<http://elsewhere/dav/calendars/ann/work/> (<urn:crmbridge:sync:x:5>)`, true, false},
		{`<http://elsewhere/> (Not ["abc"])`, true, true},
		{`</dav/calendars/ann/work/> (["x"]) (<urn:crmbridge:sync:x:5>)`, true, true},
		{``, false, false},
		{`()`, false, false},
		{`(`, false, false},
		{`([`, false, false},
		{`(["abc"`, false, false},
		{`(<>)`, false, false},
		{`([])`, false, false},
		{`(["a" "b"])`, false, false},
		{`abc`, false, false},
		{`(["abc"]) x`, false, false},
		{`(["abc"]) </dav/> (["abc"])`, false, false},
		{`</dav/>`, false, false},
		{`</dav/> </dav/> (["abc"])`, false, false},
		{`(Not)`, false, false},
		{strings.Repeat(`(["x"])`, maxIf+1), false, false},
	} {
		lists, err := parseIf(c.header, []string{"here"})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.header, err)
		}
		if err != nil {
			continue
		}
		if got, err := ifHolds(lists, own, look); got != c.holds || err != nil {
			t.Errorf("%s: %v %v", c.header, got, err)
		}
	}
}

func FuzzIfHeader(f *testing.F) {
	f.Add(`<http://h/dav/> (Not <a> ["b"]) ([W/"c"])`)
	f.Fuzz(func(t *testing.T, s string) {
		lists, err := parseIf(s, []string{"h"})
		if err == nil && len(lists) == 0 {
			t.Error("nothing and no error")
		}
		n := 0
		for _, l := range lists {
			n += len(l.conditions)
		}
		if n > maxIf {
			t.Errorf("%d conditions", n)
		}
		if _, err := readConditions(http.Header{"If-Match": {s}, "If-None-Match": {s}}, nil); err != nil && strings.Count(s, ",") < maxTags {
			t.Error(err)
		}
	})
}

// Every path that is printed reads back as the same target, and no other does.
func TestPaths(t *testing.T) {
	t.Parallel()
	segment := rapid.StringMatching(`[a-zA-Z0-9@ .+_%åß-]{1,12}`).Filter(func(s string) bool { return s != "." && s != ".." })
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]*flavor{calendars, books}).Draw(t, "flavor")
		full := target{flavor: f, at: f.objectAt, user: segment.Draw(t, "user"), slug: segment.Draw(t, "slug"), name: segment.Draw(t, "name")}
		for _, want := range []target{full, full.collection(), full.home(), {at: atHomes, flavor: f}, {at: atPrincipal, user: full.user},
			{at: atPrincipals}, {at: atRoot, top: "/"}, {at: atRoot, top: rootPath}, {at: atRoot, top: oldPath}} {
			got, ok := decodeTarget(davxml.EncodePath(want.path()), nil)
			if !ok || got != want {
				t.Fatalf("%q: %+v, want %+v", want.path(), got, want)
			}
		}
	})
	for _, path := range []string{"/x", "/davx/", "/dav/x/", "/dav/principals/a/b/", "/dav/calendars/a/b/c/", "/dav/calendars/a/b/c/d", "//", "/dav/calendars/a//c"} {
		if got, ok := decodeTarget(path, nil); ok {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestHomeTokens(t *testing.T) {
	t.Parallel()
	entry := rapid.Custom(func(t *rapid.T) homeEntry {
		return homeEntry{
			id: store.CollectionID(rapid.Int64Range(1, 1<<40).Draw(t, "id")), seq: store.Seq(rapid.Int64Range(0, 1<<50).Draw(t, "seq")),
			epoch: rapid.StringMatching(`[a-z2-7]{16}`).Draw(t, "epoch"), slug: rapid.StringMatching(`[a-zæ ]{1,9}`).Draw(t, "slug"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfNDistinct(entry, 0, 9, func(e homeEntry) store.CollectionID { return e.id }).Draw(t, "entries")
		token := homeToken(entries)
		got, err := parseHomeToken(token)
		if err != nil || homeToken(got) != token || len(got) != len(entries) {
			t.Fatalf("%v %v", got, err)
		}
	})
}

func FuzzHomeToken(f *testing.F) {
	f.Add(homeToken([]homeEntry{{1, 2, "abc", "x"}, {9, 2, "abc", "y z"}}))
	f.Fuzz(func(t *testing.T, s string) {
		entries, err := parseHomeToken(s)
		if err != nil {
			return
		}
		if again, err := parseHomeToken(homeToken(entries)); err != nil || !slices.Equal(again, entries) {
			t.Errorf("%v %v, was %v", again, err, entries)
		}
	})
}

// A row of the table of quirks each.
func TestQuirks(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, c := range []struct {
		agent  string
		family string
		bad400 bool
		flags  string // o old cards, p small photos, r REV in UTC
	}{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0", "Thunderbird", true, ""},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Betterbird/128.7.0", "Betterbird", true, ""},
		{"DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/14", "DAVx5", false, ""},
		{"Evolution/3.46.4", "Evolution", false, ""},
		{"Mozilla/5.0 (X11; Linux x86_64) KHTML/5.103 (like Gecko) Konqueror/5.0 KIO/5.103 akonadi_davgroupware_resource_0/5.22.3", "KDE", false, ""},
		{"KDE DAV groupware client", "KDE", false, ""},
		{"CalDavSynchronizer/4.4", "CalDavSynchronizer", false, "op"},
		{"vdirsyncer/0.19.3", "vdirsyncer", false, ""},
		{"iOS/17.0 (21A329) dataaccessd/1.0", "iOS", false, "op"},
		{"macOS/14.0 (23A344) CalendarAgent/988", "macOS", false, "o"},
		{"Mac OS X/10.11.6 (15G31) CalendarAgent/361.2", "macOS", false, "o"},
		{"eM Client/9.2.2038", "eM Client", false, "r"},
	} {
		got := quirksOf(c.agent)
		if got.family != c.family || got.badTokenIs400 != c.bad400 || got.oldCards != strings.Contains(c.flags, "o") ||
			got.smallPhotos != strings.Contains(c.flags, "p") || got.revInUTC != strings.Contains(c.flags, "r") {
			t.Errorf("%s: %+v", c.agent, got)
		}
		for _, row := range quirkTable {
			if strings.Contains(c.agent, row.part) {
				tested[row.part] = true
				break
			}
		}
	}
	for _, row := range quirkTable {
		if !tested[row.part] {
			t.Errorf("no test for %q", row.part)
		}
	}
	for agent, want := range map[string]string{
		"": "user:3", "curl/8.1": "user:3/curl", "Evil\r\n\x00/": "user:3/Evil", strings.Repeat("x", 99): "user:3/" + strings.Repeat("x", 40),
		"Mozilla/5.0 Thunderbird/1": "user:3/Thunderbird", "Mozilla/5.0": "user:3/Mozilla", "Mozilla/5.0 (unclosed Evil/1": "user:3/Mozilla",
		"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0 SeaMonkey/2.53.18":                        "user:3/SeaMonkey",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like (old) Gecko) Chrome/120.0 Safari/537.36 Edg/120.0": "user:3/Edg",
	} {
		if got := deviceOf("user:3", agent); got != want {
			t.Errorf("%q: %q", agent, got)
		}
	}
	if deviceOf("token:7", "curl/8") != "token:7" {
		t.Error("an app password is one device")
	}
}

// The table of properties holds each name once, and every row can be read.
func TestCatalog(t *testing.T) {
	t.Parallel()
	c := newCatalog()
	if len(c.byName) != len(c.rows) {
		t.Errorf("%d names in %d rows", len(c.byName), len(c.rows))
	}
	for _, row := range c.rows {
		if row.on == 0 || row.value == nil || row.name.Space == "" {
			t.Errorf("%v is no use", row.name)
		}
		if row.set != nil && row.on&atCollection == 0 {
			t.Errorf("%v can be set where nothing keeps it", row.name)
		}
	}
	for _, row := range reportTable() {
		if row.on == 0 || row.run == nil {
			t.Errorf("report %v", row.name)
		}
	}
	methods := methodTable()
	if len(methods) != len(methodOrder) {
		t.Error("Allow does not list every method")
	}
	for _, name := range methodOrder {
		if methods[name].run == nil {
			t.Errorf("no method %s", name)
		}
	}
}
