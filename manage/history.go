package manage

import (
	"context"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// History is the history of one item in one collection.
type History struct {
	User       string       `json:"user"`
	Collection string       `json:"collection"`
	UID        string       `json:"uid"`
	Kind       string       `json:"kind"`
	Summary    string       `json:"summary"`
	Origin     relay.Author `json:"origin"`
	Whole      bool         `json:"whole"`    // nothing before the first event was pruned
	KeepDays   int          `json:"keepDays"` // how long replaced texts are kept
	Events     []Event      `json:"events"`
	Begins     time.Time    `json:"-"` // of the first event
}

// Event is one change of an item.
type Event struct {
	At      time.Time           `json:"at"`
	Side    string              `json:"side"` // hub or remote
	By      relay.Author        `json:"by"`
	Action  string              `json:"action"`
	Version store.Seq           `json:"version,omitempty"` // for item restore
	Run     store.RunID         `json:"run,omitempty"`
	Outcome string              `json:"outcome,omitempty"`
	Cut     string              `json:"cut,omitempty"` // texts that the remote kept the beginning of
	Fields  []relay.FieldChange `json:"fields"`
}

// Places are the collections that have, or had, an item.
func (o *Office) Places(ctx context.Context, user, link, uid string) (found []store.Collection, err error) {
	if link != "" {
		l, _, err := o.FindLink(ctx, user, link)
		if err != nil {
			return nil, err
		}
		return found, o.Store.View(ctx, func(tx *store.Tx) error {
			c, err := tx.Collection(l.CollectionID)
			found = []store.Collection{c}
			return err
		})
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			cs, err := tx.Collections(u.ID, "")
			if err != nil {
				return err
			}
			for _, c := range cs {
				os, err := tx.ObjectsByUID(c.ID, uid)
				if err != nil {
					return err
				}
				if len(os) > 0 {
					found = append(found, c)
				}
			}
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = pim.Errorf("item", pim.ErrNotFound, "there is no item with the UID %q", uid)
	}
	return found, err
}

// Histories tell who changed an item when and from where, field by field, for each collection that has it. Errors: pim.ErrNotFound.
func (o *Office) Histories(ctx context.Context, user, link, uid string) ([]History, error) {
	places, err := o.Places(ctx, user, link, uid)
	if err != nil {
		return nil, err
	}
	rows := []History{}
	for _, c := range places {
		h, err := o.Engine.History(ctx, c.ID, uid)
		if err != nil {
			return nil, err
		}
		row := History{Collection: h.Collection.Slug, UID: uid, Kind: h.Kind.String(), Summary: h.Summary, Origin: h.Origin, Whole: h.Whole,
			KeepDays: int(h.Keeps / (24 * time.Hour)), Events: []Event{}, Begins: h.Events[0].At}
		err = o.Store.View(ctx, func(tx *store.Tx) error {
			u, err := tx.User(h.Collection.UserID)
			row.User = u.Name
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, e := range h.Events {
			shown := Event{At: e.At, Side: "hub", By: e.By, Action: e.Action, Version: e.Version, Run: e.Run, Outcome: e.Outcome, Cut: e.Cut, Fields: e.Fields}
			if e.Remote {
				shown.Side = "remote"
			}
			if shown.Fields == nil {
				shown.Fields = []relay.FieldChange{}
			}
			row.Events = append(row.Events, shown)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Restored is what item restore did.
type Restored struct {
	Collection string    `json:"collection"`
	UID        string    `json:"uid"`
	Version    store.Seq `json:"version"` // the newest now
	Unchanged  bool      `json:"unchanged"`
	Anew       bool      `json:"anew"`
}

// Restore makes an earlier version of an item the newest one; a deleted item comes back. The item has to be in one collection only, of
// those that Places finds. Errors: pim.ErrNotFound, pim.ErrInvalid.
func (o *Office) Restore(ctx context.Context, user, link, uid string, version store.Seq, by string) (row Restored, err error) {
	d, err := o.begin(ctx, "item.restore", uid)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	places, err := o.Places(ctx, user, link, uid)
	if err != nil {
		return Restored{}, err
	}
	if len(places) > 1 {
		return Restored{}, pim.Errorf("item restore", pim.ErrInvalid, "several collections have such an item; name one of their links with --link, or the account with --user")
	}
	res, err := o.Engine.Restore(ctx, places[0].ID, uid, version, by)
	return Restored{Collection: places[0].Slug, UID: uid, Version: res.Object.Seq, Unchanged: res.Unchanged, Anew: res.Anew}, err
}
