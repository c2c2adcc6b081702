package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// option is one row of the table. Everything that is known about a setting stands
// here: the file, the variables, the example and the checks follow from it.
type option struct {
	key  string // dotted path in the file; BRIDGE_ and upper case with _ as variable
	def  string // default, in the form of the file; lists separated by commas
	help string // sentences for the example; no line longer than the page
	list bool
	// names marks a value that may name places, people or secrets: Told keeps it back.
	names bool
	// set checks and takes a value. Its error goes on after the key ("is 7, not …")
	// and never repeats what may be a secret.
	set func(*Config, string) error
}

// section introduces a group of options in the example.
type section struct {
	name, help string
}

var sections = []section{
	{"server", "Where clients reach the bridge."},
	{"limits", "What one request or one user may ask for. Clients learn the sizes from the server."},
	{"database", "Everything the bridge knows is in one database."},
	{"secret", "Passwords of CRMs are sealed with a key before they are stored."},
	{"log", "Logs go to standard error. They never hold items or passwords."},
	{"auth", "Logins. Waiting times belong to an account as seen from one network, so nobody is locked out by others."},
	{"admin", "The pages for people. They may sign in at a service of their organisation (OpenID Connect), beside their passwords."},
	{"feeds", "Calendars as read-only files for programs without a login; see \"bridge feed\"."},
	{"relay", "The runs between the bridge and the CRMs. What a link does is set with \"bridge link\"."},
	{"outbound", "What the bridge may connect to."},
}

