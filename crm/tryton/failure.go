package tryton

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// fault is an error that Tryton put into its answer: the cause inside the *pim.Error.
type fault struct {
	Name string // "UserError"; "" for an exception that Tryton did not expect
	Text string
}

// Error implements error. The text may name records and stays out of the log.
func (f *fault) Error() string {
	if f.Name == "" {
		line, _, _ := strings.Cut(f.Text, "\n")
		return "tryton: exception: " + cut(line, 120)
	}
	return "tryton: " + f.Name
}

// parseFault reads the error member: [name, arguments] for Tryton's own exceptions,
// [text, traceback] for all others.
func parseFault(raw json.RawMessage) *fault {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) == 0 {
		return &fault{Text: string(raw)}
	}
	var name string
	if err := json.Unmarshal(pair[0], &name); err != nil {
		return &fault{Text: string(raw)}
	}
	var args []json.RawMessage
	if len(pair) > 1 {
		args = append(args, pair[1])
		var list []json.RawMessage
		if json.Unmarshal(pair[1], &list) == nil {
			args = list
		}
	}
	texts := make([]string, 0, 2)
	for _, a := range args {
		var s string
		if json.Unmarshal(a, &s) == nil && strings.TrimSpace(s) != "" {
			texts = append(texts, strings.TrimSpace(s))
		}
	}
	switch name {
	case "UserError", "ConcurrencyException":
	case "UserWarning", "LoginException":
		if len(texts) > 1 { // the first names the warning or the field
			texts = texts[1:]
		}
	default:
		return &fault{Text: name}
	}
	return &fault{Name: name, Text: strings.Join(texts, " ")}
}

// passing are words of databases that could not do now what they can do later.
var passing = []string{"database is locked", "could not serialize", "deadlock", "connection", "timeout", "too many clients"}

// translate is the one place where Tryton's errors become ours. A UserError means a
// rule in a write; in a read there is nothing to refuse but the right to it.
func translate(op string, f *fault, reads bool) *pim.Error {
	e := &pim.Error{Op: op, Err: f}
	switch f.Name {
	case "UserError":
		e.Kind, e.Public = pim.ErrRefused, said(f.Text)
		if reads {
			e.Kind = pim.ErrForbidden
		}
	case "UserWarning":
		e.Kind, e.Public = pim.ErrRefused, said(f.Text)
	case "ConcurrencyException":
		e.Kind, e.Public = pim.ErrConflict, "it was changed in Tryton in the meantime"
	case "LoginException":
		e.Kind, e.Public = pim.ErrAuth, "Tryton asks for more than a password; give the bridge a user who logs in by password alone"
	default:
		e.Kind, e.Public = pim.ErrProtocol, "Tryton met an error of its own; its log has the details"
		text := strings.ToLower(f.Text)
		for _, p := range passing {
			if strings.Contains(text, p) {
				e.Kind, e.Public = pim.ErrUnavailable, "Tryton's database is busy"
			}
		}
	}
	return e
}

// said is Tryton's own text for people.
func said(text string) string {
	if text == "" {
		return "Tryton refused this without saying why"
	}
	return "Tryton says: " + cut(strings.Join(strings.Fields(text), " "), 300)
}

// cut shortens a text to n bytes at a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// statusFault is what an HTTP status other than 200 means here. ErrNotFound is never
// among it: that is a statement about an item, and no page at all is none.
func statusFault(op string, r *upstream.Response) *pim.Error {
	e := upstream.Fault(op, r)
	switch r.Status {
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		e.Kind, e.Public = pim.ErrProtocol, "there is no Tryton at this address"
	case http.StatusForbidden:
		e.Public = "Tryton does not let this user do this"
	}
	return e
}

// isFault reports an error that Tryton itself answered, by name.
func isFault(err error, name string) bool {
	var f *fault
	return errors.As(err, &f) && f.Name == name
}

// ended is the error for a context that ended while we waited for each other.
func ended(op string, ctx context.Context) error {
	return &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "stopped before Tryton was asked", Err: fmt.Errorf("tryton: %w", context.Cause(ctx))}
}
