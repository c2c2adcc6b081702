package line_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"crmbridge/pim/line"
)

// What a match is sure of stands in every text that it matches, whatever accents, case and broken bytes are in them.
func TestCoreIsInWhatMatches(t *testing.T) {
	t.Parallel()
	pieces := []string{"a", "b", "c", "X", "ann", "\u0301", "\u0323", "e\u0301", "ß", "İ", "ı", "ΑΣ", "ς", "ﬁ", "Å", "K", "각", "日本", "👩", "\xff", "\xc3", "\x00", "\ufffd", " ", "%", "\u034f", strings.Repeat("\u0301", 35)}
	matched, sure := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "value"), "")
		runes := []rune(value)
		from := rapid.IntRange(0, len(runes)).Draw(t, "from")
		m := line.TextMatch{
			Text:      string(runes[from:rapid.IntRange(from, len(runes)).Draw(t, "to")]),
			Collation: rapid.SampledFrom([]string{"", "i;octet", "i;unicode-casemap"}).Draw(t, "collation"),
			Type:      rapid.SampledFrom([]string{"", "equals", "starts-with", "ends-with"}).Draw(t, "type"),
		}
		if rapid.Bool().Draw(t, "upper") {
			m.Text = strings.ToUpper(m.Text)
		}
		core := m.Core()
		if !utf8.ValidString(core) || strings.ContainsAny(core, "\x00\ufffd") {
			t.Fatalf("%q cannot be kept as text", core)
		}
		if ok, err := m.Match(value); err != nil || !ok {
			return
		}
		matched++
		if core != "" {
			sure++
		}
		if kept := strings.ToValidUTF8(line.Fold(value), "\ufffd"); !strings.Contains(kept, core) {
			t.Fatalf("%+q is not in %+q, which is %+q, but %+v matches", core, kept, value, m)
		}
	})
	if matched == 0 || sure == 0 {
		t.Errorf("%d matched, of %d something was sure", matched, sure)
	}
}
