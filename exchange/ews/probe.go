package ews

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Probe implements remote.Prober: the server, the login, the mailbox, its folders and the rights in each.
func (m *mail) Probe(ctx context.Context) []remote.Check {
	const op = "ews: test"
	at, err := m.account.endpoint(ctx)
	checks := []remote.Check{{Name: "server", Err: err}}
	if err != nil {
		return checks
	}
	if u, err := url.Parse(at.client.Base()); err == nil {
		checks[0].Note = u.Host + at.path
	}
	first, err := m.wellKnown(ctx, op, wellKnown)
	if m.account.opened != "" && codeOf(err) == "ErrorAccessDenied" {
		err = pim.Errorf(op, pim.ErrForbidden, "%s has no rights in any folder of %s: give Editor on its folders, or let the account impersonate (impersonate=yes, and the role ApplicationImpersonation)",
			m.settings["user"], m.account.opened)
	}
	steps := []struct {
		name, note string
		failed     bool
	}{
		{"login", m.settings["auth"], errors.Is(err, pim.ErrAuth)},
		{"mailbox", m.whose(), errors.Is(err, pim.ErrForbidden)},
		{"folders", "", err != nil},
	}
	var unanswered *upstream.Failure
	if errors.As(err, &unanswered) || errors.Is(err, pim.ErrProtocol) || errors.Is(err, pim.ErrUnavailable) && codeOf(err) == "" {
		// Exchange itself said nothing, neither of the login nor of the mailbox.
		checks[0].Err = err
		return checks
	}
	for _, s := range steps {
		if s.failed {
			return append(checks, remote.Check{Name: s.name, Err: err})
		}
		checks = append(checks, remote.Check{Name: s.name, Note: s.note})
	}
	for _, name := range wellKnown {
		check := m.probeFolder(ctx, op, name, first[name])
		check.Kinds = pim.Kinds(kindOfFolder[name])
		checks = append(checks, check)
	}
	return checks
}

func (m *mail) whose() string {
	switch {
	case m.account.acting:
		return m.settings["user"] + " acts for " + m.account.mailbox
	case m.account.mailbox != "":
		return m.account.mailbox
	}
	return "the login's own"
}

// kindOfFolder are the kinds in the folders that every mailbox has.
var kindOfFolder = map[string]pim.Kind{"calendar": pim.KindEvent, "tasks": pim.KindTask, "contacts": pim.KindContact}

// probeFolder names the rights in a folder that are missing, and reads a change of it.
func (m *mail) probeFolder(ctx context.Context, op, name string, f folder) remote.Check {
	check := remote.Check{Name: name}
	s, ok := shelfOf(f)
	switch {
	case !ok && m.account.opened != "":
		check.Err = pim.Errorf(op, pim.ErrForbidden, "%s has no rights in the folder %s of %s: give Editor on it, or impersonate", m.settings["user"], name, m.account.opened)
		return check
	case !ok:
		check.Note = "the mailbox has none"
		return check
	}
	m.remember(s)
	var lacking []string
	for _, r := range []struct {
		v    val
		word string
	}{{f.Rights.Read, "read items"}, {f.Rights.Create, "create items (Editor has all that is needed)"}} {
		if r.v != "" && !r.v.bool() {
			lacking = append(lacking, r.word)
		}
	}
	if len(lacking) > 0 {
		check.Err = pim.Errorf(op, pim.ErrForbidden, "in the folder %s the right is missing to: %s", s.Name, strings.Join(lacking, ", "))
		return check
	}
	if _, err := m.syncPage(ctx, s.ID, "", 1, nil); err != nil {
		check.Err = err
		return check
	}
	check.Note = s.Name
	if s.kind == pim.KindContact {
		check.Note += "; groups of contacts (distribution lists) are not synchronised"
	}
	return check
}
