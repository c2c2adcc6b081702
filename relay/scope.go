package relay

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// reach is a run without its run: the link with its remote open, for questions about it.
func (e *Engine) reach(ctx context.Context, id store.LinkID) (*run, error) {
	r := &run{Engine: e, now: e.Now()}
	r.link.ID = id
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	rem, err := e.open(ctx, r.link, r.user, r.rules)
	if err != nil {
		return nil, err
	}
	r.rem, r.traits = rem, rem.Traits()
	r.kinds = r.linkKinds()
	return r, nil
}

// Groups are those that a link can be limited to (rule.Rules.Groups).
// pim.ErrUnsupported where the remote has none.
func (e *Engine) Groups(ctx context.Context, id store.LinkID) ([]remote.Group, error) {
	r, err := e.reach(ctx, id)
	if err != nil {
		return nil, err
	}
	return GroupsOf(ctx, r.rem, remote.CollectionID(r.link.Remote))
}

// GroupsOf is Groups for a remote that has no link yet.
func GroupsOf(ctx context.Context, r remote.Remote, c remote.CollectionID) ([]remote.Group, error) {
	g, ok := remote.As[remote.Grouper](r)
	if !ok {
		return nil, errNoGroups
	}
	return g.Groups(ctx, c)
}

var errNoGroups = &pim.Error{Op: "relay: groups", Kind: pim.ErrUnsupported, Public: "this CRM has no groups that a link can be limited to"}

// CheckGroups refuses names that a link's remote does not have, telling those it has.
// Without any, nobody is asked.
func (e *Engine) CheckGroups(ctx context.Context, id store.LinkID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	have, err := e.Groups(ctx, id)
	if err != nil {
		return err
	}
	return UnknownGroups(have, names)
}

// checkNewGroups is CheckGroups for those that the link does not have yet: other rules can
// be changed while the remote is down.
func (e *Engine) checkNewGroups(ctx context.Context, id store.LinkID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var had []string
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(id)
		if err == nil {
			old, _ := rule.Parse(l.Rules) // of rules that nobody can read none is known
			had = old.Groups
		}
		return err
	})
	if err != nil {
		return err
	}
	return e.CheckGroups(ctx, id, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(had, n) }))
}

// UnknownGroups tells what is wrong with the names of groups, all at once; nil when
// nothing is.
func UnknownGroups(have []remote.Group, names []string) error {
	var faults []string
	for _, name := range names {
		g, ok := group(have, name)
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("the CRM has no group %q; it has %s", name, groupNames(have)))
		case g.Note != "":
			faults = append(faults, fmt.Sprintf("the group %q cannot be used: %s", name, g.Note))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return pim.Errorf("relay: groups", pim.ErrInvalid, "%s", strings.Join(faults, "; "))
}

func group(have []remote.Group, name string) (remote.Group, bool) {
	for _, g := range have {
		if strings.EqualFold(g.ID, name) || strings.EqualFold(g.Name, name) {
			return g, true
		}
	}
	return remote.Group{}, false
}

// groupNames are the groups for a message, as many as fit one.
func groupNames(have []remote.Group) string {
	const most = 30
	if len(have) == 0 {
		return "none"
	}
	var names []string
	for _, g := range have[:min(most, len(have))] {
		names = append(names, strconv.Quote(g.Name))
	}
	if n := len(have) - most; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}
