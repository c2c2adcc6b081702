package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crmbridge/internal/config"
	"crmbridge/pim"
	"crmbridge/store"
)

func ring(t testing.TB, half int64) *keptRing {
	t.Helper()
	k := newKeptRing(config.Config{Database: filepath.Join(t.TempDir(), "b.db"), LogKeep: 24 * time.Hour})
	k.half = half
	t.Cleanup(func() {
		if err := k.close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func stackOfAPanic() (stack string) {
	defer func() {
		_ = recover()
		stack = string(debug.Stack())
	}()
	panic("hunter2 in a panic")
}

// Row B16: whatever is logged, no secret, no text of an item and no address comes into what is
// kept for a bundle, and what a bug report needs does.
func TestRowB16KeptLinesNameNobody(t *testing.T) {
	t.Parallel()
	k := ring(t, keptHalf)
	var full bytes.Buffer
	log := slog.New(keeping{Handler: slog.NewTextHandler(&full, nil), ring: k})
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 443}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	failure := fmt.Errorf("hunter2: %w", &pim.Error{Op: "creatio: login", Kind: pim.ErrUnavailable, Public: "hunter2 at crm.example.org", Err: fmt.Errorf("hunter2 %w", dial)})
	log.Warn("item failed", "link", store.LinkID(7), "item", store.PairID(41), "reason", pim.ErrRefused, "err", failure)
	log.Warn("hunter2@example.org said no at https://crm.example.org/?p=hunter2")
	log.Warn("Lunch with Olga\nhunter2")
	log.With("user", "hunter2", "collection", 3).WithGroup("g").Error("river: fetch", "queue", "hunter2", "err", errors.New("hunter2"))
	log.Error("relay: panic", "at", "run", "panic", "hunter2", "stack", stackOfAPanic())
	log.Info("run", "outcome", "partial", "counts", `{"read":3}`, "title", "hunter2", "wait", 3*time.Second, "err", nil)
	log.Info("run", "outcome", "hunter2@example.org", "counts", `{"hunter2 x":"y"}`, "hunter2 key", 1, "err", &pim.Error{Op: "GET /hunter2", Kind: pim.ErrProtocol})
	log.Info("stuff", "value", struct{ Name string }{"hunter2"}, "bytes", []byte("hunter2"), "group", slog.GroupValue(slog.String("a", "hunter2")), "at", "hunter2@x", "method", "hunter2")
	log.Debug("hunter2")
	slog.NewLogLogger(foreign{log.Handler(), "http server"}, slog.LevelWarn).Print("http: TLS handshake error from 203.0.113.7:1234: hunter2")

	b, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	kept := string(b)
	for _, s := range []string{"hunter2", "example", "Olga", "Lunch", "203.0", "@", "https", "/home/", "/tmp/"} {
		if strings.Contains(kept, s) {
			t.Errorf("%q is kept:\n%s", s, kept)
		}
	}
	for _, s := range []string{`"link":7`, `"item":41`, `"reason":"refused"`, `"kind":"unavailable"`, `"creatio: login: unavailable"`, `*net.OpError`, `"connection refused"`, `"collection":3`,
		`river: fetch`, `"outcome":"partial"`, `{\"read\":3}`, `"wait":"3s"`, `stackOfAPanic`, `keptlog_test.go:`, `"http server"`} {
		if !strings.Contains(kept, s) {
			t.Errorf("no %s in\n%s", s, kept)
		}
	}
	if !strings.Contains(full.String(), "TLS handshake error from 203.0.113.7") || !strings.Contains(full.String(), "crm.example.org") {
		t.Errorf("the log itself lost something:\n%s", full.String())
	}
	lines, err := k.lines(time.Now())
	if err != nil || len(lines) != 9 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

// The ring is bounded, whatever is logged and by however many processes, and its lines are whole.
func TestTheKeptLogIsBounded(t *testing.T) {
	t.Parallel()
	const half = 8 << 10
	first := ring(t, half)
	second := &keptRing{path: first.path, half: half, keep: first.keep}
	var done sync.WaitGroup
	for _, k := range []*keptRing{first, second} {
		done.Go(func() {
			for i := range 2000 {
				k.add(keptLine{Time: time.Now(), Level: "INFO", Message: "run", Values: map[string]any{"link": i}})
			}
			if k.lost {
				t.Error("a line was not kept")
			}
		})
	}
	done.Wait()
	if err := second.close(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{first.path, first.path + ".1"} {
		st, err := os.Stat(path)
		if err != nil || st.Size() > half+1024 || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %+v", path, err, st)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := readKept(path, 0)
		if err != nil || len(lines) != bytes.Count(b, []byte("\n")) {
			t.Errorf("%d lines of %d: %v", len(lines), bytes.Count(b, []byte("\n")), err)
		}
	}
	lines, err := first.lines(time.Now())
	if err != nil || len(lines) == 0 || lines[len(lines)-1].Values["link"] != 1999.0 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

// What is older than log.keep is not told, and its file goes.
func TestTheKeptLogForgets(t *testing.T) {
	t.Parallel()
	k := ring(t, keptHalf)
	now := time.Now()
	k.add(keptLine{Time: now.Add(-25 * time.Hour), Level: "INFO", Message: "old"})
	k.add(keptLine{Time: now, Level: "INFO", Message: "new"})
	lines, err := k.lines(now)
	if err != nil || len(lines) != 1 || lines[0].Message != "new" {
		t.Errorf("%+v %v", lines, err)
	}
	if err := k.tidy(now); err != nil {
		t.Fatal(err)
	}
	if err := k.tidy(now.Add(25 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(k.path + "*"); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	none := newKeptRing(config.Config{Database: k.path})
	none.add(keptLine{Message: "new"})
	if lines, err := none.lines(now); err != nil || len(lines) != 0 {
		t.Errorf("%v %v", lines, err)
	}
	if err := none.tidy(now); err != nil {
		t.Error(err)
	}
	broken := newKeptRing(config.Config{Database: filepath.Join(k.path, "none", "b.db"), LogKeep: time.Hour})
	slog.New(keeping{Handler: slog.DiscardHandler, ring: broken}).ErrorContext(context.Background(), "run")
	if !broken.lost {
		t.Error("a line was kept where there is no folder")
	}
}

// Row B16: a bundle has the lines of a server that cannot reach a CRM, without saying which.
func TestRowB16SupportHasTheLog(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	srv.Close()
	s := p.serve()
	p.within("a run that fails", func() bool {
		b, err := os.ReadFile(p.path("bridge.db.log"))
		return err == nil && bytes.Contains(b, []byte(`"message":"run"`))
	})
	s.stop()
	files := p.bundle("b.zip", "--offline")
	p.withoutNames(files, srv.URL)
	for _, want := range []string{`"message": "listening"`, `"message": "run"`, `"kind": "unavailable"`, `"link": 1`, `"message": "stopping"`} {
		if !strings.Contains(files["log.json"], want) {
			t.Errorf("no %s in\n%s", want, files["log.json"])
		}
	}
	if strings.Contains(files["log.json"], "alice") {
		t.Errorf("%s", files["log.json"])
	}
}
