package davxml

import "encoding/xml"

// Condition is one pre- or postcondition that a request broke (RFC 4918 16).
type Condition struct {
	Name xml.Name
	// Content is XML inside the condition, such as the AppendHref of the other object in CALDAV:no-uid-conflict;
	// nil for an empty element.
	Content []byte
}

// AppendError appends a whole error document: <D:error> with the conditions in it.
func AppendError(dst []byte, conditions ...Condition) []byte {
	dst = append(dst, prolog...)
	dst = append(dst, "<D:error"...)
	dst = append(dst, rootDeclarations...)
	dst = append(dst, '>')
	dst = appendConditions(dst, conditions)
	return append(dst, "</D:error>"...)
}

// AppendErrorElement appends the same as a part of a multistatus.
func AppendErrorElement(dst []byte, conditions ...Condition) []byte {
	dst = append(dst, "<D:error>"...)
	dst = appendConditions(dst, conditions)
	return append(dst, "</D:error>"...)
}

func appendConditions(dst []byte, conditions []Condition) []byte {
	for _, c := range conditions {
		if len(c.Content) == 0 {
			dst = AppendEmpty(dst, c.Name)
			continue
		}
		dst = AppendOpen(dst, c.Name)
		dst = append(dst, c.Content...)
		dst = AppendClose(dst, c.Name)
	}
	return dst
}
