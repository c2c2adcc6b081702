package config

import (
	"net/netip"
	"time"
)

// Config is a complete, checked configuration. Zero values do not occur where the
// table has a default.
type Config struct {
	Listen             string
	PublicURL          string
	Notifications      bool
	TLSCert            string
	TLSKey             string
	ACMEHosts          []string
	ACMEEmail          string
	ACMECache          string
	TrustedProxies     []netip.Prefix
	MetricsAllow       []netip.Prefix
	HeaderTimeout      time.Duration
	BodyTimeout        time.Duration
	IdleTimeout        time.Duration
	ShutdownWait       time.Duration
	MaxConnections     int
	AddressConnections int

	MaxObject       int64
	MaxBody         int64
	UserRequests    int
	AddressRequests int
	RequestsAtOnce  int // 0: as the processors have it
	RequestWait     time.Duration
	MaxCard         int64
	MaxAttendees    int
	MaxCollections  int
	MaxStorage      int64 // 0: no limit
	MaxCopy         int64
	MaxConflicts    int64
	SlowAnswers     int64
	Occurrences     int // of one object in a query
	AllOccurrences  int // of all objects in one request
	QueryTime       time.Duration
	RetryAfter      time.Duration

	Database     string
	KeepVersions time.Duration
	KeepRuns     time.Duration
	KeepSteps    int // of runs; 0: no bound
	KeepAudit    time.Duration
	// KeepDevices is for devices that are not here.
	KeepDevices time.Duration
	// KeepConflicts is for those that were resolved.
	KeepConflicts time.Duration

	KeyFile string

	LogLevel  string
	LogFormat string
	LogKeep   time.Duration // of redacted lines; 0: none

	HashMemory     int // MiB
	HashTime       int
	HashAtOnce     int
	HashQueue      int
	FreeFailures   int
	FreeAccounts   int
	FirstWait      time.Duration
	MostWait       time.Duration
	ForgetFailures time.Duration
	Remember       time.Duration

	// Where people may sign in; "" is nowhere.
	OIDCIssuer, OIDCClientID, OIDCSecret, OIDCLabel, OIDCClaim string
	OIDCCreate                                                 bool

	FeedRefresh time.Duration

	Workers  int
	Sweep    time.Duration
	Interval time.Duration
	// Waits between tries.
	LinkRetry, ItemRetry, HopelessRetry, MostRetry time.Duration

	OutboundAllow   []netip.Prefix
	OutboundTimeout time.Duration
	CAFile          string
}
