package dav

import (
	"encoding/xml"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/store"
)

// defaultComponents is what a calendar holds that was made without saying it (RFC 4791 5.2.3).
const defaultComponents = "VEVENT,VTODO"

// mkcol is RFC 4918 9.3 and its extension RFC 5689. Without a body, or with nothing but DAV:collection, the new
// collection is of the kind of its home.
func (q *request) mkcol() error {
	// RFC 4918 9.3: a kind of body that is not understood is 415, before anything else is looked at.
	if media, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type")); err == nil && q.r.ContentLength != 0 && !strings.HasSuffix(media, "xml") {
		return unsupportedMedia("A MKCOL body is XML.")
	}
	body, err := davxml.ParseMkCol(q.body(), q.h.limits.XML)
	if errors.Is(err, davxml.ErrUnexpectedRoot) {
		return unsupportedMedia("This is no MKCOL body.") // RFC 4918 9.3
	}
	if err != nil {
		return err
	}
	return q.make(body, "mkcol-response")
}

// mkcalendar is RFC 4791 5.3.1.
func (q *request) mkcalendar() error {
	body, err := davxml.ParseMkCalendar(q.body(), q.h.limits.XML)
	if err != nil {
		return err
	}
	if q.at.flavor != calendars {
		return forbidden(davxml.C("calendar-collection-location-ok"), "Calendars are made in the calendar home.")
	}
	return q.make(body, "")
}

// make creates the collection at the request's path. mkcolResponse names the body in which RFC 5689 5.2 reports
// properties that could not be set; without it that is a multistatus.
func (q *request) make(body davxml.MkCol, mkcolResponse string) error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	var p *patch
	err = q.h.store.Update(q.ctx, func(tx *store.Tx) (err error) {
		if err := q.mayMake(tx, &c); err != nil {
			return err
		}
		p = q.newCollection(body)
		if p.failed {
			return nil
		}
		made, err := tx.CreateCollection(*p.col)
		if errors.Is(err, pim.ErrExists) {
			return q.taken()
		}
		if err != nil {
			return err
		}
		return saveDead(tx, store.CollectionOwner(made.ID), p.dead)
	})
	if err != nil {
		return err
	}
	if p.failed {
		return q.refuseMake(p, mkcolResponse)
	}
	if q.prefer().minimal {
		q.applied("return=minimal") // RFC 8144 2.4: it says nothing when everything worked
	}
	h := q.w.Header()
	h.Set("Cache-Control", "no-cache") // RFC 4791 5.3.1
	h.Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusCreated)
	return nil
}

// mayMake checks the place.
func (q *request) mayMake(tx *store.Tx, c *conditions) error {
	parent := q.at
	if q.at.at&atObject != 0 {
		parent = q.at.collection()
	}
	r, err := q.exists(tx, parent)
	if err != nil {
		return err
	}
	switch {
	case q.at.at&atObject != 0 && r == nil:
		return conflict("There is no collection to make this in.") // RFC 4918 9.3.1
	case q.at.at&atObject != 0:
		// RFC 4791 4.2: no collections inside calendars.
		return forbidden(q.at.flavor.location, "Collections cannot hold collections.")
	case r != nil:
		return q.taken()
	}
	if ok, err := q.check(tx, c, nil); err != nil {
		return err
	} else if !ok {
		return preconditionFailed()
	}
	return q.roomFor(tx, q.at.flavor)
}

// roomFor refuses one collection more than a home may have.
func (q *request) roomFor(tx *store.Tx, f *flavor) error {
	cols, err := tx.Collections(q.caller.User.ID, f.home)
	if err != nil {
		return err
	}
	if len(cols) >= q.h.limits.Collections {
		return noRoom("There are too many collections.")
	}
	return nil
}

// taken answers that something is there already: RFC 4791 5.3.1.1 for MKCALENDAR, RFC 4918 9.3.1 for MKCOL.
func (q *request) taken() error {
	if q.r.Method == "MKCALENDAR" {
		return forbidden(davxml.D("resource-must-be-null"), "There is something already.")
	}
	return &failure{
		status:     http.StatusMethodNotAllowed,
		conditions: []davxml.Condition{{Name: davxml.D("resource-must-be-null")}},
		allow:      q.h.allow(q.at.at),
		message:    "There is something already.",
	}
}

// newCollection tries the properties on a new row.
func (q *request) newCollection(body davxml.MkCol) *patch {
	c := &store.Collection{UserID: q.caller.User.ID, Home: q.at.flavor.home, Slug: q.at.slug}
	if q.at.flavor == calendars {
		c.Components = defaultComponents
	}
	p := &patch{q: q, making: true, col: c, r: &resource{target: q.at, col: c}}
	for i := range body.Props {
		el := &body.Props[i]
		if el.Name == davxml.D("resourcetype") {
			p.setType(el)
			continue
		}
		p.apply(&davxml.PropOp{Prop: *el})
	}
	return p
}

// setType checks DAV:resourcetype (RFC 5689 3): the kind of the home, or a subscription as macOS makes them.
func (p *patch) setType(el *davxml.Element) {
	names := el.Names()
	home := p.r.flavor
	res := propResult{element: davxml.AppendEmpty(nil, el.Name)}
	switch {
	case otherKind(names, home):
		res.fail = forbidden(davxml.D("valid-resourcetype"), "Such a collection cannot be made here.")
	case slices.Contains(names, davxml.CS("subscribed")):
		p.dead = append(p.dead, deadOf(&davxml.Element{Name: subscribedMark}))
	}
	if res.fail != nil {
		p.failed = true
	}
	p.result = append(p.result, res)
}

// otherKind reports a resource type that the home does not hold.
func otherKind(names []xml.Name, home *flavor) bool {
	for _, n := range names {
		switch {
		case n == davxml.D("collection"), n == home.resourceType:
		case n == davxml.CS("subscribed") && home == calendars:
		default:
			return true
		}
	}
	return false
}

// refuseMake reports which properties kept the collection from being made.
func (q *request) refuseMake(p *patch, mkcolResponse string) error {
	if mkcolResponse == "" {
		// RFC 4791 5.3.1.2: 207
		ms := q.multiStatus()
		ms.Response(q.at.path())
		p.propstats(ms.PropstatError)
		if err := ms.EndResponse(); err != nil {
			return err
		}
		return ms.End()
	}
	var content []byte
	p.propstats(func(code int, props []byte, conditions []davxml.Condition, message string) {
		content = davxml.AppendPropstat(content, code, props, conditions, message)
	})
	q.answerXML(http.StatusForbidden, davxml.AppendDocument(nil, davxml.D(mkcolResponse), content))
	return nil
}
