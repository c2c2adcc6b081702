package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"crmbridge/internal/config"
)

// keptHalf is how large each of the two files of a ring gets, in bytes.
const keptHalf = 1 << 20

// keptPath is the file of the kept lines: beside a database that is a file, else beside the
// key. "" for none: a database in memory leaves nothing.
func keptPath(c config.Config) string {
	path, ok := config.SQLitePath(c.Database)
	switch {
	case path == ":memory:":
		return ""
	case ok:
		return path + ".log"
	}
	return filepath.Join(filepath.Dir(c.KeyFile), "bridge.log")
}

// keptRing is a file of lines, and the one before it, "….1". Several processes may write to
// one. It never fails: a log that cannot be kept is no reason to stop.
type keptRing struct {
	mu   sync.Mutex
	path string // "": nothing is kept
	none string // the file that was kept before log.keep became 0, "" for none
	half int64
	keep time.Duration
	f    *os.File
	lost bool // the last line could not be kept
}

func newKeptRing(c config.Config) *keptRing {
	if c.LogKeep <= 0 {
		return &keptRing{none: keptPath(c)}
	}
	return &keptRing{path: keptPath(c), half: keptHalf, keep: c.LogKeep}
}

// forget removes what was kept before, where nothing is kept any more.
func (k *keptRing) forget() error {
	if k.none == "" {
		return nil
	}
	var errs []error
	for _, path := range []string{k.none, k.none + ".1"} {
		if ourLines(path) {
			errs = append(errs, gone(os.Remove(path)))
		}
	}
	return errors.Join(errs...)
}

// notStarted keeps why a server did not start, which the shell is told, too, and closes the ring.
func (k *keptRing) notStarted(why error) error {
	slog.New(keeping{Handler: slog.DiscardHandler, ring: k}).Error("not started", "err", why)
	return k.close()
}

// add keeps a line.
func (k *keptRing) add(l keptLine) {
	b, err := l.encode()
	if err != nil || k.path == "" || int64(len(b)) > k.half/8 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err = k.open(); err == nil {
		var size int64
		if size, err = k.f.Seek(0, 2); err == nil && size > 0 && size+int64(len(b)) > k.half {
			if err = k.turn(); err == nil {
				err = k.open()
			}
		}
	}
	if err == nil {
		_, err = k.f.Write(b) // one call, at the end of the file: whole lines, whoever else writes
	}
	k.lost = err != nil
}

// open opens the file that bears the name now: another process may have turned it.
func (k *keptRing) open() error {
	if k.f != nil {
		if same, err := k.current(); err == nil && same {
			return nil
		}
		err := k.f.Close()
		if k.f = nil; err != nil {
			return err
		}
	}
	f, err := os.OpenFile(k.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err == nil {
		k.f = f
	}
	return err
}

func (k *keptRing) current() (bool, error) {
	mine, err := k.f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(k.path)
	return err == nil && os.SameFile(mine, named), err
}

// turn makes the file the one before, unless another process has just done so.
func (k *keptRing) turn() error {
	if err := syscall.Flock(int(k.f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("kept log: %w", err)
	}
	same, err := k.current()
	if err == nil && same {
		err = os.Rename(k.path, k.path+".1")
	}
	// The lock ends with the file.
	err = errors.Join(err, k.f.Close())
	k.f = nil
	return err
}

// tidy lets lines go that are older than they are kept. A file goes as a whole, so a line may
// stay for half as long again; lines does not tell it.
func (k *keptRing) tidy(now time.Time) error {
	if k.path == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if st, err := os.Stat(k.path + ".1"); err == nil && st.ModTime().Before(now.Add(-k.keep)) {
		if err := gone(os.Remove(k.path + ".1")); err != nil {
			return err
		}
	}
	first, err := firstLine(k.path)
	if err != nil || first.IsZero() || first.After(now.Add(-k.keep/2)) {
		return err
	}
	if err := k.open(); err != nil {
		return err
	}
	return k.turn()
}

func (k *keptRing) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.f == nil {
		return nil
	}
	err := k.f.Close()
	k.f = nil
	return err
}

// firstLine is the time of a file's first line; zero for none.
func firstLine(path string) (time.Time, error) {
	lines, err := readKept(path, 1)
	if err != nil || len(lines) == 0 {
		return time.Time{}, err
	}
	return lines[0].Time, nil
}

// lines are what is kept and not older than it may be, oldest first.
func (k *keptRing) lines(now time.Time) ([]keptLine, error) {
	out := []keptLine{}
	if k.path == "" {
		return out, nil
	}
	for _, path := range []string{k.path + ".1", k.path} {
		some, err := readKept(path, 0)
		if err != nil {
			return nil, err
		}
		for _, l := range some {
			if l.Time.After(now.Add(-k.keep)) {
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// ourLines reports whether a file begins with a line of a ring: something else may have the name.
func ourLines(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var l keptLine
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	return d.Decode(&l) == nil && l.Message != "" && l.Level != "" && !l.Time.IsZero()
}

// readKept reads up to most lines, 0 is all; one that is not whole is passed over.
func readKept(path string, most int) (out []keptLine, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("kept log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s := bufio.NewScanner(f)
	s.Buffer(nil, keptHalf)
	for s.Scan() && (most == 0 || len(out) < most) {
		var l keptLine
		if json.Unmarshal(bytes.TrimSpace(s.Bytes()), &l) == nil {
			out = append(out, l)
		}
	}
	return out, s.Err()
}
