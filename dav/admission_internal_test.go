package dav

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// EndlessTurns makes turns last until their work is done, for tests of who holds one meanwhile.
func (h *Handler) EndlessTurns() { h.reading.last, h.writing.last = time.Hour, time.Hour }

// FreeTurns is how many turns are free.
func (h *Handler) FreeTurns() (reading, writing int) {
	free := func(a *admission) int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.free
	}
	return free(h.reading), free(h.writing)
}

func TestNumberOfTurns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		atOnce, processors int
		postgres           bool
		reading, writing   int
	}{
		{0, 1, false, 2, 2}, {0, 8, false, 8, 2}, {5, 8, false, 5, 2}, {0, 1, true, 4, 4}, {0, 8, true, 16, 16}, {5, 8, true, 5, 5},
	} {
		if r, w := turns(c.atOnce, c.processors, c.postgres); r != c.reading || w != c.writing {
			t.Errorf("%+v: %d and %d", c, r, w)
		}
	}
}

// Users are served in turn, however many requests one of them has, and the requests of each in their order.
func TestUsersAreServedRoundRobin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, time.Hour)
		var served []int
		ask := func(user store.UserID, n int) {
			go func() {
				turn, err := a.enter(t.Context(), user)
				if err != nil {
					t.Error(err)
					return
				}
				served = append(served, n) // one at a time, as there is one turn
				time.Sleep(time.Millisecond)
				turn.end()
			}()
			synctest.Wait()
		}
		for n := range 6 {
			ask(1, 10+n)
		}
		ask(2, 20)
		ask(3, 30)
		ask(2, 21)
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []int{10, 20, 30, 11, 21, 12, 13, 14, 15}; !slices.Equal(served, want) {
			t.Errorf("%v, want %v", served, want)
		}
	})
}

// One user never has all turns.
func TestTurnsAreLeftForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(4, 100*time.Millisecond)
		for range 2 {
			if _, err := a.enter(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.enter(t.Context(), 1); !errors.Is(err, errCrowded) {
			t.Errorf("a third turn of four: %v", err)
		}
		began := time.Now()
		if _, err := a.enter(t.Context(), 2); err != nil || time.Since(began) != 0 {
			t.Errorf("the other user waited %v: %v", time.Since(began), err)
		}
		time.Sleep(turnTime)
	})
}

// Work that takes long, and a client that does not read, hold up those who wait no longer than that.
func TestTurnsEndByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, time.Hour)
		long, err := a.enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		slow, err := a.enter(t.Context(), 1)
		if err != nil || time.Since(began) != turnTime {
			t.Errorf("waited %v for long work: %v", time.Since(began), err)
		}
		reader := stuck{httptest.NewRecorder(), make(chan struct{})}
		go func() { _, _ = (&toClient{ResponseWriter: reader, turn: slow}).Write([]byte("x")) }()
		began = time.Now()
		next, err := a.enter(t.Context(), 2)
		if err != nil || time.Since(began) != slowClient {
			t.Errorf("waited %v for a slow client: %v", time.Since(began), err)
		}
		close(reader.read)
		// Ends that come late, or twice, give nothing back a second time.
		long.end()
		slow.end()
		next.end()
		next.end()
		if a.free != 1 || len(a.users) != 0 || len(a.next) != 0 {
			t.Errorf("%d free, %d users, %d waiting", a.free, len(a.users), len(a.next))
		}
		// Quick writes, however many, cost no turn before its time.
		quick, err := a.enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		to := &toClient{ResponseWriter: httptest.NewRecorder(), turn: quick}
		for range 12 {
			time.Sleep(slowClient - 1)
			_, _ = to.Write([]byte("x"))
		}
		if a.free != 0 {
			t.Error("the turn ended")
		}
		quick.end()
	})
}

// stuck is a client that reads when it is told to.
type stuck struct {
	http.ResponseWriter
	read chan struct{}
}

func (s stuck) Write(b []byte) (int, error) {
	<-s.read
	return len(b), nil
}

// Who waits too long, or goes, leaves the queue.
func TestWaitingForATurnEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, 100*time.Millisecond)
		held, err := a.enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := a.enter(t.Context(), 2); !errors.Is(err, errCrowded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := a.enter(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		held.end()
		if a.free != 1 || len(a.users) != 0 || len(a.next) != 0 {
			t.Errorf("%d free, %d users, %d waiting", a.free, len(a.users), len(a.next))
		}
	})
}

// Whatever comes and goes: no turn is lost or made, none is free while somebody waits who may have it, and nothing is left
// in the end.
func TestTurnsAreConserved(t *testing.T) {
	t.Parallel()
	type waiter struct {
		user store.UserID
		came chan struct{}
	}
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 6).Draw(t, "turns")
		a := newAdmission(most, time.Hour)
		var held []store.UserID
		var waiting []waiter
		settle := func() {
			waiting = slices.DeleteFunc(waiting, func(w waiter) bool {
				select {
				case <-w.came:
					held = append(held, w.user)
					return true
				default:
					return false
				}
			})
			of := map[store.UserID]int{}
			for _, u := range held {
				of[u]++
			}
			if a.free+len(held) != most {
				t.Fatalf("%d free and %d held of %d", a.free, len(held), most)
			}
			for u, n := range of {
				if n > a.each {
					t.Fatalf("user %d has %d", u, n)
				}
			}
			for _, w := range waiting {
				if a.free > 0 && of[w.user] < a.each {
					t.Fatalf("user %d waits while %d are free", w.user, a.free)
				}
			}
		}
		leave := func(i int) {
			a.leave(held[i])
			held = slices.Delete(held, i, i+1)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
			case what < 2:
				user := store.UserID(rapid.IntRange(1, 4).Draw(t, "user"))
				if came := a.join(user); came != nil {
					waiting = append(waiting, waiter{user, came})
				} else {
					held = append(held, user)
				}
			case what == 2 && len(held) > 0:
				leave(rapid.IntRange(0, len(held)-1).Draw(t, "leaves"))
			case what == 3 && len(waiting) > 0:
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "gives up")
				if err := a.giveUp(waiting[i].user, waiting[i].came, errCrowded); err == nil {
					t.Fatal("gave up and got a turn")
				}
				waiting = slices.Delete(waiting, i, i+1)
			}
			settle()
		}
		for len(held) > 0 {
			leave(0)
			settle()
		}
		if len(waiting) > 0 || len(a.users) > 0 || len(a.next) > 0 {
			t.Fatalf("%d wait, %d users, %d next", len(waiting), len(a.users), len(a.next))
		}
	})
}

// A turn that comes while its request gives up is taken.
func TestTurnThatComesLate(t *testing.T) {
	t.Parallel()
	a := newAdmission(1, time.Hour)
	if a.join(1) != nil {
		t.Fatal("waits")
	}
	came := a.join(2)
	a.leave(1)
	if err := a.giveUp(2, came, errCrowded); err != nil {
		t.Fatal(err)
	}
	a.leave(2)
	if a.free != 1 || len(a.users) != 0 {
		t.Errorf("%d free, %d users", a.free, len(a.users))
	}
}
