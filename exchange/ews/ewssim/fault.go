package ewssim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/internal/simkit"
)

// FaultKind is a way to fail.
type FaultKind string

const (
	// FaultBusy answers HTTP 500 with a SOAP fault ErrorServerBusy that says how long to wait.
	FaultBusy FaultKind = "busy"
	// FaultBusyInside answers HTTP 200 with messages of ErrorInternalServerError that hold the waiting time of ErrorServerBusy.
	FaultBusyInside FaultKind = "busy-inside"
	// FaultUnavailable answers a bare HTTP 503.
	FaultUnavailable FaultKind = "unavailable"
	// FaultLost does what was asked and closes the connection without an answer. A stream of notifications is closed with its first
	// piece.
	FaultLost FaultKind = "lost"
	// FaultDropped closes the connection before anything is done.
	FaultDropped FaultKind = "dropped"
	// FaultSlow sends the answer in pieces over Delay; of a stream of notifications each piece comes so much later.
	FaultSlow FaultKind = "slow"
	// FaultSilent lets a stream of notifications begin, and then says nothing on it: what it has to tell goes nowhere, as on a line that
	// is dead without having been cut.
	FaultSilent FaultKind = "silent"
	// FaultTruncated sends half of the answer and closes the connection.
	FaultTruncated FaultKind = "truncated"
	// FaultExpired answers 401, as after the end of a session or a change of the password.
	FaultExpired FaultKind = "expired"
	// FaultHTML answers HTTP 200 with a login page.
	FaultHTML FaultKind = "html"
	// FaultCode answers HTTP 200 with a message of Code for each part, such as ErrorMailboxMoveInProgress or
	// ErrorInvalidSyncStateData.
	FaultCode FaultKind = "code"
	// FaultSOAP answers HTTP 500 with a SOAP fault of Code.
	FaultSOAP FaultKind = "fault"
	// FaultStopped does the first part and answers the others with ErrorBatchProcessingStopped.
	FaultStopped FaultKind = "stopped"
)

// FaultKinds are all kinds.
func FaultKinds() []FaultKind {
	return []FaultKind{FaultBusy, FaultBusyInside, FaultUnavailable, FaultLost, FaultDropped, FaultSlow, FaultSilent, FaultTruncated,
		FaultExpired, FaultHTML, FaultCode, FaultSOAP, FaultStopped}
}

// Fault is a failure to happen.
type Fault struct {
	Kind    FaultKind     `json:"kind"`
	Op      string        `json:"op,omitempty"`      // operation, such as CreateItem; "" is all
	Login   string        `json:"login,omitempty"`   // of the account; "" is all
	After   int           `json:"after,omitempty"`   // requests that it lets pass first
	Count   int           `json:"count,omitempty"`   // how often it happens; 0 is always
	Delay   time.Duration `json:"delay,omitempty"`   // before the answer, or for FaultSlow over it
	BackOff int           `json:"backOff,omitempty"` // milliseconds that a busy server asks for; 0 is 300
	Code    string        `json:"code,omitempty"`    // for FaultCode and FaultSOAP
}

// ParseFault reads the form of the command line: KIND,name=value,…
func ParseFault(text string) (Fault, error) {
	kind, rest, _ := strings.Cut(text, ",")
	f := Fault{Kind: FaultKind(kind)}
	for _, part := range strings.Split(rest, ",") {
		name, v, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "":
		case "op":
			f.Op = v
		case "login":
			f.Login = v
		case "code":
			f.Code = v
		case "after":
			f.After, err = strconv.Atoi(v)
		case "count":
			f.Count, err = strconv.Atoi(v)
		case "backOff":
			f.BackOff, err = strconv.Atoi(v)
		case "delay":
			f.Delay, err = time.ParseDuration(v)
		default:
			err = fmt.Errorf("unknown name %q", name)
		}
		if err != nil {
			return f, fmt.Errorf("ewssim: fault %q: %w", text, err)
		}
	}
	return f, f.check()
}

func (f Fault) check() error {
	if !slices.Contains(FaultKinds(), f.Kind) {
		return fmt.Errorf("ewssim: unknown kind of fault %q", f.Kind)
	}
	if (f.Kind == FaultCode || f.Kind == FaultSOAP) && f.Code == "" {
		return errors.New("ewssim: the fault needs a code")
	}
	if _, ok := operations()[f.Op]; f.Op != "" && !ok {
		return fmt.Errorf("ewssim: unknown operation %q", f.Op)
	}
	return nil
}

// newFaults keeps failures, none at first: one strikes a request, and one that is spent is gone.
func newFaults() *simkit.Faults[Fault] {
	return simkit.NewFaults(simkit.Rules[Fault]{First: true, Spend: true,
		Trial: func(f *Fault) simkit.Trial { return simkit.Trial{After: f.After, Count: f.Count} }})
}

// AddFault arranges for a failure; the first that fits a request happens. It returns a number for RemoveFault.
func (s *Sim) AddFault(f Fault) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if f.BackOff == 0 {
		f.BackOff = 300
	}
	return s.faults.Add(f), nil
}

// RemoveFault ends a failure; an unknown number is none.
func (s *Sim) RemoveFault(id int) { s.faults.Remove(id) }

// ClearFaults ends all failures.
func (s *Sim) ClearFaults() { s.faults.Clear() }

// Faults are those still to happen.
func (s *Sim) Faults() []Fault { return s.faults.All() }

// striking is the failure for a request, nil without.
func (s *Sim) striking(in *incoming) *Fault {
	hit := s.faults.Take(func(f *Fault) bool {
		return (f.Op == "" || f.Op == in.op) && (f.Login == "" || strings.EqualFold(f.Login, in.acct.login))
	})
	if len(hit) == 0 {
		return nil
	}
	return &hit[0]
}

