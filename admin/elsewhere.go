package admin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"crmbridge/auth/openid"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// errandLasts is how long somebody may take at the service where they sign in.
const errandLasts = 10 * time.Minute

// errand is a sign-in at a service that has begun. The browser keeps it, sealed: nothing is written for somebody who has proved nothing.
type errand struct {
	openid.Attempt
	Next string       `json:"next"`
	User store.UserID `json:"user,omitempty"` // who is to prove anew who they are; 0: nobody is signed in
}

const errandPurpose = "sign-in elsewhere"

// errandCookie is that of an errand. It comes along when the service sends the person back, which the cookie of the session does not (SameSite=Lax).
func (c *call) errandCookie(value string, age time.Duration) *http.Cookie {
	k := &http.Cookie{Name: "elsewhere", Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode}
	if c.Secure {
		k.Name = "__Host-" + k.Name
	}
	return k
}

// Elsewhere is what people call the service where they may sign in; "" without one.
func (v view) Elsewhere() string { return v.call.elsewhereLabel() }

func (c *call) elsewhereLabel() string {
	if c.Elsewhere == nil {
		return ""
	}
	if c.Elsewhere.Label != "" {
		return c.Elsewhere.Label
	}
	u, err := url.Parse(c.Elsewhere.Issuer)
	if err != nil {
		return c.Elsewhere.Issuer
	}
	return u.Hostname()
}

// away sends the browser to a service of the operator's choice.
type away string

func (a away) write(c *call) error {
	http.Redirect(c.w, c.r, string(a), http.StatusSeeOther)
	return nil
}

// goElsewhere begins a sign-in at the service; for who is signed in, a proof of who they are.
func (c *call) goElsewhere() (answer, error) {
	if c.Elsewhere == nil {
		return nil, pim.Errorf("page", pim.ErrNotFound, "there is no such page")
	}
	next := back(c.r.URL.Query().Get("next"))
	attempt, address, err := c.Elsewhere.Begin(c.r.Context(), c.user.ID != 0)
	if err != nil {
		return c.notFromElsewhere(err, next)
	}
	text, err := json.Marshal(errand{attempt, next, c.user.ID})
	if err != nil {
		return nil, err
	}
	sealed, err := c.Office.Keeper.Seal(errandPurpose, text)
	if err != nil {
		return nil, err
	}
	http.SetCookie(c.w, c.errandCookie(base64.RawURLEncoding.EncodeToString(sealed), errandLasts))
	return away(address), nil
}

// errand is what the browser was sent away for. It has that once.
func (c *call) errand() (e errand, ok bool) {
	k, err := c.r.Cookie(c.errandCookie("", 0).Name)
	if err != nil {
		return e, false
	}
	http.SetCookie(c.w, c.errandCookie("", -time.Second))
	sealed, err := base64.RawURLEncoding.DecodeString(k.Value)
	if err == nil {
		sealed, err = c.Office.Keeper.Open(errandPurpose, sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, &e)
	}
	return e, err == nil && c.Now().Sub(e.Begun) < errandLasts && e.User == c.user.ID
}

// fromElsewhere takes in who was sent back by the service.
func (c *call) fromElsewhere() (answer, error) {
	if c.Elsewhere == nil {
		return nil, pim.Errorf("page", pim.ErrNotFound, "there is no such page")
	}
	e, ok := c.errand()
	if !ok {
		return c.notFromElsewhere(pim.Errorf("sign in elsewhere", pim.ErrAuth, "what came back belongs to no sign-in of this browser"), back(e.Next))
	}
	p, err := c.Elsewhere.Finish(c.r.Context(), e.Attempt, c.r.URL.Query())
	if err != nil {
		return c.notFromElsewhere(err, back(e.Next))
	}
	known := manage.Known{Issuer: p.Issuer, Subject: p.Subject, Account: p.Account, Email: p.Email, Name: p.Name}
	u, tied, err := c.Office.Recognise(c.r.Context(), known, c.MayJoin && e.User == 0)
	if err == nil && e.User != 0 && (u.ID != e.User || !tied) {
		err = pim.Errorf("sign in elsewhere", pim.ErrAuth, "somebody else signed in")
	}
	if err != nil {
		return c.notFromElsewhere(err, back(e.Next))
	}
	tie := store.Tie{Issuer: p.Issuer, Subject: p.Subject}
	codes, err := c.Office.Codes(c.r.Context(), u.Name)
	switch {
	case err != nil:
		return nil, err
	case codes.On && tied:
		return c.askCode(u, back(e.Next), store.Tie{})
	case codes.On:
		return c.askCode(u, back(e.Next), tie)
	case !tied:
		if err := c.Office.TieElsewhere(c.r.Context(), u.ID, tie.Issuer, tie.Subject); err != nil {
			return c.notFromElsewhere(err, back(e.Next))
		}
	}
	return to(back(e.Next)), c.enterProved(u, p.Proved)
}

// enterProved is enterAs for somebody whom the service asked at some time before, or at none that it tells: what needs a fresh proof asks for it.
func (c *call) enterProved(u store.User, at time.Time) error {
	if err := c.enterAs(u); err != nil {
		return err
	}
	if c.state.ConfirmedAt = at; at.IsZero() {
		c.state.ConfirmedAt = time.Unix(0, 0).UTC()
	}
	return c.keep()
}

// notFromElsewhere says to somebody why they are not let in, and to the log in full.
func (c *call) notFromElsewhere(err error, next string) (answer, error) {
	label := c.elsewhereLabel()
	said := ""
	_, cannotBeMade := manage.FaultOf(err)
	switch {
	case errors.Is(err, pim.ErrAuth):
		said = c.Say("signin.elsewhereRefused", "Label", label)
	case errors.Is(err, pim.ErrUnavailable):
		said = c.Say("signin.elsewhereDown", "Label", label)
	case errors.Is(err, pim.ErrNotFound), errors.Is(err, pim.ErrExists), cannotBeMade:
		said = c.Say("signin.elsewhereStranger", "Label", label)
	default:
		return nil, err
	}
	c.Log.Warn("sign-in elsewhere failed", "issuer", c.Elsewhere.Issuer, "err", err)
	if c.user.ID != 0 {
		f, err := c.confirmFields()
		f.Fault = said
		return page{status: http.StatusUnprocessableEntity, name: "confirm", data: signInData{f, next}}, err
	}
	f := c.signInFields("")
	f.Fault = said
	return page{status: http.StatusUnprocessableEntity, name: "signin", data: signInData{f, next}}, nil
}

// stray is somebody whom another site sent here: their browser leaves out the cookie of the session (SameSite=Strict) until a page of ours asks for the same
// again. Nothing is set before that, as a visitor's cookie would take the place of the session's.
type stray struct{}

func (stray) write(c *call) error {
	c.w.Header().Set("Refresh", "0; url="+c.r.URL.RequestURI())
	return page{name: "onward", data: c.r.URL.RequestURI()}.write(c)
}

// strayed reports whether the session's cookie may be there and was left out.
func strayed(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "cross-site" }
