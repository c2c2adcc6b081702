package davxml

import (
	"encoding/xml"
	"strconv"
)

// The printers of requests are for tests only: the server prints answers.

func printLimit(dst []byte, space string, n int) []byte {
	if n == 0 {
		return dst
	}
	dst = AppendOpen(dst, xml.Name{Space: space, Local: "limit"})
	dst = AppendText(dst, xml.Name{Space: space, Local: "nresults"}, strconv.Itoa(n))
	return AppendClose(dst, xml.Name{Space: space, Local: "limit"})
}

func printTimeRange(dst []byte, name xml.Name, tr *TimeRange) []byte {
	if tr == nil {
		return dst
	}
	var attrs []xml.Attr
	if !tr.Start.IsZero() {
		attrs = append(attrs, attr("start", tr.Start.Format("20060102T150405Z")))
	}
	if !tr.End.IsZero() {
		attrs = append(attrs, attr("end", tr.End.Format("20060102T150405Z")))
	}
	return AppendEmpty(dst, name, attrs...)
}

func printTextMatch(dst []byte, space string, m TextMatch) []byte {
	negate := "no"
	if m.Negate {
		negate = "yes"
	}
	name := xml.Name{Space: space, Local: "text-match"}
	dst = AppendOpen(dst, name, attr("collation", string(m.Collation)), attr("match-type", string(m.Match)),
		attr("negate-condition", negate))
	dst = EscapeText(dst, m.Text)
	return AppendClose(dst, name)
}

func printPropFilter(dst []byte, space string, f PropFilter) []byte {
	n := func(local string) xml.Name { return xml.Name{Space: space, Local: local} }
	attrs := []xml.Attr{attr("name", f.Name)}
	if space == NSCardDAV {
		attrs = append(attrs, attr("test", string(f.Test)))
	}
	dst = AppendOpen(dst, n("prop-filter"), attrs...)
	if f.IsNotDefined {
		dst = AppendEmpty(dst, n("is-not-defined"))
	}
	dst = printTimeRange(dst, n("time-range"), f.TimeRange)
	for _, m := range f.Texts {
		dst = printTextMatch(dst, space, m)
	}
	for _, p := range f.Params {
		dst = AppendOpen(dst, n("param-filter"), attr("name", p.Name))
		if p.IsNotDefined {
			dst = AppendEmpty(dst, n("is-not-defined"))
		}
		if p.Text != nil {
			dst = printTextMatch(dst, space, *p.Text)
		}
		dst = AppendClose(dst, n("param-filter"))
	}
	return AppendClose(dst, n("prop-filter"))
}

func printCompFilter(dst []byte, f CompFilter) []byte {
	dst = AppendOpen(dst, C("comp-filter"), attr("name", f.Name))
	if f.IsNotDefined {
		dst = AppendEmpty(dst, C("is-not-defined"))
	}
	dst = printTimeRange(dst, C("time-range"), f.TimeRange)
	for _, p := range f.Props {
		dst = printPropFilter(dst, NSCalDAV, p)
	}
	for _, c := range f.Comps {
		dst = printCompFilter(dst, c)
	}
	return AppendClose(dst, C("comp-filter"))
}

func printPropSelects(dst []byte, space string, props []PropSelect) []byte {
	for _, p := range props {
		attrs := []xml.Attr{attr("name", p.Name)}
		if p.NoValue {
			attrs = append(attrs, attr("novalue", "yes"))
		}
		dst = AppendEmpty(dst, xml.Name{Space: space, Local: "prop"}, attrs...)
	}
	return dst
}

func printCompSelect(dst []byte, s CompSelect) []byte {
	dst = AppendOpen(dst, C("comp"), attr("name", s.Name))
	if s.AllProps {
		dst = AppendEmpty(dst, C("allprop"))
	}
	dst = printPropSelects(dst, NSCalDAV, s.Props)
	if s.AllComps {
		dst = AppendEmpty(dst, C("allcomp"))
	}
	for _, c := range s.Comps {
		dst = printCompSelect(dst, c)
	}
	return AppendClose(dst, C("comp"))
}

func printPropFind(dst []byte, pf PropFind) []byte {
	if pf.AllProp {
		return AppendNames(AppendEmpty(dst, D("allprop")), D("include"), pf.Include...)
	}
	if pf.PropName {
		return AppendEmpty(dst, D("propname"))
	}
	dst = AppendOpen(dst, D("prop"))
	for _, n := range pf.Names {
		switch {
		case n == C("calendar-data") && pf.CalendarData != nil:
			d := pf.CalendarData
			dst = AppendOpen(dst, n, attr("content-type", d.ContentType), attr("version", d.Version))
			if d.Comp != nil {
				dst = printCompSelect(dst, *d.Comp)
			}
			dst = printTimeRange(dst, C("expand"), d.Expand)
			dst = printTimeRange(dst, C("limit-recurrence-set"), d.LimitRecurrence)
			dst = printTimeRange(dst, C("limit-freebusy-set"), d.LimitFreeBusy)
			dst = AppendClose(dst, n)
		case n == CR("address-data") && pf.AddressData != nil:
			dst = AppendOpen(dst, n, attr("content-type", pf.AddressData.ContentType), attr("version", pf.AddressData.Version))
			dst = printPropSelects(dst, NSCardDAV, pf.AddressData.Props)
			dst = AppendClose(dst, n)
		default:
			dst = AppendEmpty(dst, n)
		}
	}
	return AppendClose(dst, D("prop"))
}
