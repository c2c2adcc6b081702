package davxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Parse reads one XML document. It refuses document types (so there are no entities but the five of XML),
// undeclared prefixes, duplicate attributes, and anything after the root but white space and comments.
func Parse(r io.Reader, lim Limits) (*Element, error) {
	lim = lim.withDefaults()
	in := &guard{src: r, left: lim.Bytes, text: int64(lim.Text), tag: int64(lim.Tag)}
	if err := in.begin(); err != nil {
		return nil, err
	}
	p := &parser{in: in, lim: lim, spaces: make(map[string]string, 8)}
	// encoding/xml's RawToken checks syntax and characters; namespaces, nesting and limits are checked here, as it
	// lets undeclared prefixes, duplicate attributes and any number of anything pass.
	p.dec = xml.NewDecoder(in)
	p.dec.CharsetReader = charset
	if err := p.read(); err != nil {
		return nil, err
	}
	if p.root == nil {
		return nil, errEmpty
	}
	return p.root, nil
}

// ParseElement reads a stored property value, as AppendStandalone printed it.
func ParseElement(b []byte) (*Element, error) {
	return Parse(bytes.NewReader(b), Limits{Bytes: max(int64(len(b)), 1)})
}

func charset(label string, in io.Reader) (io.Reader, error) {
	// US-ASCII is a subset; an "ASCII" body with UTF-8 in it is understood as it was meant.
	if l := strings.ToLower(label); l == "us-ascii" || l == "ascii" || l == "utf8" {
		return in, nil
	}
	return nil, fmt.Errorf("encoding %.40q: %w", label, ErrEncoding)
}

type parser struct {
	dec  *xml.Decoder
	in   *guard
	lim  Limits
	root *Element

	open     []frame
	bindings []binding
	spaces   map[string]string // distinct namespace names, one string each
	elements int
	attrs    int
	tokens   int
	run      []byte // text gathered since the last tag
	lastText string // one string serves equal runs: indentation mostly
}

// frame is an element whose end tag has not come yet.
type frame struct {
	el       *Element
	raw      xml.Name // as written: prefix and local name
	bindings int      // how many were in scope outside
}

type binding struct{ prefix, space string }

func (p *parser) read() error {
	for {
		p.in.mark(p.dec.InputOffset())
		tok, err := p.dec.RawToken()
		if err == io.EOF {
			return p.finish()
		}
		if err != nil {
			return classify(err)
		}
		if p.tokens++; p.tokens > 4*p.lim.Elements {
			return tooLarge("more than %d tokens", 4*p.lim.Elements)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			err = p.start(t)
		case xml.EndElement:
			err = p.end(t)
		case xml.CharData:
			err = p.text(t)
		case xml.Directive:
			err = malformed("document type declarations are refused")
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") && p.tokens > 1 {
				err = malformed("XML declaration not at the start")
			}
		}
		if err != nil {
			return err
		}
	}
}

// classify gives a decoder error its kind; a failing reader keeps its own.
func classify(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	if errors.Is(err, ErrEncoding) {
		return fmt.Errorf("davxml: %w: %w", err, ErrMalformed)
	}
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return malformed("line %d: %.200s", syntax.Line, syntax.Msg)
	}
	if strings.HasPrefix(err.Error(), "xml: ") { // "unsupported version" has no type of its own
		return malformed("%s", err)
	}
	return err
}

func (p *parser) finish() error {
	if len(p.open) > 0 {
		return malformed("body ends inside <%.80s>", p.open[len(p.open)-1].raw.Local)
	}
	return p.flush()
}

func (p *parser) start(t xml.StartElement) error {
	if err := p.flush(); err != nil {
		return err
	}
	if p.root != nil && len(p.open) == 0 {
		return malformed("second root element")
	}
	if p.elements++; p.elements > p.lim.Elements {
		return tooLarge("more than %d elements", p.lim.Elements)
	}
	if len(p.open) >= p.lim.Depth {
		return tooLarge("nested deeper than %d", p.lim.Depth)
	}
	if p.attrs += len(t.Attr); len(t.Attr) > p.lim.Attrs || p.attrs > p.lim.Elements {
		return tooLarge("attributes")
	}
	f := frame{raw: t.Name, bindings: len(p.bindings)}
	if err := p.bind(t.Attr); err != nil {
		return err
	}
	name, err := p.resolve(t.Name, true)
	if err != nil {
		return err
	}
	attrs, err := p.attributes(t.Attr)
	if err != nil {
		return err
	}
	f.el = p.add(Element{Name: name, Attrs: attrs})
	p.open = append(p.open, f)
	return nil
}

