package dav

import (
	"encoding/xml"
	"errors"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// property is one row of the table of live properties (RFC 4918 4.2).
type property struct {
	name xml.Name
	on   place // resources that may have it
	// all: part of DAV:allprop. RFC 4918 9.1 wants its own properties there; RFC 4791 5.2, 6352 6.2 and 6578 4 ask
	// to leave theirs out.
	all bool
	// value appends the whole element, or fails with errAbsent when this very resource has no such property.
	value func(dst []byte, e *env, r *resource) ([]byte, error)
	// set changes the collection, el nil removing the property; nil: protected (RFC 4918 15). It fails with a
	// *failure.
	set func(c *store.Collection, el *davxml.Element, now time.Time) error
	// initial: set works only while the collection is made.
	initial bool
	// slim: of an object, value looks at nothing but its name and its ETag.
	slim bool
}

// errAbsent says that a resource does not have a property: 404 in its propstat.
var errAbsent = errors.New("dav: no such property")

// catalog is the table with its index. It does not change once made.
type catalog struct {
	rows   []property
	byName map[xml.Name]*property
}

// newCatalog gathers the parts of the table. Later standards add their rows in a file of their own.
func newCatalog() *catalog {
	c := &catalog{byName: map[xml.Name]*property{}}
	for _, part := range [][]property{
		basicProperties(), accessProperties(), principalProperties(), collectionProperties(), objectProperties(),
	} {
		c.rows = append(c.rows, part...)
	}
	for i := range c.rows {
		c.byName[c.rows[i].name] = &c.rows[i]
	}
	return c
}

// lookup finds the row of a name that resources at p may have, or nil: then it is a dead property there.
func (c *catalog) lookup(name xml.Name, p place) *property {
	row := c.byName[name]
	if row == nil || row.on&p == 0 {
		return nil
	}
	return row
}

// hasDead says where dead properties are kept: on what a user owns and a client may arrange, but not on single
// objects, which have everything in their text.
func hasDead(p place) bool { return p&(atPrincipal|atHome|atCollection) != 0 }

// env is what values are made of besides the resource.
type env struct {
	q    *request
	tx   *store.Tx
	data *dataRequest // what a REPORT wants of objects' texts; nil elsewhere
}

// resource is something that exists.
type resource struct {
	target
	col  *store.Collection // of collections and objects
	obj  *store.Object     // of objects
	dead []store.Property  // loaded by loadDead
}

// The helpers below append the usual forms of values.

// textValue is a text; an empty one is absent.
func textValue(name xml.Name, get func(e *env, r *resource) string) func([]byte, *env, *resource) ([]byte, error) {
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		s := get(e, r)
		if s == "" {
			return dst, errAbsent
		}
		return davxml.AppendText(dst, name, s), nil
	}
}

// hrefValue is one href. Outlook CalDav Synchronizer glues principals to the authority, so it is always a path.
func hrefValue(name xml.Name, path func(e *env, r *resource) string) func([]byte, *env, *resource) ([]byte, error) {
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		return davxml.AppendHrefs(dst, name, path(e, r)), nil
	}
}

// fixedValue is an element that is the same for all resources; content is XML.
func fixedValue(name xml.Name, content []byte) func([]byte, *env, *resource) ([]byte, error) {
	element := davxml.AppendEmpty(nil, name)
	if len(content) > 0 {
		element = davxml.AppendOpen(nil, name)
		element = append(element, content...)
		element = davxml.AppendClose(element, name)
	}
	return func(dst []byte, _ *env, _ *resource) ([]byte, error) { return append(dst, element...), nil }
}

// quoted appends an element with an entity tag.
func quoted(dst []byte, name xml.Name, etag string) []byte {
	dst = davxml.AppendOpen(dst, name)
	dst = append(dst, '"')
	dst = append(dst, etag...) // hexadecimal
	dst = append(dst, '"')
	return davxml.AppendClose(dst, name)
}
