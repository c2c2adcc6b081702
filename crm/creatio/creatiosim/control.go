package creatiosim

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
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
	v, err := s.control(r.Method+" "+first, rest, r, body)
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

func (e *noControl) Error() string { return "creatiosim: no control " + e.what }

// control runs one operation and returns what is to be shown as JSON.
func (s *Sim) control(op, rest string, r *http.Request, body []byte) (any, error) {
	switch op {
	case "GET state":
		return s.state(), nil
	case "GET requests":
		return s.Requests(), nil
	case "DELETE requests":
		s.ResetStats()
	case "GET mails":
		return s.Mails(), nil
	case "GET faults":
		return s.Faults(), nil
	case "POST faults":
		f, err := ParseFault(string(body))
		if err != nil {
			return nil, err
		}
		id, err := s.AddFault(f)
		return map[string]int{"id": id}, err
	case "DELETE faults":
		if rest == "" {
			s.ClearFaults()
			break
		}
		id, err := strconv.Atoi(rest)
		if err != nil {
			return nil, err
		}
		s.RemoveFault(id)
	case "POST sessions":
		if rest != "expire" {
			return nil, &noControl{op + " " + rest}
		}
		s.ExpireSessions()
	default:
		if strings.HasSuffix(op, " records") {
			return s.controlRecords(r, rest, body)
		}
		return nil, &noControl{op}
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
		return nil, &noControl{err.Error()}
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
		return nil, &noControl{rest}
	}
	switch r.Method {
	case http.MethodGet:
		return rec.Fields(), nil
	case http.MethodPatch:
		return map[string]bool{"ok": true}, s.Edit(name, id, f)
	case http.MethodDelete:
		return map[string]bool{"ok": true}, s.Remove(name, id)
	}
	return nil, &noControl{r.Method + " " + rest}
}
