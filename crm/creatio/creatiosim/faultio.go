package creatiosim

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// failBefore does what the faults do before the work; stop says that the request is dealt with.
func (s *Sim) failBefore(w http.ResponseWriter, in *incoming, hit []Fault) (stop bool) {
	for _, f := range hit {
		var ans answer
		switch f.Kind {
		case FaultLatency:
			pause(in.Context(), time.Duration(f.Delay))
			continue
		case FaultSession:
			s.killSession(in)
			continue
		case FaultReset:
			s.record(in, 0, f.Kind)
			reset(w)
			return true
		case FaultBusy:
			ans = retryLater(http.StatusTooManyRequests, "Too Many Requests", max(1, f.RetryAfter))
		case FaultUnavailable:
			ans = retryLater(http.StatusServiceUnavailable, "503 - Service Unavailable", f.RetryAfter)
		case FaultRule:
			ans = s.refuse(ruleBroken(orText(f.Message, "The record cannot be saved: a business process refused it.")))
		case FaultStatus:
			ans = s.refuse(&refusal{f.Status, orText(f.Message, http.StatusText(f.Status)), typApplication, false})
		case FaultHTML:
			ans = s.loginForm(http.StatusOK, "", in.URL.RequestURI())
		default:
			continue // strikes afterwards
		}
		s.record(in, ans.status, f.Kind)
		drain(in)
		s.writeAnswer(w, in, ans)
		return true
	}
	return false
}

// failAfter sends the answer, or what the faults leave of it.
func (s *Sim) failAfter(w http.ResponseWriter, in *incoming, hit []Fault, ans answer) {
	var last FaultKind
	for _, f := range hit {
		last = f.Kind
		switch f.Kind {
		case FaultEmpty:
			if in.kind == "list" && ans.status == http.StatusOK {
				ans.body = []byte(`{"@odata.context":"$metadata#` + in.ent + `","value":[]}`)
			}
		case FaultTruncate:
			ans.body = ans.body[:len(ans.body)/2]
		}
	}
	s.record(in, ans.status, last)
	for _, f := range hit {
		switch f.Kind {
		case FaultResetAfter:
			reset(w)
			return
		case FaultAbort:
			setHeader(w, ans)
			w.Header().Set("Content-Length", strconv.Itoa(len(ans.body)))
			w.WriteHeader(ans.status)
			s.trickle(in.Context(), w, ans.body[:len(ans.body)/2], 1, 0)
			panic(http.ErrAbortHandler) // net/http's way to end a connection in mid-answer
		case FaultSlow:
			setHeader(w, ans)
			w.WriteHeader(ans.status)
			s.trickle(in.Context(), w, ans.body, 20, time.Duration(f.Delay)/20)
			return
		}
	}
	s.writeAnswer(w, in, ans)
}

// record logs and counts a request. It comes before the answer goes out, so whoever has the answer finds the entry.
func (s *Sim) record(in *incoming, status int, fault FaultKind) {
	e := LogEntry{At: s.opt.Now(), Method: effectiveMethod(in.Method, in.Header), Path: in.URL.Path, Kind: in.kind,
		Entity: in.ent, Status: status, Fault: string(fault)}
	if strings.Contains(in.URL.Path, "/odata") {
		e.Query = in.URL.RawQuery
	}
	s.stats.record(e)
}

// retryLater is a refusal for now. Retry-After is left out for no seconds: clients must do without it too.
func retryLater(status int, text string, seconds int) answer {
	ans := htmlPage(status, text)
	if seconds > 0 {
		ans.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	}
	return ans
}

// orText is s, or def when s is empty.
func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// trickle writes body in parts with a pause after each.
func (s *Sim) trickle(ctx context.Context, w http.ResponseWriter, body []byte, parts int, gap time.Duration) {
	rc := http.NewResponseController(w)
	step := max(1, (len(body)+parts-1)/parts)
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		if err := rc.Flush(); err != nil {
			s.opt.Log.Debug("flush", "error", err)
		}
		body = body[n:]
		if gap > 0 {
			pause(ctx, gap)
		}
	}
}

// reset ends the connection without an answer, with RST where it is plain TCP.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 and recorders: the nearest thing
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // the connection is being thrown away
	}
	conn.Close()
}

// drain reads the body, so that the answer is not taken for a broken connection.
func drain(in *incoming) {
	io.Copy(io.Discard, io.LimitReader(in.Body, 1<<20)) //nolint:errcheck // what cannot be read is not needed
}

// pause waits, but not for a client that has gone.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
