package graphsim

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const tokenPath = "/oauth2/v2.0/token"

// grants are the applications and the tokens they have.
type grants struct {
	mu         sync.Mutex
	apps       []*registered
	tokens     map[string]*grant
	assertions map[string]struct{} // ids of assertions that were used
	issued     int
}

// grant is what a token stands for. Permissions are those of the moment it was issued: they stand in the token.
type grant struct {
	app     string
	may     []string
	expires time.Time
	local   bool // a program of the simulator's own side, which may do everything
}

// SetApp registers an application, or changes one. Tokens that it has keep their permissions; its scope of mailboxes counts
// at once.
func (s *Sim) SetApp(app App) error {
	r, err := register(app)
	if err != nil {
		return err
	}
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	s.grants.apps = slices.DeleteFunc(s.grants.apps, func(a *registered) bool { return a.ID == app.ID })
	s.grants.apps = append(s.grants.apps, r)
	return nil
}

// ExpireTokens ends all tokens.
func (s *Sim) ExpireTokens() {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	clear(s.grants.tokens)
}

// Tokens is how many tokens were issued.
func (s *Sim) Tokens() int {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	return s.grants.issued
}

func (g *grants) app(id string) *registered {
	for _, a := range g.apps {
		if strings.EqualFold(a.ID, id) {
			return a
		}
	}
	return nil
}

// oauthError is an error of the token endpoint: RFC 6749 5.2 with the platform's codes.
type oauthError struct {
	status int
	name   string
	code   int
	text   string
}

func (s *Sim) oauthRefused(req *request, e *oauthError) answer {
	now := s.opt.Now().UTC()
	at := now.Format("2006-01-02 15:04:05Z")
	return answer{status: e.status, typ: "application/json; charset=utf-8", body: object{"error": e.name,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", e.code, e.text, req.id, req.client, at),
		"error_codes":       []any{e.code}, "timestamp": at, "trace_id": req.id, "correlation_id": req.client,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.code)}}
}

// token answers the token endpoint: client credentials by secret or by assertion.
func (s *Sim) token(req *request) answer {
	app, e := s.signIn(req)
	if e != nil {
		return s.oauthRefused(req, e)
	}
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	// Three parts as in the service's tokens, of which the specification says that clients may not look into them.
	token := "eyJ0eXAiOiJKV1Qi." + rand.Text() + rand.Text() + "." + rand.Text()
	s.grants.issued++
	s.grants.tokens[token] = &grant{app: app.ID, may: slices.Clone(app.Permissions), expires: s.opt.Now().Add(s.opt.TokenLifetime)}
	life := int(s.opt.TokenLifetime/time.Second) - 1
	return answer{status: http.StatusOK, typ: "application/json; charset=utf-8", body: object{"token_type": "Bearer",
		"expires_in": life, "ext_expires_in": life, "access_token": token}}
}

// signIn finds the application that a token request is from.
func (s *Sim) signIn(req *request) (*registered, *oauthError) {
	form, e := s.tokenForm(req)
	if e != nil {
		return nil, e
	}
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	app := s.grants.app(form.Get("client_id"))
	if app == nil {
		return nil, &oauthError{400, "unauthorized_client", 700016, "Application with identifier '" + form.Get("client_id") + "' was not found in the directory."}
	}
	secret, assertion := form.Get("client_secret"), form.Get("client_assertion")
	switch {
	case assertion != "":
		if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			return nil, &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_assertion_type'."}
		}
		return app, s.checkAssertion(app, assertion, req)
	case secret == "":
		return nil, &oauthError{401, "invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."}
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) == 0:
		return nil, &oauthError{401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."}
	}
	return app, nil
}

// tokenForm reads and checks what is the same for all ways to sign in.
func (s *Sim) tokenForm(req *request) (url.Values, *oauthError) {
	form, err := url.ParseQuery(string(req.body))
	switch {
	case req.method != http.MethodPost:
		return nil, &oauthError{400, "invalid_request", 900561, "The endpoint only accepts POST requests. Received a " + req.method + " request."}
	case !strings.HasPrefix(req.header.Get("Content-Type"), "application/x-www-form-urlencoded") || err != nil:
		return nil, &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."}
	case !strings.EqualFold(req.path[0], s.opt.Tenant):
		return nil, &oauthError{400, "invalid_request", 90002, "Tenant '" + req.path[0] + "' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."}
	case form.Get("grant_type") == "":
		return nil, &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."}
	case form.Get("grant_type") != "client_credentials":
		return nil, &oauthError{400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '" + form.Get("grant_type") + "'."}
	case form.Get("client_id") == "":
		return nil, &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."}
	case !s.knowsScope(form.Get("scope"), req.host):
		return nil, &oauthError{400, "invalid_scope", 1002012, "The provided value for scope " + form.Get("scope") + " is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."}
	}
	return form, nil
}

// knowsScope takes the names of the service in all clouds, and its name here.
func (s *Sim) knowsScope(scope, host string) bool {
	resource, ok := strings.CutSuffix(scope, "/.default")
	return ok && slices.Contains([]string{"https://graph.microsoft.com", "https://graph.microsoft.us", "https://dod-graph.microsoft.us",
		"https://microsoftgraph.chinacloudapi.cn", host}, strings.TrimSuffix(resource, "/"))
}
