package dav

import (
	"errors"
	"maps"
	"net/http"
	"slices"

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
	if l.slim(r) && !l.env.data.wanted {
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
	if errors.Is(err, store.ErrTokenAhead) {
		// Other clients' tokens may be taken for good ones soon, when as much has changed anew.
		q.h.log.Warn("dav: a client knows changes that are not here: after a copy of the database was put back, run bridge restored",
			"user", q.caller.User.Name)
	}
	if q.at.flavor == books && q.quirks.badTokenIs400 {
		f.status = http.StatusBadRequest
	}
	return f
}

// syncHome is the same for the collections of a home.
func (l *lister) syncHome(r *resource, rep *davxml.SyncCollection) error {
	cols, err := l.home(r.flavor)
	if err != nil {
		return err
	}
	var before []homeEntry
	if rep.Token != "" {
		if before, err = parseHomeToken(rep.Token); err != nil {
			return l.q.badToken(err)
		}
	}
	diff, err := compareHome(before, cols)
	if err != nil {
		return l.q.badToken(err)
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
			err = l.collection(r.target, c.now)
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
	now      *store.Collection
	goneSlug string
	ends     []store.CollectionID // that had this href before, and are not told of in any other change
}

// accept notes that the client is told of c, so that the token of a truncated answer holds just that (RFC 6578 3.6).
func (c homeChange) accept(state map[store.CollectionID]homeEntry) {
	for _, id := range c.ends {
		delete(state, id)
	}
	if c.now != nil {
		state[c.now.ID] = entryOf(c.now)
	}
}

// compareHome fails for a token that is not of this home as it is or was.
func compareHome(before []homeEntry, cols []store.Collection) (homeDiff, error) {
	d := homeDiff{state: map[store.CollectionID]homeEntry{}}
	bySlug, byID := map[string]*store.Collection{}, map[store.CollectionID]*store.Collection{}
	for i := range cols {
		bySlug[cols[i].Slug], byID[cols[i].ID] = &cols[i], &cols[i]
	}
	gone, replaced := map[string][]store.CollectionID{}, map[string][]store.CollectionID{}
	for _, e := range before {
		d.state[e.id] = e
		c := byID[e.id]
		switch {
		case c != nil && c.Epoch != e.epoch:
			return d, errHomeToken
		case c != nil && c.Seq < e.seq:
			return d, store.ErrTokenAhead
		case c != nil && c.Slug == e.slug:
		case bySlug[e.slug] == nil:
			gone[e.slug] = append(gone[e.slug], e.id)
		case c == nil:
			// The name was given to another collection meanwhile: it is not gone, but whose it was is.
			replaced[e.slug] = append(replaced[e.slug], e.id)
		}
	}
	for _, slug := range slices.Sorted(maps.Keys(gone)) {
		d.changes = append(d.changes, homeChange{goneSlug: slug, ends: gone[slug]})
	}
	for i := range cols {
		c := &cols[i]
		change := homeChange{now: c, ends: replaced[c.Slug]}
		if e, known := d.state[c.ID]; !known || e.seq != c.Seq || e.slug != c.Slug {
			d.changes = append(d.changes, change)
		} else {
			change.accept(d.state) // the client knows it already
		}
	}
	return d, nil
}

func stateEntries(state map[store.CollectionID]homeEntry) []homeEntry {
	out := make([]homeEntry, 0, len(state))
	for _, e := range state {
		out = append(out, e)
	}
	return out
}
