package admin

import (
	"strconv"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

func (c *call) feedFields() (form, error) {
	f := form{Action: c.base() + "/feeds", Submit: c.Say("feeds.add"), Fields: []field{
		{Name: "collection", Label: c.Say("feeds.calendar"), Kind: "select"},
		{Name: "detail", Label: c.Say("feeds.detail"), Kind: "select", Options: []option{{string(store.DetailFull), c.Say("feeds.full")}, {string(store.DetailBusy), c.Say("feeds.busy")}}},
		{Name: "private", Label: c.Say("feeds.private"), Kind: "checkbox"},
		{Name: "alarms", Label: c.Say("feeds.alarms"), Kind: "checkbox"},
		{Name: "pastDays", Label: c.Say("feeds.past"), Help: c.Say("feeds.daysHelp"), Kind: "number"},
		{Name: "futureDays", Label: c.Say("feeds.future"), Help: c.Say("feeds.daysHelp"), Kind: "number"},
		{Name: "expires", Label: c.Say("feeds.expires"), Help: c.Say("feeds.expiresHelp"), Kind: "text"},
	}}
	err := c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		u, err := manage.User(tx, c.account())
		if err != nil {
			return err
		}
		all, err := tx.Collections(u.ID, store.Calendars)
		for _, x := range all {
			name := x.DisplayName
			if name == "" {
				name = x.Slug
			}
			f.Fields[0].Options = append(f.Fields[0].Options, option{x.Slug, name})
		}
		return err
	})
	return f, err
}

// addFeed answers the page with the address, which is on no other page.
func (c *call) addFeed() (answer, error) {
	f, err := c.feedFields()
	if err != nil {
		return nil, err
	}
	f.put(c)
	n := manage.NewFeed{User: c.account(), Collection: c.value("collection"), Detail: store.Detail(c.value("detail")), Private: c.value("private") != "",
		Alarms: c.value("alarms") != "", Expires: c.value("expires")}
	for name, days := range map[string]*int{"pastDays": &n.PastDays, "futureDays": &n.FutureDays} {
		if v := c.value(name); v != "" && err == nil {
			if *days, err = strconv.Atoi(v); err != nil {
				err = pim.Errorf("feeds", pim.ErrInvalid, "%s", c.Say("fault.number"))
			}
		}
	}
	var made manage.Feed
	if err == nil {
		made, err = c.Office.AddFeed(c.r.Context(), n)
	}
	if err != nil {
		if !f.blame(err) {
			return nil, err
		}
		return c.mePage(func(d *meData) { d.NewFeed = f })
	}
	return c.mePage(func(d *meData) { d.MadeFeed = &made })
}

// rotateFeed gives a feed a new address; the old one is good no more.
func (c *call) rotateFeed() (answer, error) {
	id, err := pathNumber[store.FeedID](c, "id")
	if err != nil {
		return nil, err
	}
	made, err := c.Office.RotateFeed(c.r.Context(), c.account(), id, "")
	if err != nil {
		return nil, err
	}
	return c.mePage(func(d *meData) { d.MadeFeed = &made })
}

func (c *call) revokeFeed() (answer, error) {
	id, err := pathNumber[store.FeedID](c, "id")
	if err != nil {
		return nil, err
	}
	if _, err := c.Office.RevokeFeed(c.r.Context(), c.account(), id); err != nil {
		return nil, err
	}
	c.tell(false, c.Say("feeds.revoked"))
	return to(c.base()), nil
}
