// Package davxml reads and prints the XML of WebDAV, CalDAV and CardDAV. It does no I/O beyond the io.Reader and
// io.Writer it is given, knows no HTTP, no tree of resources and no property values: those are package dav's.
//
// Reading has two steps. [Parse] turns bytes into a tree of [Element] within [Limits]; it refuses document types,
// so entities cannot be defined, and its time and memory are linear in the (bounded) body. The typed readers then
// give each request its own view:
//
//	ParsePropFind        PROPFIND         RFC 4918 9.1, 14.20   propfind.go
//	ParsePropertyUpdate  PROPPATCH        RFC 4918 9.2, 14.19   propertyupdate.go
//	ParseMkCol           MKCOL with body  RFC 5689 3            mkcol.go
//	ParseMkCalendar      MKCALENDAR       RFC 4791 5.3.1        mkcol.go
//	ParseReport          REPORT           by its root element   report.go
//	  *CalendarQuery     calendar-query   RFC 4791 7.8          calendarquery.go, filter.go
//	  *CalendarMultiget, *AddressbookMultiget                   multiget.go
//	  *AddressbookQuery                   RFC 6352 8.6          addressbookquery.go
//	  *FreeBusyQuery                      RFC 4791 7.10         calendarquery.go
//	  *SyncCollection                     RFC 6578 3.2          synccollection.go
//	  *ExpandProperty                     RFC 3253 3.8          expandproperty.go
//	  *PrincipalPropertySearch, *PrincipalSearchPropertySet,
//	  *PrincipalMatch, *ACLPrincipalPropSet                     RFC 3744 9.2-9.5      principal.go
//	  *CalendarServerPrincipalSearch      Apple                 principal.go
//
// As RFC 4918 17 asks, elements and attributes that are not known are passed over, except inside a filter, where
// passing over a condition would answer with more than was asked for.
//
// Errors are ErrMalformed (400), ErrTooLarge (413), ErrEncoding and ErrUnexpectedRoot (both also ErrMalformed),
// ErrUnsupportedReport (403 with DAV:supported-report), ErrHref, and *Precondition where an RFC names the element
// to answer with. An error of the reader itself is wrapped and is none of these.
//
// Printing appends to byte slices (append.go, escape.go, element_print.go) or streams ([MultiStatus]). Everything
// printed uses the fixed prefixes D, C, CR, CS and ICAL that the root element declares; an element of any other
// namespace declares it on itself. [EncodePath] and [DecodeHref] are the only two ways between paths and hrefs.
package davxml
