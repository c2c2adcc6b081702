package line

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFoldingOfASCII: the short way for ASCII gives what the long one gives, and text
// before it is left alone.
func TestFoldingOfASCII(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[ -~\n]{0,200}`), rapid.String()).Draw(t, "s")
		if got := string(foldUnicode.append([]byte("ABC"), s)); got != "ABC"+unicodeFold(s) {
			t.Errorf("i;unicode-casemap makes %q of %q, want %q", got, s, unicodeFold(s))
		}
		// RFC 4790 9.2: only a to z change, octet by octet.
		got := foldASCII.append(nil, s)
		if len(got) != len(s) || !strings.EqualFold(string(got), s) || bytes.ContainsAny(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			t.Errorf("i;ascii-casemap makes %q of %q", got, s)
		}
	})
}

// TestMatchAllocatesNothing: an address book has many values.
func TestMatchAllocatesNothing(t *testing.T) { // not parallel: AllocsPerRun counts for the whole process
	values := []string{"Quillfeather, Ada", "ada@example.org"}
	m := TextMatch{Text: "NOBODY", Collation: "i;unicode-casemap"}
	if n := testing.AllocsPerRun(100, func() { _, _ = m.MatchAny(values) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	m := TextMatch{Text: "quillfeather", Collation: "i;unicode-casemap"}
	for name, value := range map[string]string{"ASCII": "Ada Ashgrove of Northwick", "other": "Märta Grünwald aus Köln"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = m.Match(value)
			}
		})
	}
}
