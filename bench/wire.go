package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// wire is an http.RoundTripper with one connection, kept, for one request at a time; the next waits. What http.Transport does with goroutines of its
// own for each connection, four times as many as there are clients, wants the processors that the server is to be measured with, and
// adds their waiting to its times.
type wire struct {
	mu     sync.Mutex // from a request until its answer is closed
	dialer net.Dialer
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
}

// wireLimit is how long one request may take.
const wireLimit = 2 * time.Minute

// RoundTrip implements http.RoundTripper. The answer's body has to be closed.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	res, err := w.exchange(r)
	if err != nil {
		w.end()
		w.mu.Unlock()
		return nil, err
	}
	res.Body = &wireBody{ReadCloser: res.Body, w: w, last: res.Close}
	return res, nil
}

func (w *wire) exchange(r *http.Request) (*http.Response, error) {
	if w.conn == nil {
		conn, err := w.dialer.DialContext(r.Context(), "tcp", r.URL.Host)
		if err != nil {
			return nil, err
		}
		w.conn, w.in, w.out = conn, bufio.NewReader(conn), bufio.NewWriter(conn)
	}
	if err := w.conn.SetDeadline(time.Now().Add(wireLimit)); err != nil {
		return nil, err
	}
	if err := errors.Join(r.Write(w.out), w.out.Flush()); err != nil {
		return nil, err
	}
	return http.ReadResponse(w.in, r)
}

// CloseIdleConnections ends the connection.
func (w *wire) CloseIdleConnections() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
}

func (w *wire) end() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// wireBody ends the connection when the answer was the last one on it, or was not read to its end.
type wireBody struct {
	io.ReadCloser
	w     *wire
	last  bool
	ended bool
	once  sync.Once
}

// Read implements io.Reader.
func (b *wireBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// Close implements io.Closer.
func (b *wireBody) Close() error {
	err := b.ReadCloser.Close()
	if b.last || !b.ended {
		b.w.end()
	}
	b.once.Do(b.w.mu.Unlock)
	return err
}
