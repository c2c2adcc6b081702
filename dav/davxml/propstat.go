package davxml

import (
	"net/http"
	"strconv"
)

// AppendStatus appends a DAV:status. Clients match the text "HTTP/1.1 200 OK" as it stands, so the version is 1.1
// whatever the connection speaks, and a code without a reason gets one.
func AppendStatus(dst []byte, code int) []byte {
	dst = append(dst, "<D:status>HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, ' ')
	reason := http.StatusText(code)
	if reason == "" {
		reason = "Status"
	}
	dst = append(dst, reason...)
	return append(dst, "</D:status>"...)
}

// AppendPropstat appends a DAV:propstat (RFC 4918 14.22). RFC 5689 5.2 and RFC 4791 5.3.1 use it in other roots.
func AppendPropstat(dst []byte, code int, props []byte, conditions []Condition, description string) []byte {
	dst = append(dst, "<D:propstat><D:prop>"...)
	dst = append(dst, props...)
	dst = append(dst, "</D:prop>"...)
	dst = AppendStatus(dst, code)
	if len(conditions) > 0 {
		dst = AppendErrorElement(dst, conditions...)
	}
	if description != "" {
		dst = appendDescription(dst, description)
	}
	return append(dst, "</D:propstat>"...)
}

func appendDescription(dst []byte, text string) []byte {
	dst = append(dst, "<D:responsedescription>"...)
	dst = EscapeText(dst, text)
	return append(dst, "</D:responsedescription>"...)
}
