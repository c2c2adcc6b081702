package manage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Link is the state of a link: for link list and sync status.
type Link struct {
	ID          store.LinkID `json:"id"`
	User        string       `json:"user"`
	Name        string       `json:"name"`
	Driver      string       `json:"driver"`
	Collection  string       `json:"collection"`
	Remote      string       `json:"remote"`
	Folder      string       `json:"folder"` // the same for people: by its name, where that is known
	Interval    string       `json:"interval"`
	Policy      string       `json:"policy"`
	State       string       `json:"state"` // running, paused, failing, held, new, failing items, ok
	Paused      bool         `json:"paused"`
	Running     bool         `json:"running"`
	Items       int          `json:"items"`
	Waiting     int          `json:"waiting"`
	Failing     int          `json:"failing"`
	Held        string       `json:"held,omitempty"`
	ManyUntil   *time.Time   `json:"manyUntil,omitempty"` // until when somebody let it make and mail as much as it likes
	LastError   string       `json:"lastError,omitempty"`
	LastRun     *time.Time   `json:"lastRun,omitempty"`
	LastSuccess *time.Time   `json:"lastSuccess,omitempty"`
	NextRun     *time.Time   `json:"nextRun,omitempty"`
}

// Links lists the links of an account, or of all for "".
func (o *Office) Links(ctx context.Context, user string) (rows []Link, err error) {
	err = o.EachLink(ctx, user, func(tx *store.Tx, u store.User, l store.Link) error {
		row, err := o.LinkRow(tx, u, l)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// EachLink calls f for the links of a user, or of everybody for "".
func (o *Office) EachLink(ctx context.Context, user string, f func(*store.Tx, store.User, store.Link) error) error {
	return o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := Users(tx, user)
		if err != nil {
			return err
		}
		for _, u := range us {
			ls, err := tx.Links(u.ID)
			if err != nil {
				return err
			}
			for _, l := range ls {
				if err := f(tx, u, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// LinkRow is a link as people see it.
func (o *Office) LinkRow(tx *store.Tx, u store.User, l store.Link) (Link, error) {
	c, err := tx.Collection(l.CollectionID)
	if err != nil {
		return Link{}, err
	}
	living, dirty, failing, err := tx.CountPairs(l.ID)
	if err != nil {
		return Link{}, err
	}
	fresh, err := untaken(tx, l)
	if err != nil {
		return Link{}, err
	}
	dirty += fresh
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return Link{}, err
	}
	row := Link{
		ID: l.ID, User: u.Name, Name: l.Name, Driver: l.Driver, Collection: c.Slug, Remote: l.Remote, Folder: relay.Place(l),
		Interval: l.Interval.String(), Policy: string(rules.Policy), Paused: l.Paused,
		Running: l.LeaseUntil != nil && l.LeaseUntil.After(o.Now()),
		Items:   living, Waiting: dirty, Failing: failing, Held: l.Held, ManyUntil: still(l.ManyUntil, o.Now()), LastError: l.LastError,
		LastRun: l.LastRun, LastSuccess: l.LastSuccess, NextRun: l.NextRun,
	}
	row.State = row.Word()
	return row, nil
}

// Word is the most important word about a link.
func (l Link) Word() string {
	switch {
	case l.Running:
		return "running"
	case l.Paused:
		return "paused"
	case l.LastError != "":
		return "failing"
	case l.Held != "":
		return "held"
	case l.LastRun == nil:
		return "new"
	case l.Failing > 0:
		return "failing items"
	}
	return "ok"
}

// untakenMost bounds the count of changes that no run has looked at yet.
const untakenMost = 1000

// untaken counts changes by clients that no run of the link has taken up.
func untaken(tx *store.Tx, l store.Link) (int, error) {
	var changed []store.Object
	_, _, err := tx.ObjectChanges(l.CollectionID, l.LocalSeq, untakenMost, func(o store.Object) error {
		changed = append(changed, o)
		return nil
	})
	n := 0
	for _, o := range changed {
		p, perr := tx.PairByObject(l.ID, o.ID)
		switch {
		case errors.Is(perr, pim.ErrNotFound) && o.Deleted:
		case errors.Is(perr, pim.ErrNotFound), perr == nil && p.Seq != o.Seq && !p.Dirty:
			n++
		case perr != nil:
			return n, perr
		}
	}
	return n, err
}

// FindLink finds a link by its number or its name, among those of an account, or of all for "". Errors: pim.ErrNotFound, pim.ErrInvalid for
// a name that several have.
func (o *Office) FindLink(ctx context.Context, user, word string) (l store.Link, u store.User, err error) {
	number, notNumber := strconv.ParseInt(word, 10, 64)
	id := store.LinkID(number)
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		us, err := Users(tx, user)
		if err != nil {
			return err
		}
		var found []string
		for _, owner := range us {
			ls, err := tx.Links(owner.ID)
			if err != nil {
				return err
			}
			for _, cand := range ls {
				if notNumber == nil && cand.ID == id || notNumber != nil && strings.EqualFold(cand.Name, word) {
					l, u = cand, owner
					found = append(found, fmt.Sprintf("%d (%s's %q)", cand.ID, owner.Name, cand.Name))
				}
			}
		}
		switch len(found) {
		case 0:
			return pim.Errorf("link", pim.ErrNotFound, "there is no link %q", word)
		case 1:
			return nil
		}
		return pim.Errorf("link", pim.ErrInvalid, "several links are called %q: %s; give the number", word, strings.Join(found, ", "))
	})
	return l, u, err
}

// LinkDetail is a link with Everything that may be told of it.
type LinkDetail struct {
	Link
	Settings remote.Settings `json:"settings"` // secrets as "…"
	Rules    rule.Rules      `json:"rules"`
	Words    []string        `json:"words"`
}

// LinkDetail is a link with its settings and rules. Errors: as FindLink.
func (o *Office) LinkDetail(ctx context.Context, user, word string) (d LinkDetail, err error) {
	l, u, err := o.FindLink(ctx, user, word)
	if err != nil {
		return d, err
	}
	if d.Rules, err = rule.Parse(l.Rules); err != nil {
		return d, err
	}
	s, err := o.Connections.Settings(l)
	if err != nil {
		return d, err
	}
	driver := o.driver(l.Driver)
	d.Settings, d.Words = driver.Redacted(s), d.Rules.Describe(driver.Title)
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		d.Link, err = o.LinkRow(tx, u, l)
		return err
	})
	return d, err
}

// still is a time that is to come, else nil.
func still(t *time.Time, now time.Time) *time.Time {
	if t == nil || !t.After(now) {
		return nil
	}
	return t
}
