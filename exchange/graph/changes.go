package graph

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
)

// found is one page of a delta query, as items.
type found struct {
	changed []remote.Record
	gone    []remote.ItemID
	next    string // nextLink
	delta   string // deltaLink
}

// listed is what a listing tells of an item.
type listed struct {
	ref        remote.Ref
	start, end pim.When
	event      *pim.Event // of an event: with its time and rule alone
}

// emptyPages is how many pages without anything are passed over in one call: delta queries give such in between.
const emptyPages = 20

// Changes implements remote.Remote by delta queries. A deltaLink is asked again and again until its window has moved on; then it is
// read to its end, so that no deletion is missed, and a fresh listing begins.
func (c *connector) Changes(ctx context.Context, col remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	sh, err := c.shelf(col)
	if err != nil {
		return remote.Delta{}, err
	}
	cur := cursor{Full: true}
	if since != "" {
		if cur, err = decodeCursor(since); err != nil {
			return remote.Delta{}, err
		}
	}
	if s.Kinds != 0 && !s.Kinds.Has(sh.kind()) {
		next, err := cursor{Full: true}.encode()
		return remote.Delta{Next: next}, err
	}
	w := c.window(s)
	for n := 0; ; n++ {
		var f found
		var more bool
		if all, ok := sh.(*allMails); ok {
			f, more, err = all.follow(ctx, s, &cur)
		} else {
			f, more, err = c.page(ctx, sh, w, &cur)
		}
		if err != nil {
			return remote.Delta{}, err
		}
		if !more {
			c.links.note(col, cur.Link)
		} else if len(f.changed)+len(f.gone) == 0 && n < emptyPages {
			continue
		}
		next, err := cur.encode()
		if err != nil {
			return remote.Delta{}, err
		}
		return remote.Delta{Changed: f.changed, Removed: f.gone, Next: next, More: more}, nil
	}
}

// page reads one and moves the cursor behind it; more says that there is something to be asked for at once.
func (c *connector) page(ctx context.Context, sh shelf, w window, cur *cursor) (f found, more bool, err error) {
	const op = "graph: changes"
	r, key := sh.start(w), w.key()
	if sh.kind() != pim.KindEvent {
		key = "" // only the token of a calendar has it
	}
	// A link has the query in it, and not the preferences: they are those of one request (RFC 7240 2).
	if r.link = cur.Link; cur.Link == "" {
		cur.Window = key
	}
	r.prefer = append(r.prefer, maxPageSize(c.pageSize))
	f, err = sh.changes(ctx, r, w, cur.Full)
	if err == nil && f.next == "" {
		c.rings.forget(sh.resource()) // the last page
	}
	switch {
	case err != nil && cur.Link != "" && lost(err):
		// A link that leads nowhere any more: the token has expired, or is another cloud's.
		return found{}, false, pim.Errorf(op, pim.ErrCursorGone, "the listing has to begin anew")
	case err != nil:
		return found{}, false, err
	case f.next != "":
		if err := cur.step(op, f.next); err != nil {
			return found{}, false, err
		}
		cur.Link = f.next
		return f, true, nil
	case f.delta == "":
		return found{}, false, nowhere(op)
	case cur.Window != key && sh.kind() == pim.KindEvent:
		*cur = cursor{Full: true}
		return f, true, nil
	}
	// What happened while the pages of a listing were read is behind its deltaLink.
	more = cur.Full && cur.Link != ""
	cur.Link, cur.Full, cur.Pages = f.delta, false, 0
	return f, more, nil
}

func lost(err error) bool {
	kind := pim.ReasonOf(err)
	return kind == pim.ErrCursorGone || kind == pim.ErrForbidden && pim.PublicText(err) == "the server points to another address, which is not followed"
}

// List implements remote.Lister.
func (c *connector) List(ctx context.Context, col remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	sh, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	if s.Kinds != 0 && !s.Kinds.Has(sh.kind()) {
		return nil, nil
	}
	w := c.window(s)
	var refs []remote.Ref
	at := map[remote.ItemID]int{}
	err = sh.list(ctx, s, func(l listed) {
		if l.event != nil && !c.shown(w, l.event) || l.event == nil && !w.holds(l.start, l.end) {
			return
		}
		if i, again := at[l.ref.ID]; again {
			refs[i] = l.ref
			return
		}
		at[l.ref.ID] = len(refs)
		refs = append(refs, l.ref)
	})
	if err != nil {
		return nil, err
	}
	return refs, nil
}
