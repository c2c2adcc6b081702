package tryton

import (
	"context"
	"slices"

	"crmbridge/pim"
)

// relation is a party.relation.all: a tie between two parties, seen from one of them.
type relation struct {
	ID int64 `json:"id"`
	stamps
	Type int64 `json:"type"`
	To   named `json:"to."`
}

// employerOf is the name of the first employer, "" without one.
func employerOf(f *facts, rs []relation) string {
	if r, ok := employment(f, rs); ok {
		return r.To.Name
	}
	return ""
}

// employment is the relation to the employer; of several the oldest.
func employment(f *facts, rs []relation) (relation, bool) {
	if f.employer == 0 {
		return relation{}, false
	}
	var out []relation
	for _, r := range rs {
		if r.Type == f.employer {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return relation{}, false
	}
	return slices.MinFunc(out, func(a, b relation) int { return int(a.ID - b.ID) }), true
}

// employerNamed finds the party that an employer's name means, and makes it when
// there is none: that is what a person at Tryton's screen would do. Of several the
// oldest is taken.
func (c *connector) employerNamed(ctx context.Context, f *facts, name string) (int64, error) {
	const op = "tryton: employer"
	var found []named
	q := query{model: modelParty, where: domain{clause("name", "=", name), clause("active", "=", true)}, limit: 1, fields: []string{"name"}}
	if err := c.find(ctx, op, f.in, q, &found); err != nil {
		return 0, err
	}
	if len(found) > 0 {
		return found[0].ID, nil
	}
	var ids []int64
	if err := c.user(ctx, op, modelParty, "create", f.in, &ids, []values{{"name": name}}); err != nil {
		return 0, err
	}
	if len(ids) != 1 {
		return 0, pim.Errorf(op, pim.ErrProtocol, "Tryton did not say which party it made")
	}
	return ids[0], nil
}
