package dav

import (
	"encoding/xml"

	"crmbridge/dav/davxml"
)

// accessProperties are those of RFC 3744 5 that say who may do what. There is no ACL method: everything belongs to one
// person, and what may be done with it follows from the resource and the app password.
func accessProperties() []property {
	return []property{
		{name: davxml.D("current-user-privilege-set"), on: everywhere, value: privileges()},
		{name: davxml.D("supported-privilege-set"), on: everywhere, value: supportedPrivileges()},
		{name: davxml.D("acl"), on: atOwned, value: acl},
		// RFC 3744 5.6: nothing is ever denied, and nobody named by exclusion.
		{name: davxml.D("acl-restrictions"), on: atOwned, value: fixedValue(davxml.D("acl-restrictions"),
			davxml.AppendEmpty(davxml.AppendEmpty(nil, davxml.D("grant-only")), davxml.D("no-invert")))},
		{name: davxml.D("inherited-acl-set"), on: atOwned, value: fixedValue(davxml.D("inherited-acl-set"), nil)},
	}
}

// The privileges of RFC 3744 3 that are told apart here. Clients look for different ones of the writing kind, so
// that a writable resource names the aggregate and its parts, and a read-only one names none.
func readPrivileges(p place) []xml.Name {
	names := []xml.Name{davxml.D("read"), davxml.D("read-acl"), davxml.D("read-current-user-privilege-set")}
	if timed(p) {
		names = append(names, davxml.C("read-free-busy")) // RFC 4791 6.1.1
	}
	return names
}

func writePrivileges() []xml.Name {
	return []xml.Name{davxml.D("write"), davxml.D("write-content"), davxml.D("write-properties"), davxml.D("bind"), davxml.D("unbind")}
}

// access is how much of a resource is the caller's to change.
type access int

const (
	reads    access = iota
	arranges        // its properties: of a principal, which has nothing in it
	writes
	accesses // how many there are
)

func accessOf(c Caller, r *resource) access {
	switch {
	case !writable(c, r):
		return reads
	case r.at == atPrincipal:
		return arranges
	}
	return writes
}

// privileges are those that a comes with (RFC 3744 5.4), each in a DAV:privilege.
func (a access) privileges(p place) []byte {
	names := readPrivileges(p)
	switch a {
	case arranges:
		names = append(names, davxml.D("write-properties"))
	case writes:
		names = append(names, writePrivileges()...)
	}
	var dst []byte
	for _, n := range names {
		dst = davxml.AppendNames(dst, davxml.D("privilege"), n)
	}
	return dst
}

// timed says whether there are times to be busy in.
func timed(p place) bool { return p&(atCalendarHome|atCalendar|atEvent) != 0 }

// privileges is RFC 3744 5.4, printed ahead: listings of homes are full of it.
func privileges() func([]byte, *env, *resource) ([]byte, error) {
	var plain, calendar [accesses]func([]byte, *env, *resource) ([]byte, error)
	for a := range accesses {
		plain[a] = fixedValue(davxml.D("current-user-privilege-set"), a.privileges(atBook))
		calendar[a] = fixedValue(davxml.D("current-user-privilege-set"), a.privileges(atCalendar))
	}
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		of := &plain
		if timed(r.at) {
			of = &calendar
		}
		return of[accessOf(e.q.caller, r)](dst, e, r)
	}
}

// acl is RFC 3744 5.5: one entry, which nobody can change.
func acl(dst []byte, e *env, r *resource) ([]byte, error) {
	dst = davxml.AppendOpen(dst, davxml.D("acl"))
	dst = davxml.AppendOpen(dst, davxml.D("ace"))
	dst = davxml.AppendHrefs(dst, davxml.D("principal"), principalPath(e.q.caller.User.Name))
	dst = davxml.AppendOpen(dst, davxml.D("grant"))
	dst = append(dst, accessOf(e.q.caller, r).privileges(r.at)...)
	dst = davxml.AppendClose(dst, davxml.D("grant"))
	dst = davxml.AppendEmpty(dst, davxml.D("protected"))
	dst = davxml.AppendClose(dst, davxml.D("ace"))
	return davxml.AppendClose(dst, davxml.D("acl")), nil
}

// supportedPrivileges is RFC 3744 5.3: read and write are made of their parts.
func supportedPrivileges() func([]byte, *env, *resource) ([]byte, error) {
	name := davxml.D("supported-privilege-set")
	plain, calendar := fixedValue(name, privilegeTree(atBook)), fixedValue(name, privilegeTree(atCalendar))
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		if timed(r.at) {
			return calendar(dst, e, r)
		}
		return plain(dst, e, r)
	}
}

func privilegeTree(p place) []byte {
	open := func(dst []byte, n xml.Name) []byte {
		dst = davxml.AppendOpen(dst, davxml.D("supported-privilege"))
		return davxml.AppendNames(dst, davxml.D("privilege"), n)
	}
	closing := func(dst []byte, n xml.Name) []byte {
		dst = davxml.AppendText(dst, davxml.D("description"), n.Local)
		return davxml.AppendClose(dst, davxml.D("supported-privilege"))
	}
	dst := open(nil, davxml.D("all"))
	for _, names := range [][]xml.Name{readPrivileges(p), writePrivileges()} {
		dst = open(dst, names[0])
		for _, part := range names[1:] {
			dst = closing(open(dst, part), part)
		}
		dst = closing(dst, names[0])
	}
	return closing(dst, davxml.D("all"))
}
