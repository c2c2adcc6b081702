package creatio

import (
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func TestRowValues(t *testing.T) {
	t.Parallel()
	r := row{
		"Id": "60733EFC-F36B-1410-A883-16D83CAB0980", "Empty": zeroGUID, "Null": nil, "Flag": true, "Text": "a", "Number": 3.0,
		"Old": "0001-01-01T00:00:00Z", "Ticks": "2026-11-21T10:00:00.1234567Z", "Local": "2018-10-26T09:13:30.142", "Day": "1980-05-17",
		"Owner": map[string]any{"Name": "Sue"},
	}
	if r.id() != someID || r.ref("Empty") != "" || r.ref("Null") != "" || r.ref("Text") != "" {
		t.Errorf("ids: %q %q %q %q", r.id(), r.ref("Empty"), r.ref("Null"), r.ref("Text"))
	}
	if !r.time("Old").IsZero() || r.time("Ticks").Nanosecond() != 123_456_700 || r.time("Local").Hour() != 9 || r.time("Day").Day() != 17 || !r.time("Null").IsZero() {
		t.Error("times")
	}
	if r.sub("Owner").text("Name") != "Sue" || r.sub("Null").text("Name") != "" || r.text("Number") != "" {
		t.Error("lookups")
	}
	d := r.differing(row{"Text": "a", "Flag": false, "Id": someID, "Empty": guid(""), "Null": "", "Old": time.Time{}, "Ticks": r.time("Ticks"), "New": "x"})
	if len(d) != 2 || d["Flag"] != false || d["New"] != "x" {
		t.Errorf("differing: %v", d)
	}
	b, err := row{"A": guid(""), "B": time.Time{}, "C": "<&>", "D": someID, "E": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}.body()
	want := `{"A":null,"B":null,"C":"<&>","D":"` + string(someID) + `","E":"2026-01-02T03:04:05Z"}` + "\n"
	if err != nil || string(b) != want {
		t.Errorf("body %s %v", b, err)
	}
}

func TestClipCountsUTF16(t *testing.T) {
	t.Parallel()
	if got := clip("ab😀cd", 3); got != "ab" {
		t.Errorf("an emoji is two units: %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(0, 40).Draw(t, "n")
		got := clip(s, n)
		if units := len(utf16.Encode([]rune(got))); units > n {
			t.Fatalf("%d units", units)
		}
		if len(utf16.Encode([]rune(s))) <= n && got != s {
			t.Fatalf("%q was cut to %q", s, got)
		}
	})
}

func TestMadeIDsAreSteady(t *testing.T) {
	t.Parallel()
	// Stored in CRMs: must never change.
	if got := madeID("activity", "key"); got != "11fdbf6c-4b59-52f3-9fea-e5195be4147b" {
		t.Errorf("madeID gives %s", got)
	}
	if madeID("a", "bc") == madeID("ab", "c") {
		t.Error("parts run into each other")
	}
	if _, ok := parseGUID("{60733EFC-F36B-1410-A883-16D83CAB0980}"); ok {
		t.Error("another spelling of an id is taken")
	}
}
