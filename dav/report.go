package dav

import (
	"encoding/xml"

	"crmbridge/dav/davxml"
)

// reportRow is one row of the table of reports, which DAV:supported-report-set is made of too.
type reportRow struct {
	name xml.Name
	on   place
	run  func(*request, davxml.Report) error
}

// reportTable is the one place where a report is bound to its function.
func reportTable() []reportRow {
	return []reportRow{
		{davxml.D("expand-property"), everywhere, run((*request).expandProperty)},
		{davxml.D("sync-collection"), atHome | atCollection, run((*request).syncCollection)},
		{davxml.C("calendar-query"), atCalendar | atEvent, run((*request).calendarQuery)},
		{davxml.C("calendar-multiget"), atCalendar | atEvent, run((*request).calendarMultiget)},
		{davxml.C("free-busy-query"), atCalendarHome | atCalendar | atEvent, run((*request).freeBusyQuery)},
		{davxml.CR("addressbook-query"), atBook | atCard, run((*request).addressbookQuery)},
		{davxml.CR("addressbook-multiget"), atBook | atCard, run((*request).addressbookMultiget)},
		{davxml.D("acl-principal-prop-set"), everywhere, run((*request).aclPrincipalPropSet)},
		{davxml.D("principal-match"), atPrincipals | atHome | atCollection, run((*request).principalMatch)},
		{davxml.D("principal-property-search"), everywhere &^ atObject, run((*request).principalPropertySearch)},
		{davxml.D("principal-search-property-set"), everywhere &^ atObject, run((*request).principalSearchPropertySet)},
		{davxml.CS("calendarserver-principal-search"), everywhere &^ atObject, run((*request).calendarServerPrincipalSearch)},
	}
}

// run makes one signature of all: ParseReport returns for each root its own type.
func run[T davxml.Report](f func(*request, T) error) func(*request, davxml.Report) error {
	return func(q *request, r davxml.Report) error { return f(q, r.(T)) }
}

// report is RFC 3253 3.6.
func (q *request) report() error {
	// Clients send any Depth or none with the reports that know no difference.
	if _, err := q.depth(0); err != nil {
		return err
	}
	parsed, err := davxml.ParseReport(q.body(), q.h.limits.XML)
	if err != nil {
		return err
	}
	for _, row := range q.h.reports {
		if row.name == parsed.Root() && row.on&q.at.at != 0 {
			return row.run(q, parsed)
		}
	}
	return forbidden(davxml.D("supported-report"), "This report is not known here.")
}

// supportedReports is RFC 3253 3.1.5.
func supportedReports(dst []byte, e *env, r *resource) ([]byte, error) {
	name := davxml.D("supported-report-set")
	dst = davxml.AppendOpen(dst, name)
	for _, row := range e.q.h.reports {
		if row.on&r.at == 0 {
			continue
		}
		dst = davxml.AppendOpen(dst, davxml.D("supported-report"))
		dst = davxml.AppendNames(dst, davxml.D("report"), row.name)
		dst = davxml.AppendClose(dst, davxml.D("supported-report"))
	}
	return davxml.AppendClose(dst, name), nil
}
