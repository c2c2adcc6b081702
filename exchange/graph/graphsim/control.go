package graphsim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"crmbridge/internal/simkit"
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
//	POST   deliver {"message", "at"}          Deliver
//	POST   delta {"user", "status"}           ExpireDelta
//	POST   tokens                             ExpireTokens
//	POST   revoke {"user"}                    RevokeRefresh
//	POST   lifecycle {"event"}                Lifecycle
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	simkit.Door{Token: s.opt.ControlToken, MaxBody: maxOrder, Log: s.opt.Log}.Serve(w, r, path, s.control)
}

// maxOrder is how many bytes an order may have: messages bring their attachments with them.
const maxOrder = 128 << 20

// order is the body of an order to the simulator.
type order struct {
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Body      any       `json:"body"`
	User      string    `json:"user"`
	ID        string    `json:"id"`
	Folder    string    `json:"folder"`
	Organizer string    `json:"organizer"`
	Event     any       `json:"event"`
	Message   Fields    `json:"message"`
	At        time.Time `json:"at"`
	Status    int       `json:"status"`
}

// control runs one operation and returns what is to be shown as JSON.
func (s *Sim) control(op, rest string, body []byte) (any, error) {
	common := simkit.Common{Requests: func() any { return s.Requests() }, Forget: s.ResetStats, Mails: func() any { return s.Mails() },
		Faults: func() any { return s.Faults() }, Disarm: s.ClearFaults, DisarmOne: s.RemoveFault, Arm: s.arm}
	if v, known, err := common.Do(op, rest, body); known {
		if v == nil {
			v = done
		}
		return v, err
	}
	switch op {
	case "GET state":
		taken, lost := s.Notified()
		return map[string]any{"now": s.opt.Now(), "counts": s.Counts(), "mails": s.MailCount(), "subscriptions": s.Subscriptions(),
			"notified": taken, "undelivered": lost, "faults": s.Faults()}, nil
	case "POST tokens":
		s.ExpireTokens()
	default:
		return s.obey(op, body)
	}
	return done, nil
}

// arm arms a fault that is written as text.
func (s *Sim) arm(text string) (int, error) {
	f, err := ParseFault(text)
	if err != nil {
		return 0, err
	}
	return s.AddFault(f)
}

// done is the answer to orders that have no other.
const done = "done"

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
	case "POST deliver":
		return s.Deliver(o.Message, o.At)
	case "POST revoke":
		s.RevokeRefresh(o.User)
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
		return nil, simkit.NoControl("graphsim", op)
	}
	return done, nil
}
