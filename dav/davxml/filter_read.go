package davxml

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// filterReader reads the filters of one request. CalDAV and CardDAV differ in namespace, defaults and in the
// answer to a filter that is wrong: RFC 6352 8.6 has no valid-filter.
type filterReader struct {
	space     string
	collation Collation
	test      Test
	fail      func(format string, args ...any) error
	nodes     int // left
}

func calendarFilters(lim Limits) *filterReader {
	return &filterReader{NSCalDAV, CollationASCII, AllOf, invalidFilter, lim.Filters}
}

func addressFilters(lim Limits) *filterReader {
	return &filterReader{NSCardDAV, CollationUnicode, AnyOf, malformed, lim.Filters}
}

func (r *filterReader) name(local string) xml.Name { return xml.Name{Space: r.space, Local: local} }

// head counts the node and reads its name attribute.
func (r *filterReader) head(el *Element) (string, error) {
	if r.nodes--; r.nodes < 0 {
		return "", tooLarge("filter")
	}
	name, _ := el.Attr("name")
	if name == "" {
		return "", r.fail("%s without name", el.Name.Local)
	}
	return strings.ToUpper(name), nil
}

// unknown passes over elements of other namespaces (RFC 4918 17) and refuses those that are conditions.
func (r *filterReader) unknown(el *Element) error {
	if el.Name.Space != r.space {
		return nil
	}
	return breaks(r.name("supported-filter"), "%.80q is not known here", el.Name.Local)
}

// comp reads a comp-filter whose parent component is parent, "" for the outermost.
func (r *filterReader) comp(el *Element, parent string) (CompFilter, error) {
	var f CompFilter
	var err error
	if f.Name, err = r.head(el); err != nil {
		return f, err
	}
	if !nests(parent, f.Name) {
		return f, r.fail("%s", misplaced(parent, f.Name))
	}
	for i := range el.Children {
		if err = r.compChild(&f, &el.Children[i]); err != nil {
			return f, err
		}
	}
	if f.IsNotDefined && (f.TimeRange != nil || f.Props != nil || f.Comps != nil) {
		return f, r.fail("is-not-defined with other conditions")
	}
	return f, nil
}

func (r *filterReader) compChild(f *CompFilter, c *Element) error {
	switch c.Name {
	case r.name("is-not-defined"):
		f.IsNotDefined = true
	case r.name("time-range"):
		// RFC 4791 9.9 defines the overlap for these components only.
		switch f.Name {
		case "VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT":
			return r.fail("time-range on %s", f.Name)
		}
		return r.timeRange(&f.TimeRange, c)
	case r.name("prop-filter"):
		p, err := r.prop(c)
		f.Props = append(f.Props, p)
		return err
	case r.name("comp-filter"):
		sub, err := r.comp(c, f.Name)
		f.Comps = append(f.Comps, sub)
		return err
	default:
		return r.unknown(c)
	}
	return nil
}

func (r *filterReader) timeRange(dst **TimeRange, el *Element) error {
	if *dst != nil {
		return r.fail("more than one time-range")
	}
	var err error
	*dst, err = readTimeRange(el, false, r.fail)
	return err
}

func (r *filterReader) prop(el *Element) (PropFilter, error) {
	f := PropFilter{Test: r.test}
	var err error
	if f.Name, err = r.head(el); err != nil {
		return f, err
	}
	if r.space == NSCardDAV {
		if f.Test, err = r.testOf(el); err != nil {
			return f, err
		}
	}
	for i := range el.Children {
		if err = r.propChild(&f, &el.Children[i]); err != nil {
			return f, err
		}
	}
	if f.IsNotDefined && (f.TimeRange != nil || f.Texts != nil || f.Params != nil) {
		return f, r.fail("is-not-defined with other conditions")
	}
	return f, nil
}

func (r *filterReader) propChild(f *PropFilter, c *Element) error {
	switch c.Name {
	case r.name("is-not-defined"):
		f.IsNotDefined = true
	case r.name("time-range"):
		if r.space == NSCardDAV {
			return r.unknown(c)
		}
		if !dated(f.Name) {
			return r.fail("time-range on %s", f.Name)
		}
		return r.timeRange(&f.TimeRange, c)
	case r.name("text-match"):
		if r.space == NSCalDAV && len(f.Texts) > 0 {
			return r.fail("more than one text-match")
		}
		t, err := r.textMatch(c)
		f.Texts = append(f.Texts, t)
		return err
	case r.name("param-filter"):
		p, err := r.param(c)
		f.Params = append(f.Params, p)
		return err
	default:
		return r.unknown(c)
	}
	return nil
}

