package upstream

import (
	"fmt"
	"net/http"

	"crmbridge/pim"
)

// Fault is what an HTTP status means when nothing better is known; a driver whose
// remote says more looks at the body first. It is never nil: an answer that should
// not have been asked about, such as a 200, is ErrProtocol.
func Fault(op string, r *Response) *pim.Error {
	e := &pim.Error{Op: op, Err: fmt.Errorf("status %d", r.Status)}
	switch s := r.Status; {
	case s == http.StatusUnauthorized:
		e.Kind, e.Public = pim.ErrAuth, "the server refused the login"
	case s == http.StatusForbidden:
		e.Kind, e.Public = pim.ErrForbidden, "the server does not allow this"
	case s == http.StatusProxyAuthRequired:
		e.Kind, e.Public = pim.ErrForbidden, "the proxy wants a user and password"
	case s == http.StatusNotFound, s == http.StatusGone:
		e.Kind = pim.ErrNotFound
	case s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		e.Kind = pim.ErrUnsupported
	case s == http.StatusConflict, s == http.StatusPreconditionFailed:
		e.Kind = pim.ErrConflict
	case s == http.StatusRequestEntityTooLarge, s == http.StatusRequestURITooLong:
		e.Kind, e.Public = pim.ErrTooLarge, "the server says that this is too large"
	case s == http.StatusTooManyRequests:
		e.Kind, e.Public = pim.ErrThrottled, "the server asks for fewer requests"
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		e.Kind, e.Public = pim.ErrUnavailable, fmt.Sprintf("the server cannot answer now (status %d)", s)
	case s >= 400:
		e.Kind, e.Public = pim.ErrRefused, fmt.Sprintf("the server refused this (status %d)", s)
	case s >= 300:
		e.Kind, e.Public = pim.ErrProtocol, "the server redirects to another page instead of answering"
	default:
		e.Kind, e.Public = pim.ErrProtocol, "the server answered what makes no sense"
	}
	return e
}
