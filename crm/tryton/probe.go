package tryton

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// oldest is the first release that this driver can work with: before it, works have
// states instead of statuses and addresses have other names.
const oldest = 6

// Probe implements remote.Prober: server, login, settings, contacts, tasks. Missing
// tasks are no failure, because contacts do without.
func (c *connector) Probe(ctx context.Context) []remote.Check {
	var out []remote.Check
	var f *facts
	step := func(name string, run func() (string, error)) bool {
		note, err := run()
		out = append(out, remote.Check{Name: name, Err: err, Note: note})
		return err == nil
	}
	_ = step("server", func() (string, error) { return c.probeServer(ctx) }) &&
		step("login", func() (string, error) { _, err := c.current(ctx); return "", err }) &&
		step("settings", func() (note string, err error) {
			if f, err = c.learn(ctx); err == nil {
				err = c.probeSettings(f)
			}
			return "", err
		}) &&
		step("contacts", func() (string, error) { return c.probeShelf(ctx, f, c.partyShelf()) }) &&
		step("tasks", func() (string, error) {
			note, err := c.probeShelf(ctx, f, c.taskShelf())
			if pim.ReasonOf(err) == pim.ErrUnsupported {
				return "not available: " + pim.PublicText(err), nil
			}
			return note, err
		})
	return out
}

func (c *connector) probeServer(ctx context.Context) (string, error) {
	const op = "tryton: server"
	var version string
	if err := c.public(ctx, op, "common.server.version", &version); err != nil {
		return "", err
	}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldest {
		return "", pim.Errorf(op, pim.ErrUnsupported, "this is Tryton %s; %d.0 or later is needed", version, oldest)
	}
	return "Tryton " + version, nil
}

func (c *connector) probeSettings(f *facts) error {
	const op = "tryton: settings"
	switch {
	case c.set.employer != "" && f.employer == 0:
		return pim.Errorf(op, pim.ErrUnsupported, "employer_relation is set, but the module party_relationship is not active")
	case c.set.cancelled != "" && f.cancelled == 0:
		return pim.Errorf(op, pim.ErrInvalid, "cancelled_status: Tryton has no status %q for tasks", c.set.cancelled)
	case c.set.project != "" && f.project == 0:
		return pim.Errorf(op, pim.ErrUnsupported, "default_project is set, but the module project is not active")
	}
	return nil
}

// probeShelf reads a record and tells what may be done with the collection. Reading is
// a must; the rest is said in the note.
func (c *connector) probeShelf(ctx context.Context, f *facts, s shelf) (string, error) {
	op, err := "tryton: "+s.name, s.usable(f)
	if err == nil {
		s.mapped, err = c.mapped(ctx, op, s.kind, s.model)
	}
	if err != nil {
		return "", err
	}
	if _, err := c.rows(ctx, op, s, f, nil, 1, false); err != nil {
		return "", err
	}
	r := f.rights[s.model]
	var not []string
	for _, right := range []struct {
		has  truth
		word string
	}{{r.Create, "create"}, {r.Write, "change"}, {r.Delete, "delete"}} {
		if !right.has {
			not = append(not, right.word)
		}
	}
	if len(not) > 0 {
		return fmt.Sprintf("this user may read, but not %s", strings.Join(not, " or ")), nil
	}
	return "", nil
}
