package dav

import (
	"encoding/xml"
	"errors"
	"net/http"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// maxExpanded bounds the responses inside one expand-property, and maxExpandDepth how deep they nest.
const (
	maxExpanded    = 1000
	maxExpandDepth = 8
)

// expandProperty is RFC 3253 3.8: the hrefs in a property's value are replaced by responses with properties of what
// they name.
func (q *request) expandProperty(rep *davxml.ExpandProperty) error {
	return q.h.store.View(q.ctx, func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		x := expander{q: q, env: &env{q: q, tx: tx}, left: maxExpanded}
		found, missing, err := x.properties(r, rep.Props, 0)
		if err != nil {
			return err
		}
		ms := q.multiStatus()
		ms.Response(r.path())
		ms.Propstat(http.StatusOK, found)
		ms.Propstat(http.StatusNotFound, missing)
		if err := ms.EndResponse(); err != nil {
			return err
		}
		return ms.End()
	})
}

type expander struct {
	q    *request
	env  *env
	left int
}

// properties prints those that refs name, what is found and what is not.
func (x *expander) properties(r *resource, refs []davxml.PropertyRef, depth int) (found, missing []byte, err error) {
	if depth > maxExpandDepth {
		return nil, nil, overLimit("The properties nest too deeply.")
	}
	for _, ref := range refs {
		value, err := x.value(r, ref.Name)
		switch {
		case errors.Is(err, errAbsent):
			missing = davxml.AppendEmpty(missing, ref.Name)
			continue
		case err != nil:
			return nil, nil, err
		}
		if len(ref.Props) > 0 {
			if value, err = x.expand(value, ref.Props, depth); err != nil {
				return nil, nil, err
			}
		}
		found = append(found, value...)
	}
	return found, missing, nil
}

// value is a property of any kind, live or dead.
func (x *expander) value(r *resource, name xml.Name) ([]byte, error) {
	if row := x.q.h.catalog.lookup(name, r.at); row != nil {
		return row.value(nil, x.env, r)
	}
	if err := r.loadDead(x.env); err != nil {
		return nil, err
	}
	if v := r.deadValue(name); v != nil && name != subscribedMark {
		return v, nil
	}
	return nil, errAbsent
}

// expand prints an element anew with a response for each href that stands directly in it.
func (x *expander) expand(value []byte, refs []davxml.PropertyRef, depth int) ([]byte, error) {
	el, err := davxml.ParseElement(wrapPrefixes(value))
	if err != nil {
		return value, nil // kept as it is: a dead property that holds no hrefs
	}
	el = &el.Children[0]
	out := davxml.AppendOpen(nil, el.Name, el.Attrs...)
	for i := range el.Children {
		c := &el.Children[i]
		if c.Name != davxml.D("href") {
			out = davxml.AppendElement(out, c)
			continue
		}
		if out, err = x.response(out, c.Value(), refs, depth); err != nil {
			return nil, err
		}
	}
	return davxml.AppendClose(out, el.Name), nil
}

// response appends what an href names; 404 when that is nothing of the caller's.
func (x *expander) response(out []byte, href string, refs []davxml.PropertyRef, depth int) ([]byte, error) {
	if x.left--; x.left < 0 {
		return nil, overLimit("There are too many resources.")
	}
	out = davxml.AppendOpen(out, davxml.D("response"))
	out = davxml.AppendHrefURI(out, href)
	var r *resource
	if t, ok := decodeTarget(href, x.q.hosts); ok {
		var err error
		if r, err = x.q.exists(x.env.tx, t); err != nil {
			return nil, err
		}
	}
	if r == nil {
		out = davxml.AppendStatus(out, http.StatusNotFound)
		return davxml.AppendClose(out, davxml.D("response")), nil
	}
	found, missing, err := x.properties(r, refs, depth+1)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 || len(missing) == 0 {
		out = davxml.AppendPropstat(out, http.StatusOK, found, nil, "")
	}
	if len(missing) > 0 {
		out = davxml.AppendPropstat(out, http.StatusNotFound, missing, nil, "")
	}
	return davxml.AppendClose(out, davxml.D("response")), nil
}

// wrapPrefixes puts value, which needs the fixed prefixes around it, into a document that declares them.
func wrapPrefixes(value []byte) []byte {
	return davxml.AppendDocument(nil, davxml.D("prop"), value)
}
