package ewssim

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// serveControl is the door for tests in other processes, below /__sim/ with the token in X-Sim-Token. Bodies are JSON:
//
//	GET    state                     counts, items by mailbox and folder, mails, faults
//	GET    requests  DELETE requests the last requests; forgets them
//	GET    bodies                    the last requests as they were sent
//	GET    mails                     the mail that was sent
//	GET    faults    POST faults {"kind":…} or text KIND,name=value,…    DELETE faults   DELETE faults/ID
//	POST   states/expire             makes all synchronisation states invalid
//	POST   subscriptions/drop        forgets all subscriptions
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	given := r.Header.Get("X-Sim-Token")
	if s.opt.ControlToken == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.opt.ControlToken)) == 0 {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	first, rest, _ := strings.Cut(path, "/")
	v, err := s.control(r.Method+" "+first, rest, body)
	if errors.Is(err, errNoControl) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.opt.Log.Debug("control client went away", "error", err)
	}
}

var errNoControl = errors.New("ewssim: no such control")

func (s *Sim) control(op, rest string, body []byte) (any, error) {
	switch op + "/" + rest {
	case "GET state/":
		return s.state(), nil
	case "GET requests/":
		return s.Requests(), nil
	case "GET bodies/":
		var out []string
		for _, r := range s.Requests() {
			out = append(out, r.Body)
		}
		return out, nil
	case "DELETE requests/":
		s.ResetStats()
	case "GET mails/":
		return s.Mails(), nil
	case "GET faults/":
		return s.Faults(), nil
	case "DELETE faults/":
		s.ClearFaults()
	case "POST faults/":
		f, err := readFault(body)
		if err != nil {
			return nil, err
		}
		id, err := s.AddFault(f)
		return map[string]int{"id": id}, err
	case "POST states/expire":
		s.ExpireStates()
	case "POST subscriptions/drop":
		s.DropSubscriptions()
	default:
		if op != "DELETE faults" {
			return nil, fmt.Errorf("%w: %s/%s", errNoControl, op, rest)
		}
		id, err := strconv.Atoi(rest)
		if err != nil {
			return nil, err
		}
		s.RemoveFault(id)
	}
	return map[string]bool{"ok": true}, nil
}

func readFault(body []byte) (Fault, error) {
	if !strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		return ParseFault(strings.TrimSpace(string(body)))
	}
	var f Fault
	err := json.Unmarshal(body, &f)
	return f, err
}

// state is the overview that an end-to-end test polls.
func (s *Sim) state() map[string]any {
	s.mu.Lock()
	items := map[string]map[string]int{}
	for _, b := range s.boxes {
		items[b.Address] = map[string]int{}
		for _, f := range b.folders {
			if n, _ := f.count(); n > 0 {
				items[b.Address][f.name] += n
			}
		}
	}
	mails, subs, streams := len(s.mails), len(s.subs), len(s.listen)
	s.mu.Unlock()
	return map[string]any{"now": s.opt.Now(), "items": items, "counts": s.Counts(), "mails": mails, "subscriptions": subs,
		"streams": streams, "faults": s.Faults()}
}

// ExpireStates makes all synchronisation states invalid, as a move of the mailbox does.
func (s *Sim) ExpireStates() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
}

// DropSubscriptions forgets all subscriptions, as a restart of the server does. Streams that are open go on in silence.
func (s *Sim) DropSubscriptions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.subs)
}
