package dav

import "crmbridge/remote"

// Resolver is what a test says the DNS has.
type Resolver = resolver

// WithResolver lets a mailbox ask another DNS.
func WithResolver(r remote.Remote, names Resolver) { r.(*mailbox).names = names }
