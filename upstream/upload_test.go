package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"crmbridge/pim"
)

// An upload goes whole or not at all: what is wrong with the body is the error, and a server that falls silent is left.
func TestUpload(t *testing.T) {
	t.Parallel()
	got := make(chan string, 9)
	silent := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, err := io.ReadAll(q.Body)
		if err != nil {
			got <- "broken off"
			return
		}
		if q.URL.Path == "/silent" {
			<-silent
			return
		}
		got <- string(b)
		if q.URL.Path == "/no" {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		if q.ContentLength != int64(len(b)) {
			t.Errorf("the length is said to be %d", q.ContentLength)
		}
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(silent) })
	c, err := New(Options{Base: srv.URL, Now: time.Now, Retries: -1, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string, body io.Reader, size int64, idle time.Duration) (*Response, error) {
		return c.Upload(t.Context(), Request{Op: "test", Method: http.MethodPut, Path: path}, body, size, idle)
	}
	for _, text := range []string{"", "x", strings.Repeat("large ", 200_000)} {
		resp, err := put("yes", iotest.HalfReader(strings.NewReader(text+"beyond the size")), int64(len(text)), time.Minute)
		if err != nil || !resp.OK() {
			t.Fatalf("%d bytes: %v", len(text), err)
		}
		if b := <-got; b != text {
			t.Errorf("%d bytes came, want %d", len(b), len(text))
		}
	}
	if resp, err := put("no", strings.NewReader("x"), 1, time.Minute); err != nil || resp.Status != http.StatusRequestEntityTooLarge || <-got != "x" {
		t.Errorf("refused: %v %v", resp, err)
	}
	own := errors.New("the source broke")
	half := bytes.Repeat([]byte("y"), 500_000)
	if _, err := put("yes", io.MultiReader(bytes.NewReader(half), iotest.ErrReader(own)), 1_000_000, time.Minute); !errors.Is(err, own) || <-got != "broken off" {
		t.Errorf("a body that fails: %v", err)
	}
	if _, err := put("yes", bytes.NewReader(half), 1_000_000, time.Minute); pim.ReasonOf(err) != pim.ErrProtocol || <-got != "broken off" {
		t.Errorf("a body that is too short: %v", err)
	}
	if _, err := put("silent", strings.NewReader("x"), 1, 20*time.Millisecond); pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("silence: %v", err)
	}
}
