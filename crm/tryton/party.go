package tryton

import (
	"context"
	"encoding/json"
	"strconv"

	"crmbridge/pim"
	"crmbridge/remote"
)

// party is a party.party as it is read, with what hangs on it.
type party struct {
	ID int64 `json:"id"`
	stamps
	Lock       string      `json:"_timestamp"` // only when it is asked for
	Name       string      `json:"name"`
	Active     truth       `json:"active"`
	Categories []category  `json:"categories."`
	Mechanisms []mechanism `json:"contact_mechanisms."`
	Addresses  []place     `json:"addresses."`
	Relations  []relation  `json:"relations."`
	cells      cells
}

// part is what every row that hangs on a party has.
type part struct {
	ID int64 `json:"id"`
	stamps
	Lock     string `json:"_timestamp"`
	Active   truth  `json:"active"`
	Sequence *int64 `json:"sequence"`
}

func (c *connector) partyShelf() shelf {
	return shelf{
		id: Parties, name: "Parties", kind: pim.KindContact, model: modelParty,
		usable: func(f *facts) error { return usable(f, modelParty, "party") },
		fields: c.partyAsked, scope: partyScope, changed: partyChanged, read: c.readParties,
		plan: planParty, mark: markParty, marked: markedParty, remove: removeParty,
	}
}

// usable tells whether a model exists and may be read.
func usable(f *facts, model, module string) error {
	const op = "tryton: rights"
	switch r, ok := f.rights[model]; {
	case !ok:
		return pim.Errorf(op, pim.ErrUnsupported, "the module %s is not active in this database", module)
	case !bool(r.Read):
		return pim.Errorf(op, pim.ErrForbidden, "this user may not read %s; add the user to a group that may", model)
	}
	return nil
}

// partyAsked are the fields of one search_read, which reads what hangs on a party in the
// same transaction.
func (c *connector) partyAsked(f *facts, brief bool) []string {
	var out []string
	add := func(prefix string, names ...string) {
		for _, n := range names {
			out = append(out, prefix+n)
		}
	}
	add("", "create_date", "write_date")
	add("contact_mechanisms.", "create_date", "write_date", "active")
	add("addresses.", "create_date", "write_date", "active")
	if f.employer != 0 {
		add("relations.", "create_date", "write_date", "type", "to.name")
	}
	if brief {
		return out
	}
	add("", "active", "_timestamp")
	add("", c.contacts.Asked()...)
	return out
}

// partyScope: archived parties are out of every scope. Types are categories, by name,
// full name or number.
func partyScope(ctx context.Context, c *connector, f *facts, s remote.Scope) (domain, bool, error) {
	where := domain{clause("active", "=", true)}
	if len(s.Types) == 0 {
		return where, true, nil
	}
	all, err := c.categories(ctx, f)
	if err != nil {
		return nil, false, err
	}
	var ids []int64
	for _, cat := range all {
		for _, t := range s.Types {
			if t == cat.Name || t == cat.Path || t == strconv.FormatInt(cat.ID, 10) {
				ids = append(ids, cat.ID)
			}
		}
	}
	return append(where, clause("categories", "in", ids)), len(ids) > 0, nil
}

// partyChanged asks for the stamps of everything that a contact is made of.
func partyChanged(f *facts, t stamp) domain {
	d := append(since(t),
		clause("contact_mechanisms", "where", since(t)),
		clause("addresses", "where", since(t)))
	if f.employer != 0 {
		d = append(d, clause("relations", "where", append(since(t), clause("to", "where", since(t)))))
	}
	return d
}

func (c *connector) readParties(f *facts, raw json.RawMessage, brief bool, cells []cells) ([]row, error) {
	var ps []party
	if err := json.Unmarshal(raw, &ps); err != nil {
		return nil, err
	}
	out := make([]row, 0, len(ps))
	for i, p := range ps {
		r := p.row(f)
		if !brief {
			if cells != nil {
				p.cells = cells[i]
			}
			r.item, r.locks, r.party = c.contact(f, &p), p.locks(), &p
		}
		out = append(out, r)
	}
	return out, nil
}

// row is the party without its contact. A party's version is made of the ids and
// stamps of all its parts, so that one that was deleted changes it too.
func (p *party) row(f *facts) row {
	last := p.last()
	parts := []any{p.ID, p.Written}
	add := func(s part) {
		last = max(last, s.last())
		parts = append(parts, s.ID, s.Written, s.Active)
	}
	for _, m := range p.Mechanisms {
		add(m.part)
	}
	parts = append(parts, "addresses")
	for _, a := range p.Addresses {
		add(a.part)
	}
	for _, r := range p.Relations {
		if r.Type == f.employer {
			last = max(last, r.last())
			parts = append(parts, r.ID, r.Written, r.To.Name)
		}
	}
	return row{id: p.ID, version: version(parts...), born: p.Created, last: last}
}

// contact is the party in the words of pim.
func (c *connector) contact(f *facts, p *party) *pim.Contact {
	out := &pim.Contact{}
	c.contacts.Read(partyRead{p, f}, out)
	return out
}

// locks are the stamps of a party and of everything on it, for Tryton's own check.
func (p *party) locks() values {
	out := values{}
	add := func(model string, id int64, lock string) {
		if lock != "" {
			out[model+","+strconv.FormatInt(id, 10)] = lock
		}
	}
	add(modelParty, p.ID, p.Lock)
	for _, m := range p.Mechanisms {
		add(modelMechanism, m.ID, m.Lock)
	}
	for _, a := range p.Addresses {
		add(modelAddress, a.ID, a.Lock)
	}
	return out
}
