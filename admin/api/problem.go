package api

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"crmbridge/manage"
	"crmbridge/pim"
)

// typePrefix and a reason are the type of a problem, which programs may go by: "urn:bridge:not-found".
const typePrefix = "urn:bridge:"

// problemOf is a problem as RFC 9457 has it.
func problemOf(kind pim.Reason, status int, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Type: typePrefix + strings.ReplaceAll(string(kind), " ", "-"), Title: http.StatusText(status), Status: status, Detail: detail}
}

// problemFrom is the one place where an error becomes an answer: only its public text goes out. where is what a field of the error is a part
// of: body or query.
func problemFrom(err error, where string) (*huma.ErrorModel, http.Header) {
	kind := pim.ReasonOf(err)
	p := problemOf(kind, kind.Status(), pim.PublicText(err))
	if f, ok := manage.FaultOf(err); ok {
		p.Errors = []*huma.ErrorDetail{{Message: f.Says, Location: where + "." + f.Field}}
	}
	h := http.Header{}
	if wait := pim.RetryAfter(err); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(wait)/float64(time.Second)))))
	}
	return p, h
}

// problem is an operation's error for huma.
func (c *call) problem(op huma.Operation, err error) error {
	where := "body"
	if op.Method == http.MethodGet {
		where = "query"
	}
	p, h := problemFrom(err, where)
	if p.Status == http.StatusUnauthorized { // a CRM or mail server refused us: the token of who asks is good
		p.Status, p.Title = http.StatusBadGateway, http.StatusText(http.StatusBadGateway)
	}
	c.note(p, op.Method, op.Path, err)
	return huma.ErrorWithHeaders(p, h)
}

// refuse answers an error before huma is asked.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, h := problemFrom(err, "query")
	s.note(p, r.Method, r.URL.Path, err)
	for name, values := range h {
		w.Header()[name] = values
	}
	s.write(w, p.Status, p)
}

// note keeps what nobody is told.
func (s *Server) note(p *huma.ErrorModel, method, path string, err error) {
	if p.Status == http.StatusInternalServerError {
		s.Log.Error("api: operation failed", "method", method, "path", path, "err", err)
	}
}

func (s *Server) write(w http.ResponseWriter, status int, p *huma.ErrorModel) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

// withoutValues keeps huma from sending back what was wrong: it may be a password.
func withoutValues(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if p.Type == "" {
		p.Type = typePrefix + string(pim.ErrInvalid)
	}
	for _, e := range p.Errors {
		e.Value = nil
	}
	return p, nil
}
