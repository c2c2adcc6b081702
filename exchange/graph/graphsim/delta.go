package graphsim

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// entry is something that a delta tells of: an item or folder, or an occurrence of an item.
type entry struct {
	no    uint32
	place uint32 // stay in the folder; 0 for folders
	day   int
}

// source is a collection whose changes are tracked.
type source struct {
	key      string // which collection it is
	typ      string
	box      *mailbox
	visible  func(v *view) ([]entry, map[entry]uint64) // what is in it now, and when each changed last
	outside  func(since uint64) []entry                // what changed near by, of which live deltas tell as removed
	render   func(e entry, v *view) object             // nil when it is gone meanwhile
	id       func(e entry) string
	from, to time.Time // of a calendar view
}

// round is the state behind a token. A state is never changed: a token that is used twice gives the same twice.
type round struct {
	key      string
	view     *view
	from, to time.Time
	since    uint64           // changes up to here are known to the client
	seen     map[entry]uint64 // what the client has
	pending  []entry          // what is still to be told in this round; nil in a state that ends one
	known    map[entry]uint64 // what the client will have at the end of this round
	upto     uint64           // seen will be of this change
	first    bool             // nothing of the round was sent yet
	last     *entry           // what was sent last
	gone     int              // the status with which the token is refused; 0 is good
}

// remember gives a state a token. The oldest ones go.
func (s *Sim) remember(b *mailbox, r *round) string {
	token := rand.Text() + rand.Text()
	b.rounds[token] = r
	b.tokens = append(b.tokens, token)
	for len(b.tokens) > s.opt.DeltaStates {
		delete(b.rounds, b.tokens[0])
		b.tokens = b.tokens[1:]
	}
	return token
}

// delta answers a page of changes.
func (s *Sim) delta(req *request, src source) (answer, *refusal) {
	if req.method != http.MethodGet {
		return answer{}, noMethod()
	}
	token := orText(req.query.Get("$deltatoken"), req.query.Get("$skiptoken"))
	if token == "" {
		v, r := s.deltaView(req, src.typ)
		if r != nil {
			return answer{}, r
		}
		return s.deltaPage(req, src, s.begin(src, &round{key: src.key, view: v, from: src.from, to: src.to}))
	}
	st := src.box.rounds[token]
	switch {
	case st == nil:
		return answer{}, s.syncStateGone(req, http.StatusGone, nil)
	case st.gone != 0:
		return answer{}, s.syncStateGone(req, st.gone, st)
	case st.key != src.key:
		return answer{}, badRequest("The sync state is of another collection.")
	}
	if st.pending == nil {
		st = s.begin(src, st)
	}
	return s.deltaPage(req, src, st)
}

// deltaView reads the query options that a delta takes: none for calendar views.
func (s *Sim) deltaView(req *request, typ string) (*view, *refusal) {
	allowed := map[string][]string{"contact": {"$select"}, "todoTask": {"$select", "$top", "$expand"}, "todoTaskList": {"$select"},
		"mailFolder": {"$select"}, "message": {"$select", "$top", "$expand", "$filter", "$orderby"}}[typ]
	for name := range req.query {
		if strings.HasPrefix(name, "$") && !slices.Contains(allowed, name) && name != "$deltatoken" {
			return nil, refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The following parameters are not supported with change tracking over the '%s' resource: '%s'.", typ, name)
		}
	}
	req.query.Del("$deltatoken") // an empty one asks for a new beginning
	v, r := s.view(req, typ)
	if r == nil && typ == "message" {
		r = deltaOptions(req, v)
	}
	return v, r
}

// begin finds what is to be told since a state.
func (s *Sim) begin(src source, st *round) *round {
	order, now := src.visible(st.view)
	next := &round{key: st.key, view: st.view, from: st.from, to: st.to, since: st.since, seen: st.seen, known: now,
		upto: src.box.change, first: st.seen == nil, pending: []entry{}}
	for _, e := range order {
		_, had := st.seen[e]
		what := "updated"
		if !had {
			what = "created"
		}
		if (!had || now[e] > st.since) && st.wants(what) {
			next.pending = append(next.pending, e)
		}
	}
	if st.seen == nil {
		return next
	}
	var gone []entry
	for e := range st.seen {
		if _, still := now[e]; !still {
			gone = append(gone, e)
		}
	}
	for _, e := range src.outside(st.since) {
		_, has := now[e]
		if _, had := st.seen[e]; !has && !had {
			gone = append(gone, e)
		}
	}
	if st.wants("deleted") {
		next.pending = append(next.pending, src.left(gone, order)...)
	}
	switch {
	case len(next.pending) == 0:
		next.known = st.seen // the same map: thousands of quiet rounds cost nothing
	case !s.opt.Calm && len(order) > 0 && !slices.Contains(next.pending, order[0]):
		next.pending = append(next.pending, order[0]) // a replay of what has not changed
	}
	return next
}

