package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// value is one setting as found.
type value struct {
	text  string
	where string // the file's or the variable's name
	line  int    // in the file; 0 for variables
}

// fault is one thing that is wrong, with its line when it stands in the file.
type fault struct {
	line int
	err  error
}

// fault tells what is wrong with a value, and where it stands.
func (v value) fault(format string, args ...any) fault {
	at := v.where
	if v.line > 0 {
		at = fmt.Sprintf("%s:%d", at, v.line)
	}
	return fault{line: v.line, err: fmt.Errorf("%s: %w", at, fmt.Errorf(format, args...))}
}

// inOrder joins faults: by line, and those without one last, as they come.
func inOrder(faults []fault) error {
	slices.SortStableFunc(faults, func(a, b fault) int {
		if (a.line == 0) != (b.line == 0) {
			return cmp.Compare(b.line, a.line)
		}
		return cmp.Compare(a.line, b.line)
	})
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f.err
	}
	return errors.Join(errs...)
}

// together is what no single option can know. A row is looked at only when its keys
// are right by themselves; its fault stands at the first key that somebody set.
var together = []struct {
	keys  []string
	fault string
	ok    func(*Config) bool
}{
	{[]string{"server.tls.cert", "server.tls.key"}, "server.tls needs both cert and key",
		func(c *Config) bool { return (c.TLSCert == "") == (c.TLSKey == "") }},
	{[]string{"server.acme.hosts", "server.tls.cert", "server.tls.key"}, "server.acme and server.tls exclude each other",
		func(c *Config) bool { return len(c.ACMEHosts) == 0 || c.TLSCert == "" && c.TLSKey == "" }},
	{[]string{"server.acme.hosts", "server.acme.email"}, "server.acme needs both hosts and email",
		func(c *Config) bool { return (len(c.ACMEHosts) == 0) == (c.ACMEEmail == "") }},
	{[]string{"server.notifications", "server.public_url"}, "server.notifications needs server.public_url with https://, as Microsoft reaches it",
		func(c *Config) bool { return !c.Notifications || strings.HasPrefix(c.PublicURL, "https://") }},
	{[]string{"admin.oidc_issuer", "admin.oidc_client_id"}, "admin.oidc_issuer and admin.oidc_client_id need each other",
		func(c *Config) bool { return (c.OIDCIssuer == "") == (c.OIDCClientID == "") }},
	{[]string{"auth.most_wait", "auth.first_wait"}, "auth.most_wait is less than auth.first_wait",
		func(c *Config) bool { return c.MostWait >= c.FirstWait }},
}
