package remote

import (
	"context"

	"crmbridge/pim"
)

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
// and the remedy. Steps that need one that failed are not run.
type Prober interface {
	Probe(ctx context.Context) []Check
}

// Check is one step of a probe.
type Check struct {
	Name string
	Err  error // nil: passed
	Note string
	// Optional is a step that a link can do without, slower or with less: a test shows that it failed, and the link is made.
	Optional bool
	// Kinds are those of items that it is about: a link that is not for these can do without. 0: it is about all.
	Kinds pim.KindSet
}

// Grouper knows groups that people sort items into: folders, categories, lists.
// Scope.Groups names some of them.
type Grouper interface {
	// Groups lists those of a collection, in the order people see them.
	Groups(ctx context.Context, c CollectionID) ([]Group, error)
}

// Group is one of them.
type Group struct {
	ID   string
	Name string // what people read; of a tree, the whole path
	// Note says in plain words why it cannot be used in a Scope; "" when it can.
	Note string
}

// Counter counts on the remote's side, in one cheap request where it can.
type Counter interface {
	// Count is how many items are in scope.
	Count(ctx context.Context, c CollectionID, s Scope) (int, error)
}

// Mailer tells beforehand whom a write would make the remote mail, for remotes that
// mail on some writes only. The relay asks it before every such write unless a rule
// lets mail pass.
type Mailer interface {
	// Mails returns the addresses that would be mailed if changed fields of old were
	// written as in e; with a nil e.Item, if it were deleted. An empty old.ID means
	// that e is to be created. An item that is gone is ErrNotFound.
	Mails(ctx context.Context, c CollectionID, old Ref, e Entry, changed pim.FieldSet) ([]string, error)
}

// Watcher tells that something may have changed. It is a hint: the relay then
// asks Changes. Watch blocks until ctx ends or the connection fails. hint may be called from
// any goroutine and as often as it comes; it does not block.
type Watcher interface {
	Watch(ctx context.Context, c CollectionID, hint func()) error
}

// Lookups tells the values that a field picked from a list can have, in the remote's own
// language. Forms and rules offer them.
type Lookups interface {
	// Lookup returns the values for a field of a kind, in the remote's order; nil when
	// the field is not picked from a list.
	Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) ([]LookupValue, error)
}

// LookupValue is one entry of a pick-list.
type LookupValue struct {
	ID   string // the remote's id
	Name string // what people read, and what items carry
}

// Standing is a remote that stands before another one. It has the methods of every ability
// it knows, and the abilities of the one behind it.
type Standing interface {
	Remote
	Behind() Remote
}

// As is the ability T of a remote, false when it has not got it. A remote that may be a
// Standing one must not be asked in another way.
func As[T any](r Remote) (ability T, ok bool) {
	if s, stands := r.(Standing); stands {
		if _, ok := As[T](s.Behind()); !ok {
			return ability, false
		}
	}
	ability, ok = r.(T)
	return ability, ok
}

// Marker is a remote whose items change their ids when a person moves them, and can carry a key of ours by which they are known
// again. An item that was made with Create carries its key already; Record.Key tells it, wherever records are told. A copy that a
// person makes may carry the key of its original.
type Marker interface {
	// Mark gives an item made by others a key, in place of one that it may have, and changes nothing else. Where any write mails those
	// who take part, Mailer tells it of a write without changed fields. The answer is its new version. As Update it answers
	// ErrConflict, and writes nothing, when the remote's version is no longer old.Version, and ErrNotFound when the item is gone.
	Mark(ctx context.Context, c CollectionID, old Ref, key string) (Ref, error)
	// Where finds the items that carry keys, in any collection of the user; those that are nowhere are left out. What was deleted
	// is nowhere, though the remote may keep it in a folder of its own for a while. Of several with one key any is told.
	// Collection is named as links name it.
	Where(ctx context.Context, keys []string) (map[string]Whereabouts, error)
}

// Whereabouts is where an item is now.
type Whereabouts struct {
	Collection CollectionID
	Ref        Ref
}
