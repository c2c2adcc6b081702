package davxml

import (
	"encoding/xml"
	"errors"
	"io"
)

// PropFind says which properties are asked for: the body of a PROPFIND (RFC 4918 14.20), and the same choice
// inside a REPORT. At most one of AllProp and PropName is true. In a REPORT all may be empty: then nothing but
// the hrefs was asked for.
type PropFind struct {
	AllProp  bool
	PropName bool       // names only, without values
	Names    []xml.Name // asked for by name, each once, in order
	Include  []xml.Name // asked for besides AllProp (RFC 4918 9.1)

	// CalendarData and AddressData hold what was said inside C:calendar-data and CR:address-data, which are in
	// Names as well; nil when not asked for.
	CalendarData *CalendarData
	AddressData  *AddressData
}

// ParsePropFind reads the body of a PROPFIND. An empty body is allprop (RFC 4918 9.1).
func ParsePropFind(r io.Reader, lim Limits) (PropFind, error) {
	root, err := Parse(r, lim)
	if errors.Is(err, errEmpty) {
		return PropFind{AllProp: true}, nil
	}
	if err != nil {
		return PropFind{}, err
	}
	if err := wantRoot(root, D("propfind")); err != nil {
		return PropFind{}, err
	}
	pf, found, err := readPropFind(root, lim)
	if err != nil {
		return PropFind{}, err
	}
	if !found {
		// RFC 4918 appendix A.2: a propfind of unknown elements only asks for nothing that can be answered.
		return PropFind{}, malformed("propfind without prop, propname or allprop")
	}
	return pf, nil
}

// readPropFind reads the prop, propname, allprop and include among the children of el, and says whether there
// was any of the first three.
func readPropFind(el *Element, lim Limits) (pf PropFind, found bool, err error) {
	lim = lim.withDefaults()
	names, include := nameSet{limit: lim.Props}, nameSet{limit: lim.Props}
	var named bool
	for i := range el.Children {
		c := &el.Children[i]
		switch c.Name {
		case D("allprop"):
			pf.AllProp, found = true, true
		case D("propname"):
			pf.PropName, found = true, true
		case D("prop"):
			named, found = true, true
			if err = names.add(c); err == nil {
				err = readDataSelections(&pf, c, lim)
			}
		case D("include"):
			err = include.add(c)
		}
		if err != nil {
			return PropFind{}, false, err
		}
	}
	// RFC 4918 14.20: one of the three.
	if pf.AllProp && pf.PropName || named && (pf.AllProp || pf.PropName) {
		return PropFind{}, false, malformed("more than one of prop, propname and allprop")
	}
	pf.Names, pf.Include = names.list, include.list
	return pf, found, nil
}

// readDataSelections fills CalendarData and AddressData from the children of a DAV:prop.
func readDataSelections(pf *PropFind, prop *Element, lim Limits) (err error) {
	if el := prop.Child(C("calendar-data")); el != nil && pf.CalendarData == nil {
		if pf.CalendarData, err = readCalendarData(el, lim); err != nil {
			return err
		}
	}
	if el := prop.Child(CR("address-data")); el != nil && pf.AddressData == nil {
		if pf.AddressData, err = readAddressData(el, lim); err != nil {
			return err
		}
	}
	return nil
}

// nameSet gathers names, each once: a property asked for a thousand times is answered once.
type nameSet struct {
	list  []xml.Name
	seen  map[xml.Name]bool
	limit int
	bytes int // of all names
}

// maxNameBytes bounds the names and namespaces of the properties that one request is about, together, in bytes: they are
// printed for each member that lacks them, or for each operation.
const maxNameBytes = 64 << 10

// add adds the names of el's children.
func (s *nameSet) add(el *Element) error {
	if s.seen == nil {
		s.seen = make(map[xml.Name]bool)
	}
	for i := range el.Children {
		name := el.Children[i].Name
		if s.seen[name] {
			continue
		}
		if len(s.list) >= s.limit {
			return tooLarge("more than %d properties", s.limit)
		}
		if s.bytes += len(name.Space) + len(name.Local); s.bytes > maxNameBytes {
			return tooLarge("the names of the properties have more than %d bytes", maxNameBytes)
		}
		s.seen[name] = true
		s.list = append(s.list, name)
	}
	return nil
}
