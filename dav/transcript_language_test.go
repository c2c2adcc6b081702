package dav_test

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crmbridge/store"
)

// The lines that say what a client needs of an answer. HREF is a path, or * for every response there is; P is a property
// with a prefix of shownSpaces; TEXT goes to the end of the line.
//
//	header NAME = TEXT | header NAME has TEXT | header NAME lacks TEXT | header NAME absent
//	body = TEXT | body has TEXT | body lacks TEXT | body empty
//	error P                    the body is a DAV:error with that condition
//	only HREF...               these responses and no other, in any order
//	HREF has P...              these properties were found
//	HREF lacks P...            these were asked for and are reported as not found
//	HREF P = TEXT              the property's text
//	HREF P has TEXT            … holds that text
//	HREF P holds P...          elements somewhere in the property
//	HREF P href = TEXT         the property's one href
//	HREF status = TEXT         the status of the whole response, letter by letter
//	token moved | token same   the answer's sync token, compared with the last one seen
//	reports N                  so many conflict reports there are
//	report mine has TEXT       the newest report's version (base, mine, theirs) holds that text
//	report theirs empty        … is a deletion, or not known
var shownSpaces = map[string]string{"D": nsD, "C": nsC, "CR": nsCR, "CS": nsCS, "I": nsICAL}

func davName(local string) xml.Name { return xml.Name{Space: nsD, Local: local} }

// propName reads a prefixed name.
func propName(t testing.TB, text string) xml.Name {
	t.Helper()
	prefix, local, ok := strings.Cut(text, ":")
	if space := shownSpaces[prefix]; ok && space != "" {
		return xml.Name{Space: space, Local: local}
	}
	t.Fatalf("%q is no property", text)
	return xml.Name{}
}

// answered is an answer in a transcript, with what was asked.
type answered struct {
	*reply
	request   *http.Request
	asked     string
	token     string // the one before
	root      *node  // nil without XML
	responses []answeredResponse
	conflicts func() []store.Conflict
}

type answeredResponse struct {
	href, status string
	order        []string // the statuses of the propstats
	found        map[xml.Name]*node
	missing      []xml.Name // with 404
	other        []xml.Name // with another status
}

// read parses a body of XML.
func (a *answered) read() {
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/xml") || len(a.Body) == 0 {
		return
	}
	a.root = parseXML(a.t, a.Body)
	for _, el := range a.root.all(nsD, "response") {
		r := answeredResponse{href: el.child(nsD, "href").Text, found: map[xml.Name]*node{}}
		if s := el.child(nsD, "status"); s != nil {
			r.status = s.Text
		}
		for _, stat := range el.all(nsD, "propstat") {
			status := stat.child(nsD, "status").Text
			r.order = append(r.order, status)
			for _, p := range stat.child(nsD, "prop").Children {
				switch status {
				case "HTTP/1.1 200 OK":
					r.found[p.Name] = p
				case "HTTP/1.1 404 Not Found":
					r.missing = append(r.missing, p.Name)
				default:
					r.other = append(r.other, p.Name)
				}
			}
		}
		a.responses = append(a.responses, r)
	}
}

// checkStatus compares with one or several statuses.
func (a *answered) checkStatus(wanted string) {
	a.t.Helper()
	if !slices.Contains(strings.Split(wanted, "|"), strconv.Itoa(a.Status)) {
		a.t.Fatalf("%s: status %d, want %s\n%s", a.what, a.Status, wanted, a.Body)
	}
}

// statusText is what Outlook CalDav Synchronizer reads a status with.
var statusText = regexp.MustCompile(`^HTTP/1\.1 \d\d\d [A-Z][A-Za-z -]+$`)

// checkShape checks what all clients need of every answer: the spelling of statuses, what is found first, paths that are
// absolute and no full addresses, collections that end in a slash, strong entity tags, and a word about every property.
func (a *answered) checkShape() {
	a.t.Helper()
	if a.Status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `Basic realm="`) {
		a.t.Errorf("a challenge without Basic: %v", a.Header)
	}
	if tag := a.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, `"`) {
		a.t.Errorf("the ETag %s is not strong", tag)
	}
	if a.root == nil {
		return
	}
	for _, href := range descendants(a.root, davName("href")) {
		if foreign := strings.Contains(href.Text, ":") && !strings.HasPrefix(href.Text, "http"); !foreign && !strings.HasPrefix(href.Text, "/") {
			a.t.Errorf("href %q is no absolute path", href.Text)
		}
	}
	wanted := a.wanted()
	for _, r := range a.responses {
		for _, name := range wanted {
			if r.found[name] == nil && !slices.Contains(r.missing, name) && !slices.Contains(r.other, name) {
				a.t.Errorf("%s: not a word about %s", r.href, name.Local)
			}
		}
		for _, status := range append(slices.Clone(r.order), r.status) {
			if status != "" && !statusText.MatchString(status) {
				a.t.Errorf("%s: status %q", r.href, status)
			}
		}
		if i := slices.Index(r.order, "HTTP/1.1 200 OK"); i > 0 {
			a.t.Errorf("%s: what was found comes after %q", r.href, r.order[0])
		}
		if kind := r.found[davName("resourcetype")]; kind.child(nsD, "collection") != nil && !strings.HasSuffix(r.href, "/") {
			a.t.Errorf("the collection %s does not end in a slash", r.href)
		}
		if tag := r.found[davName("getetag")]; tag != nil && (len(tag.Text) < 3 || !strings.HasPrefix(tag.Text, `"`)) {
			a.t.Errorf("%s: getetag %s", r.href, tag.Text)
		}
	}
}

