package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The files of others are those of their packages, unchanged.
func TestAssetsOfOthersAreUnchanged(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("assets.sums")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, line := range lines {
		f := strings.Fields(line)
		text, err := os.ReadFile("assets/" + f[1])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f[0] {
			t.Errorf("%s is not that of %s", f[1], strings.Join(f[2:], " "))
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d files", len(lines))
	}
}

var assetAddress = regexp.MustCompile(`(?:href|src)="(/web/assets/[^"]+)"`)

func TestAssetsAreKeptForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	found := assetAddress.FindAllStringSubmatch(b.get(t, "/web/sign-in").text, -1)
	if len(found) < 3 {
		t.Fatalf("%d assets", len(found))
	}
	for _, m := range found {
		s := b.get(t, m[1])
		if s.status != http.StatusOK || !strings.Contains(s.header.Get("Cache-Control"), "immutable") || s.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", m[1], s.status, s.header)
		}
	}
	for _, path := range []string{"/web/assets/", "/web/assets/0000000000000000/bridge.css", "/web/assets/../templates/me.html"} {
		if s := b.get(t, path); s.status == http.StatusOK {
			t.Errorf("%s: %d", path, s.status)
		}
	}
}
