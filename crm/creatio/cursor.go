package creatio

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// overlap is how far back each listing begins before what was already seen: a
// write gets its stamp before it is committed, and long ones commit late.
const overlap = time.Minute

// settling is how long a row must have been known before it is left out of the
// overlap: two changes may share a stamp when they are close together.
const settling = 5 * time.Second

// maxSights bounds the rows remembered for the overlap.
const maxSights = 400

// cursor says how far each stream of changes was read. It is opaque to the relay.
type cursor struct {
	View string `json:"w"`
	// Full: everything is being listed, from the empty cursor.
	Full bool `json:"f,omitempty"`
	// Step is the stream being read, Pos where in it.
	Step int      `json:"s,omitempty"`
	Pos  position `json:"p,omitzero"`
	// High is, per stream, the stamp up to which everything was seen; First the
	// newest stamp on the first page of a stream that is not in order of stamps.
	High  []time.Time `json:"h"`
	First time.Time   `json:"t,omitzero"`
	Seen  []sight     `json:"m,omitempty"`
}

// position is a place in a stream: the last stamp, and how many rows with it (or,
// in a stream that is not in order of stamps, rows in all) were seen.
type position struct {
	Stamp time.Time `json:"t,omitzero"`
	Rows  int       `json:"n,omitempty"`
}

// sight is a row seen in the overlap of a stream.
type sight struct {
	Stream int       `json:"s"`
	Mark   string    `json:"k"`
	Stamp  time.Time `json:"t"`
	Since  int64     `json:"a"` // when it was first seen (Unix seconds); 0 when it is settled
}

// cursorPrefix names the format.
const cursorPrefix = "c1."

func (c cursor) encode() (remote.Cursor, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", pim.Wrap("creatio: cursor", pim.ErrInternal, err)
	}
	return remote.Cursor(cursorPrefix + base64.RawURLEncoding.EncodeToString(b)), nil
}

// decodeCursor reads a cursor for a view with so many streams. One that is not ours,
// or that belongs to another scope, asks for a new start.
func decodeCursor(s remote.Cursor, view string, streams, steps int) (c cursor, err error) {
	gone := pim.Errorf("creatio: changes", pim.ErrCursorGone, "the listing has to begin anew")
	text, ok := strings.CutPrefix(string(s), cursorPrefix)
	if !ok {
		return c, gone
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, gone
	}
	if c.View != view || len(c.High) != streams || c.Step < 0 || c.Step >= steps || c.Pos.Rows < 0 || len(c.Seen) > 2*maxSights {
		return c, gone
	}
	for _, s := range c.Seen {
		if s.Stream < 0 || s.Stream >= streams {
			return c, gone
		}
	}
	return c, nil
}

// repeated notes a row and reports whether it was seen before and long enough ago
// to be left out now.
func (c *cursor) repeated(stream int, mark string, stamp, now time.Time) bool {
	i := slices.IndexFunc(c.Seen, func(s sight) bool { return s.Stream == stream && s.Mark == mark })
	if i < 0 {
		c.Seen = append(c.Seen, sight{stream, mark, stamp, now.Unix()})
		return false
	}
	s := &c.Seen[i]
	if s.Since == 0 {
		return true
	}
	if now.Sub(time.Unix(s.Since, 0)) >= settling {
		s.Since = 0
	}
	return false
}

// prune forgets what no later overlap can show.
func (c *cursor) prune() {
	c.Seen = slices.DeleteFunc(c.Seen, func(s sight) bool { return s.Stamp.Before(c.High[s.Stream].Add(-overlap)) })
	if n := len(c.Seen); n > maxSights {
		c.Seen = slices.Clone(c.Seen[n-maxSights:])
	}
}
