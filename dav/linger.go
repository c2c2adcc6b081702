package dav

import (
	"io"
	"net/http"
	"time"
)

// What is read of a body that was refused unread, and how long. Many programs send all of a body before they look for an answer; if
// the connection is closed in the middle of it they learn that it broke, and never why.
const (
	lingered   = 64 << 20
	lingersFor = 5 * time.Second
)

// linger reads the rest of a refused body, after the answer is on its way.
func linger(w http.ResponseWriter, r *http.Request, body io.Reader, status int) {
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || r.ProtoMajor != 1 || body == nil || body == http.NoBody || r.Header.Get("Expect") != "" || r.ContentLength > lingered {
		return
	}
	c := http.NewResponseController(w)
	if c.Flush() != nil {
		return
	}
	enough := time.AfterFunc(lingersFor, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) }) // owner: linger
	defer enough.Stop()
	_, _ = io.CopyN(io.Discard, body, lingered)
}
