package feed

import (
	"strconv"
	"strings"
	"time"

	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
	"crmbridge/store"
)

const prodID = "-//CRM bridge//Feed//EN"

// subject is what one request is about.
type subject struct {
	feed store.Feed
	user store.User
	col  store.Collection
	// changed is when the collection or any of its objects last changed.
	changed time.Time
}

// calendar is the stored feed as Render wants it.
func (s subject) calendar(now time.Time, refresh time.Duration, outlook bool) Calendar {
	c := Calendar{
		Name: s.col.DisplayName, Description: s.col.Description, Color: s.col.Color,
		Zone: s.zone(now), Now: now, Refresh: refresh,
		Busy: s.feed.Detail != store.DetailFull, Private: s.feed.Private, Alarms: s.feed.Alarms,
		Tasks: strings.Contains(s.col.Components, "VTODO"), Outlook: outlook,
		Key: []byte(s.col.Epoch + "/" + strconv.FormatInt(int64(s.feed.ID), 10)), ProdID: prodID,
	}
	if c.Busy {
		c.Name = s.feed.Name // what the owner calls the calendar may be telling
	} else if c.Name == "" {
		c.Name = s.col.Slug
	}
	today := midnight(now, c.Zone.Loc, 0)
	if s.feed.PastDays > 0 {
		c.From = midnight(today, c.Zone.Loc, -s.feed.PastDays)
	}
	if s.feed.FutureDays > 0 {
		c.Until = midnight(today, c.Zone.Loc, s.feed.FutureDays+1)
	}
	return c
}

// midnight is the begin of the day that is days after t's.
func midnight(t time.Time, loc *time.Location, days int) time.Time {
	y, m, d := t.In(loc).Date()
	return tz.Instant(time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC), loc)
}

// zone is the calendar's own (RFC 4791 5.2.2), else the user's, else UTC.
func (s subject) zone(now time.Time) tz.Zone {
	if s.col.Timezone != "" {
		if z, err := ics.CalendarZone(s.col.Timezone, now); err == nil {
			return z
		}
	}
	if z, err := tz.Resolve(s.user.Zone); s.user.Zone != "" && err == nil {
		return z
	}
	return utc()
}

// options are the objects that may be in the feed, by the index alone.
func (c Calendar) options() store.EachOptions {
	o := store.EachOptions{Text: true}
	if !c.Tasks || c.Busy {
		// One kind is found by an index of its own; of several the store would sort every page.
		o.Components = []string{"VEVENT"}
	}
	if !c.From.IsZero() {
		from := c.From.Unix()
		o.From = &from
	}
	if !c.Until.IsZero() {
		until := c.Until.Unix()
		o.Until = &until
	}
	return o
}
