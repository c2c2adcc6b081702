package dav

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"sync"

	"crmbridge/store"
)

// spools is the room on disk for answers whose clients are slow, and the share of the database's connections that those
// may hold for whom there is no room.
type spools struct {
	folder  string // "" is the system's
	perUser int64
	linger  chan struct{}

	mu   sync.Mutex
	left int64
	held map[store.UserID]int64
}

// newSpools shares so many bytes in a folder: one user may have a quarter. linger is how many may hold a connection for their
// clients.
func newSpools(folder string, bytes int64, linger int) *spools {
	return &spools{folder: folder, perUser: bytes / 4, linger: make(chan struct{}, linger), left: bytes, held: map[store.UserID]int64{}}
}

// lingering is how many connections may wait for clients: less than half of the pools in store/postgres.go and
// store/sqlite.go.
func lingering(postgres bool) int {
	if postgres {
		return 12
	}
	return 48
}

// take reports whether there was room for n more bytes.
func (s *spools) take(user store.UserID, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.left || s.held[user]+n > s.perUser {
		return false
	}
	s.left -= n
	s.held[user] += n
	return true
}

func (s *spools) give(user store.UserID, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left += n
	if s.held[user] -= n; s.held[user] <= 0 {
		delete(s.held, user)
	}
}

// spoolFile is a queue of bytes in a file without a name. What lies in it is encrypted with a key that is nowhere else, as folders for
// temporary files are seldom on the disks that people choose for personal data. One goroutine may write while
// another reads; they agree on how much there is by themselves.
type spoolFile struct {
	f        *os.File
	in, out  cipher.Stream
	wrote    int64 // by the writer
	read     int64 // by the reader
	scramble []byte
}

func newSpoolFile(folder string) (*spoolFile, error) {
	var key, iv [16]byte
	for _, b := range [][]byte{key[:], iv[:]} {
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(folder, "bridge-answer-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spoolFile{f: f, in: cipher.NewCTR(block, iv[:]), out: cipher.NewCTR(block, iv[:]), scramble: make([]byte, piece)}, nil
}

// write adds at most len(s.scramble) bytes. After an error nothing can be added any more, but what was is still there.
func (s *spoolFile) write(b []byte) error {
	sealed := s.scramble[:len(b)]
	s.in.XORKeyStream(sealed, b)
	_, err := s.f.WriteAt(sealed, s.wrote)
	s.wrote += int64(len(b))
	return err
}

// next reads up to len(b) of n bytes that are known to be there.
func (s *spoolFile) next(b []byte, n int64) ([]byte, error) {
	b = b[:min(int64(len(b)), n)]
	got, err := s.f.ReadAt(b, s.read)
	if errors.Is(err, io.EOF) && got == len(b) {
		err = nil
	}
	s.out.XORKeyStream(b, b)
	s.read += int64(len(b))
	return b, err
}

func (s *spoolFile) close() { _ = s.f.Close() } // it has no name, and nobody wants what is in it
