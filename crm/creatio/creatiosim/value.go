package creatiosim

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"strings"
	"time"
)

// guid is a row id in the byte order of its text form.
type guid [16]byte

const emptyGUID = "00000000-0000-0000-0000-000000000000"

// stamp is a point in time as the database keeps it: milliseconds since 1970, UTC.
type stamp int64

// emptyDate is what reads show for a date that is not set.
const emptyDate = "0001-01-01T00:00:00Z"

// dateLayout prints fractions only when there are any, as the product's serializer does.
const dateLayout = "2006-01-02T15:04:05.9999999Z"

// String is the canonical form, in lower case as the product shows it.
func (g guid) String() string {
	var b [36]byte
	g.appendTo(b[:0])
	return string(b[:])
}

func (g guid) appendTo(b []byte) []byte {
	b = hex.AppendEncode(b, g[0:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, g[4:6])
	b = append(b, '-')
	b = hex.AppendEncode(b, g[6:8])
	b = append(b, '-')
	b = hex.AppendEncode(b, g[8:10])
	b = append(b, '-')
	return hex.AppendEncode(b, g[10:16])
}

// parseGUID reads the 36-character form in either case; braces and the bare 32 digits are not accepted.
func parseGUID(s string) (guid, bool) {
	var g guid
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	var digits [32]byte
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '-' {
			if i != 8 && i != 13 && i != 18 && i != 23 {
				return g, false
			}
			continue
		}
		digits[n] = s[i]
		n++
	}
	if _, err := hex.Decode(g[:], digits[:]); err != nil {
		return guid{}, false
	}
	return g, true
}

// sortKey permutes the bytes so that comparing keys orders ids as the database does. SQL Server compares
// uniqueidentifier from its last group to its first, the first three groups byte-reversed; PostgreSQL in text order.
func (g guid) sortKey(postgres bool) guid {
	if postgres {
		return g
	}
	return guid{g[10], g[11], g[12], g[13], g[14], g[15], g[8], g[9], g[7], g[6], g[5], g[4], g[3], g[2], g[1], g[0]}
}

// compare orders by bytes; sort keys are made for it.
func (g guid) compare(h guid) int {
	return bytes.Compare(g[:], h[:])
}

// stampOf cuts a time to what the database keeps.
func stampOf(t time.Time) stamp { return stamp(t.UnixMilli()) }

func (s stamp) time() time.Time { return time.UnixMilli(int64(s)).UTC() }

func (s stamp) String() string { return s.time().Format(dateLayout) }

// parseDate reads an Edm.DateTimeOffset. A zone is required: without one the product's parser refuses the literal.
func parseDate(s string) (time.Time, bool) {
	if len(s) < 17 || s[10] != 'T' {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02T15:04:05.9999999Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// textUnits counts a string as the database does for its column length: in UTF-16 units on SQL Server (an emoji is
// two), in characters on PostgreSQL.
func textUnits(s string, postgres bool) int {
	n := 0
	for _, r := range s {
		n++
		if !postgres && r > 0xFFFF {
			n++
		}
	}
	return n
}

// compareText orders text as the database's default collation does: without regard to case, trailing blanks ignored.
func compareText(a, b string) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	if strings.EqualFold(a, b) {
		return 0
	}
	return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
}

// compareValues orders two values of one kind; nil (NULL) comes first, as in SQL Server.
func compareValues(a, b any, postgres bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case string:
		return compareText(x, b.(string))
	case stamp:
		return cmp.Compare(x, b.(stamp))
	case guid:
		return x.sortKey(postgres).compare(b.(guid).sortKey(postgres))
	case bool:
		y := b.(bool)
		switch {
		case x == y:
			return 0
		case !x:
			return -1
		}
		return 1
	}
	return compareNumbers(a, b)
}

// compareNumbers compares integers exactly and mixed pairs as decimals.
func compareNumbers(a, b any) int {
	x, xInt := a.(int64)
	y, yInt := b.(int64)
	if xInt && yInt {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(asFloat(a), asFloat(b))
}

func asFloat(v any) float64 {
	switch n := v.(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}
