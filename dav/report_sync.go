package dav

import (
	"errors"
	"net/http"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/store"
)

// syncCollection is RFC 6578 3.2. RFC 6578 wants depth 0, but Thunderbird sends 1; an infinite one was the infinite level
// in its drafts. Without collections inside, a calendar's two levels are one.
func (q *request) syncCollection(rep *davxml.SyncCollection) error {
	depth, err := q.depth(0)
	if err != nil {
		return err
	}
	if q.at.at&atHome != 0 && (rep.Infinite || depth < 0) {
		return forbidden(davxml.D("sync-traversal-supported"), "Only one level is answered.") // RFC 6578 3.3
	}
	return q.listing(rep.Prop, nil, func(l *lister, r *resource) error {
		if r.col == nil {
			return l.syncHome(r, rep)
		}
		since, err := store.ParseSyncToken(*r.col, rep.Token)
		if errors.Is(err, pim.ErrCursorGone) {
			return q.badToken(err)
		}
		if err != nil {
			return err
		}
		last, more, err := l.changes(r, since, rep.Limit)
		if err != nil {
			return err
		}
		if more {
			if err := l.truncated(r); err != nil {
				return err
			}
		}
		l.ms.SyncToken(store.SyncTokenAt(*r.col, last))
		return nil
	})
}

// changes prints the members of r that changed after since.
func (l *lister) changes(r *resource, since store.Seq, limit int) (last store.Seq, more bool, err error) {
	each := func(o *store.Object) error {
		member := l.member(r, o)
		if o.Deleted {
			return l.gone(member)
		}
		return l.respond(member)
	}
	if l.slim(r) {
		return l.env.tx.ChangedNames(r.col.ID, since, limit, each)
	}
	return l.env.tx.Changes(r.col.ID, since, limit, l.env.data.wanted, each)
}

// gone prints a deleted member (RFC 6578 3.5.2).
func (l *lister) gone(member *resource) error {
	l.ms.ResponseIn(l.dir(member), member.name)
	l.ms.Status(http.StatusNotFound)
	return l.ms.EndResponse()
}

// badToken refuses a sync token. The condition is always in the body: without it Thunderbird takes a 403 for a limit
// on requests.
func (q *request) badToken(err error) error {
	f := forbidden(davxml.D("valid-sync-token"), "The sync token is not valid any more.")
	f.err = err
	if q.at.flavor == books && q.quirks.badTokenIs400 {
		f.status = http.StatusBadRequest
	}
	return f
}

// syncHome is the same for the collections of a home.
func (l *lister) syncHome(r *resource, rep *davxml.SyncCollection) error {
	cols, err := l.env.tx.Collections(l.q.caller.User.ID, r.flavor.home)
	if err != nil {
		return err
	}
	var before []homeEntry
	if rep.Token != "" {
		if before, err = parseHomeToken(rep.Token); err != nil {
			return l.q.badToken(err)
		}
	}
	diff, ok := compareHome(before, cols)
	if !ok {
		return l.q.badToken(errHomeToken)
	}
	for i, c := range diff.changes {
		if rep.Limit > 0 && i == rep.Limit {
			if err := l.truncated(r); err != nil {
				return err
			}
			break
		}
		if c.now == nil {
			err = l.ms.Gone(r.flavor.collectionPath(r.user, c.goneSlug), http.StatusNotFound)
		} else {
			err = l.respond(collectionResource(r.target, c.now))
		}
		if err != nil {
			return err
		}
		c.accept(diff.state)
	}
	l.ms.SyncToken(homeToken(stateEntries(diff.state)))
	return nil
}

// homeDiff is what became of a home. state is what the client knows; each change that it is told of goes in.
type homeDiff struct {
	state   map[store.CollectionID]homeEntry
	changes []homeChange
}

// homeChange is one href: a collection as it is, or one that is gone.
type homeChange struct {
	id       store.CollectionID
	now      *store.Collection
	goneSlug string
}

// accept notes that the client is told of c, so that the token of a truncated answer holds just that (RFC 6578 3.6).
func (c homeChange) accept(state map[store.CollectionID]homeEntry) {
	if c.now != nil {
		state[c.id] = entryOf(c.now)
		return
	}
	delete(state, c.id)
}

// compareHome is false for a token that is not of this home as it is or was.
func compareHome(before []homeEntry, cols []store.Collection) (homeDiff, bool) {
	d := homeDiff{state: map[store.CollectionID]homeEntry{}}
	slugs := map[string]bool{}
	byID := map[store.CollectionID]*store.Collection{}
	for i := range cols {
		slugs[cols[i].Slug] = true
		byID[cols[i].ID] = &cols[i]
	}
	for _, e := range before {
		d.state[e.id] = e
		c := byID[e.id]
		if c != nil && (c.Epoch != e.epoch || c.Seq < e.seq) {
			return d, false
		}
		// A name that was given to another collection meanwhile is not gone.
		if (c == nil || c.Slug != e.slug) && !slugs[e.slug] {
			d.changes = append(d.changes, homeChange{id: e.id, goneSlug: e.slug})
		}
	}
	for i := range cols {
		c := &cols[i]
		if e, known := d.state[c.ID]; !known || e.seq != c.Seq || e.slug != c.Slug {
			d.changes = append(d.changes, homeChange{id: c.ID, now: c})
		}
	}
	return d, true
}

func stateEntries(state map[store.CollectionID]homeEntry) []homeEntry {
	out := make([]homeEntry, 0, len(state))
	for _, e := range state {
		out = append(out, e)
	}
	return out
}
