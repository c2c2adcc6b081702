package ewssim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Namespaces of the service, each with the prefix that names carry inside of this package.
const (
	nsSoap     = "http://schemas.xmlsoap.org/soap/envelope/"
	nsTypes    = "http://schemas.microsoft.com/exchange/services/2006/types"
	nsMessages = "http://schemas.microsoft.com/exchange/services/2006/messages"
	nsErrors   = "http://schemas.microsoft.com/exchange/services/2006/errors"
	nsXML      = "http://www.w3.org/XML/1998/namespace"
	nsSchema   = "http://www.w3.org/2001/XMLSchema"
	nsAuto     = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
)

// prefixOf is the prefix for a namespace; unknown ones are "?:", which no name of ours has.
func prefixOf(space string) string {
	switch space {
	case "":
		return ""
	case nsSoap:
		return "s:"
	case nsTypes:
		return "t:"
	case nsMessages:
		return "m:"
	case nsXML, "xml":
		return "xml:"
	case nsSchema:
		return "xs:"
	case nsAuto:
		return "auto:"
	}
	return "?:"
}

// node is an element. It is read-only once it belongs to an item or has been handed out.
type node struct {
	name string // with one of our prefixes
	attr []attr
	kids []*node
	text string // what stands beside the kids

	line, col int // where it began in a request
}

type attr struct{ name, value string }

// el makes an element from what it holds: attr, *node, []*node (nil elements are left out) or string.
func el(name string, parts ...any) *node {
	n := &node{name: name}
	for _, p := range parts {
		switch p := p.(type) {
		case attr:
			n.attr = append(n.attr, p)
		case string:
			n.text += p
		case *node:
			if p != nil {
				n.kids = append(n.kids, p)
			}
		case []*node:
			n.kids = append(n.kids, p...)
		default:
			panic(fmt.Sprintf("ewssim: el of %T", p)) // a fault in the calling code: parts are of these types
		}
	}
	return n
}

// local is the name without its prefix.
func (n *node) local() string {
	if _, name, ok := strings.Cut(n.name, ":"); ok {
		return name
	}
	return n.name
}

// at is an attribute's value, "" without it.
func (n *node) at(name string) string {
	v, _ := n.has(name)
	return v
}

func (n *node) has(name string) (string, bool) {
	if n == nil {
		return "", false
	}
	for _, a := range n.attr {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

// kid is the first child of a local name, nil without it or on nil.
func (n *node) kid(local string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.local() == local {
			return k
		}
	}
	return nil
}

// path follows kid for each name.
func (n *node) path(locals ...string) *node {
	for _, l := range locals {
		n = n.kid(l)
	}
	return n
}

// str is the text of a child, "" without it.
func (n *node) str(locals ...string) string {
	if k := n.path(locals...); k != nil {
		return k.text
	}
	return ""
}

// first is the first child, nil without any.
func (n *node) first() *node {
	if n == nil || len(n.kids) == 0 {
		return nil
	}
	return n.kids[0]
}

// all are the children, none on nil.
func (n *node) all() []*node {
	if n == nil {
		return nil
	}
	return n.kids
}

// renamed is a copy with another name.
func (n *node) renamed(name string) *node {
	c := *n
	c.name = name
	return &c
}

// with is a copy with other children.
func (n *node) with(kids []*node) *node {
	c := *n
	c.kids = kids
	return &c
}

const maxDepth = 64

// parseXML reads one document. It refuses what SOAP 1.1 section 3 forbids: document types and processing instructions.
func parseXML(data []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "utf-8") {
			return in, nil
		}
		return nil, fmt.Errorf("ewssim: charset %s", charset)
	}
	var root *node
	var open []*node
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("ewssim: xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := startNode(tok)
			n.line, n.col = dec.InputPos()
			switch {
			case len(open) > 0:
				top := open[len(open)-1]
				top.kids = append(top.kids, n)
			case root != nil:
				return nil, errors.New("ewssim: xml: a second root element")
			default:
				root = n
			}
			if open = append(open, n); len(open) > maxDepth {
				return nil, errors.New("ewssim: xml: too deep")
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(tok)
			} else if len(bytes.TrimSpace(tok)) > 0 {
				return nil, errors.New("ewssim: xml: text outside of the root element")
			}
		case xml.Directive:
			return nil, errors.New("ewssim: xml: document type")
		case xml.ProcInst:
			if tok.Target != "xml" {
				return nil, errors.New("ewssim: xml: processing instruction")
			}
		}
	}
	if root == nil {
		return nil, errors.New("ewssim: xml: no element")
	}
	return root, nil
}

// startNode makes a node of a tag, without its declarations of namespaces.
func startNode(tag xml.StartElement) *node {
	n := &node{name: prefixOf(tag.Name.Space) + tag.Name.Local}
	for _, a := range tag.Attr {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		n.attr = append(n.attr, attr{prefixOf(a.Name.Space) + a.Name.Local, a.Value})
	}
	return n
}

// print appends n as text. Carriage returns are written as references, as the product does, since a parser would
// otherwise drop them.
func (n *node) print(b *bytes.Buffer) {
	b.WriteByte('<')
	b.WriteString(n.name)
	for _, a := range n.attr {
		b.WriteByte(' ')
		b.WriteString(a.name)
		b.WriteString(`="`)
		escape(b, a.value)
		b.WriteByte('"')
	}
	if len(n.kids) == 0 && n.text == "" {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	escape(b, n.text)
	for _, k := range n.kids {
		k.print(b)
	}
	b.WriteString("</")
	b.WriteString(n.name)
	b.WriteByte('>')
}

func escape(b *bytes.Buffer, text string) {
	for _, r := range text {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '"':
			b.WriteString("&quot;")
		case '\r':
			b.WriteString("&#xD;")
		default:
			if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
				fmt.Fprintf(b, "&#x%X;", r) // XML 1.0 has no such character, nor a reference to it; the product writes one
				continue
			}
			b.WriteRune(r)
		}
	}
}

// String is the element's text, for errors and tests.
func (n *node) String() string {
	var b bytes.Buffer
	n.print(&b)
	return b.String()
}
