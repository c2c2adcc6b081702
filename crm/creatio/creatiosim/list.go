package creatiosim

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// list answers GET on an entity set.
func (s *Sim) list(rq *request, e *entity) answer {
	opts, bad := splitOptions(rq.query)
	if bad != nil {
		return s.refuse(bad)
	}
	q, bad := s.parseQuery(opts, e, "$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$format")
	if bad == nil {
		bad = s.selectedFilter(&q, e)
	}
	if bad != nil {
		return s.refuse(bad)
	}
	w := &writer{s: s, who: rq.user, plain: rq.plainMeta()}
	b := []byte(`{"@odata.context":`)
	b = appendText(b, rq.base+"$metadata#"+e.name+shape(&q))
	s.db.view(func() {
		t := s.db.tables[e.name]
		limit := s.opt.MaxRows
		if q.top >= 0 {
			limit = min(limit, q.top)
		}
		page := limit
		if s.opt.PageSize > 0 {
			page = min(page, s.opt.PageSize)
		}
		rows, total := s.matching(t, &q, rq.user, q.skip+page+1)
		if q.count {
			b = fmt.Appendf(b, `,"@odata.count":%d`, total)
		}
		rows = rows[min(q.skip, len(rows)):]
		more := len(rows) > page && page < limit // the row limit itself cuts silently
		b = append(b, `,"value":[`...)
		for i, r := range rows[:min(page, len(rows))] {
			if i > 0 {
				b = append(b, ',')
			}
			b = w.appendRow(b, e, r, &q, "")
		}
		b = append(b, ']')
		if more {
			b = append(b, `,"@odata.nextLink":`...)
			b = appendText(b, rq.base+e.name+"?"+nextPage(opts, q.skip+page, q.top, page))
		}
	})
	return answer{status: 200, typ: rq.jsonType(), body: append(b, '}')}
}

// shape is the part of the context URL that says which columns were selected, (Id,Title,Owner(Id,Name)).
func shape(q *query) string {
	if q.selects == nil && len(q.expands) == 0 {
		return ""
	}
	var parts []string
	for _, c := range q.selects {
		parts = append(parts, c.name)
	}
	for _, x := range q.expands {
		sub := shape(&x.query)
		if sub == "" {
			sub = "()"
		}
		parts = append(parts, x.name+sub)
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// nextPage is the query of the following page: the same options, further on, and with what is left of $top.
func nextPage(opts options, skip, top, page int) string {
	v := url.Values{}
	for name, value := range opts {
		v.Set(name, value)
	}
	v.Set("$skip", strconv.Itoa(skip))
	if top >= 0 {
		v.Set("$top", strconv.Itoa(top-page))
	}
	return v.Encode()
}

// matching returns the rows that match, in order, at least the first need of them, and how many there are when the query
// counts. The caller holds the lock.
func (s *Sim) matching(t *table, q *query, who *account, need int) (rows []*row, total int) {
	cand, modOrder := t.candidates(q.filter)
	matches := func(r *row) bool { return s.visible(who, t.ent, r) && q.filter.match(s.db, r) }
	streams, backward := q.streamsInModOrder()
	if len(q.order) == 0 && modOrder && 4*len(cand) >= len(t.order) {
		// Rows without an order come by id: walking that index beats sorting much of the table.
		cand, streams = t.order, true
	}
	if modOrder && streams {
		for i := range cand {
			r := cand[i]
			if backward {
				r = cand[len(cand)-1-i]
			}
			if !matches(r) {
				continue
			}
			total++
			if len(rows) < need {
				rows = append(rows, r)
			} else if !q.count {
				break
			}
		}
		return rows, total
	}
	for _, r := range cand {
		if matches(r) {
			rows = append(rows, r)
		}
	}
	s.sortRows(rows, q.order)
	return rows, len(rows)
}

// streamsInModOrder says whether the wanted order is that of the ModifiedOn index, forward or backward.
func (q *query) streamsInModOrder() (ok, backward bool) {
	if len(q.order) == 0 || len(q.order) > 2 || q.order[0].col.pos != colModifiedOn {
		return false, false
	}
	backward = q.order[0].desc
	if len(q.order) == 2 && (q.order[1].col.pos != colID || q.order[1].desc != backward) {
		return false, false
	}
	return true, backward
}

// sortRows orders rows by keys and then by id; without keys by id, which is how the database happens to return them.
func (s *Sim) sortRows(rows []*row, keys []orderKey) {
	type sortable struct {
		row  *row
		vals []any
	}
	items := make([]sortable, len(rows))
	for i, r := range rows {
		items[i].row = r
		for _, k := range keys {
			v := orDefault(r, k.col)
			if text, ok := v.(string); ok {
				v = strings.ToLower(strings.TrimRight(text, " ")) // once per row instead of once per comparison
			}
			items[i].vals = append(items[i].vals, v)
		}
	}
	slices.SortFunc(items, func(a, b sortable) int {
		for i, k := range keys {
			c := 0
			if x, ok := a.vals[i].(string); ok {
				c = strings.Compare(x, b.vals[i].(string))
			} else {
				c = compareValues(a.vals[i], b.vals[i], s.opt.Postgres)
			}
			if c != 0 && k.desc {
				return -c
			}
			if c != 0 {
				return c
			}
		}
		return byKey(a.row, b.row)
	})
	for i := range items {
		rows[i] = items[i].row
	}
}

// orDefault is a row's value as the database has it.
func orDefault(r *row, c *column) any {
	if v := r.vals[c.pos]; v != nil {
		return v
	}
	return defaultOf(c.kind)
}

// pick applies a nested query to the rows of a collection.
func (s *Sim) pick(t *table, rows []*row, q *query, who *account) []*row {
	rows = slices.DeleteFunc(rows, func(r *row) bool { return !s.visible(who, t.ent, r) || !q.filter.match(s.db, r) })
	if len(q.order) > 0 {
		s.sortRows(rows, q.order)
	}
	rows = rows[min(q.skip, len(rows)):]
	if q.top >= 0 {
		rows = rows[:min(q.top, len(rows))]
	}
	return rows
}

// visible says whether who may see r. The caller holds the lock. Without full rights people see the activities they own
// or wrote and what hangs on those; the other entities are open to all, as in a standard installation.
func (s *Sim) visible(who *account, e *entity, r *row) bool {
	if who.FullRights {
		return true
	}
	switch e.name {
	case "Activity":
		me := who.contact
		return r.ref(s.col.owner) == me || r.ref(s.col.author) == me || r.ref(colCreatedBy) == me
	case "ActivityParticipant", "ActivityFile":
		acts := s.db.tables["Activity"]
		parent := acts.byID[r.ref(e.byName["ActivityId"].pos)]
		return parent != nil && s.visible(who, acts.ent, parent)
	}
	return true
}
