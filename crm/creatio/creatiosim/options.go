package creatiosim

import (
	"log/slog"
	"math/rand/v2"
	"time"
)

// Site says which build of the product is simulated, which decides the OData base path and the session cookie.
type Site uint8

const (
	// Framework serves /0/odata only and needs the ForceUseSession header.
	Framework Site = iota
	// Core serves /odata only and names its session cookie BPMSESSIONID.
	Core
	// Both serves either path.
	Both
)

// Expiry says how a request with no, an unknown or an expired session is answered.
type Expiry uint8

const (
	// Expired401 answers 401 with an HTML body.
	Expired401 Expiry = iota
	// ExpiredRedirect answers 302 to the login page, which is HTML with 200.
	ExpiredRedirect
	// ExpiredHTML answers 200 with the login page itself.
	ExpiredHTML
)

// LookupFilter says which spelling of a condition on a lookup the server understands.
type LookupFilter uint8

const (
	// ByNavigation takes Owner/Id only; OwnerId is "Column by path OwnerId not found", as live sites answer.
	ByNavigation LookupFilter = iota
	// ByColumn takes OwnerId only.
	ByColumn
	// ByEither takes both.
	ByEither
)

// ErrorStyle says where in an error's JSON the text stands.
type ErrorStyle uint8

const (
	// ErrorsOData says it twice: {"error":{"message":TEXT,"innererror":{"message":TEXT,…}}}.
	ErrorsOData ErrorStyle = iota
	// ErrorsInner says it in innererror only; error.message is "An error has occurred.".
	ErrorsInner
	// ErrorsPlain says {"Message":TEXT}.
	ErrorsPlain
)

// Options are a server's settings. The zero value is a strict .NET Framework site with no users and no data.
type Options struct {
	Now   func() time.Time // server clock, called concurrently; nil is time.Now
	Rand  *rand.Rand       // decides faults with a probability; nil is a fixed seed. Used under a lock.
	NewID func() string    // ids of rows the server makes; nil is random GUIDs
	Log   *slog.Logger     // nil discards

	Dir  string // keep data in a journal in this folder; "" keeps it in memory only
	Seed Seed   // loaded when there is no data yet

	Users   []User
	Clients []Client // OAuth applications

	Site           Site
	Expiry         Expiry
	SessionTimeout time.Duration // idle time after which a session is gone; 0 is one hour
	TokenLifetime  time.Duration // of OAuth tokens; 0 is one hour
	NoCSRF         bool          // the site runs with UseCsrfToken=false
	LoginAttempts  int           // wrong passwords in a row that block a user for 15 minutes; 0 is no limit

	LookupFilter    LookupFilter
	SelectNotNeeded bool  // a column may be filtered on without being in $select
	PageSize        int   // server-driven paging with @odata.nextLink; 0 is off
	MaxRows         int   // MaxEntityRowCount; 0 is 20 000
	MaxBatch        int   // requests in one $batch; 0 is 100
	MaxBody         int64 // bytes of a request; 0 is 30 000 000, as of the web server
	MaxFile         int   // bytes of a file, the system setting MaxFileSize; 0 is 10 MiB
	MaxURL          int   // longest request target; 0 is 16 384, the limit of http.sys
	WebDAV          bool  // IIS WebDAV module is on: PUT, PATCH and DELETE are 405, X-HTTP-Method tunnels them
	Postgres        bool  // ids sort, lengths count and database errors read as on PostgreSQL instead of SQL Server
	Errors          ErrorStyle
	ByteOrderMark   bool // text answers begin with U+FEFF, as some .NET builds send
	SurnameFirst    bool // "Surname Given Middle" when the server joins or splits names
	ForeignLookups  bool // no lookup value has its standard id
	Rules           []Rule
	// Custom are entities and columns that the site's people added, in the form of the entity table: a block
	// "UsrRegion:lookup" is an entity of theirs, a block "+Activity" has columns for one of the product's.
	Custom string

	ControlToken string // guards /__sim/; "" switches it off
}

// setDefaults fills in what was left zero.
func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(1, 2))
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	orDuration := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	orInt := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	orDuration(&o.SessionTimeout, time.Hour)
	orDuration(&o.TokenLifetime, time.Hour)
	orInt(&o.MaxRows, 20_000)
	orInt(&o.MaxBatch, 100)
	orInt(&o.MaxURL, 16_384)
	orInt(&o.MaxFile, 10<<20)
	if o.MaxBody <= 0 {
		o.MaxBody = 30_000_000
	}
}

// Rule is a business rule that administrators switched on. Check gets a row as it would be stored and returns the text
// with which the product refuses it, or "". Its second argument gives the entity's other rows whose indexed lookup
// column holds an id. It runs inside the write and must not call the Sim.
type Rule struct {
	Name   string
	Entity string
	Check  func(r Record, sharing func(column, id string) []Record) string
}
