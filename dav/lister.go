package dav

import (
	"encoding/xml"
	"errors"
	"net/http"
	"slices"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// lister answers the same question about many resources: which properties, compiled once per place, and the answer
// that is being streamed.
type lister struct {
	q           *request
	ask         davxml.PropFind
	env         *env
	ms          *davxml.MultiStatus
	preferences // minimal (RFC 8144 2.1): properties that are not there are left out
	plans       map[place]*plan
	found       []byte // used again for each resource
	missing     []byte
	lastDir     string // a slug, whose Dir is inDir
	inDir       davxml.Dir
	current     resource                    // the member that is being answered
	cut         map[store.CollectionID]bool // whose time zone is to be read again
}

// plan is the question for one kind of resource.
type plan struct {
	live    []*property
	dead    []xml.Name // asked for by name
	allDead bool
	missing []byte // names that no resource of the kind has
}

// newLister begins a 207. Nothing is sent before there is something to send, so that an error can still become an
// answer of its own.
func (q *request) newLister(tx *store.Tx, ask davxml.PropFind) *lister {
	l := &lister{
		q: q, ask: ask, env: &env{q: q, tx: tx}, plans: map[place]*plan{},
		ms:          q.multiStatus(),
		preferences: q.prefer(),
	}
	if l.minimal {
		q.applied("return=minimal")
	}
	return l
}

// multiStatusWriter sends the head of the answer with its first bytes.
type multiStatusWriter struct{ q *request }

func (w multiStatusWriter) Write(b []byte) (int, error) {
	if !w.q.w.begun {
		w.q.w.Header().Set("Content-Type", xmlType)
		w.q.w.WriteHeader(http.StatusMultiStatus)
	}
	return w.q.w.Write(b)
}

// plan compiles the question for a place: a listing asks the same of thousands of members.
func (l *lister) plan(p place) *plan {
	if have := l.plans[p]; have != nil {
		return have
	}
	c := l.q.h.catalog
	made := &plan{}
	names := l.ask.Names
	if l.ask.AllProp || l.ask.PropName {
		made.allDead = hasDead(p)
		for i := range c.rows {
			row := &c.rows[i]
			if row.on&p != 0 && (row.all || l.ask.PropName) && row.name != calendars.data && row.name != books.data {
				made.live = append(made.live, row)
			}
		}
		names = l.ask.Include // RFC 4918 9.1
	}
	for _, name := range names {
		switch row := c.lookup(name, p); {
		case row != nil:
			if !(row.all && l.ask.AllProp) {
				made.live = append(made.live, row)
			}
		case hasDead(p) && !made.allDead:
			made.dead = append(made.dead, name)
		case !hasDead(p):
			made.missing = davxml.AppendEmpty(made.missing, name)
		}
	}
	l.plans[p] = made
	return made
}

// slim reports that names and ETags, and the texts where those are asked for, are all that has to be read of the members
// of r: what most programs ask for in their longest listings. Reading whole rows takes three times as long.
func (l *lister) slim(r *resource) bool {
	texts := l.env.data != nil && l.env.data.wanted
	for _, row := range l.plan(r.flavor.objectAt).live {
		if !row.slim && !(texts && row.name == r.flavor.data) {
			return false
		}
	}
	return true
}

// measures reports that texts have to be read of the members of r, as lengths of cards are asked for.
func (l *lister) measures(r *resource) bool {
	return r.flavor == books && slices.ContainsFunc(l.plan(books.objectAt).live, func(row *property) bool { return row.name == davxml.D("getcontentlength") })
}

// member is resource.member in the place of the one before, for listings: it is not valid after the next.
func (l *lister) member(r *resource, o *store.Object) *resource {
	l.current = resource{target: r.target.member(o.Name), col: r.col, obj: o}
	return &l.current
}

// respond prints the response of r.
func (l *lister) respond(r *resource) error {
	if err := l.propstats(r); err != nil {
		return err
	}
	if r.obj != nil {
		l.ms.ResponseIn(l.dir(r), r.name)
	} else {
		l.ms.Response(r.path())
	}
	l.ms.Propstat(http.StatusOK, l.found)
	if !l.minimal {
		l.ms.Propstat(http.StatusNotFound, l.missing)
	}
	return l.ms.EndResponse()
}

// dir is the path of the collection that r is in, encoded once.
func (l *lister) dir(r *resource) davxml.Dir {
	if l.inDir == "" || l.lastDir != r.slug {
		l.lastDir, l.inDir = r.slug, davxml.NewDir(r.flavor.collectionPath(r.user, r.slug))
	}
	return l.inDir
}

// propstats fills found and missing.
func (l *lister) propstats(r *resource) error {
	p := l.plan(r.at)
	l.found, l.missing = l.found[:0], append(l.missing[:0], p.missing...)
	if p.allDead || len(p.dead) > 0 {
		if err := r.loadDead(l.env); err != nil {
			return err
		}
	}
	for _, row := range p.live {
		before := len(l.found)
		out, err := row.value(l.found, l.env, r)
		switch {
		case errors.Is(err, errAbsent):
			l.found = l.found[:before]
			if !l.ask.AllProp && !l.ask.PropName {
				l.missing = davxml.AppendEmpty(l.missing, row.name)
			}
			continue
		case err != nil:
			return err
		}
		l.found = out
		if l.ask.PropName {
			l.found = davxml.AppendEmpty(l.found[:before], row.name)
		}
	}
	l.deadStats(p, r)
	return nil
}

// deadStats adds dead properties to found and missing.
func (l *lister) deadStats(p *plan, r *resource) {
	if p.allDead {
		for i := range r.dead {
			if name := (xml.Name{Space: r.dead[i].Space, Local: r.dead[i].Local}); name == subscribedMark {
				continue
			} else if l.ask.PropName {
				l.found = davxml.AppendEmpty(l.found, name)
			} else {
				l.found = append(l.found, r.dead[i].XML...)
			}
		}
	}
	for _, name := range p.dead {
		if v := r.deadValue(name); v != nil && name != subscribedMark {
			l.found = append(l.found, v...)
		} else {
			l.missing = davxml.AppendEmpty(l.missing, name)
		}
	}
}
