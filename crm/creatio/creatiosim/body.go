package creatiosim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"strconv"
	"strings"
)

// fields are typed values by column name; nil clears a column.
type fields map[string]any

// decodeBody reads a POST or PATCH body for e. Unknown names and values of the wrong type are refused; the columns that
// the server keeps itself are dropped, which is what the product does with them.
func decodeBody(body []byte, e *entity) (fields, *refusal) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil || raw == nil {
		return nil, badBody("An error occurred while reading the body: it is not a JSON object.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, badBody("An error occurred while reading the body: text after its end.")
	}
	out := fields{}
	for name, v := range raw {
		if strings.Contains(name, "@odata.") {
			if strings.HasSuffix(name, "@odata.bind") {
				return nil, badBody("The annotation '%s' is not supported: set the lookup's Id column.", name)
			}
			continue
		}
		c := e.byName[name]
		switch {
		case c == nil && (e.byNav[name] != nil || e.collections[name].child != nil):
			return nil, badBody("Nested entities are not supported: '%s'. Set the lookup's Id column.", name)
		case c == nil:
			return nil, badBody("The property '%s' does not exist on type '%s'. Make sure to only use property names that are "+
				"defined by the type.", name, e.typeName())
		case c.kind == kindStream:
			return nil, badBody("The stream property '%s' cannot be set in a body: PUT its content.", name)
		}
		val, bad := decodeValue(c, v)
		if bad != nil {
			return nil, bad
		}
		if c.pos > colID && c.pos <= colListeners {
			continue
		}
		out[name] = val
	}
	return out, nil
}

// decodeValue checks v against the column's type as the OData reader does: no strings for numbers or booleans (but for
// decimals, which IEEE754Compatible sends quoted), no dates without a zone, no ids in other spellings.
func decodeValue(c *column, v any) (any, *refusal) {
	if v == nil {
		return nil, nil
	}
	switch c.kind {
	case kindGUID:
		if s, ok := v.(string); ok {
			if g, ok := parseGUID(s); ok {
				return orNil(g), nil
			}
		}
	case kindText:
		if s, ok := v.(string); ok {
			return s, nil
		}
	case kindDate, kindDay:
		if s, ok := v.(string); ok {
			if t, ok := parseDate(s); ok {
				return dateValue(c.kind, stampOf(t)), nil
			}
		}
	case kindBool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case kindInt:
		if n, ok := v.(json.Number); ok {
			if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil {
				return i, nil
			}
		}
	case kindNumber:
		text, _ := v.(string)
		if n, ok := v.(json.Number); ok {
			text = n.String()
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	}
	shown, err := json.Marshal(v)
	if err != nil {
		shown = []byte("?")
	}
	return nil, badBody("Cannot convert the literal '%s' to the expected type '%s'. Property: '%s'.",
		strings.Trim(string(shown), `"`), c.kind.edm(), c.name)
}

// orNil makes the all-zero id what it is in the database: NULL. Clients may clear a lookup with either.
func orNil(g guid) any {
	if g == (guid{}) {
		return nil
	}
	return g
}

// dateValue normalizes a date: the year 1 means not set, a day has no time.
func dateValue(k kind, s stamp) any {
	if s == yearOne {
		return nil
	}
	if k == kindDay {
		const day = 24 * 60 * 60 * 1000
		s -= ((s % day) + day) % day
	}
	return s
}

// yearOne is 0001-01-01T00:00:00Z.
const yearOne = stamp(-62135596800000)

// jsonBody says whether a Content-Type may carry a row. The vendor's examples send parameters of both OData generations.
func jsonBody(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && t == "application/json"
}
