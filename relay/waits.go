package relay

import (
	"time"

	"crmbridge/pim"
)

// Waits are the times between tries. A zero field takes the default named with it.
type Waits struct {
	// Link is when a link is tried again after its first failure: 30 s. It doubles.
	Link time.Duration
	// Item is when an item that failed is tried again: 5 s. It triples.
	Item time.Duration
	// Hopeless is when an item is tried again that will hardly fare better by waiting,
	// such as one that was refused: 6 h. A change on either side wakes it at once.
	Hopeless time.Duration
	// Most is the longest that links and items wait: 30 min.
	Most time.Duration
	// Tries is how often in a row an item is tried by itself: 50. After that it is set aside, as by Engine.Ignore: a change on
	// either side or a person (Retry) wakes it.
	Tries int
}

func (w Waits) withDefaults() Waits {
	for _, f := range []struct {
		at  *time.Duration
		def time.Duration
	}{{&w.Link, 30 * time.Second}, {&w.Item, 5 * time.Second}, {&w.Hopeless, 6 * time.Hour}, {&w.Most, 30 * time.Minute}} {
		if *f.at == 0 {
			*f.at = f.def
		}
	}
	if w.Tries == 0 {
		w.Tries = 50
	}
	return w
}

// link is the time to the next poll: the interval; after failures in a row a retry that
// comes soon at first; never before the remote wants it (after).
func (w Waits) link(interval time.Duration, failures int, after time.Duration) time.Duration {
	if interval <= 0 {
		interval = time.Minute
	}
	if failures == 0 {
		return max(interval, after)
	}
	w = w.withDefaults()
	return max(growing(min(interval, w.Link), 2, failures, w.Most), after)
}

// item is when a failed item is tried again.
func (w Waits) item(kind pim.Reason, attempts int, after time.Duration) time.Duration {
	w = w.withDefaults()
	if !kind.Retryable() {
		return max(w.Hopeless, after)
	}
	return max(growing(w.Item, 3, attempts, w.Most), after)
}

// growing is first, times factor for each try after the first.
func growing(first time.Duration, factor, tries int, most time.Duration) time.Duration {
	for i := 1; i < tries && first < most; i++ {
		first *= time.Duration(factor)
	}
	return min(first, most)
}
