package tryton

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// stamp is a datetime of Tryton as microseconds since 1970 in UTC; 0 is null.
// Tryton sends datetimes without a zone and means UTC.
type stamp int64

// parts is the JSON form of Tryton's datetime and timedelta.
type parts struct {
	Class       string  `json:"__class__"`
	Year        int     `json:"year"`
	Month       int     `json:"month"`
	Day         int     `json:"day"`
	Hour        int     `json:"hour"`
	Minute      int     `json:"minute"`
	Second      int     `json:"second"`
	Microsecond int     `json:"microsecond"`
	Seconds     float64 `json:"seconds"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamp) UnmarshalJSON(b []byte) error {
	if isNull(b) {
		*s = 0
		return nil
	}
	t, err := datetime(b)
	if err == nil {
		*s = stamp(t.UnixMicro())
	}
	return err
}

// datetime reads one that is not null.
func datetime(b []byte) (time.Time, error) {
	var p parts
	if err := json.Unmarshal(b, &p); err != nil {
		return time.Time{}, err
	}
	if p.Class != "datetime" || p.Year < 1 || p.Year > 9999 {
		return time.Time{}, fmt.Errorf("tryton: %.40s is no datetime", b)
	}
	return time.Date(p.Year, time.Month(p.Month), p.Day, p.Hour, p.Minute, p.Second, p.Microsecond*1000, time.UTC), nil
}

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(datetimeOf(s.time()))
}

// datetimeOf is an instant as Tryton's JSON has it.
func datetimeOf(t time.Time) values {
	t = t.UTC()
	return values{
		"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000,
	}
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s)).UTC()
}

// span is a timedelta; 0 is null too.
type span time.Duration

// longest is more than any task takes and far from the limits of time.Duration.
const longest = 1e9 // seconds

// UnmarshalJSON implements json.Unmarshaler.
func (d *span) UnmarshalJSON(b []byte) error {
	if isNull(b) {
		*d = 0
		return nil
	}
	var p parts
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Class != "timedelta" || math.Abs(p.Seconds) > longest {
		return fmt.Errorf("tryton: %.40s is no timedelta", b)
	}
	*d = span(math.Round(p.Seconds*1e6)) * span(time.Microsecond)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (d span) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]any{"__class__": "timedelta", "seconds": time.Duration(d).Seconds()})
}

// truth is a boolean: SQLite makes Tryton answer 0 and 1.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *truth) UnmarshalJSON(b []byte) error {
	switch string(bytes.TrimSpace(b)) {
	case "true", "1":
		*f = true
	case "false", "0", "null":
		*f = false
	default:
		return fmt.Errorf("tryton: %.40s is no boolean", b)
	}
	return nil
}

func isNull(b []byte) bool { return string(bytes.TrimSpace(b)) == "null" }

// stamps are the two dates that every record has.
type stamps struct {
	Created stamp `json:"create_date"`
	Written stamp `json:"write_date"` // null until the first change
}

// last is the newer of the two.
func (s stamps) last() stamp { return max(s.Created, s.Written) }

// domain is a search condition in Tryton's own form: a list of clauses.
type domain []any

func clause(field, operator string, value any) domain { return domain{field, operator, value} }

// since asks for records that were made or changed at t or later.
func since(t stamp) domain {
	return domain{"OR", clause("write_date", ">=", t), clause("create_date", ">=", t)}
}

// values are a record's fields to be written.
type values map[string]any

// orNull is null for the empty text: Tryton tells the two apart, people do not.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
