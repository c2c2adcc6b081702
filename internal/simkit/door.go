package simkit

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// Door is the way in for tests in other processes, below /__sim/, which is no part of what is simulated.
type Door struct {
	Token   string // has to be in the header X-Sim-Token; "" keeps the door shut
	MaxBody int64  // bytes of an order
	Log     *slog.Logger
}

// noControl is an address behind a door that means nothing.
type noControl struct{ text string }

func (e *noControl) Error() string { return e.text }

// NoControl is the error for an order that a simulator does not know; the door answers 404.
func NoControl(sim, what string) error { return &noControl{sim + ": no control " + what} }

// Serve answers an order: "METHOD first segment of path", the rest of the path, and the body. What do returns is shown as JSON.
// Without the token all is 404; an error is 400.
func (d Door) Serve(w http.ResponseWriter, r *http.Request, path string, do func(op, rest string, body []byte) (any, error)) {
	given := r.Header.Get("X-Sim-Token")
	if d.Token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(d.Token)) == 0 {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, d.MaxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	first, rest, _ := strings.Cut(path, "/")
	v, err := do(r.Method+" "+first, rest, body)
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
		d.Log.Debug("control client went away", "error", err)
	}
}

// Common are the orders that all simulators know:
//
//	GET requests   DELETE requests   GET mails
//	GET faults     POST faults {fault}   DELETE faults   DELETE faults/ID
type Common struct {
	Requests, Mails, Faults func() any
	Forget, Disarm          func()
	DisarmOne               func(id int)
	Arm                     func(text string) (id int, err error)
}

// Do does an order; known is false for one that is another simulator's. v is nil when there is nothing to show.
func (c Common) Do(op, rest string, body []byte) (v any, known bool, err error) {
	if rest != "" && op != "DELETE faults" {
		return nil, false, nil
	}
	switch op {
	case "GET requests":
		return c.Requests(), true, nil
	case "DELETE requests":
		c.Forget()
	case "GET mails":
		return c.Mails(), true, nil
	case "GET faults":
		return c.Faults(), true, nil
	case "POST faults":
		id, err := c.Arm(strings.TrimSpace(string(body)))
		return map[string]int{"id": id}, true, err
	case "DELETE faults":
		if rest == "" {
			c.Disarm()
			break
		}
		id, err := strconv.Atoi(rest)
		if err != nil {
			return nil, true, err
		}
		c.DisarmOne(id)
	default:
		return nil, false, nil
	}
	return nil, true, nil
}
