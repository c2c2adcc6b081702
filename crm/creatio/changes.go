package creatio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Changes implements remote.Remote. What changed comes in several streams: the
// entity itself, its children (which move on their own), and for activities those
// of other people in which the user takes part. Each is read by stamp, from a little
// before the newest that was seen. A run with nothing new is one call.
func (c *connector) Changes(ctx context.Context, col remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	f, err := c.feed(ctx, col, s, since)
	if err != nil {
		return remote.Delta{}, err
	}
	more := true
	for more && len(f.changed) < c.pageSize {
		if more, err = f.page(ctx); err != nil {
			return remote.Delta{}, err
		}
	}
	next, err := f.cur.encode()
	if err != nil {
		return remote.Delta{}, err
	}
	return remote.Delta{Changed: f.changed, Next: next, More: more}, nil
}

// feed reads the streams of one shelf.
type feed struct {
	*connector
	s       shelf
	v       view
	cur     cursor
	changed []remote.Record
	given   map[guid]bool // in this page
	now     time.Time
}

// stream reads its next page; done says that it has no more.
type stream func(ctx context.Context) (done bool, err error)

func (c *connector) feed(ctx context.Context, col remote.CollectionID, s remote.Scope, since remote.Cursor) (*feed, error) {
	sh, kinds, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	v, err := sh.scope(ctx, s, kinds)
	if err != nil {
		return nil, err
	}
	f := &feed{connector: c, s: sh, v: v, given: map[guid]bool{}, now: c.env.Now()}
	if since == "" {
		return f, f.begin(ctx)
	}
	f.cur, err = decodeCursor(since, v.digest, f.streams(), 2+len(sh.children()))
	if err == nil && f.cur.Step >= len(f.steps()) {
		err = pim.Errorf("creatio: changes", pim.ErrCursorGone, "the listing has to begin anew")
	}
	return f, err
}

// streams counts them: the entity, its children, activities of others.
func (f *feed) streams() int { return 2 + len(f.s.children()) }

// joins reports whether other people's items can be the user's.
func (f *feed) joins() bool { return f.s.entity() == "Activity" && !f.v.AllOwners }

// begin starts a full listing. How far the other streams have come is asked first,
// so that nothing that happens meanwhile falls between them.
func (f *feed) begin(ctx context.Context) error {
	f.cur = cursor{View: f.v.digest, Full: true, High: make([]time.Time, f.streams())}
	newest := func(entity string, at int) error {
		rows, _, err := f.site.rows(ctx, entity, query{sel: []string{"Id", "ModifiedOn"}, order: "ModifiedOn desc", top: 1})
		if err == nil && len(rows) > 0 {
			f.cur.High[at] = rows[0].time("ModifiedOn")
		}
		return err
	}
	for i, k := range f.s.children() {
		if err := newest(k.entity, i+1); err != nil {
			return err
		}
	}
	if f.joins() {
		return newest(f.s.entity(), f.streams()-1)
	}
	return nil
}

func (f *feed) steps() []stream {
	steps := []stream{f.main}
	if f.cur.Full {
		if f.joins() {
			steps = append(steps, f.joined)
		}
		return steps
	}
	for i := range f.s.children() {
		steps = append(steps, func(ctx context.Context) (bool, error) { return f.childRows(ctx, i) })
	}
	if f.joins() {
		steps = append(steps, f.joinedChanged)
	}
	return steps
}

// page reads a page of the current stream and moves on when it has ended. more is
// false after the last.
func (f *feed) page(ctx context.Context) (more bool, err error) {
	steps := f.steps()
	done, err := steps[f.cur.Step](ctx)
	f.cur.prune()
	if err != nil || !done {
		return true, err
	}
	f.cur.Pos, f.cur.First = position{}, time.Time{}
	if f.cur.Step++; f.cur.Step < len(steps) {
		return true, nil
	}
	f.cur.Step, f.cur.Full = 0, false
	return false, nil
}

// from is where a stream in order of stamps is read on.
func (f *feed) from(i int) position {
	if !f.cur.Pos.Stamp.IsZero() || f.cur.High[i].IsZero() || f.cur.Full {
		return f.cur.Pos
	}
	return position{Stamp: f.cur.High[i].Add(-overlap)}
}

// ordered is the query for the next page of such a stream. Rows that share the last
// stamp are skipped by number, a few less than were seen: one of them may have
// moved on meanwhile.
func (f *feed) ordered(pos position, filter cond, sel ...string) query {
	if !pos.Stamp.IsZero() {
		filter = all(filter, since("ModifiedOn", pos.Stamp))
	}
	return query{filter: filter, sel: append([]string{"Id", "ModifiedOn"}, sel...), order: "ModifiedOn asc,Id asc", top: f.pageSize, skip: f.skip(pos)}
}

func (f *feed) skip(pos position) int { return max(0, pos.Rows-f.pageSize/4) }

// move notes how far a page of stream i came; -1 is none of the streams.
func (f *feed) move(i int, pos position, stamps []time.Time) {
	if len(stamps) == 0 {
		return
	}
	last := stamps[len(stamps)-1]
	n := 0
	for j := len(stamps) - 1; j >= 0 && stamps[j].Equal(last); j-- {
		n++
	}
	if last.Equal(pos.Stamp) {
		n = f.skip(pos) + len(stamps)
	}
	f.cur.Pos = position{Stamp: last, Rows: n}
	if i >= 0 && last.After(f.cur.High[i]) {
		f.cur.High[i] = last
	}
}

