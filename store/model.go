package store

import (
	"time"

	"crmbridge/pim"
)

// Ids of rows. Strong types keep one from being passed for another.
type (
	UserID       int64
	TokenID      int64
	CollectionID int64
	ObjectID     int64
	LinkID       int64
	PairID       int64
	ConflictID   int64
	RunID        int64
	FeedID       int64
	SignInID     int64
	DuplicateID  int64
	// Seq is a position in a collection's change sequence; 0 is "before all".
	Seq int64
)

// User is a person with an account. PasswordHash is package auth's; "" means that
// no password works.
type User struct {
	ID           UserID `gorm:"primaryKey"`
	Name         string // login, lower case, unique; part of URLs
	Email        string
	DisplayName  string
	Zone         string // IANA, "" = UTC
	PasswordHash string
	Admin        bool
	Disabled     bool
	Language     string // of the pages, BCP 47; "" = as the browser asks
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Token is an app password. Only its hash is kept.
type Token struct {
	ID        TokenID `gorm:"primaryKey"`
	UserID    UserID
	Name      string // "Ann's phone"
	Hash      []byte // SHA-256 of the secret, unique
	Hint      string // last four characters, for people
	Scope     Scope
	ReadOnly  bool
	CreatedAt time.Time
	ExpiresAt *time.Time
	RevokedAt *time.Time
	LastUsed  *time.Time
	LastIP    string
	LastAgent string
}

// Scope is what an app password is good for, and for nothing else.
type Scope string

// Scopes: "" is the devices of a person, DAV; ScopeAPI programs that use the JSON API.
const (
	ScopeDevice Scope = ""
	ScopeAPI    Scope = "api"
)

// Home tells the two collection homes of a user apart.
type Home string

// Homes: two that people and devices see, and two of the relay.
const (
	Calendars    Home = "calendars"
	AddressBooks Home = "addressbooks"
	// Occurrences holds what the relay makes of series for remotes without recurrence
	// (Occurrence). No device and no listing of collections sees it.
	Occurrences Home = "occurrences"
	// Mail holds messages on their way from a mailbox to a CRM, as JSON of pim.Message. People name its collections in
	// commands; no device reaches them by any address.
	Mail Home = "mail"
)

// Collection is a calendar or an address book. (UserID, Home, Slug) is unique
// among the living.
type Collection struct {
	ID          CollectionID `gorm:"primaryKey"`
	UserID      UserID
	Home        Home
	Slug        string // path segment
	Components  string // "VEVENT", "VTODO", "VEVENT,VTODO"; "" for address books
	DisplayName string
	Description string
	Color       string // as the client wrote it
	Order       int    `gorm:"column:sort_order"`
	Timezone    string // calendar-timezone: iCalendar text, "" when unset
	Transparent bool   // schedule-calendar-transp
	ReadOnly    bool   // for DAV clients; the relay still writes
	// Seq is the last change; it moves with every change of a member and with
	// every change of the collection's own properties.
	Seq       Seq
	Epoch     string // random, part of sync tokens, so that a token of another database is refused
	Bytes     int64  // of the texts of the living members; kept by whatever writes them
	CreatedAt time.Time
	UpdatedAt time.Time
	Deleted   bool
}

// Object is one calendar object resource or card. A tombstone keeps id, name, UID
// and Seq, has Deleted set and no text. An object that is made anew under the name
// or UID of a tombstone is another object with another id.
type Object struct {
	ID           ObjectID `gorm:"primaryKey"`
	CollectionID CollectionID
	Name         string // last path segment, decoded
	UID          string `gorm:"column:uid"`
	Kind         pim.Kind
	Component    string // VEVENT, VTODO, VJOURNAL…, VCARD
	// Text is the text of the living object; nil where a query leaves texts out. It
	// is kept in the Version of the same Seq.
	Text []byte `gorm:"-"`
	ETag string `gorm:"column:etag"` // without quotes: hex of a hash of the text
	Size int64
	// Start and End bound the time of the object over all occurrences, unix
	// seconds: Start inclusive, End exclusive. Math.MinInt64 and MaxInt64 mean
	// open (unbounded series, undated tasks).
	Start int64 `gorm:"column:first_start"`
	End   int64 `gorm:"column:last_end"`
	// Span is the class of End-Start, for the index that finds a range of time.
	Span      int
	Seq       Seq
	CreatedAt time.Time
	UpdatedAt time.Time
	Deleted   bool
	// Shadowed marks a tombstone whose name was used again since: the newer row
	// speaks for the name.
	Shadowed bool
	// Origin is where the item was first made, whatever was pruned since: as Put.Origin.
	// An object made anew under the UID of a tombstone has its origin. "" when nobody knows.
	Origin string
}

// Version is a text that an object has or had. The earlier ones are kept for
// conflict reports, blind writes and history. A deletion is a version too, without
// text (nil) and ETag.
type Version struct {
	ObjectID ObjectID `gorm:"primaryKey"`
	Seq      Seq      `gorm:"primaryKey"` // the change that made this text
	ETag     string   `gorm:"column:etag"`
	Text     []byte
	By       string    `gorm:"column:changed_by"` // "dav:alice/phone", "relay:link 3"
	At       time.Time `gorm:"column:changed_at"` // when this text was made
}

// Seen is the version of an object that a device last downloaded.
type Seen struct {
	Device   string   `gorm:"primaryKey"` // "token:7", "user:3/Thunderbird"
	ObjectID ObjectID `gorm:"primaryKey"`
	Seq      Seq
}

// TableName implements GORM's Tabler: "seen" has no plural.
func (Seen) TableName() string { return "seen" }

// Device is when a device that downloads was here last.
type Device struct {
	Device string    `gorm:"primaryKey"` // as in Seen
	HereAt time.Time // to the day or so
}

// WordIndex says that the words of the cards of a collection are indexed up to its change Seq, in an edition of
// whoever makes words of texts.
type WordIndex struct {
	CollectionID CollectionID `gorm:"primaryKey;autoIncrement:false"`
	Seq          Seq
	Edition      int
}

// TableName implements GORM's Tabler: there is one index.
func (WordIndex) TableName() string { return "word_index" }

// Property is a dead property (RFC 4918 4.1): name and verbatim XML.
type Property struct {
	Owner string `gorm:"primaryKey"` // "c:7" a collection, "p:3" a principal, "h:3:calendars" a home
	Space string `gorm:"primaryKey"`
	Local string `gorm:"primaryKey"`
	XML   []byte `gorm:"column:xml"`
}

// Feed is a read-only address of a calendar for programs that log in nowhere. Whoever
// knows the address may read it; only its hash is kept.
type Feed struct {
	ID           FeedID `gorm:"primaryKey"`
	UserID       UserID
	CollectionID CollectionID
	Name         string // last part of the address, without ".ics"
	Hash         []byte // SHA-256 of the secret, unique
	Hint         string // last four characters, for people
	Detail       Detail
	Private      bool // items that are not public are in it, too
	Alarms       bool // reminders are in it
	// PastDays and FutureDays bound what is in it; 0 is no bound.
	PastDays   int
	FutureDays int
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	LastUsed   *time.Time
	LastAgent  string
}

// Detail is how much of its items a feed shows.
type Detail string

// Details.
const (
	DetailFull Detail = "full"
	DetailBusy Detail = "busy" // only that somebody is busy, and when
)

// Derived says that a collection is made of another one, such as the birthdays of an
// address book, and is at its change Seq.
//
// Edition and Title are notes of whoever makes it, of how and under which name; 0 and "" in rows from before schema 8.
type Derived struct {
	CollectionID CollectionID `gorm:"primaryKey;autoIncrement:false"`
	SourceID     CollectionID
	What         string // "birthdays"
	Seq          Seq
	Edition      int
	Title        string
}

// TableName implements GORM's Tabler: "derived" has no plural.
func (Derived) TableName() string { return "derived" }
