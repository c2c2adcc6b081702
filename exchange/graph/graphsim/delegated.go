package graphsim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const authorizePath = "/oauth2/v2.0/authorize"

// PublicApp is the registration of a program that has no secret, by which people sign in on their own machines: any port of the loopback, and
// consent to what a bridge asks for at most.
func PublicApp(id string) App {
	return App{ID: id, Redirects: []string{"http://localhost"}, Delegated: []string{UserRead, OfflineAccess, CalendarsReadWrite, ContactsReadWrite, TasksReadWrite, MailRead}}
}

// code is an authorisation code on its way (RFC 6749 4.1).
type code struct {
	grant
	redirect  string
	challenge string // PKCE, RFC 7636; "" is none
}

// codeLife is how long a code is good.
const codeLife = 10 * time.Minute

// authorize answers the page that people sign in on: login_hint is who does, and they agree to all that was consented to
// before. An application whose address is not known is told on the page, not by a redirect.
func (s *Sim) authorize(req *request) answer {
	q := req.query
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	app := s.grants.app(q.Get("client_id"))
	switch {
	case req.method != http.MethodGet || !strings.EqualFold(req.path[0], s.opt.Tenant):
		return signInPage("AADSTS90002: Tenant '" + req.path[0] + "' not found.")
	case app == nil:
		return signInPage("AADSTS700016: Application with identifier '" + q.Get("client_id") + "' was not found in the directory.")
	case !app.mayReturn(q.Get("redirect_uri")):
		return signInPage("AADSTS50011: The redirect URI '" + q.Get("redirect_uri") + "' specified in the request does not match the redirect URIs configured for the application.")
	}
	who := s.person(q.Get("login_hint"))
	scopes, agreed := agreed(app, q.Get("scope"))
	public := app.Secret == "" && len(app.certs) == 0
	switch {
	case who == "" && q.Get("login_hint") == "":
		return s.choosePage(req)
	case who == "":
		return signInPage("AADSTS50034: The user account does not exist in the directory.")
	case q.Get("response_type") != "code":
		return back(q, url.Values{"error": {"unsupported_response_type"}, "error_description": {"AADSTS70005: response_type is not supported."}})
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256" || public && q.Get("code_challenge") == "":
		return back(q, url.Values{"error": {"invalid_request"}, "error_description": {"AADSTS9002325: Proof Key for Code Exchange is required."}})
	case !agreed:
		return back(q, url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined to consent to access the app."}})
	}
	c := &code{grant: grant{app: app.ID, may: scopes, user: who, expires: s.opt.Now().Add(codeLife)}, redirect: q.Get("redirect_uri"),
		challenge: q.Get("code_challenge")}
	made := "1.C" + rand.Text() + rand.Text()
	s.grants.codes[made] = c
	return back(q, url.Values{"code": {made}, "session_state": {s.newGUID("session")}})
}

// mayReturn says whether an address is one of the application's. On the loopback, any port is (RFC 8252 7.3).
func (a *registered) mayReturn(address string) bool {
	return slices.ContainsFunc(a.Redirects, func(own string) bool {
		return own == address || portless(own) != "" && portless(own) == portless(address)
	})
}

// portless is an address on the loopback without its port, "" for any other.
func portless(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return ""
	}
	u.Host = u.Hostname()
	return u.String()
}

// person is the name of the user that a hint means; without a hint it is the only one there is.
func (s *Sim) person(hint string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxOf(hint); b != nil {
		return b.user.Name
	}
	if hint == "" && len(s.boxes) == 1 {
		return s.boxes[0].user.Name
	}
	return ""
}

// agreed are the scopes that a request wants, and whether people have consented to all of them.
func agreed(app *registered, wanted string) (scopes []string, ok bool) {
	for _, scope := range strings.Fields(wanted) {
		name := strings.TrimPrefix(scope, "https://graph.microsoft.com/")
		switch {
		case name == ".default":
			scopes = append(scopes, app.Delegated...)
		case slices.Contains([]string{OfflineAccess, "openid", "profile", "email"}, name) || slices.Contains(app.Delegated, name):
			scopes = append(scopes, name)
		default:
			return nil, false
		}
	}
	return scopes, len(scopes) > 0
}

// back sends the person back to the application.
func back(q, result url.Values) answer {
	if state := q.Get("state"); state != "" {
		result.Set("state", state)
	}
	glue := "?"
	if strings.Contains(q.Get("redirect_uri"), "?") {
		glue = "&"
	}
	return answer{status: http.StatusFound, header: map[string]string{"Location": q.Get("redirect_uri") + glue + result.Encode()}}
}

func signInPage(trouble string) answer {
	return answer{status: http.StatusBadRequest, typ: "text/html; charset=utf-8",
		body: []byte("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sorry</h1><p>" + html.EscapeString(trouble) + "</p></body></html>\n")}
}

// choosePage lets a person say who of several it is.
func (s *Sim) choosePage(req *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Choose an account</h1><ul>\n")
	for _, box := range s.boxes {
		q := url.Values{"login_hint": {box.user.Name}}
		for name, values := range req.query {
			if name != "login_hint" {
				q[name] = values
			}
		}
		b.WriteString(`<li><a href="?` + html.EscapeString(q.Encode()) + `">` + html.EscapeString(box.user.Name) + "</a></li>\n")
	}
	b.WriteString("</ul></body></html>\n")
	return answer{status: http.StatusOK, typ: "text/html; charset=utf-8", body: []byte(b.String())}
}

// redeem turns a code into what it is good for, once. grants.mu is held.
func (s *Sim) redeem(app *registered, form url.Values) (*grant, *oauthError) {
	c := s.grants.codes[form.Get("code")]
	delete(s.grants.codes, form.Get("code"))
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case c == nil || c.app != app.ID:
		return nil, &oauthError{400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."}
	case !s.opt.Now().Before(c.expires):
		return nil, &oauthError{400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity."}
	case c.redirect != form.Get("redirect_uri"):
		return nil, &oauthError{400, "invalid_grant", 50011, "The redirect URI specified in the request does not match."}
	case c.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		return nil, &oauthError{400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."}
	}
	return &c.grant, nil
}

// me puts the person whose token it is where a path says me.
func (g *grant) me(req *request) *refusal {
	if at(req.path, 0) != "me" {
		return nil
	}
	if g.user == "" {
		return badRequest("/me request is only valid with delegated authentication flow.")
	}
	req.path = append([]string{"users", g.user}, req.path[1:]...)
	return nil
}
