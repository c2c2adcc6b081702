package pim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Reason is the kind of a failure. Each constant is itself an error, so that
// errors.Is(err, pim.ErrConflict) asks for the kind. The reason alone decides
// about retry (Retryable), about the HTTP status (Status) and about the log level.
type Reason string

// The reasons. Every error of a driver, a parser or the store is one of them.
const (
	ErrInvalid     Reason = "invalid"       // the input is wrong and will stay wrong
	ErrUnsupported Reason = "not supported" // right, but the other side cannot keep it
	ErrTooLarge    Reason = "too large"     // past a limit
	ErrNotFound    Reason = "not found"     // no such item, collection or account
	ErrExists      Reason = "exists"        // name, UID or key is taken
	ErrConflict    Reason = "conflict"      // the version is no longer the one expected
	ErrCursorGone  Reason = "cursor gone"   // list again from the beginning
	ErrAuth        Reason = "login refused" // credentials wrong, expired or missing
	ErrForbidden   Reason = "not allowed"   // logged in, but a right is missing
	ErrRefused     Reason = "refused"       // a rule of the other side said no to this item
	ErrThrottled   Reason = "throttled"     // too many requests; After says when
	ErrUnavailable Reason = "unavailable"   // down, slow, cut off; the outcome of a write is unknown
	ErrProtocol    Reason = "bad answer"    // the other side answered what makes no sense
	ErrHeld        Reason = "held"          // stopped on purpose; a person has to decide
	ErrInternal    Reason = "internal"      // a fault of ours
)

// Error implements error.
func (r Reason) Error() string { return string(r) }

// Retryable reports whether doing the same again later can help.
func (r Reason) Retryable() bool {
	switch r {
	case ErrThrottled, ErrUnavailable, ErrProtocol, ErrConflict:
		return true
	}
	return false
}

// Status is the HTTP status a client of ours gets for the reason.
func (r Reason) Status() int {
	switch r {
	case ErrInvalid:
		return http.StatusBadRequest
	case ErrUnsupported, ErrForbidden, ErrRefused, ErrHeld:
		return http.StatusForbidden
	case ErrTooLarge:
		return http.StatusRequestEntityTooLarge
	case ErrNotFound:
		return http.StatusNotFound
	case ErrExists:
		return http.StatusConflict
	case ErrConflict:
		return http.StatusPreconditionFailed
	case ErrAuth:
		return http.StatusUnauthorized
	case ErrThrottled, ErrUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Error is the one error type. Err may hold anything and goes to the log, redacted;
// only Public ever reaches a client, a page or a report.
type Error struct {
	Op     string        // what was being done: "creatio: login"
	Kind   Reason        // never ""
	Public string        // what happened and what to do, in plain words; "" means the reason's own words
	After  time.Duration // for ErrThrottled and ErrUnavailable: not before; 0 when unknown
	Err    error         // the cause; may be nil
}

// Error is the text for the log.
func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err)
	case e.Public != "":
		return fmt.Sprintf("%s: %s: %s", e.Op, e.Kind, e.Public)
	}
	return fmt.Sprintf("%s: %s", e.Op, e.Kind)
}

// Unwrap lets errors.Is find both the reason and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Errorf makes an Error whose public text is the formatted one.
func Errorf(op string, kind Reason, format string, args ...any) *Error {
	return &Error{Op: op, Kind: kind, Public: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error of a cause whose text is not for people; nil stays nil.
func Wrap(op string, kind Reason, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// ReasonOf is the reason of err: that of the first Error or Reason in it. A
// cancelled or timed-out context is ErrUnavailable, anything else ErrInternal;
// nil gives "".
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrUnavailable
	}
	return ErrInternal
}

// PublicText is what may be shown of err: the first non-empty Public in it, else
// the words of its reason. Never the text of a cause.
func PublicText(err error) string {
	if err == nil {
		return ""
	}
	for cur := err; cur != nil; {
		var e *Error
		if !errors.As(cur, &e) {
			break
		}
		if e.Public != "" {
			return e.Public
		}
		cur = e.Err
	}
	return ReasonOf(err).Error()
}

// RetryAfter is how long err asks to wait; 0 when it does not say.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}
