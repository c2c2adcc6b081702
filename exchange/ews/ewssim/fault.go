package ewssim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
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
	// FaultLost does what was asked and closes the connection without an answer.
	FaultLost FaultKind = "lost"
	// FaultDropped closes the connection before anything is done.
	FaultDropped FaultKind = "dropped"
	// FaultSlow sends the answer in pieces over Delay.
	FaultSlow FaultKind = "slow"
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
	return []FaultKind{FaultBusy, FaultBusyInside, FaultUnavailable, FaultLost, FaultDropped, FaultSlow, FaultTruncated,
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

type faults struct {
	mu   sync.Mutex
	next int
	list []*armed
}

type armed struct {
	Fault
	id, seen, done int
}

// AddFault arranges for a failure; the first that fits a request happens. It returns a number for RemoveFault.
func (s *Sim) AddFault(f Fault) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if f.BackOff == 0 {
		f.BackOff = 300
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.next++
	s.faults.list = append(s.faults.list, &armed{Fault: f, id: s.faults.next})
	return s.faults.next, nil
}

// RemoveFault ends a failure; an unknown number is none.
func (s *Sim) RemoveFault(id int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = slices.DeleteFunc(s.faults.list, func(a *armed) bool { return a.id == id })
}

// ClearFaults ends all failures.
func (s *Sim) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// Faults are those still to happen.
func (s *Sim) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := []Fault{}
	for _, a := range s.faults.list {
		out = append(out, a.Fault)
	}
	return out
}

// take finds the failure for a request, nil without.
func (fs *faults) take(in *incoming) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, a := range fs.list {
		if (a.Op != "" && a.Op != in.op) || (a.Login != "" && !strings.EqualFold(a.Login, in.acct.login)) {
			continue
		}
		if a.seen++; a.seen <= a.After {
			continue
		}
		if a.done++; a.Count > 0 && a.done >= a.Count {
			fs.list = slices.Delete(fs.list, i, i+1)
		}
		f := a.Fault
		return &f
	}
	return nil
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
		select {
		case <-time.After(f.Delay):
		case <-in.Context().Done():
		}
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
		panic(http.ErrAbortHandler)
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
	s.stats.finish(in, ans.status)
	if f == nil || ans.hanging != nil {
		s.write(w, in.Request, ans)
		return
	}
	switch f.Kind {
	case FaultLost:
		panic(http.ErrAbortHandler)
	case FaultTruncated:
		w.Header().Set("Content-Type", ans.kind)
		w.Header().Set("Content-Length", itoa(len(ans.body)))
		w.WriteHeader(ans.status)
		w.Write(ans.body[:len(ans.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
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
	size := len(ans.body)/pieces + 1
	for rest := ans.body; len(rest) > 0; {
		n := min(size, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			return
		}
		http.NewResponseController(w).Flush()
		rest = rest[n:]
		select {
		case <-time.After(over / pieces):
		case <-in.Context().Done():
			return
		}
	}
}
