package tryton

import (
	"fmt"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// overlap is how long a transaction may take and still be seen. Tryton stamps with
// the time a transaction began, and what it wrote shows only when it ends.
const overlap = 2 * time.Minute

// cursor is what a cursor remembers. Stamps are of Tryton's clock, Risen and Began of
// ours in milliseconds; the two are never compared with each other.
//
// A listing goes by id, because ids stand still: a pass over the ids whose stamps are
// From or later. When a pass took several pages, another pass looks for what changed
// meanwhile (from Mark on), until one fits in a page. Then the listing is complete,
// and the next begins overlap before the point where this one began. Once overlap has
// gone by with nothing new, there is nothing more to wait for, and it begins just
// after the newest stamp: so a large import is not read again for ever.
type cursor struct {
	From  stamp // of this pass, inclusive; 0: everything
	After int64 // the last id of the pass so far; 0: at its start
	Mark  stamp // a stamp not later than the start of the pass
	Peak  stamp // the newest stamp seen in any pass

	Base  stamp // From of the first pass of the listing
	Floor stamp // Mark of the first pass; 0: no listing is under way
	Began int64 // when the listing began

	High  stamp // the newest stamp of all listings before
	Risen int64 // when High rose
}

func (c cursor) String() string {
	return fmt.Sprintf("tryton1,%d,%d,%d,%d,%d,%d,%d,%d,%d", c.From, c.After, c.Mark, c.Peak, c.Base, c.Floor, c.Began, c.High, c.Risen)
}

func parseCursor(s remote.Cursor) (cursor, error) {
	var c cursor
	if s == "" {
		return c, nil
	}
	n, err := fmt.Sscanf(string(s), "tryton1,%d,%d,%d,%d,%d,%d,%d,%d,%d", &c.From, &c.After, &c.Mark, &c.Peak, &c.Base, &c.Floor, &c.Began, &c.High, &c.Risen)
	if n != 9 || err != nil || c.String() != string(s) {
		return cursor{}, pim.Errorf("tryton: changes", pim.ErrCursorGone, "where the last listing ended is not known")
	}
	return c, nil
}

// page is what a cursor has to know of a page.
type page struct {
	asked time.Time // just before it was asked for
	last  int64     // the highest id in it
	peak  stamp     // the newest stamp in it
	full  bool      // there may be more
	// water is the newest stamp of the whole model, 0 when it was not asked for. It
	// is asked when the first page of a pass is full.
	water stamp
}

// turn is the cursor after a page, and whether to ask again at once.
func (c cursor) turn(p page) (next cursor, more bool) {
	n := c
	n.Peak = max(c.Peak, p.peak)
	if c.After == 0 {
		n.Mark = max(n.Peak, p.water, c.High)
	}
	if c.After == 0 && c.Floor == 0 {
		n.Base, n.Floor, n.Began = c.From, n.Mark, p.asked.UnixMilli()
	}
	if p.full {
		n.After = p.last
		return n, true
	}
	if c.After != 0 {
		n.From, n.After = n.Mark+1, 0
		return n, true
	}
	return n.settle(p.asked), false
}

// settle ends a listing.
func (c cursor) settle(now time.Time) cursor {
	n := cursor{From: c.Base, High: c.High, Risen: c.Risen}
	switch {
	case c.Peak > c.High:
		n.High, n.Risen = c.Peak, now.UnixMilli()
		n.From = max(c.Base, c.Floor-stamp(overlap.Microseconds()), 0)
	case c.Began-c.Risen >= overlap.Milliseconds() && c.High > 0:
		n.From = c.High + 1
	}
	return n
}
