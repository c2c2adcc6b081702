package tryton

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.Relations = (*connector)(nil)

// Roles of tasks: the work above one, and the party that this is done for.
const (
	roleProject  = "project"
	roleCustomer = "customer"
)

// Roles implements remote.Relations. The employer of a party is told where the settings
// name the relation that says who it is. Companies are parties, and so items of ours.
func (c *connector) Roles(ctx context.Context, k pim.Kind) ([]remote.Role, error) {
	f, err := c.facts(ctx)
	if err != nil {
		return nil, err
	}
	return f.roles(k), nil
}

func (f *facts) roles(k pim.Kind) []remote.Role {
	switch {
	case k == pim.KindTask && f.has(modelWork):
		return []remote.Role{
			{ID: roleProject, Label: "Project"},
			{ID: roleCustomer, Label: "Party of the project", Of: Parties, Fixed: true},
		}
	case k == pim.KindContact && f.employer != 0:
		return []remote.Role{{ID: remote.RoleCompany, Label: "Employer", Of: Parties}}
	}
	return nil
}

// role finds a role of a kind by its name.
func (f *facts) role(op string, k pim.Kind, id string) (remote.Role, error) {
	for _, r := range f.roles(k) {
		if r.ID == id {
			return r, nil
		}
	}
	return remote.Role{}, pim.Errorf(op, pim.ErrInvalid, "in Tryton a %s cannot be tied to a %s", k, cut(oneLine(id), 50))
}

// Related implements remote.Relations: a request or two for each hundred items.
func (c *connector) Related(ctx context.Context, col remote.CollectionID, s remote.Scope, ids []remote.ItemID) (map[remote.ItemID][]remote.Relation, error) {
	const op = "tryton: relations"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return nil, err
	}
	out := map[remote.ItemID][]remote.Relation{}
	where, within, err := c.within(ctx, sh, f, s)
	if err != nil || !within {
		return out, err
	}
	for part := range slices.Chunk(recordIDs(ids), fetchSize) {
		rows, err := c.rows(ctx, op, sh, f, append(where, clause("id", "in", part)), 0, false)
		if err != nil {
			return nil, err
		}
		customers, err := c.customers(ctx, op, f, rows)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[itemID(r.id)] = ties(f, r, customers)
		}
	}
	return out, nil
}

// ties are what one record is tied to, in the order of the roles.
func ties(f *facts, r row, customers map[int64]crm.LookupValue) (out []remote.Relation) {
	if r.party != nil {
		if to, has := employment(f, r.party.Relations); has {
			out = append(out, remote.Relation{Role: remote.RoleCompany, ID: itemID(to.To.ID), Name: to.To.Name})
		}
	}
	if r.work != nil && r.work.Parent.ID != 0 {
		out = append(out, remote.Relation{Role: roleProject, ID: itemID(r.work.Parent.ID), Name: r.work.Parent.Path})
		if who, has := customers[r.work.Parent.ID]; has {
			out = append(out, remote.Relation{Role: roleCustomer, ID: remote.ItemID(who.ID), Name: who.Name})
		}
	}
	return out
}

// customers are the parties of the works above rows, by the number of the work.
func (c *connector) customers(ctx context.Context, op string, f *facts, rows []row) (map[int64]crm.LookupValue, error) {
	var above []int64
	for _, r := range rows {
		if r.work != nil && r.work.Parent.ID != 0 && !slices.Contains(above, r.work.Parent.ID) {
			above = append(above, r.work.Parent.ID)
		}
	}
	if len(above) == 0 {
		return nil, nil
	}
	var found []struct {
		ID    int64 `json:"id"`
		Party struct {
			ID   int64  `json:"id"`
			Name string `json:"rec_name"`
		} `json:"party."`
	}
	q := query{model: modelWork, where: domain{clause("id", "in", above)}, fields: []string{"party.rec_name"}}
	if err := c.find(ctx, op, f.in, q, &found); err != nil {
		return nil, err
	}
	out := map[int64]crm.LookupValue{}
	for _, w := range found {
		if w.Party.ID != 0 {
			out[w.ID] = crm.LookupValue{ID: strconv.FormatInt(w.Party.ID, 10), Name: w.Party.Name}
		}
	}
	return out, nil
}

