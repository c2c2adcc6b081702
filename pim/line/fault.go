package line

import (
	"strconv"
	"strings"

	"crmbridge/pim"
)

// Fault is one rule of the format or of CalDAV or CardDAV that a text breaks.
type Fault struct {
	// Condition is the local name of the WebDAV precondition that the fault
	// violates, in the CalDAV or CardDAV namespace: "valid-calendar-data".
	Condition string
	// Line is where, counted from 1; 0 when it is the whole text.
	Line int
	// Text says what is wrong in plain words, without any content of the line.
	Text string
}

// String is the fault for people: "line 7: the end is before the start".
func (f Fault) String() string {
	if f.Line == 0 {
		return f.Text
	}
	return "line " + strconv.Itoa(f.Line) + ": " + f.Text
}

// Err makes one pim.ErrInvalid of faults, nil of none. Public names the first three.
func Err(op string, faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	var texts []string
	for i, f := range faults {
		if i == 3 {
			texts = append(texts, "and "+strconv.Itoa(len(faults)-i)+" more")
			break
		}
		texts = append(texts, f.String())
	}
	return pim.Errorf(op, pim.ErrInvalid, "%s", strings.Join(texts, "; "))
}
