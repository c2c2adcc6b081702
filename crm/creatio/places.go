package creatio

import (
	"context"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
)

// newPlaces remembers cities and regions: their lists are long, so that they are asked
// one by one. The key has entity, country and name.
func newPlaces(c *connector) *crm.Cache[crm.Offer] {
	return crm.NewCache(c.env.Now, c.lookupAge, rememberedNames, func(ctx context.Context, key string) (crm.Offer, error) {
		part := strings.SplitN(key, "\x00", 3)
		rows, cut, err := c.alike(ctx, part[0], part[2], query{sel: []string{"Id", "Name", "CountryId", "CreatedOn"}})
		var fitting []row
		for _, r := range rows {
			if at := r.ref("CountryId"); part[1] == "" || at == guid(part[1]) || at == "" {
				fitting = append(fitting, r)
			}
		}
		return crm.Offer{Values: valuesOf(fitting), Cut: cut}, err
	})
}

// place is a row of City or Region by name within a country ("" is any). An unknown one
// is added if the settings and the site let us; else "".
func (k *looking) place(ctx context.Context, entity, name string, country guid) (guid, error) {
	l := crm.Lookup{Field: pim.FieldAddresses, What: strings.ToLower(entity)}
	if k.settings["create_places"] == "yes" {
		l.Add = func(ctx context.Context, name string) (crm.LookupValue, error) {
			id := madeID("place", entity, fold(name), string(country))
			_, err := k.site.insert(ctx, entity, row{"Id": id, "Name": name, "CountryId": country})
			return crm.LookupValue{ID: string(id), Name: name}, err
		}
	}
	return k.kept(ctx, k.places, entity+"\x00"+string(country), l, name)
}

// country is a country by name, or by its ISO code where the list has codes in its
// names.
func (k *looking) country(ctx context.Context, name string) (guid, error) {
	return k.pick(ctx, pim.FieldAddresses, "country", "Country", name, "")
}
