package dav

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"slices"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// A home has no change sequence of its own. Its sync token is its state instead: which collections there were, at
// which change each. So it never expires either, and what changed since follows from the token and the present rows.

// homePrefix begins the sync token of a home.
const homePrefix = "urn:crmbridge:home:1"

// maxHomeToken bounds what is decoded, in bytes of the token.
const maxHomeToken = 256 << 10

var errHomeToken = errors.New("dav: not a sync token of this home")

// homeEntry is one collection in a home's token.
type homeEntry struct {
	id    store.CollectionID
	seq   store.Seq
	epoch string // another in a database made anew, or put back from a copy once that was told (store.Tx.Restored)
	slug  string // the href to report when it is gone or renamed
}

func entryOf(c *store.Collection) homeEntry {
	return homeEntry{id: c.ID, seq: c.Seq, epoch: c.Epoch, slug: c.Slug}
}

func homeEntries(cols []store.Collection) []homeEntry {
	entries := make([]homeEntry, len(cols))
	for i := range cols {
		entries[i] = entryOf(&cols[i])
	}
	return entries
}

// homeToken prints entries, the same text for the same state.
func homeToken(entries []homeEntry) string {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b homeEntry) int { return cmp.Compare(a.id, b.id) })
	var b []byte
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.id))
		b = binary.AppendUvarint(b, uint64(e.seq))
		b = appendString(b, e.epoch)
		b = appendString(b, e.slug)
	}
	return homePrefix + base64.RawURLEncoding.EncodeToString(b)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// parseHomeToken reads what homeToken wrote.
func parseHomeToken(token string) ([]homeEntry, error) {
	text, ok := strings.CutPrefix(token, homePrefix)
	if !ok || len(text) > maxHomeToken {
		return nil, errHomeToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errHomeToken
	}
	d := tokenReader{rest: b}
	var entries []homeEntry
	for len(d.rest) > 0 {
		e := homeEntry{id: store.CollectionID(d.number()), seq: store.Seq(d.number()), epoch: d.text(), slug: d.text()}
		if d.bad || e.id <= 0 || e.seq < 0 || !isSegment(e.slug) {
			return nil, errHomeToken
		}
		if n := len(entries); n > 0 && entries[n-1].id >= e.id {
			return nil, errHomeToken
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// isSegment says whether s can be one segment of a path of this tree.
func isSegment(s string) bool {
	path, err := davxml.DecodeHref("/"+davxml.EncodePath(s), nil)
	return s != "" && err == nil && path == "/"+s
}

type tokenReader struct {
	rest []byte
	bad  bool
}

func (d *tokenReader) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *tokenReader) text() string {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}

// syncToken is the DAV:sync-token of a collection or home.
func (e *env) syncToken(r *resource) (string, error) {
	if r.col != nil {
		return store.SyncToken(*r.col), nil
	}
	cols, err := e.tx.Collections(e.q.caller.User.ID, r.flavor.home)
	if err != nil {
		return "", err
	}
	return homeToken(homeEntries(cols)), nil
}

// syncTokenValue builds the properties that hold the token: it equals that of the sync REPORT, or DAVx5 would synchronise
// without end.
func syncTokenValue(name xml.Name) func([]byte, *env, *resource) ([]byte, error) {
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		token, err := e.syncToken(r)
		if err != nil {
			return dst, err
		}
		return davxml.AppendText(dst, name, token), nil
	}
}
