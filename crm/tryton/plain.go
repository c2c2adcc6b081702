package tryton

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// Plain values of columns that only a field map names, as canonical texts. A yes/no that
// nobody answered and no are both "", as are no time and 0 h; an empty number and 0 differ.
// Tryton's times are instants: one that is the user's midnight is a day.

// cells are what the mapped columns of a record hold.
type cells struct {
	texts map[string]string // by column
	marks map[string]string // the marks of creates that stand in them (marker.go)
	seen  stamp             // the newest stamp of records that show in them
}

// read is what the columns of each record in an answer hold; nil when there are no columns.
func (m mappedColumns) read(raw json.RawMessage, zone *time.Location) ([]cells, error) {
	if len(m) == 0 {
		return nil, nil
	}
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, err
	}
	out := make([]cells, len(rows))
	for i, r := range rows {
		c := cells{texts: make(map[string]string, len(m)), marks: map[string]string{}}
		for _, col := range m {
			if err := c.take(col, r, zone); err != nil {
				return nil, fmt.Errorf("tryton: column %s: %w", col.Name, err)
			}
		}
		out[i] = c
	}
	return out, nil
}

// take reads one column of a record.
func (c *cells) take(col mappedColumn, r map[string]json.RawMessage, zone *time.Location) error {
	v := r[col.Name]
	if col.Kind == remote.ReferenceColumn {
		v = r[col.Name+"."]
	}
	if len(v) == 0 || isNull(v) {
		return nil
	}
	if col.Kind == remote.ReferenceColumn {
		var to struct {
			stamps
			Name string `json:"rec_name"`
		}
		err := json.Unmarshal(v, &to)
		c.texts[col.Name], c.seen = to.Name, max(c.seen, to.last())
		return err
	}
	s, err := col.text(v, zone)
	if mark := markerPattern.FindString(s); mark != "" {
		c.marks[col.Name], s = mark, withoutMarker(s)
	}
	c.texts[col.Name] = s
	return err
}

// text is a value, which is not null, as canonical text.
func (d mappedColumn) text(v json.RawMessage, zone *time.Location) (s string, err error) {
	switch d.def.Type {
	case "char", "text":
		err = json.Unmarshal(v, &s)
		return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), err
	case "integer", "biginteger", "float":
		return canonical(string(v)), nil
	case "numeric":
		var n struct {
			Decimal string `json:"decimal"`
		}
		err = json.Unmarshal(v, &n)
		return canonical(n.Decimal), err
	case "boolean":
		var yes truth
		if err = json.Unmarshal(v, &yes); yes {
			s = "yes"
		}
		return s, err
	case "date":
		var p parts
		err = json.Unmarshal(v, &p)
		if err == nil && p.Class != "date" {
			err = fmt.Errorf("tryton: %.40s is no date", v)
		}
		return pim.On(p.Year, time.Month(p.Month), p.Day).String(), err
	case "datetime", "timestamp":
		at, err := datetime(v)
		return dayOrTime(at, zone).String(), err
	case "timedelta":
		var d span
		if err = json.Unmarshal(v, &d); d != 0 {
			s = time.Duration(d).String()
		}
		return s, err
	case "selection":
		for _, x := range d.def.choices {
			if x.ID == string(v) {
				return x.Name, nil
			}
		}
		_ = json.Unmarshal(v, &s) // a value that was taken off the list stands for itself
	}
	return s, nil
}

// dayOrTime is the day that begins at t in zone, else the instant.
func dayOrTime(t time.Time, zone *time.Location) pim.When {
	local := t.In(zone)
	y, m, d := local.Date()
	if !t.IsZero() && time.Date(y, m, d, 0, 0, 0, 0, zone).Equal(t) {
		return pim.On(y, m, d)
	}
	return pim.At(t, "")
}

// instantOf is what dayOrTime came from.
func instantOf(w pim.When, zone *time.Location) time.Time {
	if t := w.Time; w.Date || w.Floating {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone).UTC()
	}
	return w.Time.UTC()
}

// dayOf is the day of w in zone.
func dayOf(w pim.When, zone *time.Location) (y int, m time.Month, d int) {
	if w.Date || w.Floating {
		return w.Time.Date()
	}
	return w.Time.In(zone).Date()
}

