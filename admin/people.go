package admin

import (
	"net/http"
	"net/url"

	"crmbridge/manage"
	"crmbridge/pim"
)

// account is whom the page is about: the path names them, or it is who asks.
func (c *call) account() string {
	if name := c.r.PathValue("name"); name != "" {
		return name
	}
	return c.user.Name
}

// base is the path of the page about the account.
func (c *call) base() string {
	if name := c.r.PathValue("name"); name != "" {
		return Prefix + "people/" + url.PathEscape(name)
	}
	return Prefix + "me"
}

// peopleData is the list of accounts.
type peopleData struct {
	Rows []manage.Account
	New  form
}

func (c *call) personFields() form {
	f := c.firstFields()
	f.Action, f.Submit = Prefix+"people", c.Say("people.add")
	for i := range f.Fields {
		f.Fields[i].Autofocus = false
	}
	f.Fields = append(f.Fields, field{Name: "admin", Label: c.Say("people.admin"), Kind: "checkbox"})
	return f
}

func (c *call) people() (answer, error) { return c.peoplePage(c.personFields(), 0) }

func (c *call) peoplePage(f form, status int) (answer, error) {
	rows, err := c.Office.Accounts(c.r.Context())
	return page{status: status, name: "people", data: peopleData{rows, f}}, err
}

func (c *call) addPerson() (answer, error) {
	f := c.personFields()
	f.put(c)
	password := c.r.PostForm.Get("password")
	err := c.sameTwice(password)
	if err == nil {
		n := manage.NewAccount{Name: c.value("name"), Email: c.value("email"), Zone: c.value("zone"), Password: password, Admin: c.value("admin") != ""}
		_, err = c.Office.AddAccount(c.r.Context(), n)
	}
	if err != nil {
		if !f.blame(err) {
			return nil, err
		}
		return c.peoplePage(f, http.StatusUnprocessableEntity)
	}
	c.tell(false, c.Say("people.added", "Name", c.value("name")))
	return to(Prefix + "people"), nil
}

// setPassword gives somebody a new password, which signs them out everywhere.
func (c *call) setPassword() (answer, error) {
	f := c.passwordFields()
	password := c.r.PostForm.Get("password")
	err := c.sameTwice(password)
	if err == nil {
		_, err = c.Office.SetPassword(c.r.Context(), c.account(), password, false)
	}
	if err != nil {
		if !f.blame(err) {
			return nil, err
		}
		return c.mePage(func(d *meData) { d.Password = f })
	}
	c.tell(false, c.Say("people.passwordSet", "Name", c.account()))
	return to(c.base()), nil
}

// setState lets somebody in or not, and manage or not. Nobody takes that from themselves, so that somebody is left who can.
func (c *call) setState() (answer, error) {
	if c.account() == c.user.Name {
		return nil, pim.Errorf("people", pim.ErrForbidden, "%s", c.Say("people.notYourself"))
	}
	var err error
	switch c.value("do") {
	case "disable", "enable":
		_, err = c.Office.SetDisabled(c.r.Context(), c.account(), c.value("do") == "disable")
	case "admin", "person":
		_, err = c.Office.SetAdmin(c.r.Context(), c.account(), c.value("do") == "admin")
	default:
		err = pim.Errorf("people", pim.ErrInvalid, "there is no such action")
	}
	if err != nil {
		return nil, err
	}
	c.tell(false, c.Say("people.changed", "Name", c.account()))
	return to(c.base()), nil
}
