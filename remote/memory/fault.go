package memory

import (
	"context"
	"sync"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Call is one method call as a fault sees it.
type Call struct {
	N          int    // from 1, over all sessions
	Op         string // collections, changes, list, fetch, find, create, update, delete, mark, where, relate, related, candidates, whois, companies, probe
	Collection remote.CollectionID
	ID         remote.ItemID // of update, delete and mark
	Write      bool
}

// Fault is what goes wrong with a call; the zero value is nothing.
type Fault struct {
	Err  error // returned instead of doing anything, or, with Lost, after doing it
	Lost bool  // done, but the answer does not arrive; Err nil is ErrUnavailable
	Hang bool  // waits until the context ends
}

// faults are under a lock of their own: a call that hangs holds up nothing else.
type faults struct {
	mu     sync.Mutex
	n      int
	decide func(Call) Fault
	failAt map[int]error
	lose   int
	paused chan struct{} // closed by resume; nil when running
}

// SetFaults asks decide about every call from now on; nil ends it. It may be
// called concurrently and must not call the System.
func (m *System) SetFaults(decide func(Call) Fault) {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.decide = decide
}

// FailCall lets the nth call from now (1 is the next) fail with err, a *pim.Error.
func (m *System) FailCall(n int, err error) {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	if m.faults.failAt == nil {
		m.faults.failAt = map[int]error{}
	}
	m.faults.failAt[m.faults.n+n] = err
}

// LoseAnswers lets the next n writes happen without an answer.
func (m *System) LoseAnswers(n int) {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.lose = n
}

// Pause holds up every call until resume is called or its context ends. Calling
// resume twice does nothing.
func (m *System) Pause() (resume func()) {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	if m.faults.paused == nil {
		m.faults.paused = make(chan struct{})
	}
	ch := m.faults.paused
	return func() {
		m.faults.mu.Lock()
		defer m.faults.mu.Unlock()
		if m.faults.paused == ch {
			close(ch)
			m.faults.paused = nil
		}
	}
}

// Calls is how many calls there were.
func (m *System) Calls() int {
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	return m.faults.n
}

func (f *faults) next(c Call) (Fault, chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	c.N = f.n
	if err, ok := f.failAt[f.n]; ok {
		delete(f.failAt, f.n)
		return Fault{Err: err}, f.paused
	}
	if c.Write && f.lose > 0 {
		f.lose--
		return Fault{Lost: true}, f.paused
	}
	if f.decide != nil {
		return f.decide(c), f.paused
	}
	return Fault{}, f.paused
}

// call carries out do under the lock, unless something is to go wrong.
func (m *System) call(ctx context.Context, c Call, do func() error) error {
	op := "memory: " + c.Op
	if err := ctx.Err(); err != nil {
		return pim.Wrap(op, pim.ErrUnavailable, err)
	}
	fault, paused := m.faults.next(c)
	if paused != nil {
		select {
		case <-paused:
		case <-ctx.Done():
			return pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
		}
	}
	if fault.Hang {
		<-ctx.Done()
		return pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
	}
	if fault.Err != nil && !fault.Lost {
		return fault.Err
	}
	m.mu.Lock()
	err := do()
	m.mu.Unlock()
	if fault.Lost && err == nil {
		if fault.Err != nil {
			return fault.Err
		}
		return pim.Errorf(op, pim.ErrUnavailable, "the connection broke off")
	}
	return err
}
