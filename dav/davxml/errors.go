package davxml

import (
	"encoding/xml"
	"errors"
	"fmt"
)

var (
	// ErrMalformed is a body that is not well-formed XML, or not what its method asks for. Answer 400.
	ErrMalformed = errors.New("malformed request body")
	// ErrTooLarge is a body over one of the Limits. Answer 413.
	ErrTooLarge = errors.New("request body over the limit")
	// ErrEncoding is a body in an encoding other than UTF-8 or US-ASCII; it is an ErrMalformed too.
	ErrEncoding = errors.New("only UTF-8 is understood")
	// ErrUnexpectedRoot is well-formed XML with another root than the method wants; it is an ErrMalformed too.
	// MKCOL answers it with 415 (RFC 4918 9.3), the others with 400.
	ErrUnexpectedRoot = errors.New("unexpected root element")
	// ErrUnsupportedReport is a REPORT that is not known. Answer 403 with DAV:supported-report (RFC 3253 3.6).
	// errors.As to *UnsupportedReport gives the name.
	ErrUnsupportedReport = errors.New("report not supported")
	// ErrHref is an href that cannot name a resource here. Answer 404 for it in a multiget, 400 in a header.
	ErrHref = errors.New("not an href of this server")

	// errEmpty is a body without any element; callers for whom that has a meaning look for it.
	errEmpty = fmt.Errorf("davxml: no element: %w", ErrMalformed)
)

// UnsupportedReport carries the root element of a REPORT that is not known.
type UnsupportedReport struct {
	Root xml.Name
}

func (e *UnsupportedReport) Error() string {
	return fmt.Sprintf("davxml: report {%s}%s: %v", e.Root.Space, e.Root.Local, ErrUnsupportedReport)
}

// Is makes errors.Is(err, ErrUnsupportedReport) true.
func (e *UnsupportedReport) Is(target error) bool { return target == ErrUnsupportedReport }

// Precondition is a request that breaks a precondition named by an RFC, such as CALDAV:valid-filter. Answer 403
// with Name as the child of DAV:error (RFC 4918 16); Condition gives it in the form that AppendError takes.
type Precondition struct {
	Name xml.Name
	Msg  string // for the log and for people, holds nothing internal
	// Detail is XML inside the condition element, printed as it is; nil for an empty element.
	Detail []byte
}

func (e *Precondition) Error() string {
	return fmt.Sprintf("davxml: precondition {%s}%s: %s", e.Name.Space, e.Name.Local, e.Msg)
}

// Condition returns the element to answer with.
func (e *Precondition) Condition() Condition {
	return Condition{Name: e.Name, Content: e.Detail}
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("davxml: %s: %w", fmt.Sprintf(format, args...), ErrMalformed)
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("davxml: %s: %w", fmt.Sprintf(format, args...), ErrTooLarge)
}

func breaks(name xml.Name, format string, args ...any) error {
	return &Precondition{Name: name, Msg: fmt.Sprintf(format, args...)}
}

// invalidFilter is CALDAV:valid-filter (RFC 4791 7.8).
func invalidFilter(format string, args ...any) error {
	return breaks(C("valid-filter"), format, args...)
}
