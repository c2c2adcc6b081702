package dav_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// manner is how a fake server does things that servers do differently.
type manner struct {
	noLog    bool // no sync-collection
	noStamp  bool // no ctag
	absolute bool // hrefs name a host behind a proxy
	escapes  bool // hrefs escape what need not be escaped
	bare     bool // no propstat around properties that are there
	few      int  // changes in one answer of the change log; 0 is all
	noTag    bool // a PUT answers no entity tag
	weak     bool // a GET answers weak tags
	forgets  bool // a multiget leaves every third item out
	v4       bool // cards in version 4.0 only
	readOnly bool
	mine     string // address of the user on a scheduling server; "" is one that mails nobody
	renames  bool   // new items get names of the server's own
}

// fake is a small calendar server in memory, with what mails it would send. It shares no code with the driver.
type fake struct {
	manner
	mu      sync.Mutex
	objects map[string]*kept // by path
	log     []string         // paths, in the order of their changes
	oldest  int              // the oldest token that is known
	version int
	mails   []string // "invite x@example.org"
	asked   map[string]int
}

type kept struct{ text, tag string }

const fakeHome = "/dav/home/"

func newFake(m manner) *fake {
	return &fake{manner: m, objects: map[string]*kept{}, asked: map[string]int{}}
}

// forgetTokens makes the change log begin here.
func (f *fake) forgetTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, "")
	f.oldest = len(f.log)
}

// put stores an object behind everybody's back, or with "" removes one.
func (f *fake) put(path, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store(path, text)
}

func (f *fake) store(path, text string) {
	f.log = append(f.log, path)
	if text == "" {
		delete(f.objects, path)
		return
	}
	f.version++
	f.objects[path] = &kept{text, fmt.Sprintf(`"v%d"`, f.version)}
}

// text is an object's; "" when there is none.
func (f *fake) text(path string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.objects[path]; o != nil {
		return o.text
	}
	return ""
}

// sent are the mails so far.
func (f *fake) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.mails)
}

