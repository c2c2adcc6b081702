package peers

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	for _, p := range Table() {
		if p.Title == "" || p.Package == "" || p.Storage == "" || p.Collation == "" {
			t.Errorf("%s lacks a fact: %+v", p.Name, p)
		}
		for _, path := range []string{p.Calendar, p.Book} {
			if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") {
				t.Errorf("%s: %q is no path of a collection", p.Name, path)
			}
		}
		if !strings.Contains(script, "\n"+p.Name+"() {\n") {
			t.Errorf("peers.sh cannot start %s", p.Name)
		}
	}
}

// TestUnknownPeer makes sure that the reason of a failure comes back, and that
// nothing stays behind.
func TestUnknownPeer(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: bash is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := Start(ctx, Peer{Name: "nobody"})
	if err == nil || !strings.Contains(err.Error(), "no peer is called nobody") {
		t.Errorf("started: %v", err)
	}
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	ports, err := freePorts(3)
	if err != nil || len(ports) != 3 || ports[0] == ports[1] || ports[1] == ports[2] || ports[0] < "20000" {
		t.Errorf("ports %v, %v", ports, err)
	}
}

// TestWrite fills a folder as the servers that look there expect it.
func TestWrite(t *testing.T) {
	t.Parallel()
	s := &Server{Peer: Peer{Name: "radicale"}, dir: t.TempDir()}
	if err := os.MkdirAll(s.folder("/ann/calendar/"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := s.Write(t.Context(), "/ann/calendar/", func(yield func(string, []byte) bool) { yield("a.ics", []byte("x")) })
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(s.dir + "/data/collection-root/ann/calendar/a.ics"); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
}
