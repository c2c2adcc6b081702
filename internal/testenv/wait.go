package testenv

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// FreePort returns a TCP port of 127.0.0.1 that was free a moment ago.
func FreePort(tb testing.TB) int {
	tb.Helper()
	port, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("testenv: free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// Until calls probe until it returns nil, and fails the test with the last error when limit has passed. What names the
// awaited thing in that failure. Calls are 20 ms apart at first and half a second at the end.
func Until(tb testing.TB, limit time.Duration, what string, probe func() error) {
	tb.Helper()
	if err := wait(limit, probe); err != nil {
		tb.Fatalf("waited %s for %s: %v", limit, what, err)
	}
}

func wait(limit time.Duration, probe func() error) error {
	end := time.Now().Add(limit)
	pause := 20 * time.Millisecond
	for {
		err := probe()
		if err == nil {
			return nil
		}
		if !time.Now().Before(end) {
			return err
		}
		time.Sleep(pause)
		pause = min(pause*3/2, 500*time.Millisecond)
	}
}
