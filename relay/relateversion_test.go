package relay

import "testing"

func TestLikeVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, now string
		want      bool
	}{
		{"zzz", "2026-11-22T10:00:00.12Z/ab12", false},
		{"2026-11-21T09:00:00.1Z/99ff", "2026-11-22T10:00:00.12Z/ab12", true},
		{"zzz", "17", false},
		{"9", "17", true},
		{"", "17", false},
		{"", "", true},
		{"ab", "cd", true},
	} {
		if got := likeVersion(c.text, c.now); got != c.want {
			t.Errorf("%q, now %q: %v", c.text, c.now, got)
		}
	}
}
