package dav

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"crmbridge/pim/vcf"
)

// Some programs choke on photos that others send (CLIENTS.md 27). They get small JPEGs in their place; what is stored,
// and its ETag, stay as they are. A small one carries the hash of its original, so that it is known when it comes
// back: a PUT that holds it means "the photo as it is", and the original is stored.

const (
	// photoBytes is the most that such a program gets, in bytes of JPEG.
	photoBytes = 100_000
	// photosKept bounds the memory for scaled photos that may be asked for again.
	photosKept = 8 << 20
)

// photoMark begins the comment of a scaled photo; the hash of the original follows.
const photoMark = "crmbridge photo of "

// shrinker scales photos down, one at a time, since one can need 200 MB, and keeps the last ones.
type shrinker struct {
	busy chan struct{} // holds one token

	mu    sync.Mutex
	bytes int
	order list.List // of shrunk, the latest used in front
	known map[photoHash]*list.Element
}

type photoHash [sha256.Size]byte

type shrunk struct {
	of   photoHash
	data []byte // nil: it cannot be made smaller
}

func newShrinker() *shrinker {
	return &shrinker{busy: make(chan struct{}, 1), known: map[photoHash]*list.Element{}}
}

// shrink gives a JPEG of at most photoBytes for a photo that is larger; nil when the photo is small enough, is none
// that can be read, or ctx ends first.
func (s *shrinker) shrink(ctx context.Context, photo []byte) []byte {
	if len(photo) <= photoBytes {
		return nil
	}
	of := photoHash(sha256.Sum256(photo))
	if data, ok := s.find(of); ok {
		return data
	}
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-s.busy }()
	if data, ok := s.find(of); ok { // made while this one waited
		return data
	}
	data := scalePhoto(photo, photoBytes-len(photoMark)-2*len(of)-4)
	if data != nil {
		data = withComment(data, photoMark+hex.EncodeToString(of[:]))
	}
	s.keep(shrunk{of, data})
	return data
}

func (s *shrinker) find(of photoHash) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.known[of]
	if e == nil {
		return nil, false
	}
	s.order.MoveToFront(e)
	return e.Value.(shrunk).data, true
}

// entryBytes is about what an entry takes besides its data.
const entryBytes = 200

func (s *shrinker) keep(p shrunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[p.of] = s.order.PushFront(p)
	s.bytes += entryBytes + len(p.data)
	for s.bytes > photosKept {
		last := s.order.Back()
		old := s.order.Remove(last).(shrunk)
		delete(s.known, old.of)
		s.bytes -= entryBytes + len(old.data)
	}
}

// restorePhotos puts the originals back for scaled photos that come home: those of olds, which are versions of the same
// card. It is mine itself when there are none.
func restorePhotos(mine *vcf.Card, olds ...*vcf.Card) *vcf.Card {
	return mine.MapPhotos(func(photo []byte) []byte {
		mark, ok := bytes.CutPrefix(comment(photo), []byte(photoMark))
		if !ok {
			return nil
		}
		for _, old := range olds {
			if old == nil {
				continue
			}
			for _, original := range old.Photos() {
				if of := sha256.Sum256(original); hex.EncodeToString(of[:]) == string(mark) {
					return original
				}
			}
		}
		return nil
	})
}

// withComment puts a comment behind the first marker of a JPEG (ITU T.81 B.2.4.5).
func withComment(jpeg []byte, text string) []byte {
	n := len(text) + 2
	head := append([]byte{0xff, 0xd8, 0xff, 0xfe, byte(n >> 8), byte(n)}, text...)
	return append(head, jpeg[2:]...)
}

// comment is what withComment put there, nil without.
func comment(jpeg []byte) []byte {
	if len(jpeg) < 6 || string(jpeg[:4]) != "\xff\xd8\xff\xfe" {
		return nil
	}
	n := int(jpeg[4])<<8 | int(jpeg[5])
	if n < 2 || 4+n > len(jpeg) {
		return nil
	}
	return jpeg[6 : 4+n]
}
