package upstream

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// traceHeaders name the request in the server's own log, the more telling first: what
// Creatio, Microsoft, gateways and the usual frameworks send.
var traceHeaders = [...]string{"X-Request-Id", "Request-Id", "X-Ms-Request-Id", "X-Correlation-Id", "X-Trace-Id", "X-B3-Traceid", "X-Amzn-Requestid", "X-Amzn-Trace-Id", "Cf-Ray"}

// traceMost is the longest id that is kept: what is longer is none.
const traceMost = 128

// Traces are the ids that servers gave their answers, for who has to look into their log; ""
// where they gave none.
type Traces struct {
	Failed  string // of the last answer with a status of 400 or more, to a write where there was one: what was refused is looked for afterwards
	Written string // of the last other answer to a request that was not GET or HEAD
	Last    string // of the last answer
}

type traceKey struct{}

type tracer struct {
	mu      sync.Mutex
	got     Traces
	refused bool // Failed is that of a write
}

// Traced notes the ids of answers under the context it returns; seen tells them so far. The
// innermost has them.
func Traced(ctx context.Context) (_ context.Context, seen func() Traces) {
	t := new(tracer)
	return context.WithValue(ctx, traceKey{}, t), func() Traces {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.got
	}
}

// traced notes an answer.
func traced(ctx context.Context, method string, resp *Response) {
	t, ok := ctx.Value(traceKey{}).(*tracer)
	if !ok || resp == nil {
		return
	}
	id := traceID(resp.Header)
	read := method == http.MethodGet || method == http.MethodHead
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got.Last = id
	switch {
	case resp.Status >= http.StatusBadRequest && !read:
		t.got.Failed, t.refused = id, true
	case resp.Status >= http.StatusBadRequest:
		if !t.refused {
			t.got.Failed = id
		}
	case !read:
		t.got.Written = id
	}
}

// traceID is the id in the headers of an answer. Only what looks like one is taken: it is shown
// to people and stored.
func traceID(h http.Header) string {
	for _, name := range traceHeaders {
		id := strings.TrimSpace(h.Get(name))
		if id == "" || len(id) > traceMost || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>"'\`+"`", r) }) {
			continue
		}
		return id
	}
	return ""
}