func (r *filterReader) param(el *Element) (ParamFilter, error) {
	var f ParamFilter
	var err error
	if f.Name, err = r.head(el); err != nil {
		return f, err
	}
	for i := range el.Children {
		switch c := &el.Children[i]; c.Name {
		case r.name("is-not-defined"):
			f.IsNotDefined = true
		case r.name("text-match"):
			if f.Text != nil {
				return f, r.fail("more than one text-match")
			}
			t, err := r.textMatch(c)
			if err != nil {
				return f, err
			}
			f.Text = &t
		default:
			if err := r.unknown(c); err != nil {
				return f, err
			}
		}
	}
	if f.IsNotDefined && f.Text != nil {
		return f, r.fail("is-not-defined with other conditions")
	}
	return f, nil
}

func (r *filterReader) textMatch(el *Element) (TextMatch, error) {
	t := TextMatch{Text: el.Text, Collation: r.collation, Match: MatchContains}
	if r.nodes--; r.nodes < 0 {
		return t, tooLarge("filter")
	}
	if c, _ := el.Attr("collation"); c != "" && c != "default" {
		t.Collation = Collation(strings.ToLower(c))
	}
	switch t.Collation {
	case CollationASCII, CollationUnicode, CollationOctet:
	default:
		// RFC 4791 7.5.1, RFC 6352 8.3.1
		return t, breaks(r.name("supported-collation"), "collation %.40q", t.Collation)
	}
	if m, _ := el.Attr("match-type"); m != "" {
		t.Match = MatchType(m)
	}
	switch t.Match {
	case MatchContains, MatchEquals, MatchStartsWith, MatchEndsWith:
	default:
		return t, r.fail("match-type %.40q", t.Match)
	}
	var ok bool
	if t.Negate, ok = yesNo(el, "negate-condition"); !ok {
		return t, r.fail("negate-condition is neither yes nor no")
	}
	return t, nil
}

// testOf reads the test attribute of RFC 6352 10.5.
func (r *filterReader) testOf(el *Element) (Test, error) {
	switch v, _ := el.Attr("test"); Test(v) {
	case "":
		return r.test, nil
	case AnyOf, AllOf:
		return Test(v), nil
	default:
		return "", r.fail("test %.40q", v)
	}
}

// nests says whether a component can stand inside another (RFC 4791 7.8: otherwise the filter is not valid).
// Components that are not known may stand anywhere.
func nests(parent, child string) bool {
	switch child {
	case "VCALENDAR":
		return parent == ""
	case "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY":
		return parent == "VCALENDAR"
	case "VALARM":
		return parent == "VEVENT" || parent == "VTODO"
	case "STANDARD", "DAYLIGHT":
		return parent == "VTIMEZONE"
	case "AVAILABLE":
		return parent == "VAVAILABILITY"
	}
	return parent != ""
}

// misplaced says what is wrong with a component inside of another, and what would be right.
func misplaced(parent, child string) string {
	switch {
	case parent == "":
		return fmt.Sprintf("the outermost comp-filter is for VCALENDAR; the one for %.40q stands inside of it", child)
	case child == "VCALENDAR":
		return "the comp-filter for VCALENDAR is the outermost"
	case child == "VALARM":
		return fmt.Sprintf("a comp-filter for VALARM stands inside of one for VEVENT or VTODO, not for %.40q", parent)
	case parent != "VCALENDAR" && nests("VCALENDAR", child):
		return fmt.Sprintf("a comp-filter for %.40q stands directly inside of the one for VCALENDAR, not of %.40q", child, parent)
	}
	return fmt.Sprintf("no %.40q is inside of a %.40q", child, parent)
}

// dated says whether a property can hold a date (RFC 4791 7.8: SUMMARY cannot). Unknown ones may.
func dated(prop string) bool {
	switch prop {
	case "ACTION", "ATTACH", "ATTENDEE", "CALSCALE", "CATEGORIES", "CLASS", "COLOR", "COMMENT", "CONTACT",
		"DESCRIPTION", "DURATION", "GEO", "LOCATION", "METHOD", "ORGANIZER", "PERCENT-COMPLETE", "PRIORITY", "PRODID",
		"RELATED-TO", "REPEAT", "REQUEST-STATUS", "RESOURCES", "RRULE", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP",
		"TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO", "UID", "URL", "VERSION":
		return false
	}
	return true
}
