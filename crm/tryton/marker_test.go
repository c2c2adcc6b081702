package tryton

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMarker(t *testing.T) {
	t.Parallel()
	a, b := markerOf("a"), markerOf("b")
	if a == b || a != markerOf("a") || utf8.RuneCountInString(a) != 34 {
		t.Fatalf("%q %q", a, b)
	}
	if strings.ContainsAny(a, `%_\`) {
		t.Error("it holds what a search takes for a pattern")
	}
	for _, text := range []string{"", "line", "line\nline\n", "zero\u200bwidth \u2060 joiner", "👩‍👩‍👧"} {
		marked := withMarker(text, "old"+a)
		if withoutMarker(marked) != text || !strings.Contains(marked, a) {
			t.Errorf("%q became %q", text, marked)
		}
		if withMarker(text, "no mark") != text {
			t.Errorf("%q got a mark from nowhere", text)
		}
	}
	if got := withMarker("a\x00b", a); got != "ab"+a {
		t.Errorf("NUL stayed: %q", got)
	}
	if got := withoutMarker("people wrote" + a + " on"); got != "people wrote on" {
		t.Errorf("%q", got)
	}
	if got := withMarker("copied"+b, "own"+a); got != "copied"+a {
		t.Errorf("a mark that was copied along: %q", got)
	}
}

func TestIdentifier(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 5000)
	if identifierOf("k") != "crmbridge:k" || len(identifierOf(long)) > 100 || identifierOf(long) == identifierOf(long+"k") {
		t.Errorf("%q %q", identifierOf("k"), identifierOf(long))
	}
}
