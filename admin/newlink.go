package admin

import (
	"net/http"
	"strings"
	"time"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// newLinkData is the page for a new link: the drivers to choose from, then the form of the chosen one.
type newLinkData struct {
	Drivers manage.Drivers
	Driver  remote.Driver // zero: none is chosen yet
	Form    form
	Test    *linkTest
}

// linkTest is what a test found, and where a link may lead.
type linkTest struct {
	Checks  []manage.Check
	Folders []manage.Folder
	Fault   string
}

// OK reports whether a link would work.
func (t linkTest) OK() bool { return t.Fault == "" && !manage.Hopeless(t.Checks) }

// settingPrefix stands before the names of a driver's options in forms.
const settingPrefix = "set-"

// newLinkFields is the form of a driver, drawn from its table of options.
func (c *call) newLinkFields(d remote.Driver) (form, error) {
	f := form{Action: Prefix + "links/new", Submit: c.Say("links.make")}
	places := field{Name: "place", Label: c.Say("links.collection"), Kind: "select", Required: true}
	err := c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		us, err := tx.Users()
		if err != nil {
			return err
		}
		for _, u := range us {
			for _, home := range []store.Home{store.Calendars, store.AddressBooks} {
				cs, err := tx.Collections(u.ID, home)
				if err != nil {
					return err
				}
				for _, x := range cs {
					places.Options = append(places.Options, option{u.Name + " " + x.Slug, u.Name + ": " + x.Slug})
				}
			}
			places.Options = append(places.Options, option{u.Name + " mail", u.Name + ": " + c.Say("links.mail")})
		}
		return nil
	})
	f.Fields = append(f.Fields, places)
	for _, o := range d.All() {
		x := field{Name: settingPrefix + o.Name, Label: c.Reason(o.Title), Help: c.Reason(o.Help), Kind: "text", Value: o.Default, Required: o.Required}
		if x.Label == "" {
			x.Label = o.Name
		}
		switch {
		case o.Secret:
			x.Kind, x.Autocomplete = "password", "off"
		case len(o.Values) > 0:
			x.Kind = "select"
			for _, v := range o.Values {
				x.Options = append(x.Options, option{v, v})
			}
		}
		f.Fields = append(f.Fields, x)
	}
	f.Fields = append(f.Fields,
		field{Name: "remote", Label: c.Say("links.remote"), Help: c.Say("links.remoteHelp"), Kind: "text"},
		field{Name: "name", Label: c.Say("links.name"), Help: c.Say("links.nameHelp"), Kind: "text"},
		field{Name: "interval", Label: c.Say("links.interval"), Help: c.Say("links.intervalHelp"), Kind: "text"})
	return f, err
}

// driverAsked is the driver that the request names; false when it names none.
func (c *call) driverAsked() (remote.Driver, bool) {
	d, ok := c.Office.Drivers.Named(c.r.FormValue("driver"))
	return d.Driver, ok
}

func (c *call) newLinkForm() (answer, error) {
	d := newLinkData{Drivers: c.Office.Drivers}
	var err error
	if driver, ok := c.driverAsked(); ok {
		d.Driver = driver
		d.Form, err = c.newLinkFields(driver)
	}
	return page{name: "newlink", data: d}, err
}

// newLink is the link that the form describes, its settings complete. Errors: pim.ErrInvalid.
func (c *call) newLink(d remote.Driver) (n manage.NewLink, err error) {
	user, collection, _ := strings.Cut(c.value("place"), " ")
	given := remote.Settings{}
	for _, o := range d.All() {
		v := c.value(settingPrefix + o.Name)
		if o.Secret {
			v = c.r.PostForm.Get(settingPrefix + o.Name)
		}
		if v != "" {
			given[o.Name] = v
		}
	}
	n = manage.NewLink{Name: c.value("name"), Collection: collection, Connection: manage.Connection{User: user, Driver: d.Name}}
	if r := c.value("remote"); r != "" {
		for _, one := range strings.Split(r, ",") {
			n.Remote = append(n.Remote, strings.TrimSpace(one))
		}
	}
	if v := c.value("interval"); v != "" {
		if n.Interval, err = time.ParseDuration(v); err != nil || n.Interval < config.LeastInterval {
			return n, pim.Errorf("link", pim.ErrInvalid, "%s", c.Say("links.intervalFault"))
		}
	}
	n.Settings, err = c.Office.Drivers.Complete(d.Name, given)
	return n, err
}

// probe tests the connection of a new link, step by step.
func (c *call) probe(n manage.NewLink) *linkTest {
	kinds, err := c.Office.LookOver(c.r.Context(), n)
	t := &linkTest{}
	if err == nil {
		t.Checks, err = c.Office.Probe(c.r.Context(), n.Connection, kinds)
	}
	if err == nil && t.OK() {
		t.Folders, err = c.Office.Folders(c.r.Context(), n.Connection)
	}
	if err != nil {
		t.Fault = pim.PublicText(err)
	}
	return t
}

// addLink makes a link that works, or tests it only and shows what was found.
func (c *call) addLink() (answer, error) {
	driver, ok := c.driverAsked()
	if !ok {
		return nil, pim.Errorf("link", pim.ErrInvalid, "there is no such driver")
	}
	d := newLinkData{Drivers: c.Office.Drivers, Driver: driver}
	var err error
	if d.Form, err = c.newLinkFields(driver); err != nil {
		return nil, err
	}
	d.Form.put(c)
	n, err := c.newLink(driver)
	if err == nil {
		d.Test = c.probe(n)
	} else {
		d.Test = &linkTest{Fault: pim.PublicText(err)}
	}
	if c.value("do") == "test" || !d.Test.OK() {
		name, status := "newlink", http.StatusUnprocessableEntity
		if c.r.Header.Get("HX-Request") != "" { // htmx shows answers of success only
			name, status = "newlink#found", http.StatusOK
		}
		return page{status: status, name: name, data: d}, nil
	}
	l, err := c.Office.AddLink(c.r.Context(), n)
	if err != nil {
		if pim.ReasonOf(err) == pim.ErrInternal {
			return nil, err
		}
		d.Test.Fault = pim.PublicText(err)
		return page{status: http.StatusUnprocessableEntity, name: "newlink", data: d}, nil
	}
	c.tell(false, c.Say("links.made"))
	return to(linkPath(l)), nil
}

// removeLink removes a link; the items stay on both sides.
func (c *call) removeLink() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	if err := c.Office.RemoveLink(c.r.Context(), l, c.value("force") != ""); err != nil {
		return c.after(linkPath(l), "", err)
	}
	c.tell(false, c.Say("links.removed", "Name", l.Name))
	return to(Prefix + "links"), nil
}
