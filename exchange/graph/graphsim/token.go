package graphsim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"maps"
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
	codes      map[string]*code
	refresh    map[string]*grant
	assertions map[string]struct{} // ids of assertions that were used
	issued     int
}

// grant is what a token stands for. Permissions are those of the moment it was issued: they stand in the token.
type grant struct {
	app     string
	may     []string
	user    string // of delegated tokens; "" is the application itself
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

// ExpireTokens ends all tokens, those for renewal too.
func (s *Sim) ExpireTokens() {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	clear(s.grants.tokens)
	clear(s.grants.refresh)
}

// RevokeRefresh ends the refresh tokens of a person, as a change of the password does. Access tokens live on until they expire.
func (s *Sim) RevokeRefresh(user string) {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	maps.DeleteFunc(s.grants.refresh, func(_ string, g *grant) bool { return strings.EqualFold(g.user, user) })
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

// token answers the token endpoint: client credentials, codes and refresh tokens.
func (s *Sim) token(req *request) answer {
	form, e := s.tokenForm(req)
	if e != nil {
		return s.oauthRefused(req, e)
	}
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	app, e := s.signIn(req, form)
	if e != nil {
		return s.oauthRefused(req, e)
	}
	g := &grant{app: app.ID, may: slices.Clone(app.Permissions)}
	switch form.Get("grant_type") {
	case "authorization_code":
		g, e = s.redeem(app, form)
	case "refresh_token":
		if g = s.grants.refresh[form.Get("refresh_token")]; g == nil || g.app != app.ID {
			e = &oauthError{400, "invalid_grant", 700082, "The refresh token has expired due to inactivity or was revoked."}
		}
	}
	if e != nil {
		return s.oauthRefused(req, e)
	}
	g = &grant{app: g.app, may: g.may, user: g.user, expires: s.opt.Now().Add(s.opt.TokenLifetime)}
	token := s.newToken(g, req.host)
	s.grants.issued++
	s.grants.tokens[token] = g
	life := int(s.opt.TokenLifetime/time.Second) - 1
	body := object{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}
	if g.user != "" {
		body["scope"] = strings.Join(g.may, " ")
		if slices.Contains(g.may, OfflineAccess) {
			if s.opt.RefreshOnce {
				delete(s.grants.refresh, form.Get("refresh_token"))
			}
			body["refresh_token"] = "1.A" + rand.Text() + rand.Text()
			s.grants.refresh[text(body["refresh_token"])] = g
		}
	}
	return answer{status: http.StatusOK, typ: "application/json; charset=utf-8", body: body}
}

// newToken makes a token in the form of the service's: a JWT with roles for an application's own, with scp for a person's.
// Nobody can check its signature; what it is good for stands with the simulator.
func (s *Sim) newToken(g *grant, host string) string {
	now := s.opt.Now()
	claims := object{"aud": "https://graph.microsoft.com", "iss": host + "/" + s.opt.Tenant + "/", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": g.expires.Unix(), "appid": g.app, "tid": s.opt.Tenant, "uti": rand.Text()}
	if g.user != "" {
		claims["idtyp"], claims["scp"], claims["upn"] = "user", strings.Join(g.may, " "), g.user
	} else {
		roles := []any{}
		for _, p := range g.may {
			roles = append(roles, p)
		}
		claims["idtyp"], claims["roles"] = "app", roles
	}
	part := func(o object) string { return base64.RawURLEncoding.EncodeToString([]byte(canonical(o))) }
	return part(object{"typ": "JWT", "alg": "RS256", "kid": "simulated"}) + "." + part(claims) + "." + rand.Text()
}

// signIn finds the application that a token request is from. grants.mu is held.
func (s *Sim) signIn(req *request, form url.Values) (*registered, *oauthError) {
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
	case secret == "" && app.Secret == "" && len(app.certs) == 0 && form.Get("grant_type") != "client_credentials":
		return app, nil
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
	case !slices.Contains([]string{"client_credentials", "authorization_code", "refresh_token"}, form.Get("grant_type")):
		return nil, &oauthError{400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '" + form.Get("grant_type") + "'."}
	case form.Get("client_id") == "":
		return nil, &oauthError{400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."}
	case form.Get("grant_type") == "client_credentials" && !s.knowsScope(form.Get("scope"), req.host):
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
