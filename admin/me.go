package admin

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// meData is what the page about one's own account shows.
type meData struct {
	Account  manage.Account
	Base     string // path of the page
	Own      bool   // it is about who looks at it
	Feeds    []manage.Feed
	NewFeed  form
	MadeFeed *manage.Feed // with its address: shown once
	Devices  []manage.Device
	New      form
	Made     *manage.Device // with its secret: shown once
	Password form
	Codes    manage.Codes
	Tied     bool // they sign in elsewhere
	Sessions []sessionRow
	Now      time.Time
}

type sessionRow struct {
	store.Session
	Here bool // this one
}

// Browser is what people call the program: it and its system, as far as its own long name tells.
func (s sessionRow) Browser() string {
	var named []string
	for _, names := range [][][2]string{
		{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}},
		{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}},
	} {
		for _, n := range names {
			if strings.Contains(s.Agent, n[0]) {
				named = append(named, n[1])
				break
			}
		}
	}
	if len(named) == 0 {
		return s.Agent
	}
	return strings.Join(named, ", ")
}

func (c *call) deviceFields() form {
	return form{Action: c.base() + "/devices", Submit: c.Say("devices.add"), Fields: []field{
		{Name: "name", Label: c.Say("devices.name"), Help: c.Say("devices.nameHelp"), Kind: "text", Required: true},
		{Name: "days", Label: c.Say("devices.days"), Help: c.Say("devices.daysHelp"), Kind: "number"},
		{Name: "readOnly", Label: c.Say("devices.readOnly"), Kind: "checkbox"},
		{Name: "api", Label: c.Say("devices.forAPI"), Kind: "checkbox"},
	}}
}

func (c *call) passwordFields() form {
	f := form{Action: c.base() + "/password", Submit: c.Say("account.passwordChange"), Fields: []field{
		{Name: "old", Label: c.Say("account.passwordOld"), Kind: "password", Required: true, Autocomplete: "current-password"},
		{Name: "password", Label: c.Say("account.passwordNew"), Help: c.Say("account.passwordHelp"), Kind: "password", Required: true, Autocomplete: "new-password"},
		{Name: "again", Label: c.Say("account.passwordAgain"), Kind: "password", Required: true, Autocomplete: "new-password"},
	}}
	if c.account() != c.user.Name || c.user.PasswordHash == "" { // an administrator does not know it, and there may be none yet
		f.Fields = f.Fields[1:]
	}
	return f
}

func (c *call) me() (answer, error) { return c.mePage(nil) }

// mePage is the page about one's own account; change puts what was just done into it.
func (c *call) mePage(change func(*meData)) (answer, error) {
	d := meData{Base: c.base(), Own: c.account() == c.user.Name, New: c.deviceFields(), Password: c.passwordFields(), Now: c.Now()}
	var err error
	if d.Account, err = c.Office.Account(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	if d.Devices, err = c.Office.Devices(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	if d.Feeds, err = c.Office.Feeds(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	if d.NewFeed, err = c.feedFields(); err != nil {
		return nil, err
	}
	if d.Tied, err = c.Office.Tied(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	if d.Codes, err = c.Office.Codes(c.r.Context(), c.account()); err != nil {
		return nil, err
	}
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		u, err := tx.UserByName(d.Account.Name)
		if err != nil {
			return err
		}
		all, err := tx.Sessions(u.ID)
		for _, s := range all {
			d.Sessions = append(d.Sessions, sessionRow{s, string(s.Hash) == string(c.state.Hash)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	p := page{name: "me"}
	if change != nil {
		change(&d)
		p.status = http.StatusUnprocessableEntity
		if d.Made != nil || d.MadeFeed != nil {
			p.status = http.StatusOK
		}
	}
	p.data = d
	return p, nil
}

// addDevice answers the page with the secret itself, which is nowhere else and on no other page.
func (c *call) addDevice() (answer, error) {
	f := c.deviceFields()
	f.put(c)
	n := manage.NewDevice{User: c.account(), Name: c.value("name"), ReadOnly: c.value("readOnly") != "", API: c.value("api") != ""}
	var err error
	if days := c.value("days"); days != "" {
		if n.Days, err = strconv.Atoi(days); err != nil {
			err = pim.Errorf("devices", pim.ErrInvalid, "%s", c.Say("fault.number"))
		}
	}
	var made manage.Device
	if err == nil {
		made, err = c.Office.AddDevice(c.r.Context(), n)
	}
	if err != nil {
		if !f.blame(err) {
			return nil, err
		}
		return c.mePage(func(d *meData) { d.New = f })
	}
	return c.mePage(func(d *meData) { d.Made = &made })
}

func (c *call) revokeDevice() (answer, error) {
	id, err := pathNumber[store.TokenID](c, "id")
	if err != nil {
		return nil, err
	}
	if _, _, err := c.Office.RevokeDevice(c.r.Context(), c.account(), id); err != nil {
		return nil, err
	}
	c.tell(false, c.Say("devices.revoked"))
	return to(c.base()), nil
}

// changePassword ends all other sessions, and goes on in a new one.
func (c *call) changePassword() (answer, error) {
	f := c.passwordFields()
	password := c.r.PostForm.Get("password")
	var err error
	if c.user.PasswordHash != "" {
		_, err = c.Auth.SignIn(c.r.Context(), c.user.Name, c.r.PostForm.Get("old"), c.Address(c.r))
	}
	if err = passwordOnly(err); errors.Is(err, pim.ErrAuth) {
		f.Fields[0].Fault = c.Say("account.passwordWrong")
	} else {
		if err == nil {
			err = c.sameTwice(password)
		}
		if err == nil {
			_, err = c.Office.SetPassword(c.r.Context(), c.user.Name, password, false)
		}
		if err != nil && !f.blame(err) {
			return nil, err
		}
	}
	if err != nil {
		return c.mePage(func(d *meData) { d.Password = f })
	}
	if err := c.enterAs(c.user); err != nil {
		return nil, err
	}
	c.tell(false, c.Say("account.passwordChanged"))
	return to(Prefix + "me"), nil
}

func (c *call) endSessions() (answer, error) {
	err := c.Office.Record(c.r.Context(), "account.sign-out", c.user.Name, func() error {
		return c.Store.Update(c.r.Context(), func(tx *store.Tx) error { return tx.EndSessions(c.user.ID, c.state.Hash) })
	})
	if err != nil {
		return nil, err
	}
	c.tell(false, c.Say("sessions.ended"))
	return to(Prefix + "me"), nil
}
