package tryton

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// planParty implements shelf.plan.
func planParty(ctx context.Context, c *connector, op string, f *facts, r row, want pim.Item, set pim.FieldSet) (plan, error) {
	v, ok := want.(*pim.Contact)
	if !ok {
		return plan{}, wrongKind(op, want)
	}
	now := party{}
	if r.party != nil {
		now = *r.party
	}
	w := &partyWrite{connector: c, ctx: ctx, f: f, now: now, want: v, set: set, out: values{}}
	if err := c.contacts.Write(pim.KindContact, set, w); err != nil {
		return plan{}, err
	}
	p, ms, as := plan{set: w.out, notes: w.notes}, w.mechanisms, w.addresses
	if len(ms.remove)+len(as.remove) > 0 {
		p.second = values{}
		for k, v := range p.set {
			p.second[k] = v
		}
		p.second.put("contact_mechanisms", ms.ops(true))
		p.second.put("addresses", as.ops(true))
	}
	p.set.put("contact_mechanisms", ms.ops(false))
	p.set.put("addresses", as.ops(false))
	return p, nil
}

// put sets a one2many field if there is anything to do.
func (v values) put(field string, ops []any) {
	if len(ops) > 0 {
		v[field] = ops
	}
}

// nameFor is the party's name after a change of the full name or of its parts. The
// parts count only where the full name stays: a client changes both together.
func nameFor(now string, want *pim.Contact, set pim.FieldSet) (name string, changes bool) {
	parts := nameParts{want.Prefix, want.Given, want.Middle, want.Family, want.Suffix}
	full := strings.TrimSpace(oneLine(want.FullName))
	switch {
	case set.Has(pim.FieldFullName) && full != "":
		name = full
	case set.Has(pim.FieldFullName):
		name = oneLine(joinName(parts))
	case !set.And(pim.Set(pim.FieldName, pim.FieldPrefix, pim.FieldSuffix)).IsEmpty() && splitName(now) != parts:
		name = oneLine(joinName(parts))
	default:
		return now, false
	}
	return name, name != now
}

// categories adds and removes categories of the party; those that stay are not touched.
func (w *partyWrite) categories() error {
	var have []string
	for _, cat := range w.now.Categories {
		have = append(have, cat.Path)
	}
	added := slices.DeleteFunc(slices.Clone(w.want.Categories), func(s string) bool { return slices.Contains(have, s) })
	ids, err := w.categoryIDs(w.ctx, w.f, added)
	if err != nil {
		return err
	}
	var gone []int64
	for _, cat := range w.now.Categories {
		if !slices.Contains(w.want.Categories, cat.Path) && !slices.Contains(ids, cat.ID) {
			gone = append(gone, cat.ID)
		}
	}
	var ops []any
	if len(ids) > 0 {
		ops = append(ops, []any{"add", ids})
	}
	if len(gone) > 0 {
		ops = append(ops, []any{"remove", gone})
	}
	w.out.put("categories", ops)
	return nil
}

// employerTie makes, moves or cuts the relation to the employer.
func (c *connector) employerTie(ctx context.Context, f *facts, now party, name string, out values) ([]remote.Note, error) {
	present, has := employment(f, now.Relations)
	if has && present.To.Name == name || !has && name == "" {
		return nil, nil
	}
	if name == "" {
		tieEmployer(f, now, 0, out)
		return nil, nil
	}
	id, note, err := c.employerNamed(ctx, f, name)
	if err != nil {
		return nil, err
	}
	tieEmployer(f, now, id, out)
	if note.Field == "" {
		return nil, nil
	}
	return []remote.Note{note}, nil
}

// tieEmployer puts into a write of a party that it works for the one of a number; 0 is for
// nobody.
func tieEmployer(f *facts, now party, id int64, out values) {
	present, has := employment(f, now.Relations)
	switch {
	case has && id == 0:
		out.put("relations", []any{[]any{"delete", []int64{present.ID}}})
	case has && present.To.ID != id:
		out.put("relations", []any{[]any{"write", []int64{present.ID}, values{"to": id}}})
	case !has && id != 0:
		out.put("relations", []any{[]any{"create", []values{{"to": id, "type": f.employer}}}})
	}
}

func markParty(set values, key string) {
	set["identifiers"] = []any{[]any{"create", []values{{"code": identifierOf(key)}}}}
}

func markedParty(key string) domain {
	return domain{clause("identifiers.code", "=", identifierOf(key))}
}

// removeParty deletes or archives a party. What something else in Tryton points to is
// archived, because Tryton would empty those fields without asking, and with the
// party of a company it would delete the company.
func removeParty(ctx context.Context, c *connector, op string, f *facts, r row, how remote.Removal) error {
	in, ids := f.locked(r), []int64{r.id}
	if how == remote.Delete {
		used, err := c.partyInUse(ctx, op, f, r.id)
		if err != nil {
			return err
		}
		if !used {
			err := c.user(ctx, op, modelParty, "delete", in, nil, ids)
			if !isFault(err, "UserError") {
				return err
			}
		}
	}
	return c.user(ctx, op, modelParty, "write", in, nil, ids, values{"active": false})
}

// partOfParty are the models whose rows belong to a party and go with it.
func partOfParty(model string) bool {
	switch model {
	case modelParty, modelAddress, modelMechanism, modelRelation, "party.relation", "party.identifier", "party.party.lang", "party.party-party.category":
		return true
	}
	return false
}

// partyInUse looks through everything that can point to a party.
func (c *connector) partyInUse(ctx context.Context, op string, f *facts, id int64) (bool, error) {
	var fields []struct {
		Name  string `json:"name"`
		Model struct {
			Name string `json:"model"`
		} `json:"model."`
	}
	q := query{
		model: "ir.model.field", fields: []string{"name", "model.model"},
		where: domain{clause("relation", "=", modelParty), clause("ttype", "in", []string{"many2one", "one2one"})},
	}
	if err := c.find(ctx, op, f.in, q, &fields); err != nil {
		return false, err
	}
	for _, field := range fields {
		if partOfParty(field.Model.Name) {
			continue
		}
		used, err := c.pointsTo(ctx, op, f, field.Model.Name, field.Name, id)
		if used || err != nil {
			return used, err
		}
	}
	return false, nil
}

// pointsTo asks one model. What the user may not look at counts as pointing there;
// what is no stored model, such as the form of a wizard, cannot.
func (c *connector) pointsTo(ctx context.Context, op string, f *facts, model, field string, id int64) (bool, error) {
	var found []int64
	in := values{"active_test": false}
	for k, v := range f.in {
		in[k] = v
	}
	err := c.user(ctx, op, model, "search", in, &found, domain{clause(field, "=", id)}, 0, 1, nil)
	switch {
	case err == nil:
		return len(found) > 0, nil
	case isFault(err, "UserError"):
		return true, nil
	case isFault(err, ""), pim.ReasonOf(err) == pim.ErrForbidden:
		return false, nil
	}
	return false, err
}
