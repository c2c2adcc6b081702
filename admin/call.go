package admin

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/sessions"

	"crmbridge/admin/words"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// call is one request: who asks, and in which language.
type call struct {
	*Server
	*words.Printer
	w       http.ResponseWriter
	r       *http.Request
	session *sessions.Session
	state   *state
	user    store.User // zero: nobody signed in
	zone    *time.Location
	strayed bool // see stray
}

func (s *Server) call(w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{Server: s, w: w, r: r, zone: time.UTC, Printer: s.book.For("", r.Header.Get("Accept-Language")), state: &state{}}
	name, _ := (s.sessions.(*rows)).cookie()
	session, err := s.sessions.Get(r, name)
	if err != nil {
		return c, err
	}
	c.r = r // the registry of sessions is in its context now
	c.session, c.state = session, stateOf(session)
	c.user = c.state.user
	choice := c.user.Language
	if l, err := r.Cookie(languageCookie); err == nil && choice == "" {
		choice = l.Value
	}
	c.Printer = s.book.For(choice, r.Header.Get("Accept-Language"))
	if zone, err := time.LoadLocation(c.user.Zone); err == nil && c.user.Zone != "Local" {
		c.zone = zone
	}
	if c.strayed = session.IsNew && strayed(r); c.strayed {
		return c, nil
	}
	if session.IsNew || c.user.ID != 0 && s.Now().Sub(c.state.SeenAt) > seenEvery {
		return c, c.keep()
	}
	return c, nil
}

// keep saves the session.
func (c *call) keep() error {
	c.state.IP, c.state.Agent = c.Address(c.r), shorten(c.r.UserAgent())
	return c.session.Save(c.r, c.w)
}

// shorten bounds what is kept of a browser's name.
func shorten(agent string) string {
	agent = strings.ToValidUTF8(agent, "")
	if len(agent) > 200 {
		agent = strings.ToValidUTF8(agent[:200], "")
	}
	return agent
}

// enterAs begins a session for somebody who has just proved who they are. The secret is a new one, so that whoever knew the visitor's cookie
// knows nothing.
func (c *call) enterAs(u store.User) error {
	if c.user.ID != 0 {
		return c.beginAs(u) // once more, to prove it
	}
	who := manage.Actor{Via: manage.ViaPage, Account: u.Name, Address: c.Address(c.r), Agent: c.r.UserAgent()}
	return c.Office.Record(manage.As(c.r.Context(), who), "account.sign-in", u.Name, func() error { return c.beginAs(u) })
}

func (c *call) beginAs(u store.User) error {
	if err := c.leave(); err != nil {
		return err
	}
	c.session.ID, c.session.IsNew = "", true
	_, c.session.Options = c.sessions.(*rows).cookie()
	*c.state = state{user: u}
	c.user = u
	return c.keep()
}

// leave ends the session.
func (c *call) leave() error {
	if c.user.ID == 0 {
		return nil
	}
	c.session.Options.MaxAge = -1
	err := c.session.Save(c.r, c.w)
	*c.state, c.user = state{}, store.User{}
	return err
}

// token is what forms of this session carry: another site can neither read nor guess it.
func (c *call) token() string {
	if c.session == nil {
		return ""
	}
	m := hmac.New(sha256.New, []byte(c.session.ID))
	m.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// checkForm refuses a form that this session was not given.
func (c *call) checkForm() error {
	if err := c.r.ParseForm(); err != nil {
		return pim.Errorf("form", pim.ErrInvalid, "the form cannot be read")
	}
	given := c.r.Header.Get("X-Token")
	if given == "" {
		given = c.r.PostForm.Get("token")
	}
	if c.session.IsNew || subtle.ConstantTimeCompare([]byte(given), []byte(c.token())) != 1 {
		return pim.Errorf("form", pim.ErrForbidden, "%s", c.Say("fault.token"))
	}
	return nil
}

// tell says something on the next page.
func (c *call) tell(bad bool, text string) {
	c.state.kept.Notices = append(c.state.kept.Notices, notice{bad, text})
}

// back is a path of ours that somebody is to be sent to, else the first page. Anything that a browser could take for another host is none.
func back(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || !strings.HasPrefix(u.Path, Prefix) || strings.ContainsAny(path, "\\\r\n\t") {
		return Prefix
	}
	return path
}
