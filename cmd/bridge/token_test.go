package main

import (
	"strings"
	"testing"

	"crmbridge/manage"
)

// An app password has a name by which people find it again, and no two that work have the same.
func TestNamesOfAppPasswords(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	add := func(name string) (string, int) {
		return p.cmd("", "token", "add", "--user", "alice", "--name", name)
	}
	for name, says := range map[string]string{
		"":                       "which device",
		"  ":                     "which device",
		"a\nb":                   "cannot be shown",
		"phone\u202e":            "cannot be shown",
		strings.Repeat("ä", 101): "100 characters",
	} {
		if out, code := add(name); code == 0 || !strings.Contains(out, says) {
			t.Errorf("%q: %d %s", name, code, out)
		}
	}
	if out, code := add(" Ann's phone "); code != 0 || !strings.Contains(out, `"Ann's phone"`) {
		t.Fatalf("%d %s", code, out)
	}
	rows := list[manage.Device](p, "token", "list", "--user", "alice")
	had := len(rows)
	if out, code := add("ann's Phone"); code == 0 || !strings.Contains(out, "or end that with `bridge token revoke ") {
		t.Errorf("twice: %d %s", code, out)
	} else {
		p.must("", append([]string{"token", "revoke"}, strings.TrimRight(out[strings.Index(out, "token revoke ")+len("token revoke "):], "`\n"))...)
	}
	if out, code := add("Ann's phone"); code != 0 {
		t.Errorf("again after the first was revoked: %s", out)
	}
	if rows := list[manage.Device](p, "token", "list", "--user", "alice"); len(rows) != had+1 {
		t.Errorf("%+v", rows)
	}
}
