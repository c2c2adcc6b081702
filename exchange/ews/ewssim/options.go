package ewssim

import (
	"log/slog"
	"strings"
	"time"
)

// Mailbox is a person's mailbox. Its owner logs in with Address, with the part before the @, or with DOMAIN\part.
type Mailbox struct {
	Address  string // primary SMTP address, in any case
	Name     string // display name; "" is the address
	Password string // "" lets nobody log in as the owner
	Zone     string // Windows zone of the owner's settings; "" is "UTC"
}

// Account is a login without a mailbox of its own, such as a service account that impersonates.
type Account struct {
	Login, Password string
	// Impersonates is the scope of its ApplicationImpersonation role: addresses, or "*" for all. Empty: it has no such role.
	Impersonates []string
	// Delegate are addresses whose folders it may open as a delegate.
	Delegate []string
}

// Options are a server's settings. The zero value is a strict server without mailboxes.
type Options struct {
	Now    func() time.Time // server clock, called concurrently; nil is time.Now
	Log    *slog.Logger     // nil discards
	Secret []byte           // signs ids and states, so that none can be made up; nil is random

	// Dir is a folder to keep everything in; a server that is made with it again has the same mailboxes, ids and states. ""
	// keeps nothing. What tests change by calls and /__sim/ is not kept.
	Dir string

	Mailboxes []Mailbox
	Accounts  []Account

	Domain       string            // NetBIOS name, for DOMAIN\user; "" is EXAMPLE
	NoBasic      bool              // Basic is not offered
	NoNTLM       bool              // NTLM and Negotiate are not offered
	BearerTokens map[string]string // OAuth tokens that are taken, each with the login it stands for

	// LooseChangeKeys takes updates without ChangeKey when they overwrite always. The documentation says both.
	LooseChangeKeys bool
	// NoDefaultReminder makes appointments without a reminder where the client says nothing; Exchange sets 15 minutes.
	NoDefaultReminder bool
	// Affinity demands that streams and polls of a subscription come with the cookie that Subscribe set.
	Affinity bool

	// Later answers as a later server might: elements nobody knows, properties in another order, instants with fractions of a
	// second, other prefixes. What it says then is no longer what the published schemas say.
	Later bool

	MaxConcurrency   int // EWSMaxConcurrency; 0 is 27
	MaxHanging       int // HangingConnectionLimit; 0 is 10
	MaxSubscriptions int // EWSMaxSubscriptions of an account; 0 is 20
	MaxFind          int // EWSFindCountLimit; 0 is 1000
	MaxFolders       int // changes of folders that an answer of SyncFolderHierarchy has; 0 is 100
	// StoreSizes tells sizes of attachments as the store has them, with their properties (MS-OXCMSG 2.2.2.5, PidTagAttachSize):
	// more than the bytes of a file.
	StoreSizes bool
	MaxBody    int64
	Heartbeat  time.Duration // between StatusEvents on a stream; 0 is 45 s

	ControlToken string // guards /__sim/; "" switches it off
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Domain == "" {
		o.Domain = "EXAMPLE"
	}
	for _, d := range []struct {
		n   *int
		def int
	}{{&o.MaxConcurrency, 27}, {&o.MaxHanging, 10}, {&o.MaxSubscriptions, 20}, {&o.MaxFind, 1000}, {&o.MaxFolders, 100}} {
		if *d.n <= 0 {
			*d.n = d.def
		}
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 35 << 20
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 45 * time.Second
	}
}

// account is a login and what it may do.
type account struct {
	login, password string
	box             *mailbox // nil without
	impersonates    []string
	delegate        []string
}

// may says whether an address lies in a list.
func may(list []string, address string) bool {
	for _, a := range list {
		if a == "*" || strings.EqualFold(a, address) {
			return true
		}
	}
	return false
}

// accountFor finds an account by what a client calls it: address, short name, DOMAIN\name or name@domain.
func (s *Sim) accountFor(login string) *account {
	login = strings.ToLower(login)
	if domain, user, ok := strings.Cut(login, `\`); ok {
		if domain != "" && domain != strings.ToLower(s.opt.Domain) {
			return nil
		}
		login = user
	}
	for _, a := range s.accounts {
		if a.login == login {
			return a
		}
	}
	for _, a := range s.accounts {
		if short, _, ok := strings.Cut(a.login, "@"); ok && short == login {
			return a
		}
	}
	return nil
}
