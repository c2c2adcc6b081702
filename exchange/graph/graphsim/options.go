package graphsim

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"
)

// Permissions that an App can hold, by the names of the permissions reference.
const (
	CalendarsRead        = "Calendars.Read"
	CalendarsReadWrite   = "Calendars.ReadWrite"
	ContactsRead         = "Contacts.Read"
	ContactsReadWrite    = "Contacts.ReadWrite"
	MailRead             = "Mail.Read"
	MailReadWrite        = "Mail.ReadWrite"
	MailSend             = "Mail.Send"
	TasksReadAll         = "Tasks.Read.All"
	TasksReadWriteAll    = "Tasks.ReadWrite.All"
	MailboxSettingsRead  = "MailboxSettings.Read"
	MailboxSettingsWrite = "MailboxSettings.ReadWrite"
	UserReadAll          = "User.Read.All"
)

// Permissions that people give an App for their own mailbox, where their names differ from those above.
const (
	TasksRead      = "Tasks.Read"
	TasksReadWrite = "Tasks.ReadWrite"
	UserRead       = "User.Read"
	OfflineAccess  = "offline_access" // refresh tokens
)

// App is a registered application. It signs in as itself (client credentials), or for a person (authorisation code).
type App struct {
	ID     string // client_id
	Secret string // "" when it has certificates only; one that has neither is public and proves its codes by PKCE
	// Certificates are the DER forms of certificates whose keys may sign the application's assertions.
	Certificates [][]byte
	Permissions  []string
	// Mailboxes are the user principal names that Exchange lets the application into; nil is all. To Do knows no such scope.
	Mailboxes []string
	// Delegated are the permissions that people have consented to, and Redirects where they may be sent back to.
	Delegated []string
	Redirects []string
}

// User is a person of the tenant.
type User struct {
	Name      string // user principal name and address
	FullName  string // "" is Name
	Zone      string // Windows or IANA name of the mailbox's time zone; "" is UTC
	NoMailbox bool   // the account has no mailbox in Exchange Online, as before or after a move from Exchange Server
}

// Options are a simulator's settings. The zero value is a tenant with nobody in it, strict in everything.
type Options struct {
	Now  func() time.Time // service clock, called concurrently; nil is time.Now
	Rand *rand.Rand       // decides faults with a probability; nil is a fixed seed. Used under a lock.
	Log  *slog.Logger     // nil discards

	Tenant string // id of the tenant, a GUID; "" is a fixed one. Its other names, such as a domain, do not work.
	Apps   []App
	Users  []User

	// BaseURL is what links in answers begin with, without a final slash; "" takes the scheme and host of each request.
	BaseURL       string
	TokenLifetime time.Duration // 0 is one hour
	RefreshOnce   bool          // a refresh token is good for one request, whose answer has the next one
	PageSize      int           // items on a page when nobody asks for a number; 0 is 10, as in Outlook
	Concurrency   int           // requests at once of one application on one mailbox; 0 is 4, negative is no limit
	Rate          int           // requests of one application on one mailbox in ten minutes; 0 is 10 000, negative is no limit
	MaxBody       int64         // bytes of a request; 0 is 4 MiB
	MaxMessage    int           // bytes of a message or event with its attachments; 0 is 35 MiB, Exchange Online's default
	UploadTime    time.Duration // how long an upload session lasts; 0 is one hour
	DeltaStates   int           // delta tokens kept for each mailbox, older ones are gone; 0 is 200

	Calm bool // pages are never empty or repeated, batches are answered in order: for looking at transcripts, not for tests

	// Notify sends a change notification or validation, as http.Client.Do does; nil reaches nobody, so that no subscription
	// can be made.
	Notify func(*http.Request) (*http.Response, error)
	// PlainNotifications lets notification URLs be http, which the service refuses.
	PlainNotifications bool
	NotifyRetry        time.Duration // pause before a notification is tried again; 0 is one second

	ControlToken string // guards /__sim/; "" switches it off
}

// defaultTenant is the tenant's id when Options name none.
const defaultTenant = "5f0c2d3e-7a41-4b7e-9c55-0a1b2c3d4e5f"

// setDefaults fills in what was left zero.
func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(3, 4))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Notify == nil {
		o.Notify = func(*http.Request) (*http.Response, error) { return nil, errors.New("graphsim: no way out") }
	}
	if o.Tenant == "" {
		o.Tenant = defaultTenant
	}
	orDefault(&o.TokenLifetime, time.Hour)
	orDefault(&o.NotifyRetry, time.Second)
	orDefault(&o.PageSize, 10)
	orDefault(&o.Concurrency, 4)
	orDefault(&o.Rate, 10_000)
	orDefault(&o.MaxBody, 4<<20)
	orDefault(&o.DeltaStates, 200)
	orDefault(&o.MaxMessage, 35<<20)
	orDefault(&o.UploadTime, time.Hour)
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
