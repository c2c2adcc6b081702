package litmus

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got := parse("-> running `basic':\n 1. begin.................\r 1. begin................. pass\n" +
		" 2. options...............\r 2. options............... WARNING: no class 2\n    ...................... pass (with 1 warning)\n" +
		" 3. put_get...............\r 3. put_get............... FAIL (403 Forbidden)\n 6. mkcol_over_plain......\r 6. mkcol_over_plain...... SKIPPED\n" +
		" 9. move..................\r 9. move.................. FAIL (PUT of `a\rb\nc\x86': 403 Forbidden)\n")
	want := []outcome{{"1 begin", "pass", ""}, {"2 options", "pass", "WARNING: no class 2"}, {"3 put_get", "FAIL", "(403 Forbidden)"},
		{"6 mkcol_over_plain", "SKIPPED", ""}, {"9 move", "FAIL", "(PUT of `a"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
