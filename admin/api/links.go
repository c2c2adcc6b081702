package api

import (
	"context"
	"time"

	"crmbridge/manage"
	"crmbridge/remote"
	"crmbridge/review"
	"crmbridge/store"
)

func (c *call) links(ctx context.Context, _ *none) (review.Page[manage.Link], error) {
	return whole(c.Office.Links(ctx, c.account))
}

// OfLink names a link.
type OfLink struct {
	Link string `path:"link" doc:"Its number, or its name where one link has it."`
}

func (c *call) link(ctx context.Context, in *OfLink) (manage.LinkDetail, error) {
	d, err := c.Office.LinkDetail(ctx, c.account, in.Link)
	if c.own { // where the bridge logs in, and as whom, is for those who made the link
		d.Settings = remote.Settings{}
	}
	if d.Words == nil {
		d.Words = []string{}
	}
	return d, err
}

// change does something to a link, and tells how it stands then.
func (c *call) change(ctx context.Context, in *OfLink, do func(store.Link) error) (manage.Link, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err == nil {
		err = do(l)
	}
	if err != nil {
		return manage.Link{}, err
	}
	d, err := c.Office.LinkDetail(ctx, c.account, in.Link)
	return d.Link, err
}

func (c *call) runLink(ctx context.Context, in *OfLink) (manage.Link, error) {
	return c.change(ctx, in, func(l store.Link) error { return c.Office.QueueRun(ctx, l) })
}

func (c *call) pause(ctx context.Context, in *OfLink) (manage.Link, error) {
	return c.change(ctx, in, func(l store.Link) error {
		_, err := c.Office.SetPaused(ctx, l, true)
		return err
	})
}

func (c *call) resume(ctx context.Context, in *OfLink) (manage.Link, error) {
	return c.change(ctx, in, func(l store.Link) error {
		_, err := c.Office.SetPaused(ctx, l, false)
		return err
	})
}

func (c *call) stop(ctx context.Context, in *OfLink) (manage.Stopping, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return manage.Stopping{}, err
	}
	return c.Office.StopRun(ctx, l)
}

// linkItems names a link, and which of its items.
type linkItems struct {
	OfLink
	Kind   string `query:"kind" enum:"event,task,contact,message" doc:"Of this kind."`
	State  string `query:"state" doc:"In this state: failing, ignored, held, waiting, here, there and others."`
	Text   string `query:"text" doc:"With these letters in title, UID or reason."`
	Origin string `query:"origin" doc:"First made by client, crm, exchange, or the device or link of this name."`
	Pages
}

func (c *call) items(ctx context.Context, in *linkItems) (review.Page[review.Known], error) {
	return listed(c, ctx, filter{Link: in.Link, Kind: in.Kind, State: in.State, Text: in.Text, Pages: in.Pages},
		func(ctx context.Context, q review.Query) (review.Page[review.Known], error) {
			return c.Office.Items(ctx, q, in.Origin)
		})
}

// linkItem names an item of a link, in what is sent: a UID may hold anything.
type linkItem struct {
	OfLink
	Body struct {
		UID string `json:"uid" minLength:"1"`
	}
}

// done is what was done to an item.
type done struct {
	Link string `json:"link"`
	UID  string `json:"uid"`
	Done string `json:"done"`
}

func (c *call) toItem(ctx context.Context, in *linkItem, word string, do func(context.Context, store.Link, string) error) (done, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err == nil {
		err = do(ctx, l, in.Body.UID)
	}
	return done{l.Name, in.Body.UID, word}, err
}

func (c *call) retry(ctx context.Context, in *linkItem) (done, error) {
	return c.toItem(ctx, in, "queued", c.Office.Retry)
}

func (c *call) ignore(ctx context.Context, in *linkItem) (done, error) {
	return c.toItem(ctx, in, "set aside", c.Office.Ignore)
}

// deletions are deletions that wait on a link.
type deletions struct {
	OfLink
	Body struct {
		UID string `json:"uid,omitempty" doc:"Of this item; needed unless all is true."`
		All bool   `json:"all,omitempty" doc:"All that wait."`
	}
}

// answered is how many deletions were approved or rejected.
type answered struct {
	Link      string `json:"link"`
	Deletions int    `json:"deletions"`
	Done      string `json:"done"`
}

func (c *call) toDeletions(ctx context.Context, in *deletions, word string, do func(context.Context, store.Link, string) (int, error)) (answered, error) {
	if (in.Body.UID == "") != in.Body.All {
		return answered{}, errOneOrAll()
	}
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return answered{}, err
	}
	n, err := do(ctx, l, in.Body.UID)
	return answered{l.Name, n, word}, err
}

func (c *call) approve(ctx context.Context, in *deletions) (answered, error) {
	return c.toDeletions(ctx, in, "approved", c.Office.Approve)
}

func (c *call) reject(ctx context.Context, in *deletions) (answered, error) {
	return c.toDeletions(ctx, in, "rejected", c.Office.Reject)
}

func (c *call) undoRun(ctx context.Context, in *Numbered) (manage.RunUndone, error) {
	if _, err := c.run(ctx, &oneRun{Numbered: *in, Pages: Pages{Limit: 1}}); err != nil { // whose it is
		return manage.RunUndone{}, err
	}
	return c.Office.UndoRun(ctx, store.RunID(in.ID))
}

func (c *call) drivers(context.Context, *none) (review.Page[manage.DriverRow], error) {
	return whole(c.Office.Drivers.Rows(), nil)
}

func (c *call) options(_ context.Context, in *Named) (review.Page[manage.DriverOption], error) {
	return whole(c.Office.Drivers.Options(in.Name))
}

// allowed is until when a link may make and mail as much as it likes.
type allowed struct {
	Until time.Time `json:"until"`
}

func (c *call) allowMany(ctx context.Context, in *OfLink) (allowed, error) {
	l, _, err := c.Office.FindLink(ctx, c.account, in.Link)
	if err != nil {
		return allowed{}, err
	}
	until, err := c.Office.AllowMany(ctx, l)
	return allowed{until}, err
}
