package dav

import "net/http"

// Refusal is what is answered to a request that is no HTTP, and that therefore no handler
// sees: a DAV error body (RFC 4918 16) and its type. The text of the server underneath is
// for programmers of HTTP.
func Refusal(status int) (contentType string, body []byte) {
	f := &failure{status: status, message: "The request cannot be read: its first line or a header is malformed."}
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		f.message = "The headers of the request are too large."
	case http.StatusExpectationFailed:
		f.message = "Only 100-continue can be expected."
	case http.StatusNotImplemented:
		f.message = "This transfer coding is not known."
	case http.StatusHTTPVersionNotSupported:
		f.message = "This version of HTTP is not spoken here."
	}
	return xmlType, f.body()
}
