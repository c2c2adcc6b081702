package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// Options configure a Listener.
type Options struct {
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// Handshake is how long a client may take for it; 0 means 10 s.
	Handshake time.Duration
	// PerNetwork is how many connections one network may have at the same time; further ones
	// are closed at once. 0 is no bound.
	PerNetwork int
	// Network names the network of a remote address, such as "192.0.2.1:4711"; connections
	// of "" are not counted. It is required with PerNetwork.
	Network func(addr string) string
	// Refusal is what is answered with status instead of net/http's text: a body and its
	// type.
	Refusal func(status int) (contentType string, body []byte)
	// Log is told of faults of ours and, at debug level, of handshakes that failed; it is
	// required.
	Log *slog.Logger
}

// New returns l as a listener for an http.Server, which must be given no TLS
// configuration of its own. Closing it closes l and ends handshakes under way.
func New(l net.Listener, o Options) net.Listener {
	if o.PerNetwork > 0 {
		l = &fair{Listener: l, most: o.PerNetwork, of: o.Network, log: o.Log, open: map[string]int{}}
	}
	if o.TLS == nil {
		return &plain{l, o.Refusal}
	}
	if o.Handshake <= 0 {
		o.Handshake = 10 * time.Second
	}
	s := &secure{Listener: l, o: o, accepted: make(chan result)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.running.Add(1)
	go s.accept() // owner: s; ends with Close
	return s
}

// plain accepts connections of HTTP/1 without TLS.
type plain struct {
	net.Listener
	refusal refusal
}

// Accept implements net.Listener.
func (p *plain) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{c, p.refusal}, nil
}

// secure accepts connections once their handshake is done. A slow one holds up nobody;
// how many there may be is for the listener below to say.
type secure struct {
	net.Listener
	o        Options
	accepted chan result
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	running  sync.WaitGroup
}

type result struct {
	conn net.Conn
	err  error
}

// Accept implements net.Listener.
func (s *secure) Accept() (net.Conn, error) {
	select {
	case r := <-s.accepted:
		return r.conn, r.err
	case <-s.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *secure) Close() error {
	s.stop()
	err := s.Listener.Close()
	s.running.Wait()
	return err
}

// accept passes errors on as they come: http.Server knows which ones pass.
func (s *secure) accept() {
	defer s.running.Done()
	for s.ctx.Err() == nil {
		c, err := s.Listener.Accept()
		if err != nil {
			s.deliver(result{err: err})
			continue
		}
		s.running.Add(1)
		go s.handshake(c) // owner: s; ends with Close or after Options.Handshake
	}
}

func (s *secure) handshake(c net.Conn) {
	defer s.running.Done()
	defer func() {
		if v := recover(); v != nil {
			s.o.Log.Error("panic", "at", "TLS handshake", "panic", v, "stack", string(debug.Stack()))
			_ = c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(s.ctx, s.o.Handshake)
	defer cancel()
	t := tls.Server(c, s.o.TLS)
	if err := t.HandshakeContext(ctx); err != nil {
		s.o.Log.Debug("TLS handshake failed", "address", c.RemoteAddr().String(), "err", err)
		_ = c.Close()
		return
	}
	var ready net.Conn = t
	if t.ConnectionState().NegotiatedProtocol != "h2" {
		ready = &conn{t, s.o.Refusal}
	}
	s.deliver(result{conn: ready})
}

func (s *secure) deliver(r result) {
	select {
	case s.accepted <- r:
	case <-s.ctx.Done():
		if r.conn != nil {
			_ = r.conn.Close()
		}
	}
}

type refusal func(status int) (contentType string, body []byte)

// conn is a connection of HTTP/1.
type conn struct {
	net.Conn
	refusal refusal
}

// Write implements io.Writer.
func (c *conn) Write(p []byte) (int, error) {
	status, ours := refused(p)
	if !ours {
		return c.Conn.Write(p)
	}
	contentType, body := c.refusal(status)
	head := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
		status, statusText(status), contentType, len(body))
	if _, err := c.Conn.Write(append(head, body...)); err != nil {
		return 0, err
	}
	return len(p), nil
}
