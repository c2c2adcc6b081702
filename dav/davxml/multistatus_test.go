package davxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// answer is a multistatus as encoding/xml's Unmarshal sees it: a reader that shares nothing with this package.
type answer struct {
	XMLName   xml.Name `xml:"DAV: multistatus"`
	Responses []struct {
		Hrefs     []string `xml:"DAV: href"`
		Propstats []struct {
			Props  inner       `xml:"DAV: prop"`
			Status string      `xml:"DAV: status"`
			Error  *conditions `xml:"DAV: error"`
			Text   string      `xml:"DAV: responsedescription"`
		} `xml:"DAV: propstat"`
		Status string      `xml:"DAV: status"`
		Error  *conditions `xml:"DAV: error"`
		Text   string      `xml:"DAV: responsedescription"`
	} `xml:"DAV: response"`
	Text  string `xml:"DAV: responsedescription"`
	Token string `xml:"DAV: sync-token"`
}

type inner struct {
	Props []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

type conditions struct {
	Names []struct {
		XMLName xml.Name
		Href    string `xml:"DAV: href"`
	} `xml:",any"`
}

func readAnswer(t testing.TB, doc []byte) answer {
	t.Helper()
	var a answer
	if err := xml.Unmarshal(doc, &a); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return a
}

// TestMultiStatus prints one of each and reads it with another parser.
func TestMultiStatus(t *testing.T) {
	t.Parallel()
	ics := "BEGIN:VCALENDAR\r\nSUMMARY:a < b & \"c\" ]]> Büro\x0b\r\nEND:VCALENDAR\r\n"
	var out bytes.Buffer
	ms := NewMultiStatus(&out)
	found := AppendText(nil, D("getetag"), `"1-a"`)
	found = AppendText(found, C("calendar-data"), []byte(ics))
	missing := AppendEmpty(nil, xml.Name{Space: "urn:x", Local: "unknown"})
	ms.Response("/dav/calendars/ann@example.org/Büro & Co/a b.ics")
	ms.Propstat(200, found)
	ms.Propstat(404, missing)
	ms.Propstat(403, nil)
	must(t, ms.EndResponse())
	must(t, ms.Gone("/dav/gone.ics", 404))
	must(t, ms.Item(NewDir("/dav/R&D/"), "x&y/ü.ics", found))
	ms.ResponseHref("http://elsewhere.example.org/a?b&c")
	ms.Status(507)
	ms.Error(Condition{Name: D("number-of-matches-within-limits")}, Condition{Name: C("no-uid-conflict"), Content: AppendHref(nil, "/o & p")})
	ms.Description("cut short")
	must(t, ms.EndResponse())
	ms.Response("/dav/patched/")
	ms.PropstatError(409, AppendEmpty(nil, D("getetag")), []Condition{{Name: D("cannot-modify-protected-property")}}, "no")
	must(t, ms.EndResponse())
	ms.Response("/dav/bare/")
	must(t, ms.EndResponse())
	ms.Description("all told")
	ms.SyncToken("urn:sync:1:2")
	must(t, ms.End())

	a := readAnswer(t, out.Bytes())
	if len(a.Responses) != 6 || a.Token != "urn:sync:1:2" || a.Text != "all told" {
		t.Fatalf("%+v", a)
	}
	first := a.Responses[0]
	if got, want := first.Hrefs, []string{"/dav/calendars/ann@example.org/B%C3%BCro%20&%20Co/a%20b.ics"}; !reflect.DeepEqual(got, want) {
		t.Errorf("href %q, want %q", got, want)
	}
	if len(first.Propstats) != 2 || first.Propstats[0].Status != "HTTP/1.1 200 OK" || first.Propstats[1].Status != "HTTP/1.1 404 Not Found" {
		t.Fatalf("%+v", first.Propstats)
	}
	props := first.Propstats[0].Props.Props
	if props[0].XMLName != D("getetag") || props[0].Text != `"1-a"` {
		t.Errorf("etag %+v", props[0])
	}
	if want := strings.ReplaceAll(ics, "\x0b", ""); props[1].XMLName != C("calendar-data") || props[1].Text != want {
		t.Errorf("calendar-data %q, want %q", props[1].Text, want)
	}
	if name := first.Propstats[1].Props.Props[0].XMLName; name != (xml.Name{Space: "urn:x", Local: "unknown"}) {
		t.Errorf("missing property %v", name)
	}
	if r := a.Responses[1]; r.Status != "HTTP/1.1 404 Not Found" || r.Hrefs[0] != "/dav/gone.ics" || len(r.Propstats) != 0 {
		t.Errorf("deleted member %+v", r)
	}
	if r := a.Responses[2]; r.Hrefs[0] != "/dav/R&D/x&y%2F%C3%BC.ics" || len(r.Propstats) != 1 {
		t.Errorf("item %+v", r)
	}
	cut := a.Responses[3]
	if cut.Status != "HTTP/1.1 507 Insufficient Storage" || cut.Text != "cut short" || cut.Hrefs[0] != "http://elsewhere.example.org/a?b&c" {
		t.Errorf("truncation %+v", cut)
	}
	if c := cut.Error.Names; len(c) != 2 || c[0].XMLName != D("number-of-matches-within-limits") || c[1].XMLName != C("no-uid-conflict") || c[1].Href != "/o%20&%20p" {
		t.Errorf("conditions %+v", c)
	}
	if ps := a.Responses[4].Propstats[0]; ps.Status != "HTTP/1.1 409 Conflict" || ps.Error.Names[0].XMLName != D("cannot-modify-protected-property") || ps.Text != "no" {
		t.Errorf("refused property %+v", ps)
	}
	// RFC 4918 14.24: a response without a status has at least one propstat.
	if ps := a.Responses[5].Propstats; len(ps) != 1 || ps[0].Status != "HTTP/1.1 200 OK" {
		t.Errorf("empty response %+v", ps)
	}
}

func TestMultiStatusEmpty(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	must(t, NewMultiStatus(&out).End())
	if a := readAnswer(t, out.Bytes()); len(a.Responses) != 0 {
		t.Errorf("%+v", a)
	}
}

// TestMultiStatusText fixes the bytes: clients that look at text rather than XML are used to these.
func TestMultiStatusText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ms := NewMultiStatus(&out)
	must(t, ms.Item("/c/", "a.ics", AppendText(nil, D("getetag"), `"1"`)))
	ms.SyncToken("urn:1")
	must(t, ms.End())
	want := `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/" xmlns:ICAL="http://apple.com/ns/ical/">` +
		`<D:response><D:href>/c/a.ics</D:href><D:propstat><D:prop><D:getetag>"1"</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>` +
		`<D:sync-token>urn:1</D:sync-token></D:multistatus>` + "\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

// TestMultiStatusStreams shows that an answer of any length holds little memory and reaches the writer on the way.
func TestMultiStatusStreams(t *testing.T) {
	t.Parallel()
	var w chunks
	ms := NewMultiStatus(&w)
	props := AppendText(nil, D("getetag"), `"0123456789abcdef"`)
	for i := range 20_000 {
		must(t, ms.Item("/dav/calendars/ann/work/", fmt.Sprintf("%08d.ics", i), props))
		if cap(ms.buf) > 2*flushAt {
			t.Fatalf("buffer of %d after %d responses", cap(ms.buf), i)
		}
	}
	must(t, ms.End())
	if w.writes < 50 || w.biggest > flushAt+1024 {
		t.Errorf("%d writes, the biggest %d", w.writes, w.biggest)
	}
	if a := readAnswer(t, w.all.Bytes()); len(a.Responses) != 20_000 || a.Responses[19_999].Hrefs[0] != "/dav/calendars/ann/work/00019999.ics" {
		t.Errorf("%d responses", len(a.Responses))
	}
}

type chunks struct {
	all             bytes.Buffer
	writes, biggest int
}

func (c *chunks) Write(p []byte) (int, error) {
	c.writes++
	c.biggest = max(c.biggest, len(p))
	return c.all.Write(p)
}

// TestMultiStatusAllocations: a listing of ETags costs no allocation per response.
func TestMultiStatusAllocations(t *testing.T) {
	ms := NewMultiStatus(io.Discard)
	scratch := make([]byte, 0, 1024)
	etag, ics := []byte(`"1234567890abcdef"`), bytes.Repeat([]byte("SUMMARY:Büro & Co\r\n"), 100)
	unknown := xml.Name{Space: "urn:x", Local: "unknown"}
	for range 100 {
		printListed(t, ms, &scratch, etag, ics, unknown)
	}
	if n := testing.AllocsPerRun(1000, func() { printListed(t, ms, &scratch, etag, ics, unknown) }); n != 0 {
		t.Errorf("%v allocations per response", n)
	}
}

func printListed(t testing.TB, ms *MultiStatus, scratch *[]byte, etag, ics []byte, unknown xml.Name) {
	props := AppendText((*scratch)[:0], D("getetag"), etag)
	props = AppendText(props, C("calendar-data"), ics)
	props = AppendNames(props, D("resourcetype"))
	props = AppendHrefs(props, D("owner"), "/dav/principals/ann@example.org/")
	props = AppendEmpty(props, C("comp"), xml.Attr{Name: xml.Name{Local: "name"}, Value: "VEVENT"})
	ms.ResponseIn("/dav/calendars/ann/work/", "Büro 7f.ics")
	ms.Propstat(200, props)
	ms.Propstat(404, AppendEmpty(props[len(props):], unknown))
	must(t, ms.EndResponse())
	*scratch = props
}

// TestMultiStatusWriteError: after a failed write nothing more is written and every call that can says so.
func TestMultiStatusWriteError(t *testing.T) {
	t.Parallel()
	w := &failing{after: 1}
	ms := NewMultiStatus(w)
	big := AppendText(nil, D("displayname"), strings.Repeat("x", flushAt))
	must(t, ms.Item("/c/", "1", big))
	for range 2 {
		if err := ms.Item("/c/", "2", big); !errors.Is(err, errWrite) {
			t.Fatalf("%v", err)
		}
	}
	if err := ms.End(); !errors.Is(err, errWrite) || w.calls != 2 {
		t.Errorf("%v after %d writes", err, w.calls)
	}
	var out bytes.Buffer
	ms.Reset(&out)
	must(t, ms.Item("/c/", "3", nil))
	must(t, ms.End())
	if a := readAnswer(t, out.Bytes()); len(a.Responses) != 1 || a.Responses[0].Hrefs[0] != "/c/3" {
		t.Errorf("after Reset: %+v", a)
	}
}

var errWrite = errors.New("broken pipe")

type failing struct{ after, calls int }

func (f *failing) Write(p []byte) (int, error) {
	if f.calls++; f.calls > f.after {
		return 0, errWrite
	}
	return len(p), nil
}

// TestMultiStatusAnything prints random answers and reads them with the other parser.
func TestMultiStatusAnything(t *testing.T) {
	t.Parallel()
	type item struct {
		path, text string
		code       int
		name       xml.Name
	}
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOf(rapid.Custom(func(rt *rapid.T) item {
			name := genName().Draw(rt, "name")
			return item{
				path: "/" + rapid.String().Draw(rt, "path"), text: genText().Draw(rt, "text"),
				code: rapid.SampledFrom([]int{200, 404, 403, 507}).Draw(rt, "code"), name: name,
			}
		})).Draw(rt, "items")
		var out bytes.Buffer
		ms := NewMultiStatus(&out)
		for _, it := range items {
			ms.Response(it.path)
			ms.Propstat(it.code, AppendText(nil, it.name, it.text))
			if err := ms.EndResponse(); err != nil {
				rt.Fatal(err)
			}
		}
		if err := ms.End(); err != nil {
			rt.Fatal(err)
		}
		var a answer
		if err := xml.Unmarshal(out.Bytes(), &a); err != nil {
			rt.Fatalf("%v\n%s", err, out.Bytes())
		}
		if len(a.Responses) != len(items) {
			rt.Fatalf("%d responses, want %d", len(a.Responses), len(items))
		}
		for i, it := range items {
			r := a.Responses[i]
			p := r.Propstats[0].Props.Props[0]
			if r.Hrefs[0] != EncodePath(it.path) || p.XMLName != it.name || p.Text != it.text {
				rt.Fatalf("%+v became %+v", it, r)
			}
		}
	})
}

