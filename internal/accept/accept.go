// Package accept reads what clients say they take (RFC 9110 12.5), for all who answer them.
package accept

import (
	"net/http"
	"strconv"
	"strings"
)

// Gzip reports whether a client takes gzip (RFC 9110 12.5.3), for which it has to say so: without Accept-Encoding, which
// allows everything, answers stay as they are. A weight that is no number is 0.
func Gzip(h http.Header) bool {
	named, any := -1.0, 0.0
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			named = weight(params)
		case "*":
			any = weight(params)
		}
	}
	if named < 0 {
		named = any
	}
	return named > 0
}

// weight is the q of the parameters of a coding, 1 when there is none.
func weight(params string) float64 {
	name, value, ok := strings.Cut(params, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}
