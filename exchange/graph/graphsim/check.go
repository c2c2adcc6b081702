package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// body checks a request body against a type and returns it in the one spelling that is stored: enums as declared, times in
// UTC, without annotations. Nothing of it is shared with o.
func (m *model) body(typ string, o object) (object, *refusal) {
	out := object{}
	if sent, ok := m.derived(typ, o); ok {
		typ = sent
		out["@odata.type"] = "#microsoft.graph." + typ
	}
	st := m.structs[typ]
	for name, v := range o {
		if base, annotation, ok := strings.Cut(name, "@"); ok {
			if r := m.annotation(st, base, annotation, v); r != nil {
				return nil, r
			}
			continue
		}
		p, ok := st.props[name]
		if !ok || p.navigation && m.structs[p.typ] == nil {
			return nil, unknownProperty(name, typ)
		}
		c, r := m.member(p, v)
		if r != nil {
			return nil, r
		}
		out[name] = c
	}
	return out, nil
}

// derived is the type that a body says it is of, when that one is derived from the type it has to have (OData JSON 4.5.3).
func (m *model) derived(typ string, o object) (string, bool) {
	sent := strings.TrimPrefix(strings.TrimPrefix(text(o["@odata.type"]), "#"), "microsoft.graph.")
	if sent == typ {
		return "", false
	}
	for b := m.structs[sent]; b != nil; b = m.structs[b.base] { // also further down: a request is a message about a meeting
		if b.base == typ {
			return sent, true
		}
	}
	return "", false
}

// annotation takes the type annotations of OData JSON 4.5.3, where they say the truth; other annotations of a request mean
// nothing to the service.
func (m *model) annotation(st *structType, base, annotation string, v any) *refusal {
	if base != "" {
		if _, ok := st.props[base]; !ok {
			return unknownProperty(base, st.name)
		}
		return nil
	}
	if annotation == "odata.type" {
		if name := strings.TrimPrefix(strings.TrimPrefix(text(v), "#"), "microsoft.graph."); name != st.name {
			return badBody(fmt.Sprintf("A type named '%s' could not be resolved by the model. When a model is available, each type name must resolve to a valid type.", name))
		}
	}
	return nil
}

func (m *model) member(p property, v any) (any, *refusal) {
	if !p.collection {
		if v == nil && !p.required {
			return nil, nil
		}
		return m.value(p, v)
	}
	l, ok := v.([]any)
	if !ok {
		return nil, undeserializable()
	}
	out := make([]any, len(l))
	for i := range l {
		var r *refusal
		if out[i], r = m.value(p, l[i]); r != nil {
			return nil, r
		}
	}
	return out, nil
}

// value checks one value that has to be there.
func (m *model) value(p property, v any) (any, *refusal) {
	if v == nil {
		return nil, undeserializable()
	}
	if m.structs[p.typ] != nil {
		o, ok := v.(object)
		if !ok {
			return nil, cannotConvert(v, "microsoft.graph."+p.typ)
		}
		return m.body(p.typ, o)
	}
	if members := m.enums[p.typ]; members != nil {
		s, ok := v.(string)
		i := slices.IndexFunc(members, func(e string) bool { return strings.EqualFold(e, s) })
		if !ok || i < 0 {
			return nil, badBody(fmt.Sprintf("Requested value '%v' was not found.", v))
		}
		return members[i], nil
	}
	c, ok := primitiveValue(p.typ, v)
	if !ok {
		return nil, cannotConvert(v, "Edm."+p.typ)
	}
	return c, nil
}

var (
	dateTimeOffset = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$`)
	dateOnly       = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// primitiveValue checks a value of one of OData's own types; nothing is converted, as in strict JSON.
func primitiveValue(typ string, v any) (any, bool) {
	switch typ {
	case "Boolean":
		b, ok := v.(bool)
		return b, ok
	case "Int32":
		n, ok := v.(json.Number)
		if !ok {
			return nil, false
		}
		i, err := n.Int64()
		return n, err == nil && i == int64(int32(i))
	case "Int64":
		n, ok := v.(json.Number)
		if !ok {
			return nil, false
		}
		_, err := n.Int64()
		return n, err == nil
	case "Double":
		n, ok := v.(json.Number)
		return n, ok
	}
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	switch typ {
	case "DateTimeOffset":
		t, ok := parseOffsetTime(s)
		return stamp(t), ok
	case "Date":
		_, err := time.Parse(time.DateOnly, s)
		return s, err == nil && dateOnly.MatchString(s)
	case "Binary":
		_, err := base64.StdEncoding.DecodeString(s)
		return s, err == nil
	}
	return s, true
}

// parseOffsetTime reads an Edm.DateTimeOffset, whose seconds may be missing.
func parseOffsetTime(s string) (time.Time, bool) {
	if !dateTimeOffset.MatchString(s) {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// stamp writes an instant as the service does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }
