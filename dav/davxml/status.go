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
