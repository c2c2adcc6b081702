package creatiosim

import (
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c >= ' ':
				b = append(b, c)
			case c == '\n':
				b = append(b, `\n`...)
			case c == '\r':
				b = append(b, `\r`...)
			case c == '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		b = utf8.AppendRune(b, r)
		i += n
	}
	return append(b, '"')
}

// appendValue appends a column's value as the product shows it: an unset id is all zeros, an unset date the year 1.
func appendValue(b []byte, k kind, v any) []byte {
	switch x := v.(type) {
	case nil:
		switch k {
		case kindGUID:
			return append(b, `"`+emptyGUID+`"`...)
		case kindDate, kindDay:
			return append(b, `"`+emptyDate+`"`...)
		}
		if d := defaultOf(k); d != nil {
			return appendValue(b, k, d)
		}
		return append(b, "null"...)
	case guid:
		b = append(b, '"')
		return append(x.appendTo(b), '"')
	case string:
		return appendText(b, x)
	case stamp:
		b = append(b, '"')
		b = x.time().AppendFormat(b, dateLayout)
		return append(b, '"')
	case bool:
		return strconv.AppendBool(b, x)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case float64:
		return strconv.AppendFloat(b, x, 'f', -1, 64)
	}
	return append(b, "null"...)
}

// writer appends rows as JSON for one request.
type writer struct {
	s     *Sim
	who   *account
	plain bool // odata.metadata=none: no annotations
	// ticks replaces the stamps of one row by a time with more digits than are stored, see answerCreated.
	ticks    string
	ticksFor *row
}

// appendRow appends r's columns and expansions as an object. head, if any, is the first member, already JSON.
func (w *writer) appendRow(b []byte, e *entity, r *row, q *query, head string) []byte {
	b = append(b, '{')
	b = append(b, head...)
	comma := head != ""
	member := func(name string) {
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":`...)
	}
	cols := q.selects
	if cols == nil {
		cols = e.cols
	}
	for _, c := range cols {
		if c.kind == kindStream {
			if w.plain {
				continue
			}
			link := e.name + "(" + r.id.String() + ")/" + c.name
			for _, a := range []string{"@odata.mediaEditLink", "@odata.mediaReadLink"} {
				member(c.name + a)
				b = appendText(b, link)
			}
			member(c.name + "@odata.mediaContentType")
			b = appendText(b, typBytes)
			continue
		}
		member(c.name)
		if w.ticksFor == r && (c.pos == colCreatedOn || c.pos == colModifiedOn) {
			b = appendText(b, w.ticks)
			continue
		}
		b = appendValue(b, c.kind, r.vals[c.pos])
	}
	for i := range q.expands {
		member(q.expands[i].name)
		b = w.appendExpansion(b, r, &q.expands[i])
	}
	return append(b, '}')
}

// appendExpansion appends a lookup's row or a collection's rows. A row that the user may not see looks like an empty lookup.
func (w *writer) appendExpansion(b []byte, r *row, x *expansion) []byte {
	target := x.target(w.s.db.schema)
	t := w.s.db.tables[target.name]
	if x.nav != nil {
		o := t.byID[r.ref(x.nav.pos)]
		if o == nil || !w.s.visible(w.who, target, o) {
			return append(b, "null"...)
		}
		return w.appendRow(b, target, o, &x.query, "")
	}
	rows := w.s.pick(t, t.sharing(x.coll.via, r.id), &x.query, w.who)
	b = append(b, '[')
	for i, o := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.appendRow(b, target, o, &x.query, "")
	}
	return append(b, ']')
}
