package dav_test

import (
	"flag"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/internal/testenv"
)

// FuzzHandler sends anything as a logged-in user. An answer has to come: never a panic, never 500, no text of an
// internal error, and what was stored is whole.
func FuzzHandler(f *testing.F) {
	add := seeds(f, 8)
	paths := []string{"/", "/dav/", "/dav/principals/ann/", calHome, bookHome, annCal, annBook, annCal + "a.ics", annBook + "a.vcf", annCal + "new.ics",
		calHome + "new/", "/dav/calendars/bob/calendar/", "/dav/%2e%2e/x", annCal + "%00", "/.well-known/caldav"}
	for _, method := range allMethods {
		for i, path := range paths {
			all := bodies()
			add(method, path, "0", "Destination", annCal+"b.ics", all[i%len(all)])
		}
	}
	for _, body := range bodies() {
		add("REPORT", annCal, "1", "If", "(<urn:x> [\"a\"]) (Not <DAV:no-lock>)", body)
		add("REPORT", annBook, "", "If-None-Match", `"a", W/"b", *`, body)
		add("PROPFIND", calHome, "1", "Prefer", "return=minimal", body)
		add("REPORT", annCal, "1", "CalDAV-Timezones", "F", body)
		add("REPORT", annCal, "infinity", "Accept-Encoding", "gzip;q=0.5, *", body)
		add("POST", annCal, "", "Prefer", "return=representation, depth-noroot", body)
		add("POST", annBook, "", "Content-Type", "text/vcard; version=4.0", body)
		add("PUT", annCal+"a.ics", "", "Prefer", "return=representation", body)
	}
	for _, accept := range []string{"text/vcard;version=4.0;q=0.5, text/vcard", "text/vcard; version=2.1", `;;"`} {
		add("GET", annBook+"a.vcf", "", "Accept", accept, "")
	}
	for _, text := range corpus(f) {
		add("PUT", annCal+"c.ics", "", "If-Match", "*", text)
		add("PUT", annBook+"c.vcf", "", "X", "", text)
	}
	s := newServer(f, dav.Limits{Object: 64 << 10, Collections: 10})
	f.Fuzz(func(t *testing.T, method, path, depth, name, value, body string) {
		if !plausible(method, path, depth, name, value) {
			t.Skip("no request that a client could send")
		}
		r := httptest.NewRequest("GET", "http://dav.test/", strings.NewReader(body))
		r.Method = method
		u, err := r.URL.Parse(path)
		if err != nil {
			t.Skip("no request that a client could send")
		}
		r.URL = u
		r.Header.Set("Depth", depth)
		r.Header.Set(name, value)
		r.SetBasicAuth("ann+fuzz", "pw")
		run := *s
		run.t = t
		var got *reply
		if took := testenv.Work(t, func() { got = run.serve(r) }); took > 2*time.Second {
			t.Fatalf("%s %s took %v", method, path, took)
		}
		if got.Status >= 500 && got.Status != 502 && got.Status != 507 {
			t.Fatalf("%s %s: %d %s", method, path, got.Status, got.Body)
		}
		if n := s.metrics.panics.Load(); n != 0 {
			t.Fatalf("%d panics", n)
		}
		checkAnswer(t, got)
	})
}

// seeds adds to a corpus: all where it is run as a test, and one of so many where it is what a short fuzzing begins with, which
// would be over before it had run them all.
func seeds(f *testing.F, every int) func(args ...any) {
	fuzzing := flag.Lookup("test.fuzz").Value.String() != ""
	n := 0
	return func(args ...any) {
		if n++; !fuzzing || n%every == 0 {
			f.Add(args...)
		}
	}
}

// plausible leaves out what net/http would not let through.
func plausible(method, path, depth, name, value string) bool {
	if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
		return false
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return false
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' }) {
		return false
	}
	switch strings.ToLower(name) {
	case "host", "authorization", "content-length", "transfer-encoding":
		return false
	}
	return !strings.ContainsAny(value+depth, "\r\n\x00")
}

// checkAnswer holds for every answer.
func checkAnswer(t *testing.T, r *reply) {
	t.Helper()
	if r.Header.Get("Content-Encoding") == "gzip" && len(r.Body) > 0 {
		r.Body = []byte(gunzip(t, r.Body))
	}
	body := string(r.Body)
	for _, internal := range []string{"store:", "dav:", "sql", "panic", "goroutine", ".go:"} {
		if r.Status >= 400 && strings.Contains(body, internal) && !strings.Contains(body, "urn:crmbridge:dav") {
			t.Fatalf("internal text %q in %s", internal, body)
		}
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/xml") && len(body) > 0 {
		parseXML(t, r.Body)
	}
	if r.Status == 405 && r.Header.Get("Allow") == "" {
		t.Fatal("405 without Allow")
	}
}

// corpus are files of other programs, where they are at hand.
func corpus(tb testing.TB) []string {
	var texts []string
	for _, pattern := range []string{"corpus/ics/*", "corpus/vcf/*"} {
		for _, name := range testenv.SharedIfThere(tb, pattern) {
			b, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			texts = append(texts, string(b))
		}
	}
	return texts
}

// TestCorpus stores every file of other programs: it is refused cleanly or comes back byte for byte.
func TestCorpus(t *testing.T) {
	t.Parallel()
	texts := corpus(t)
	if len(texts) == 0 {
		t.Skip("SKIPPED: the corpus of calendars and cards is not here (set BRIDGE_SHARED)")
	}
	s := newServer(t)
	s.call("MKCALENDAR", calHome+"all/", `<C:mkcalendar`+declarations+`><D:set><D:prop><C:supported-calendar-component-set>
		<C:comp name="VEVENT"/><C:comp name="VTODO"/><C:comp name="VJOURNAL"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`).want(201)
	stored := 0
	for _, text := range texts {
		for _, path := range []string{calHome + "all/c.ics", annBook + "c.vcf"} {
			r := s.call("PUT", path, text)
			checkAnswer(t, r)
			if r.Status >= 400 {
				r.want(403)
				continue
			}
			stored++
			if got := s.call("GET", path, "").want(200); string(got.Body) != text {
				if r.Header.Get("ETag") != "" { // RFC 9110 9.3.4
					t.Errorf("an ETag for what is not read so: %.300q", got.Body)
				}
				// A VTIMEZONE that the file lacks is added, except for those who want none.
				bare := s.call("GET", path, "", "CalDAV-Timezones: F").want(200)
				// A card without UID, FN or N gets them, and the client no ETag.
				completed := strings.HasSuffix(path, ".vcf") && r.Header.Get("ETag") == "" && keepsLines(text, string(got.Body))
				if !completed && (strings.Contains(text, "BEGIN:VTIMEZONE") || string(bare.Body) != text) {
					t.Errorf("changed: %.300q", got.Body)
				}
			}
			s.call("REPORT", calHome+"all/", calendarQuery(`<C:comp-filter name="VEVENT"><C:time-range start="20200101T000000Z" end="20300101T000000Z"/></C:comp-filter>`)).want(207)
			s.call("DELETE", path, "").want(204)
		}
	}
	if stored < 20 { // most are fragments or broken on purpose
		t.Errorf("only %d of %d files were stored", stored, len(texts))
	}
	t.Logf("%d of %d files stored", stored, len(texts))
}

// keepsLines reports that the lines of before are in after, in their order.
func keepsLines(before, after string) bool {
	for l := range strings.SplitAfterSeq(before, "\n") {
		i := strings.Index(after, l)
		if i < 0 {
			return false
		}
		after = after[i+len(l):]
	}
	return true
}
