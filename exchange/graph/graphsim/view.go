package graphsim

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// view is what a reader wants of resources: OData's query options.
type view struct {
	all    bool            // every property that comes by itself
	names  map[string]bool // those asked for by name, as declared
	ext    []string        // keys of extended properties to expand
	expand map[string]bool // other navigation to expand, as declared
	files  *view           // how expanded attachments are to show; nil is whole
	change string          // changeType of a delta; "" is all
	filter node            // nil is none
	order  []orderTerm
	top    int // 0 is none
	skip   int
	count  bool
}

type orderTerm struct {
	path []string
	desc bool
}

// maxTop is the most that $top may ask for.
const maxTop = 1000

// options are the query options that the simulated collections know.
func options() []string {
	return []string{"$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"}
}

// expandable are the navigation properties that may be expanded, by type.
func expandable(typ string) []string {
	switch typ {
	case "event":
		return []string{"singleValueExtendedProperties", "exceptionOccurrences", "attachments", "extensions"}
	case "contact":
		return []string{"singleValueExtendedProperties", "extensions"}
	case "calendar", "contactFolder":
		return []string{"singleValueExtendedProperties"}
	case "message":
		return []string{"singleValueExtendedProperties", "attachments", "extensions"}
	case "mailFolder":
		return []string{"singleValueExtendedProperties", "childFolders"}
	case "todoTask":
		return []string{"linkedResources", "checklistItems", "attachments", "extensions"}
	}
	return nil
}

// view reads the query options of a request for resources of a type.
func (s *Sim) view(req *request, typ string) (*view, *refusal) {
	v := &view{all: true, names: map[string]bool{}, expand: map[string]bool{}}
	for name := range req.query {
		if strings.HasPrefix(name, "$") && !slices.Contains(options(), name) {
			return nil, badRequest("Query option '%s' is not allowed here.", name)
		}
	}
	if r := s.readSelect(req.query.Get("$select"), typ, v); r != nil {
		return nil, r
	}
	if r := s.readExpand(req.query.Get("$expand"), typ, v); r != nil {
		return nil, r
	}
	var r *refusal
	if v.top, r = count(req, "$top", maxTop); r != nil {
		return nil, r
	}
	if v.skip, r = count(req, "$skip", 1<<30); r != nil {
		return nil, r
	}
	if token := req.query.Get("$skiptoken"); token != "" {
		if v.skip, r = s.readSkip(token); r != nil {
			return nil, r
		}
	}
	if r := s.efficient(req, typ); r != nil {
		return nil, r
	}
	v.count = strings.EqualFold(req.query.Get("$count"), "true")
	if f := req.query.Get("$filter"); f != "" {
		if v.filter, r = s.parseFilter(f, typ); r != nil {
			return nil, r
		}
	}
	return v, s.readOrder(req.query.Get("$orderby"), typ, v)
}

// readSelect reads $select. Names are OData's, in any case.
func (s *Sim) readSelect(list, typ string, v *view) *refusal {
	if list == "" {
		return nil
	}
	v.all = false
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "*" {
			v.all = true
			continue
		}
		p, ok := s.declared(typ, name)
		if !ok {
			return badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", name, typ)
		}
		v.names[p] = true
	}
	return nil
}

// declared finds a property of a type whatever its case. occurrenceId is one that answers have and the description has not.
func (s *Sim) declared(typ, name string) (string, bool) {
	if cast, rest, ok := strings.Cut(name, "/"); ok && (typ == "attachment" || typ == "attachmentBase") {
		sub := strings.TrimPrefix(cast, "microsoft.graph.")
		if m := s.model.structs[sub]; m == nil || m.base != typ {
			return "", false // a property of a derived type is named with the type before it
		}
		return s.declared(sub, rest)
	}
	for p := range s.model.structs[typ].props {
		if strings.EqualFold(p, name) {
			return p, true
		}
	}
	if typ == "event" && strings.EqualFold(name, "occurrenceId") {
		return "occurrenceId", true
	}
	return "", false
}

var (
	expandItem   = regexp.MustCompile(`^([A-Za-z]+)\s*(?:\((.*)\))?$`)
	expandFilter = regexp.MustCompile(`(?i)^\$filter\s*=\s*(.+)$`)
	idEquals     = regexp.MustCompile(`(?i)^\(?\s*id\s+eq\s+'((?:[^']|'')*)'\s*\)?$`)
	orBetween    = regexp.MustCompile(`(?i)\s+or\s+`)
)

