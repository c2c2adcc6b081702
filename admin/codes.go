package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"time"

	"crmbridge/auth"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// halfWayLasts is how long somebody may look for their authenticator.
const halfWayLasts = 5 * time.Minute

// halfWay is what is known of somebody whose password was right and whose code is still to come. It is no session: it stands sealed in the form
// that asks for the code, is good for the visitor who gave the password alone, and lets nobody in by itself.
type halfWay struct {
	User     store.UserID `json:"user"`
	Until    time.Time    `json:"until"`
	Password []byte       `json:"password"` // a hash of its hash: a new password ends this
	Tie      store.Tie    `json:"tie"`      // to be kept once the code is there; zero: none
}

func (c *call) halfWayPurpose() string {
	visitor := sha256.Sum256([]byte(c.session.ID))
	return "half-way:" + hex.EncodeToString(visitor[:])
}

func passwordMark(u store.User) []byte {
	sum := sha256.Sum256([]byte(u.PasswordHash))
	return sum[:]
}

// codeData is what the page that asks for a code shows.
type codeData struct {
	Form      form
	Next, Way string
}

func (c *call) codeField(fault string) field {
	return field{Name: "code", Label: c.Say("codes.code"), Help: c.Say("codes.help"), Kind: "text", Required: true, Autocomplete: "one-time-code", Fault: fault}
}

func (c *call) codePage(way, next, fault string) page {
	f := form{Submit: c.Say("signin.submit"), Fields: []field{c.codeField(fault)}}
	f.Fields[0].Autofocus = true
	p := page{name: "code", data: codeData{f, next, way}}
	if fault != "" {
		p.status = http.StatusUnprocessableEntity
	}
	return p
}

// askCode asks somebody who has proved the rest for a code.
func (c *call) askCode(u store.User, next string, tie store.Tie) (answer, error) {
	text, err := json.Marshal(halfWay{u.ID, c.Now().Add(halfWayLasts), passwordMark(u), tie})
	if err != nil {
		return nil, err
	}
	sealed, err := c.Office.Keeper.Seal(c.halfWayPurpose(), text)
	if err != nil {
		return nil, err
	}
	return c.codePage(base64.RawURLEncoding.EncodeToString(sealed), next, ""), nil
}

// whoIsHalfWay is who was asked for a code, as long as that is good; the zero user is nobody.
func (c *call) whoIsHalfWay(way string) (u store.User, h halfWay, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(way)
	if err == nil {
		sealed, err = c.Office.Keeper.Open(c.halfWayPurpose(), sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, &h)
	}
	if err != nil || !c.Now().Before(h.Until) {
		return u, h, nil
	}
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		u, err = tx.User(h.User)
		return err
	})
	if err == nil && (u.Disabled || subtle.ConstantTimeCompare(passwordMark(u), h.Password) != 1) {
		u = store.User{}
	}
	return u, h, err
}

// signInCode lets somebody in who has a code beside what they proved before.
func (c *call) signInCode() (answer, error) {
	way, next := c.value("way"), back(c.value("next"))
	u, h, err := c.whoIsHalfWay(way)
	if err != nil {
		return nil, err
	}
	if u.ID == 0 {
		f := c.signInFields("")
		f.Fault = c.Say("codes.late")
		return page{status: http.StatusUnprocessableEntity, name: "signin", data: signInData{f, next}}, nil
	}
	if err := c.Auth.Code(c.r.Context(), u, c.value("code"), c.Address(c.r)); err != nil {
		fault, err := c.codeFault(err)
		return c.codePage(way, next, fault), err
	}
	if h.Tie.Subject != "" {
		if err := c.Office.TieElsewhere(c.r.Context(), u.ID, h.Tie.Issuer, h.Tie.Subject); err != nil {
			return c.notFromElsewhere(err, next)
		}
	}
	if err := c.enterAs(u); err != nil {
		return nil, err
	}
	return to(next), nil
}

// codeFault says why a code was not taken; an error is one that is no fault of the code.
func (c *call) codeFault(err error) (string, error) {
	switch {
	case errors.Is(err, pim.ErrThrottled):
		return c.waitText(err), nil
	case errors.Is(err, pim.ErrAuth):
		return c.Say("codes.wrong"), nil
	}
	return "", err
}

// proveCode takes the code that a form has beside a password, where one is needed: err is what became of the password. fault is what is wrong with the
// code.
func (c *call) proveCode(u store.User, err error) (_ store.User, fault string, _ error) {
	var needed *auth.CodeNeeded
	if !errors.As(err, &needed) {
		return u, "", err
	}
	if err = c.Auth.Code(c.r.Context(), needed.User, c.value("code"), c.Address(c.r)); err != nil {
		fault, err = c.codeFault(err)
	}
	return needed.User, fault, err
}

