package creatio

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"
)

// guid is an id in its canonical spelling, lower case; "" is none. The all-zero id
// is how Creatio writes an empty lookup.
type guid string

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// parseGUID reads an id in the 36-character form; the all-zero one is none.
func parseGUID(s string) (guid, bool) {
	u, err := uuid.Parse(s)
	if err != nil || len(s) != len(zeroGUID) || u == uuid.Nil {
		return "", false
	}
	return guid(u.String()), true
}

// idSpace is the namespace of the ids that this driver makes.
var idSpace = uuid.MustParse("6d1c3a52-3d0c-5f0e-9c58-3a0d6e1f7b20")

// madeID is the id for parts, the same each time: what makes a repeated create find
// the first one.
func madeID(parts ...string) guid {
	return guid(uuid.NewSHA1(idSpace, []byte(strings.Join(parts, "\x00"))).String())
}

// ours reports an id that madeID made: sites make theirs at random (RFC 9562 5.5:
// the version stands in the 15th character).
func (g guid) ours() bool { return len(g) == 36 && g[14] == '5' }

// row is a record as OData gives it: text, numbers, booleans, null, and rows of
// expanded lookups.
type row map[string]any

func (r row) text(col string) string {
	s, _ := r[col].(string)
	return s
}

func (r row) flag(col string) bool {
	b, _ := r[col].(bool)
	return b
}

// number is a number without needless digits; "" where there is none.
func (r row) number(col string) string {
	switch v := r[col].(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string: // services may quote what a float64 does not hold
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return ""
}

func (r row) ref(col string) guid {
	if g, ok := r[col].(guid); ok {
		return g
	}
	g, _ := parseGUID(r.text(col))
	return g
}

func (r row) id() guid { return r.ref("Id") }

// sub is an expanded lookup; empty when the lookup is.
func (r row) sub(nav string) row {
	switch v := r[nav].(type) {
	case map[string]any:
		return v
	case row:
		return v
	}
	return row{}
}

// time is a date column; zero when empty, which Creatio writes as the year 1.
func (r row) time(col string) time.Time {
	s := r.text(col)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() <= 1 {
				return time.Time{}
			}
			return t.UTC()
		}
	}
	return time.Time{}
}

// has reports whether the column holds v already, so that it need not be written.
func (r row) has(col string, v any) bool {
	switch v := v.(type) {
	case string:
		return r.text(col) == v
	case guid:
		return r.ref(col) == v
	case time.Time:
		return r.time(col).Equal(v)
	case bool:
		return r.flag(col) == v
	case json.Number:
		return r.number(col) == string(v)
	case decimal:
		return r.number(col) == string(v)
	}
	return false
}

// only is one column of r.
func (r row) only(col string) row { return row{col: r[col]} }

// differing is the part of fields that r does not hold.
func (r row) differing(fields row) row {
	out := row{}
	for col, v := range fields {
		if !r.has(col, v) {
			out[col] = v
		}
	}
	return out
}

// body is fields as a request body. Empty lookups and dates are null.
func (r row) body() ([]byte, error) {
	out := make(map[string]any, len(r))
	for col, v := range r {
		switch v := v.(type) {
		case guid:
			if out[col] = any(string(v)); v == "" {
				out[col] = nil
			}
		case time.Time:
			if out[col] = any(v.UTC().Format(stampLayout)); v.IsZero() {
				out[col] = nil
			}
		default:
			out[col] = v
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// stampLayout has the 100 ns that the product's clock has; trailing zeros go.
const stampLayout = "2006-01-02T15:04:05.9999999Z"

// clip cuts s to n UTF-16 units, which is what SQL Server counts, between runes.
func clip(s string, n int) string {
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > n {
			return s[:i]
		}
	}
	return s
}
