package admin

import (
	"net/url"
	"strings"

	"crmbridge/manage"
	"crmbridge/store"
)

// connectData is what somebody types into a device, and where.
type connectData struct {
	Server, User string
	Places       []place
	Clients      []client
}

// place is a calendar or an address book with its address.
type place struct{ Name, Address string }

// client is a program with its steps, in the words of its own menus.
type client struct{ Name, Steps string }

// connect shows each program's steps with the person's own addresses.
func (c *call) connect() (answer, error) {
	base := strings.TrimSuffix(c.Office.Address, "/")
	d := connectData{Server: base + "/", User: c.account()}
	err := c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		u, err := manage.User(tx, c.account())
		if err != nil {
			return err
		}
		for _, home := range []store.Home{store.Calendars, store.AddressBooks} {
			cs, err := tx.Collections(u.ID, home)
			if err != nil {
				return err
			}
			for _, x := range cs {
				name := x.DisplayName
				if name == "" {
					name = x.Slug
				}
				d.Places = append(d.Places, place{name, base + "/dav/" + string(home) + "/" + url.PathEscape(u.Name) + "/" + url.PathEscape(x.Slug) + "/"})
			}
		}
		return nil
	})
	d.Clients = []client{
		{"Thunderbird", c.Say("connect.thunderbird")},
		{"iPhone, iPad", c.Say("connect.ios")},
		{"macOS", c.Say("connect.macos")},
		{"Android (DAVx⁵)", c.Say("connect.android")},
		{"GNOME, Evolution", c.Say("connect.gnome")},
		{"Outlook (CalDav Synchronizer)", c.Say("connect.outlook")},
		{"Outlook (internet calendar), Google", c.Say("connect.feed")},
	}
	return page{name: "connect", data: d}, err
}
