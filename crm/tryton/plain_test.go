package tryton

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// columnsOfEveryKind are mapped columns called by a letter or two.
func columnsOfEveryKind() mappedColumns {
	var out mappedColumns
	for name, typ := range map[string]string{
		"c": "char", "x": "text", "i": "integer", "b": "biginteger", "n": "float", "d": "numeric", "y": "boolean",
		"day": "date", "t": "datetime", "ts": "timestamp", "s": "timedelta", "l": "selection", "r": "many2one",
	} {
		def := definition{Type: typ, Relation: modelRegion, Searchable: true}
		if typ == "selection" {
			def.choices = []crm.LookupValue{{ID: `"a"`, Name: "First"}, {ID: `2`, Name: "Second"}}
		}
		out = append(out, mappedColumn{def.column(name), def})
	}
	return out
}

func columnOfType(t *testing.T, typ string) mappedColumn {
	t.Helper()
	for _, c := range columnsOfEveryKind() {
		if c.def.Type == typ {
			return c
		}
	}
	t.Fatalf("no column of type %s", typ)
	return mappedColumn{}
}

func oslo(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestRowX17ValuesAsTrytonHasThem reads Tryton's JSON as canonical texts and writes those.
func TestRowX17ValuesAsTrytonHasThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typ, json, text, back string }{
		{"char", `"Ann"`, "Ann", `"Ann"`},
		{"text", `"one\r\ntwo"`, "one\ntwo", `"one\ntwo"`},
		{"integer", `0`, "0", `0`},
		{"integer", `-12`, "-12", `-12`},
		{"biginteger", `9000000000`, "9000000000", `9000000000`},
		{"float", `1.50`, "1.5", `1.5`},
		{"float", `1e-05`, "0.00001", `0.00001`},
		{"numeric", `{"__class__":"Decimal","decimal":"12.340"}`, "12.34", `{"__class__":"Decimal","decimal":"12.34"}`},
		{"numeric", `{"__class__":"Decimal","decimal":"1E+2"}`, "100", `{"__class__":"Decimal","decimal":"100"}`},
		{"numeric", `{"__class__":"Decimal","decimal":"-0.00"}`, "0", `{"__class__":"Decimal","decimal":"0"}`},
		{"numeric", `{"__class__":"Decimal","decimal":"12345678901234567890.12"}`, "12345678901234567890.12", `{"__class__":"Decimal","decimal":"12345678901234567890.12"}`},
		{"boolean", `1`, "yes", `true`},
		{"boolean", `false`, "", `false`},
		{"date", `{"__class__":"date","year":2026,"month":2,"day":28}`, "2026-02-28", `{"__class__":"date","day":28,"month":2,"year":2026}`},
		{"datetime", `{"__class__":"datetime","year":2026,"month":6,"day":1,"hour":8,"minute":5,"second":9,"microsecond":0}`, "2026-06-01T08:05:09Z",
			`{"__class__":"datetime","day":1,"hour":8,"microsecond":0,"minute":5,"month":6,"second":9,"year":2026}`},
		{"datetime", `{"__class__":"datetime","year":2026,"month":5,"day":31,"hour":22,"minute":0,"second":0,"microsecond":0}`, "2026-06-01",
			`{"__class__":"datetime","day":31,"hour":22,"microsecond":0,"minute":0,"month":5,"second":0,"year":2026}`},
		{"datetime", `{"__class__":"datetime","year":1970,"month":1,"day":1,"hour":0,"minute":0,"second":0,"microsecond":0}`, "1970-01-01T00:00:00Z",
			`{"__class__":"datetime","day":1,"hour":0,"microsecond":0,"minute":0,"month":1,"second":0,"year":1970}`},
		{"timedelta", `{"__class__":"timedelta","seconds":5400}`, "1h30m0s", `{"__class__":"timedelta","seconds":5400}`},
		{"timedelta", `{"__class__":"timedelta","seconds":0}`, "", `null`},
	} {
		col := columnOfType(t, c.typ)
		text, err := col.text(json.RawMessage(c.json), oslo(t))
		if err != nil || text != c.text {
			t.Errorf("%s %s reads as %q, want %q; %v", c.typ, c.json, text, c.text, err)
		}
		v, ok := col.value(c.text, oslo(t))
		got, err := json.Marshal(v)
		if !ok || err != nil || string(got) != c.back {
			t.Errorf("%s %q is written as %s (%v), want %s; %v", c.typ, c.text, got, ok, c.back, err)
		}
	}
	for typ, want := range map[string]string{`"a"`: "First", `2`: "Second", `"gone"`: "gone"} {
		col := columnOfType(t, "selection")
		if got, err := col.text(json.RawMessage(typ), time.UTC); err != nil || got != want {
			t.Errorf("choice %s reads as %q, want %q; %v", typ, got, want, err)
		}
	}
}

