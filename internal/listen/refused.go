package listen

import (
	"bytes"
	"net/http"
	"strconv"
)

// What net/http writes by itself begins with a status line that is followed by one of
// these, and nothing else has either: answers of handlers have a Date, and of all
// answers without a body only Expect's is a 417. The answers are far shorter than
// longest, and each is one Write.
const (
	textRefusal = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	noBody      = "\r\nContent-Length: 0\r\n\r\n"
	longest     = 512
)

// refused reports that p is a whole answer of net/http's own to a request that no
// handler saw, and its status.
func refused(p []byte) (status int, ok bool) {
	line, found := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if !found || len(p) > longest {
		return 0, false
	}
	end := bytes.Index(line, []byte("\r\n"))
	if end < 4 || line[3] != ' ' {
		return 0, false
	}
	status, err := strconv.Atoi(string(line[:3]))
	if err != nil || status < 400 {
		return 0, false
	}
	rest := line[end:]
	expect := status == http.StatusExpectationFailed && bytes.HasSuffix(rest, []byte(noBody))
	return status, expect || bytes.HasPrefix(rest, []byte(textRefusal))
}

// statusText is never empty: a reason phrase may be (RFC 9112 4), and is what some
// clients show.
func statusText(status int) string {
	if t := http.StatusText(status); t != "" {
		return t
	}
	return "Refused"
}
