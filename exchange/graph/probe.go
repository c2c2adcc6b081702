package graph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// permission is one that the driver needs.
type permission struct {
	// name is that of the application permission, delegated of the one that people give.
	name, delegated string
	area            string
	kinds           pim.KindSet
	// read is what to read to see whether it reaches the mailbox; write is nothing, so that a change of it does no harm.
	read, write string
	// told is what a subscription names to test the address for notifications; "" where programs cannot have one.
	told string
}

func permissions() []permission {
	const nothing = "this-is-no-id"
	return []permission{
		{"Calendars.ReadWrite", "Calendars.ReadWrite", "calendars", pim.Kinds(pim.KindEvent), "/calendars", "/events/" + nothing, "/events"},
		{"Contacts.ReadWrite", "Contacts.ReadWrite", "contacts", pim.Kinds(pim.KindContact), "/contactFolders", "/contacts/" + nothing, "/contacts"},
		{"Tasks.ReadWrite.All", "Tasks.ReadWrite", "tasks", pim.Kinds(pim.KindTask), "/todo/lists", "/todo/lists/" + nothing, ""},
		{"Mail.Read", "Mail.Read", "mail", pim.Kinds(pim.KindMessage), "/mailFolders", "", "/messages"},
	}
}

// in reports a permission that was granted, or one that has it in it.
func (p permission) in(granted []string, person bool) bool {
	name := p.name
	if person {
		name = p.delegated
	}
	return slices.Contains(granted, name) || slices.Contains(granted, strings.Replace(name, ".Read", ".ReadWrite", 1)) && !strings.Contains(name, "Write")
}

// Probe implements remote.Prober: the login, the permissions that the token has, and whether they reach this mailbox.
func (c *connector) Probe(ctx context.Context) []remote.Check {
	if err := c.tokens.Forget(ctx); err != nil { // a person is watching: what was refused before does not count
		return []remote.Check{{Name: "address", Err: err}}
	}
	token, err := c.tokens.Get(ctx)
	if r := pim.ReasonOf(err); err != nil && r != pim.ErrAuth {
		return []remote.Check{{Name: "address", Err: err}}
	}
	out := []remote.Check{{Name: "address", Note: c.client.Base()}, {Name: "login", Err: err}}
	if err != nil {
		return out
	}
	granted, readable := c.grantedTo(token.Access)
	told := "" // what Graph can tell of changes in
	for _, p := range permissions() {
		if !covers(c.areas, p.area) {
			continue
		}
		if p.area == "mail" && c.anyArea && readable && !p.in(granted, c.person) {
			continue // nobody asked for mail
		}
		err := c.reach(ctx, p, granted, readable)
		out = append(out, remote.Check{Name: p.area, Kinds: p.kinds, Err: err})
		switch {
		case err != nil && pim.ReasonOf(err) != pim.ErrForbidden:
			return out // of the others it would say the same
		case err == nil && told == "":
			told = p.told
		}
	}
	return append(out, c.probeNotices(ctx, told)...)
}

// probeNotices has Graph prove that it reaches the address for notifications: it calls it before it makes a subscription.
func (c *connector) probeNotices(ctx context.Context, told string) []remote.Check {
	const op = "graph: notifications"
	if c.notifyURL == "" || told == "" {
		return nil
	}
	check := remote.Check{Name: "notifications", Note: c.notifyURL, Optional: true}
	if c.hub == nil {
		check.Err = pim.Errorf(op, pim.ErrInvalid, "the link has an address for notifications, but server.notifications is off; changes are asked for instead")
		return []remote.Check{check}
	}
	state, err := c.hub.state(c.env.Link)
	if err != nil {
		check.Err = pim.Wrap(op, pim.ErrInternal, err)
		return []remote.Check{check}
	}
	sub, err := c.subscribe(ctx, c.user()+told, state)
	if err == nil {
		c.unsubscribe(ctx, sub)
		return []remote.Check{check}
	}
	check.Err = err
	if r := pim.ReasonOf(err); r == pim.ErrRefused || r == pim.ErrInvalid {
		check.Err = &pim.Error{Op: op, Kind: pim.ErrUnavailable, Err: err,
			Public: "Microsoft 365 does not reach " + c.notifyURL + ": the server has to run, with this address open to the world and a certificate that it trusts; until then changes are asked for"}
	}
	return []remote.Check{check}
}

// grantedTo are the permissions that a token says it has, those of a person or the program's.
func (c *connector) grantedTo(token string) (granted []string, readable bool) {
	roles, scopes, ok := rightsOf(token)
	if c.person {
		return scopes, ok
	}
	return roles, ok
}

// reach names the missing permission exactly: it is not in the token, or it is and does not reach the mailbox. Where a token cannot be
// read, a change of what is not there tells: rights are looked at first.
func (c *connector) reach(ctx context.Context, p permission, granted []string, readable bool) error {
	op := "graph: " + p.area
	name, what := p.name, "application permission"
	if c.person {
		name, what = p.delegated, "delegated permission"
	}
	if readable && !p.in(granted, c.person) {
		have := "it has none"
		if len(granted) > 0 {
			have = "it has " + strings.Join(granted, ", ")
		}
		if c.person {
			return pim.Errorf(op, pim.ErrForbidden, "the %s %s is missing: sign in again, and agree to it; %s", what, name, have)
		}
		return pim.Errorf(op, pim.ErrForbidden, "the %s %s is missing, or an administrator has not consented to it; %s", what, name, have)
	}
	var some page[stamp]
	err := c.get(ctx, request{op: op, path: c.user() + p.read}, &some)
	switch {
	case pim.ReasonOf(err) == pim.ErrForbidden && c.person:
		return pim.Errorf(op, pim.ErrForbidden, "%s is granted, but not for this mailbox: leave mailbox empty for the person's own", name)
	case pim.ReasonOf(err) == pim.ErrForbidden:
		return denial(p, err, readable)
	case err != nil || readable || p.write == "":
		return err
	}
	_, err = c.send(ctx, request{op: op, method: "PATCH", path: c.user() + p.write, body: map[string]any{}})
	switch pim.ReasonOf(err) {
	case pim.ErrForbidden:
		return pim.Errorf(op, pim.ErrForbidden, "%s is missing: the application may read the %s of this mailbox, but not change them", name, p.area)
	case pim.ErrNotFound, pim.ErrRefused, pim.ErrUnsupported, "":
		return nil
	}
	return err
}

// denial says why a mailbox is not to be read: of a token that can be read it is known that it has the permission.
func denial(p permission, err error, readable bool) error {
	op := "graph: " + p.area
	switch {
	case shutOut(err):
		return pim.Errorf(op, pim.ErrForbidden, "the organisation keeps the application out of this mailbox: add the mailbox to the group of the application access policy "+
			"(Test-ApplicationAccessPolicy tells), or see EwsApplicationAccessPolicy and EwsEnabled (Get-OrganizationConfig, Get-CASMailbox)")
	case readable:
		return pim.Errorf(op, pim.ErrForbidden, "%s is granted, but not for this mailbox: add it to the management scope of the role assignment (RBAC for applications)", p.name)
	}
	return pim.Errorf(op, pim.ErrForbidden, "%s is missing, or limited to other mailboxes by a management scope (RBAC for applications)", p.name)
}

// shutOut reports that a policy kept the application out, of which Exchange says so in words only ("Limit application permissions to
// specific Exchange Online mailboxes"); a management scope says that access is denied.
func shutOut(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (strings.Contains(r.message, "Access to OData is disabled") || strings.Contains(r.message, "AppOnly AccessPolicy"))
}
