package api

import (
	"context"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
)

// filter is what somebody wants to see of a long list.
type filter struct {
	Link  string `query:"link" doc:"Of this link, by its number or name."`
	Kind  string `query:"kind" enum:"event,task,contact,message" doc:"Of this kind."`
	State string `query:"state" doc:"In this state."`
	Text  string `query:"text" doc:"With these letters in title, UID or reason."`
	Since string `query:"since" doc:"Not before: how long ago (36h, 7d), a day (2026-11-22) or a time (2026-11-22T10:00:00Z)."`
	Until string `query:"until" doc:"Before: as since."`
	Pages
}

// Pages are how a long list is read.
type Pages struct {
	After int64 `query:"after" minimum:"0" doc:"The next of the page before."`
	Limit int   `query:"limit" minimum:"0" maximum:"1000" doc:"Rows of a page; 0 is 100."`
}

// query is a filter as package review has it, for what the call is about.
func (c *call) query(ctx context.Context, f filter) (review.Query, error) {
	return c.Office.Query(ctx, manage.Search{User: c.account, Link: f.Link, Kind: f.Kind, State: f.State, Text: f.Text, Since: f.Since, Until: f.Until, After: f.After, Limit: f.Limit,
		Place: c.zone()})
}

// listed reads a long list.
func listed[T any](c *call, ctx context.Context, f filter, read func(context.Context, review.Query) (review.Page[T], error)) (review.Page[T], error) {
	q, err := c.query(ctx, f)
	if err != nil {
		return review.Page[T]{}, err
	}
	page, err := read(ctx, q)
	if page.Rows == nil {
		page.Rows = []T{}
	}
	return page, err
}

// whole is a list that has no pages, in the form of those that have.
func whole[T any](rows []T, err error) (review.Page[T], error) {
	if rows == nil {
		rows = []T{}
	}
	return review.Page[T]{Rows: rows}, err
}

// Numbered names something by its number.
type Numbered struct {
	ID int64 `path:"id" minimum:"1"`
}

func (c *call) runs(ctx context.Context, f *filter) (review.Page[review.Run], error) {
	return listed(c, ctx, *f, c.Office.Runs)
}

// oneRun names a run, and which of its steps.
type oneRun struct {
	Numbered
	State string `query:"state" enum:"done,failed,begun" doc:"Steps that ended so."`
	Text  string `query:"text" doc:"Steps with these letters in title, UID or error."`
	Pages
}

func (c *call) run(ctx context.Context, in *oneRun) (manage.RunDetail, error) {
	d, err := c.Office.RunDetail(ctx, store.RunID(in.ID), review.Query{State: in.State, Text: in.Text, After: in.After, Limit: in.Limit})
	if err == nil && !c.covers(d.User) {
		d, err = manage.RunDetail{}, pim.Errorf("run", pim.ErrNotFound, "there is no run %d", in.ID)
	}
	return d, err
}

func (c *call) errors(ctx context.Context, f *filter) (review.Page[review.Item], error) {
	return listed(c, ctx, *f, c.Office.Errors)
}

func (c *call) holds(ctx context.Context, f *filter) (review.Page[review.Item], error) {
	return listed(c, ctx, *f, c.Office.Holds)
}
