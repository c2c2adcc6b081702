package store

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A list of values is one argument, so that a statement is the same for every
// length: JSON on SQLite, an array on PostgreSQL, which plans "= ANY" as a few
// look-ups even of a table it knows nothing about yet.

// anyText is what follows a column that should be one of a textList.
func (t *Tx) anyText() string {
	if t.s.postgres {
		return `= ANY (CAST(? AS text[]))`
	}
	return `IN (SELECT value FROM json_each(?))`
}

// anyInt is what follows a column that should be one of an intList.
func (t *Tx) anyInt() string {
	if t.s.postgres {
		return `= ANY (CAST(? AS bigint[]))`
	}
	return `IN (SELECT value FROM json_each(?))`
}

// textList is the argument for anyText, without what cannot be stored and so is not
// there to be found; PostgreSQL would refuse it.
func (t *Tx) textList(list []string) string {
	var b strings.Builder
	open, end := t.brackets()
	b.WriteByte(open)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for _, s := range list {
		if !storable(s) {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		if t.s.postgres {
			b.WriteString(`"` + escape.Replace(s) + `"`)
			continue
		}
		quoted, err := json.Marshal(s)
		if err != nil {
			continue // a string always has a JSON form
		}
		b.Write(quoted)
	}
	b.WriteByte(end)
	return b.String()
}

// intList is the argument for anyInt.
func intList[T ~int64](t *Tx, list []T) string {
	open, end := t.brackets()
	b := []byte{open}
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, end))
}

func (t *Tx) brackets() (open, end byte) {
	if t.s.postgres {
		return '{', '}'
	}
	return '[', ']'
}