var table = []option{
	{key: "server.listen", def: "127.0.0.1:8080", help: "Address and port to listen on. \":8080\" listens on every address.", names: true, set: address(func(c *Config) *string { return &c.Listen })},
	{key: "server.public_url", help: "How clients reach the server, if a proxy stands before it: https://dav.example.org", names: true, set: webURL(func(c *Config) *string { return &c.PublicURL })},
	{key: "server.notifications", def: "off", help: "Whether Microsoft 365 is asked to tell of changes at once, on or off. It must reach public_url then, at the path /notify/graph.", set: onOff(func(c *Config) *bool { return &c.Notifications })},
	{key: "server.tls.cert", help: "Certificate chain and key as PEM files. Both or neither.", names: true, set: str(func(c *Config) *string { return &c.TLSCert })},
	{key: "server.tls.key", names: true, set: str(func(c *Config) *string { return &c.TLSKey })},
	{key: "server.acme.hosts", list: true, help: "Host names to get certificates for by ACME (Let's Encrypt). The server must then listen on port 443.", names: true, set: hosts},
	{key: "server.acme.email", help: "Where the certificate authority writes to; hosts need it.", names: true, set: str(func(c *Config) *string { return &c.ACMEEmail })},
	{key: "server.acme.cache", def: "acme", help: "Folder for certificates and the account's key.", names: true, set: str(func(c *Config) *string { return &c.ACMECache })},
	{key: "server.trusted_proxies", list: true, help: "Networks whose X-Forwarded-For is believed.", names: true, set: networks(func(c *Config) *[]netip.Prefix { return &c.TrustedProxies })},
	{key: "server.metrics_allow", list: true, def: "127.0.0.0/8, ::1/128", help: "Networks that may read /metrics.", names: true, set: networks(func(c *Config) *[]netip.Prefix { return &c.MetricsAllow })},
	{key: "server.header_timeout", def: "10s", help: "How long a client may take for the head of a request.", set: duration(func(c *Config) *time.Duration { return &c.HeaderTimeout }, time.Second)},
	{key: "server.body_timeout", def: "2m", help: "How long a client may take for a whole request.", set: duration(func(c *Config) *time.Duration { return &c.BodyTimeout }, time.Second)},
	{key: "server.idle_timeout", def: "60s", help: "How long an idle connection is kept.", set: duration(func(c *Config) *time.Duration { return &c.IdleTimeout }, time.Second)},
	{key: "server.shutdown_wait", def: "20s", help: "How long requests and runs may finish after a signal to stop.", set: duration(func(c *Config) *time.Duration { return &c.ShutdownWait }, time.Second)},
	{key: "server.max_connections", def: "2000", help: "Connections at once.", set: integer(func(c *Config) *int { return &c.MaxConnections }, 1, 1_000_000)},
	{key: "server.address_connections", def: "500", help: "Connections at once per address; those of trusted proxies and of this machine are not counted.", set: integer(func(c *Config) *int { return &c.AddressConnections }, 1, 1_000_000)},

	{key: "limits.object", def: "1MiB", help: "Largest calendar object or card.", set: size(func(c *Config) *int64 { return &c.MaxObject }, 1<<10, 64<<20)},
	{key: "limits.body", def: "10MiB", help: "Largest request body of other kinds.", set: size(func(c *Config) *int64 { return &c.MaxBody }, 64<<10, 256<<20)},
	{key: "limits.card", def: "4MiB", help: "Largest card of an address book, photo included.", set: size(func(c *Config) *int64 { return &c.MaxCard }, 1<<10, 64<<20)},
	{key: "limits.attendees", def: "500", help: "Attendees of one event.", set: integer(func(c *Config) *int { return &c.MaxAttendees }, 1, 100_000)},
	{key: "limits.collections", def: "200", help: "Calendars, and address books, of one user.", set: integer(func(c *Config) *int { return &c.MaxCollections }, 1, 10_000)},
	{key: "limits.storage", def: "2048MiB", help: "All calendar objects and cards of one user together; 0 is no limit. Earlier versions are kept in what is left of it: the oldest go first.", set: size(func(c *Config) *int64 { return &c.MaxStorage }, 0, 1<<50)},
	{key: "limits.copy", def: "64MiB", help: "What a client may copy at once; others who write wait for it.", set: size(func(c *Config) *int64 { return &c.MaxCopy }, 1<<20, 4<<30)},
	{key: "limits.conflicts", def: "256MiB", help: "All reports of conflicts of one user together. When they are full, settled ones go, and then changes that would lose something are refused.", set: size(func(c *Config) *int64 { return &c.MaxConflicts }, 16<<20, 1<<40)},
	{key: "limits.slow_answers", def: "1024MiB", help: "Answers that lie on disk, encrypted, while clients read them more slowly than they are made; one user may have a quarter. They lie in TMPDIR, else in /var/tmp. Where that is memory, only a sixteenth is used. Without room, very slow clients are cut off.", set: size(func(c *Config) *int64 { return &c.SlowAnswers }, 16<<20, 1<<40)},
	{key: "limits.occurrences", def: "10000", help: "Occurrences of one series that a query looks at, and of all series together.", set: integer(func(c *Config) *int { return &c.Occurrences }, 100, 1_000_000)},
	{key: "limits.all_occurrences", def: "50000", set: integer(func(c *Config) *int { return &c.AllOccurrences }, 100, 10_000_000)},
	{key: "limits.query_time", def: "20s", help: "How long one request may look for occurrences.", set: duration(func(c *Config) *time.Duration { return &c.QueryTime }, time.Second)},
	{key: "limits.user_requests", def: "16", help: "Requests at once per user; more are asked to come back, and before them those whose bodies come slowest.", set: integer(func(c *Config) *int { return &c.UserRequests }, 1, 10_000)},
	{key: "limits.address_requests", def: "64", help: "Requests at once per address.", set: integer(func(c *Config) *int { return &c.AddressRequests }, 1, 100_000)},
	{key: "limits.at_once", def: "0", help: "Requests at work at the same moment; the others wait for their turn, and no user has more than half of the turns. 0 is one for each processor, with PostgreSQL two.", set: integer(func(c *Config) *int { return &c.RequestsAtOnce }, 0, 10_000)},
	{key: "limits.wait", def: "15s", help: "How long a request may wait for its turn before it is asked to come back.", set: duration(func(c *Config) *time.Duration { return &c.RequestWait }, time.Second)},
	{key: "limits.retry_after", def: "5s", help: "When those are asked to come back who had too many requests at once.", set: duration(func(c *Config) *time.Duration { return &c.RetryAfter }, time.Second)},

	{key: "database.url", def: "bridge.db", help: "A SQLite file, or postgres://user:password@host/name. Relative paths are relative to this file.", names: true, set: database},
	{key: "database.keep_versions", def: "90d", help: "How long texts that were replaced or deleted are kept.", set: duration(func(c *Config) *time.Duration { return &c.KeepVersions }, time.Hour)},
	{key: "database.keep_devices", def: "400d", help: "How long a device that does not come is remembered, at least two days. What it downloaded last is kept until then.", set: duration(func(c *Config) *time.Duration { return &c.KeepDevices }, 48*time.Hour)},
	{key: "database.keep_conflicts", def: "180d", help: "How long conflicts are kept once they are settled. Those that wait for a decision stay.", set: duration(func(c *Config) *time.Duration { return &c.KeepConflicts }, time.Hour)},
	{key: "database.keep_runs", def: "90d", help: "How long reports of runs are kept.", set: duration(func(c *Config) *time.Duration { return &c.KeepRuns }, time.Hour)},
	{key: "database.keep_audit", def: "400d", help: "How long the audit log keeps what people did.", set: duration(func(c *Config) *time.Duration { return &c.KeepAudit }, 24*time.Hour)},
	{key: "database.keep_steps", def: "500000", help: "How many steps of runs are kept, the newest, about 0.3 KiB each; 0 is no bound.", set: integer(func(c *Config) *int { return &c.KeepSteps }, 0, 1_000_000_000)},

	{key: "secret.key_file", def: "bridge.key", help: "File with the key, made at the first start. Keep a copy apart from the database.", names: true, set: required(func(c *Config) *string { return &c.KeyFile })},

	{key: "log.level", def: "info", help: "debug, info, warn or error.", set: oneOf(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
	{key: "log.format", def: "text", help: "text or json.", set: oneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json")},
	{key: "log.keep", def: "7d", help: "How long lines are kept for \"bridge support\", without names and texts, in a file of at most 2 MiB beside the database; 0 keeps none.", set: duration(func(c *Config) *time.Duration { return &c.LogKeep }, 0)},

	{key: "auth.hash_memory", def: "64", help: "Cost of account passwords (argon2id): memory in MiB and passes.", set: integer(func(c *Config) *int { return &c.HashMemory }, 8, 1024)},
	{key: "auth.hash_time", def: "3", set: integer(func(c *Config) *int { return &c.HashTime }, 1, 20)},
	{key: "auth.hash_at_once", def: "2", help: "Computations at once.", set: integer(func(c *Config) *int { return &c.HashAtOnce }, 1, 64)},
	{key: "auth.hash_queue", def: "64", help: "Logins that may wait for a computation; more are asked to come back.", set: integer(func(c *Config) *int { return &c.HashQueue }, 1, 10_000)},
	{key: "auth.free_failures", def: "5", help: "Wrong passwords in a row that cost nothing.", set: integer(func(c *Config) *int { return &c.FreeFailures }, 1, 1000)},
	{key: "auth.free_accounts", def: "50", help: "Accounts that may fail from one network before all of it waits.", set: integer(func(c *Config) *int { return &c.FreeAccounts }, 1, 100_000)},
	{key: "auth.first_wait", def: "1s", help: "Wait after the next one; it doubles up to most_wait.", set: duration(func(c *Config) *time.Duration { return &c.FirstWait }, time.Millisecond)},
	{key: "auth.most_wait", def: "5m", set: duration(func(c *Config) *time.Duration { return &c.MostWait }, time.Millisecond)},
	{key: "auth.forget_failures", def: "1h", help: "When failures are forgotten.", set: duration(func(c *Config) *time.Duration { return &c.ForgetFailures }, time.Second)},
	{key: "auth.remember", def: "1m", help: "How long a password that was right is not computed again.", set: duration(func(c *Config) *time.Duration { return &c.Remember }, time.Second)},

	{key: "admin.oidc_issuer", help: "Address of the service, as it names itself: https://id.example.org. Its redirect address for this server is public_url with /web/sign-in/back. A private one has to be in outbound.allow.", names: true, set: issuer},
	{key: "admin.oidc_client_id", help: "What the service knows this server as, and the secret between the two. Better in BRIDGE_ADMIN_OIDC_CLIENT_SECRET_FILE; without one only PKCE protects.", names: true, set: str(func(c *Config) *string { return &c.OIDCClientID })},
	{key: "admin.oidc_client_secret", names: true, set: str(func(c *Config) *string { return &c.OIDCSecret })},
	{key: "admin.oidc_label", help: "What people call the service. Empty is its host.", names: true, set: str(func(c *Config) *string { return &c.OIDCLabel })},
	{key: "admin.oidc_claim", def: "preferred_username", help: "What names the account of somebody who signs in there for the first time; else an e-mail address that the service vouches for does. After that the service's own number for the person counts. Whoever may change this there may take an account here.", names: true, set: required(func(c *Config) *string { return &c.OIDCClaim })},
	{key: "admin.oidc_create", def: "off", help: "Whether people without an account get one, on or off.", set: onOff(func(c *Config) *bool { return &c.OIDCCreate })},

	{key: "feeds.refresh", def: "15m", help: "How often programs are told to ask again; many take longer.", set: duration(func(c *Config) *time.Duration { return &c.FeedRefresh }, time.Minute)},

	{key: "relay.workers", def: "4", help: "Short runs that this process does at once, at least 2; as many long ones go on beside them.", set: integer(func(c *Config) *int { return &c.Workers }, 1, 256)},
	{key: "relay.sweep", def: "1s", help: "How often due links are looked for.", set: duration(func(c *Config) *time.Duration { return &c.Sweep }, 100*time.Millisecond)},
	{key: "relay.interval", def: "60s", help: "Time between polls of a CRM, for links that set none.", set: duration(func(c *Config) *time.Duration { return &c.Interval }, LeastInterval)},
	{key: "relay.first_retry", def: "30s", help: "When a link that failed is tried again; it doubles up to most_wait.", set: duration(func(c *Config) *time.Duration { return &c.LinkRetry }, time.Second)},
	{key: "relay.item_retry", def: "5s", help: "The same for a single item; it triples.", set: duration(func(c *Config) *time.Duration { return &c.ItemRetry }, time.Second)},
	{key: "relay.refused_retry", def: "6h", help: "When an item is tried again that was refused. A change on either side wakes it at once.", set: duration(func(c *Config) *time.Duration { return &c.HopelessRetry }, time.Minute)},
	{key: "relay.most_wait", def: "30m", set: duration(func(c *Config) *time.Duration { return &c.MostRetry }, time.Second)},

	{key: "outbound.allow", list: true, help: "Private networks that CRMs may be in: 10.0.0.0/8, 192.168.0.0/16, 127.0.0.0/8. Public addresses are always allowed; private and local ones only when listed.", names: true, set: networks(func(c *Config) *[]netip.Prefix { return &c.OutboundAllow })},
	{key: "outbound.timeout", def: "60s", help: "How long an answer may take.", set: duration(func(c *Config) *time.Duration { return &c.OutboundTimeout }, time.Second)},
	{key: "outbound.ca_file", help: "Certificates (PEM) to trust besides the system's, for CRMs with a private authority.", names: true, set: str(func(c *Config) *string { return &c.CAFile })},
}

// LeastInterval is the least time between polls of a CRM, for links as for
// relay.interval.
const LeastInterval = time.Second

// variable is the name of the option in the environment.
func (o option) variable() string {
	return "BRIDGE_" + strings.ToUpper(strings.ReplaceAll(o.key, ".", "_"))
}

func str(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *at(c) = v; return nil }
}

func required(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v == "" {
			return errors.New("must not be empty")
		}
		*at(c) = v
		return nil
	}
}

// database takes a file or a PostgreSQL address. It may hold a password: the error
// tells the scheme at most.
func database(c *Config, v string) error {
	if v == "" {
		return errors.New("must not be empty")
	}
	scheme, _, isURL := strings.Cut(v, "://")
	if isURL && scheme != "postgres" && scheme != "postgresql" && scheme != "sqlite" {
		if strings.IndexFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) >= 0 {
			return errors.New("is neither a SQLite file nor postgres://user:password@host/name")
		}
		return fmt.Errorf("is of the kind %s, which is not supported: name a SQLite file, or postgres://user:password@host/name", scheme)
	}
	c.Database = v
	return nil
}

