package creatio

import (
	"context"
	"fmt"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Probe implements remote.Prober.
func (c *connector) Probe(ctx context.Context) []remote.Check {
	var out []remote.Check
	// A person is watching: what was refused or loaded before does not count.
	if err := c.site.sessions.Forget(ctx); err != nil {
		return []remote.Check{{Name: "address", Err: err}}
	}
	c.lookups.Forget()
	_, err := c.site.sessions.Get(ctx)
	if r := pim.ReasonOf(err); err != nil && r != pim.ErrAuth {
		return []remote.Check{{Name: "address", Err: err}}
	}
	out = append(out, remote.Check{Name: "address", Note: c.site.client.Base()})
	if out = append(out, remote.Check{Name: "login", Err: err}); err != nil {
		return out
	}
	for _, step := range []struct {
		name  string
		kinds pim.KindSet // 0: all need it
		run   func(context.Context) (note string, err error)
	}{
		{"OData", 0, func(ctx context.Context) (string, error) { return c.site.base(ctx) }},
		{"own contact", 0, c.probeSelf},
		{"filters", 0, c.probeFilters},
		{"pick-lists", 0, c.probeLists},
		{"activities", pim.Kinds(pim.KindEvent, pim.KindTask, pim.KindMessage), c.probeEntity("Activity", "ActivityParticipant")},
		{"contacts", pim.Kinds(pim.KindContact), c.probeEntity("Contact", "ContactCommunication", "ContactAddress", "Account")},
		{"e-mail", pim.Kinds(pim.KindMessage), c.probeMail},
	} {
		note, err := step.run(ctx)
		out = append(out, remote.Check{Name: step.name, Kinds: step.kinds, Err: err, Note: note})
		if k := pim.ReasonOf(err); err != nil && (step.kinds == 0 || k != pim.ErrForbidden && k != pim.ErrUnsupported && k != pim.ErrNotFound) {
			return out
		}
	}
	return out
}

func (c *connector) probeSelf(ctx context.Context) (string, error) {
	me, err := c.people.me(ctx)
	if err != nil {
		return "", err
	}
	r, found, err := c.site.one(ctx, "Contact", me, query{sel: []string{"Id", "Name"}})
	if err == nil && !found {
		err = pim.Errorf("creatio: own contact", pim.ErrForbidden, "this login may not see its own contact record")
	}
	return r.text("Name"), err
}

func (c *connector) probeFilters(ctx context.Context) (string, error) {
	s, deep, err := c.ways(ctx)
	switch {
	case err != nil:
		return "", err
	case s == byColumn:
		return "conditions by column; listing takes more requests", nil
	case !deep:
		return "conditions by lookup, one step only; listing takes more requests", nil
	}
	return "conditions by lookup", nil
}

func (c *connector) probeLists(ctx context.Context) (string, error) {
	l, err := (&activities{c}).lists(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"default_type", "default_task_type"} {
		if v := c.settings[name]; v != "" {
			if _, ok := l.categories.named(v); !ok {
				return "", pim.Errorf("creatio: pick-lists", pim.ErrInvalid, "%s: Creatio has no activity category %q", name, v)
			}
		}
	}
	lacking := unrecognised(l)
	for _, w := range lacking {
		// Without these something cannot be told apart or written at all.
		if w == typeEmail || w == typeTask || w == statusNew || w == categoryMeeting && c.settings["default_type"] == "" || w == categoryToDo && c.settings["default_task_type"] == "" {
			return "", pim.Errorf("creatio: pick-lists", pim.ErrInvalid, "not recognised in Creatio's pick-lists: %s; name their ids in lookup_ids", strings.Join(lacking, ", "))
		}
	}
	if len(lacking) > 0 {
		return "not recognised: " + strings.Join(lacking, ", "), nil
	}
	return fmt.Sprintf("%d activity categories", len(l.categories.values)), nil
}

// probeMail looks whether e-mails are told from other activities, and whether their files can be read.
func (c *connector) probeMail(ctx context.Context) (string, error) {
	if _, err := (&messages{&activities{c}}).lists(ctx); err != nil {
		return "", err
	}
	return c.probeEntity(fileEntity)(ctx)
}

// probeEntity reads one row of each, which needs the right to read them.
func (c *connector) probeEntity(names ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		for _, name := range names {
			_, _, err := c.site.rows(ctx, name, query{sel: []string{"Id"}, top: 1})
			switch pim.ReasonOf(err) {
			case pim.ErrForbidden, pim.ErrNotFound:
				return "", pim.Errorf("creatio: test", pim.ErrForbidden, "the right to read %s is missing: give it to a role of this user, among the object permissions", name)
			}
			if err != nil {
				return "", err
			}
		}
		return "", nil
	}
}
