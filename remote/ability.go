package remote

import "context"

// Optional abilities. A driver asserts each one it has:
//
//	var _ remote.Lister = (*connector)(nil)

// Lister lists the refs of all items in scope cheaply, for reconciling deletions.
// Without it the relay lists with Changes from the empty cursor.
type Lister interface {
	List(ctx context.Context, c CollectionID, s Scope) ([]Ref, error)
}

// Finder finds the item made by a Create whose answer was lost. found is false
// when there is none. Needed unless Traits.Idempotent.
type Finder interface {
	Find(ctx context.Context, c CollectionID, key string, e Entry) (r Record, found bool, err error)
}

// Prober checks address, login and rights step by step, for "link test". Each
// step has a name and, when it failed, an error whose public text names the fault
// and the remedy. Steps after a fatal one are not run.
type Prober interface {
	Probe(ctx context.Context) []Check
}

// Check is one step of a probe.
type Check struct {
	Name string
	Err  error // nil: passed
	Note string
}

// Watcher tells that something may have changed. It is a hint: the relay then
// asks Changes. Watch blocks until ctx ends or the connection fails.
type Watcher interface {
	Watch(ctx context.Context, c CollectionID, hint func()) error
}
