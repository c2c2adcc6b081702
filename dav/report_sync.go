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

// changes prints the members of r that changed after since, up to last. Who asks for more occurrences than one answer holds gets
// it in parts.
func (l *lister) changes(r *resource, since store.Seq, limit int) (last store.Seq, more bool, err error) {
	told := since
	each := func(o *store.Object) (err error) {
		member := l.member(r, o)
		if o.Deleted {
			err = l.gone(member)
		} else {
			err = l.respond(member)
		}
		if err == nil {
			told = o.Seq
		}
		return err
	}
	if l.slim(r) && !l.env.data.wanted {
		return l.env.tx.ChangedNames(r.col.ID, since, limit, each)
	}
	last, more, err = l.env.tx.Changes(r.col.ID, since, limit, l.env.data.wanted, each)
	if errors.Is(err, errOverBudget) && l.q.w.begun {
		return told, true, nil
	}
	return last, more, err
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
		diff.accept(c)
	}
	l.ms.SyncToken(homeToken(stateEntries(diff.state)))
	return nil
}

// homeDiff is what became of a home. state is what the client knows; each change that it is told of goes in.
type homeDiff struct {
	state   map[store.CollectionID]homeEntry
	changes []homeChange
	bySlug  map[string]*store.Collection // what there is now
}

// homeChange is one href: a collection as it is, or one that is gone.
type homeChange struct {
	now      *store.Collection
	goneSlug string
	ends     []store.CollectionID // that had this href before, and are not told of in any other change
}

// accept notes that the client is told of c, so that the token of a truncated answer holds just that (RFC 6578 3.6).
//
// The client has something stale under the old href of a collection that is told of under a new one, until it is told
// what is there now. That is noted as what it knows of the collection which is there, as of before its first change: should
// that one go before the client is told of it, the href is gone. Whatever the client knew of it before had an href, too,
// and so on.
func (d *homeDiff) accept(c homeChange) {
	for _, id := range c.ends {
		delete(d.state, id)
	}
	if c.now == nil {
		return
	}
	was, known := d.state[c.now.ID]
	d.state[c.now.ID] = entryOf(c.now)
	for known && was.slug != c.now.Slug {
		there := d.bySlug[was.slug]
		if there == nil {
			return // hrefs that are gone were told before
		}
		stale := homeEntry{id: there.ID, seq: unseen, epoch: there.Epoch, slug: was.slug}
		if was, known = d.state[there.ID]; known && was.slug == stale.slug {
			return
		}
		d.state[there.ID] = stale
	}
}

// unseen is before the first change of any collection.
const unseen store.Seq = 0

// compareHome fails for a token that is not of this home as it is or was.
func compareHome(before []homeEntry, cols []store.Collection) (homeDiff, error) {
	d := homeDiff{state: map[store.CollectionID]homeEntry{}, bySlug: map[string]*store.Collection{}}
	byID := map[store.CollectionID]*store.Collection{}
	for i := range cols {
		d.bySlug[cols[i].Slug], byID[cols[i].ID] = &cols[i], &cols[i]
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
		case d.bySlug[e.slug] == nil:
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
			d.accept(change) // the client knows it already
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
