package dav

import (
	"encoding/xml"
	"errors"
	"net/http"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// What one expand-property may cost. Its answer stands in memory as a whole before any of it is sent, so that the end of
// a bound can still become an answer of its own.
const (
	maxExpanded      = 1000     // responses inside
	maxExpandDepth   = 8        // how deep they nest
	maxExpandedBytes = 2 << 20  // of the answer, give or take tags and one value
	maxExpandRead    = 64 << 20 // bytes of texts and dead properties that are read for it
)

// expandProperty is RFC 3253 3.8: the hrefs in a property's value are replaced by responses with properties of what
// they name.
func (q *request) expandProperty(rep *davxml.ExpandProperty) error {
	return q.view(func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		x := expander{
			q: q, env: &env{q: q, tx: tx}, left: maxExpanded, bytes: maxExpandedBytes, read: maxExpandRead, done: map[expansion][]byte{},
		}
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
	q     *request
	env   *env
	left  int // responses
	bytes int // to be printed
	read  int // bytes to be read
	// done are the propstats printed so far: a property may name the same thing a thousand times.
	done map[expansion][]byte
}

// expansion is a resource and what is asked of it, by the place of the question in the request.
type expansion struct {
	of   target
	refs *davxml.PropertyRef
}

// print counts n bytes of the answer.
func (x *expander) print(n int) error {
	if x.bytes -= n; x.bytes < 0 {
		return overLimit("The answer would be too long.")
	}
	return nil
}

// fetched counts n bytes that were read.
func (x *expander) fetched(n int) error {
	if x.read -= n; x.read < 0 {
		return overLimit("The resources are too large.")
	}
	return nil
}

// properties prints those that refs name, what is found and what is not.
func (x *expander) properties(r *resource, refs []davxml.PropertyRef, depth int) (found, missing []byte, err error) {
	if depth > maxExpandDepth {
		return nil, nil, overLimit("The properties nest too deeply.")
	}
	for _, ref := range refs {
		if err := x.q.ctx.Err(); err != nil {
			return nil, nil, err
		}
		value, err := x.value(r, ref.Name)
		switch {
		case errors.Is(err, errAbsent):
			if err := x.print(len(ref.Name.Space) + len(ref.Name.Local)); err != nil {
				return nil, nil, err
			}
			missing = davxml.AppendEmpty(missing, ref.Name)
			continue
		case err != nil:
			return nil, nil, err
		}
		if len(ref.Props) > 0 {
			value, err = x.expand(value, ref.Props, depth)
		} else {
			err = x.print(len(value))
		}
		if err != nil {
			return nil, nil, err
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
	if r.dead == nil {
		if err := r.loadDead(x.env); err != nil {
			return nil, err
		}
		n := 0
		for i := range r.dead {
			n += len(r.dead[i].XML)
		}
		if err := x.fetched(n); err != nil {
			return nil, err
		}
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
		return value, x.print(len(value)) // kept as it is: a dead property that holds no hrefs
	}
	el = &el.Children[0]
	out := davxml.AppendOpen(nil, el.Name, el.Attrs...)
	for i := range el.Children {
		c := &el.Children[i]
		if c.Name == davxml.D("href") {
			out, err = x.response(out, c.Value(), refs, depth)
		} else {
			before := len(out)
			out = davxml.AppendElement(out, c)
			err = x.print(len(out) - before)
		}
		if err != nil {
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
	if err := x.print(len(href)); err != nil {
		return nil, err
	}
	stats, err := x.propstats(href, refs, depth)
	if err != nil {
		return nil, err
	}
	out = davxml.AppendOpen(out, davxml.D("response"))
	out = davxml.AppendHrefURI(out, href)
	if stats == nil {
		out = davxml.AppendStatus(out, http.StatusNotFound)
	}
	out = append(out, stats...)
	return davxml.AppendClose(out, davxml.D("response")), nil
}

// propstats are those of what an href names; nil when that is nothing of the caller's.
func (x *expander) propstats(href string, refs []davxml.PropertyRef, depth int) ([]byte, error) {
	t, ok := decodeTarget(href, x.q.hosts)
	if !ok {
		return nil, nil
	}
	key := expansion{of: t, refs: &refs[0]}
	if have := x.done[key]; have != nil {
		return have, x.print(len(have))
	}
	r, err := x.q.exists(x.env.tx, t)
	if err != nil || r == nil {
		return nil, err
	}
	if r.obj != nil {
		if err := x.fetched(len(r.obj.Text)); err != nil {
			return nil, err
		}
	}
	found, missing, err := x.properties(r, refs, depth+1)
	if err != nil {
		return nil, err
	}
	var out []byte
	if len(found) > 0 || len(missing) == 0 {
		out = davxml.AppendPropstat(out, http.StatusOK, found, nil, "")
	}
	if len(missing) > 0 {
		out = davxml.AppendPropstat(out, http.StatusNotFound, missing, nil, "")
	}
	x.done[key] = out
	return out, nil
}

// wrapPrefixes puts value, which needs the fixed prefixes around it, into a document that declares them.
func wrapPrefixes(value []byte) []byte {
	return davxml.AppendDocument(nil, davxml.D("prop"), value)
}