// wanted are the properties about which a PROPFIND has to be told something, each of them: none when it asked to leave out
// what is missing (RFC 7240, and the Brief header that Apple's programs send).
func (a *answered) wanted() (names []xml.Name) {
	if a.request.Method != "PROPFIND" || a.asked == "" || a.request.Header.Get("Brief") != "" || a.request.Header.Get("Prefer") != "" {
		return nil
	}
	if props := parseXML(a.t, []byte(a.asked)).child(nsD, "prop"); props != nil {
		for _, p := range props.Children {
			names = append(names, p.Name)
		}
	}
	return names
}

// check checks one line.
func (a *answered) check(line string) {
	a.t.Helper()
	subject, rest, _ := strings.Cut(line, " ")
	switch {
	case subject == "header":
		name, rest, _ := strings.Cut(rest, " ")
		a.compare(line, a.Header.Get(name), rest)
	case subject == "body":
		a.compare(line, strings.ReplaceAll(string(a.Body), "\r\n", "\n"), rest)
	case subject == "error":
		name := propName(a.t, rest)
		a.condition(name.Space, name.Local)
	case subject == "only":
		a.checkOnly(strings.Fields(rest))
	case subject == "token":
		now := a.root.child(nsD, "sync-token")
		if now == nil || now.Text == "" || (now.Text == a.token) != (rest == "same") {
			a.t.Errorf("%s: before %q, now %v", line, a.token, now)
		}
	case subject == "reports":
		if n := len(a.conflicts()); strconv.Itoa(n) != rest {
			a.t.Errorf("%s: there are %d", line, n)
		}
	case subject == "report":
		a.checkReport(line, rest)
	case subject == "*" || strings.HasPrefix(subject, "/"):
		a.checkResponses(line, subject, rest)
	default:
		a.t.Fatalf("what is %q?", line)
	}
}

// compare checks one text: "= TEXT", "has TEXT", "lacks TEXT", "absent" or "empty".
func (a *answered) compare(line, got, how string) {
	a.t.Helper()
	how, want, _ := strings.Cut(how, " ")
	ok := false
	switch how {
	case "=":
		ok = got == want
	case "has":
		ok = strings.Contains(got, want)
	case "lacks":
		ok = !strings.Contains(got, want)
	case "absent", "empty":
		ok = got == ""
	default:
		a.t.Fatalf("what is %q?", line)
	}
	if !ok {
		a.t.Errorf("%s: got %q", line, got)
	}
}

func (a *answered) checkOnly(want []string) {
	a.t.Helper()
	var got []string
	for _, r := range a.responses {
		got = append(got, r.href)
	}
	slices.Sort(got)
	slices.Sort(want)
	if a.root == nil || !slices.Equal(got, want) {
		a.t.Errorf("responses for %v, want %v", got, want)
	}
}

func (a *answered) checkReport(line, rest string) {
	a.t.Helper()
	all := a.conflicts()
	if len(all) == 0 {
		a.t.Errorf("%s: there is no report", line)
		return
	}
	side, how, _ := strings.Cut(rest, " ")
	texts := map[string][]byte{"base": all[0].Base, "mine": all[0].Mine, "theirs": all[0].Theirs}
	text, known := texts[side]
	if !known {
		a.t.Fatalf("what is %q?", line)
	}
	a.compare(line, string(text), how)
}

// checkResponses checks a line about one response or about all.
func (a *answered) checkResponses(line, href, rest string) {
	a.t.Helper()
	n := 0
	for i := range a.responses {
		if r := &a.responses[i]; href == "*" || r.href == href {
			n++
			a.checkResponse(line, r, rest)
		}
	}
	if n == 0 {
		a.t.Errorf("%s: there is no such response", line)
	}
}

func (a *answered) checkResponse(line string, r *answeredResponse, rest string) {
	a.t.Helper()
	subject, how, _ := strings.Cut(rest, " ")
	switch subject {
	case "has", "lacks":
		for _, p := range strings.Fields(how) {
			name := propName(a.t, p)
			if subject == "has" && r.found[name] == nil || subject == "lacks" && !slices.Contains(r.missing, name) {
				a.t.Errorf("%s: of %s not so: found %v, missing %v", line, p, names(r.found), r.missing)
			}
		}
		return
	case "status":
		a.compare(line, r.status, how)
		return
	}
	p := r.found[propName(a.t, subject)]
	if p == nil {
		a.t.Errorf("%s: %s has it not: %v", line, r.href, names(r.found))
		return
	}
	verb, rest, _ := strings.Cut(how, " ")
	switch verb {
	case "holds":
		for _, name := range strings.Fields(rest) {
			if len(descendants(p, propName(a.t, name))) == 0 {
				a.t.Errorf("%s: no %s in it", line, name)
			}
		}
	case "href":
		hrefs := descendants(p, davName("href"))
		if len(hrefs) != 1 {
			a.t.Errorf("%s: %d hrefs", line, len(hrefs))
			return
		}
		a.compare(line, hrefs[0].Text, rest)
	default:
		a.compare(line, p.whole(), how)
	}
}

// whole is the text of an element, and of the attributes and elements in it.
func (n *node) whole() string {
	text := n.Text
	for _, c := range n.Children {
		for _, attr := range c.Attrs {
			text += " " + attr.Name.Local + "=" + attr.Value
		}
		text += c.whole()
	}
	return text
}

// descendants are the elements of a name below n.
func descendants(n *node, name xml.Name) (out []*node) {
	for _, c := range n.Children {
		if c.Name == name {
			out = append(out, c)
		}
		out = append(out, descendants(c, name)...)
	}
	return out
}

func names(found map[xml.Name]*node) (out []string) {
	for name := range found {
		out = append(out, name.Local)
	}
	slices.Sort(out)
	return out
}
