package davxml

import (
	"encoding/xml"
	"strings"
)

// Element is a node of a parsed body, and the value of a property that is kept without being understood. It holds
// everything that RFC 4918 4.3 wants kept: names with their namespaces, attributes (xml:lang among them), text
// and elements in order. Prefixes, comments and processing instructions are not kept.
type Element struct {
	Name  xml.Name
	Attrs []xml.Attr // in order, without namespace declarations; Name.Space of xml:lang is NSXML
	// Text is the text before the first child. Text between children is the Tail of the child before it.
	Text     string
	Children []Element
	Tail     string // text after the end tag, part of the parent's content
}

// Child returns the first child of that name, or nil.
func (e *Element) Child(name xml.Name) *Element {
	for i := range e.Children {
		if e.Children[i].Name == name {
			return &e.Children[i]
		}
	}
	return nil
}

// Attr returns the attribute of that name without namespace, trimmed, and whether it is there.
func (e *Element) Attr(local string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Space == "" && a.Name.Local == local {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}

// Lang returns the element's own xml:lang, or "".
func (e *Element) Lang() string {
	for _, a := range e.Attrs {
		if a.Name == langName() {
			return a.Value
		}
	}
	return ""
}

func langName() xml.Name { return xml.Name{Space: NSXML, Local: "lang"} }

// Value returns all text directly inside the element, without the white space around it. Clients break lines
// inside hrefs and tokens, so every text that is not a payload is read this way.
func (e *Element) Value() string {
	if len(e.Children) == 0 {
		return strings.TrimSpace(e.Text)
	}
	var b strings.Builder
	b.WriteString(e.Text)
	for i := range e.Children {
		b.WriteString(e.Children[i].Tail)
	}
	return strings.TrimSpace(b.String())
}

// Names returns the names of the children, in order.
func (e *Element) Names() []xml.Name {
	names := make([]xml.Name, len(e.Children))
	for i := range e.Children {
		names[i] = e.Children[i].Name
	}
	return names
}
