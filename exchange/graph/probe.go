package graph

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// permissions are what the driver needs, what for, and what to read to see whether they reach the mailbox.
func permissions() []struct{ name, of, path string } {
	return []struct{ name, of, path string }{
		{"Calendars.ReadWrite", "calendars", "/calendars"},
		{"Contacts.ReadWrite", "contacts", "/contactFolders"},
		{"Tasks.ReadWrite.All", "tasks", "/todo/lists"},
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
		err := c.reach(ctx, p.of, p.name, p.path, roles, readable)
		if out = append(out, remote.Check{Name: p.of, Err: err}); err != nil {
			return out
		}
	}
	if last := &out[len(out)-1]; last.Err == nil && !readable {
		last.Note = "what the application may write cannot be told from its token"
	}
	return out
}

// reach names the missing permission exactly: it is not in the token, or it is and does not reach the mailbox.
func (c *connector) reach(ctx context.Context, name, permission, path string, roles []string, readable bool) error {
	op := "graph: " + name
	if readable && !slices.Contains(roles, permission) {
		have := "it has none"
		if len(roles) > 0 {
			have = "it has " + strings.Join(roles, ", ")
		}
		return pim.Errorf(op, pim.ErrForbidden, "the application permission %s is missing, or an administrator has not consented to it; %s", permission, have)
	}
	var p page[stamp]
	err := c.get(ctx, request{op: op, path: c.user() + path}, &p)
	if pim.ReasonOf(err) != pim.ErrForbidden {
		return err
	}
	if readable {
		return pim.Errorf(op, pim.ErrForbidden, "%s is granted, but not for this mailbox: add it to the management scope (RBAC for applications), or to the group of the application access policy", permission)
	}
	return pim.Errorf(op, pim.ErrForbidden, "%s is missing, or limited to other mailboxes (RBAC for applications, application access policy)", permission)
}
