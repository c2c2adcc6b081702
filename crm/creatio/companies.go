package creatio

import (
	"context"
	"strings"

	"crmbridge/pim"
)

// company is the account with exactly this name, the oldest if there are several.
// With create, an unknown one is made if the site lets us; "" means left out.
func (c *connector) company(ctx context.Context, name string, create bool) (guid, error) {
	name = clip(strings.TrimSpace(name), nameLimit)
	if name == "" {
		return "", nil
	}
	rows, _, err := c.site.rows(ctx, "Account", query{filter: equals("Name", name), sel: []string{"Id", "Name", "CreatedOn"}, order: "CreatedOn asc,Id asc", top: 1})
	if err != nil {
		return "", err
	}
	if len(rows) > 0 {
		return rows[0].id(), nil
	}
	if !create || c.settings["create_companies"] != "yes" {
		return "", nil
	}
	// The id is made from the name, so that two contacts that arrive together
	// make one company.
	id := madeID("company", fold(name))
	_, err = c.site.insert(ctx, "Account", row{"Id": id, "Name": name})
	return c.ifAllowed(id, err)
}

// ifAllowed turns a refusal into "leave it out": a missing right or a rule must not
// keep the contact itself away.
func (c *connector) ifAllowed(id guid, err error) (guid, error) {
	switch pim.ReasonOf(err) {
	case "":
		return id, nil
	case pim.ErrForbidden, pim.ErrRefused, pim.ErrUnsupported, pim.ErrNotFound:
		c.env.Log.Info("creatio: left a value out that the site does not let us add", "reason", string(pim.ReasonOf(err)))
		return "", nil
	}
	return "", err
}
