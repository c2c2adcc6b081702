package creatio

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// maxPage is the largest $top: MaxEntityRowCount cuts longer answers silently.
const maxPage = 500

// query is a question for rows of an entity.
type query struct {
	filter cond
	sel    []string
	expand string
	order  string
	top    int
	skip   int
}

func (q query) values() url.Values {
	v := url.Values{}
	set := func(name, s string) {
		if s != "" {
			v.Set(name, s)
		}
	}
	var sel []string
	for _, col := range slices.Concat(q.sel, q.filter.cols) {
		if !slices.Contains(sel, col) {
			sel = append(sel, col)
		}
	}
	set("$select", strings.Join(sel, ","))
	set("$filter", q.filter.text)
	set("$expand", q.expand)
	set("$orderby", q.order)
	if q.top > 0 {
		v.Set("$top", strconv.Itoa(q.top))
	}
	if q.skip > 0 {
		v.Set("$skip", strconv.Itoa(q.skip))
	}
	return v
}

// rows asks for rows. more says that there are others: the page is full, or the
// server cut it (then it gives a link, whose address behind a proxy need not be
// ours, so it is not followed).
func (s *site) rows(ctx context.Context, entity string, q query) (rows []row, more bool, err error) {
	base, err := s.base(ctx)
	if err != nil {
		return nil, false, err
	}
	op := "creatio: list " + entity
	resp, err := s.call(ctx, upstream.Request{Op: op, Path: base + entity, Query: q.values()})
	if err != nil {
		return nil, false, err
	}
	if !resp.OK() || resp.HTML() {
		return nil, false, s.explain(op, resp, false)
	}
	return decodeRows(op, resp, q.top)
}

func decodeRows(op string, resp *upstream.Response, top int) (rows []row, more bool, err error) {
	var page struct {
		Value []row  `json:"value"`
		Next  string `json:"@odata.nextLink"`
	}
	if err := resp.JSON(op, &page); err != nil {
		return nil, false, err
	}
	if page.Value == nil {
		return nil, false, pim.Errorf(op, pim.ErrProtocol, "the answer holds no rows")
	}
	return page.Value, page.Next != "" || top > 0 && len(page.Value) >= top, nil
}

// every asks for all rows of a small list.
func (s *site) every(ctx context.Context, entity string, q query) ([]row, error) {
	q.top = maxPage
	if q.order == "" {
		q.order = "Id asc"
	}
	var out []row
	for {
		rows, more, err := s.rows(ctx, entity, q)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
		if !more || len(rows) == 0 {
			return out, nil
		}
		q.skip += len(rows)
	}
}

// count asks how many rows meet a condition.
func (s *site) count(ctx context.Context, entity string, filter cond) (int, error) {
	base, err := s.base(ctx)
	if err != nil {
		return 0, err
	}
	op := "creatio: count " + entity
	q := query{filter: filter, sel: []string{"Id"}, order: "Id asc", top: 1}.values()
	q.Set("$count", "true")
	resp, err := s.call(ctx, upstream.Request{Op: op, Path: base + entity, Query: q})
	if err != nil {
		return 0, err
	}
	if !resp.OK() || resp.HTML() {
		return 0, s.explain(op, resp, false)
	}
	var page struct {
		Count *int `json:"@odata.count"`
	}
	if err := resp.JSON(op, &page); err != nil {
		return 0, err
	}
	if page.Count == nil {
		return 0, pim.Errorf(op, pim.ErrProtocol, "the answer holds no count")
	}
	return *page.Count, nil
}

// one asks for a row by id; found is false when it does not exist or may not be
// seen, between which OData makes no difference.
func (s *site) one(ctx context.Context, entity string, id guid, q query) (r row, found bool, err error) {
	base, err := s.base(ctx)
	if err != nil {
		return nil, false, err
	}
	op := "creatio: read " + entity
	resp, err := s.call(ctx, upstream.Request{Op: op, Path: base + entity + "(" + string(id) + ")", Query: q.values()})
	switch {
	case err != nil:
		return nil, false, err
	case resp.Status == http.StatusNotFound:
		return nil, false, nil
	case !resp.OK() || resp.HTML():
		return nil, false, s.explain(op, resp, false)
	}
	if err := resp.JSON(op, &r); err != nil {
		return nil, false, err
	}
	if r.id() != id {
		return nil, false, pim.Errorf(op, pim.ErrProtocol, "the answer is not the record asked for")
	}
	return r, true, nil
}

