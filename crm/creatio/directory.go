package creatio

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"crmbridge/crm"
	"crmbridge/remote"
)

var _ remote.Directory = (*connector)(nil)

// newKnown remembers who has an address, by the address as it was written.
func newKnown(c *connector) *crm.Cache[[]remote.Known] {
	return crm.NewCache(c.env.Now, c.lookupAge, rememberedNames, c.lookForPeople)
}

// newDomains remembers which companies have a domain.
func newDomains(c *connector) *crm.Cache[[]crm.LookupValue] {
	return crm.NewCache(c.env.Now, c.lookupAge, rememberedNames, c.lookForDomain)
}

// WhoIs implements remote.Directory.
func (c *connector) WhoIs(ctx context.Context, addresses []string) (map[string][]remote.Known, error) {
	found := make([][]remote.Known, len(addresses))
	err := c.parallel(ctx, "creatio: who is", len(addresses), func(ctx context.Context, i int) (err error) {
		found[i], err = c.whoIs(ctx, addresses[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	out := map[string][]remote.Known{}
	for i, a := range addresses {
		if len(found[i]) > 0 {
			out[strings.ToLower(a)] = found[i]
		}
	}
	return out, nil
}

// whoIs asks again for somebody who was not there a while ago.
func (c *connector) whoIs(ctx context.Context, address string) ([]remote.Known, error) {
	found, err := c.known.Get(ctx, address)
	if err == nil && len(found) == 0 {
		found, _, err = c.known.Again(ctx, address)
	}
	return found, err
}

// lookForPeople finds the contacts that have an address, as the one they show or as another.
func (c *connector) lookForPeople(ctx context.Context, address string) ([]remote.Known, error) {
	is := func(col string) cond {
		if low := strings.ToLower(address); low != address {
			return either(equals(col, address), equals(col, low))
		}
		return equals(col, address)
	}
	shown, err := c.site.every(ctx, "Contact", query{filter: is("Email"), sel: []string{"Id", "CreatedOn"}, order: "CreatedOn asc,Id asc"})
	if err != nil {
		return nil, err
	}
	others, err := c.site.every(ctx, "ContactCommunication", query{filter: is("Number"), sel: []string{"Id", "ContactId", "CreatedOn"}, order: "CreatedOn asc,Id asc"})
	if err != nil {
		return nil, err
	}
	var ids []guid
	for _, r := range shown {
		ids = append(ids, r.id())
	}
	for _, r := range others {
		if id := r.ref("ContactId"); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if ids = ids[:min(len(ids), askAtOnce)]; len(ids) == 0 {
		return nil, nil
	}
	me, err := c.people.me(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.site.every(ctx, "Contact", query{filter: anyID(ids), sel: []string{"Id", "Name", "AccountId"}, expand: "Account($select=Id,Name)"})
	if err != nil {
		return nil, err
	}
	var out []remote.Known
	for _, r := range rows {
		k := remote.Known{Contact: crm.LookupValue{ID: string(r.id()), Name: r.text("Name")}, Self: r.id() == me}
		if a := r.sub("Account"); a.id() != "" {
			k.Company = crm.LookupValue{ID: string(a.id()), Name: a.text("Name")}
		}
		out = append(out, k)
	}
	return out, nil
}

// CompaniesAt implements remote.Directory.
func (c *connector) CompaniesAt(ctx context.Context, domains []string) (map[string][]crm.LookupValue, error) {
	out := map[string][]crm.LookupValue{}
	for _, d := range domains {
		d = strings.ToLower(d)
		found, err := c.domains.Get(ctx, d)
		if err == nil && len(found) == 0 {
			found, _, err = c.domains.Again(ctx, d)
		}
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			out[d] = found
		}
	}
	return out, nil
}

// lookForDomain finds accounts by their web site, and by the addresses of their contacts. Of
// many contacts the first ones tell.
func (c *connector) lookForDomain(ctx context.Context, domain string) (out []crm.LookupValue, err error) {
	add := func(r row) {
		v := crm.LookupValue{ID: string(r.id()), Name: r.text("Name")}
		if v.ID != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	sites, _, err := c.site.rows(ctx, "Account", query{filter: holds("Web", domain), sel: []string{"Id", "Name", "Web", "CreatedOn"}, order: "CreatedOn asc,Id asc", top: mostAlike})
	if err != nil {
		return nil, err
	}
	for _, r := range sites {
		if hostOf(r.text("Web")) == domain {
			add(r)
		}
	}
	people, _, err := c.site.rows(ctx, "Contact", query{filter: ends("Email", "@"+domain), sel: []string{"Id", "Email", "AccountId", "CreatedOn"},
		expand: "Account($select=Id,Name)", order: "CreatedOn asc,Id asc", top: mostAlike})
	if err != nil {
		return nil, err
	}
	for _, r := range people {
		add(r.sub("Account"))
	}
	return out, nil
}

// hostOf is the host of a web address, without www.
func hostOf(web string) string {
	web = strings.ToLower(strings.TrimSpace(web))
	if !strings.Contains(web, "://") {
		web = "https://" + web
	}
	u, err := url.Parse(web)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}
