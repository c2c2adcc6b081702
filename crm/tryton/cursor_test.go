package tryton

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/remote"
)

func TestCursorReads(t *testing.T) {
	t.Parallel()
	c := cursor{1, 2, 3, 4, 5, 6, 7, 8, 9}
	if got, err := parseCursor(remote.Cursor(c.String())); err != nil || got != c {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := parseCursor(""); err != nil || got != (cursor{}) {
		t.Errorf("%+v %v", got, err)
	}
	for _, s := range []remote.Cursor{"x", "tryton1", "tryton1,1,2,3,4,5,6,7,8", "tryton1,1,2,3,4,5,6,7,8,9,10", "tryton1,1,2,3,4,5,6,7,8,x", "tryton1,1,2,3,4,5,6,7,8,9 ", "tryton2,1,2,3,4,5,6,7,8,9"} {
		if _, err := parseCursor(s); !errors.Is(err, pim.ErrCursorGone) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// table is a model of Tryton's: rows with stamps, some not visible yet because their
// transaction has not ended.
type table struct {
	clock   stamp
	rows    map[int64]stamp
	pending map[int64]stamp
}

func (m *table) tick(d time.Duration) { m.clock += stamp(d.Microseconds()) }

func (m *table) page(c cursor, size int, now time.Time) (page, map[int64]stamp) {
	p := page{asked: now}
	got := map[int64]stamp{}
	for id := c.After + 1; id <= 60 && len(got) < size; id++ {
		if s, ok := m.rows[id]; ok && s >= c.From {
			got[id] = s
			p.last, p.peak = id, max(p.peak, s)
		}
	}
	p.full = len(got) == size
	if p.full && c.After == 0 {
		for _, s := range m.rows {
			p.water = max(p.water, s)
		}
	}
	return p, got
}

// Rows change before, between and after pages, some in transactions that take a
// while. Whatever happens, every change is listed in the end, and once nothing
// changes, nothing is.
func TestCursorMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &table{clock: 1, rows: map[int64]stamp{}, pending: map[int64]stamp{}}
		real := time.UnixMilli(1_700_000_000_000)
		pass := func(d time.Duration) { m.tick(d); real = real.Add(d) }
		size := rapid.IntRange(1, 5).Draw(t, "page size")
		seen := map[int64]stamp{}
		change := func() {
			id := rapid.Int64Range(1, 60).Draw(t, "id")
			if _, open := m.pending[id]; open {
				return
			}
			if rapid.IntRange(0, 3).Draw(t, "slow") == 0 {
				m.pending[id] = m.clock
			} else {
				m.rows[id] = m.clock
			}
			pass(time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "gap")))
			for id, began := range m.pending { // none stays open longer than overlap
				if m.clock-began > stamp(overlap.Microseconds())*3/4 {
					m.rows[id] = began
					delete(m.pending, id)
				}
			}
		}
		var c cursor
		drain := func(busy int) (listed int) {
			for n := 0; ; n++ {
				if n > 500 {
					t.Fatal("a listing without an end")
				}
				p, got := m.page(c, size, real)
				for id, s := range got {
					seen[id] = s
					listed++
				}
				next, more := c.turn(p)
				if next, err := parseCursor(remote.Cursor(next.String())); err != nil {
					t.Fatal(err)
				} else {
					c = next
				}
				if !more {
					return listed
				}
				if n < busy {
					change()
				}
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			for range rapid.IntRange(0, 12).Draw(t, "changes") {
				change()
			}
			drain(rapid.IntRange(0, 6).Draw(t, "busy pages"))
		}
		for id, began := range m.pending {
			m.rows[id] = began
		}
		clear(m.pending)
		drain(0)
		for id, s := range m.rows {
			if seen[id] != s {
				t.Fatalf("row %d has stamp %d, last listed %d; cursor %+v", id, s, seen[id], c)
			}
		}
		pass(2 * overlap)
		drain(0)
		if n := drain(0); n != 0 {
			t.Fatalf("%d rows are listed although nothing changed for long; cursor %+v", n, c)
		}
	})
}

// A change while pages are read is seen before the listing ends, not only in the next.
func TestCursorCatchesUp(t *testing.T) {
	t.Parallel()
	m := &table{rows: map[int64]stamp{}}
	for id := range int64(10) {
		m.rows[id+1] = 100
	}
	now := time.UnixMilli(0)
	var c cursor
	more := true
	last := map[int64]stamp{}
	for n := 0; more; n++ {
		p, got := m.page(c, 4, now)
		for id, s := range got {
			last[id] = s
		}
		c, more = c.turn(p)
		if n == 0 {
			m.rows[2], m.rows[9], m.rows[11] = 200, 201, 202
		}
	}
	if last[2] != 200 || last[9] != 201 || last[11] != 202 || len(last) != 11 {
		t.Errorf("listed %v", last)
	}
}
