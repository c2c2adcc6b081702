package graphsim

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// serveControl answers /__sim/, which is not part of the service: a door for tests in other processes, open only with the
// control token (header X-Sim-Token).
//
//	GET    state                     counts, mails, subscriptions, notifications, faults
//	GET    requests    DELETE requests
//	GET    mails
//	GET    faults      POST faults {fault}    DELETE faults    DELETE faults/ID
//	POST   do {"method", "path", "body"}      Do
//	POST   move {"user", "id", "folder"}      Move
//	POST   receive {"user", "organizer", "event"}   Receive
//	POST   delta {"user", "status"}           ExpireDelta
//	POST   tokens                             ExpireTokens
//	POST   lifecycle {"event"}                Lifecycle
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	given := r.Header.Get("X-Sim-Token")
	if s.opt.ControlToken == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.opt.ControlToken)) == 0 {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	first, rest, _ := strings.Cut(path, "/")
	v, err := s.control(r.Method+" "+first, rest, body)
	var unknown *noControl
	switch {
	case errors.As(err, &unknown):
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.opt.Log.Debug("control client went away", "error", err)
	}
}

// noControl is an address below /__sim/ that means nothing.
type noControl struct{ what string }

func (e *noControl) Error() string { return "graphsim: no control " + e.what }

// order is the body of an order to the simulator.
type order struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Body      any    `json:"body"`
	User      string `json:"user"`
	ID        string `json:"id"`
	Folder    string `json:"folder"`
	Organizer string `json:"organizer"`
	Event     any    `json:"event"`
	Status    int    `json:"status"`
}

// control runs one operation and returns what is to be shown as JSON.
func (s *Sim) control(op, rest string, body []byte) (any, error) {
	switch op {
	case "GET state":
		taken, lost := s.Notified()
		return map[string]any{"now": s.opt.Now(), "counts": s.Counts(), "mails": s.MailCount(), "subscriptions": s.Subscriptions(),
			"notified": taken, "undelivered": lost, "faults": s.Faults()}, nil
	case "GET requests":
		return s.Requests(), nil
	case "GET mails":
		return s.Mails(), nil
	case "GET faults":
		return s.Faults(), nil
	case "DELETE requests":
		s.ResetStats()
	case "POST faults":
		f, err := ParseFault(string(body))
		if err != nil {
			return nil, err
		}
		id, err := s.AddFault(f)
		return map[string]int{"id": id}, err
	case "DELETE faults":
		return done, s.disarm(rest)
	case "POST tokens":
		s.ExpireTokens()
	default:
		return s.obey(op, body)
	}
	return done, nil
}

// done is the answer to orders that have no other.
const done = "done"

func (s *Sim) disarm(id string) error {
	if id == "" {
		s.ClearFaults()
		return nil
	}
	n, err := strconv.Atoi(id)
	if err == nil {
		s.RemoveFault(n)
	}
	return err
}

// obey does the orders that have a body of their own.
func (s *Sim) obey(op string, body []byte) (any, error) {
	var o order
	if strings.HasPrefix(op, "POST ") && len(body) > 0 {
		if err := json.Unmarshal(body, &o); err != nil {
			return nil, err
		}
	}
	switch op {
	case "POST do":
		return s.Do(o.Method, o.Path, o.Body)
	case "POST move":
		return s.Move(o.User, o.ID, o.Folder)
	case "POST receive":
		event, ok := o.Event.(Fields)
		if !ok {
			return nil, errors.New("graphsim: receive needs an event")
		}
		return s.Receive(o.User, o.Organizer, event)
	case "POST delta":
		orDefault(&o.Status, http.StatusGone)
		s.ExpireDelta(o.User, o.Status)
	case "POST lifecycle":
		event, ok := o.Event.(string)
		if !ok {
			return nil, errors.New("graphsim: lifecycle needs an event")
		}
		s.Lifecycle(event)
	default:
		return nil, &noControl{op}
	}
	return done, nil
}
