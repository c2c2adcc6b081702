package davxml

import (
	"encoding/xml"
	"errors"
	"io"
)

// MkCol is the body of an extended MKCOL (RFC 5689 3) or of a MKCALENDAR (RFC 4791 5.3.1): the properties that the
// new collection is to have, in order.
type MkCol struct {
	Props []Element
}

// ResourceTypes returns the names inside DAV:resourcetype, nil when that was not set.
func (m MkCol) ResourceTypes() []xml.Name {
	for i := range m.Props {
		if m.Props[i].Name == D("resourcetype") {
			return m.Props[i].Names()
		}
	}
	return nil
}

// ParseMkCol reads the body of a MKCOL. An empty body is the plain MKCOL of RFC 4918. A body with another root is
// ErrUnexpectedRoot, to be answered with 415 (RFC 4918 9.3).
func ParseMkCol(r io.Reader, lim Limits) (MkCol, error) {
	return parseMk(r, lim, D("mkcol"))
}

// ParseMkCalendar reads the body of a MKCALENDAR; it may be empty (RFC 4791 5.3.1).
func ParseMkCalendar(r io.Reader, lim Limits) (MkCol, error) {
	return parseMk(r, lim, C("mkcalendar"))
}

func parseMk(r io.Reader, lim Limits, name xml.Name) (MkCol, error) {
	root, err := Parse(r, lim)
	if errors.Is(err, errEmpty) {
		return MkCol{}, nil
	}
	if err != nil {
		return MkCol{}, err
	}
	if err := wantRoot(root, name); err != nil {
		return MkCol{}, err
	}
	var m MkCol
	room := maxNameBytes
	for i := range root.Children {
		if root.Children[i].Name != D("set") {
			continue
		}
		props, err := readProps(&root.Children[i], root.Lang(), &room)
		if err != nil {
			return MkCol{}, err
		}
		m.Props = append(m.Props, props...)
	}
	return m, nil
}
