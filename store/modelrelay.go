package store

import (
	"time"

	"crmbridge/pim"
)

// Side names the two places a collection can be linked to; at most one link each.
type Side string

// Sides.
const (
	CRM      Side = "crm"
	Exchange Side = "exchange"
)

// Link ties a collection to a collection of a remote.
type Link struct {
	ID           LinkID `gorm:"primaryKey"`
	UserID       UserID
	CollectionID CollectionID
	Side         Side
	Name         string // unique per user, for people and commands
	Driver       string
	Remote       string // remote.CollectionID
	Settings     []byte // sealed JSON of remote.Settings
	Rules        []byte // JSON, package relay
	Cursor       string
	Interval     time.Duration // between polls
	Paused       bool
	// Held is why the last run stopped for a person to decide; "" when it did not.
	Held string
	// ManyUntil is until when a person lets the link make and mail as much as it likes; nil: nobody does.
	ManyUntil   *time.Time
	Failures    int // runs failed in a row
	NextRun     *time.Time
	LastRun     *time.Time
	LastSuccess *time.Time
	LastError   string     // public text
	ListedAt    *time.Time // last full reconciliation
	// LocalSeq is the change of the collection up to which local changes have
	// been taken over into pairs.
	LocalSeq Seq
	// WantedAt is since when a run is queued that has not begun to read; another
	// need not be queued. A run clears it before it reads anything. nil: none is.
	WantedAt *time.Time
	// LeaseOwner runs the link now, until LeaseUntil at the latest.
	LeaseOwner string
	LeaseUntil *time.Time
	// StopOwner is the LeaseOwner whose run a person wants to stop; later ones have others.
	StopOwner string
	// Mapped is the field map, as JSON of the rules' changes, by which the records of all
	// pairs were read; "" is the connection's own.
	Mapped string
	// Folders is JSON of what people call the collections that Remote names (package relay), "" while nobody was asked.
	Folders   string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Pair is what the relay knows of one item on both sides of a link: the agreed
// base. A pair is made before the first write to either side and outlives both.
type Pair struct {
	ID       PairID `gorm:"primaryKey"`
	LinkID   LinkID
	ObjectID ObjectID // 0 while there is no object yet
	UID      string   `gorm:"column:uid"`
	RemoteID string   // "" while there is no remote item yet; unique per link
	// Version is the remote's version last agreed.
	Version string
	// Seq is the object's change last agreed; LocalText its text then.
	Seq       Seq
	LocalText []byte
	// LocalItem and RemoteItem (pim.EncodeItem) are the base per field: what each
	// side showed when they agreed. A field in open conflict keeps its older base.
	// The two differ where the remote rounds, cuts or fills in.
	LocalItem  []byte
	RemoteItem []byte
	// Agreed names the fields that both are about, sorted, with commas, with the column
	// ("report=UsrReport") where that is not the connection's own; "" is its own map.
	Agreed string
	// LocalPrint and RemotePrint are fingerprints over the carried fields of what
	// was last dealt with on each side.
	LocalPrint  string
	RemotePrint string
	// Theirs is the latest state of the remote item that was read and stored; it
	// differs from the base until the relay has dealt with it.
	TheirItem     []byte
	TheirVersion  string
	TheirPrint    string
	TheirModified *time.Time
	URL           string
	// Dirty says that the relay has to look at this pair.
	Dirty bool
	// Key is the idempotency key of a create that was begun; it stays.
	Key string
	// Mark is the key that the remote's item carries, and by which it is found when a person moves it; "" for none. MarkAt
	// is when the relay is to give it that, nil when it has it, or is to have none.
	Mark   string
	MarkAt *time.Time
	// Files is JSON of what became of the files of a message (package relay), "" before any were looked at. FilesAt is when they
	// are to be taken over, or tried again; nil: there is nothing to do.
	Files   string
	FilesAt *time.Time
	// Intent is the write that was begun on the remote and whose outcome is not
	// known yet: "", "create", "update", "delete", or "undo ID BY" while the choice about a
	// conflict is taken back.
	Intent string
	// Mask is the side that shows only a mask of the other's item, "local" or "remote";
	// "" for none. Tie is what a person said about this item, and Hold what it waits for
	// a person to say (package relay/rule); "" for nothing.
	Mask string
	Tie  string
	Hold string
	// Notes is JSON of []remote.Note: what became of names that were looked up there.
	Notes string
	// Along is JSON of which record made the relay bring this one although the rules leave it
	// out; "" for none. RelateAt is when the remote is to be asked next what the record is
	// tied to; nil: never.
	Along    string
	RelateAt *time.Time
	// LocalGone and RemoteGone mark a side whose item was deleted.
	LocalGone  bool
	RemoteGone bool
	// AwayAt is when the remote was last asked for an item that it lists no more
	// although it has it: one that left the window. nil: it is listed.
	AwayAt *time.Time
	// Error is the public reason why this item cannot be synced now; "" when it
	// can. Attempts counts tries since the last success.
	Error     string
	ErrorKind string
	Attempts  int
	RetryAt   *time.Time
	// IgnoredAt is since when a person, or many tries, have set the failing item aside: it is not tried again
	// until it changes on either side. nil: nobody has.
	IgnoredAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// NextTry is when what failed of the item, or its files alone, is tried again; nil: not by itself.
func (p Pair) NextTry() *time.Time {
	if p.RetryAt == nil && p.Error != "" {
		return p.FilesAt
	}
	return p.RetryAt
}

// Identity is the UID that a remote item has here. It outlives the link, so that linking
// again finds the object instead of making a second one.
type Identity struct {
	UserID   UserID `gorm:"primaryKey;autoIncrement:false"`
	Driver   string `gorm:"primaryKey"`
	Place    string `gorm:"primaryKey"` // which system: remote.Traits.Place
	RemoteID string `gorm:"primaryKey"`
	UID      string `gorm:"column:uid"`
	// CollectionID is where its object was last; 0 when that is not known.
	CollectionID CollectionID
}

// Bring is a record of a link's remote that a run is to bring, because another record is
// tied to it, perhaps of another link.
type Bring struct {
	ID       int64 `gorm:"primaryKey"`
	LinkID   LinkID
	RemoteID string
	// ByLinkID and ByRemoteID are the record that is tied to it, Role is how.
	ByLinkID   LinkID
	ByRemoteID string
	Role       string
	AskedAt    time.Time
}

// Duplicate is two objects of a collection that may be one, and what became of them.
type Duplicate struct {
	ID           DuplicateID `gorm:"primaryKey"`
	UserID       UserID
	CollectionID CollectionID
	// The two objects; FirstID is the lower.
	FirstID  ObjectID
	SecondID ObjectID
	Kind     pim.Kind
	Score    int    // per mille
	Reasons  string // JSON, package relay
	// Print is of what is compared of both: what was ignored is suggested again once it
	// is another.
	Print     string
	State     DuplicateState
	FoundAt   time.Time
	SettledAt *time.Time
	SettledBy string
	// Merge is what undoing a merge needs (JSON, package relay); nil unless merged.
	Merge []byte
}

// DuplicateState is what a person said of a Duplicate.
type DuplicateState string

// DuplicateStates.
const (
	DuplicateOpen    DuplicateState = "open"
	DuplicateIgnored DuplicateState = "ignored" // they are not one
	DuplicateMerged  DuplicateState = "merged"
)

// Cause says where a conflict arose.
type Cause string

// Causes.
const (
	CausePrecondition Cause = "precondition" // a write answered 412
	CauseBlind        Cause = "blind"        // a write without condition over an unseen version
	CauseRelay        Cause = "relay"        // both sides changed a field
)

// Conflict is a report: three full texts and what became of them. Nothing in it is
// ever cut.
type Conflict struct {
	ID           ConflictID `gorm:"primaryKey"`
	UserID       UserID
	CollectionID CollectionID
	ObjectID     ObjectID
	LinkID       LinkID // 0 unless CauseRelay
	Name         string // of the resource
	UID          string `gorm:"column:uid"`
	Kind         pim.Kind
	Cause        Cause
	Method       string // PUT, DELETE; "" for the relay
	Device       string // which device or remote lost, for people
	Base         []byte // text both started from; nil when unknown
	Mine         []byte // what the client or hub had; nil for a deletion
	Theirs       []byte // what the server or remote had; nil for a deletion
	Fields       string // JSON list of colliding pim.FieldIDs; "" when whole items collide
	TheirVersion string // version of Theirs: ETag or remote version
	CreatedAt    time.Time
	ResolvedAt   *time.Time
	Resolution   string // "", mine, theirs, merged, superseded
	// ResolvedBy is who settled it; of an open report, who took the settling back ("": nobody).
	ResolvedBy string
	// Series is the same for the tries of one device at one thing, of which there is one
	// open report; Digest is the content that would be lost without the report. Both are
	// hashes by package dav, and "" for the relay.
	Series string
	Digest string
	Size   int64 // bytes of the three texts; filled in
}

// Run is the report of one relay run, or of several in a row that had nothing to tell.
type Run struct {
	ID       RunID `gorm:"primaryKey"`
	LinkID   LinkID
	Trigger  string // poll, change, hint, manual, first, resend, reread, undo, relate
	Started  time.Time
	Ended    *time.Time
	Outcome  string // "", ok, partial, failed, held, cancelled
	Error    string // public text
	Kind     string // pim.Reason of Error; "" without one
	Trace    string // what the remote calls the answer that ended the run, where it told
	Counts   string // JSON of relay.Counts
	Requests int    // made to the remote; of all that Quiet counts
	// Quiet is 0 for a run that did something or has steps. Else it is how many runs in a
	// row this report stands for, all of the same link, Trigger and Outcome: the newest, and
	// those before it, of which the first began at Since. nil: there is only this one.
	Quiet  int
	Since  *time.Time
	Undoes RunID // the run that this one takes back; 0: none
	// AskedBy is, of what a person does on the remote through the bridge, who (as
	// Version.By); "" for other runs.
	AskedBy string
}

// Step is one item's part in a run, kept when something was done or failed.
type Step struct {
	ID     int64 `gorm:"primaryKey"`
	RunID  RunID
	PairID PairID
	UID    string `gorm:"column:uid"`
	Title  string // of the item, for its owner's eyes; cut after 200 characters
	Side   string // "local" or "remote": where the write went; "" when there was none
	Action string // create, update, delete, unassign, note, conflict, fail
	// Outcome is done or failed; begun, when a write to the remote was sent and its answer
	// not stored (yet).
	Outcome string
	Error   string // public text
	Kind    string // pim.Reason of Error; "" without one
	// Trace is what the remote calls the request in its own log, where it told: that of the write,
	// or of the answer that refused it.
	Trace  string
	Fields string     // pim.FieldSet.String of what changed
	Cut    string     // texts that the remote kept the beginning of, in characters: "title to 250 of 412"
	DoneAt *time.Time // nil in steps from before schema 11
	// Undo is what package relay needs to take the write back; nil when that is not kept.
	Undo []byte
	// Undone is how that went: "", begun, done, or left.
	Undone string
}
