package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"strings"
	"time"

	"crmbridge/upstream"
)

// Driver describes one kind of remote. Everything shown to people about it (forms,
// flags, validation, docs, redaction) is generated from this value. Drivers are
// rows of one table in cmd/bridge; they do not register themselves.
type Driver struct {
	Name  string // "creatio": in configuration and storage, never changed
	Title string // "Creatio (bpm'online)"
	Help  string // one paragraph: what it syncs and what it needs
	// Options are the driver's own; All adds those of the connection.
	Options []Option
	// Within names collections that are part of another one: their items are in that one,
	// too.
	Within map[CollectionID]CollectionID
	// Open prepares a remote. It checks the settings and does no I/O beyond what
	// it must; a wrong password shows at the first call (or in Probe).
	Open func(ctx context.Context, env Env, s Settings) (Remote, error)
	// SignIn prepares the sign-in of a person with the same settings, without any I/O; nil where there is none.
	SignIn func(env Env, s Settings) (SignIn, error)
}

// Overlap reports collections that can have an item in common.
func (d Driver) Overlap(a, b CollectionID) bool {
	return a == b || d.Within[a] == b && b != "" || d.Within[b] == a && a != ""
}

// Option is one setting of a driver, as data.
type Option struct {
	Name     string
	Title    string
	Help     string
	Default  string
	Required bool
	Secret   bool     // sealed at rest, never printed
	Values   []string // if set, one of these
	// Check says what is wrong with a value in plain words; nil accepts all. It
	// is not called for empty values.
	Check func(string) error
}

// Proxy is the option of how to reach the remote. It is the same for every driver
// and acted on by the program, not the driver.
const Proxy = "proxy"

// All are the driver's options and those that every connection has.
func (d Driver) All() []Option {
	return append(slices.Clone(d.Options), Option{
		Name: Proxy, Title: "Proxy", Default: "direct", Secret: true, // its address may hold a password
		Help: "direct, environment (HTTP_PROXY and the like), or the proxy's address, with name and password if it wants them: http://user:password@proxy.example.org:3128",
	})
}

// Settings are the values of a driver's options by name.
type Settings map[string]string

// Env is what a driver gets from the program; none of it is global.
type Env struct {
	// HTTP is the outbound client of this connection: proxy, timeouts, pacing,
	// retries, address rules and the redacted trace are settled in it.
	HTTP *upstream.Client
	Now  func() time.Time
	Log  *slog.Logger
	// Tokens are what people of the link's user signed in for; nil where there are none.
	Tokens Tokens
	// Alone does something while no other connection of this bridge, in whatever process, does what has the same name: what a remote
	// would make twice. do has about a minute. nil: there is nobody else.
	Alone func(ctx context.Context, name string, do func(context.Context) error) error
	// User names the link's user, whose names of sign-ins are their own; "" where nobody is told apart.
	User string
	// Link names the link for what outlives the connection, such as a subscription; "" for a test of settings that no link has yet.
	Link string
	// Zone is the user's IANA zone, for all-day events on remotes that have no
	// dates; "" means UTC.
	Zone string
}

// Complete fills in defaults and checks s against d. All faults are reported at
// once; none of them repeats a secret.
func (d Driver) Complete(s Settings) (Settings, error) {
	out := make(Settings, len(d.All()))
	var faults []error
	known := make(map[string]bool, len(d.All()))
	for _, o := range d.All() {
		known[o.Name] = true
		v := strings.TrimSpace(s[o.Name])
		if o.Secret {
			v = s[o.Name] // blanks may be part of a password
		}
		if v == "" {
			v = o.Default
		}
		if err := o.check(v); err != nil {
			faults = append(faults, err)
			continue
		}
		out[o.Name] = v
	}
	for name := range s {
		if !known[name] {
			faults = append(faults, fmt.Errorf("%s has no option %q", d.Name, name))
		}
	}
	sort.Slice(faults, func(i, j int) bool { return faults[i].Error() < faults[j].Error() })
	return out, errors.Join(faults...)
}

func (o Option) check(v string) error {
	if v == "" {
		if o.Required {
			return fmt.Errorf("%s is missing", o.Name)
		}
		return nil
	}
	if len(o.Values) > 0 {
		for _, w := range o.Values {
			if v == w {
				return nil
			}
		}
		return fmt.Errorf("%s must be one of %s", o.Name, strings.Join(o.Values, ", "))
	}
	if o.Check != nil {
		if err := o.Check(v); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	return nil
}

// Redacted is s with every secret replaced by "…", for showing.
func (d Driver) Redacted(s Settings) Settings {
	out := make(Settings, len(s))
	for k, v := range s {
		out[k] = v
	}
	for _, o := range d.All() {
		if o.Secret && out[o.Name] != "" {
			out[o.Name] = "…"
		}
	}
	return out
}

// Anonymous is s for a report that leaves the house: of what was set, only choices among
// the driver's own values and its defaults are told; all else, and every secret, is "…".
// What d has no option for is left out.
func (d Driver) Anonymous(s Settings) Settings {
	out := make(Settings, len(s))
	for _, o := range d.All() {
		v, ok := s[o.Name]
		if ok && v != "" && (o.Secret || v != o.Default && !slices.Contains(o.Values, v)) {
			v = "…"
		}
		if ok {
			out[o.Name] = v
		}
	}
	return out
}

// CountRequests counts the HTTP requests that remotes make under the context it
// returns; made tells how many there were so far.
func CountRequests(ctx context.Context) (_ context.Context, made func() int) {
	return upstream.Count(ctx)
}

// Traces are what remotes call their answers in their own logs.
type Traces = upstream.Traces

// TraceRequests notes the ids of the answers that remotes get under the context it returns;
// seen tells them so far.
func TraceRequests(ctx context.Context) (_ context.Context, seen func() Traces) {
	return upstream.Traced(ctx)
}