// TestRowX17DaysAndTimes: a time goes into a column of days as the user's day, and a time
// without a zone is the user's.
func TestRowX17DaysAndTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typ, text, reads string }{
		{"date", "2026-06-01T22:30:00Z", "2026-06-02"},
		{"date", "2026-06-01T23:30:00", "2026-06-01"},
		{"datetime", "2026-06-01T23:30:00", "2026-06-01T21:30:00Z"},
		{"datetime", "2026-06-01T08:00:00.5Z", "2026-06-01T08:00:00Z"},
		{"datetime", "2026-12-24", "2026-12-24"},
	} {
		col := columnOfType(t, c.typ)
		v, ok := col.value(c.text, oslo(t))
		b, err := json.Marshal(v)
		if !ok || err != nil {
			t.Errorf("%s %s: %v", c.typ, c.text, err)
			continue
		}
		if got, err := col.text(b, oslo(t)); err != nil || got != c.reads {
			t.Errorf("%s %s is read back as %q, want %q; %v", c.typ, c.text, got, c.reads, err)
		}
	}
}

// TestRowX17ValuesThatAColumnCannotHold are refused before Tryton sees them.
func TestRowX17ValuesThatAColumnCannotHold(t *testing.T) {
	t.Parallel()
	for typ, all := range map[string][]string{
		"integer": {"many", "1,5", "1.5", "3000000000", "0x10", "١"}, "biginteger": {"1e3", "99999999999999999999"}, "float": {"1,5", "NaN", "inf", "1e5", "--1"},
		"numeric": {"12 345", "1E2", "€5"}, "boolean": {"perhaps", "1"}, "date": {"soon", "2026-02-30", "2026-2-3"}, "datetime": {"8:00", "0000-01-01"},
		"timedelta": {"90", "1 hour", "400000h"}, "binary": {"x"},
	} {
		col := mappedColumn{Column: remote.Column{Name: "c"}, def: definition{Type: typ}}
		for _, s := range all {
			if v, ok := col.value(s, time.UTC); ok {
				t.Errorf("%s took %q as %v", typ, s, v)
			}
		}
		if typ != "binary" {
			if _, ok := col.value("", time.UTC); !ok {
				t.Errorf("%s cannot be emptied", typ)
			}
		}
	}
}

// TestRowX17ValuesSurvive: what a column takes it gives back.
func TestRowX17ValuesSurvive(t *testing.T) {
	t.Parallel()
	zone := oslo(t)
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`)
	rapid.Check(t, func(rt *rapid.T) {
		typ := rapid.SampledFrom([]string{"numeric", "datetime", "date", "timedelta", "integer"}).Draw(rt, "type")
		var text string
		switch typ {
		case "numeric":
			text = canonical(number.Draw(rt, "number"))
		case "integer":
			text = canonical(json.Number(rapid.StringMatching(`-?[1-9][0-9]{0,8}`).Draw(rt, "number")).String())
		case "timedelta":
			text = (time.Duration(rapid.Int64Range(1, 1e8).Draw(rt, "seconds")) * time.Second).String()
		default:
			at := time.Unix(rapid.Int64Range(-2e9, 8e9).Draw(rt, "seconds"), 0).UTC()
			w := dayOrTime(at, zone)
			if typ == "date" {
				w = pim.On(at.Date())
			}
			text = w.String()
		}
		col := columnOfType(t, typ)
		v, ok := col.value(text, zone)
		b, err := json.Marshal(v)
		if !ok || err != nil {
			rt.Fatalf("%s %q cannot be written: %v", typ, text, err)
		}
		if got, err := col.text(b, zone); err != nil || got != text {
			rt.Fatalf("%s %q came back as %q: %v", typ, text, got, err)
		}
	})
}
