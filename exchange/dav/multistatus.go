package dav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// Namespaces.
const (
	nsDAV      = "DAV:"
	nsCalDAV   = "urn:ietf:params:xml:ns:caldav"
	nsCardDAV  = "urn:ietf:params:xml:ns:carddav"
	nsServer   = "http://calendarserver.org/ns/"
	maxNodes   = 500_000
	maxXMLDeep = 32
)

// node is one element.
type node struct {
	name xml.Name
	attr []xml.Attr
	text string // its own, without that of elements within
	kids []*node

	raw []byte // text while it is read
}

// is compares the name.
func (n *node) is(space, local string) bool { return n.name.Space == space && n.name.Local == local }

// kid is the first element of a name within n; nil when there is none, or no n.
func (n *node) kid(space, local string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.is(space, local) {
			return k
		}
	}
	return nil
}

// trimmed is the text without blanks around; "" for no n.
func (n *node) trimmed() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}

// hrefs are those directly within n.
func (n *node) hrefs() []string {
	var out []string
	if n != nil {
		for _, k := range n.kids {
			if k.is(nsDAV, "href") && k.trimmed() != "" {
				out = append(out, k.trimmed())
			}
		}
	}
	return out
}

// holds reports an element of a name anywhere within n.
func (n *node) holds(space, local string) bool {
	if n == nil {
		return false
	}
	for _, k := range n.kids {
		if k.is(space, local) || k.holds(space, local) {
			return true
		}
	}
	return false
}

// value is an attribute; "" when there is none.
func (n *node) value(name string) string {
	for _, a := range n.attr {
		if a.Name.Space == "" && strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

var (
	errDoctype = errors.New("dav: a document type definition")
	errLarge   = errors.New("dav: more elements than the limit")
	errDeep    = errors.New("dav: elements nested too deep")
)

// readXML reads one document into a tree. A DTD is refused, so that no entity is expanded or fetched; numbers of elements and
// levels are bounded, the bytes are by who asked.
func readXML(body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	root := &node{}
	open := []*node{root}
	for count := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("dav: xml: %w", err)
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.Directive:
			return nil, errDoctype
		case xml.StartElement:
			if count++; count > maxNodes {
				return nil, errLarge
			}
			if len(open) > maxXMLDeep {
				return nil, errDeep
			}
			n := &node{name: t.Name}
			if len(t.Attr) > 0 {
				n.attr = t.Copy().Attr
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			top.text, top.raw = string(top.raw), nil
			open = open[:len(open)-1]
		case xml.CharData:
			if top != root {
				top.raw = append(top.raw, t...)
			}
		}
	}
	if len(root.kids) != 1 {
		return nil, errors.New("dav: xml: no document")
	}
	return root.kids[0], nil
}

// multistatus is a 207 answer (RFC 4918 13).
type multistatus struct {
	at        *url.URL // what was asked
	responses []response
	token     string // RFC 6578 6.4
	classes   map[string]bool
}

// response is what it says of one resource.
type response struct {
	path   string // canonical
	status int    // of the resource; 0 when only properties have one
	props  []*node
	// failed is the status of properties that are not there for another reason than that there are none of the name; 0: none.
	failed int
}

// prop is a property that was given; nil when it was not.
func (r response) prop(space, local string) *node {
	for _, p := range r.props {
		if p.is(space, local) {
			return p
		}
	}
	return nil
}

// gone reports a resource that is not there.
func (r response) gone() bool { return r.status == 404 || r.status == 410 }

// readMultistatus reads an answer whose hrefs are resolved by responsesOf.
func readMultistatus(body []byte) (multistatus, error) {
	root, err := readXML(body)
	if err != nil {
		return multistatus{}, err
	}
	if !root.is(nsDAV, "multistatus") {
		return multistatus{}, fmt.Errorf("dav: xml: %s is no multistatus", root.name.Local)
	}
	ms := multistatus{token: root.kid(nsDAV, "sync-token").trimmed()}
	for _, k := range root.kids {
		if k.is(nsDAV, "response") {
			ms.responses = append(ms.responses, readResponses(k)...)
		}
	}
	return ms, nil
}

// readResponses reads one element, which speaks of several resources when it has a status and no properties (RFC 4918 14.24).
func readResponses(n *node) []response {
	var base response
	base.status = statusCode(n.kid(nsDAV, "status").trimmed())
	for _, k := range n.kids {
		switch {
		case k.is(nsDAV, "propstat"):
			base.take(k)
		case k.is(nsDAV, "prop"):
			// Some servers leave the propstat around it out.
			base.props = append(base.props, k.kids...)
		}
	}
	var out []response
	for _, h := range n.hrefs() {
		r := base
		r.path = h
		out = append(out, r)
	}
	return out
}

// take reads a propstat. One without a status has properties that are there.
func (r *response) take(n *node) {
	switch s := statusCode(n.kid(nsDAV, "status").trimmed()); {
	case s == 0 || s >= 200 && s < 300:
		if p := n.kid(nsDAV, "prop"); p != nil {
			r.props = append(r.props, p.kids...)
		}
	case s != 404:
		r.failed = s
	}
}

// statusCode reads "HTTP/1.1 404 Not Found"; 0 when it cannot.
func statusCode(line string) int {
	f := strings.Fields(line)
	if len(f) < 2 {
		return 0
	}
	n, err := strconv.Atoi(f[1])
	if err != nil || n < 100 || n > 999 {
		return 0
	}
	return n
}

// each calls do with every resource whose href can be read.
func (ms multistatus) each(do func(r response)) {
	for _, r := range ms.responses {
		if path, ok := pathOf(ms.at, r.path); ok {
			r.path = path
			do(r)
		}
	}
}

// self is what it says of the resource that was asked, else of the first.
func (ms multistatus) self() (out response, ok bool) {
	ms.each(func(r response) {
		if !ok || strings.TrimSuffix(r.path, "/") == strings.TrimSuffix(ms.at.EscapedPath(), "/") {
			out, ok = r, true
		}
	})
	return out, ok
}