// main is the stream of the entity itself.
func (f *feed) main(ctx context.Context) (bool, error) {
	pos := f.from(0)
	b, err := f.s.records(ctx, f.ordered(pos, f.v.own), func(r row) bool {
		return f.cur.repeated(0, mark(r.id(), r), r.time("ModifiedOn"), f.now)
	})
	if err != nil {
		return false, err
	}
	f.move(0, pos, b.stamps)
	return !b.more || len(b.stamps) == 0, f.give(ctx, b.items)
}

// childRows is the stream of a child entity: it leads to items whose own stamp did
// not move.
func (f *feed) childRows(ctx context.Context, i int) (bool, error) {
	k, pos := f.s.children()[i], f.from(i+1)
	rows, more, err := f.site.rows(ctx, k.entity, f.ordered(pos, f.v.ofChildren(k), k.nav+"Id"))
	if err != nil {
		return false, err
	}
	var parents []guid
	var stamps []time.Time
	for _, r := range rows {
		stamps = append(stamps, r.time("ModifiedOn"))
		if !f.cur.repeated(i+1, mark(r.id(), r), r.time("ModifiedOn"), f.now) {
			parents = append(parents, r.ref(k.nav+"Id"))
		}
	}
	f.move(i+1, pos, stamps)
	return !more || len(rows) == 0, f.bring(ctx, parents)
}

// joined lists, in a full listing, the activities of others in which the user takes
// part.
func (f *feed) joined(ctx context.Context) (bool, error) {
	pos := f.cur.Pos
	filter := f.v.spell.is("Participant", "eq", f.v.me)
	if f.v.deep {
		filter = all(filter, behind("Activity", f.v.shared))
	}
	q := f.ordered(pos, filter, "ActivityId")
	q.expand = parentExpand
	rows, more, err := f.site.rows(ctx, "ActivityParticipant", q)
	if err != nil {
		return false, err
	}
	var parents []guid
	var stamps []time.Time
	for _, r := range rows {
		stamps = append(stamps, r.time("ModifiedOn"))
		if f.others(r) {
			parents = append(parents, r.ref("ActivityId"))
		}
	}
	f.move(-1, pos, stamps)
	return !more || len(rows) == 0, f.bring(ctx, parents)
}

// parentExpand shows whose activity a participant belongs to, and its stamp.
const parentExpand = "Activity($select=Id,ModifiedOn,OwnerId)"

// others reports a participant of somebody else's activity. The owner takes part in
// each of his own.
func (f *feed) others(r row) bool { return r.sub("Activity").ref("OwnerId") != f.v.me }

// joinedChanged is the stream of such activities that changed. Its rows are
// participants, so they do not come in order of the activities' stamps; how far it
// has come is the newest stamp of its first page, since whatever changed after that
// page was read is newer.
func (f *feed) joinedChanged(ctx context.Context) (bool, error) {
	at := f.streams() - 1
	from := f.cur.High[at].Add(-overlap)
	if f.cur.High[at].IsZero() {
		from = time.Time{}
	}
	filter, q := f.v.spell.is("Participant", "eq", f.v.me), query{sel: []string{"Id", "CreatedOn", "ActivityId"}}
	if f.v.deep {
		if !from.IsZero() {
			filter = all(filter, behind("Activity", since("ModifiedOn", from)))
		}
	}
	q.filter, q.expand, q.order, q.top, q.skip = filter, parentExpand, "CreatedOn asc,Id asc", f.pageSize, f.skip(f.cur.Pos)
	rows, more, err := f.site.rows(ctx, "ActivityParticipant", q)
	if err != nil {
		return false, err
	}
	first := f.cur.Pos.Rows == 0
	f.cur.Pos.Rows = q.skip + len(rows)
	var parents []guid
	for _, r := range rows {
		a := r.sub("Activity")
		stamp := a.time("ModifiedOn")
		if first && stamp.After(f.cur.First) {
			f.cur.First = stamp
		}
		if f.others(r) && !stamp.Before(from) && !f.cur.repeated(at, mark(a.id(), a), stamp, f.now) {
			parents = append(parents, a.id())
		}
	}
	if err := f.bring(ctx, parents); err != nil {
		return false, err
	}
	done := !more || len(rows) == 0
	if done && f.cur.First.After(f.cur.High[at]) {
		f.cur.High[at] = f.cur.First
	}
	return done, nil
}

// bring loads items that a stream led to and gives those of the view.
func (f *feed) bring(ctx context.Context, ids []guid) error {
	var fresh []guid
	seen := map[guid]bool{}
	for _, id := range ids {
		if id != "" && !seen[id] && !f.given[id] {
			seen[id] = true
			fresh = append(fresh, id)
		}
	}
	items, err := f.byIDs(ctx, f.s, fresh)
	if err != nil {
		return err
	}
	var out []loaded
	for _, x := range items {
		if f.v.has(x) {
			out = append(out, x)
		}
	}
	return f.give(ctx, out)
}

// give adds items to the page that are in the view's folders, each once.
func (f *feed) give(ctx context.Context, items []loaded) error {
	in, err := f.among(ctx, items)
	if err != nil {
		return err
	}
	for _, x := range items {
		if !f.given[x.id] && in(x.id) {
			f.given[x.id] = true
			f.changed = append(f.changed, x.rec)
		}
	}
	return nil
}

// mark identifies a version of a row, in little room.
func mark(id guid, r row) string {
	sum := sha256.Sum256([]byte(string(id) + "@" + r.text("ModifiedOn")))
	return hex.EncodeToString(sum[:5])
}
