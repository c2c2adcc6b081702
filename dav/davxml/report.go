package davxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Report is one of the REPORT bodies listed in the package comment, always a pointer; switch on its type.
type Report interface {
	// Root is the name of the body's root element.
	Root() xml.Name
}

// ParseReport reads the body of a REPORT and returns the view that its root element names. A root that is not
// known is an *UnsupportedReport.
func ParseReport(r io.Reader, lim Limits) (Report, error) {
	root, err := Parse(r, lim)
	if err != nil {
		return nil, err
	}
	read := reportReader(root.Name)
	if read == nil {
		return nil, &UnsupportedReport{Root: root.Name}
	}
	return read(root, lim.withDefaults())
}

// reportReader is the table of reports.
func reportReader(root xml.Name) func(*Element, Limits) (Report, error) {
	switch root {
	case C("calendar-query"):
		return readCalendarQuery
	case C("calendar-multiget"):
		return readCalendarMultiget
	case C("free-busy-query"):
		return readFreeBusyQuery
	case CR("addressbook-query"):
		return readAddressbookQuery
	case CR("addressbook-multiget"):
		return readAddressbookMultiget
	case D("sync-collection"):
		return readSyncCollection
	case D("expand-property"):
		return readExpandProperty
	case D("principal-property-search"):
		return readPrincipalPropertySearch
	case D("principal-search-property-set"):
		return readPrincipalSearchPropertySet
	case D("acl-principal-prop-set"):
		return readACLPrincipalPropSet
	case D("principal-match"):
		return readPrincipalMatch
	case CS("calendarserver-principal-search"):
		return readCalendarServerPrincipalSearch
	}
	return nil
}

func wantRoot(root *Element, name xml.Name) error {
	if root.Name == name {
		return nil
	}
	return fmt.Errorf("davxml: {%.80s}%.80s instead of {%s}%s: %w: %w",
		root.Name.Space, root.Name.Local, name.Space, name.Local, ErrUnexpectedRoot, ErrMalformed)
}

// readLimit reads the nresults inside a limit element, 0 when there is none. A number too big for an int32 is as
// good as the biggest.
func readLimit(el *Element, limit, nresults xml.Name) (int, error) {
	l := el.Child(limit)
	if l == nil {
		return 0, nil
	}
	n := l.Child(nresults)
	if n == nil {
		return 0, malformed("limit without nresults")
	}
	// RFC 5323 5.17: digits only.
	v, err := strconv.ParseUint(n.Value(), 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt32, nil
	}
	if err != nil || v == 0 {
		return 0, malformed("nresults %.20q", n.Value())
	}
	return int(v), nil
}

// yesNo reads an attribute that is "yes" or "no", absent means no.
func yesNo(el *Element, attr string) (yes, ok bool) {
	switch v, _ := el.Attr(attr); v {
	case "yes":
		return true, true
	case "no", "":
		return false, true
	}
	return false, false
}
