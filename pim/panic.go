package pim

import (
	"fmt"
	"runtime"
)

// PanicWords says what a recovered panic was, for a log: the words of Go's own faults (an index out of
// range, a nil pointer), and of all others the type alone, since their text may be of an item or a secret.
func PanicWords(v any) string {
	if fault, ok := v.(runtime.Error); ok {
		return fault.Error()
	}
	return fmt.Sprintf("%T", v)
}
