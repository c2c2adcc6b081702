package creatiosim

import (
	"encoding/json"
	"net/http"
	"strings"

	"crmbridge/internal/simkit"
)

// serveControl answers /__sim/, which is not part of the product: a door for tests in other processes, open only with
// the control token (header X-Sim-Token).
//
//	GET    state                     rows per entity, counts, open sessions, mails, faults
//	GET    requests    DELETE requests
//	GET    mails
//	GET    faults      POST faults {fault}    DELETE faults    DELETE faults/ID
//	POST   sessions/expire
//	GET    records/ENTITY?title=T    GET records/ENTITY/ID
//	POST   records/ENTITY {fields}   PATCH records/ENTITY/ID {fields}   DELETE records/ENTITY/ID
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	door := simkit.Door{Token: s.opt.ControlToken, MaxBody: s.opt.MaxBody, Log: s.opt.Log}
	door.Serve(w, r, path, func(op, rest string, body []byte) (any, error) { return s.control(op, rest, r, body) })
}

// arm arms a fault that is written as text.
func (s *Sim) arm(text string) (int, error) {
	f, err := ParseFault(text)
	if err != nil {
		return 0, err
	}
	return s.AddFault(f)
}

// common are the orders of all simulators.
func (s *Sim) common() simkit.Common {
	return simkit.Common{Requests: func() any { return s.Requests() }, Forget: s.ResetStats, Mails: func() any { return s.Mails() },
		Faults: func() any { return s.Faults() }, Disarm: s.ClearFaults, DisarmOne: s.RemoveFault, Arm: s.arm}
}

// control runs one operation and returns what is to be shown as JSON.
func (s *Sim) control(op, rest string, r *http.Request, body []byte) (any, error) {
	if v, known, err := s.common().Do(op, rest, body); known {
		if v == nil {
			v = map[string]bool{"ok": true}
		}
		return v, err
	}
	switch op {
	case "GET state":
		return s.state(), nil
	case "POST sessions":
		if rest != "expire" {
			return nil, simkit.NoControl("creatiosim", op+" "+rest)
		}
		s.ExpireSessions()
	default:
		if strings.HasSuffix(op, " records") {
			return s.controlRecords(r, rest, body)
		}
		return nil, simkit.NoControl("creatiosim", op)
	}
	return map[string]bool{"ok": true}, nil
}

// state is the overview that an end-to-end test polls.
func (s *Sim) state() map[string]any {
	rows := map[string]int{}
	for _, e := range s.db.schema.list {
		rows[e.name] = s.Len(e.name)
	}
	return map[string]any{"now": s.opt.Now(), "rows": rows, "counts": s.Counts(), "sessions": s.Sessions(),
		"mails": s.MailCount(), "faults": s.Faults()}
}

// controlRecords is Add, Edit, Remove, Record and Find for other processes. All rules of the product apply.
func (s *Sim) controlRecords(r *http.Request, rest string, body []byte) (any, error) {
	name, id, _ := strings.Cut(rest, "/")
	if _, err := s.entity(name); err != nil {
		return nil, simkit.NoControl("creatiosim", err.Error())
	}
	var f Fields
	if len(body) > 0 {
		if err := json.Unmarshal(body, &f); err != nil {
			return nil, err
		}
	}
	switch {
	case r.Method == http.MethodGet && id == "":
		list := []Fields{}
		records := s.Records(name)
		if title := r.URL.Query().Get("title"); title != "" {
			records = s.Find(name, title)
		}
		for _, rec := range records {
			list = append(list, rec.Fields())
		}
		return list, nil
	case r.Method == http.MethodPost && id == "":
		id, err := s.Add(name, f)
		return map[string]string{"id": id}, err
	}
	rec, found := s.Record(name, id)
	if !found {
		return nil, simkit.NoControl("creatiosim", rest)
	}
	switch r.Method {
	case http.MethodGet:
		return rec.Fields(), nil
	case http.MethodPatch:
		return map[string]bool{"ok": true}, s.Edit(name, id, f)
	case http.MethodDelete:
		return map[string]bool{"ok": true}, s.Remove(name, id)
	}
	return nil, simkit.NoControl("creatiosim", r.Method+" "+rest)
}
