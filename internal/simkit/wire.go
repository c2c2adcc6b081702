package simkit

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Reset ends the connection without an answer, with RST where it is plain TCP. It may panic with http.ErrAbortHandler.
func Reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 and recorders: the nearest thing
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // the connection is being thrown away
	}
	conn.Close()
}

// Pause waits, but not for a client that has gone.
func Pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Trickle writes body in parts with a pause after each, until the client has gone.
func Trickle(ctx context.Context, w http.ResponseWriter, body []byte, parts int, gap time.Duration) {
	rc := http.NewResponseController(w)
	step := max(1, (len(body)+parts-1)/parts)
	for len(body) > 0 && ctx.Err() == nil {
		n := min(step, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		rc.Flush() //nolint:errcheck // a writer that cannot sends it later
		body = body[n:]
		if gap > 0 {
			Pause(ctx, gap)
		}
	}
}
