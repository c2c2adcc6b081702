package dav

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// taker is a client that takes a piece whenever it is told to, and all of it in the end.
type taker struct {
	got  bytes.Buffer
	take chan struct{}
}

func (c *taker) Header() http.Header { return http.Header{} }
func (c *taker) WriteHeader(int)     {}
func (c *taker) Write(b []byte) (int, error) {
	<-c.take
	return c.got.Write(b)
}

func queueTo(t *testing.T, w http.ResponseWriter, s *spools) *detached {
	t.Helper()
	return &detached{ctx: t.Context(), client: &toClient{ResponseWriter: w}, spools: s, user: 7, now: time.Now, log: slog.New(slog.DiscardHandler)}
}

// What is made comes to the client byte for byte, by memory and by the file, whenever it takes something.
func TestQueueKeepsAnswers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newSpools("", rapid.Int64Range(0, 8<<20).Draw(rt, "room"), 1)
		left := s.left
		c := &taker{take: make(chan struct{}, 1000)}
		d := queueTo(t, c, s)
		d.lasted = rapid.SampledFrom([]time.Duration{0, grace - time.Millisecond, grace}).Draw(rt, "waited")
		var want bytes.Buffer
		noise := rand.NewChaCha8([32]byte{1})
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 300_000), 1, 8).Draw(rt, "pieces") {
			b := make([]byte, n)
			_, _ = noise.Read(b) // the error is always nil
			want.Write(b)
			for range rapid.IntRange(0, 2).Draw(rt, "taken") {
				c.take <- struct{}{}
			}
			if s.perUser < int64(want.Len()) { // nobody waits for a client that takes nothing
				for range 20 {
					c.take <- struct{}{}
				}
			}
			if _, err := d.Write(b); err != nil {
				rt.Fatal(err)
			}
		}
		d.stay()
		close(c.take)
		if err := d.finish(); err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(c.got.Bytes(), want.Bytes()) {
			rt.Fatalf("%d bytes came of %d", c.got.Len(), want.Len())
		}
		if s.left != left || len(s.held) != 0 || len(s.linger) != 0 || d.file != nil {
			rt.Fatalf("something was not given back: %d of %d, %v", s.left, left, s.held)
		}
	})
}

// Without room on disk one answer may wait for its client; the next is cut off, and nothing stays behind of it.
func TestQueueWithoutRoom(t *testing.T) {
	t.Parallel()
	s := newSpools("", 0, 1)
	var wg sync.WaitGroup
	first := &taker{take: make(chan struct{})}
	large := make([]byte, 5*queued)
	wg.Go(func() {
		d := queueTo(t, first, s)
		if _, err := d.Write(large); err != nil {
			t.Error(err)
		}
		d.stay()
		if err := d.finish(); err != nil || first.got.Len() != len(large) {
			t.Errorf("%v, %d bytes", err, first.got.Len())
		}
	})
	for len(s.linger) == 0 {
		runtime.Gosched()
	}
	d := queueTo(t, &gone{cut: make(chan struct{})}, s)
	if _, err := d.Write(large); !errors.Is(err, errDawdles) {
		t.Errorf("the second: %v", err)
	}
	d.abandon()
	close(first.take)
	wg.Wait()
}

// gone is a client that takes nothing, and whose writes end with the deadline.
type gone struct {
	taker
	cut chan struct{}
}

func (c *gone) Write([]byte) (int, error) { <-c.cut; return 0, os.ErrDeadlineExceeded }

func (c *gone) SetWriteDeadline(time.Time) error { close(c.cut); return nil }

// A client whose connection fails ends the answer, and a panic on its way ends no more than that.
func TestQueueToNobody(t *testing.T) {
	t.Parallel()
	for what, write := range map[string]func() (int, error){
		"closed": func() (int, error) { return 0, io.ErrClosedPipe },
		"panic":  func() (int, error) { panic("on the way") },
	} {
		d := queueTo(t, &failing{write: write}, newSpools("", 1<<30, 1))
		var err error
		for range 1000 {
			if _, err = d.Write(make([]byte, queued)); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s: nothing is told of it", what)
		}
		d.abandon()
	}
}

type failing struct {
	taker
	write func() (int, error)
}

func (f *failing) Write([]byte) (int, error) { return f.write() }

// What lies in the file of an answer is not to be read by others, and the file has no name.
func TestSpooledIsSealed(t *testing.T) {
	t.Parallel()
	f, err := newSpoolFile(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	text := bytes.Repeat([]byte("BEGIN:VCARD\r\n"), 100)
	for _, b := range [][]byte{text[:500], text[500:]} {
		if err := f.write(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(f.f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there by name: %v", err)
	}
	raw := make([]byte, len(text))
	if _, err := f.f.ReadAt(raw, 0); err != nil || bytes.Contains(raw, []byte("VCARD")) {
		t.Errorf("%v: the text can be read", err)
	}
	var back []byte
	for len(back) < len(text) {
		b, err := f.next(make([]byte, 77), int64(len(text)-len(back)))
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, b...)
	}
	if !bytes.Equal(back, text) {
		t.Error("what comes back differs")
	}
}

// Answers lie in the folder that was named: when no file can be made there, a slow client is waited for or cut off.
func TestSpooledInItsFolder(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		s := newSpools(folder, 1<<20, 0)
		c := &taker{take: make(chan struct{})}
		d := queueTo(t, c, s)
		d.lasted = grace
		_, err := d.Write(make([]byte, 3*queued))
		if here := filepath.Base(folder) != "none"; here != (err == nil) || here != (d.file != nil) || here != (d.inFile > 0) {
			t.Errorf("%s: %v, %d bytes in a file", folder, err, d.inFile)
		} else if here && filepath.Dir(d.file.f.Name()) != folder {
			t.Errorf("%s lies elsewhere", d.file.f.Name())
		}
		close(c.take)
		d.abandon()
	}
}

// One user has no more than a quarter of the room.
func TestRoomOfOneUser(t *testing.T) {
	t.Parallel()
	s := newSpools("", 400, 1)
	if !s.take(1, 100) || s.take(1, 1) || !s.take(2, 100) || !s.take(3, 100) || !s.take(4, 100) || s.take(5, 1) {
		t.Errorf("%d left, %v", s.left, s.held)
	}
	s.give(1, 100)
	if !s.take(5, 100) || s.left != 0 {
		t.Errorf("%d left, %v", s.left, s.held)
	}
}
