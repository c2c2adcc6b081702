package creatiosim

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmbridge/internal/simkit"
)

// failBefore does what the faults do before the work; stop says that the request is dealt with.
func (s *Sim) failBefore(w http.ResponseWriter, in *incoming, hit []Fault) (stop bool) {
	for _, f := range hit {
		var ans answer
		switch f.Kind {
		case FaultLatency:
			simkit.Pause(in.Context(), time.Duration(f.Delay))
			continue
		case FaultSession:
			s.killSession(in)
			continue
		case FaultReset:
			s.record(in, 0, f.Kind)
			simkit.Reset(w)
			return true
		case FaultCut:
			s.record(in, 0, f.Kind)
			half(in)
			simkit.Reset(w)
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
			simkit.Reset(w)
			return
		case FaultTorn:
			if in.kind == "stream-put" {
				simkit.Reset(w)
				return
			}
		case FaultAbort:
			setHeader(w, ans)
			w.Header().Set("Content-Length", strconv.Itoa(len(ans.body)))
			w.WriteHeader(ans.status)
			simkit.Trickle(in.Context(), w, ans.body[:len(ans.body)/2], 1, 0)
			panic(http.ErrAbortHandler) // net/http's way to end a connection in mid-answer
		case FaultSlow:
			setHeader(w, ans)
			w.WriteHeader(ans.status)
			simkit.Trickle(in.Context(), w, ans.body, 20, time.Duration(f.Delay)/20)
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
	s.stats.Record(func(seq int) LogEntry { e.Seq = seq; return e }, names(e.Kind, e.Entity)...)
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

// half reads half of the body; of one whose length is not told, the first 64 KiB.
func half(in *incoming) {
	n := in.ContentLength / 2
	if n < 0 {
		n = 64 << 10
	}
	io.CopyN(io.Discard, in.Body, n) //nolint:errcheck // what cannot be read is not needed
}

// drain reads the body, so that the answer is not taken for a broken connection.
func drain(in *incoming) {
	io.Copy(io.Discard, io.LimitReader(in.Body, 1<<20)) //nolint:errcheck // what cannot be read is not needed
}
