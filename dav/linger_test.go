package dav_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A program that sends all of a body before it looks for an answer finds the reason there, and not a broken connection.
func TestRefusedBodiesAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(newServer(t).h)
	t.Cleanup(web.Close)
	addr := web.Listener.Addr().String()
	for name, c := range map[string]struct {
		method, path string
		size, status int
	}{
		"an object":             {"PUT", annCal + "large.ics", 30 << 20, http.StatusForbidden},
		"a question":            {"PROPFIND", annCal, 30 << 20, http.StatusRequestEntityTooLarge},
		"of nobody's":           {"PUT", "/dav/calendars/nobody/calendar/large.ics", 30 << 20, http.StatusNotFound},
		"as little as is taken": {"PUT", annCal + "small.ics", 1000, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			req, err := http.NewRequest(c.method, "http://"+addr+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth("ann", "pw")
			if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n", c.method, c.path, addr, req.Header.Get("Authorization"), c.size); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(conn, bytes.NewReader(bytes.Repeat([]byte("x"), c.size))); err != nil {
				t.Fatalf("the body could not be sent: %v", err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), req)
			if err != nil {
				t.Fatalf("there is no answer: %v", err)
			}
			defer func() { _ = res.Body.Close() }()
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != c.status {
				t.Errorf("%d, %v, want %d", res.StatusCode, err, c.status)
			}
		})
	}
}
