package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A server that runs goes on with the new key; the old one opens nothing any more.
func TestSecretRotate(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	p.link(srv)
	p.must("", "sync", "run", "crm")
	keys, err := filepath.Glob(p.path("*.key"))
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	before, err := os.ReadFile(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	s := p.serve()
	defer s.stop()
	for range 2 {
		p.must("", "secret", "rotate")
		addMeeting(t, sim, "tok-after")
		p.must("", "sync", "run", "crm")
	}
	if n := p.here()["tok-after"]; n != 2 {
		t.Errorf("%d meetings came in", n)
	}
	after, err := os.ReadFile(keys[0])
	if err != nil || string(after) == string(before) {
		t.Errorf("the key is the same, %v", err)
	}
	if err := os.WriteFile(keys[0], before, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := p.cmd("", "sync", "run", "crm"); code == 0 {
		t.Errorf("the old key still opens: %s", out)
	}
}