func (s *Sim) readExpand(list, typ string, v *view) *refusal {
	for _, item := range splitOutside(list) {
		if typ == "attachment" && strings.EqualFold(strings.TrimSpace(item), "microsoft.graph.itemAttachment/item") {
			v.expand["item"] = true
			continue
		}
		m := expandItem.FindStringSubmatch(strings.TrimSpace(item))
		if m == nil {
			return badRequest("Parsing OData Select and Expand failed: syntax error in '%s'.", item)
		}
		i := slices.IndexFunc(expandable(typ), func(n string) bool { return strings.EqualFold(n, m[1]) })
		if i < 0 {
			return badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", m[1], typ)
		}
		name := expandable(typ)[i]
		if name != "singleValueExtendedProperties" {
			if fields, ok := strings.CutPrefix(m[2], "$select="); ok && name == "attachments" && typ != "todoTask" {
				v.files = &view{names: map[string]bool{}, expand: map[string]bool{}}
				if r := s.readSelect(fields, "attachment", v.files); r != nil {
					return r
				}
			} else if m[2] != "" {
				return badRequest("Options of $expand are not supported for '%s'.", name)
			}
			v.expand[name] = true
			continue
		}
		f := expandFilter.FindStringSubmatch(strings.TrimSpace(m[2]))
		if f == nil { // the service shows extended properties that are named, and no others
			return refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "Expanding extended properties requires a filter on their id.")
		}
		for _, part := range orBetween.Split(f[1], -1) {
			id := idEquals.FindStringSubmatch(strings.TrimSpace(part))
			if id == nil {
				return refuse(http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
			}
			key, ok := extendedKey(strings.ReplaceAll(id[1], "''", "'"))
			if !ok {
				return badExtended(id[1])
			}
			v.ext = append(v.ext, key)
		}
	}
	return nil
}

// splitOutside splits at the commas that stand in no brackets and no quotes.
func splitOutside(list string) []string {
	var out []string
	depth, quoted, start := 0, false, 0
	for i, c := range list {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, list[start:i])
			start = i + 1
		}
	}
	if strings.TrimSpace(list[start:]) != "" {
		out = append(out, list[start:])
	}
	return out
}

// count reads an option that is a number.
func count(req *request, name string, most int) (int, *refusal) {
	if !req.query.Has(name) {
		return 0, nil
	}
	n, err := strconv.Atoi(req.query.Get(name))
	if err != nil || n < 0 || n > most || n == 0 && name == "$top" {
		return 0, refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The value of %s must be a number up to %d.", name, most)
	}
	return n, nil
}

func (s *Sim) readOrder(list, typ string, v *view) *refusal {
	if list == "" {
		return nil
	}
	for term := range strings.SplitSeq(list, ",") {
		words := strings.Fields(term)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return badRequest("Syntax error in $orderby.")
		}
		path := strings.Split(words[0], "/")
		p, ok := s.declared(typ, path[0])
		if !ok {
			return badRequest("Could not find a property named '%s' on type 'microsoft.graph.%s'.", path[0], typ)
		}
		path[0] = p
		v.order = append(v.order, orderTerm{path, len(words) == 2 && words[1] == "desc"})
	}
	return nil
}

// cut leaves what the reader asked for. more are the properties that come only when they are named.
func (v *view) cut(o, more object) object {
	out := make(object, len(o))
	for name, val := range o {
		if v.all || v.names[name] || name == "id" || strings.HasPrefix(name, "@") {
			out[name] = val
		}
	}
	for name, val := range more {
		if v.names[name] {
			out[name] = val
		}
	}
	return out
}

// addExtended shows the extended properties that were asked for, where there are any.
func (v *view) addExtended(o object, ext map[string]extended) {
	var out []any
	for _, key := range v.ext {
		if p, ok := ext[key]; ok {
			out = append(out, object{"id": p.id, "value": p.value})
		}
	}
	if out != nil {
		o["singleValueExtendedProperties"] = out
	}
}

// skipToken hides how far a list was read.
func (s *Sim) skipToken(n int) string {
	b := strconv.AppendInt([]byte("p"), int64(n), 10)
	return base64.RawURLEncoding.EncodeToString(append(s.seal(b)[:12], b...))
}

func (s *Sim) readSkip(token string) (int, *refusal) {
	bad := refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The skip token is invalid.")
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < 14 || s.skipToken(atoi(string(b[13:]))) != token {
		return 0, bad
	}
	return atoi(string(b[13:])), nil
}

// atoi is a number, 0 for what is none.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
