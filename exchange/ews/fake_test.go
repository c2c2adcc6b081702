package ews

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crmbridge/exchange"
	"crmbridge/internal/testclock"
	"crmbridge/remote/remotetest"
	"crmbridge/upstream"
)

// fake is a server that answers as it is told and remembers what it was asked.
type fake struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	asked []asked
	reply func(op string, n int, w http.ResponseWriter, r *http.Request) // n counts requests of the operation, from 1
	count map[string]int
}

type asked struct {
	op     string
	body   string // the operation's element
	whole  string
	header http.Header
}

var operation = regexp.MustCompile(`(?s)<s:Body>(<m:(\w+).*)</s:Body>`)

func newFake(t *testing.T, reply func(op string, n int, w http.ResponseWriter, r *http.Request)) *fake {
	t.Helper()
	f := &fake{t: t, reply: reply, count: map[string]int{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	m := operation.FindStringSubmatch(string(body))
	if m == nil {
		m = []string{"", "", "nothing"}
	}
	f.mu.Lock()
	f.asked = append(f.asked, asked{m[2], m[1], string(body), r.Header})
	f.count[m[2]]++
	n := f.count[m[2]]
	f.mu.Unlock()
	f.reply(m[2], n, w, r)
}

// of are the requests of an operation so far.
func (f *fake) of(op string) []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []asked
	for _, a := range f.asked {
		if a.op == op {
			out = append(out, a)
		}
	}
	return out
}

func (f *fake) open(s exchange.Settings) *mail {
	f.t.Helper()
	c := testclock.New()
	return f.openAt(c, s)
}

func (f *fake) openAt(c *testclock.Clock, s exchange.Settings) *mail {
	f.t.Helper()
	client := remotetest.Client(f.t, c, func(o *upstream.Options) { o.Rand = func() float64 { return 0 } })
	all := exchange.Settings{"url": f.url, "user": "ann@example.org", "password": "secret"}
	for k, v := range s {
		all[k] = v
	}
	r, err := Driver().Open(f.t.Context(), exchange.Env{HTTP: client, Now: c.Now, Log: slog.New(slog.DiscardHandler), Zone: "Europe/Oslo"}, all)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = r.Close() })
	return r.(watched).mail
}

// success is an answer whose messages are these insides; each may begin with a response code and "|" to be an error.
func success(op string, insides ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s=%q xmlns:m=%q xmlns:t=%q><s:Header><t:ServerVersionInfo MajorVersion="15"/></s:Header><s:Body><m:%sResponse><m:ResponseMessages>`, nsSOAP, nsMessages, nsTypes, op)
	for _, in := range insides {
		class, code := "Success", "NoError"
		if c, rest, ok := strings.Cut(in, "|"); ok && strings.HasPrefix(c, "Error") {
			class, code, in = "Error", c, rest
		}
		fmt.Fprintf(&b, `<m:%sResponseMessage ResponseClass=%q><m:ResponseCode>%s</m:ResponseCode>%s</m:%sResponseMessage>`, op, class, code, in, op)
	}
	fmt.Fprintf(&b, `</m:ResponseMessages></m:%sResponse></s:Body></s:Envelope>`, op)
	return b.String()
}

func send(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// soapFault is a fault with a response code and, unless it is 0, a time to stay away.
func soapFault(code string, backOff int) string {
	extra := ""
	if backOff > 0 {
		extra = fmt.Sprintf(`<t:MessageXml xmlns:t=%q><t:Value Name="BackOffMilliseconds">%d</t:Value></t:MessageXml>`, nsTypes, backOff)
	}
	return fmt.Sprintf(`<s:Envelope xmlns:s=%q><s:Body><s:Fault><faultcode xmlns:a=%q>a:%s</faultcode><faultstring xml:lang="en-US">Not now.</faultstring><detail>`+
		`<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">%s</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">Not now.</e:Message>%s</detail></s:Fault></s:Body></s:Envelope>`,
		nsSOAP, nsTypes, code, code, extra)
}

const calendarFolder = `<m:Folders><t:CalendarFolder><t:FolderId Id="CAL" ChangeKey="1"/><t:FolderClass>IPF.Appointment</t:FolderClass><t:DisplayName>Calendar</t:DisplayName></t:CalendarFolder></m:Folders>`
const taskFolder = `<m:Folders><t:TasksFolder><t:FolderId Id="TASKS" ChangeKey="1"/><t:FolderClass>IPF.Task</t:FolderClass><t:DisplayName>Tasks</t:DisplayName></t:TasksFolder></m:Folders>`
const contactFolder = `<m:Folders><t:ContactsFolder><t:FolderId Id="CONTACTS" ChangeKey="1"/><t:FolderClass>IPF.Contact</t:FolderClass><t:DisplayName>Contacts</t:DisplayName></t:ContactsFolder></m:Folders>`

// folderOf answers a GetFolder for one of the folders above.
func folderOf(body string) string {
	switch {
	case strings.Contains(body, `Id="TASKS"`):
		return taskFolder
	case strings.Contains(body, `Id="CONTACTS"`):
		return contactFolder
	}
	return calendarFolder
}

// wellFormed fails for what is no XML.
func wellFormed(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

func exchangeSettings(pairs ...string) exchange.Settings {
	out := exchange.Settings{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func replace(s, old, with string) string { return strings.ReplaceAll(s, old, with) }

// text is an element as it is written.
func text(e el) string {
	var b bytes.Buffer
	e.write(&b)
	return b.String()
}
