package creatiosim

import (
	"errors"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"

	"crmbridge/internal/simkit"
)

// Sim is a simulated server. All methods may be called concurrently; Close ends it.
type Sim struct {
	opt    Options
	db     *store
	col    columns
	users  users
	stats  simkit.Memory[LogEntry, Mail]
	faults *simkit.Faults[Fault]
	pages  *template.Template
}

// New opens a server. With Options.Dir it goes on with the data kept there; otherwise, and in an empty folder, it begins
// with the lookups, a contact for each user, and Options.Seed.
func New(opt Options) (*Sim, error) {
	opt.setDefaults()
	sc, err := parseSchema(entityTable + opt.Custom)
	if err != nil {
		return nil, err
	}
	s := &Sim{opt: opt, db: newStore(sc, opt.Postgres), col: columnsOf(sc)}
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	s.faults, s.stats.Keep = newFaults(opt.Rand), maxLog
	s.users = users{accounts: map[string]*account{}, sessions: map[string]*session{}, tokens: map[string]*grant{},
		clients: opt.Clients}
	if opt.Dir != "" {
		if s.db.journal, err = openJournal(opt.Dir, s.db); err != nil {
			return nil, err
		}
	}
	if err := s.fillIn(); err != nil {
		s.db.close()
		return nil, err
	}
	return s, nil
}

// fillIn brings an opened database to what the options call for.
func (s *Sim) fillIn() error {
	empty := len(s.db.tables["ActivityType"].byID) == 0
	if empty {
		if err := s.fillLookups(); err != nil {
			return err
		}
	}
	for _, u := range s.opt.Users {
		if err := s.SetUser(u); err != nil {
			return err
		}
	}
	if empty {
		return s.plant(s.opt.Seed)
	}
	return nil
}

// Close ends the server: later requests and changes fail, the data folder is free again.
func (s *Sim) Close() error { return s.db.close() }

// incoming is a request with its body read.
type incoming struct {
	*http.Request
	body []byte
	kind string // for the counters: login, token, list, get, create, …
	ent  string // entity, or Login, Token, $batch, $metadata
}

// ServeHTTP answers as the product's web server would.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/__sim/"); ok {
		s.serveControl(w, r, rest)
		return
	}
	in := &incoming{Request: r}
	in.classify()
	hit := s.striking(in)
	if stop := s.failBefore(w, in, hit); stop {
		return
	}
	var ans answer
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	var large *http.MaxBytesError
	switch {
	case err != nil && !errors.As(err, &large):
		s.record(in, 0, "") // the client went away in the middle of its body: nothing is done
		return
	case err != nil:
		ans = htmlPage(http.StatusRequestEntityTooLarge, "413 - Request Entity Too Large")
	case len(r.RequestURI) > s.opt.MaxURL:
		ans = htmlPage(http.StatusRequestURITooLong, "Bad Request - Request URL Too Long")
	default:
		if in.body = body; in.kind == "stream-put" && slices.ContainsFunc(hit, func(f Fault) bool { return f.Kind == FaultTorn }) {
			in.body = body[:len(body)/2]
		}
		ans = s.route(in)
	}
	s.failAfter(w, in, hit, ans)
}

// route finds who answers a path. Paths outside of the simulated services are the web server's 404.
func (s *Sim) route(in *incoming) answer {
	path := in.URL.Path
	if base, rest, ok := odataPath(path); ok {
		if s.opt.Site != Both && (base == "/0/odata/") != (s.opt.Site == Framework) {
			return htmlPage(http.StatusNotFound, "404 - File or directory not found.")
		}
		return s.serveOData(in, base, rest)
	}
	switch path {
	case loginPath:
		return s.login(in)
	case "/0" + loginPath:
		// The application alias has no login of its own.
		return s.noSession(in)
	case logoutPath:
		return s.logout(in)
	case tokenPath:
		return s.token(in)
	case loginPage:
		return s.serveLoginPage(in)
	case "/", "/0", "/0/", shellPage, "/Nui/ViewModule.aspx":
		return s.serveShell(in)
	}
	return htmlPage(http.StatusNotFound, "404 - File or directory not found.")
}

const (
	loginPath  = "/ServiceModel/AuthService.svc/Login"
	logoutPath = "/ServiceModel/AuthService.svc/Logout"
	tokenPath  = "/connect/token"
	loginPage  = "/Login/NuiLogin.aspx"
	shellPage  = "/0/Nui/ViewModule.aspx"
)

// odataPath splits a path into the service's base and the rest.
func odataPath(path string) (base, rest string, ok bool) {
	for _, base := range []string{"/0/odata/", "/odata/"} {
		if path == base[:len(base)-1] {
			return base, "", true
		}
		if rest, ok := strings.CutPrefix(path, base); ok {
			return base, rest, true
		}
	}
	return "", "", false
}

// classify names what a request is about, for the log, the counters and fault matching.
func (in *incoming) classify() {
	_, rest, ok := odataPath(in.URL.Path)
	switch {
	case in.URL.Path == loginPath:
		in.kind, in.ent = "login", "Login"
		return
	case in.URL.Path == tokenPath:
		in.kind, in.ent = "token", "Token"
		return
	case !ok:
		in.kind = "page"
		return
	}
	in.kind, in.ent = kindOf(effectiveMethod(in.Method, in.Header), rest)
}

// kindOf names an OData operation by its method and its path below the service.
func kindOf(method, rest string) (kind, ent string) {
	first, more, deeper := strings.Cut(rest, "/")
	name, _, keyed := strings.Cut(first, "(")
	switch {
	case rest == "":
		return "service", ""
	case name == "$metadata":
		return "metadata", name
	case name == "$batch":
		return "batch", name
	}
	switch method {
	case http.MethodGet:
		switch {
		case !keyed:
			return "list", name
		case deeper && strings.HasSuffix(more, "Data"):
			return "stream-get", name
		case deeper:
			return "field", name
		}
		return "get", name
	case http.MethodPost:
		return "create", name
	case http.MethodPatch, "MERGE":
		return "update", name
	case http.MethodPut:
		return "stream-put", name
	case http.MethodDelete:
		if deeper {
			return "stream-delete", name
		}
		return "delete", name
	}
	return "other", name
}

// effectiveMethod is the method, or the one a POST tunnels in X-HTTP-Method.
func effectiveMethod(method string, h http.Header) string {
	if method == http.MethodPost {
		for _, name := range []string{"X-HTTP-Method", "X-HTTP-Method-Override"} {
			if m := strings.ToUpper(h.Get(name)); m != "" {
				return m
			}
		}
	}
	return method
}

// writeAnswer sends ans as it is.
func (s *Sim) writeAnswer(w http.ResponseWriter, in *incoming, ans answer) {
	if s.opt.ByteOrderMark && in.Method == http.MethodGet && (ans.typ == typJSON || ans.typ == typText) {
		ans.body = append([]byte("\uFEFF"), ans.body...)
	}
	setHeader(w, ans)
	w.WriteHeader(ans.status)
	if ans.status != http.StatusNoContent {
		if _, err := w.Write(ans.body); err != nil {
			s.opt.Log.Debug("client went away", "error", err)
		}
	}
}

// setHeader prepares an answer's headers; nothing may be cached.
func setHeader(w http.ResponseWriter, ans answer) {
	h := w.Header()
	for _, c := range ans.cookies {
		http.SetCookie(w, c)
	}
	for name, v := range ans.header {
		h.Set(name, v)
	}
	if ans.typ != "" {
		h.Set("Content-Type", ans.typ)
	}
	h.Set("Cache-Control", "no-cache")
}
