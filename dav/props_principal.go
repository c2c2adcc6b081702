package dav

import (
	"crmbridge/dav/davxml"
)

// principalProperties are those of people: RFC 3744 4, what RFC 6638 2.4.1 says of addresses, and Apple's.
func principalProperties() []property {
	return []property{
		{name: davxml.D("principal-URL"), on: atPrincipal | atRoot | atHome,
			value: hrefValue(davxml.D("principal-URL"), callerPath)},
		{name: davxml.D("alternate-URI-set"), on: atPrincipal, value: fixedValue(davxml.D("alternate-URI-set"), nil)},
		{name: davxml.D("group-membership"), on: atPrincipal, value: fixedValue(davxml.D("group-membership"), nil)},
		{name: davxml.D("group-member-set"), on: atPrincipal, value: fixedValue(davxml.D("group-member-set"), nil)},
		// evolution-data-server asks for it where it starts, Outlook CalDav Synchronizer on each calendar.
		{name: davxml.C("calendar-user-address-set"), on: atPrincipal | atRoot | atHome | atCalendar, value: userAddresses},
		{name: davxml.C("calendar-user-type"), on: atPrincipal,
			value: fixedValue(davxml.C("calendar-user-type"), []byte("INDIVIDUAL"))},
		{name: davxml.CS("email-address-set"), on: atPrincipal, value: emailAddresses},
		// Nobody acts for another here; DAVx5 and OCS follow these.
		{name: davxml.CS("calendar-proxy-read-for"), on: atPrincipal,
			value: fixedValue(davxml.CS("calendar-proxy-read-for"), nil)},
		{name: davxml.CS("calendar-proxy-write-for"), on: atPrincipal,
			value: fixedValue(davxml.CS("calendar-proxy-write-for"), nil)},
	}
}

// userAddresses has the mail address first: Outlook CalDav Synchronizer takes the first that begins with mailto.
func userAddresses(dst []byte, e *env, _ *resource) ([]byte, error) {
	name := davxml.C("calendar-user-address-set")
	dst = davxml.AppendOpen(dst, name)
	if mail := e.q.caller.User.Email; mail != "" {
		dst = davxml.AppendHrefURI(dst, "mailto:"+mail)
	}
	dst = davxml.AppendHref(dst, principalPath(e.q.caller.User.Name))
	return davxml.AppendClose(dst, name), nil
}

// emailAddresses is Apple's email-address-set.
func emailAddresses(dst []byte, e *env, _ *resource) ([]byte, error) {
	if e.q.caller.User.Email == "" {
		return dst, errAbsent
	}
	name := davxml.CS("email-address-set")
	dst = davxml.AppendOpen(dst, name)
	dst = davxml.AppendText(dst, davxml.CS("email-address"), e.q.caller.User.Email)
	return davxml.AppendClose(dst, name), nil
}