// insert makes a row whose id is given, so that a repeated request cannot make a
// second one. made is false when the id was there already.
func (s *site) insert(ctx context.Context, entity string, r row) (made bool, err error) {
	err = s.write(ctx, "creatio: create "+entity, http.MethodPost, entity, r)
	if err == nil {
		return true, nil
	}
	switch pim.ReasonOf(err) {
	case pim.ErrExists, pim.ErrRefused, pim.ErrConflict:
		// The text of the database differs from site to site: what counts is
		// whether the row is there.
		_, found, ferr := s.one(ctx, entity, r.id(), query{sel: []string{"Id"}})
		switch {
		case ferr != nil:
			// It may be there: a definite answer would be believed.
			return false, &pim.Error{Op: "creatio: create " + entity, Kind: pim.ErrUnavailable, After: pim.RetryAfter(ferr), Err: opaque(ferr),
				Public: "Creatio does not tell whether it has the record: " + pim.PublicText(ferr)}
		case found:
			return false, nil
		}
	case pim.ErrNotFound:
		// It is the entity that is not found, not a record.
		return false, &pim.Error{Op: "creatio: create " + entity, Kind: pim.ErrForbidden, Err: opaque(err),
			Public: "Creatio does not offer " + entity + " to the connected user"}
	}
	return false, err
}

// update changes columns of a row. Repeating it does no harm.
func (s *site) update(ctx context.Context, entity string, id guid, r row) error {
	if len(r) == 0 {
		return nil
	}
	return s.write(ctx, "creatio: change "+entity, http.MethodPatch, entity+"("+string(id)+")", r)
}

// remove deletes a row.
func (s *site) remove(ctx context.Context, entity string, id guid) error {
	return s.write(ctx, "creatio: delete "+entity, http.MethodDelete, entity+"("+string(id)+")", nil)
}

func (s *site) write(ctx context.Context, op, method, path string, r row) error {
	base, err := s.base(ctx)
	if err != nil {
		return err
	}
	rq := upstream.Request{Op: op, Method: method, Path: base + path, Idempotent: true}
	if r != nil {
		if rq.Body, err = r.body(); err != nil {
			return pim.Wrap(op, pim.ErrInternal, err)
		}
		rq.Header = http.Header{"Content-Type": {"application/json; charset=utf-8; IEEE754Compatible=true"}}
	}
	resp, err := s.writeCall(ctx, rq)
	if err != nil {
		return err
	}
	switch {
	case resp.OK() && !resp.HTML():
		return nil
	case resp.Status == http.StatusNotFound && method == http.MethodDelete && resp.Attempts > 1:
		return nil // the answer to the first try was lost
	}
	return s.explain(op, resp, true)
}

// writeCall sends PATCH and DELETE as POST where IIS keeps them for WebDAV and
// answers 405.
func (s *site) writeCall(ctx context.Context, rq upstream.Request) (*upstream.Response, error) {
	if rq.Method == http.MethodPost {
		return s.call(ctx, rq)
	}
	if !s.tunnel.Load() {
		resp, err := s.call(ctx, rq)
		if err != nil || resp.Status != http.StatusMethodNotAllowed {
			if err == nil && resp.OK() {
				s.direct.Store(true)
			}
			return resp, err
		}
	}
	h := rq.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("X-HTTP-Method", rq.Method)
	rq.Method, rq.Header = http.MethodPost, h
	resp, err := s.call(ctx, rq)
	if err == nil && resp.OK() {
		s.tunnel.Store(true)
	}
	return resp, err
}