// left are those of the entries that are gone whose ids nothing has that is there: what went and came back has the same
// immutable id.
func (src source) left(gone, there []entry) []entry {
	if len(gone) == 0 {
		return nil
	}
	ids := map[string]bool{}
	for _, e := range there {
		ids[src.id(e)] = true
	}
	return slices.DeleteFunc(gone, func(e entry) bool { return ids[src.id(e)] })
}

// wants says whether a kind of change is to be told. The first round tells of all there is, whatever was asked for.
func (r *round) wants(what string) bool {
	return r.seen == nil || r.view.change == "" || r.view.change == what
}

// deltaPage answers one page of a round. Unless the simulator is calm, the first page of all is empty, and each later
// one tells the last of the one before again: both are documented, and clients have to take them.
func (s *Sim) deltaPage(req *request, src source, st *round) (answer, *refusal) {
	size := s.opt.PageSize
	switch {
	case st.view.top > 0:
		size = st.view.top
	case req.prefer.page > 0:
		size = min(req.prefer.page, maxTop)
	}
	next := *st
	next.first = false
	var tell []entry
	if s.opt.Calm || !st.first {
		tell = st.pending[:min(size, len(st.pending))]
		next.pending = st.pending[len(tell):]
	}
	if len(tell) > 0 {
		next.last = &tell[len(tell)-1]
	}
	if st.last != nil && !s.opt.Calm {
		tell = append([]entry{*st.last}, tell...)
	}
	value := make([]any, 0, len(tell))
	for _, e := range tell {
		value = append(value, src.show(e, st))
	}
	body := object{"@odata.context": req.context("Collection(" + src.typ + ")"), "value": value}
	path, _, _ := strings.Cut(req.raw, "?")
	if len(next.pending) > 0 || st.first && !s.opt.Calm {
		body["@odata.nextLink"] = req.host + path + "?$skiptoken=" + s.remember(src.box, &next)
		return ok(body), nil
	}
	body["@odata.deltaLink"] = req.host + path + "?$deltatoken=" + s.remember(src.box,
		&round{key: st.key, view: st.view, from: st.from, to: st.to, since: st.upto, seen: st.known})
	return ok(body), nil
}

// show tells of one entry: as it is now, or that it is removed. What left meanwhile is told so, and again in the next round.
func (src source) show(e entry, st *round) object {
	if _, visible := st.known[e]; visible {
		if o := src.render(e, st.view); o != nil {
			if o["@odata.type"] == nil {
				o["@odata.type"] = "#microsoft.graph." + src.typ
			}
			return o
		}
	}
	return object{"@odata.type": "#microsoft.graph." + src.typ, "id": src.id(e), "@removed": object{"reason": "deleted"}}
}

// syncStateGone is the end of a token: clients have to begin anew. 410 says where.
func (s *Sim) syncStateGone(req *request, status int, st *round) *refusal {
	r := refuse(status, "SyncStateNotFound", "The sync state generation is not found; generation=1;[highest=9][9][8][7].")
	if status != http.StatusGone {
		r.code = "syncStateNotFound"
		return r
	}
	path, _, _ := strings.Cut(req.raw, "?")
	where := req.host + path + "?$deltatoken="
	if st != nil && !st.from.IsZero() {
		where += "&startDateTime=" + stamp(st.from) + "&endDateTime=" + stamp(st.to)
	}
	r.header = map[string]string{"Location": where}
	return r
}

// ExpireDelta makes all delta and page tokens of a mailbox end with a status, 410 or another of 400 to 499.
func (s *Sim) ExpireDelta(user string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxOf(user); b != nil {
		for _, st := range b.rounds {
			st.gone = status
		}
	}
}