// add puts el into the tree. The pointer stays good while el is open: its parent takes no other child until then.
func (p *parser) add(el Element) *Element {
	if len(p.open) == 0 {
		p.root = &el
		return p.root
	}
	parent := p.open[len(p.open)-1].el
	parent.Children = append(parent.Children, el)
	return &parent.Children[len(parent.Children)-1]
}

func (p *parser) end(t xml.EndElement) error {
	if err := p.flush(); err != nil {
		return err
	}
	if len(p.open) == 0 {
		return malformed("end tag </%.80s> without start", t.Name.Local)
	}
	f := p.open[len(p.open)-1]
	if f.raw != t.Name {
		return malformed("<%.80s> closed by </%.80s>", f.raw.Local, t.Name.Local)
	}
	p.open = p.open[:len(p.open)-1]
	p.bindings = p.bindings[:f.bindings]
	return nil
}

// text gathers a run: comments and CDATA marks do not end it, and joining strings one by one would be quadratic.
func (p *parser) text(t xml.CharData) error {
	if len(p.run)+len(t) > p.lim.Text {
		return tooLarge("text longer than %d bytes", p.lim.Text)
	}
	p.run = append(p.run, t...)
	return nil
}

// flush puts the gathered run into the tree.
func (p *parser) flush() error {
	if len(p.run) == 0 {
		return nil
	}
	run := p.run
	p.run = run[:0]
	if len(p.open) == 0 {
		if strings.Trim(string(run), " \t\r\n") != "" {
			return malformed("text outside the root element")
		}
		return nil
	}
	if string(run) != p.lastText {
		p.lastText = string(run)
	}
	el := p.open[len(p.open)-1].el
	if n := len(el.Children); n > 0 {
		el.Children[n-1].Tail = p.lastText
	} else {
		el.Text = p.lastText
	}
	return nil
}

// bind brings the namespace declarations among attrs into scope.
func (p *parser) bind(attrs []xml.Attr) error {
	outer := len(p.bindings)
	for _, a := range attrs {
		var prefix string
		switch {
		case a.Name.Space == "xmlns":
			prefix = a.Name.Local
		case a.Name.Space == "" && a.Name.Local == "xmlns":
		default:
			continue
		}
		// Namespaces in XML 1.0, 3 and 5: xml and xmlns are fixed, a prefix cannot be undeclared.
		if prefix == "xmlns" || (prefix == "xml") != (a.Value == NSXML) || a.Value == "http://www.w3.org/2000/xmlns/" {
			return malformed("reserved namespace")
		}
		if prefix != "" && a.Value == "" {
			return malformed("prefix %.40q without namespace", prefix)
		}
		for _, b := range p.bindings[outer:] {
			if b.prefix == prefix {
				return malformed("prefix %.40q declared twice", prefix)
			}
		}
		space, err := p.intern(a.Value)
		if err != nil {
			return err
		}
		if len(p.bindings) >= p.lim.Namespaces {
			return tooLarge("more than %d namespace declarations in scope", p.lim.Namespaces)
		}
		p.bindings = append(p.bindings, binding{prefix, space})
	}
	return nil
}

func (p *parser) intern(space string) (string, error) {
	if s, ok := p.spaces[space]; ok {
		return s, nil
	}
	if len(p.spaces) >= p.lim.Namespaces {
		return "", tooLarge("more than %d namespaces", p.lim.Namespaces)
	}
	p.spaces[space] = space
	return space, nil
}

// resolve replaces the prefix by its namespace. The default namespace is for elements only.
func (p *parser) resolve(raw xml.Name, element bool) (xml.Name, error) {
	if strings.Contains(raw.Local, ":") {
		return xml.Name{}, malformed("name %.40q", raw.Local)
	}
	if raw.Space == "" && !element {
		return raw, nil
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == raw.Space {
			return xml.Name{Space: p.bindings[i].space, Local: raw.Local}, nil
		}
	}
	switch raw.Space {
	case "":
		return raw, nil
	case "xml":
		return xml.Name{Space: NSXML, Local: raw.Local}, nil
	}
	return xml.Name{}, malformed("undeclared prefix %.40q", raw.Space)
}

// attributes resolves the attributes that are not declarations.
func (p *parser) attributes(raw []xml.Attr) ([]xml.Attr, error) {
	var attrs []xml.Attr
	for _, a := range raw {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		name, err := p.resolve(a.Name, false)
		if err != nil {
			return nil, err
		}
		for _, b := range attrs {
			if name == b.Name {
				return nil, malformed("attribute %.40q twice", a.Name.Local)
			}
		}
		attrs = append(attrs, xml.Attr{Name: name, Value: a.Value})
	}
	return attrs, nil
}
