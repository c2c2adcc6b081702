package dav

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// Caller is who sent a request.
type Caller struct {
	User store.User
	// Device tells apart what was downloaded by whom: "token:7" for an app password, "user:3" for the account
	// password, which several programs may share.
	Device   string
	ReadOnly bool // an app password that may not write
}

// Authenticator checks credentials. It is asked for every request and is called concurrently.
type Authenticator interface {
	// Authenticate returns the caller, or an error that is pim.ErrAuth when the credentials are wrong or the
	// account is disabled, pim.ErrThrottled (with After) when there were too many tries. remoteAddr is an IP
	// address without port.
	Authenticate(ctx context.Context, user, password, remoteAddr, userAgent string) (Caller, error)
}

// Metrics is told what happens. Methods are called concurrently and must not block.
type Metrics interface {
	// Request is called at the end of each request. method is one of the methods this package knows, or "other".
	Request(method string, status int, took time.Duration)
	// Panic is called when a request ended in a recovered panic.
	Panic()
	// Conflict is called for each conflict report made.
	Conflict(cause store.Cause)
	// Merge is called for each write without condition that was merged with a version its sender had not seen.
	Merge()
	// Throttled is called for each request refused because there were too many at once. scope is "address" or
	// "user", "server" for those who waited too long for their turn, or "body" for those whose body came so slowly that
	// their place was given to others.
	Throttled(scope string)
}

// Options is what New needs.
type Options struct {
	Store *store.Store     // required
	Auth  Authenticator    // required
	Now   func() time.Time // required
	Log   *slog.Logger     // nil: nothing is logged
	// Realm of the login, one text everywhere, as clients keep passwords by it; "" means "CRM bridge".
	Realm string
	// PublicURL is how clients reach the server ("https://dav.example.org"); its host is accepted in hrefs and
	// Destination headers besides that of the request. "" is fine without a proxy.
	PublicURL string
	// Address gives the client's IP address; nil means the host of RemoteAddr. Behind a proxy that is trusted,
	// it reads the proxy's header.
	Address func(*http.Request) string
	// Network is the part of an address that one person has to himself, such as an IPv6 /64, for counting; nil means
	// the whole address.
	Network func(address string) string
	Metrics Metrics // nil: nobody counts
	// Temp is the folder for the files of Limits.Spool; "" is the system's for temporary files, which is memory on many
	// systems.
	Temp   string
	Limits Limits
}

// Limits bound what one request and one client may cost. A zero field takes the default named with it.
type Limits struct {
	Object      int           // bytes of an event or task: 1 MiB
	Card        int           // bytes of a card, which may hold a photo of vcf.MaxPhoto: four times Object
	Attendees   int           // of one component: 500
	XML         davxml.Limits // of request bodies in XML
	DeadValue   int           // bytes of one dead property: 8 KiB
	DeadCount   int           // dead properties of one resource: 100
	Collections int           // of one home: 200
	Quota       int64         // bytes of all objects of one user; 0 is no limit
	Copy        int64         // bytes of the members that one COPY takes along, as other writers wait: 64 MiB
	Reports     int64         // bytes of the conflict reports of one user: 256 MiB
	Spool       int64         // bytes of answers that lie in temporary files, as their clients are slow, a quarter for one user: 1 GiB
	Name        int           // bytes of a resource name, decoded: 512
	Steps       int           // occurrences of one object in a query: 10 000
	TotalSteps  int           // occurrences of all objects in one request: 50 000
	Query       time.Duration // spent on finding the occurrences of objects in one request: 20 s
	PerUser     int           // requests at once of one user: 32
	PerAddress  int           // requests at once from one address: 64
	AtOnce      int           // requests at work, and as many that write; others wait for their turn: see turns in admission.go
	Wait        time.Duration // for a turn; who waits longer is asked to come back: 15 s
	Time        time.Duration // of one request: 2 minutes
	Retry       time.Duration // Retry-After of a 503 for too many requests: 5 s
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	fill(&l.Object, 1<<20)
	fill(&l.Card, 4*l.Object)
	fill(&l.Attendees, 500)
	fill(&l.DeadValue, 8<<10)
	fill(&l.DeadCount, 100)
	fill(&l.Collections, 200)
	fill(&l.Copy, 64<<20)
	fill(&l.Reports, 256<<20)
	fill(&l.Spool, 1<<30)
	fill(&l.Name, 512)
	fill(&l.Steps, 10_000)
	fill(&l.TotalSteps, 50_000)
	fill(&l.Query, 20*time.Second)
	fill(&l.PerUser, 32)
	fill(&l.PerAddress, 64)
	fill(&l.Wait, 15*time.Second)
	fill(&l.XML.Bytes, 10<<20)
	fill(&l.Time, 2*time.Minute)
	fill(&l.Retry, 5*time.Second)
	return l
}

func fill[T int | int64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// ics gives the bounds of one iCalendar text. Attendees are counted by us, as their number has a precondition of
// its own (RFC 4791 5.3.2.1).
func (l Limits) ics() ics.Limits {
	lim := ics.DefaultLimits()
	lim.Bytes = l.Object
	lim.Attendees = 0
	return lim
}

func (l Limits) vcf() vcf.Limits {
	lim := vcf.DefaultLimits()
	lim.Bytes = l.Card
	return lim
}

// remoteAddress is the default of Options.Address.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// nobody is the Metrics of a handler without.
type nobody struct{}

func (nobody) Request(string, int, time.Duration) {}
func (nobody) Panic()                             {}
func (nobody) Conflict(store.Cause)               {}
func (nobody) Merge()                             {}
func (nobody) Throttled(string)                   {}
