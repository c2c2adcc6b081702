package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/store"
)

// failure is a request that is answered with an error: status, what an RFC calls it, and a text for people.
type failure struct {
	status     int
	conditions []davxml.Condition
	message    string        // goes to the client; holds nothing internal
	allow      string        // of a 405
	after      time.Duration // of a 503
	err        error         // for the log; may be nil
}

func (f *failure) Error() string {
	text := fmt.Sprintf("dav: %d %s", f.status, f.message)
	for _, c := range f.conditions {
		text += " " + c.Name.Local
	}
	if f.err != nil {
		text += ": " + f.err.Error()
	}
	return text
}

func (f *failure) Unwrap() error { return f.err }

// badRequest is 400: the request itself cannot be understood.
func badRequest(message string, err error) *failure {
	return &failure{status: http.StatusBadRequest, message: message, err: err}
}

// notFound is the one answer for everything that is not the caller's, whether it exists or not.
func notFound() *failure {
	return &failure{status: http.StatusNotFound, message: "There is nothing here."}
}

// forbidden is a broken precondition (RFC 4918 16: 403 unless the sender could mend it by another request).
func forbidden(condition xml.Name, message string) *failure {
	return &failure{status: http.StatusForbidden, conditions: []davxml.Condition{{Name: condition}}, message: message}
}

// conflict is what the sender can mend: 409.
func conflict(message string, conditions ...davxml.Condition) *failure {
	return &failure{status: http.StatusConflict, conditions: conditions, message: message}
}

// unsupportedMedia is 415.
func unsupportedMedia(message string, conditions ...davxml.Condition) *failure {
	return &failure{status: http.StatusUnsupportedMediaType, conditions: conditions, message: message}
}

// needPrivilege is RFC 3744 7.1.1: which privilege is missing on which resource.
func needPrivilege(path, privilege string) *failure {
	content := davxml.AppendOpen(nil, davxml.D("resource"))
	content = davxml.AppendHref(content, path)
	content = davxml.AppendNames(content, davxml.D("privilege"), davxml.D(privilege))
	content = davxml.AppendClose(content, davxml.D("resource"))
	return &failure{
		status:     http.StatusForbidden,
		conditions: []davxml.Condition{{Name: davxml.D("need-privileges"), Content: content}},
		message:    "This may be read but not changed.",
	}
}

// preconditionFailed is 412. RFC 4918 16 has no element for it; the message says it.
func preconditionFailed() *failure {
	return &failure{status: http.StatusPreconditionFailed, message: "It is not in the state that the request names as its condition."}
}

// noRoom is RFC 4331 6: the sender keeps what it has, and may try again when there is room.
func noRoom(message string) *failure {
	return &failure{
		status: http.StatusInsufficientStorage, conditions: []davxml.Condition{{Name: davxml.D("quota-not-exceeded")}}, message: message,
	}
}

// overLimit is RFC 4791 7.8 and RFC 6352 8.6.2: more work than one request may cause.
func overLimit(message string) *failure {
	return forbidden(davxml.D("number-of-matches-within-limits"), message)
}

// messageName is the element of a text for people inside DAV:error: an empty DAV:error means "too many requests" to
// Thunderbird.
var messageName = xml.Name{Space: "urn:crmbridge:dav", Local: "message"}

// body is the DAV:error document (RFC 4918 14.5).
func (f *failure) body() []byte {
	conditions := append([]davxml.Condition(nil), f.conditions...)
	if f.message != "" {
		conditions = append(conditions, davxml.Condition{Name: messageName, Content: davxml.EscapeText(nil, f.message)})
	}
	return davxml.AppendError(nil, conditions...)
}

// asFailure is the one place where an error becomes an answer.
func asFailure(err error) *failure {
	var f *failure
	var pre *davxml.Precondition
	var unsupported *davxml.UnsupportedReport
	var full *store.QuotaExceeded
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &pre):
		return &failure{status: http.StatusForbidden, conditions: []davxml.Condition{pre.Condition()}, message: pre.Msg, err: err}
	case errors.As(err, &unsupported):
		f := forbidden(davxml.D("supported-report"), "This report is not known.")
		f.err = err
		return f
	case errors.As(err, &full):
		f := noRoom("There is no room left. Delete something first.")
		f.err = err
		return f
	case errors.Is(err, davxml.ErrTooLarge):
		return &failure{status: http.StatusRequestEntityTooLarge, message: "The request is too large.", err: err}
	case errors.Is(err, davxml.ErrMalformed):
		return badRequest("The request body cannot be read.", err)
	case errors.Is(err, davxml.ErrHref):
		return badRequest("The address cannot be read.", err)
	}
	return ofReason(err)
}

// ofReason answers the errors of the store and the like.
func ofReason(err error) *failure {
	reason := pim.ReasonOf(err)
	f := &failure{status: reason.Status(), err: err, after: pim.RetryAfter(err)}
	switch reason {
	case pim.ErrInternal, pim.ErrProtocol, pim.ErrAuth:
		// RFC 9110 15.5.2 wants a challenge with 401, and only the login gives it.
		f.status = http.StatusInternalServerError
	case pim.ErrUnavailable, pim.ErrThrottled:
		f.message = "Please try again a little later."
	default:
		f.message = pim.PublicText(err)
	}
	return f
}

// fail answers with err, or cuts the connection when an answer has begun: a client must not take half a listing
// for a whole one.
func (q *request) fail(err error) {
	f := asFailure(err)
	gone := q.r.Context().Err() != nil
	if q.w.begun {
		if !gone {
			q.logFailure(f, "answer cut off")
		}
		panic(http.ErrAbortHandler) // net/http's way to end a connection in mid-answer
	}
	if gone && errors.Is(err, context.Canceled) {
		q.w.status = 499 // nobody is left to be answered; for the counters only
		return
	}
	h := q.w.Header()
	if f.status == http.StatusServiceUnavailable {
		after := f.after
		if after <= 0 {
			after = q.h.limits.Retry
		}
		h.Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	if f.allow != "" {
		h.Set("Allow", f.allow)
	}
	if f.status == http.StatusInternalServerError || f.status == http.StatusServiceUnavailable && f.err != nil {
		q.logFailure(f, "request failed")
	}
	q.answerXML(f.status, f.body())
}

// answerXML sends a whole XML document.
func (q *request) answerXML(status int, body []byte) {
	h := q.w.Header()
	h.Set("Content-Type", xmlType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		// A client that is gone is no failure of the answer.
		_, _ = q.w.Write(body)
	}
}

// xmlType is the type of every XML answer. RFC 4918 8.2: application/xml.
const xmlType = "application/xml; charset=utf-8"

// bodyReader turns what can go wrong when reading a body into answers.
type bodyReader struct{ r io.Reader }

func (b bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return n, &failure{status: http.StatusRequestEntityTooLarge, message: "The request is too large.", err: err}
	}
	return n, badRequest("The request body was cut off.", err)
}
