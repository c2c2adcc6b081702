package manage

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"crmbridge/pim"
)

// Fault is a value that cannot be taken. A form shows it beside the field, a command names its flag.
type Fault struct {
	// Field is the JSON name of the value.
	Field string
	// Says is what the value has to be, as the rest of a sentence that begins with the field's name: "must not be negative".
	Says string
}

// Error implements error.
func (f *Fault) Error() string { return f.Field + " " + f.Says }

// wrong is a fault as an error of kind pim.ErrInvalid.
func wrong(op, field, says string, args ...any) error {
	return faulty(pim.ErrInvalid, op, field, fmt.Sprintf(says, args...))
}

// taken is a name that something else has, as an error of kind pim.ErrExists.
func taken(op, field, says string, args ...any) error {
	return faulty(pim.ErrExists, op, field, fmt.Sprintf(says, args...))
}

func faulty(kind pim.Reason, op, field, says string) error {
	f := &Fault{Field: field, Says: says}
	return &pim.Error{Op: op, Kind: kind, Public: f.Error(), Err: f}
}

// FaultOf is the fault in err, if it is one.
func FaultOf(err error) (*Fault, bool) {
	var f *Fault
	return f, errors.As(err, &f)
}

// shown reports whether people can see all of s: it has no control characters, and none that turn the direction of what follows.
func shown(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}