func busyFailure(backOff int) *failure {
	f := fail("ErrorServerBusy", "The server cannot service this request right now. Try again later.")
	f.values = []attr{{"BackOffMilliseconds", itoa(backOff)}}
	return f
}

// failBefore makes a failure happen that comes before anything is done.
func (s *Sim) failBefore(w http.ResponseWriter, in *incoming, f *Fault) bool {
	if f == nil {
		return false
	}
	if f.Delay > 0 && f.Kind != FaultSlow {
		simkit.Pause(in.Context(), f.Delay)
	}
	switch f.Kind {
	case FaultBusy:
		s.write(w, in.Request, soapFault(busyFailure(f.BackOff)))
	case FaultBusyInside:
		inner := fail("ErrorInternalServerError", "An internal server error occurred. The operation failed., The server cannot service this request right now. Try again later.")
		inner.values = []attr{{"BackOffMilliseconds", itoa(f.BackOff)}}
		s.write(w, in.Request, s.allFailed(in, inner))
	case FaultUnavailable:
		s.write(w, in.Request, reply{status: http.StatusServiceUnavailable})
	case FaultDropped:
		panic(http.ErrAbortHandler) // net/http's way to end a connection without an answer
	case FaultExpired:
		s.write(w, in.Request, *s.unauthorized())
	case FaultHTML:
		s.write(w, in.Request, reply{status: http.StatusOK, kind: "text/html; charset=utf-8",
			body: []byte("<!DOCTYPE html><html><head><title>Outlook</title></head><body><form action=\"/owa/auth.owa\" method=\"POST\"></form></body></html>")})
	case FaultCode:
		s.write(w, in.Request, s.allFailed(in, fail(f.Code, "The failure %s was asked for.", f.Code)))
	case FaultSOAP:
		s.write(w, in.Request, soapFault(fail(f.Code, "The failure %s was asked for.", f.Code)))
	default:
		return false
	}
	return true
}

// allFailed answers every part of a request with one failure.
func (s *Sim) allFailed(in *incoming, f *failure) reply {
	if in.op == "" {
		return soapFault(f)
	}
	var out []*node
	for range max(len(partsOf(in.req)), 1) {
		out = append(out, problem(in.op, f, emptyOf(in.op)))
	}
	return xmlReply(http.StatusOK, respond(in.op, out))
}

// partsOf are the entries of the list that a request works on.
func partsOf(req *node) []*node {
	for _, name := range []string{"ItemIds", "Items", "ItemChanges", "FolderIds", "Folders", "FolderChanges", "ParentFolderIds", "Attachments",
		"AttachmentIds", "SourceIds"} {
		if n := req.kid(name); n != nil {
			return n.kids
		}
	}
	return nil
}

// emptyOf is what the message of a failed part shows.
func emptyOf(op string) []*node {
	switch op {
	case "GetItem", "CreateItem", "UpdateItem", "MoveItem", "CopyItem":
		return []*node{itemsNode()}
	case "GetFolder", "CreateFolder", "UpdateFolder", "MoveFolder":
		return []*node{el("m:Folders")}
	case "CreateAttachment", "GetAttachment":
		return []*node{el("m:Attachments")}
	case "GetServerTimeZones":
		return []*node{el("m:TimeZoneDefinitions")}
	}
	return nil
}

// failAfter sends an answer, or fails to.
func (s *Sim) failAfter(w http.ResponseWriter, in *incoming, f *Fault, ans reply) {
	s.finish(in, ans.status)
	if f == nil {
		s.write(w, in.Request, ans)
		return
	}
	if ans.hanging != nil {
		s.write(&badStream{ResponseWriter: w, in: in, fault: f}, in.Request, ans)
		return
	}
	switch f.Kind {
	case FaultLost:
		panic(http.ErrAbortHandler) // as above, after the work
	case FaultTruncated:
		ans.body = s.dressed(ans.body)
		w.Header().Set("Content-Type", ans.kind)
		w.Header().Set("Content-Length", itoa(len(ans.body)))
		w.WriteHeader(ans.status)
		w.Write(ans.body[:len(ans.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // in mid-answer
	case FaultSlow:
		s.writeSlowly(w, in, f.Delay, ans)
	default:
		s.write(w, in.Request, ans)
	}
}

func (s *Sim) writeSlowly(w http.ResponseWriter, in *incoming, over time.Duration, ans reply) {
	const pieces = 20
	w.Header().Set("Content-Type", ans.kind)
	w.WriteHeader(ans.status)
	simkit.Trickle(in.Context(), w, s.dressed(ans.body), pieces, over/pieces)
}

// badStream is what a stream of notifications is written to that fails: each piece comes late, all but the first go nowhere, or the
// first breaks off.
type badStream struct {
	http.ResponseWriter
	in     *incoming
	fault  *Fault
	pieces int
}

// Unwrap lets http.ResponseController flush.
func (b *badStream) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// Write implements http.ResponseWriter.
func (b *badStream) Write(p []byte) (int, error) {
	b.pieces++
	switch b.fault.Kind {
	case FaultSilent:
		if b.pieces > 1 {
			return len(p), nil
		}
	case FaultSlow:
		simkit.Pause(b.in.Context(), b.fault.Delay)
	case FaultTruncated:
		b.ResponseWriter.Write(p[:len(p)/2])
		http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler) // in mid-answer
	case FaultLost:
		panic(http.ErrAbortHandler) // in mid-answer
	}
	return b.ResponseWriter.Write(p)
}
