package tryton

import (
	"context"
	"strconv"

	"crmbridge/crm"
	"crmbridge/pim"
)

// Lookup implements crm.Lookups.
func (c *connector) Lookup(ctx context.Context, k pim.Kind, field pim.FieldID) ([]crm.LookupValue, error) {
	switch {
	case k == pim.KindContact && field == pim.FieldCategories:
		f, err := c.facts(ctx)
		if err != nil {
			return nil, err
		}
		all, err := c.categories(ctx, f)
		if err != nil {
			return nil, err
		}
		out := make([]crm.LookupValue, 0, len(all))
		for _, cat := range all {
			out = append(out, crm.LookupValue{ID: strconv.FormatInt(cat.ID, 10), Name: cat.Path})
		}
		return out, nil
	case k == pim.KindTask && field == pim.FieldProject:
		return c.projects(ctx)
	}
	return nil, nil
}
