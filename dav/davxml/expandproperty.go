package davxml

import (
	"encoding/xml"
	"slices"
	"unicode"
	"unicode/utf8"
)

// ExpandProperty is the expand-property REPORT (RFC 3253 3.8).
type ExpandProperty struct {
	Props []PropertyRef
}

func (*ExpandProperty) Root() xml.Name { return D("expand-property") }

// PropertyRef names a property; the hrefs in its value are to be replaced by responses that hold Props. In a list each name
// stands once.
type PropertyRef struct {
	Name  xml.Name
	Props []PropertyRef
}

func readExpandProperty(el *Element, lim Limits) (Report, error) {
	left := lim.Props
	props, err := readPropertyRefs(el, &left)
	if err != nil {
		return nil, err
	}
	return &ExpandProperty{Props: props}, nil
}

func readPropertyRefs(el *Element, left *int) ([]PropertyRef, error) {
	var refs []PropertyRef
	for i := range el.Children {
		c := &el.Children[i]
		if c.Name != D("property") {
			continue
		}
		if *left--; *left < 0 {
			return nil, tooLarge("too many properties")
		}
		local, _ := c.Attr("name")
		if !ncName(local) {
			return nil, malformed("property name %.40q", local)
		}
		space, ok := c.Attr("namespace")
		if !ok {
			space = NSDAV // RFC 3253 3.8
		}
		sub, err := readPropertyRefs(c, left)
		if err != nil {
			return nil, err
		}
		refs = addRef(refs, PropertyRef{Name: xml.Name{Space: space, Local: local}, Props: sub})
	}
	return refs, nil
}

// addRef adds ref, or what it asks for to the one with its name: a property asked for a thousand times is answered once.
func addRef(refs []PropertyRef, ref PropertyRef) []PropertyRef {
	i := slices.IndexFunc(refs, func(have PropertyRef) bool { return have.Name == ref.Name })
	if i < 0 {
		return append(refs, ref)
	}
	for _, sub := range ref.Props {
		refs[i].Props = addRef(refs[i].Props, sub)
	}
	return refs
}

// ncName says whether s can be printed as an element's name. Only here do names come from attribute values.
func ncName(s string) bool {
	for i, r := range s {
		start := r == '_' || r >= utf8.RuneSelf && unicode.IsLetter(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !start && (i == 0 || r != '-' && r != '.' && !('0' <= r && r <= '9')) {
			return false
		}
	}
	return s != ""
}