// passwordOnly is what became of a password for who has proved the rest lately: a fresh session.
func passwordOnly(err error) error {
	var needed *auth.CodeNeeded
	if errors.As(err, &needed) {
		return nil
	}
	return err
}

// codesData is what the page about codes shows.
type codesData struct {
	Codes   manage.Codes
	Offer   manage.CodesOffer
	Picture template.URL
	On, Off form
	// Recovery are codes that were just made: shown once.
	Recovery []string
}

func (c *call) codesPage(status int, change func(*codesData)) (answer, error) {
	var d codesData
	var err error
	if d.Codes, err = c.Office.Codes(c.r.Context(), c.user.Name); err != nil {
		return nil, err
	}
	d.On = form{Action: Prefix + "me/codes", Submit: c.Say("codes.turnOn"), Fields: []field{c.codeField("")}}
	d.On.Fields[0].Help = c.Say("codes.helpNow")
	d.Off = form{Action: Prefix + "me/codes/off", Submit: c.Say("codes.turnOff"), Fields: []field{
		{Name: "password", Label: c.Say("signin.password"), Kind: "password", Required: true, Autocomplete: "current-password"},
	}}
	if c.user.PasswordHash == "" {
		d.Off.Fields = nil
	}
	if change != nil {
		change(&d)
	}
	if !d.Codes.On {
		if d.Offer.Sealed == "" {
			d.Offer, err = c.Office.OfferCodes(c.r.Context(), c.user.Name)
		} else {
			d.Offer, err = c.Office.OfferedCodes(c.r.Context(), c.user.Name, d.Offer.Sealed)
		}
		if err != nil {
			return nil, err
		}
		d.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(d.Offer.PNG)) //nolint:gosec // of our own making
	}
	return page{status: status, name: "codes", data: d}, nil
}

func (c *call) codes() (answer, error) { return c.codesPage(http.StatusOK, nil) }

// turnOnCodes ends all other sessions, which were begun without a code, and goes on in a new one.
func (c *call) turnOnCodes() (answer, error) {
	offer := c.value("offer")
	recovery, err := c.Office.TurnOnCodes(c.r.Context(), c.user.Name, offer, c.value("code"))
	if fault, ok := manage.FaultOf(err); ok && fault.Field == "code" {
		return c.codesPage(http.StatusUnprocessableEntity, func(d *codesData) {
			d.Offer.Sealed, d.On.Fields[0].Fault = offer, c.Say("codes.wrongNow")
		})
	}
	if err != nil {
		return nil, err
	}
	if err := c.enterAs(c.user); err != nil {
		return nil, err
	}
	return c.codesPage(http.StatusOK, func(d *codesData) { d.Recovery = recovery })
}

func (c *call) turnOffCodes() (answer, error) {
	var err error
	if c.user.PasswordHash != "" { // who has none has just proved who they are elsewhere
		_, err = c.Auth.SignIn(c.r.Context(), c.user.Name, c.r.PostForm.Get("password"), c.Address(c.r))
	}
	switch err = passwordOnly(err); {
	case errors.Is(err, pim.ErrAuth), errors.Is(err, pim.ErrThrottled):
		return c.codesPage(http.StatusUnprocessableEntity, func(d *codesData) {
			d.Off.Fields[0].Fault = c.Say("account.passwordWrong")
			if errors.Is(err, pim.ErrThrottled) {
				d.Off.Fields[0].Fault = c.waitText(err)
			}
		})
	case err != nil:
		return nil, err
	}
	if _, err := c.Office.TurnOffCodes(c.r.Context(), c.user.Name); err != nil {
		return nil, err
	}
	c.tell(false, c.Say("codes.turnedOff"))
	return to(Prefix + "me"), nil
}

// turnOffTheirCodes helps somebody who lost their authenticator and all recovery codes. For themselves, administrators have the page that asks for the
// password.
func (c *call) turnOffTheirCodes() (answer, error) {
	if c.account() == c.user.Name {
		return nil, pim.Errorf("codes", pim.ErrForbidden, "%s", c.Say("people.notYourself"))
	}
	if _, err := c.Office.TurnOffCodes(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	c.tell(false, c.Say("people.changed", "Name", c.account()))
	return to(c.base()), nil
}

func (c *call) newRecoveryCodes() (answer, error) {
	recovery, err := c.Office.NewRecoveryCodes(c.r.Context(), c.user.Name)
	if err != nil {
		return nil, err
	}
	return c.codesPage(http.StatusOK, func(d *codesData) { d.Recovery = recovery })
}
