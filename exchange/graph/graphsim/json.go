package graphsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// object is a JSON object; numbers in it are json.Number, as they were written.
type object = map[string]any

// maxNesting is how deep a body may go; the deepest that means something has five levels.
const maxNesting = 32

// parseObject reads one JSON object and nothing after it. A name that stands twice is refused: OData JSON 4.5 wants them
// unique, and which of two values counts would be anyone's guess.
func parseObject(text []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the value")
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("not an object")
	}
	return o, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, errors.New("nested too deep")
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		return parseMembers(dec, depth)
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return tok, nil
}

func parseMembers(dec *json.Decoder, depth int) (any, error) {
	o := object{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("name %v", tok)
		}
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("name %q twice", name)
		}
		if o[name], err = parseValue(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return o, err
}

// text is a value as a string, "" for anything else.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// sub is a member as an object, nil for anything else.
func sub(o object, name string) object {
	m, _ := o[name].(object)
	return m
}

// list is a member as an array, nil for anything else.
func list(o object, name string) []any {
	l, _ := o[name].([]any)
	return l
}

// number is a member as an integer, 0 for anything else.
func number(o object, name string) int {
	switch n := o[name].(type) {
	case json.Number:
		i, err := n.Int64()
		if err == nil {
			return int(i)
		}
	case int:
		return n
	}
	return 0
}

// yes is a member as a boolean, false for anything else.
func yes(o object, name string) bool {
	b, _ := o[name].(bool)
	return b
}

// clone copies a JSON value, so that what is stored and what is shown never share anything.
func clone[T any](v T) T {
	c, _ := cloneAny(v).(T)
	return c
}

func cloneAny(v any) any {
	switch v := v.(type) {
	case object:
		if v == nil {
			return v
		}
		o := make(object, len(v))
		for name, m := range v {
			o[name] = cloneAny(m)
		}
		return o
	case []any:
		if v == nil {
			return v
		}
		l := make([]any, len(v))
		for i, m := range v {
			l[i] = cloneAny(m)
		}
		return l
	}
	return v
}

// canonical is a value as text in which equal values are equal.
func canonical(o object) string {
	b, err := json.Marshal(o) // maps are written in the order of their names
	if err != nil {
		panic(err) // objects hold JSON values only
	}
	return string(b)
}
