package dav

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"crmbridge/store"
)

// How long a turn lasts at most. Who takes longer goes on without one, beside those whose turn it is: nobody waits for
// a download of everything, for a query that takes seconds, or for a client that stops to read.
const (
	turnTime = 250 * time.Millisecond
	// A client that has not taken what was written after this time is slow. On an idle machine it takes microseconds,
	// as the system has room for the whole of most answers.
	slowClient = 20 * time.Millisecond
)

// turns is how many requests that read, and how many that write, work at the same moment when so many processors are there;
// atOnce is what the operator says of it, or 0. Those that write have turns of their own, as they wait for others that
// write, the relay's runs among them, and readers need not wait with them.
//
// With SQLite the work is done by this process. More readers than processors would keep the one writer from them, who holds
// up all that write; a second writer is ready when the first ends. PostgreSQL works beside this process, and writers
// wait for its disk together.
func turns(atOnce, processors int, postgres bool) (reading, writing int) {
	if atOnce == 0 {
		atOnce = max(2, processors)
		if postgres {
			atOnce *= 2
		}
	}
	if !postgres {
		return atOnce, 2
	}
	return atOnce, atOnce
}

// admission lets requests work in turns, a number of them at once. More at once would take no less time together, and
// the unlucky a hundred times as long as the others: database/sql gives a connection to any of those who wait for one.
//
// Users are served round robin, and the requests of each first in, first out; one user has at most half of the turns, or two. So
// a user with many programs holds up none but himself.
type admission struct {
	each int // turns of one user at once
	wait time.Duration
	last time.Duration // how long a turn lasts

	mu    sync.Mutex
	free  int
	users map[store.UserID]*party
	next  []*party // users who wait and may have a turn, in their order
}

// party is a user who has turns or waits for some.
type party struct {
	user    store.UserID
	held    int
	waiting []chan struct{} // closed when its turn has come
	listed  bool            // is in admission.next
}

// errCrowded says that a turn did not come within the time of waiting.
var errCrowded = errors.New("dav: no turn")

// newAdmission shares turns. Who waits longer than wait is turned away.
func newAdmission(turns int, wait time.Duration) *admission {
	return &admission{free: turns, each: max(turns/2, min(2, turns)), wait: wait, last: turnTime, users: map[store.UserID]*party{}}
}

// enter waits for a turn. It fails with errCrowded or the context's error. The turn has to be ended.
func (a *admission) enter(ctx context.Context, user store.UserID) (*turn, error) {
	if err := a.queue(ctx, user); err != nil {
		return nil, err
	}
	t := &turn{in: a, user: user, held: true}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.life = time.AfterFunc(a.last, t.end) // owner: whoever ends the turn
	return t, nil
}

func (a *admission) queue(ctx context.Context, user store.UserID) error {
	came := a.join(user)
	if came == nil {
		return nil
	}
	patience := time.NewTimer(a.wait)
	defer patience.Stop()
	select {
	case <-came:
		return nil
	case <-ctx.Done():
		return a.giveUp(user, came, ctx.Err())
	case <-patience.C:
		return a.giveUp(user, came, errCrowded)
	}
}

// join takes a turn and returns nil, or else the place in the queue. While one is free nobody who may have it waits.
func (a *admission) join(user store.UserID) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.users[user]
	if l == nil {
		l = &party{user: user}
		a.users[user] = l
	}
	if a.free > 0 && l.held < a.each {
		a.free--
		l.held++
		return nil
	}
	came := make(chan struct{})
	l.waiting = append(l.waiting, came)
	a.list(l)
	return came
}

// giveUp leaves the queue. A turn that has come meanwhile is taken after all.
func (a *admission) giveUp(user store.UserID, came chan struct{}, why error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.users[user]
	if l != nil {
		if i := slices.Index(l.waiting, came); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			a.forget(l)
			return why
		}
	}
	return nil
}

// leave gives a turn back and lets the next in.
func (a *admission) leave(user store.UserID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.users[user]
	l.held--
	a.free++
	a.list(l)
	a.forget(l)
	for a.free > 0 && len(a.next) > 0 {
		l := a.next[0]
		a.next = slices.Delete(a.next, 0, 1)
		l.listed = false
		if len(l.waiting) > 0 { // else all of them gave up
			close(l.waiting[0])
			l.waiting = slices.Delete(l.waiting, 0, 1)
			l.held++
			a.free--
		}
		a.list(l)
		a.forget(l)
	}
}

// list puts a user who waits and may have a turn at the end of the round.
func (a *admission) list(l *party) {
	if !l.listed && len(l.waiting) > 0 && l.held < a.each {
		a.next = append(a.next, l)
		l.listed = true
	}
}

// forget drops a user who has nothing here.
func (a *admission) forget(l *party) {
	if l.held == 0 && len(l.waiting) == 0 && !l.listed {
		delete(a.users, l.user)
	}
}

// turn is the permission to work. It ends by itself after turnTime, and when the client is slow; it is not taken again,
// since who waits for a turn while he holds a connection of the database can be whom the others wait for.
type turn struct {
	in   *admission
	user store.UserID
	slow *time.Timer // made with the first write; used by one goroutine

	mu   sync.Mutex
	held bool
	life *time.Timer
}

// end gives the turn back, once.
func (t *turn) end() {
	t.mu.Lock()
	held, life := t.held, t.life
	t.held = false
	t.mu.Unlock()
	if held {
		life.Stop()
		t.in.leave(t.user)
	}
}

// writing is called before something is sent to the client, and wrote after it.
func (t *turn) writing() {
	if t.slow == nil {
		t.slow = time.AfterFunc(slowClient, t.end) // owner: wrote, after the same write
		return
	}
	t.slow.Reset(slowClient)
}

func (t *turn) wrote() { t.slow.Stop() }

// toClient is the way to the client, on which a turn is not held for long.
type toClient struct {
	http.ResponseWriter
	turn     *turn     // nil while there is none
	detached *detached // nil while nobody's transaction would wait for the client
}

// Write implements io.Writer.
func (c *toClient) Write(b []byte) (int, error) {
	if c.detached != nil {
		return c.detached.Write(b)
	}
	if c.turn == nil {
		return c.ResponseWriter.Write(b)
	}
	c.turn.writing()
	defer c.turn.wrote()
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *toClient) Unwrap() http.ResponseWriter { return c.ResponseWriter }
