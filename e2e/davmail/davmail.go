// Package davmail drives DavMail, a gateway that shows Exchange mailboxes to CalDAV, CardDAV and mail clients, against a server
// of Exchange's web services. DavMail has read thousands of live servers, so that what it understands is a good likeness.
package davmail

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// jar is where Debian's package puts the program.
const jar = "/usr/share/davmail/davmail.jar"

// gateway is a DavMail under test.
type gateway struct {
	base, user, password string
	imap, smtp           int // ports
}

// start runs DavMail in front of the service at url.
func start(t *testing.T, url, user, password string) *gateway {
	t.Helper()
	testenv.Need(t, "java", jar)
	dir := t.TempDir()
	port, imap, smtp := testenv.FreePort(t), testenv.FreePort(t), testenv.FreePort(t)
	config := filepath.Join(dir, "davmail.properties")
	text := fmt.Sprintf(`davmail.server=true
davmail.mode=EWS
davmail.url=%s
davmail.caldavPort=%d
davmail.imapPort=%d
davmail.ldapPort=
davmail.popPort=
davmail.smtpPort=%d
davmail.allowRemote=false
davmail.bindAddress=127.0.0.1
davmail.disableUpdateCheck=true
davmail.logFilePath=%s
davmail.oauth.tokenFilePath=%s
log4j.logger.davmail=INFO
log4j.rootLogger=WARN
`, url, port, imap, smtp, filepath.Join(dir, "davmail.log"), filepath.Join(dir, "tokens"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	java, err := testenv.Program("java")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(java, "-Duser.home="+dir, "-jar", jar, "-server", config)
	cmd.Dir = dir
	testenv.Start(t, "davmail", cmd)
	g := &gateway{base: fmt.Sprintf("http://127.0.0.1:%d", port), user: user, password: password, imap: imap, smtp: smtp}
	testenv.Until(t, time.Minute, "DavMail listens", func() error {
		res, err := http.Get(g.base)
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return g
}

// do sends a request and returns status, address of what was made, and body.
func (g *gateway) do(t *testing.T, method, path, body string) (int, string, string) {
	t.Helper()
	if !strings.HasPrefix(path, "/users/") {
		path = "/users/" + g.user + "/" + path
	}
	req, err := http.NewRequest(method, g.base+path, strings.NewReader(strings.ReplaceAll(body, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(g.user, g.password)
	req.Header.Set("Depth", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	at := res.Header.Get("Location")
	if at == "" {
		at = path
	}
	return res.StatusCode, at, string(text)
}

// put stores a text and returns its address.
func (g *gateway) put(t *testing.T, path, text string) string {
	t.Helper()
	status, at, answer := g.do(t, "PUT", path, text)
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("PUT %s: %d %s", path, status, answer)
	}
	return at
}

// shows reads a text and demands lines, as regular expressions.
func (g *gateway) shows(t *testing.T, path string, lines ...string) {
	t.Helper()
	status, _, text := g.do(t, "GET", path, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, status, text)
	}
	for _, line := range lines {
		if !regexp.MustCompile("(?m)^" + line + "\r?$").MatchString(text) {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
}

// listed says how many members a folder has.
func (g *gateway) listed(t *testing.T, folder string) int {
	t.Helper()
	status, _, text := g.do(t, "PROPFIND", folder, `<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>`)
	if status != http.StatusMultiStatus {
		t.Fatalf("PROPFIND %s: %d %s", folder, status, text)
	}
	return strings.Count(text, "<D:href>") - 1
}

const query = `<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>` +
	`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter></C:calendar-query>`

const mkcalendar = `<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>` +
	`<D:displayname>projects</D:displayname></D:prop></D:set></C:mkcalendar>`

const zone = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
`

// calendar is a text with events in the zone.
func calendar(events ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Judge//EN\n" + zone + strings.Join(events, "") + "END:VCALENDAR\n"
}

func event(uid, summary, day, from, to, more string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20261101T080000Z\nSUMMARY:" + summary + "\nDTSTART;TZID=Europe/Berlin:" + day + "T" + from +
		"\nDTEND;TZID=Europe/Berlin:" + day + "T" + to + "\n" + more + "END:VEVENT\n"
}

// Check has DavMail live through the life of messages, events, tasks and contacts on the service at url. Every step rests on
// those before it.
func Check(t *testing.T, url, user, password string, there Letter) {
	g := start(t, url, user, password)
	messages(t, g, there)
	day := time.Now().AddDate(0, 1, 0).Format("20060102") // DavMail shows only what is not long past
	single := g.put(t, "calendar/one.ics", calendar(event("one", "Plan äöü 🎉", day, "100000", "110000", "LOCATION:Room 1\nDESCRIPTION:first\\nsecond\n")))
	g.shows(t, single, "SUMMARY:Plan äöü 🎉", `DTSTART;TZID="?Europe/Berlin"?:`+day+"T100000", "LOCATION:Room 1", `DESCRIPTION:first\\nsecond.*`, "UID:one")
	g.put(t, single, calendar(event("one", "Plan B", day, "120000", "130000", "")))
	g.shows(t, single, "SUMMARY:Plan B", `DTSTART;TZID="?Europe/Berlin"?:`+day+"T120000")
	if n := g.listed(t, "calendar/"); n != 1 {
		t.Errorf("the calendar has %d members", n)
	}
	series(t, g)
	if _, _, text := g.do(t, "REPORT", "calendar/", query); strings.Count(text, "<D:response>") != 2 {
		t.Errorf("found by a query: %s", text)
	}
	folders(t, g, single)
	contacts(t, g)
	if status, _, text := g.do(t, "DELETE", single, ""); status != http.StatusOK && status != http.StatusNotFound {
		t.Errorf("DELETE: %d %s", status, text)
	}
}

// series makes one with an exception and a deleted occurrence.
func series(t *testing.T, g *gateway) {
	t.Helper()
	rule := "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20270301T000000Z\n"
	at := g.put(t, "calendar/series.ics", calendar(event("series", "Weekly", "20270105", "100000", "110000", rule)))
	g.shows(t, at, "RRULE:FREQ=WEEKLY;.*BYDAY=TU.*UNTIL=.*")
	g.put(t, at, calendar(event("series", "Weekly", "20270105", "100000", "110000", rule+"EXDATE:20270119T090000Z\n"),
		event("series", "Moved", "20270113", "150000", "160000", "RECURRENCE-ID;TZID=Europe/Berlin:20270112T100000\n")))
	g.shows(t, at, "SUMMARY:Weekly", "SUMMARY:Moved", "EXDATE.*:20270119T100000", `DTSTART;TZID="?Europe/Berlin"?:20270113T150000`, "RECURRENCE-ID:20270112T090000Z")
}

// folders makes a calendar and moves an event there and back.
func folders(t *testing.T, g *gateway, at string) {
	t.Helper()
	todo := g.put(t, "calendar/todo.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:todo\nSUMMARY:Call\nDUE;VALUE=DATE:20270110\nPERCENT-COMPLETE:25\nSTATUS:IN-PROCESS\nEND:VTODO\nEND:VCALENDAR\n")
	g.shows(t, todo, "SUMMARY:Call", "DUE;VALUE=DATE:20270110", "PERCENT-COMPLETE:25", "STATUS:IN-PROCESS")
	if status, _, text := g.do(t, "MKCALENDAR", "calendar/projects/", mkcalendar); status != http.StatusCreated {
		t.Errorf("MKCALENDAR: %d %s", status, text)
	}
	if n := g.listed(t, "calendar/projects/"); n != 0 {
		t.Errorf("the new calendar has %d members", n)
	}
	other := g.put(t, "calendar/projects/two.ics", calendar(event("two", "There", "20270120", "090000", "100000", "")))
	g.shows(t, other, "SUMMARY:There")
	if status, _, text := g.do(t, "DELETE", other, ""); status != http.StatusOK {
		t.Errorf("DELETE: %d %s", status, text)
	}
	if status, _, _ := g.do(t, "GET", other, ""); status != http.StatusNotFound {
		t.Errorf("the deleted event: %d", status)
	}
	g.shows(t, at, "SUMMARY:Plan B")
}

func contacts(t *testing.T, g *gateway) {
	t.Helper()
	const card = "BEGIN:VCARD\nVERSION:3.0\nUID:carla\nN:Muster;Carla;;;\nFN:Carla Muster\nEMAIL;TYPE=work:carla@example.org\nTEL;TYPE=work:+43 1 234\n" +
		"ORG:Example AG\nADR;TYPE=work:;;Hauptplatz 1;Graz;;8010;Austria\nBDAY:1980-02-29\nNOTE:some note\nEND:VCARD\n"
	g.put(t, "contacts/carla.vcf", card)
	g.shows(t, "contacts/carla.vcf", "FN:Carla Muster", "N:Muster;Carla;;;", "EMAIL;.*:carla@example.org", `TEL;.*:\+43 1 234`, "ORG:Example AG.*",
		"ADR;.*:;;Hauptplatz 1;Graz;;8010;Austria", "BDAY:1980-02-29", "NOTE:some note.*")
	g.put(t, "contacts/carla.vcf", strings.Replace(card, "+43 1 234", "+43 1 567", 1))
	g.shows(t, "contacts/carla.vcf", `TEL;.*:\+43 1 567`)
	if n := g.listed(t, "contacts/"); n != 1 {
		t.Errorf("the address book has %d members", n)
	}
	if status, _, text := g.do(t, "DELETE", "contacts/carla.vcf", ""); status != http.StatusOK {
		t.Errorf("DELETE: %d %s", status, text)
	}
	if n := g.listed(t, "contacts/"); n != 0 {
		t.Errorf("after deletion the address book has %d members", n)
	}
}