// Candidates implements remote.Relations.
func (c *connector) Candidates(ctx context.Context, k pim.Kind, role, text string) ([]crm.LookupValue, error) {
	const op = "tryton: candidates"
	f, err := c.facts(ctx)
	if err != nil {
		return nil, err
	}
	r, err := f.role(op, k, role)
	if err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if n, ok := recordID(remote.ItemID(text)); ok {
		found, err := c.endOf(ctx, op, f, r, n)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	if r.ID == roleProject {
		found, err := c.alike(ctx, op, f, modelWork, "rec_name", text, clause("company", "=", f.company))
		return crm.Candidates(text, found.Values), err
	}
	if strings.Contains(text, "@") {
		return c.partiesAt(ctx, op, f, text)
	}
	found, err := c.alike(ctx, op, f, modelParty, "name", text)
	return crm.Candidates(text, found.Values), err
}

// endOf is the record of that number which a role can lead to; nil for none.
func (c *connector) endOf(ctx context.Context, op string, f *facts, r remote.Role, id int64) ([]crm.LookupValue, error) {
	if r.ID == roleProject {
		return c.called(ctx, op, f, modelWork, "rec_name", clause("id", "=", id), clause("company", "=", f.company))
	}
	return c.called(ctx, op, f, modelParty, "rec_name", clause("id", "=", id))
}

// partiesAt are the parties with an e-mail address.
func (c *connector) partiesAt(ctx context.Context, op string, f *facts, address string) (out []crm.LookupValue, err error) {
	var found []struct {
		Value string `json:"value"`
		Party struct {
			ID     int64  `json:"id"`
			Name   string `json:"rec_name"`
			Active truth  `json:"active"`
		} `json:"party."`
	}
	where := domain{clause("type", "=", "email"), clause("value", "ilike", address), clause("active", "=", true)}
	q := query{model: modelMechanism, where: where, limit: mostAlike, fields: []string{"value", "party.rec_name", "party.active"}}
	err = c.find(ctx, op, f.in, q, &found)
	for _, m := range found {
		v := crm.LookupValue{ID: strconv.FormatInt(m.Party.ID, 10), Name: m.Party.Name}
		// An underscore in a pattern is any letter.
		if strings.EqualFold(m.Value, address) && bool(m.Party.Active) && !slices.Contains(out, v) && len(out) < crm.MostCandidates {
			out = append(out, v)
		}
	}
	return out, err
}

// Relate implements remote.Relations.
func (c *connector) Relate(ctx context.Context, col remote.CollectionID, old remote.Ref, set map[string]remote.ItemID) (remote.Record, error) {
	const op = "tryton: relate"
	sh, f, err := c.shelf(ctx, op, col)
	if err != nil {
		return remote.Record{}, err
	}
	to, err := c.ends(ctx, op, f, sh.kind, set)
	if err != nil {
		return remote.Record{}, err
	}
	_, _, r, leave, err := c.hold(ctx, op, col, old)
	if err != nil {
		return remote.Record{}, err
	}
	defer leave()
	out := values{}
	if id, given := to[roleProject]; given && id != r.work.Parent.ID {
		if out["parent"] = any(id); id == 0 {
			out["parent"] = nil
		}
	}
	if id, given := to[remote.RoleCompany]; given {
		tieEmployer(f, *r.party, id, out)
	}
	if len(out) == 0 {
		return c.record(sh, r), nil
	}
	if err := c.user(ctx, op, sh.model, "write", f.locked(r), nil, []int64{r.id}, out); err != nil {
		return remote.Record{}, c.refine(ctx, op, f, sh, r.id, err)
	}
	return c.readBack(ctx, op, sh, f, r.id)
}

// ends are the numbers of the records that a change ties to, by role; 0 unties.
func (c *connector) ends(ctx context.Context, op string, f *facts, k pim.Kind, set map[string]remote.ItemID) (map[string]int64, error) {
	out := map[string]int64{}
	for name, id := range set {
		r, err := f.role(op, k, name)
		if err != nil {
			return nil, err
		}
		if r.Fixed {
			return nil, pim.Errorf(op, pim.ErrInvalid, "%s is not changed that way", r.Label)
		}
		if out[name] = 0; id == "" {
			continue
		}
		n, ok := recordID(id)
		var found []crm.LookupValue
		if ok {
			if found, err = c.endOf(ctx, op, f, r, n); err != nil {
				return nil, err
			}
		}
		if len(found) == 0 {
			return nil, pim.Errorf(op, pim.ErrInvalid, "Tryton has no such %s (any more)", strings.ToLower(r.Label))
		}
		out[name] = n
	}
	return out, nil
}
