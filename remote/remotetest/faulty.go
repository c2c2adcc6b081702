package remotetest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// Faulty puts faults in front of an HTTP handler: a simulator, or a reverse proxy
// to a real system. It implements Faults.
type Faulty struct {
	next  http.Handler
	spare func(*http.Request, []byte) bool
	write func(*http.Request, []byte) bool

	mu       sync.Mutex
	current  *injected
	requests int
}

type injected struct {
	Fault
	left int // -1: no end
}

// NewFaulty wraps next. spare tells requests that never fail (logins); write tells
// requests that change something, nil means by method. Both get the body.
func NewFaulty(next http.Handler, spare, write func(r *http.Request, body []byte) bool) *Faulty {
	if spare == nil {
		spare = func(*http.Request, []byte) bool { return false }
	}
	if write == nil {
		write = func(r *http.Request, _ []byte) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }
	}
	return &Faulty{next: next, spare: spare, write: write}
}

// Inject implements Faults. A second fault replaces the first.
func (f *Faulty) Inject(x Fault) (clear func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := &injected{Fault: x, left: x.Times}
	if x.Times == 0 {
		in.left = -1
	}
	f.current = in
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.current == in {
			f.current = nil
		}
	}
}

// Requests is how many requests came in.
func (f *Faulty) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// take is the fault for a request, if any.
func (f *Faulty) take(r *http.Request, body []byte) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	in := f.current
	if in == nil || in.left == 0 || f.spare(r, body) || in.Writes && !f.write(r, body) {
		return Fault{}, false
	}
	if in.left > 0 {
		in.left--
	}
	return in.Fault, true
}

// ServeHTTP implements http.Handler.
func (f *Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's way to end a connection without an answer
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	x, hit := f.take(r, body)
	if !hit {
		f.next.ServeHTTP(w, r)
		return
	}
	status := map[What]int{Unauthorized: 401, Forbidden: 403, Clash: 409, TooLarge: 413, Throttled: 429, Broken: 500}
	switch x.What {
	case Page:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>")
	case Truncated:
		f.cutOff(w, r)
	case LostAnswer:
		f.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // as above, after the work
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // as above
	default:
		if x.After > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(x.After.Seconds())))
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status[x.What])
		_, _ = io.WriteString(w, "<html><body>Server Error: at Vendor.Secret.Stack(x.cs:17)</body></html>")
	}
}

// cutOff sends half of the answer and breaks the connection.
func (f *Faulty) cutOff(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	f.next.ServeHTTP(rec, r)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	all := rec.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(all)+1))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(all[:len(all)/2])
	if fl, ok := w.(http.Flusher); ok {
		fl.Flush()
	}
	panic(http.ErrAbortHandler) // in mid-answer
}
