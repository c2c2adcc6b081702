package remote

import (
	"context"
	"time"

	"crmbridge/pim"
)

// CollectionID, ItemID and Cursor are a remote's own words, opaque to everyone
// else. The empty ItemID means "not there yet", the empty Cursor "from the
// beginning".
type (
	CollectionID string
	ItemID       string
	Cursor       string
)

// Collection is a calendar, task list or address book of the remote.
type Collection struct {
	ID       CollectionID
	Name     string // for people, in the remote's language
	Kinds    pim.KindSet
	ReadOnly bool
	// Others: it is somebody else's, who shares it with the user, as far as the remote tells.
	Others bool
}

// Ref points at one version of one item. Version is whatever the remote compares
// (a stamp, a change key); "" when it has none.
type Ref struct {
	ID      ItemID
	Version string
}

// Record is one item as the remote has it now.
type Record struct {
	Ref
	// Item is the typed view. In a Delta it may be nil: the relay then fetches
	// the record. Its UID is the one the relay gave at Create if the remote can
	// keep it, else "". Occurrences in its recurrence have the fields that the remote
	// carries for its kind, and no others (RuleRecurrence).
	Item pim.Item
	// Key is the idempotency key the item was created with, if the remote can
	// tell; else "".
	Key string
	// Untouched says that nobody has changed the record since it was made; false
	// where the driver cannot tell. It matters after a create whose answer was
	// lost: what differs then is the remote's doing, not a person's.
	Untouched bool
	// Notes tell, after a Create or Update, what became of values that had to be looked
	// up in the remote's lists and are not there as they were written.
	Notes []Note
	// URL leads a person to the item's page; "" when there is none.
	URL string
	// Modified is the remote's own stamp, zero when it has none. Used for
	// the "newest" policy and for people, never for ordering.
	Modified time.Time
}

// Note is what became of one value that was looked up. It holds content of the item.
type Note struct {
	Field  pim.FieldID `json:"field"`
	Wanted string      `json:"wanted"`
	Became string      `json:"became,omitempty"` // "": left out
	Says   string      `json:"says"`             // the same in plain words
}

// Entry is what the relay wants a remote item to be.
type Entry struct {
	UID string
	// Item is never nil. Occurrences in its recurrence are whole: every field that each has, not
	// only those that differ from the series, and also fields that the remote does not carry,
	// which are ignored as they are in the series. See RuleRecurrence for what they ask.
	Item pim.Item
	// Text is the calendar object or card the fields were read from, for remotes
	// that keep text; others ignore it. nil when the remote may see the fields only.
	Text []byte
	// Relations are, for a Create on a remote with Directory, what the item is to be tied to
	// where its fields name nothing.
	Relations []Relation
}

// Delta is one page of changes.
type Delta struct {
	// Changed lists items new or changed since the cursor, each at most once a
	// page. More than really changed is allowed (cursors may overlap); less is
	// not.
	Changed []Record
	// Removed lists items known to be deleted. Remotes without tombstones leave
	// it empty and say so in Traits.
	Removed []ItemID
	// Next is the cursor for what comes after this page. It may be stored only
	// together with the page.
	Next Cursor
	// More says that Next should be asked at once.
	More bool
}

// Scope limits what is looked at. An item that leaves the scope is not deleted.
type Scope struct {
	// From and Until bound the time of activities; zero is open. Undated tasks
	// are always inside. Contacts have no time.
	From, Until time.Time
	// Kinds to look at; empty means all that the collection has.
	Kinds pim.KindSet
	// Types are activity or contact types by name or id; empty means all.
	Types []string
	// Groups limit the scope to items of any of these groups, by name or id; empty
	// means no limit. A remote without Grouper is never given any. One that does not
	// exist (any more) is pim.ErrInvalid with a public text, never an empty scope.
	Groups []string
	// AllOwners includes items of other people. The default is only items that
	// the connected user is responsible for or, where the remote has
	// participants, takes part in.
	AllOwners bool
}

// Removal says how an item is to go.
type Removal uint8

// Removals.
const (
	Delete   Removal = iota // the item is deleted
	Unassign                // the item stays, the user's tie to it is cut (Sage X3: the representative)
)

// Remote is one user's collections on another system. Methods may be called
// concurrently. They obey ctx within a second, and every error is a *pim.Error
// whose Kind is true: ErrUnavailable after a write means "outcome unknown", and
// the relay will look before it tries again.
type Remote interface {
	// Traits tells the abilities of the opened remote. It does no I/O.
	Traits() Traits
	// Collections lists what the user may see.
	Collections(ctx context.Context) ([]Collection, error)
	// Changes returns a page of what changed since the cursor, or everything
	// for the empty one. ErrCursorGone asks the caller to start from "".
	Changes(ctx context.Context, c CollectionID, s Scope, since Cursor) (Delta, error)
	// Fetch returns the present state of the named items, in any order, in or
	// out of scope. Those that do not exist (any more) are left out.
	Fetch(ctx context.Context, c CollectionID, ids []ItemID) ([]Record, error)
	// Create makes an item. Called again with the same key it makes no second
	// one and returns the first, or ErrNotFound where it is known that the first
	// was deleted since (a remote that cannot promise this says so in
	// Traits.Idempotent, and the relay looks with Finder before it repeats).
	// The returned record's Item is what the remote made of the entry, nil when
	// the driver cannot tell without another request.
	Create(ctx context.Context, c CollectionID, e Entry, key string) (Record, error)
	// Update changes the fields in changed and nothing else. When the remote's
	// version is no longer old.Version nothing is written and the error is
	// ErrConflict; ErrNotFound when the item is gone. Fields that the remote does
	// not carry are ignored.
	Update(ctx context.Context, c CollectionID, old Ref, e Entry, changed pim.FieldSet) (Record, error)
	// Delete removes the item if its version is still old.Version ("" = any),
	// else ErrConflict. Deleting what is gone is ErrNotFound. An item of another
	// owner, in which the user only takes part, is left instead of removed. Unassign
	// is ErrUnsupported where there is no tie to cut.
	Delete(ctx context.Context, c CollectionID, old Ref, how Removal) error
	// Close ends sessions; the remote is not used afterwards.
	Close() error
}
