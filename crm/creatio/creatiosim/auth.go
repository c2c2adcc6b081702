package creatiosim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// users are the accounts and who is logged in. Sessions live in memory: a restart ends them, as it does on IIS.
type users struct {
	mu       sync.Mutex
	accounts map[string]*account // by login in lower case
	clients  []Client
	sessions map[string]*session
	tokens   map[string]*grant
}

// session is one login by form. The id travels in a cookie that scripts cannot read, csrf in one that they can; loader ties
// the two to a node of the vendor's load balancer and is checked here so that a client cannot forget it.
type session struct {
	who    *account
	loader string
	csrf   string
	used   time.Time
}

// blockedFor is how long too many wrong passwords keep a user out.
const blockedFor = 15 * time.Minute

// loginResult is the body of a login's answer, the same for success and failure.
type loginResult struct {
	Code              int             `json:"Code"`
	Message           string          `json:"Message"`
	Exception         *loginException `json:"Exception"`
	PasswordChangeURL *string         `json:"PasswordChangeUrl"`
	RedirectURL       *string         `json:"RedirectUrl"`
}

// loginException goes with a failed login. Its shape is that of a serialized .NET exception.
type loginException struct {
	HelpLink       *string `json:"HelpLink"`
	InnerException *string `json:"InnerException"`
	Message        string  `json:"Message"`
	StackTrace     *string `json:"StackTrace"`
	Type           string  `json:"Type"`
}

// login answers AuthService.svc/Login. Whatever is wrong with the credentials, the status is 200.
func (s *Sim) login(in *incoming) answer {
	if in.Method != http.MethodPost {
		return methodNotAllowed("POST")
	}
	var body struct{ UserName, UserPassword string }
	if !jsonBody(in.Header.Get("Content-Type")) || json.Unmarshal(in.body, &body) != nil {
		return htmlPage(http.StatusBadRequest, "Request Error: the server encountered an error processing the request.")
	}
	result, cookies := s.logIn(body.UserName, body.UserPassword)
	text, err := json.Marshal(result)
	if err != nil {
		return htmlPage(http.StatusInternalServerError, "Runtime Error")
	}
	return answer{status: http.StatusOK, typ: "application/json; charset=utf-8", body: text, cookies: cookies}
}

// logIn checks credentials. Logins are compared without regard to case, as the database compares them. A wrong password
// counts towards the block even for a user whose login would fail for another reason, so nothing can be learned from it.
func (s *Sim) logIn(name, password string) (loginResult, []*http.Cookie) {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	now := s.opt.Now()
	who := s.users.accounts[strings.ToLower(name)]
	wrong := func(text string) (loginResult, []*http.Cookie) {
		return loginResult{Code: 1, Message: text, Exception: &loginException{Message: text,
			Type: "System.Security.SecurityException"}}, nil
	}
	switch {
	case who == nil || who.Inactive:
		return wrong("Invalid username or password specified. Check your credentials or contact your administrator.")
	case stampOf(now) < who.blocked:
		return wrong("The user is blocked because of too many unsuccessful login attempts. Try again later.")
	case subtle.ConstantTimeCompare([]byte(who.Password), []byte(password)) == 0:
		if who.wrong++; s.opt.LoginAttempts > 0 && who.wrong >= s.opt.LoginAttempts {
			who.wrong, who.blocked = 0, stampOf(now.Add(blockedFor))
		}
		return wrong("Invalid username or password specified. Check your credentials or contact your administrator.")
	case who.PasswordExpired:
		r, _ := wrong("The password has expired.")
		change := "/Login/ChangePassword.aspx?UserName=" + url.QueryEscape(who.Login)
		r.PasswordChangeURL = &change
		return r, nil
	}
	who.wrong = 0
	id := strings.ToUpper(hex.EncodeToString(randomBytes(48)))
	ss := &session{who: who, loader: strings.ToLower(rand.Text())[:24], used: now,
		csrf: base64.StdEncoding.EncodeToString(randomBytes(16))}
	s.users.sessions[id] = ss
	return loginResult{}, s.sessionCookies(id, ss, now)
}

// sessionCookies are the four cookies of a login. None of the session's own has an expiry date: the server
// decides when it ends.
func (s *Sim) sessionCookies(id string, ss *session, now time.Time) []*http.Cookie {
	return []*http.Cookie{
		{Name: "BPMLOADER", Value: ss.loader, Path: "/", HttpOnly: true},
		{Name: s.sessionCookie(), Value: id, Path: "/", HttpOnly: true},
		{Name: "BPMCSRF", Value: ss.csrf, Path: "/"}, // readable: the client copies it into a header
		{Name: "UserName", Value: nameCookie(ss.who.Login), Path: "/", HttpOnly: true, Expires: now.AddDate(0, 0, 7)},
	}
}

// sessionCookie is the name under which the session id travels.
func (s *Sim) sessionCookie() string {
	if s.opt.Site == Core {
		return "BPMSESSIONID"
	}
	return ".ASPXAUTH"
}

// nameCookie writes a login as its character codes, 83|117|112…
func nameCookie(login string) string {
	var codes []string
	for _, r := range login {
		codes = append(codes, strconv.Itoa(int(r)))
	}
	return strings.Join(codes, "|")
}

