package graphsim

import (
	"net/http"
	"strconv"
	"time"

	"crmbridge/internal/simkit"
)

// failing is the refusal that faults make of a request, on the wire or in a batch; nil is none.
func (s *Sim) failing(hit []Fault) *refusal {
	for _, f := range hit {
		var r *refusal
		switch f.Kind {
		case FaultThrottled:
			r = tooMany(orText(f.Message, "Application is over its MailboxConcurrency limit."), f.RetryAfter)
		case FaultUnavailable:
			r = refuse(http.StatusServiceUnavailable, "serviceNotAvailable", "%s", orText(f.Message, "The service is temporarily unavailable."))
			if f.RetryAfter > 0 {
				r.header = map[string]string{"Retry-After": strconv.Itoa(f.RetryAfter)}
			}
		case FaultTimeout:
			r = refuse(http.StatusGatewayTimeout, "UnknownError", "%s", f.Message)
		case FaultStatus:
			r = refuse(f.Status, orText(f.Code, "UnknownError"), "%s", orText(f.Message, http.StatusText(f.Status)))
		case FaultConflict:
			r = changedMeanwhile()
		case FaultConcurrent:
			r = refuse(http.StatusConflict, "ConcurrentItemSave", "The item was saved by another request at the same time.")
		case FaultUnsigned:
			r = refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has been revoked.")
		default:
			continue
		}
		return r
	}
	return nil
}

// failBefore does what the faults do before the work; stop says that the request is dealt with.
func (s *Sim) failBefore(w http.ResponseWriter, req *request, hit []Fault) (stop bool) {
	for _, f := range hit {
		switch f.Kind {
		case FaultLatency:
			simkit.Pause(req.ctx, time.Duration(f.Delay))
		case FaultReset:
			s.record(req, 0, f.Kind)
			simkit.Reset(w)
			return true
		case FaultHTML:
			s.record(req, http.StatusOK, f.Kind)
			s.write(w, req, answer{status: http.StatusOK, typ: "text/html; charset=utf-8",
				body: []byte("<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body>Please sign in.</body></html>\n")})
			return true
		case FaultDelta:
			s.forget(req, f.Status)
		}
	}
	if r := s.failing(hit); r != nil {
		ans := s.refused(req, r)
		s.record(req, ans.status, hit[len(hit)-1].Kind)
		s.write(w, req, ans)
		return true
	}
	return false
}

// forget ends the delta state that a request names.
func (s *Sim) forget(req *request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.boxes {
		if st := b.rounds[req.query.Get("$deltatoken")]; st != nil {
			orDefault(&status, http.StatusGone)
			st.gone = status
		}
	}
}

// failAfter sends the answer, or what the faults leave of it.
func (s *Sim) failAfter(w http.ResponseWriter, req *request, hit []Fault, ans answer) {
	body := ans.bytes()
	var last FaultKind
	for _, f := range hit {
		last = f.Kind
		if f.Kind == FaultTruncate {
			body = body[:len(body)/2]
			ans.body = body
		}
	}
	s.record(req, ans.status, last)
	for _, f := range hit {
		switch f.Kind {
		case FaultLost:
			simkit.Reset(w)
			return
		case FaultAbort:
			setHeader(w, req, ans)
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(ans.status)
			simkit.Trickle(req.ctx, w, body[:len(body)/2], 1, 0)
			panic(http.ErrAbortHandler) // net/http's way to end a connection in mid-answer
		case FaultSlow:
			setHeader(w, req, ans)
			w.WriteHeader(ans.status)
			simkit.Trickle(req.ctx, w, body, 20, time.Duration(f.Delay)/20)
			return
		}
	}
	s.write(w, req, ans)
}
