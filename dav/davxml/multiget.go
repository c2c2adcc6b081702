package davxml

import "encoding/xml"

// CalendarMultiget is the calendar-multiget REPORT (RFC 4791 9.10).
type CalendarMultiget struct {
	Prop  PropFind
	Hrefs []string // as sent, trimmed, in order; see DecodeHref
}

func (*CalendarMultiget) Root() xml.Name { return C("calendar-multiget") }

// AddressbookMultiget is the addressbook-multiget REPORT (RFC 6352 10.7).
type AddressbookMultiget struct {
	Prop  PropFind
	Hrefs []string // as sent, trimmed, in order; see DecodeHref
}

func (*AddressbookMultiget) Root() xml.Name { return CR("addressbook-multiget") }

func readCalendarMultiget(el *Element, lim Limits) (Report, error) {
	prop, hrefs, err := readMultiget(el, lim)
	if err != nil {
		return nil, err
	}
	return &CalendarMultiget{Prop: prop, Hrefs: hrefs}, nil
}

func readAddressbookMultiget(el *Element, lim Limits) (Report, error) {
	prop, hrefs, err := readMultiget(el, lim)
	if err != nil {
		return nil, err
	}
	return &AddressbookMultiget{Prop: prop, Hrefs: hrefs}, nil
}

// readMultiget takes a multiget without hrefs for one that asks for nothing, although the DTDs want one.
func readMultiget(el *Element, lim Limits) (PropFind, []string, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return PropFind{}, nil, err
	}
	var hrefs []string
	for i := range el.Children {
		if el.Children[i].Name != D("href") {
			continue
		}
		if len(hrefs) >= lim.Hrefs {
			return PropFind{}, nil, tooLarge("more than %d hrefs", lim.Hrefs)
		}
		if href := el.Children[i].Value(); href != "" {
			hrefs = append(hrefs, href)
		}
	}
	return prop, hrefs, nil
}
