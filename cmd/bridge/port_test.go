package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"crmbridge/internal/config"
)

// port is the program's own listener and server around a handler.
func port(t *testing.T, cfg config.Config, h http.Handler) (addr string) {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	a := &app{cfg: cfg, counts: newMetrics(), log: slog.New(slog.DiscardHandler)}
	l, err := a.listen()
	if err != nil {
		t.Fatal(err)
	}
	srv := a.server(h)
	go func() { _ = srv.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String()
}

func patient() config.Config {
	return config.Config{HeaderTimeout: time.Minute, BodyTimeout: time.Minute, IdleTimeout: time.Minute, MaxConnections: 100}
}

func dial(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

const request = "GET /dav/ HTTP/1.1\r\nHost: localhost\r\n\r\n"

// isCut reads to the end of the connection, which has to come before the reader's own
// deadline.
func isCut(t *testing.T, what string, r io.Reader) {
	t.Helper()
	if _, err := io.Copy(io.Discard, r); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: not cut off", what)
	}
}

// A client that reads nothing must not hold its request, and the database connection of
// it, for ever.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	cfg := patient()
	cfg.BodyTimeout = 200 * time.Millisecond
	addr := port(t, cfg, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 64<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return
			}
		}
	}))
	dial(t, addr, request)
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		t.Error("the answer is still being written")
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	for name, c := range map[string]struct {
		limit func(*config.Config)
		sends string
	}{
		"says nothing":      {func(c *config.Config) { c.HeaderTimeout = 100 * time.Millisecond }, ""},
		"half a head":       {func(c *config.Config) { c.HeaderTimeout = 100 * time.Millisecond }, "GET /dav/ HTTP/1.1\r\nHost:"},
		"half a body":       {func(c *config.Config) { c.BodyTimeout = 100 * time.Millisecond }, "PUT /dav/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"},
		"idle after asking": {func(c *config.Config) { c.IdleTimeout = 100 * time.Millisecond }, request},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := patient()
			c.limit(&cfg)
			isCut(t, name, dial(t, port(t, cfg, echo), c.sends))
		})
	}
}

// A client that drips its headers gets no longer than one that is silent.
func TestAHeadThatDripsIsCutOff(t *testing.T) {
	t.Parallel()
	cfg := patient()
	cfg.HeaderTimeout = 300 * time.Millisecond
	c := dial(t, port(t, cfg, http.NotFoundHandler()), "GET /dav/ HTTP/1.1\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := io.WriteString(c, "X-Drip: 1\r\n"); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	isCut(t, "drip", c)
	_ = c.Close()
	<-done
}

func TestConnectionsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	cfg := patient()
	cfg.MaxConnections = 2
	addr := port(t, cfg, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }))
	first, second := dial(t, addr, request), dial(t, addr, request)
	for _, c := range []net.Conn{first, second} {
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	third := dial(t, addr, request)
	if err := third.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := third.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a third is answered beside two: %d %v", n, err)
	}
	_ = first.Close()
	if err := third.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(third), nil); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// Rapid reset (CVE-2023-44487): streams that are begun and cancelled at once must not
// make more work than streams that are waited for.
func TestRapidResetIsBounded(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	pool := p.certificate()
	cfg := patient()
	cfg.TLSCert, cfg.TLSKey = p.path("cert.pem"), p.path("key.pem")
	var now, most atomic.Int64
	hold := make(chan struct{})
	addr := port(t, cfg, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		<-hold // as a database would that does not look at its context
	}))
	defer close(hold)
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	f := http2.NewFramer(c, c)
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the connection
		for {
			if _, err := f.ReadFrame(); err != nil {
				return
			}
		}
	}()
	var head bytes.Buffer
	h := hpack.NewEncoder(&head)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", addr}, {":path", "/dav/"}} {
		if err := h.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			t.Fatal(err)
		}
	}
	for id := uint32(1); id < 20_000; id += 2 {
		if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
			break // the server has had enough of it
		}
		if err := f.WriteRSTStream(id, http2.ErrCodeCancel); err != nil {
			break
		}
	}
	if n := most.Load(); n == 0 || n > 250 {
		t.Errorf("%d handlers at once", n)
	}
}

// TestWhatIsNoHTTPIsAnsweredInDAV looks at the body; internal/listen has the whole table.
func TestWhatIsNoHTTPIsAnsweredInDAV(t *testing.T) {
	t.Parallel()
	addr := port(t, patient(), http.NotFoundHandler())
	for sent, status := range map[string]int{
		"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n":                                        400,
		"PROPFIND /dav/ HTTP/1.1\r\nHost: a\r\nDepth\r\n\r\n":                         400,
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n": 431,
		"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n":                 501,
		"GET / HTTP/9.9\r\nHost: a\r\n\r\n":                                           505,
		"PUT / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n":  417,
	} {
		var res *http.Response
		for try := 1; ; try++ { // the machine may be busy once
			began := time.Now()
			var err error
			if res, err = http.ReadResponse(bufio.NewReader(dial(t, addr, sent)), nil); err != nil {
				t.Fatalf("%.40q: %v", sent, err)
			}
			if took := time.Since(began); took < 100*time.Millisecond {
				break
			} else if try == 10 {
				t.Errorf("%.40q took %v", sent, took)
				break
			}
		}
		var doc struct {
			XMLName xml.Name
			Message string `xml:",innerxml"`
		}
		err := xml.NewDecoder(res.Body).Decode(&doc)
		if res.StatusCode != status || err != nil || doc.XMLName != (xml.Name{Space: "DAV:", Local: "error"}) || !strings.Contains(doc.Message, ".</") {
			t.Errorf("%.40q: %s %v %+v", sent, res.Status, err, doc)
		}
	}
}
