package ewssim

import (
	"encoding/json"
	"net/http"
	"strings"

	"crmbridge/internal/simkit"
)

// serveControl is the door for tests in other processes, below /__sim/ with the token in X-Sim-Token. Bodies are JSON:
//
//	GET    state                     counts, items by mailbox and folder, mails, faults
//	GET    requests  DELETE requests the last requests; forgets them
//	GET    bodies                    the last requests as they were sent
//	GET    mails                     the mail that was sent
//	GET    faults    POST faults {"kind":…} or text KIND,name=value,…    DELETE faults   DELETE faults/ID
//	POST   deliver {"from":…,"to":[…],"subject":…,"files":[…]}   lets a Letter arrive
//	POST   states/expire             makes all synchronisation states invalid
//	POST   subscriptions/drop        forgets all subscriptions
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	simkit.Door{Token: s.opt.ControlToken, MaxBody: maxOrder, Log: s.opt.Log}.Serve(w, r, path, s.control)
}

// maxOrder is how many bytes an order may have: letters bring their files with them.
const maxOrder = 128 << 20

func (s *Sim) control(op, rest string, body []byte) (any, error) {
	ok := map[string]bool{"ok": true}
	common := simkit.Common{Requests: func() any { return s.Requests() }, Forget: s.ResetStats, Mails: func() any { return s.Mails() },
		Faults: func() any { return s.Faults() }, Disarm: s.ClearFaults, DisarmOne: s.RemoveFault, Arm: s.arm}
	if v, known, err := common.Do(op, rest, body); known {
		if v == nil {
			v = ok
		}
		return v, err
	}
	switch op + "/" + rest {
	case "GET state/":
		return s.state(), nil
	case "GET bodies/":
		var out []string
		for _, r := range s.Requests() {
			out = append(out, r.Body)
		}
		return out, nil
	case "POST deliver/":
		var l Letter
		if err := json.Unmarshal(body, &l); err != nil {
			return nil, err
		}
		return s.Deliver(l)
	case "POST states/expire":
		s.ExpireStates()
	case "POST subscriptions/drop":
		s.DropSubscriptions()
	default:
		return nil, simkit.NoControl("ewssim", op+"/"+rest)
	}
	return ok, nil
}

// arm arranges for a failure that is written as text.
func (s *Sim) arm(text string) (int, error) {
	f, err := readFault(text)
	if err != nil {
		return 0, err
	}
	return s.AddFault(f)
}

// readFault reads JSON, or the form of the command line.
func readFault(text string) (Fault, error) {
	if !strings.HasPrefix(text, "{") {
		return ParseFault(text)
	}
	var f Fault
	err := json.Unmarshal([]byte(text), &f)
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
