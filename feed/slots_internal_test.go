package feed

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// Nobody waits who may have a slot, nobody has more than his share, and of two of one share the first is served first.
func TestSlots(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSlots(rapid.IntRange(1, 9).Draw(t, "slots"))
		total := s.free
		var held []share
		var waiting []*waiter
		arrived := func() {
			var still []*waiter
			for _, w := range waiting {
				select {
				case <-w.came:
					held = append(held, w.share)
				default:
					still = append(still, w)
				}
			}
			waiting = still
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
			case what == 0 && len(held) > 0:
				i := rapid.IntRange(0, len(held)-1).Draw(t, "who")
				of := held[i]
				held = append(held[:i], held[i+1:]...)
				s.leave(of)
			case what == 1 && len(waiting) > 0:
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "who")
				if err := s.giveUp(waiting[i], errNoSlot); !errors.Is(err, errNoSlot) {
					t.Fatalf("who gives up in the queue: %v", err)
				}
				waiting = append(waiting[:i], waiting[i+1:]...)
			default:
				of := share{store.FeedID(rapid.IntRange(1, 4).Draw(t, "feed")), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "network")}
				if w := s.join(of); w != nil {
					waiting = append(waiting, w)
				} else {
					held = append(held, of)
				}
			}
			arrived()
			feeds, networks := map[store.FeedID]int{}, map[string]int{}
			for _, h := range held {
				feeds[h.feed]++
				networks[h.network]++
				if feeds[h.feed] > s.perFeed || networks[h.network] > s.perNetwork {
					t.Fatalf("more than a share: %v", held)
				}
			}
			if s.free != total-len(held) || s.free < 0 {
				t.Fatalf("%d free of %d, %d held", s.free, total, len(held))
			}
			for _, w := range waiting {
				if s.may(w.share) {
					t.Fatalf("%v waits for nothing", w.share)
				}
			}
		}
		for len(held) > 0 {
			s.leave(held[0])
			held = held[1:]
			arrived()
		}
		if len(waiting) > 0 || s.free != total || len(s.feeds)+len(s.networks) > 0 {
			t.Fatalf("left over: %d wait, %d of %d free, %v %v", len(waiting), s.free, total, s.feeds, s.networks)
		}
	})
}

func TestSlotsEndWaiting(t *testing.T) {
	t.Parallel()
	s := newSlots(1)
	of := share{1, "a"}
	if err := s.enter(t.Context(), of, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.enter(t.Context(), of, time.Nanosecond); !errors.Is(err, errNoSlot) {
		t.Errorf("out of patience: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.enter(gone, of, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("gone: %v", err)
	}
	if len(s.waiting) != 0 {
		t.Errorf("%d wait", len(s.waiting))
	}
	w := s.join(of)
	s.leave(of)
	if err := s.giveUp(w, errNoSlot); err != nil {
		t.Errorf("a slot that has come is taken: %v", err)
	}
	s.leave(of)
}

// Whatever is written in whatever pieces comes out as it is, is kept as long as there is room for it, and no more is.
func TestSender(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := newRoom(rapid.IntRange(0, 300_000).Draw(t, "room"))
		before := all.left.Load()
		w := httptest.NewRecorder()
		begun := 0
		s := &sender{to: w, begin: func() { begun++; w.WriteHeader(http.StatusOK) }, most: rapid.IntRange(0, 300_000).Draw(t, "most"), room: all, stall: time.Hour}
		var want []byte
		for i := range rapid.IntRange(0, 20).Draw(t, "writes") {
			b := bytes.Repeat([]byte{byte('a' + i)}, rapid.SampledFrom([]int{0, 1, 240, 4096, piece - 1, piece, piece + 1, 200_000}).Draw(t, "size"))
			want = append(want, b...)
			if n, err := s.Write(b); n != len(b) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			if s.through != (begun > 0) || !s.through && (w.Body.Len() > 0 || s.taken > s.most || s.kept.Len() > s.taken) {
				t.Fatalf("through: %v, begun: %d, sent %d, kept %d, taken %d of %d", s.through, begun, w.Body.Len(), s.kept.Len(), s.taken, s.most)
			}
		}
		if len(want) > s.most && !s.through {
			t.Fatal("more is kept than may be")
		}
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		s.close()
		if !bytes.Equal(w.Body.Bytes(), want) || begun != 1 || all.left.Load() != before {
			t.Fatalf("%d of %d bytes, begun %d times, %d of %d left", w.Body.Len(), len(want), begun, all.left.Load(), before)
		}
	})
}
