package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"crmbridge/bench/sample"
	"crmbridge/store"
)

// operations are all rows of one world; those that change it come last.
func (w *world) operations() []*operation {
	ops := append(w.reads("event", w.calendar), w.months()...)
	ops = append(append(ops, w.reads("card", w.book)...), w.search())
	return append(append(ops, w.writes("event", w.calendar)...), w.writes("card", w.book)...)
}

// same is the request that does not change from round to round.
func same(c call) func() call { return func() call { return c } }

// counter gives 0, 1, 2 … to callers on any goroutine.
func counter() func() int {
	var n atomic.Int64
	return func() int { return int(n.Add(1) - 1) }
}

// reads are the operations that leave a collection as it is, and writes those that
// do not, for calendars and address books alike.
func (w *world) reads(what string, f *folder) []*operation {
	at := counter()
	some := func() call { return get(f.path + f.names[at()*7919%len(f.names)]) }
	return []*operation{
		{name: "GET " + what, folder: f, next: some, status: http.StatusOK, members: -1, floor: w.floorGet(f)},
		{name: "PROPFIND 1 of ETags, " + what + "s", folder: f, status: http.StatusMultiStatus, members: w.size + 1,
			next:  same(propfind(f.path, "1", "<getetag/>")),
			floor: w.floorRows(`SELECT name, etag FROM objects WHERE collection_id = ? AND NOT deleted ORDER BY id`, 2, w.size, f.col.ID)},
		w.sync("nothing changed", what, f, store.SyncToken(f.col), 0),
		w.sync(fmt.Sprintf("%d changed", touched), what, f, f.before, touched),
		w.sync("all changed", what, f, f.empty, w.size),
		w.multiget(what, f),
	}
}

func (w *world) sync(how, what string, f *folder, token string, changes int) *operation {
	op := &operation{name: "sync-collection, " + how + ", " + what + "s", folder: f, status: http.StatusMultiStatus, members: changes,
		next: same(syncReport(f.path, token))}
	if changes == 0 {
		op.members = -1
		op.floor = w.floorRows(`SELECT seq, epoch FROM collections WHERE id = ?`, 2, 1, f.col.ID)
		return op
	}
	since := int64(f.col.Seq) - int64(changes)
	if changes == w.size {
		since = 0
	}
	op.floor = w.floorRows(`SELECT name, etag FROM objects WHERE collection_id = ? AND seq > ? AND NOT deleted ORDER BY seq`, 2, changes, f.col.ID, since)
	return op
}

// asked is how many objects a multiget names, as many as clients do.
const asked = 100

func (w *world) multiget(what string, f *folder) *operation {
	at := counter()
	next := func() call {
		n, hrefs := at(), make([]string, asked)
		for k := range hrefs {
			hrefs[k] = f.path + f.names[(n*7919+k*(len(f.names)/asked))%len(f.names)]
		}
		return multigetOf(f.path, f.words, hrefs)
	}
	return &operation{name: fmt.Sprintf("multiget of %d %ss", asked, what), folder: f, next: next, status: http.StatusMultiStatus, members: asked,
		floor: w.floorTexts(f)}
}

func (w *world) writes(what string, f *folder) []*operation {
	fresh, again := counter(), counter()
	create := func() call { return put(f.path, f.mime, f.object(w.size+fresh(), 0), "") }
	// The objects between those of fixed number and the last ones, in turn.
	const first, many = 100, 80
	update := func() call {
		n := again()
		i, revision := first+n%many, 1+n/many
		return put(f.path, f.mime, f.object(i, revision), `"`+store.ETag(f.object(i, revision-1).Text)+`"`)
	}
	return []*operation{
		{name: "PUT new " + what, folder: f, next: create, status: http.StatusCreated, members: -1,
			floor: w.floorWrite(`INSERT INTO floor (text, name) VALUES (?, ?)`, http.StatusCreated, func(n int) string { return fmt.Sprintf("new %s %d", what, n) })},
		{name: "PUT update of " + what, folder: f, next: update, status: http.StatusNoContent, members: -1,
			floor: w.floorWrite(`UPDATE floor SET text = ? WHERE name = ?`, http.StatusNoContent, func(n int) string { return floorName(n % floorRows) })},
	}
}

// The months that are asked for. The steady one has the same events in a calendar of
// any size; the usual one has a part of all.
func (w *world) months() []*operation {
	var c sample.Calendar
	var ops []*operation
	steady, end := c.SteadyMonth()
	usual, usualEnd := c.UsualMonth()
	for _, m := range []struct {
		name        string
		from, until time.Time
		members     int
	}{
		{fmt.Sprintf("calendar-query, a month with %d events", sample.Standing+sample.Steady), steady, end, sample.Standing + sample.Steady},
		{"calendar-query, a month with 1/24 of all", usual, usualEnd, 0},
	} {
		for _, expand := range []bool{false, true} {
			op := &operation{name: m.name, folder: w.calendar, status: http.StatusMultiStatus, members: m.members, floor: w.floorMembers(w.calendar)}
			if expand {
				op.name += ", expanded"
			}
			op.next = same(month(w.calendar.path, m.from, m.until, expand))
			ops = append(ops, op)
		}
	}
	return ops
}

// search is what a program asks while somebody types a name. No index helps: every
// card has to be looked at, here and in the floor.
func (w *world) search() *operation {
	return &operation{name: fmt.Sprintf("addressbook-query by text, %d found", sample.Wanted), folder: w.book, status: http.StatusMultiStatus,
		next: same(searchFor(w.book.path, "i;unicode-casemap")), members: sample.Wanted,
		floor: w.floorRows(`SELECT o.name, v.text FROM objects AS o JOIN versions AS v ON v.object_id = o.id AND v.seq = o.seq
			WHERE o.collection_id = ? AND NOT o.deleted ORDER BY o.id`, 2, w.size, w.book.col.ID)}
}
