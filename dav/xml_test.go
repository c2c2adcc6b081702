package dav_test

import (
	"bytes"
	"encoding/xml"
	"testing"
)

// node is parsed XML.
type node struct {
	Name     xml.Name
	Attrs    []xml.Attr
	Children []*node
	Text     string
}

func parseXML(t testing.TB, b []byte) *node {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	var stack []*node
	for {
		tok, err := d.Token()
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, b)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{Name: tok.Name}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					n.Attrs = append(n.Attrs, a)
				}
			}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.Children = append(top.Children, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 {
				return stack[0]
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(tok)
			}
		}
	}
}

func (n *node) child(space, local string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name.Space == space && c.Name.Local == local {
			return c
		}
	}
	return nil
}

func (n *node) all(space, local string) []*node {
	var out []*node
	for _, c := range n.Children {
		if c.Name.Space == space && c.Name.Local == local {
			out = append(out, c)
		}
	}
	return out
}

// names are the local names of the children.
func (n *node) names() []string {
	var out []string
	for _, c := range n.Children {
		out = append(out, c.Name.Local)
	}
	return out
}

const (
	nsD    = "DAV:"
	nsC    = "urn:ietf:params:xml:ns:caldav"
	nsCR   = "urn:ietf:params:xml:ns:carddav"
	nsCS   = "http://calendarserver.org/ns/"
	nsICAL = "http://apple.com/ns/ical/"
)

// multi is a parsed multistatus.
type multi struct {
	t         testing.TB
	responses map[string]*response
	order     []string
	token     string
}

type response struct {
	href   string
	status string // of the whole; "" with propstats
	first  string // the first status inside
	found  map[string]*node
	gone   []string // asked for and not there
	errors []string
}

func (r *reply) multi() *multi {
	r.t.Helper()
	r.want(207)
	root := parseXML(r.t, r.Body)
	m := &multi{t: r.t, responses: map[string]*response{}}
	for _, el := range root.all(nsD, "response") {
		res := &response{href: el.child(nsD, "href").Text, found: map[string]*node{}}
		if st := el.child(nsD, "status"); st != nil {
			res.status, res.first = st.Text, st.Text
		}
		for _, ps := range el.all(nsD, "propstat") {
			status := ps.child(nsD, "status").Text
			if res.first == "" {
				res.first = status
			}
			for _, p := range ps.child(nsD, "prop").Children {
				if status == "HTTP/1.1 200 OK" {
					res.found[p.Name.Local] = p
				} else {
					res.gone = append(res.gone, p.Name.Local)
				}
			}
		}
		if e := el.child(nsD, "error"); e != nil {
			res.errors = e.names()
		}
		if m.responses[res.href] != nil {
			r.t.Fatalf("%s: %s twice", r.what, res.href)
		}
		m.responses[res.href] = res
		m.order = append(m.order, res.href)
	}
	if tok := root.child(nsD, "sync-token"); tok != nil {
		m.token = tok.Text
	}
	return m
}

// at is the response of an href.
func (m *multi) at(href string) *response {
	m.t.Helper()
	r := m.responses[href]
	if r == nil {
		m.t.Fatalf("no response for %s among %v", href, m.order)
	}
	return r
}

// text is the value of a property that must be there.
func (m *multi) text(href, local string) string {
	m.t.Helper()
	n := m.at(href).found[local]
	if n == nil {
		m.t.Fatalf("%s has no %s: %v", href, local, m.at(href))
	}
	return n.Text
}
