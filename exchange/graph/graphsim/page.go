package graphsim

import (
	"net/url"
	"slices"
	"strings"
)

// row is one resource of a list. render shows it as a reader wants it; whole and ext are what filters look at.
type row struct {
	render func(v *view) object
	ext    map[string]extended
}

// page answers a list: filter, order, and so many rows from the place that the reader has come to.
func (s *Sim) page(req *request, typ, context string, rows []row) (answer, *refusal) {
	v, r := s.view(req, typ)
	if r != nil {
		return answer{}, r
	}
	if v.filter != nil || v.order != nil {
		rows = v.arrange(rows)
	}
	size := s.opt.PageSize
	switch {
	case v.top > 0:
		size = v.top
	case req.prefer.page > 0:
		size = min(req.prefer.page, maxTop)
	}
	total := len(rows)
	from := min(v.skip, total)
	to := min(from+size, total)
	value := make([]any, 0, to-from)
	for _, w := range rows[from:to] {
		value = append(value, w.render(v))
	}
	body := object{"@odata.context": req.context(context), "value": value}
	if v.count {
		body["@odata.count"] = total
	}
	if to < total {
		body["@odata.nextLink"] = s.nextLink(req, to)
	}
	return ok(body), nil
}

// arrange filters and orders rows. It sees resources whole, in UTC, whatever the reader selected.
func (v *view) arrange(rows []row) []row {
	type seen struct {
		row
		whole object
	}
	var all []seen
	for _, w := range rows {
		o := w.render(&view{all: true, names: map[string]bool{}, expand: map[string]bool{}})
		if v.filter == nil || v.filter.eval(scope{o: o, ext: w.ext}) == true {
			all = append(all, seen{w, o})
		}
	}
	slices.SortStableFunc(all, func(a, b seen) int {
		for _, t := range v.order {
			c := compare(member(a.whole, t.path), member(b.whole, t.path))
			if t.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]row, len(all))
	for i, w := range all {
		out[i] = w.row
	}
	return out
}

// nextLink is the address of the page that begins at row n, with the options of this one.
func (s *Sim) nextLink(req *request, n int) string {
	q := url.Values{}
	for name, values := range req.query {
		if name != "$skip" && name != "$skiptoken" {
			q[name] = values
		}
	}
	q.Set("$skiptoken", s.skipToken(n))
	path, _, _ := strings.Cut(req.raw, "?")
	return req.host + path + "?" + strings.ReplaceAll(q.Encode(), "%24", "$")
}

// context is what @odata.context says.
func (req *request) context(what string) string { return req.host + "/v1.0/$metadata#" + what }