func oneOf(at func(*Config) *string, values ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, w := range values {
			if v == w {
				*at(c) = v
				return nil
			}
		}
		return fmt.Errorf("is %q, not one of %s", v, strings.Join(values, ", "))
	}
}

func onOff(at func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		// YAML programs write words of their own for both.
		switch strings.ToLower(v) {
		case "on", "yes", "true":
			*at(c) = true
		case "off", "no", "false":
			*at(c) = false
		default:
			return fmt.Errorf("is %q, not on or off", v)
		}
		return nil
	}
}

func integer(at func(*Config) *int, least, most int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("is %q, not a whole number", v)
		}
		if n < least || n > most {
			return fmt.Errorf("is %d, not between %d and %d", n, least, most)
		}
		*at(c) = n
		return nil
	}
}

func duration(at func(*Config) *time.Duration, least time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := parseDuration(v)
		if err != nil {
			return fmt.Errorf("is %q, not a time such as 90s, 10m, 12h or 30d", v)
		}
		if d < least {
			return fmt.Errorf("is %s, less than %s", v, least)
		}
		*at(c) = d
		return nil
	}
}

// parseDuration adds days to time.ParseDuration.
func parseDuration(v string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(v, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100_000 {
			return 0, errors.New("config: not a number of days")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(v)
}

func size(at func(*Config) *int64, least, most int64) func(*Config, string) error {
	units := []struct {
		name string
		n    int64
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}
	return func(c *Config, v string) error {
		for _, u := range units {
			digits, ok := strings.CutSuffix(v, u.name)
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 40)
			if !ok || err != nil {
				continue
			}
			if n *= u.n; n < least || n > most {
				return fmt.Errorf("is %s, not between %d and %d bytes", v, least, most)
			}
			*at(c) = n
			return nil
		}
		return fmt.Errorf("is %q, not a size such as 1MiB or 512KiB", v)
	}
}

func networks(at func(*Config) *[]netip.Prefix) func(*Config, string) error {
	return func(c *Config, v string) error {
		var ps []netip.Prefix
		var bad []string
		for _, s := range split(v) {
			p, err := netip.ParsePrefix(s)
			if err != nil {
				a, aerr := netip.ParseAddr(s)
				if aerr != nil {
					bad = append(bad, strconv.Quote(s))
					continue
				}
				p = netip.PrefixFrom(a, a.BitLen())
			}
			ps = append(ps, p.Masked())
		}
		if len(bad) > 0 {
			return fmt.Errorf("has %s, not a network such as 10.0.0.0/8", strings.Join(bad, ", "))
		}
		*at(c) = ps
		return nil
	}
}

func hosts(c *Config, v string) error {
	for _, h := range split(v) {
		if strings.ContainsAny(h, "/:*@ ") || !strings.Contains(h, ".") {
			return fmt.Errorf("has %q, not a host name such as dav.example.org", h)
		}
	}
	c.ACMEHosts = split(v)
	return nil
}

func split(v string) []string {
	var out []string
	for _, s := range strings.Split(v, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func address(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		_, port, err := net.SplitHostPort(v)
		if err != nil {
			return fmt.Errorf("is %q, not an address with a port such as 127.0.0.1:8080", v)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return fmt.Errorf("has the port %q, not a number up to 65535", port)
		}
		*at(c) = v
		return nil
	}
}

// issuer takes the address of a service that people sign in at: over TLS, but on this machine (OpenID Connect Discovery 3).
func issuer(c *Config, v string) error {
	u, err := url.Parse(v)
	local := err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("is not an address such as https://id.example.org")
	}
	c.OIDCIssuer = v
	return nil
}

func webURL(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v == "" {
			return nil
		}
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return errors.New("is not a web address such as https://dav.example.org")
		}
		if strings.Trim(u.Path, "/") != "" {
			return errors.New("has a path; clients look for the server at the top of its host, such as https://dav.example.org")
		}
		*at(c) = strings.TrimRight(v, "/")
		return nil
	}
}
