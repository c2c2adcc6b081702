package admin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"crmbridge/admin/words"
	"crmbridge/auth"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// languageCookie has the language that a visitor chose; who is signed in has it with the account.
const languageCookie = "language"

// signInData is what the page for signing in shows.
type signInData struct {
	Form form
	Next string
}

func (c *call) signInFields(name string) form {
	return form{Submit: c.Say("signin.submit"), Fields: []field{
		{Name: "name", Label: c.Say("signin.name"), Kind: "text", Value: name, Required: true, Autocomplete: "username", Autofocus: name == ""},
		{Name: "password", Label: c.Say("signin.password"), Kind: "password", Required: true, Autocomplete: "current-password", Autofocus: name != ""},
	}}
}

func (c *call) signInForm() (answer, error) {
	next := back(c.r.URL.Query().Get("next"))
	if c.user.ID != 0 {
		return to(next), nil
	}
	return page{name: "signin", data: signInData{c.signInFields(""), next}}, nil
}

func (c *call) signIn() (answer, error) {
	name, next := c.value("name"), back(c.value("next"))
	u, err := c.Auth.SignIn(c.r.Context(), name, c.r.PostForm.Get("password"), c.Address(c.r))
	var needed *auth.CodeNeeded
	if errors.As(err, &needed) {
		return c.askCode(needed.User, next, store.Tie{})
	}
	if err != nil {
		return c.refused(err, "signin", c.signInFields(name), next)
	}
	if err := c.enterAs(u); err != nil {
		return nil, err
	}
	return to(next), nil
}

// refused shows a form again to somebody who was not let in.
func (c *call) refused(err error, name string, f form, next string) (answer, error) {
	switch {
	case errors.Is(err, pim.ErrThrottled):
		f.Fault = c.waitText(err)
	case errors.Is(err, pim.ErrAuth):
		f.Fault = c.Say("signin.refused")
	default:
		return nil, err
	}
	return page{status: http.StatusUnprocessableEntity, name: name, data: signInData{f, next}}, nil
}

// waitText says how long somebody has to wait who failed too often.
func (c *call) waitText(err error) string {
	wait := max(pim.RetryAfter(err).Round(time.Second), time.Second)
	return c.Count("signin.wait", int(wait/time.Second))
}

func (c *call) signOut() (answer, error) {
	if c.user.ID == 0 {
		return to(Prefix + "sign-in"), nil
	}
	return to(Prefix + "sign-in"), c.Office.Record(c.r.Context(), "account.sign-out", c.user.Name, c.leave)
}

// chooseLanguage keeps a language with the account, or in a cookie for a visitor.
func (c *call) chooseLanguage() (answer, error) {
	code := c.value("language")
	if !words.Known(code) {
		return nil, pim.Errorf("language", pim.ErrInvalid, "there is no such language")
	}
	if c.user.ID != 0 {
		if err := c.Office.SetLanguage(c.r.Context(), c.user.Name, code); err != nil {
			return nil, err
		}
	}
	http.SetCookie(c.w, &http.Cookie{Name: languageCookie, Value: code, Path: Prefix, MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteStrictMode})
	next := Prefix
	if ref, err := url.Parse(c.r.Referer()); err == nil {
		next = back(ref.RequestURI())
	}
	return to(next), nil
}

func (c *call) confirmFields() (form, error) {
	f := form{Submit: c.Say("confirm.submit"), Fields: []field{
		{Name: "password", Label: c.Say("signin.password"), Kind: "password", Required: true, Autocomplete: "current-password", Autofocus: true},
	}}
	if c.user.PasswordHash == "" { // they sign in elsewhere
		f.Fields = nil
		return f, nil
	}
	codes, err := c.Office.Codes(c.r.Context(), c.user.Name)
	if codes.On {
		f.Fields = append(f.Fields, c.codeField(""))
	}
	return f, err
}

func (c *call) confirmForm() (answer, error) {
	f, err := c.confirmFields()
	return page{name: "confirm", data: signInData{f, back(c.r.URL.Query().Get("next"))}}, err
}

func (c *call) confirm() (answer, error) {
	next := back(c.value("next"))
	f, err := c.confirmFields()
	if err != nil {
		return nil, err
	}
	u, fault, err := c.proveCode(c.Auth.SignIn(c.r.Context(), c.user.Name, c.r.PostForm.Get("password"), c.Address(c.r)))
	if err != nil {
		return c.refused(err, "confirm", f, next)
	}
	if fault != "" {
		f.Fields[len(f.Fields)-1].Fault = fault
		return page{status: http.StatusUnprocessableEntity, name: "confirm", data: signInData{f, next}}, nil
	}
	if err := c.enterAs(u); err != nil {
		return nil, err
	}
	return to(next), nil
}

func (c *call) firstFields() form {
	return form{Submit: c.Say("first.submit"), Fields: []field{
		{Name: "name", Label: c.Say("signin.name"), Help: c.Say("first.nameHelp"), Kind: "text", Required: true, Autocomplete: "username", Autofocus: true},
		{Name: "email", Label: c.Say("account.email"), Kind: "email", Autocomplete: "email"},
		{Name: "zone", Label: c.Say("account.zone"), Help: c.Say("account.zoneHelp"), Kind: "text"},
		{Name: "password", Label: c.Say("signin.password"), Help: c.Say("account.passwordHelp"), Kind: "password", Required: true, Autocomplete: "new-password"},
		{Name: "again", Label: c.Say("account.passwordAgain"), Kind: "password", Required: true, Autocomplete: "new-password"},
	}}
}

func (c *call) firstForm() (answer, error) {
	if err := c.Office.Invited(c.r.Context(), c.r.PathValue("secret")); err != nil {
		return nil, err
	}
	return page{name: "first", data: c.firstFields()}, nil
}

// first makes the first administrator, who is signed in then.
func (c *call) first() (answer, error) {
	f := c.firstFields()
	f.put(c)
	password := c.r.PostForm.Get("password")
	err := c.sameTwice(password)
	if err == nil {
		n := manage.NewAccount{Name: c.value("name"), Email: c.value("email"), Zone: c.value("zone"), Password: password}
		_, err = c.Office.FirstAdmin(c.r.Context(), c.r.PathValue("secret"), n)
	}
	switch {
	case errors.Is(err, pim.ErrNotFound):
		return nil, err
	case err != nil && f.blame(err):
		return page{status: http.StatusUnprocessableEntity, name: "first", data: f}, nil
	case err != nil:
		return nil, err
	}
	var u store.User
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) (err error) {
		u, err = manage.User(tx, c.value("name"))
		return err
	})
	if err == nil {
		err = c.enterAs(u)
	}
	return to(Prefix), err
}

// sameTwice refuses a new password that was typed in two ways.
func (c *call) sameTwice(password string) error {
	if c.r.PostForm.Get("again") != password {
		return pim.Errorf("password", pim.ErrInvalid, "%s", c.Say("fault.passwordsDiffer"))
	}
	return nil
}
