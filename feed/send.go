package feed

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// piece is what a client has to take within Limits.Stall while it has a slot, in bytes.
const piece = 64 << 10

// errSlow says that a client with a slot took too long.
var errSlow = errors.New("feed: the client is too slow")

// room is memory that all have together, in bytes.
type room struct{ left atomic.Int64 }

func newRoom(n int) *room {
	r := &room{}
	r.left.Store(int64(n))
	return r
}

// take reports whether there was room for n more.
func (r *room) take(n int) bool {
	if r.left.Add(-int64(n)) >= 0 {
		return true
	}
	r.give(n)
	return false
}

func (r *room) give(n int) { r.left.Add(int64(n)) }

// sender is the way of a feed to its client. What fits into memory is kept there until the feed is whole: then neither a
// slot nor a transaction of the store waits for the client, and what fails until then has a status of its own. A larger
// one is sent while it is written, and its client must not dawdle.
type sender struct {
	to    http.ResponseWriter
	begin func() // sends the status
	most  int    // to keep
	room  *room
	stall time.Duration

	taken   int // of room
	kept    bytes.Buffer
	through bool // nothing is kept any more
}

// Write implements io.Writer.
func (s *sender) Write(b []byte) (int, error) {
	if s.keeps(len(b)) {
		return s.kept.Write(b)
	}
	if !s.through {
		s.through = true
		s.begin()
	}
	for rest := b; len(rest) > 0; {
		n, _ := s.kept.Write(rest[:min(len(rest), max(0, piece-s.kept.Len()))]) // the error is always nil
		rest = rest[n:]
		for s.kept.Len() >= piece {
			if err := s.hurry(s.kept.Next(piece)); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

// keeps makes room for n more bytes.
func (s *sender) keeps(n int) bool {
	if s.through || s.kept.Len()+n > s.most {
		return false
	}
	if need := s.kept.Len() + n - s.taken; need > 0 {
		need = max(need, min(piece, s.most-s.taken))
		if !s.room.take(need) {
			return false
		}
		s.taken += need
	}
	return true
}

// hurry sends a piece to a client that others may be waiting for.
func (s *sender) hurry(b []byte) error {
	late := make(chan struct{})
	cut := time.AfterFunc(s.stall, func() { // owner: this call
		defer close(late)
		// A time that has passed ends the write. A writer that knows no deadlines has nobody behind it to wait for.
		_ = http.NewResponseController(s.to).SetWriteDeadline(time.Unix(1, 0))
	})
	_, err := s.to.Write(b)
	if !cut.Stop() {
		<-late
		return errSlow
	}
	return err
}

// finish sends what is kept, at the client's own speed when it is the whole feed. The server's time limit on
// writing holds.
func (s *sender) finish() error {
	if s.through {
		return s.hurry(s.kept.Bytes())
	}
	s.begin()
	_, err := io.Copy(s.to, &s.kept)
	return err
}

// close gives back what the sender holds, whatever became of it.
func (s *sender) close() {
	s.room.give(s.taken)
	s.taken, s.kept = 0, bytes.Buffer{}
}
