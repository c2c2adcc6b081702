package creatiosim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is a request's parsed system query options.
type query struct {
	filter  *filter
	selects []*column // nil is every column
	expands []expansion
	order   []orderKey
	top     int // -1 is no limit
	skip    int
	count   bool
}

// orderKey is one column of $orderby.
type orderKey struct {
	col  *column
	desc bool
}

// options are the raw system query options of a request or of an $expand item.
type options map[string]string

// splitOptions reads a query string. Names that do not begin with $ are custom options, which OData services ignore.
func splitOptions(raw string) (options, *refusal) {
	opts := options{}
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, badQuery("The query string contains an invalid escape sequence.")
		}
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if err := opts.set(name, value); err != nil {
			return nil, err
		}
	}
	return opts, nil
}

// set adds an option; none may come twice (OData 4 URL conventions 5).
func (o options) set(name, value string) *refusal {
	if _, twice := o[name]; twice {
		return badQuery("Query option '%s' was specified more than once, but it must be specified at most once.", name)
	}
	o[name] = value
	return nil
}

// parseQuery reads the options allowed names out of opts for entity e.
func (s *Sim) parseQuery(opts options, e *entity, allowed ...string) (query, *refusal) {
	q := query{top: -1}
	for name := range opts {
		if !slices.Contains(allowed, name) {
			return q, badQuery("The query parameter '%s' is not supported.", name)
		}
	}
	for _, step := range []struct {
		name  string
		parse func(string) *refusal
	}{
		{"$select", func(v string) (err *refusal) { q.selects, err = parseSelect(v, e); return }},
		{"$expand", func(v string) (err *refusal) { q.expands, err = s.parseExpand(v, e, 0); return }},
		{"$orderby", func(v string) (err *refusal) { q.order, err = parseOrder(v, e); return }},
		{"$top", func(v string) (err *refusal) { q.top, err = parseCount("$top", v); return }},
		{"$skip", func(v string) (err *refusal) { q.skip, err = parseCount("$skip", v); return }},
		{"$count", func(v string) (err *refusal) { q.count, err = parseBool("$count", v); return }},
		{"$format", parseFormat},
		{"$filter", func(v string) (err *refusal) { q.filter, err = s.parseFilter(v, e); return }},
	} {
		v, given := opts[step.name]
		if !given {
			continue
		}
		if err := step.parse(v); err != nil {
			return q, err
		}
	}
	return q, nil
}

// selectedFilter refuses a filter on an own column that $select leaves out. It is not applied inside $expand.
func (s *Sim) selectedFilter(q *query, e *entity) *refusal {
	if q.filter == nil || q.selects == nil || s.opt.SelectNotNeeded {
		return nil
	}
	for _, c := range q.filter.own {
		if !slices.Contains(q.selects, c) {
			return noColumn(c.name, e.name)
		}
	}
	return nil
}

// parseSelect reads a list of the entity's own columns; related columns come by $expand.
func parseSelect(text string, e *entity) ([]*column, *refusal) {
	var out []*column
	for name := range strings.SplitSeq(text, ",") {
		name = strings.Trim(name, " ")
		c := e.byName[name]
		switch {
		case name == "*":
			out = append(out, e.cols...)
			continue
		case strings.Contains(name, "/"):
			return nil, badQuery("Found a path with multiple navigation properties or a bad complex property path in a select "+
				"clause. Please reword your query such that each level of select or expand only contains either TypeSegments "+
				"or Properties: '%s'.", name)
		case name == "":
			return nil, badQuery("Syntax error at position 0 in '%s'.", text)
		case c == nil:
			return nil, noProperty(name, e)
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *column) int { return a.pos - b.pos })
	return slices.Compact(out), nil
}

// parseOrder reads sort keys, which like selected columns must be the entity's own.
func parseOrder(text string, e *entity) ([]orderKey, *refusal) {
	var out []orderKey
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 {
			return nil, badQuery("Syntax error at position 0 in '%s'.", text)
		}
		k := orderKey{col: e.byName[words[0]]}
		switch {
		case strings.Contains(words[0], "/"):
			return nil, noColumn(strings.ReplaceAll(words[0], "/", "."), e.name)
		case k.col == nil:
			return nil, noProperty(words[0], e)
		case k.col.kind == kindStream:
			return nil, badQuery("The property '%s' cannot be used in the $orderby query option.", words[0])
		}
		if len(words) == 2 {
			switch words[1] {
			case "asc":
			case "desc":
				k.desc = true
			default:
				return nil, badQuery("Syntax error at position %d in '%s'.", strings.Index(text, words[1]), text)
			}
		}
		if slices.ContainsFunc(out, func(o orderKey) bool { return o.col == k.col }) {
			return nil, badQuery("Duplicate property named '%s' is not supported in '$orderby'.", k.col.name)
		}
		out = append(out, k)
	}
	return out, nil
}

// parseCount reads $top or $skip.
func parseCount(name, v string) (int, *refusal) {
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 0 {
		return 0, badQuery("Invalid value '%s' for %s query option found. The %s query option requires a non-negative integer "+
			"value.", v, name, name)
	}
	return int(n), nil
}

// parseBool reads $count, whose values are lower case.
func parseBool(name, v string) (bool, *refusal) {
	if v != "true" && v != "false" {
		return false, badQuery("Invalid value '%s' for %s query option found. Valid values are 'true' and 'false'.", v, name)
	}
	return v == "true", nil
}

// parseFormat takes JSON, the one format there is.
func parseFormat(v string) *refusal {
	if v != "json" && !strings.HasPrefix(v, "application/json") {
		return badQuery("The value '%s' of the query option '$format' is not supported.", v)
	}
	return nil
}