// TestAppendError reads error documents back.
func TestAppendError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		doc  []byte
		want []xml.Name
	}{
		{AppendError(nil, Condition{Name: C("valid-calendar-data")}), []xml.Name{C("valid-calendar-data")}},
		{AppendError(nil, Condition{Name: CR("no-uid-conflict"), Content: AppendHref(nil, "/a b")}, Condition{Name: D("need-privileges")}),
			[]xml.Name{CR("no-uid-conflict"), D("need-privileges")}},
		{AppendError(nil, (&Precondition{Name: D("valid-sync-token")}).Condition()), []xml.Name{D("valid-sync-token")}},
		{AppendError(nil), []xml.Name{}},
	} {
		root, err := Parse(bytes.NewReader(tt.doc), Limits{})
		if err != nil || root.Name != D("error") || !reflect.DeepEqual(root.Names(), tt.want) {
			t.Errorf("%v\n%s", err, tt.doc)
		}
	}
	doc := AppendError(nil, Condition{Name: C("no-uid-conflict"), Content: AppendHref(nil, "/a b")})
	root, err := Parse(bytes.NewReader(doc), Limits{})
	must(t, err)
	if href := root.Child(C("no-uid-conflict")).Child(D("href")); href == nil || href.Value() != "/a%20b" {
		t.Errorf("%s", doc)
	}
}

// TestAppendStatus: the text is fixed, whatever the code.
func TestAppendStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		200: "HTTP/1.1 200 OK", 201: "HTTP/1.1 201 Created", 204: "HTTP/1.1 204 No Content",
		403: "HTTP/1.1 403 Forbidden", 404: "HTTP/1.1 404 Not Found", 409: "HTTP/1.1 409 Conflict",
		412: "HTTP/1.1 412 Precondition Failed", 424: "HTTP/1.1 424 Failed Dependency",
		507: "HTTP/1.1 507 Insufficient Storage", 599: "HTTP/1.1 599 Status",
	} {
		if got := string(AppendStatus(nil, code)); got != "<D:status>"+want+"</D:status>" {
			t.Errorf("%d: %s", code, got)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
