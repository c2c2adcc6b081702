package davxml

import "encoding/xml"

// AddressbookQuery is the addressbook-query REPORT (RFC 6352 10.3).
type AddressbookQuery struct {
	Prop   PropFind
	Filter AddressFilter
	Limit  int // most results wanted, 0 for all (RFC 6352 10.6)
}

func (*AddressbookQuery) Root() xml.Name { return CR("addressbook-query") }

// AddressFilter joins conditions on a card (RFC 6352 10.5). Without Props every card matches.
type AddressFilter struct {
	Test  Test
	Props []PropFilter
}

// AddressData is what a REPORT asks of cards (RFC 6352 10.4). Its zero value asks for them as stored.
type AddressData struct {
	ContentType string       // "" means text/vcard
	Version     string       // "" means 3.0 by RFC 6352 10.4
	Props       []PropSelect // nil for all
}

func readAddressbookQuery(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	q := &AddressbookQuery{Prop: prop, Filter: AddressFilter{Test: AnyOf}}
	// RFC 6352 10.3 wants a filter but names no precondition for its absence; without one, every card matches.
	if filter := el.Child(CR("filter")); filter != nil {
		if q.Filter, err = readAddressFilter(filter, lim); err != nil {
			return nil, err
		}
	}
	if q.Limit, err = readLimit(el, CR("limit"), CR("nresults")); err != nil {
		return nil, err
	}
	return q, nil
}

func readAddressFilter(el *Element, lim Limits) (AddressFilter, error) {
	filters := addressFilters(lim)
	var f AddressFilter
	var err error
	if f.Test, err = filters.testOf(el); err != nil {
		return f, err
	}
	for i := range el.Children {
		c := &el.Children[i]
		if c.Name != CR("prop-filter") {
			if err := filters.unknown(c); err != nil {
				return f, err
			}
			continue
		}
		p, err := filters.prop(c)
		if err != nil {
			return f, err
		}
		f.Props = append(f.Props, p)
	}
	return f, nil
}

func readAddressData(el *Element, lim Limits) (*AddressData, error) {
	d := &AddressData{}
	d.ContentType, _ = el.Attr("content-type")
	d.Version, _ = el.Attr("version")
	sel := &selectReader{lim.Filters}
	var all bool
	for i := range el.Children {
		switch c := &el.Children[i]; c.Name {
		case CR("allprop"), D("allprop"): // KDE
			all = true
		case CR("prop"):
			p, err := sel.prop(c)
			if err != nil {
				return nil, err
			}
			d.Props = append(d.Props, p)
		}
	}
	if all {
		d.Props = nil
	}
	return d, nil
}
