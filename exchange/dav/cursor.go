package dav

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

const (
	// cursorPrefix names the format.
	cursorPrefix = "d1."
	// maxKnown is how many versions a cursor remembers, at a server without a change log.
	maxKnown = 50_000
	// maxCursor bounds what is unpacked.
	maxCursor = 16 << 20
)

// cursor says what was read. It is opaque to the relay.
type cursor struct {
	View string `json:"v"`
	// Token is of the change log, from which the next changes are; "" without one.
	Token string `json:"t,omitempty"`
	// Rest: of a listing only what is up to After was given. The listing is of what changed since From, of everything for "".
	Rest  bool   `json:"r,omitempty"`
	From  string `json:"f,omitempty"`
	After string `json:"a,omitempty"`
	// Stamp is the collection's version (ctag) when all of it was given; "" for none.
	Stamp string `json:"c,omitempty"`
	// Known are the versions that were given, by name, as digests; of a collection without a change log.
	Known map[string]string `json:"-"`
	// Packed is Known as it is stored.
	Packed string `json:"k,omitempty"`
}

func (c cursor) encode() (remote.Cursor, error) {
	const op = "dav: cursor"
	if len(c.Known) > maxKnown {
		return "", pim.Errorf(op, pim.ErrTooLarge, "the collection has more than %d items, and its server has no change log (sync-collection); divide it", maxKnown)
	}
	if c.Known != nil {
		c.Packed = pack(c.Known)
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", pim.Wrap(op, pim.ErrInternal, err)
	}
	return remote.Cursor(cursorPrefix + base64.RawURLEncoding.EncodeToString(b)), nil
}

// decodeCursor reads a cursor for a view. One that is not ours, or of another scope, asks for a new start.
func decodeCursor(s remote.Cursor, view string) (c cursor, err error) {
	gone := pim.Errorf("dav: changes", pim.ErrCursorGone, "the listing has to begin anew")
	text, ok := strings.CutPrefix(string(s), cursorPrefix)
	if !ok {
		return c, gone
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil || c.View != view || c.Token == "" && c.Packed == "" {
		return cursor{}, gone
	}
	if c.Packed != "" {
		if c.Known, ok = unpack(c.Packed); !ok {
			return cursor{}, gone
		}
	}
	return c, nil
}

// pack compresses names and digests; names are random, so that it is mostly they that count.
func pack(known map[string]string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return "" // only for levels that do not exist
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		_, _ = io.WriteString(w, name+" "+known[name]+"\n") // a Buffer takes everything
	}
	_ = w.Close()
	return base64.RawStdEncoding.EncodeToString(b.Bytes())
}

func unpack(s string) (map[string]string, bool) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxCursor))
	if err != nil {
		return nil, false
	}
	known := map[string]string{}
	for l := range strings.Lines(string(text)) {
		name, digest, ok := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		if !ok || name == "" {
			return nil, false
		}
		known[name] = digest
	}
	return known, true
}

// digest is an entity tag in little room.
func digest(tag string) string {
	sum := sha256.Sum256([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// rest is what of a listing is still to be given, kept so that the next page needs no listing. A cursor works without it.
type rest struct {
	cursor remote.Cursor
	refs   []ref
}

// maxRests is how many of them a mailbox keeps.
const maxRests = 4

func (m *mailbox) keepRest(c remote.Cursor, refs []ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rests = append(m.rests, rest{c, refs})
	if n := len(m.rests) - maxRests; n > 0 {
		m.rests = slices.Delete(m.rests, 0, n)
	}
}

func (m *mailbox) restOf(c remote.Cursor) ([]ref, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.rests, func(r rest) bool { return r.cursor == c })
	if i < 0 {
		return nil, false
	}
	return m.rests[i].refs, true
}
