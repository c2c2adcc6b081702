package auth

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// lines keep tries at account passwords in line: of one account and network one is computed at a time, so that what each
// failure costs the next holds for tries that are made at the same moment, too; and no network fills the queue that all share. The
// zero value is not usable.
type lines struct {
	mu   sync.Mutex
	of   map[string]*line
	from map[string]int // tries of a network
	most int            // of one network
}

type line struct {
	turn  *semaphore.Weighted // one at a time, first in, first out
	count int
}

func newLines(most int) *lines {
	return &lines{of: map[string]*line{}, from: map[string]int{}, most: most}
}

// enter waits until no other try of the account is computed. leave has to follow unless there is an error: pim.ErrThrottled for a
// network with too many and when ctx has run out, pim.ErrUnavailable when it was ended.
func (l *lines) enter(ctx context.Context, account, network string) (leave func(), err error) {
	l.mu.Lock()
	if l.from[network] >= l.most {
		l.mu.Unlock()
		return nil, errManyLogins()
	}
	l.from[network]++
	own := l.of[account]
	if own == nil {
		own = &line{turn: semaphore.NewWeighted(1)}
		l.of[account] = own
	}
	own.count++
	l.mu.Unlock()
	if err := own.turn.Acquire(ctx, 1); err != nil {
		l.forget(own, account, network)
		return nil, errTurn(err)
	}
	return func() {
		own.turn.Release(1)
		l.forget(own, account, network)
	}, nil
}

func (l *lines) forget(own *line, account, network string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if own.count--; own.count == 0 {
		delete(l.of, account)
	}
	if l.from[network]--; l.from[network] == 0 {
		delete(l.from, network)
	}
}
