package creatiosim

import (
	"fmt"
	"time"
)

// Fields are values by column for the Go side and the control endpoints. Ids are text, dates time.Time or RFC 3339 text,
// nil clears. A lookup may also be set by its name without Id and the value's title: "Status": "Completed".
type Fields map[string]any

// Record is a row as it was when it was asked for.
type Record struct {
	Entity string
	ID     string

	ent *entity
	row *row
}

// recordOf wraps a row. Rows do not change, so it stays as it was.
func recordOf(e *entity, r *row) Record { return Record{e.name, r.id.String(), e, r} }

// value is a column as stored; nil is not set.
func (r Record) value(column string) any {
	if r.row == nil {
		return nil
	}
	c := r.ent.byName[column]
	if c == nil {
		panic("creatiosim: no column " + column + " in " + r.Entity) // a fault in the calling test
	}
	return r.row.vals[c.pos]
}

// Text is a text column's value.
func (r Record) Text(column string) string {
	s, _ := r.value(column).(string)
	return s
}

// Ref is the id in a lookup column, or "".
func (r Record) Ref(column string) string {
	if g, ok := r.value(column).(guid); ok {
		return g.String()
	}
	return ""
}

// Time is a date column's value in UTC; the zero time when it is not set.
func (r Record) Time(column string) time.Time {
	if s, ok := r.value(column).(stamp); ok {
		return s.time()
	}
	return time.Time{}
}

// Bool is a boolean column's value.
func (r Record) Bool(column string) bool {
	b, _ := r.value(column).(bool)
	return b
}

// Int is a whole-number column's value.
func (r Record) Int(column string) int {
	n, _ := r.value(column).(int64)
	return int(n)
}

// Bytes is a stream column's content.
func (r Record) Bytes(column string) []byte {
	b, _ := r.value(column).([]byte)
	return b
}

// Fields are the columns that are set, ids as text and dates as RFC 3339 text; streams are left out.
func (r Record) Fields() Fields {
	out := Fields{}
	if r.row == nil {
		return out
	}
	for _, c := range r.ent.cols {
		switch v := r.row.vals[c.pos].(type) {
		case nil, []byte:
		case guid:
			out[c.name] = v.String()
		case stamp:
			out[c.name] = v.String()
		default:
			out[c.name] = v
		}
	}
	return out
}

// convert turns Fields into stored values. CreatedOn and ModifiedOn are allowed here; they come back apart. The caller
// holds a lock, since lookup titles are looked up.
func (s *Sim) convert(e *entity, in Fields) (values, stamps fields, err error) {
	values, stamps = fields{}, fields{}
	for name, v := range in {
		c := e.byName[name]
		if nav := e.byNav[name]; c == nil && nav != nil {
			id, ok := s.titled(nav.ref, fmt.Sprint(v))
			if !ok {
				return nil, nil, fmt.Errorf("creatiosim: no %s is called %q", nav.ref, v)
			}
			values[nav.name] = id
			continue
		}
		if c == nil {
			return nil, nil, fmt.Errorf("creatiosim: %s has no column %s", e.name, name)
		}
		val, ok := convertValue(c, v)
		if !ok {
			return nil, nil, fmt.Errorf("creatiosim: %s.%s cannot be %T %v", e.name, name, v, v)
		}
		if c.pos == colCreatedOn || c.pos == colModifiedOn {
			stamps[name] = val
			continue
		}
		values[name] = val
	}
	return values, stamps, nil
}

// convertValue turns a Go or JSON value into a stored one; false means that the column cannot hold it.
func convertValue(c *column, v any) (any, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case string:
		return convertText(c, x)
	case time.Time:
		if x.IsZero() {
			return nil, c.kind == kindDate || c.kind == kindDay
		}
		return dateValue(c.kind, stampOf(x)), c.kind == kindDate || c.kind == kindDay
	case bool:
		return x, c.kind == kindBool
	case int:
		return convertValue(c, float64(x))
	case float64:
		if c.kind == kindInt {
			return int64(x), x == float64(int64(x))
		}
		return x, c.kind == kindNumber
	case []byte:
		return x, c.kind == kindStream
	}
	return nil, false
}

// convertText reads text for any type of column.
func convertText(c *column, s string) (any, bool) {
	switch c.kind {
	case kindText:
		return s, true
	case kindGUID:
		if s == "" {
			return nil, true
		}
		g, ok := parseGUID(s)
		return orNil(g), ok
	case kindDate, kindDay:
		if s == "" {
			return nil, true
		}
		t, ok := parseDate(s)
		return dateValue(c.kind, stampOf(t)), ok
	case kindStream:
		return []byte(s), true
	}
	return nil, false
}

// titled finds the one row of an entity with this title.
func (s *Sim) titled(entity, title string) (guid, bool) {
	t := s.db.tables[entity]
	pos := t.ent.byName[t.ent.title].pos
	for _, r := range t.order {
		if r.text(pos) == title {
			return r.id, true
		}
	}
	return guid{}, false
}
