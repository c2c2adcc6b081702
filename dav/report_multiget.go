package dav

import (
	"net/http"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// calendarMultiget is RFC 4791 7.9.
func (q *request) calendarMultiget(r *davxml.CalendarMultiget) error {
	return q.multiget(r.Prop, r.Hrefs)
}

// addressbookMultiget is RFC 6352 8.7.
func (q *request) addressbookMultiget(r *davxml.AddressbookMultiget) error {
	return q.multiget(r.Prop, r.Hrefs)
}

// multigetBatch is how many names are looked up at once.
const multigetBatch = 64

// multiget answers in batches: only the texts of one are held at a time.
func (q *request) multiget(ask davxml.PropFind, hrefs []string) error {
	return q.listing(ask, nil, func(l *lister, r *resource) error {
		done := map[string]bool{}
		for len(hrefs) > 0 {
			n := min(multigetBatch, len(hrefs))
			if err := l.batch(r, hrefs[:n], done); err != nil {
				return l.overBudget(r, err)
			}
			hrefs = hrefs[n:]
		}
		return nil
	})
}

// batch answers for some hrefs: first what is there, then 404 for each of the others. done are the names answered
// before.
func (l *lister) batch(r *resource, hrefs []string, done map[string]bool) error {
	names := make([]string, 0, len(hrefs))
	asked := make(map[string]string, len(hrefs)) // name → href
	var strange []string
	for _, href := range hrefs {
		t, ok := decodeTarget(href, l.q.hosts)
		switch {
		case !ok || t.at&atObject == 0 || t.collection() != r.target.collection() || r.obj != nil && t.name != r.name:
			strange = append(strange, href)
		case !done[t.name]:
			done[t.name] = true
			names = append(names, t.name)
			asked[t.name] = href
		}
	}
	err := l.env.tx.EachNamed(r.col.ID, names, func(o *store.Object) error {
		delete(asked, o.Name)
		return l.respond(r.member(o))
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		if href, missing := asked[name]; missing {
			strange = append(strange, href)
		}
	}
	for _, href := range strange {
		l.ms.ResponseHref(href)
		l.ms.Status(http.StatusNotFound)
		if err := l.ms.EndResponse(); err != nil {
			return err
		}
	}
	return nil
}
