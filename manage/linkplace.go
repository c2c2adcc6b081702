package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// meet asks the other side for its collections and returns the named one, or the one that
// fits best, and the kinds that both it and ours take; and all that there are.
func (o *Office) meet(ctx context.Context, n NewLink, coll store.Collection, ruled rule.Rules) (string, []pim.Kind, []remote.Collection, error) {
	r, err := o.Dial(ctx, n.Connection)
	if err != nil {
		return "", nil, nil, err
	}
	cs, err := r.Collections(ctx)
	if err != nil {
		return "", nil, nil, errors.Join(err, r.Close())
	}
	id, kinds, err := o.meetingPlace(ctx, r, cs, n, coll, ruled)
	return id, kinds, cs, errors.Join(err, r.Close())
}

func (o *Office) meetingPlace(ctx context.Context, r remote.Remote, cs []remote.Collection, n NewLink, coll store.Collection, ruled rule.Rules) (string, []pim.Kind, error) {
	takes := pim.Kinds(relay.Kinds(coll)...)
	want := takes
	if only := pim.Kinds(ruled.Kinds...); only != 0 {
		if want &= only; want == 0 {
			return "", nil, pim.Errorf("link add", pim.ErrUnsupported, "the rules are for %s, but the collection %q takes %s", KindNames(only), coll.Slug, KindNames(takes))
		}
	}
	id, kinds, err := o.chosenPlace(cs, r.Traits(), n, coll, want)
	if err != nil {
		return "", nil, err
	}
	return string(id), kinds.List(), errors.Join(knownGroups(ctx, r, id, ruled.Groups), knownTypes(ctx, r, kinds, ruled), relay.TellsContacts(ctx, r, kinds.List(), ruled))
}

// knownTypes refuses rules that name types which the CRM does not have.
func knownTypes(ctx context.Context, r remote.Remote, kinds pim.KindSet, ruled rule.Rules) error {
	have, err := relay.TypesOf(ctx, r, kinds)
	if err != nil {
		return err
	}
	return relay.UnknownTypes(have, ruled)
}

// knownGroups refuses rules that name groups which the CRM does not have.
func knownGroups(ctx context.Context, r remote.Remote, c remote.CollectionID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	have, err := relay.GroupsOf(ctx, r, c)
	if err != nil {
		return err
	}
	return relay.UnknownGroups(have, names)
}

// fitting is the named collection, or with "" the one that holds most of the wanted
// kinds and fewest others, the first of equals. nil when none holds any.
func fitting(cs []remote.Collection, name string, want pim.KindSet) *remote.Collection {
	var best *remote.Collection
	var most, extra int
	for i, c := range cs {
		if name != "" && string(c.ID) != name {
			continue
		}
		shared, others := len((c.Kinds & want).List()), len((c.Kinds &^ want).List())
		if shared > most || shared == most && shared > 0 && others < extra {
			best, most, extra = &cs[i], shared, others
		}
	}
	return best
}

// unfit says what the other side has instead.
func (o *Office) unfit(cs []remote.Collection, name string, n NewLink, coll store.Collection, want pim.KindSet) error {
	side := OtherSide(o.side(n.Driver))
	var there []string
	for _, c := range cs {
		called := string(c.ID)
		if c.Name != "" && !strings.EqualFold(c.Name, called) {
			called = c.Name // which can be given as well, and people can read
		}
		there = append(there, fmt.Sprintf("%s (%s)", called, KindNames(c.Kinds)))
		if string(c.ID) == name || name != "" && strings.EqualFold(c.Name, name) {
			return pim.Errorf("link add", pim.ErrUnsupported, "%q of %s holds %s, but the collection %q is for %s", name, side, KindNames(c.Kinds), coll.Slug, KindNames(want))
		}
	}
	has := "; it has " + strings.Join(there, ", ")
	if name != "" {
		return pim.Errorf("link add", pim.ErrNotFound, "%s has no collection %q%s", side, name, has)
	}
	return pim.Errorf("link add", pim.ErrUnsupported, "%s has nothing for %s, which the collection %q is for%s", side, KindNames(want), coll.Slug, has)
}

// KindNames are kinds in words: "events and tasks".
func KindNames(ks pim.KindSet) string {
	var names []string
	for _, k := range ks.List() {
		names = append(names, k.String()+"s")
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, " and ")
}

// Everything is the word for all collections that fit, also those that are made later.
const Everything = "all"

// chosenPlace is where a link leads to, and the kinds that both it and ours take: the collections that were named, by id or name,
// all that fit, or the one that fits best.
func (o *Office) chosenPlace(cs []remote.Collection, t remote.Traits, n NewLink, coll store.Collection, want pim.KindSet) (remote.CollectionID, pim.KindSet, error) {
	if coll.Home == store.Mail && len(n.Remote) == 1 && n.Remote[0] == Everything {
		n.Remote = []string{string(exchange.AllMail)} // which has them all, and tells their categories
	}
	every := len(n.Remote) == 1 && n.Remote[0] == Everything && fitting(cs, Everything, want) == nil
	if len(n.Remote) > 1 || every {
		if err := o.severalFit(n, t); err != nil {
			return "", 0, err
		}
	}
	if every {
		var kinds pim.KindSet
		for _, c := range cs {
			kinds |= c.Kinds & want
		}
		if kinds == 0 {
			return "", 0, o.unfit(cs, "", n, coll, want)
		}
		return several.All(pim.Kinds(relay.Kinds(coll)...)), kinds, nil
	}
	names := n.Remote
	if len(names) == 0 {
		names = []string{""}
	}
	var ids []remote.CollectionID
	var kinds pim.KindSet
	for _, name := range names {
		c, err := o.chosenOne(cs, name, n, coll, want)
		if err != nil {
			return "", 0, err
		}
		for _, id := range ids {
			if id == c.ID {
				return "", 0, wrong("link add", "remote", "names %q twice", c.Name)
			}
		}
		ids, kinds = append(ids, c.ID), kinds|c.Kinds&want
	}
	return several.Place(ids...), kinds, nil
}

// severalFit refuses several collections where they cannot be told apart from one another, or where one has Everything anyway.
func (o *Office) severalFit(n NewLink, t remote.Traits) error {
	if o.side(n.Driver) != store.Exchange || t.LocalIDs || len(o.driver(n.Driver).Within) > 0 {
		return pim.Errorf("link add", pim.ErrUnsupported, "a link leads to one collection of a CRM; limit it by rules (types, groups, filter)")
	}
	return nil
}

// chosenOne is the collection with an id, else the one with a name; of those that fit best for "".
func (o *Office) chosenOne(cs []remote.Collection, name string, n NewLink, coll store.Collection, want pim.KindSet) (remote.Collection, error) {
	if best := fitting(cs, name, want); best != nil {
		return *best, nil
	}
	var named []remote.Collection
	for _, c := range cs {
		if c.Kinds&want != 0 && name != "" && strings.EqualFold(c.Name, name) {
			named = append(named, c)
		}
	}
	switch len(named) {
	case 0:
		return remote.Collection{}, o.unfit(cs, name, n, coll, want)
	case 1:
		return named[0], nil
	}
	var ids []string
	for _, c := range named {
		ids = append(ids, string(c.ID))
	}
	return remote.Collection{}, pim.Errorf("link add", pim.ErrInvalid, "several collections are called %q; name one by its id: %s", name, strings.Join(ids, ", "))
}
