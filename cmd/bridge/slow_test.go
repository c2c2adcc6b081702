package main

import (
	"net"
	"net/http"
	"testing"
	"time"

	"crmbridge/internal/config"
)

// A client that reads nothing must not hold its request, and the database
// connection of it, for ever.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	a := &app{cfg: config.Config{HeaderTimeout: time.Second, BodyTimeout: 200 * time.Millisecond, IdleTimeout: time.Second}, counts: newMetrics()}
	srv := a.server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 64<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return
			}
		}
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = srv.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write([]byte("GET /dav/ HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		t.Error("the answer is still being written")
	}
}
