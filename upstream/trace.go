package upstream

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"crmbridge/pim"
)

// Exchange is what may be known of one attempt: nothing of what was said.
type Exchange struct {
	Method   string
	Host     string
	Status   int        // 0 when there was no answer
	Reason   pim.Reason // "" without error
	Attempt  int        // from 1
	Duration time.Duration
	Out, In  int // bytes of the bodies
}

func (c *Client) observe(r Request, u *url.URL, req *http.Request, resp *Response, err error, n int, took time.Duration) {
	x := Exchange{Method: r.method(), Host: u.Host, Attempt: n, Duration: took, Out: len(r.Body)}
	if resp != nil {
		x.Status, x.In = resp.Status, len(resp.Body)
	}
	if err != nil {
		x.Reason = pim.ReasonOf(err)
	}
	if c.opt.Observe != nil {
		c.opt.Observe(x)
	}
	if c.opt.Log.Enabled(req.Context(), slog.LevelDebug) {
		c.opt.Log.LogAttrs(req.Context(), slog.LevelDebug, "upstream",
			slog.String("method", x.Method), slog.String("host", x.Host), slog.String("path", c.red.path(u)),
			slog.Int("status", x.Status), slog.String("reason", string(x.Reason)), slog.Int("attempt", n),
			slog.Duration("took", took), slog.Int("out", x.Out), slog.Int("in", x.In))
	}
	if c.opt.Debug != nil {
		c.debug(r, u, req, resp, err)
	}
}

// debugBody is how much of a body the debug trace keeps.
const debugBody = 64 << 10

func (c *Client) debug(r Request, u *url.URL, req *http.Request, resp *Response, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s %s://%s%s\n", r.method(), u.Scheme, u.Host, c.red.path(u))
	c.red.headers(&b, "> ", req.Header)
	c.red.body(&b, "> ", r.Body, r.Sensitive)
	if resp != nil {
		fmt.Fprintf(&b, "< %d\n", resp.Status)
		c.red.headers(&b, "< ", resp.Header)
		c.red.body(&b, "< ", resp.Body, r.Sensitive)
	}
	if err != nil {
		fmt.Fprintf(&b, "! %s\n", c.red.text(err.Error()))
	}
	b.WriteByte('\n')
	c.debugMu.Lock()
	defer c.debugMu.Unlock()
	// A trace that cannot be written must not fail the call.
	_, _ = c.opt.Debug.Write([]byte(b.String()))
}

func sortedKeys(h http.Header) []string {
	ks := make([]string, 0, len(h))
	for k := range h {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}
