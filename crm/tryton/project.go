package tryton

import (
	"context"
	"strconv"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
)

// projectNamed finds the work that tasks can be put under, by its path or, if that
// is not one, by its name alone. Projects go before tasks of the same name.
func (c *connector) projectNamed(ctx context.Context, op string, f *facts, name string) (int64, error) {
	var found []struct {
		ID   int64  `json:"id"`
		Path string `json:"rec_name"`
		Name string `json:"name"`
		Type string `json:"type"`
	}
	last := name[strings.LastIndex(name, backslash)+1:]
	where := domain{clause("name", "in", []string{strings.TrimSpace(last), toWorkName(name)})}
	if f.company != 0 {
		where = append(where, clause("company", "=", f.company))
	}
	q := query{model: modelWork, where: where, fields: []string{"rec_name", "name", "type"}}
	if err := c.find(ctx, op, f.in, q, &found); err != nil {
		return 0, err
	}
	best, id, ties := 0, int64(0), 0
	for _, w := range found {
		rank := 0
		switch {
		case w.Path == name:
			rank = 2
		case w.Name == name || w.Name == toWorkName(name):
			rank = 1
		default:
			continue
		}
		rank *= 2
		if w.Type == "project" {
			rank++
		}
		switch {
		case rank > best:
			best, id, ties = rank, w.ID, 1
		case rank == best:
			ties++
		}
	}
	switch ties {
	case 0:
		return 0, pim.Errorf(op, pim.ErrRefused, "%s", missing(modelWork, name))
	case 1:
		return id, nil
	}
	return 0, pim.Errorf(op, pim.ErrRefused, "Tryton has more than one project named %q; give its whole path", name)
}

// projects are those that tasks of the company can be put under.
func (c *connector) projects(ctx context.Context) ([]crm.LookupValue, error) {
	const op = "tryton: projects"
	f, err := c.facts(ctx)
	if err != nil || !f.has(modelWork) {
		return nil, err
	}
	var found []parent
	q := query{model: modelWork, where: domain{clause("type", "=", "project"), clause("company", "=", f.company)}, fields: []string{"rec_name"}}
	if err := c.find(ctx, op, f.in, q, &found); err != nil {
		return nil, err
	}
	out := make([]crm.LookupValue, 0, len(found))
	for _, p := range found {
		out = append(out, crm.LookupValue{ID: strconv.FormatInt(p.ID, 10), Name: p.Path})
	}
	return out, nil
}
