package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"crmbridge/auth"
	"crmbridge/manage"
	"crmbridge/pim"
)

// Prefix is where the operations begin; below Root there is nothing else, and other versions may come.
const (
	Root   = "/api/"
	Prefix = "/api/v1"
)

// Description is where what there is can be read, by everybody.
const Description = Prefix + "/openapi.json"

// Options are what the API needs.
type Options struct {
	Office *manage.Office
	Auth   *auth.Service
	Log    *slog.Logger
	// Secure is whether programs come over TLS, here or at a proxy.
	Secure bool
	// Address is the address of who asks.
	Address func(*http.Request) string
	Version string
	// Time is how long a body may take to come; 0 is a minute.
	Time time.Duration
}

// Server answers everything below Root. It is safe for concurrent use.
type Server struct {
	Options
	mux         *http.ServeMux
	routes      map[string]route // by operation id
	description []byte
}

// maxBody bounds what may be sent.
const maxBody = 64 << 10

// New makes a Server. Errors are faults of the program.
func New(o Options) (*Server, error) {
	if o.Time == 0 {
		o.Time = time.Minute
	}
	s := &Server{Options: o, mux: http.NewServeMux(), routes: map[string]route{}}
	about := humago.NewWithPrefix(s.mux, Prefix, s.config())
	about.UseMiddleware(s.enter)
	for _, r := range routes() {
		s.routes[r.id()] = r
		r.register(about, s.operation(r))
	}
	neverNull(about.OpenAPI())
	var err error
	if s.description, err = json.Marshal(about.OpenAPI()); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET "+Description, s.describe)
	s.mux.HandleFunc(Root, s.nothing)
	return s, nil
}

// config turns off all that huma would serve by itself: pages whose code comes from elsewhere, links to schemas in every answer, forms other
// than JSON.
func (s *Server) config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "CRM Bridge", Version: s.Version,
				Description: "Accounts, devices, feeds, links, and what waits for a decision. Errors are problems (RFC 9457). " +
					"Paths below /me are about the account of the token; all others are for administrators."},
			Components: &huma.Components{
				Schemas:         newRegistry(),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "Made by `bridge token add --api`."}},
			},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{withoutValues},
	}
}

// operation is what the description says of a route.
func (s *Server) operation(r route) huma.Operation {
	op := huma.Operation{Method: r.method, Path: r.path, OperationID: r.id(), Summary: r.summary, Tags: []string{r.group()}, DefaultStatus: r.status,
		MaxBodyBytes: maxBody, BodyReadTimeout: s.Time}
	if r.who == administrator && r.about != nothing {
		op.Parameters = append(op.Parameters, &huma.Param{Name: userParam, In: "query", Required: r.about == one,
			Description: "The account that it is about." + map[bool]string{true: "", false: " Without it, all."}[r.about == one],
			Schema:      &huma.Schema{Type: huma.TypeString}})
	}
	return op
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody+1) // huma's own limit tells it in its answer first
	defer func() {
		if fault := recover(); fault != nil { // what huma cannot write: mostly to somebody who has gone
			s.Log.Error("api: answer not written", "method", r.Method, "path", r.URL.Path, "err", fault)
			panic(http.ErrAbortHandler) // so that what went out is not taken for an answer
		}
	}()
	s.mux.ServeHTTP(w, r)
}

func (s *Server) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.description)
}

// nothing answers where there is no operation, or not with that method.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	var has []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if _, pattern := s.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); strings.HasPrefix(pattern, method+" ") {
			has = append(has, method)
		}
	}
	if len(has) > 0 {
		w.Header().Set("Allow", strings.Join(has, ", "))
		s.write(w, http.StatusMethodNotAllowed, problemOf(pim.ErrUnsupported, http.StatusMethodNotAllowed, "there is no such operation at this path"))
		return
	}
	s.refuse(w, r, pim.Errorf("api", pim.ErrNotFound, "there is nothing at this path; %s tells what there is", Description))
}
