package api

import (
	"context"
	"time"

	"crmbridge/manage"
	"crmbridge/review"
)

// deedFilter is what somebody wants to see of the audit log.
type deedFilter struct {
	Account string `query:"account" doc:"What this account did, or this user of the machine."`
	Act     string `query:"act" doc:"What was done, such as link.pause."`
	Text    string `query:"text" doc:"With these letters in account, address, subject or notes."`
	Since   string `query:"since" doc:"Not before: how long ago (36h, 7d), a day (2026-11-22) or a time (2026-11-22T10:00:00Z)."`
	Until   string `query:"until" doc:"Before: as since."`
	Pages
}

func (c *call) audit(ctx context.Context, f *deedFilter) (review.Page[manage.Deed], error) {
	page, err := c.Office.Deeds(ctx, manage.DeedSearch{Account: f.Account, Act: f.Act, Text: f.Text, Since: f.Since, Until: f.Until, After: f.After, Limit: f.Limit, Place: c.zone()})
	if page.Rows == nil {
		page.Rows = []manage.Deed{}
	}
	return page, err
}

// zone is where the days of who asks begin.
func (c *call) zone() *time.Location {
	if zone, err := time.LoadLocation(c.asks.User.Zone); err == nil && c.asks.User.Zone != "Local" {
		return zone
	}
	return time.UTC
}
