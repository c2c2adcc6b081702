package graph

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"

	"crmbridge/pim"
	"crmbridge/remote"
)

// cursor says how far a collection was read. It is opaque to the relay.
type cursor struct {
	// Link is Graph's nextLink or deltaLink; "" begins.
	Link string `json:"l,omitempty"`
	// Full: everything is being listed, from the beginning.
	Full bool `json:"f,omitempty"`
	// Pages is how many were read since the last deltaLink, or since Since.
	Pages int `json:"n,omitempty"`
	// Window is that of Link: Graph's token has it for good, so that another one asks for a fresh token.
	Window string `json:"w,omitempty"`
	// Since is from when all mail is followed, High the latest change on the pages that were read, as Graph writes times. Window is
	// then what it was limited to.
	Since string `json:"s,omitempty"`
	High  string `json:"h,omitempty"`
}

// cursorPrefix names the format.
const cursorPrefix = "g1."

func (c cursor) encode() (remote.Cursor, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", pim.Wrap("graph: cursor", pim.ErrInternal, err)
	}
	return remote.Cursor(cursorPrefix + base64.RawURLEncoding.EncodeToString(b)), nil
}

func decodeCursor(s remote.Cursor) (c cursor, err error) {
	gone := pim.Errorf("graph: changes", pim.ErrCursorGone, "the listing has to begin anew")
	text, ok := strings.CutPrefix(string(s), cursorPrefix)
	if !ok {
		return c, gone
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return cursor{}, gone
	}
	return c, nil
}

// links are the deltaLinks by which collections were last read to the end, for Watch to look at. They are a memory only: without
// one Watch reads the collection itself.
type links struct {
	mu sync.Mutex
	of map[remote.CollectionID]string
}

func (l *links) note(c remote.CollectionID, link string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[remote.CollectionID]string{}
	}
	l.of[c] = link
}

func (l *links) last(c remote.CollectionID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[c]
}
