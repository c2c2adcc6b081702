package dav

import (
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// depth reads the Depth header; def is what its absence means. Infinity is -1.
func (q *request) depth(def int) (int, error) {
	switch v := strings.ToLower(strings.TrimSpace(q.r.Header.Get("Depth"))); v {
	case "":
		return def, nil
	case "0":
		return 0, nil
	case "1":
		return 1, nil
	case "infinity":
		return -1, nil
	}
	return 0, badRequest("The Depth header is neither 0, 1 nor infinity.", nil)
}

// body is the request body, for a reader of XML.
func (q *request) body() bodyReader { return bodyReader{q.r.Body} }

// propfind is RFC 4918 9.1.
func (q *request) propfind() error {
	depth, err := q.depth(-1)
	if err != nil {
		return err
	}
	ask, err := davxml.ParsePropFind(q.body(), q.h.limits.XML)
	if err != nil {
		return err
	}
	if q.at.at&atObject != 0 {
		depth = 0 // nothing is below
	}
	if depth < 0 {
		return forbidden(davxml.D("propfind-finite-depth"), "Only depth 0 and 1 are answered.")
	}
	return q.view(func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		l := q.newLister(tx, ask)
		if depth == 1 && l.noRoot {
			q.applied("depth-noroot") // RFC 8144 4
		} else if err := l.respond(r); err != nil {
			return err
		}
		if depth == 1 {
			if err := l.members(r); err != nil {
				return err
			}
		}
		return l.ms.End()
	})
}

// members prints a response for each member of r.
func (l *lister) members(r *resource) error {
	user := l.q.caller.User.Name
	switch {
	case r.at == atRoot && r.top == "/":
		return l.respond(&resource{target: target{at: atRoot, top: rootPath}})
	case r.at == atRoot && r.top == oldPath: // nothing is below it: the principals have one address
	case r.at == atRoot:
		for _, t := range []target{{at: atPrincipals}, {at: atHomes, flavor: calendars}, {at: atHomes, flavor: books}} {
			if err := l.respond(&resource{target: t}); err != nil {
				return err
			}
		}
		return nil
	case r.at == atPrincipals:
		// Everyone sees oneself only.
		return l.respond(&resource{target: target{at: atPrincipal, user: user}})
	case r.at == atHomes:
		return l.respond(&resource{target: target{at: r.flavor.homeAt, flavor: r.flavor, user: user}})
	case r.at&atHome != 0:
		return l.collections(r)
	case r.at&atCollection != 0:
		return l.env.tx.EachObject(r.col.ID, store.EachOptions{Names: l.slim(r), Text: l.measures(r)}, func(o *store.Object) error {
			return l.respond(l.member(r, o))
		})
	}
	return nil
}

// collections prints those of a home, in the order people gave them.
func (l *lister) collections(home *resource) error {
	cols, err := l.home(home.flavor)
	if err != nil {
		return err
	}
	for i := range cols {
		if err := l.collection(home.target, &cols[i]); err != nil {
			return err
		}
	}
	return nil
}

// maxHeldZone bounds the time zone that is held of each collection while a home is listed, in bytes. What people's
// programs store is shorter.
const maxHeldZone = 8 << 10

// home reads the collections of a home, without time zones that are long: a client that does not read holds all rows.
func (l *lister) home(f *flavor) ([]store.Collection, error) {
	cols, err := l.env.tx.Collections(l.q.caller.User.ID, f.home)
	for i := range cols {
		if len(cols[i].Timezone) > maxHeldZone {
			if l.cut == nil {
				l.cut = map[store.CollectionID]bool{}
			}
			l.cut[cols[i].ID], cols[i].Timezone = true, ""
		}
	}
	return cols, err
}

// collection prints one of those that home read.
func (l *lister) collection(t target, c *store.Collection) error {
	if l.cut[c.ID] {
		whole, err := l.env.tx.Collection(c.ID)
		if err != nil {
			return err
		}
		c = &whole
	}
	return l.respond(collectionResource(t, c))
}

// collectionResource is the resource of a collection in the home that t is, or is in.
func collectionResource(t target, c *store.Collection) *resource {
	return &resource{col: c, target: target{at: t.flavor.collectionAt, flavor: t.flavor, user: t.user, slug: c.Slug}}
}
