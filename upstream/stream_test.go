package upstream

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

func streaming(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := New(testOptions(srv.URL, testclock.New()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A stream gives pieces as they come, while other calls go on, and ends with its context.
func TestStream(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	c := streaming(t, func(w http.ResponseWriter, r *http.Request) {
		for {
			select {
			case s := <-next:
				_, _ = io.WriteString(w, s)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	// The server sends its header with the first piece.
	go func() { next <- "first" }()
	body, resp, err := c.Stream(t.Context(), Request{Path: "x"}, time.Minute)
	if err != nil || resp.Status != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	for _, want := range []string{"first", "second"} {
		if want != "first" {
			next <- want
		}
		b := make([]byte, len(want))
		if _, err := io.ReadFull(body, b); err != nil || string(b) != want {
			t.Errorf("%q %v", b, err)
		}
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if _, err := body.Read(make([]byte, 1)); pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("after the end: %v", err)
	}
}

// Silence ends a stream, before the first piece and after it.
func TestStreamSilent(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		c := streaming(t, func(w http.ResponseWriter, r *http.Request) {
			if first {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		})
		body, _, err := c.Stream(t.Context(), Request{Path: "x"}, 50*time.Millisecond)
		if body != nil {
			_, err = io.ReadAll(body)
			_ = body.Close()
		}
		if pim.ReasonOf(err) != pim.ErrUnavailable || !strings.Contains(pim.PublicText(err), "in time") {
			t.Errorf("after %v: %v", first, err)
		}
	}
}

// What is no stream is an answer, or the error that Do makes of it.
func TestStreamRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]pim.Reason{401: "", 500: "", 429: pim.ErrThrottled, 503: pim.ErrUnavailable} {
		c := streaming(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "why")
		})
		body, resp, err := c.Stream(t.Context(), Request{Path: "x"}, time.Minute)
		if body != nil || resp == nil || string(resp.Body) != "why" || pim.ReasonOf(err) != want {
			t.Errorf("%d: %v %v", status, resp, err)
		}
	}
}

// A pause in a remote's own words: whatever the method and status, the call comes again after it, and the account waits, nobody else.
func TestPauseInWords(t *testing.T) {
	t.Parallel()
	pause := func(r *Response) time.Duration {
		var seconds int
		if _, err := fmt.Sscanf(string(r.Body), "wait %d", &seconds); err != nil {
			return 0
		}
		return time.Duration(seconds) * time.Second
	}
	clock, calls := testclock.New(), 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			_, _ = io.WriteString(w, "wait 20")
			return
		}
		if strings.HasSuffix(r.URL.Path, "long") {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, "wait 600")
		}
	}))
	t.Cleanup(srv.Close)
	all, err := New(testOptions(srv.URL, clock))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(all.Close)
	ann, bob, begin := all.For("ann"), all.For("bob"), clock.Now()
	resp, err := ann.Do(t.Context(), Request{Method: "POST", Path: "x", Pause: pause})
	if err != nil || !resp.OK() || clock.Now().Sub(begin) < 20*time.Second {
		t.Fatalf("%v %v after %v", resp, err, clock.Now().Sub(begin))
	}
	_, err = ann.Do(t.Context(), Request{Method: "POST", Path: "long", Pause: pause})
	if !errors.Is(err, pim.ErrThrottled) || pim.RetryAfter(err) != 10*time.Minute {
		t.Fatalf("%v after %v", err, pim.RetryAfter(err))
	}
	before := calls
	if _, err := ann.Do(t.Context(), Request{Path: "y"}); !errors.Is(err, pim.ErrThrottled) || calls != before {
		t.Errorf("the account was not held: %v, %d calls", err, calls-before)
	}
	if _, err := bob.Do(t.Context(), Request{Path: "y"}); err != nil || calls != before+1 {
		t.Errorf("another account was held: %v", err)
	}
}

// A pinned client keeps to one connection; others have more.
func TestPinned(t *testing.T) {
	t.Parallel()
	c := streaming(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })
	one := c.Pinned()
	t.Cleanup(one.Close)
	seen, errs := make(chan string, 8), make(chan error, 8)
	for range 8 {
		go func() {
			resp, err := c.Session().Over(one).Do(t.Context(), Request{Path: "x"})
			if err != nil {
				errs <- err
				return
			}
			seen <- string(resp.Body)
		}()
	}
	addresses := map[string]bool{}
	for range 8 {
		select {
		case a := <-seen:
			addresses[a] = true
		case err := <-errs:
			t.Fatal(err)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("%d connections", len(addresses))
	}
}
