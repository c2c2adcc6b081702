package creatio

import (
	"context"

	"crmbridge/crm"
	"crmbridge/pim"
)

// newCompanies remembers accounts by the names that they were asked for.
func newCompanies(c *connector) *crm.Cache[crm.Offer] {
	return crm.NewCache(c.env.Now, c.lookupAge, rememberedNames, func(ctx context.Context, key string) (crm.Offer, error) {
		rows, cut, err := c.alike(ctx, "Account", key[1:], query{sel: []string{"Id", "Name", "CreatedOn"}})
		return crm.Offer{Values: valuesOf(rows), Cut: cut}, err
	})
}

// rememberedNames bounds what is remembered of long lists.
const rememberedNames = 5000

// company is the account that a name, or a code in the form #CODE#, means. With create,
// an unknown one is made if the settings and the site let us; "" means left out.
func (k *looking) company(ctx context.Context, name string, create bool) (guid, error) {
	l := crm.Lookup{Field: pim.FieldCompany, What: "company"}
	if create && k.settings["create_companies"] == "yes" {
		l.Add = func(ctx context.Context, name string) (crm.LookupValue, error) {
			// The id is made from the name, so that two contacts that arrive together
			// make one company.
			id := madeID("company", fold(name))
			_, err := k.site.insert(ctx, "Account", row{"Id": id, "Name": name})
			return crm.LookupValue{ID: string(id), Name: name}, err
		}
	}
	if col := k.settings["company_code"]; col != "" {
		l.Code = func(ctx context.Context, code string) (crm.LookupValue, bool, error) {
			rows, _, err := k.site.rows(ctx, "Account", query{filter: equals(col, code), sel: []string{"Id", "Name", col, "CreatedOn"}, order: "CreatedOn asc,Id asc", top: 1})
			if err != nil || len(rows) == 0 {
				return crm.LookupValue{}, false, err
			}
			return valuesOf(rows)[0], true, nil
		}
	}
	return k.kept(ctx, k.companies, "", l, name)
}