// count is how many requests of a method came.
func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[method]
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[r.Method]++
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	if user, password, ok := r.BasicAuth(); r.Method != http.MethodOptions && (!ok || user != "ann" || password != "correct horse") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	classes := "1, 3, calendar-access, addressbook"
	if f.mine != "" {
		classes += ", calendar-auto-schedule"
	}
	w.Header().Set("DAV", classes)
	switch r.Method {
	case http.MethodOptions:
	case "PROPFIND":
		f.propfind(w, r)
	case "REPORT":
		f.report(w, r, body)
	case http.MethodGet:
		f.get(w, r)
	case http.MethodPut:
		f.putRequest(w, r, string(body))
	case http.MethodDelete:
		f.remove(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

const fakeHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<x:multistatus xmlns:x="DAV:" xmlns:k="urn:ietf:params:xml:ns:caldav" xmlns:p="urn:ietf:params:xml:ns:carddav" xmlns:cs="http://calendarserver.org/ns/">`

func (f *fake) answer(w http.ResponseWriter, inner string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusMultiStatus)
	_, _ = io.WriteString(w, fakeHead+inner+"</x:multistatus>")
}

func (f *fake) href(path string) string {
	if f.escapes {
		path = strings.NewReplacer("-", "%2D", "home", "ho%6de").Replace(path)
	}
	if f.absolute {
		path = "http://internal.example.org:8080" + path
	}
	return "<x:href>" + path + "</x:href>"
}

func (f *fake) response(path, props string) string {
	inner := "<x:propstat><x:prop>" + props + "</x:prop><x:status>HTTP/1.1 200 OK</x:status></x:propstat>" +
		"<x:propstat><x:prop><x:nothing/></x:prop><x:status>HTTP/1.1 404 Not Found</x:status></x:propstat>"
	if f.bare {
		inner = "<x:prop>" + props + "</x:prop>"
	}
	return "<x:response>" + f.href(path) + inner + "</x:response>"
}

func (f *fake) status(path string, code int) string {
	return "<x:response>" + f.href(path) + "<x:status>HTTP/1.1 " + strconv.Itoa(code) + " x</x:status></x:response>"
}

// collections by name, with what they take.
var fakeCollections = []struct{ name, component string }{{"events", "VEVENT"}, {"tasks", "VTODO"}, {"people", ""}}

func (f *fake) collection(name, component string) string {
	props := "<x:displayname>My " + name + "</x:displayname>"
	if component == "" {
		props += "<x:resourcetype><x:collection/><p:addressbook/></x:resourcetype>"
		if f.v4 {
			props += `<p:supported-address-data><p:address-data-type content-type="text/vcard" version="4.0"/></p:supported-address-data>`
		}
	} else {
		props += `<x:resourcetype><x:collection/><k:calendar/></x:resourcetype><k:supported-calendar-component-set><k:comp name="` + component + `"/></k:supported-calendar-component-set>`
	}
	if !f.noLog {
		props += "<x:sync-token>" + f.token() + "</x:sync-token><x:supported-report-set><x:supported-report><x:report><x:sync-collection/></x:report></x:supported-report></x:supported-report-set>"
	}
	if !f.noStamp {
		props += "<cs:getctag>" + f.token() + "</cs:getctag>"
	}
	right := "<x:privilege><x:write/></x:privilege>"
	if f.readOnly {
		right = "<x:privilege><x:read/></x:privilege>"
	}
	return f.response(fakeHome+name+"/", props+"<x:current-user-privilege-set>"+right+"</x:current-user-privilege-set>")
}

func (f *fake) token() string { return "http://fake.example.org/token/" + strconv.Itoa(len(f.log)) }

func (f *fake) propfind(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/" || path == "/.well-known/caldav":
		f.answer(w, f.response(path, "<x:current-user-principal>"+f.href("/dav/ann/")+"</x:current-user-principal>"))
	case path == "/dav/ann/":
		props := "<k:calendar-home-set>" + f.href(fakeHome) + "</k:calendar-home-set><p:addressbook-home-set>" + f.href(fakeHome) + "</p:addressbook-home-set>"
		if f.mine != "" {
			props += "<k:calendar-user-address-set><x:href>mailto:" + f.mine + "</x:href></k:calendar-user-address-set>"
		}
		f.answer(w, f.response(path, props))
	case path == fakeHome && r.Header.Get("Depth") == "1":
		out := f.response(fakeHome, "<x:resourcetype><x:collection/></x:resourcetype>")
		for _, c := range fakeCollections {
			out += f.collection(c.name, c.component)
		}
		f.answer(w, out)
	case f.objects[path] != nil:
		f.answer(w, f.response(path, "<x:getetag>"+f.objects[path].tag+"</x:getetag>"))
	default:
		f.propfindCollection(w, r)
	}
}

func (f *fake) propfindCollection(w http.ResponseWriter, r *http.Request) {
	for _, c := range fakeCollections {
		if r.URL.Path != fakeHome+c.name+"/" {
			continue
		}
		out := f.collection(c.name, c.component)
		if r.Header.Get("Depth") == "1" {
			out += f.tags(r.URL.Path, "")
		}
		f.answer(w, out)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

// tags are the versions of the members that hold a text.
func (f *fake) tags(folder, holds string) (out string) {
	for path, o := range f.objects {
		if strings.HasPrefix(path, folder) && strings.Contains(o.text, holds) {
			out += f.response(path, "<x:getetag>"+o.tag+"</x:getetag>")
		}
	}
	return out
}

func (f *fake) report(w http.ResponseWriter, r *http.Request, body []byte) {
	var q struct {
		XMLName xml.Name
		Token   string   `xml:"sync-token"`
		Hrefs   []string `xml:"href"`
	}
	if err := xml.Unmarshal(body, &q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	holds := "BEGIN:VEVENT"
	if strings.Contains(string(body), "VTODO") {
		holds = "BEGIN:VTODO"
	}
	if _, match, ok := strings.Cut(string(body), "text-match"); ok {
		_, match, _ = strings.Cut(match, ">")
		match, _, _ = strings.Cut(match, "<")
		holds = "UID:" + match
	}
	switch q.XMLName.Local {
	case "sync-collection":
		f.sync(w, r.URL.Path, q.Token)
	case "calendar-query", "addressbook-query": // whatever the time range
		f.answer(w, f.tags(r.URL.Path, holds))
	default:
		f.multiget(w, q.Hrefs)
	}
}

func (f *fake) multiget(w http.ResponseWriter, hrefs []string) {
	out := ""
	for i, h := range hrefs {
		path, _ := url.PathUnescape(h)
		o := f.objects[path]
		switch {
		case o == nil:
			out += f.status(path, 404)
		case f.forgets && i%3 == 2:
		default:
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(o.text))
			name := "k:calendar-data"
			if strings.HasSuffix(path, ".vcf") {
				name = "p:address-data"
			}
			out += f.response(path, "<x:getetag>"+o.tag+"</x:getetag><"+name+">"+b.String()+"</"+name+">")
		}
	}
	f.answer(w, out)
}

func (f *fake) sync(w http.ResponseWriter, folder, token string) {
	from, err := strconv.Atoi(strings.TrimPrefix(token, "http://fake.example.org/token/"))
	if token == "" {
		from, err = 0, nil
	}
	if f.noLog || err != nil || from < f.oldest || from > len(f.log) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>`)
		return
	}
	to := len(f.log)
	out := ""
	if f.few > 0 && to-from > f.few {
		to = from + f.few
		out = f.status(folder, http.StatusInsufficientStorage)
	}
	seen := map[string]bool{}
	for _, path := range f.log[from:to] {
		if seen[path] || !strings.HasPrefix(path, folder) {
			continue
		}
		seen[path] = true
		if o := f.objects[path]; o != nil {
			out += f.response(path, "<x:getetag>"+o.tag+"</x:getetag>")
		} else {
			out += f.status(path, 404)
		}
	}
	f.answer(w, out+"<x:sync-token>http://fake.example.org/token/"+strconv.Itoa(to)+"</x:sync-token>")
}
