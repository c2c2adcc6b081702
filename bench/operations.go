package main

import (
	"fmt"
	"net/http"
	"strings"
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

func reportOn(path, depth, body string) call {
	return call{method: "REPORT", path: path, body: []byte(body), headers: []string{"Content-Type", "application/xml; charset=utf-8", "Depth", depth}}
}

// reads are the operations that leave a collection as it is, and writes those that
// do not, for calendars and address books alike.
func (w *world) reads(what string, f *folder) []*operation {
	at := counter()
	get := func() call {
		return call{method: "GET", path: f.path + f.names[at()*7919%len(f.names)]}
	}
	return []*operation{
		{name: "GET " + what, folder: f, next: get, status: http.StatusOK, members: -1, floor: w.floorGet(f)},
		{name: "PROPFIND 1 of ETags, " + what + "s", folder: f, status: http.StatusMultiStatus, members: w.size + 1,
			next: same(call{method: "PROPFIND", path: f.path, headers: []string{"Depth", "1", "Content-Type", "application/xml"},
				body: []byte(`<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`)}),
			floor: w.floorRows(`SELECT name, etag FROM objects WHERE collection_id = ? AND NOT deleted ORDER BY id`, 2, w.size, f.col.ID)},
		w.sync("nothing changed", what, f, store.SyncToken(f.col), 0),
		w.sync(fmt.Sprintf("%d changed", touched), what, f, f.before, touched),
		w.sync("all changed", what, f, f.empty, w.size),
		w.multiget(what, f),
	}
}

func (w *world) sync(how, what string, f *folder, token string, changes int) *operation {
	op := &operation{name: "sync-collection, " + how + ", " + what + "s", folder: f, status: http.StatusMultiStatus, members: changes,
		next: same(reportOn(f.path, "1", `<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:"><sync-token>`+token+
			`</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`))}
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
	name, space, data := "calendar-multiget", "urn:ietf:params:xml:ns:caldav", "calendar-data"
	if f == w.book {
		name, space, data = "addressbook-multiget", "urn:ietf:params:xml:ns:carddav", "address-data"
	}
	at := counter()
	next := func() call {
		var b strings.Builder
		fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?><C:%s xmlns:D="DAV:" xmlns:C="%s"><D:prop><D:getetag/><C:%s/></D:prop>`, name, space, data)
		n := at()
		for k := range asked {
			fmt.Fprintf(&b, "<D:href>%s%s</D:href>", f.path, f.names[(n*7919+k*(len(f.names)/asked))%len(f.names)])
		}
		fmt.Fprintf(&b, "</C:%s>", name)
		return reportOn(f.path, "1", b.String())
	}
	return &operation{name: fmt.Sprintf("multiget of %d %ss", asked, what), folder: f, next: next, status: http.StatusMultiStatus, members: asked,
		floor: w.floorTexts(f)}
}

func (w *world) writes(what string, f *folder) []*operation {
	fresh, again := counter(), counter()
	put := func() call {
		o := f.object(w.size+fresh(), 0)
		return call{method: "PUT", path: f.path + o.Name, body: o.Text, headers: []string{"Content-Type", f.mime, "If-None-Match", "*"}}
	}
	// The objects between those of fixed number and the last ones, in turn.
	const first, many = 100, 80
	update := func() call {
		n := again()
		i, revision := first+n%many, 1+n/many
		o := f.object(i, revision)
		return call{method: "PUT", path: f.path + o.Name, body: o.Text,
			headers: []string{"Content-Type", f.mime, "If-Match", `"` + store.ETag(f.object(i, revision-1).Text) + `"`}}
	}
	return []*operation{
		{name: "PUT new " + what, folder: f, next: put, status: http.StatusCreated, members: -1,
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
		span := `start="` + day(m.from) + `" end="` + day(m.until) + `"`
		for _, expand := range []bool{false, true} {
			op := &operation{name: m.name, folder: w.calendar, status: http.StatusMultiStatus, members: m.members, floor: w.floorMembers(w.calendar)}
			data := "<C:calendar-data/>"
			if expand {
				op.name, data = op.name+", expanded", "<C:calendar-data><C:expand "+span+"/></C:calendar-data>"
			}
			op.next = same(reportOn(w.calendar.path, "1", `<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>`+
				data+`</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range `+span+
				`/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`))
			ops = append(ops, op)
		}
	}
	return ops
}

// search is what a program asks while somebody types a name. No index helps: every
// card has to be looked at, here and in the floor.
func (w *world) search() *operation {
	match := `<C:text-match collation="i;unicode-casemap" match-type="contains">` + sample.SearchText + `</C:text-match>`
	body := `<?xml version="1.0" encoding="utf-8"?><C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop>` +
		`<C:filter test="anyof"><C:prop-filter name="FN">` + match + `</C:prop-filter><C:prop-filter name="NICKNAME">` + match +
		`</C:prop-filter><C:prop-filter name="EMAIL">` + match + `</C:prop-filter></C:filter></C:addressbook-query>`
	return &operation{name: fmt.Sprintf("addressbook-query by text, %d found", sample.Wanted), folder: w.book, status: http.StatusMultiStatus,
		next: same(reportOn(w.book.path, "1", body)), members: sample.Wanted,
		floor: w.floorRows(`SELECT o.name, v.text FROM objects AS o JOIN versions AS v ON v.object_id = o.id AND v.seq = o.seq
			WHERE o.collection_id = ? AND NOT o.deleted ORDER BY o.id`, 2, w.size, w.book.col.ID)}
}
