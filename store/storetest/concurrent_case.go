package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// While some write, everybody's listing of names is what his snapshot holds.
func testNamesMeanwhile(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const writers, each, readers = 3, 25, 4
	var reading, writing sync.WaitGroup
	stop := make(chan struct{})
	for range readers {
		reading.Go(func() {
			for over := false; !over; {
				select {
				case <-stop:
					over = true // once more, when all is written
				default:
				}
				if err := f.s.View(t.Context(), func(tx *store.Tx) error { return sameNames(tx, f.cal.ID) }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				p := event(f.cal.ID, fmt.Sprintf("%d-%d", w, i%7), fmt.Sprint(i))
				err := f.s.Update(t.Context(), func(tx *store.Tx) error {
					if i%5 == 4 {
						_, err := tx.DeleteObject(f.cal.ID, p.Name, store.Cond{}, "", 0)
						return err
					}
					_, err := tx.PutObject(p)
					return err
				})
				if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
}

// Sixteen write into one collection while others poll its changes: each sees every
// commit once, in order.
func testWriters(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const writers, each, pollers = 16, 12, 3
	stop := make(chan struct{})
	var polling, writing sync.WaitGroup
	for range pollers {
		polling.Go(func() {
			at, seen := f.cal.Seq, map[store.Seq]bool{}
			for last := false; ; {
				var to store.Seq
				err := f.s.View(t.Context(), func(tx *store.Tx) error {
					before := at
					var err error
					to, _, err = tx.Changes(f.cal.ID, at, 5, false, func(o *store.Object) error {
						if o.Seq != before+1 || seen[o.Seq] {
							t.Errorf("change %d after %d", o.Seq, before)
						}
						before, seen[o.Seq] = o.Seq, true
						return nil
					})
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				if last && to == at {
					break
				}
				at = to
				select {
				case <-stop:
					last = true
				case <-time.After(time.Millisecond):
				}
			}
			equal(t, "changes seen", len(seen), writers*each)
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				err := f.s.Update(t.Context(), func(tx *store.Tx) error {
					_, err := tx.PutObject(event(f.cal.ID, fmt.Sprintf("%d-%d", w, i), "x"))
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	polling.Wait()
}

// Of many that create one name or one UID at once, one does.
func testRaceName(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	for round := range 5 {
		won, same := race(t, f.s, func(tx *store.Tx, i int) error {
			p := event(f.cal.ID, fmt.Sprint(round), fmt.Sprint(i))
			p.Cond.IfNoneMatch = []string{"*"}
			if i%2 == 1 {
				p.Name = fmt.Sprintf("%d-%d.ics", round, i)
			}
			_, err := tx.PutObject(p)
			return err
		})
		equal(t, "winners", won, 1)
		equal(t, "refused", same, racers-1)
	}
}

// Of many that replace one version at once, one does.
func testRaceVersion(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	etag := f.put(event(f.cal.ID, "a", "start")).Object.ETag
	for round := range 5 {
		won, same := race(t, f.s, func(tx *store.Tx, i int) error {
			p := event(f.cal.ID, "a", fmt.Sprint(round, i))
			p.Cond.IfMatch = []string{etag}
			_, err := tx.PutObject(p)
			return err
		})
		equal(t, "winners", won, 1)
		equal(t, "refused", same, racers-1)
		f.view(func(tx *store.Tx) error {
			o, err := tx.Object(f.cal.ID, "a.ics")
			etag = o.ETag
			return err
		})
	}
}

// Moves to and fro between two collections must not lock each other out.
func testRaceMoves(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	other := f.collection("other")
	for i := range 4 {
		f.put(event(f.cal.ID, fmt.Sprintf("a%d", i), "x"))
		f.put(event(other.ID, fmt.Sprintf("b%d", i), "x"))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 10 {
				m := store.Move{From: f.cal.ID, To: other.ID, Overwrite: true}
				if r.IntN(2) == 0 {
					m.From, m.To = m.To, m.From
				}
				m.Name = fmt.Sprintf("%c%d.ics", 'a'+rune(r.IntN(2)), r.IntN(4))
				m.NewName = m.Name
				err := f.s.Update(t.Context(), func(tx *store.Tx) error {
					_, err := tx.MoveObject(m)
					return err
				})
				if err != nil && !errors.Is(err, pim.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	f.view(func(tx *store.Tx) error {
		for _, c := range []store.CollectionID{f.cal.ID, other.ID} {
			got, _, err := tx.Count(c)
			if n += got; err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "objects", n, 8)
}

const racers = 16

// race runs do at once in many transactions and counts who came through and who was
// refused for a reason of its own.
func race(t *testing.T, s *store.Store, do func(tx *store.Tx, i int) error) (won, refused int) {
	t.Helper()
	errs := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = s.Update(t.Context(), func(tx *store.Tx) error { return do(tx, i) })
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, pim.ErrConflict), errors.Is(err, pim.ErrExists):
			refused++
		default:
			t.Error(err)
		}
	}
	return won, refused
}
