package davxml

import (
	"encoding/xml"
	"io"
	"slices"
)

// PropertyUpdate is the body of a PROPPATCH (RFC 4918 14.19). The order of the operations matters (9.2).
type PropertyUpdate struct {
	Ops []PropOp
}

// PropOp sets or removes one property.
type PropOp struct {
	Remove bool
	// Prop is the property with its value; with Remove only its Name means anything. An xml:lang in scope around
	// it has become an attribute of its own (RFC 4918 4.3).
	Prop Element
}

// ParsePropertyUpdate reads the body of a PROPPATCH. One without any set or remove is ErrMalformed.
func ParsePropertyUpdate(r io.Reader, lim Limits) (PropertyUpdate, error) {
	root, err := Parse(r, lim)
	if err != nil {
		return PropertyUpdate{}, err
	}
	if err := wantRoot(root, D("propertyupdate")); err != nil {
		return PropertyUpdate{}, err
	}
	var pu PropertyUpdate
	var any bool
	room := maxNameBytes
	for i := range root.Children {
		c := &root.Children[i]
		if c.Name != D("set") && c.Name != D("remove") {
			continue
		}
		any = true
		props, err := readProps(c, root.Lang(), &room)
		if err != nil {
			return PropertyUpdate{}, err
		}
		for _, prop := range props {
			pu.Ops = append(pu.Ops, PropOp{Remove: c.Name == D("remove"), Prop: prop})
		}
	}
	if !any {
		return PropertyUpdate{}, malformed("propertyupdate without set or remove")
	}
	return pu, nil
}

// readProps returns the properties inside the DAV:prop children of a set or remove. lang is the xml:lang around it. room is
// how many bytes their names may still have: each is answered with its name and namespace.
func readProps(set *Element, lang string, room *int) ([]Element, error) {
	var props []Element
	if l := set.Lang(); l != "" {
		lang = l
	}
	for i := range set.Children {
		prop := &set.Children[i]
		if prop.Name != D("prop") {
			continue
		}
		inherited := lang
		if l := prop.Lang(); l != "" {
			inherited = l
		}
		for _, value := range prop.Children {
			if *room -= len(value.Name.Space) + len(value.Name.Local) + len(inherited); *room < 0 {
				return nil, tooLarge("the names of the properties have more than %d bytes", maxNameBytes)
			}
			if inherited != "" && value.Lang() == "" {
				value.Attrs = append(slices.Clip(value.Attrs), xml.Attr{Name: langName(), Value: inherited})
			}
			value.Tail = ""
			props = append(props, value)
		}
	}
	return props, nil
}
