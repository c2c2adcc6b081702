package api

import (
	"context"

	"crmbridge/manage"
	"crmbridge/review"
	"crmbridge/store"
)

func (c *call) devices(ctx context.Context, _ *none) (review.Page[manage.Device], error) {
	return whole(c.Office.Devices(ctx, c.account))
}

// newDevice is an app password to be made.
type newDevice struct {
	Body struct {
		Name     string `json:"name" doc:"The device, such as \"Ann's phone\"."`
		ReadOnly bool   `json:"readOnly,omitempty"`
		Days     int    `json:"days,omitempty" doc:"After which it ends; 0 is never."`
	}
}

func (c *call) addDevice(ctx context.Context, in *newDevice) (manage.Device, error) {
	return c.Office.AddDevice(ctx, manage.NewDevice{User: c.account, Name: in.Body.Name, ReadOnly: in.Body.ReadOnly, Days: in.Body.Days})
}

func (c *call) revokeDevice(ctx context.Context, in *Numbered) (manage.Device, error) {
	d, _, err := c.Office.RevokeDevice(ctx, c.account, store.TokenID(in.ID))
	return d, err
}

func (c *call) feeds(ctx context.Context, _ *none) (review.Page[manage.Feed], error) {
	return whole(c.Office.Feeds(ctx, c.account))
}

// newFeed is a feed to be made.
type newFeed struct {
	Body struct {
		Collection string       `json:"collection" doc:"The calendar."`
		Name       string       `json:"name,omitempty" doc:"Last part of the address; empty is the calendar's."`
		Detail     store.Detail `json:"detail,omitempty" enum:"full,busy"`
		Private    bool         `json:"private,omitempty" doc:"Private items, too."`
		Alarms     bool         `json:"alarms,omitempty"`
		PastDays   int          `json:"pastDays,omitempty" doc:"0 is everything."`
		FutureDays int          `json:"futureDays,omitempty" doc:"0 is everything."`
		Expires    string       `json:"expires,omitempty" doc:"The last day (2030-12-31), a number of days (90d), or never."`
	}
}

func (c *call) addFeed(ctx context.Context, in *newFeed) (manage.Feed, error) {
	b := in.Body
	return c.Office.AddFeed(ctx, manage.NewFeed{User: c.account, Collection: b.Collection, Name: b.Name, Detail: b.Detail, Private: b.Private, Alarms: b.Alarms,
		PastDays: b.PastDays, FutureDays: b.FutureDays, Expires: b.Expires})
}

// newAddress is another address for a feed.
type newAddress struct {
	Numbered
	Body *struct {
		Expires string `json:"expires,omitempty" doc:"A new end, as when it was made; empty leaves it as it is."`
	}
}

func (c *call) rotateFeed(ctx context.Context, in *newAddress) (manage.Feed, error) {
	expires := ""
	if in.Body != nil {
		expires = in.Body.Expires
	}
	return c.Office.RotateFeed(ctx, c.account, store.FeedID(in.ID), expires)
}

func (c *call) revokeFeed(ctx context.Context, in *Numbered) (manage.Feed, error) {
	return c.Office.RevokeFeed(ctx, c.account, store.FeedID(in.ID))
}
