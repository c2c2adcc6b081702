package graph

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// permission is one that the driver needs.
type permission struct {
	name, of string
	// read is what to read to see whether it reaches the mailbox; write is nothing, so that a change of it does no harm.
	read, write string
}

func permissions() []permission {
	const nothing = "this-is-no-id"
	return []permission{
		{"Calendars.ReadWrite", "calendars", "/calendars", "/events/" + nothing},
		{"Contacts.ReadWrite", "contacts", "/contactFolders", "/contacts/" + nothing},
		{"Tasks.ReadWrite.All", "tasks", "/todo/lists", "/todo/lists/" + nothing},
	}
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
	roles, readable := rolesOf(token.Access)
	for _, p := range permissions() {
		err := c.reach(ctx, p, roles, readable)
		if out = append(out, remote.Check{Name: p.of, Err: err}); err != nil {
			return out
		}
	}
	return out
}

// reach names the missing permission exactly: it is not in the token, or it is and does not reach the mailbox. Where a token cannot be
// read, a change of what is not there tells: rights are looked at first.
func (c *connector) reach(ctx context.Context, p permission, roles []string, readable bool) error {
	op := "graph: " + p.of
	if readable && !slices.Contains(roles, p.name) {
		have := "it has none"
		if len(roles) > 0 {
			have = "it has " + strings.Join(roles, ", ")
		}
		return pim.Errorf(op, pim.ErrForbidden, "the application permission %s is missing, or an administrator has not consented to it; %s", p.name, have)
	}
	var some page[stamp]
	err := c.get(ctx, request{op: op, path: c.user() + p.read}, &some)
	switch {
	case pim.ReasonOf(err) == pim.ErrForbidden && readable:
		return pim.Errorf(op, pim.ErrForbidden, "%s is granted, but not for this mailbox: add it to the management scope (RBAC for applications), or to the group of the application access policy", p.name)
	case pim.ReasonOf(err) == pim.ErrForbidden:
		return pim.Errorf(op, pim.ErrForbidden, "%s is missing, or limited to other mailboxes (RBAC for applications, application access policy)", p.name)
	case err != nil || readable:
		return err
	}
	_, err = c.send(ctx, request{op: op, method: "PATCH", path: c.user() + p.write, body: map[string]any{}})
	switch pim.ReasonOf(err) {
	case pim.ErrForbidden:
		return pim.Errorf(op, pim.ErrForbidden, "%s is missing: the application may read the %s of this mailbox, but not change them", p.name, p.of)
	case pim.ErrNotFound, pim.ErrRefused, pim.ErrUnsupported, "":
		return nil
	}
	return err
}