// randomBytes makes session material. It is not taken from Options.Rand, which a test may have fixed.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // never fails; crypto/rand ends the program instead
	return b
}

// authenticate finds who asks, or says how the site turns them away.
func (s *Sim) authenticate(in *incoming, framework bool) (*account, *answer) {
	who, denied := s.identify(in, framework)
	if denied != nil {
		return nil, denied
	}
	if who.NoOData {
		ans := s.refuse(&refusal{http.StatusForbidden, "Current user does not have permission to use OData services.",
			"System.Security.SecurityException", false})
		return nil, &ans
	}
	return who, nil
}

// identify finds the account behind a token or a session. The order of the checks is what clients can see: no session first,
// then the header that takes it up, then the CSRF token.
func (s *Sim) identify(in *incoming, framework bool) (*account, *answer) {
	if bearer, ok := strings.CutPrefix(in.Header.Get("Authorization"), "Bearer "); ok {
		return s.identifyToken(bearer)
	}
	ss, ok := s.session(in)
	switch {
	case !ok:
		ans := s.noSession(in)
		return nil, &ans
	case framework && !strings.EqualFold(in.Header.Get("ForceUseSession"), "true"):
		// Without the header the .NET Framework site does not take the session up.
		ans := unauthorized()
		return nil, &ans
	case !s.opt.NoCSRF && !csrfHolds(in, ss):
		ans := htmlPage(http.StatusForbidden, "403 - Forbidden: Access is denied.")
		return nil, &ans
	}
	return ss.who, nil
}

// csrfHolds says whether cookie and header both carry this session's token. GET is checked like any other method.
func csrfHolds(in *incoming, ss session) bool {
	c, err := in.Cookie("BPMCSRF")
	return err == nil && c.Value == ss.csrf && in.Header.Get("BPMCSRF") == ss.csrf
}

// session returns the living session of a request's cookies and prolongs it.
func (s *Sim) session(in *incoming) (session, bool) {
	id, err := in.Cookie(s.sessionCookie())
	loader, err2 := in.Cookie("BPMLOADER")
	if err != nil || err2 != nil {
		return session{}, false
	}
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	ss, now := s.users.sessions[id.Value], s.opt.Now()
	if ss == nil || ss.loader != loader.Value || ss.who.Inactive {
		return session{}, false
	}
	if now.Sub(ss.used) > s.opt.SessionTimeout {
		delete(s.users.sessions, id.Value)
		return session{}, false
	}
	ss.used = now
	return *ss, true
}

// noSession answers a request that has no session, in the way that Options.Expiry selects.
func (s *Sim) noSession(in *incoming) answer {
	switch s.opt.Expiry {
	case ExpiredRedirect:
		ans := htmlPage(http.StatusFound, "Object moved")
		ans.header = map[string]string{"Location": loginPage + "?ReturnUrl=" + url.QueryEscape(in.URL.RequestURI())}
		return ans
	case ExpiredHTML:
		return s.loginForm(http.StatusOK, "", in.URL.RequestURI())
	}
	return unauthorized()
}

// unauthorized is the web server's page: a 401 carries no JSON.
func unauthorized() answer {
	return htmlPage(http.StatusUnauthorized, "401 - Unauthorized: Access is denied due to invalid credentials.")
}

// logout ends the sender's session. It answers the same whether there was one or not.
func (s *Sim) logout(in *incoming) answer {
	s.killSession(in)
	return answer{status: http.StatusOK, typ: "application/json; charset=utf-8", body: []byte("{}")}
}

// killSession forgets the sender's session or token; both kinds, since a fault does not know which the client uses.
func (s *Sim) killSession(in *incoming) {
	if c, err := in.Cookie(s.sessionCookie()); err == nil {
		s.users.mu.Lock()
		delete(s.users.sessions, c.Value)
		s.users.mu.Unlock()
	}
	if bearer, ok := strings.CutPrefix(in.Header.Get("Authorization"), "Bearer "); ok {
		s.users.mu.Lock()
		delete(s.users.tokens, bearer)
		s.users.mu.Unlock()
	}
}

// ExpireSessions ends every session and token, as an application pool restart does.
func (s *Sim) ExpireSessions() {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	clear(s.users.sessions)
	clear(s.users.tokens)
}

// Sessions is how many sessions and tokens are open.
func (s *Sim) Sessions() int {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	return len(s.users.sessions) + len(s.users.tokens)
}

// SetUser adds a user, or replaces the one with this login; open sessions stay and follow the new rights.
func (s *Sim) SetUser(u User) error {
	if u.Login == "" {
		return fmt.Errorf("creatiosim: a user needs a login")
	}
	acct := &account{User: u, contact: u.contactID()}
	s.users.mu.Lock()
	s.users.accounts[strings.ToLower(u.Login)] = acct
	for _, ss := range s.users.sessions {
		if strings.EqualFold(ss.who.Login, u.Login) {
			ss.who = acct
		}
	}
	for _, t := range s.users.tokens {
		if strings.EqualFold(t.who.Login, u.Login) {
			t.who = acct
		}
	}
	s.users.mu.Unlock()
	return s.userRows(acct)
}