var numeral = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,18})?$`)

// canonical is a number without needless digits; "" for what is none.
func canonical(n string) string {
	if !numeral.MatchString(n) {
		f, err := strconv.ParseFloat(n, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return ""
		}
		n = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if strings.Contains(n, ".") {
		n = strings.TrimSuffix(strings.TrimRight(n, "0"), ".")
	}
	if n == "-0" {
		return "0"
	}
	return n
}

// plainWrite puts plain values into the columns of one write. now is what the record holds,
// nothing for a new one.
type plainWrite struct {
	*connector
	f     *facts
	kind  pim.Kind
	model string
	now   cells
	out   values
}

// put writes a value into a column, unless it shows there already: so a new record keeps
// what Tryton fills in by itself where the item has nothing.
func (w plainWrite) put(ctx context.Context, id pim.FieldID, col remote.Column, v string) ([]remote.Note, error) {
	const op = "tryton: column"
	all, err := w.mapped(ctx, op, w.kind, w.model)
	if err != nil {
		return nil, err
	}
	var d mappedColumn
	for _, x := range all {
		if x.Name == col.Name {
			d = x
		}
	}
	switch d.def.Type {
	case "char":
		v = strings.TrimSpace(oneLine(v))
	case "text":
		v = strings.ReplaceAll(v, "\x00", "")
	}
	if w.now.texts[col.Name] == v {
		return nil, nil
	}
	if d.Kind == remote.ReferenceColumn || d.Kind == remote.ChoiceColumn {
		to, note, err := w.lookup(op, id, d).Resolve(ctx, v)
		w.out[col.Name] = nil
		if err == nil && to.ID != "" {
			w.out[col.Name] = json.RawMessage(to.ID)
		}
		if note.Field == "" {
			return nil, err
		}
		return []remote.Note{note}, err
	}
	value, ok := d.value(v, w.zone)
	if !ok {
		return nil, &pim.Error{Op: op, Kind: pim.ErrRefused, Err: fmt.Errorf("a value is no %s", col.Kind), // the value itself is not for the log
			Public: fmt.Sprintf("%q cannot be written into column %s of Tryton, which holds a %s", cut(oneLine(v), 100), col.Name, col.Kind)}
	}
	if s, is := value.(string); is && w.now.marks[col.Name] != "" {
		value = s + w.now.marks[col.Name]
	} else if is {
		value = orNull(s)
	}
	w.out[col.Name] = value
	return nil, nil
}

// lookup is how a name is found for a column: in its list, or among the records that it
// leads to.
func (w plainWrite) lookup(op string, id pim.FieldID, d mappedColumn) crm.Lookup {
	l := crm.Lookup{Field: id, What: d.Name}
	if d.Label != "" {
		l.What = d.Label
	}
	if d.Kind == remote.ReferenceColumn {
		l.Find = func(ctx context.Context, name string) (crm.Offer, error) {
			return w.alike(ctx, op, w.f, d.def.Relation, "rec_name", name)
		}
		return l
	}
	l.Find = func(context.Context, string) (crm.Offer, error) { return crm.Offer{Values: d.def.choices}, nil }
	l.Again = func(ctx context.Context, _ string) (crm.Offer, bool, error) {
		defs, asked, err := w.fields.Again(ctx, w.model)
		return crm.Offer{Values: defs[d.Name].choices}, asked, err
	}
	return l
}

// value is a canonical text as Tryton's JSON wants it for a column.
func (d mappedColumn) value(s string, zone *time.Location) (any, bool) {
	if d.def.Type != "char" && d.def.Type != "text" && d.def.Type != "boolean" {
		if s = strings.TrimSpace(s); s == "" {
			return nil, true
		}
	}
	switch d.def.Type {
	case "char", "text":
		return s, true
	case "boolean":
		yes := strings.EqualFold(s, "yes") || strings.EqualFold(s, "true")
		return yes, yes || s == "" || strings.EqualFold(s, "no") || strings.EqualFold(s, "false")
	case "integer", "biginteger":
		bits := 32
		if d.def.Type == "biginteger" {
			bits = 64
		}
		_, err := strconv.ParseInt(s, 10, bits)
		return json.Number(s), err == nil && numeral.MatchString(s)
	case "float":
		return json.Number(s), numeral.MatchString(s)
	case "numeric":
		return values{"__class__": "Decimal", "decimal": s}, numeral.MatchString(s)
	case "timedelta":
		d, err := time.ParseDuration(s)
		return span(d), err == nil && math.Abs(d.Seconds()) <= longest
	case "date", "datetime", "timestamp":
		return whenValue(d.def.Type, s, zone)
	}
	return nil, false
}

// whenValue is a day or an instant. Tryton refuses fractions of a second in a datetime, and
// years of other than four digits are none that its database takes.
func whenValue(typ, s string, zone *time.Location) (any, bool) {
	w, err := pim.ParseWhen(s)
	if err != nil || w.Time.Year() < 1 || w.Time.Year() > 9998 {
		return nil, false
	}
	if typ == "date" {
		y, m, d := dayOf(w, zone)
		return values{"__class__": "date", "year": y, "month": int(m), "day": d}, true
	}
	return datetimeOf(instantOf(w, zone).Truncate(time.Second)), true
}
