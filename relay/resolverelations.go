package relay

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// mostPeople bounds how many addresses of one item are looked up.
const mostPeople = 20

// resolved is the entry of a new record, tied to whom and what the addresses of those who
// take part tell, where the item names nothing. A mask shows nobody.
func (r *run) resolved(ctx context.Context, v view, it pim.Item) (remote.Entry, error) {
	e := v.entry(it)
	dir, ok := remote.As[remote.Directory](r.rem)
	seen := v.shownLocal(v.local)
	if !ok || r.rules.Relate == rule.RelateNever || r.link.Side != store.CRM || relationsOf(seen) == nil {
		return e, nil
	}
	o := r.leftOpen(it, seen)
	addresses := addressesOf(seen)
	if m, ok := seen.(*pim.Message); ok {
		addresses = r.peopleOf(m)
	}
	if o.instead {
		addresses = addressesOf(&pim.Task{Activity: pim.Activity{Attendees: pim.ActivityOf(seen).Attendees[:1]}})
	}
	if len(addresses) == 0 || !o.company && !o.contact && !o.instead {
		return e, nil
	}
	who, err := dir.WhoIs(ctx, addresses)
	if err != nil {
		return e, r.unlessNotTold(ctx, err)
	}
	a := aboutWhom(addresses, who)
	if o.company && a.company.ID == "" && len(a.domains) == 1 {
		at, err := dir.CompaniesAt(ctx, a.domains)
		if err != nil {
			return e, r.unlessNotTold(ctx, err)
		}
		if found := at[a.domains[0]]; len(found) == 1 {
			a.company = found[0]
		}
	}
	named := *relationsOf(it)
	if a.contact.ID != "" && (o.instead || o.contact && (o.company || a.company.Name == "" || a.company.Name == named.Company)) {
		e.Relations = append(e.Relations, remote.Relation{Role: remote.RoleContact, ID: remote.ItemID(a.contact.ID), Name: a.contact.Name})
		if o.instead {
			e.Item = pim.Clone(it)
			pim.ActivityOf(e.Item).CRM.Contact = a.contact.Name
		}
	}
	if o.company && a.company.ID != "" && (o.contact || o.instead || named.Contact == "" || named.Contact == a.contact.Name) {
		e.Relations = append(e.Relations, remote.Relation{Role: remote.RoleCompany, ID: remote.ItemID(a.company.ID), Name: a.company.Name})
	}
	return e, nil
}

// openEnds are the relations that an item leaves open.
type openEnds struct {
	company, contact bool
	// instead: its contact is the name of the first attendee, put there for want of another;
	// who has his address is the better one.
	instead bool
}

func (r *run) leftOpen(it, seen pim.Item) (o openEnds) {
	writes, named := r.writable(it.Kind()), *relationsOf(it)
	o.company = writes.Has(pim.FieldCompany) && named.Company == ""
	o.contact = writes.Has(pim.FieldContact) && named.Contact == ""
	first := pim.ActivityOf(seen).Attendees
	o.instead = r.traits.OneContact && !o.contact && len(first) > 0 && first[0].Email != "" && named.Contact == cmp.Or(first[0].Name, first[0].Email)
	return o
}

// unlessNotTold is nil for a remote that does not let the user look people up, or cannot
// answer that question: what an item is about is then for a person to say, and no reason
// to hold the item up. What would stop the next request too is returned.
func (r *run) unlessNotTold(ctx context.Context, err error) error {
	if stopsAll(ctx, err) {
		return err
	}
	r.Log.WarnContext(ctx, "relay: relations not told", "link", r.link.ID, "reason", pim.ReasonOf(err), "err", err)
	return nil
}

// stopsAll reports an error that any other request would meet, too.
func stopsAll(ctx context.Context, err error) bool {
	switch pim.ReasonOf(err) {
	case pim.ErrAuth, pim.ErrThrottled, pim.ErrUnavailable, pim.ErrInternal, pim.ErrHeld:
		return true
	}
	return ctx.Err() != nil
}

// about is what the addresses of an item say.
type about struct {
	contact, company remote.LookupValue // zero when it is not clear
	// domains are those of the addresses that nobody there has, but for those where anybody
	// can have one; of an item with a known contact that of the contact.
	domains []string
}

// aboutWhom is the pure part: the first who is known, is not the user, and has the address for
// himself; somebody of another company before a colleague. The company is the contact's,
// unless others who are known are of a third one.
func aboutWhom(addresses []string, who map[string][]remote.Known) (a about) {
	var known []remote.Known
	var at []string // the domains of known
	own := ""
	var strangers []string
	for _, address := range addresses {
		people := who[strings.ToLower(address)]
		switch {
		case slices.ContainsFunc(people, func(k remote.Known) bool { return k.Self }):
			for _, k := range people {
				if k.Self {
					own = k.Company.ID
				}
			}
		case len(people) == 1:
			known, at = append(known, people[0]), append(at, domainOf(address))
		case len(people) == 0:
			strangers = append(strangers, domainOf(address))
		}
	}
	colleague := func(k remote.Known) bool { return own != "" && k.Company.ID == own }
	i := slices.IndexFunc(known, func(k remote.Known) bool { return !colleague(k) })
	if i < 0 {
		i = 0
	}
	if len(known) > 0 {
		a.contact, a.company = known[i].Contact, known[i].Company
		for _, k := range known {
			if k.Company.ID != "" && k.Company.ID != a.company.ID && !colleague(k) {
				return about{contact: a.contact} // two firms at one table
			}
		}
		strangers = at[i : i+1]
	}
	for _, d := range strangers {
		if d != "" && !pim.AnyonesDomain(d) && !slices.Contains(a.domains, d) {
			a.domains = append(a.domains, d)
		}
	}
	return a
}

func domainOf(address string) string {
	_, d, _ := strings.Cut(address, "@")
	return strings.ToLower(d)
}

// addressesOf are those of an item's attendees, then of its organizer, each once.
func addressesOf(it pim.Item) (out []string) {
	a := pim.ActivityOf(it)
	people := append(slices.Clone(a.Attendees), pim.Attendee{Person: a.Organizer})
	for _, p := range people {
		address := strings.TrimSpace(p.Email)
		same := func(o string) bool { return strings.EqualFold(o, address) }
		if strings.Contains(address, "@") && !slices.ContainsFunc(out, same) && len(out) < mostPeople {
			out = append(out, address)
		}
	}
	return out
}

// relationsOf is what an activity or a message says of the CRM's records; nil for a contact.
func relationsOf(it pim.Item) *pim.Relations {
	if m, ok := it.(*pim.Message); ok {
		return &m.CRM
	}
	if it.Kind() == pim.KindContact {
		return nil
	}
	return &pim.ActivityOf(it).CRM
}
