package davxml

import "strings"

// CalendarData is what a REPORT asks of calendar objects (RFC 4791 9.6). Its zero value asks for them as stored.
type CalendarData struct {
	ContentType string // "" means text/calendar
	Version     string // "" means 2.0
	Comp        *CompSelect
	// At most one of Expand and LimitRecurrence is set; both ends of all three ranges are.
	Expand          *TimeRange // RFC 4791 9.6.5: overrides and instances instead of rules
	LimitRecurrence *TimeRange // RFC 4791 9.6.6: only the overrides that matter in the range
	LimitFreeBusy   *TimeRange // RFC 4791 9.6.7
}

// CompSelect is a component of which parts are asked for (RFC 4791 9.6.1).
type CompSelect struct {
	Name     string // upper case
	AllProps bool
	Props    []PropSelect
	AllComps bool
	Comps    []CompSelect
}

// PropSelect is one property asked for (RFC 4791 9.6.4, RFC 6352 10.4.2).
type PropSelect struct {
	Name    string // upper case
	NoValue bool   // name and parameters without the value
}

// selectReader reads what of an object is asked for, up to a number of nodes.
type selectReader struct{ nodes int }

func (r *selectReader) head(el *Element) (string, error) {
	if r.nodes--; r.nodes < 0 {
		return "", tooLarge("selection")
	}
	name, _ := el.Attr("name")
	if name == "" {
		return "", malformed("%s without name", el.Name.Local)
	}
	return strings.ToUpper(name), nil
}

func readCalendarData(el *Element, lim Limits) (*CalendarData, error) {
	d := &CalendarData{}
	d.ContentType, _ = el.Attr("content-type")
	d.Version, _ = el.Attr("version")
	sel := &selectReader{lim.Filters}
	for i := range el.Children {
		var err error
		switch c := &el.Children[i]; c.Name {
		case C("comp"):
			var comp CompSelect
			comp, err = sel.comp(c)
			d.Comp = &comp
		case C("expand"):
			d.Expand, err = readTimeRange(c, true, malformed)
		case C("limit-recurrence-set"):
			d.LimitRecurrence, err = readTimeRange(c, true, malformed)
		case C("limit-freebusy-set"):
			d.LimitFreeBusy, err = readTimeRange(c, true, malformed)
		}
		if err != nil {
			return nil, err
		}
	}
	if d.Expand != nil && d.LimitRecurrence != nil {
		return nil, malformed("expand with limit-recurrence-set") // RFC 4791 9.6
	}
	return d, nil
}

func (r *selectReader) comp(el *Element) (CompSelect, error) {
	var s CompSelect
	var err error
	if s.Name, err = r.head(el); err != nil {
		return s, err
	}
	for i := range el.Children {
		switch c := &el.Children[i]; c.Name {
		case C("allprop"):
			s.AllProps = true
		case C("allcomp"):
			s.AllComps = true
		case C("prop"):
			p, err := r.prop(c)
			if err != nil {
				return s, err
			}
			s.Props = append(s.Props, p)
		case C("comp"):
			sub, err := r.comp(c)
			if err != nil {
				return s, err
			}
			s.Comps = append(s.Comps, sub)
		}
	}
	return s, nil
}

func (r *selectReader) prop(el *Element) (PropSelect, error) {
	name, err := r.head(el)
	if err != nil {
		return PropSelect{}, err
	}
	noValue, ok := yesNo(el, "novalue")
	if !ok {
		return PropSelect{}, malformed("novalue is neither yes nor no")
	}
	return PropSelect{Name: name, NoValue: noValue}, nil
}
