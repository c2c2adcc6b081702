package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Answers of slow clients lie on a disk where there is one, and take little where there is none.
func TestSlowAnswersLieOnDisk(t *testing.T) {
	t.Parallel()
	const room = 1 << 30
	named := t.TempDir()
	r := slowAnswers(map[string]string{"TMPDIR": named}, room)
	if r.folder != named {
		t.Errorf("TMPDIR is %s, they lie in %s", named, r.folder)
	}
	if want := map[bool]int64{false: room, true: room / 16}[memoryFolder(named)]; r.bytes != want || r.memory != memoryFolder(named) {
		t.Errorf("%+v", r)
	}
	r = slowAnswers(nil, room)
	if writable("/var/tmp") == nil && r.folder != "/var/tmp" {
		t.Errorf("not in the folder for large files, but in %s", r.folder)
	}
	if err := writable(r.folder); err != nil {
		t.Error(err)
	}
	if none := slowAnswers(map[string]string{"TMPDIR": filepath.Join(named, "none")}, room).String(); !strings.Contains(none, "cut off") {
		t.Errorf("no folder: %s", none)
	}
}

func TestSlowAnswersInMemoryAreFew(t *testing.T) {
	t.Parallel()
	if !memoryFolder("/dev/shm") || writable("/dev/shm") != nil {
		t.Skip("SKIPPED: there is no folder in memory at /dev/shm")
	}
	dir, err := os.MkdirTemp("/dev/shm", "bridge-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := slowAnswers(map[string]string{"TMPDIR": dir}, 1<<30)
	if !r.memory || r.bytes != 64<<20 || !strings.Contains(r.String(), "in memory") {
		t.Errorf("%+v: %s", r, r)
	}
}
