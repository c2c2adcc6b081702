package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

var (
	_ remote.Relations   = Records{}
	_ remote.Directory   = Records{}
	_ remote.FieldMapper = Records{}
	_ remote.Grouper     = Records{}
	_ remote.Lookups     = Records{}
)

// Records are the abilities of a session that CRMs have: records are tied to others and sorted into groups, fields come from lists, and
// the map of fields and columns can be changed.
type Records struct{ *Session }

// Roles of items besides remote.RoleCompany and remote.RoleContact.
const (
	RoleOpportunity = "opportunity"
	RoleProject     = "project"
	RoleParticipant = "participant" // who is invited and is a contact
	RoleManager     = "manager"
	RoleAssistant   = "assistant"
	RolePrimary     = "primary contact" // of the contact's company
)

// Tie ties an item to a record, as a person at the screen does; "" unties. It is a change
// of the item.
func (m *System) Tie(c remote.CollectionID, id remote.ItemID, role string, to remote.ItemID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.living(c, id)
	if r == nil || m.tie(r, map[string]remote.ItemID{role: to}) != nil {
		return false
	}
	return true
}

// AddThing makes an opportunity or a project.
func (m *System) AddThing(role, name string) remote.ItemID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.things == nil {
		m.things = map[string]map[remote.ItemID]string{}
	}
	if m.things[role] == nil {
		m.things[role] = map[remote.ItemID]string{}
	}
	id := remote.ItemID(fmt.Sprintf("%s-%d", role, len(m.things[role])+1))
	m.things[role][id] = name
	return id
}

// SetPrimary makes a contact the primary one of a company. It is no change of any contact.
func (m *System) SetPrimary(company string, contact remote.ItemID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.companies {
		if m.companies[i].Name == company {
			m.companies[i].Primary = contact
		}
	}
}

// Roles implements remote.Relations.
func (c Records) Roles(_ context.Context, k pim.Kind) ([]remote.Role, error) {
	return c.m.roles(k), nil
}

func (m *System) roles(k pim.Kind) []remote.Role {
	if _, ok := m.opt.Carries[k]; !ok || m.opt.NoRelations {
		return nil
	}
	company := remote.Role{ID: remote.RoleCompany, Label: "Company"}
	if k == pim.KindContact {
		return []remote.Role{company,
			{ID: remote.RoleOwner, Label: "Owner", Of: Contacts}, {ID: RoleManager, Label: "Manager", Of: Contacts},
			{ID: RoleAssistant, Label: "Assistant", Of: Contacts}, {ID: RolePrimary, Label: "Primary contact", Of: Contacts, Fixed: true}}
	}
	return []remote.Role{company,
		{ID: remote.RoleContact, Label: "Contact", Of: Contacts}, {ID: RoleOpportunity, Label: "Opportunity"},
		{ID: RoleProject, Label: "Project"}, {ID: RoleParticipant, Label: "Participant", Of: Contacts, Many: true, Fixed: true}}
}

// Related implements remote.Relations.
func (c Records) Related(ctx context.Context, col remote.CollectionID, s remote.Scope, ids []remote.ItemID) (out map[remote.ItemID][]remote.Relation, err error) {
	err = c.m.call(ctx, Call{Op: "related", Collection: col}, func() error {
		out = map[remote.ItemID][]remote.Relation{}
		if err := c.m.exists(col); err != nil {
			return err
		}
		if err := c.m.grouped(col, s); err != nil {
			return err
		}
		for _, id := range ids {
			if r := c.m.living(col, id); r != nil && c.m.inside(r, s) {
				out[id] = c.m.related(r)
			}
		}
		return nil
	})
	return out, err
}

// The functions below run under mu.

func (m *System) related(r *row) (out []remote.Relation) {
	for _, role := range m.roles(r.item.Kind()) {
		switch role.ID {
		case remote.RoleCompany:
			if name := m.companyName(r); name != "" {
				out = append(out, remote.Relation{Role: role.ID, ID: remote.ItemID(name), Name: name})
			}
		case RolePrimary:
			for _, c := range m.companies {
				if p := m.living(Contacts, c.Primary); c.Name == m.companyName(r) && p != nil && p != r {
					out = append(out, m.toContact(role.ID, p))
				}
			}
		case RoleParticipant:
			for _, a := range pim.ActivityOf(r.item).Attendees {
				for _, p := range m.people(a.Person) {
					out = append(out, m.toContact(role.ID, p))
				}
			}
		default:
			if rel, ok := m.tied(r, role); ok {
				out = append(out, rel)
			}
		}
	}
	return out
}

func (m *System) toContact(role string, p *row) remote.Relation {
	return remote.Relation{Role: role, ID: p.id, Name: p.item.Summary(), Self: m.self(p)}
}

// tied is what one of the row's own ties, or the text of its contact, leads to.
func (m *System) tied(r *row, role remote.Role) (remote.Relation, bool) {
	id := r.ties[role.ID]
	text := ""
	if at := contactOf(r.item); role.ID == remote.RoleContact && at != nil && m.carries(r, pim.FieldContact) {
		if text = *at; text == "" {
			return remote.Relation{}, false
		}
	}
	if role.Of == "" {
		name, ok := m.things[role.ID][id]
		return remote.Relation{Role: role.ID, ID: id, Name: name}, ok
	}
	p := m.living(Contacts, id)
	if p != nil && (text == "" || p.item.Summary() == text) {
		return m.toContact(role.ID, p), true
	}
	if text == "" {
		return remote.Relation{}, false
	}
	if same := m.people(pim.Person{Name: text}); len(same) == 1 {
		return m.toContact(role.ID, same[0]), true
	}
	return remote.Relation{Role: role.ID, Name: text}, true
}

func (m *System) carries(r *row, f pim.FieldID) bool { return m.opt.Carries[r.item.Kind()].Has(f) }

func (m *System) companyName(r *row) string {
	if m.carries(r, pim.FieldCompany) {
		return *companyOf(r.item)
	}
	return string(r.ties[remote.RoleCompany])
}

// people are the contacts with an address or, of somebody without one, a name.
func (m *System) people(who pim.Person) (out []*row) {
	for _, r := range m.ordered(Contacts) {
		c, ok := r.item.(*pim.Contact)
		switch {
		case !ok:
		case who.Email == "" && who.Name != "" && c.FullName == who.Name,
			who.Email != "" && slices.ContainsFunc(c.Emails, func(e pim.Labeled) bool { return strings.EqualFold(e.Value, who.Email) }):
			out = append(out, r)
		}
	}
	return out
}

// self reports the connected person's own contact.
func (m *System) self(r *row) bool { return r.item.Summary() == m.opt.User }

// companyNames are those that contacts and activities may name.
func (m *System) companyNames() []string {
	names := map[string]bool{}
	for _, c := range m.companies {
		names[c.Name] = true
	}
	if !m.opt.KnowsCompanies {
		for _, r := range m.rows[Contacts] {
			if r.item != nil && m.companyName(r) != "" {
				names[m.companyName(r)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Candidates implements remote.Relations.
func (c Records) Candidates(ctx context.Context, k pim.Kind, role, text string) (out []remote.LookupValue, err error) {
	err = c.m.call(ctx, Call{Op: "candidates"}, func() error {
		i := slices.IndexFunc(c.m.roles(k), func(r remote.Role) bool { return r.ID == role })
		if i < 0 {
			return noRole(role)
		}
		var values []remote.LookupValue
		switch {
		case role == remote.RoleCompany:
			for _, name := range c.m.companyNames() {
				values = append(values, remote.LookupValue{ID: name, Name: name})
			}
		case c.m.roles(k)[i].Of == Contacts:
			if strings.Contains(text, "@") {
				for _, p := range c.m.people(pim.Person{Email: text}) {
					out = append(out, remote.LookupValue{ID: string(p.id), Name: p.item.Summary()})
				}
				return nil
			}
			for _, p := range c.m.ordered(Contacts) {
				if p.item != nil {
					values = append(values, remote.LookupValue{ID: string(p.id), Name: p.item.Summary()})
				}
			}
		default:
			for _, id := range slices.Sorted(maps.Keys(c.m.things[role])) {
				values = append(values, remote.LookupValue{ID: string(id), Name: c.m.things[role][id]})
			}
		}
		out = c.m.candidates(text, values)
		return nil
	})
	return out, err
}

func noRole(role string) error {
	return pim.Errorf("memory: relate", pim.ErrInvalid, "an item cannot be tied to a %s that way", role)
}

// Relate implements remote.Relations.
func (c Records) Relate(ctx context.Context, col remote.CollectionID, old remote.Ref, set map[string]remote.ItemID) (rec remote.Record, err error) {
	err = c.m.call(ctx, Call{Op: "relate", Collection: col, ID: old.ID, Write: true}, func() error {
		r, err := c.m.expect("memory: relate", col, old)
		if err != nil {
			return err
		}
		if err := c.m.tie(r, set); err != nil {
			return err
		}
		rec = c.m.record(r)
		return nil
	})
	return rec, err
}

// tie sets ties of a row, all or none.
func (m *System) tie(r *row, set map[string]remote.ItemID) error {
	ties, it := maps.Clone(r.ties), pim.Clone(r.item)
	if ties == nil {
		ties = map[string]remote.ItemID{}
	}
	for role, id := range set {
		i := slices.IndexFunc(m.roles(it.Kind()), func(x remote.Role) bool { return x.ID == role && !x.Fixed })
		if i < 0 {
			return noRole(role)
		}
		name, ok := m.nameOf(m.roles(it.Kind())[i], id)
		if !ok {
			return pim.Errorf("memory: relate", pim.ErrInvalid, "there is no %s %q", role, id)
		}
		if ties[role] = id; id == "" {
			delete(ties, role)
		}
		switch {
		case role == remote.RoleCompany && m.carries(r, pim.FieldCompany):
			*companyOf(it) = name
		case role == remote.RoleContact && m.carries(r, pim.FieldContact):
			*contactOf(it) = name
		}
	}
	same := maps.Equal(ties, r.ties)
	r.ties = ties
	before := r.seq
	if m.write(r, it); !same && r.seq == before {
		m.touch(r)
	}
	return nil
}

func (m *System) nameOf(role remote.Role, id remote.ItemID) (string, bool) {
	switch {
	case id == "":
		return "", true
	case role.ID == remote.RoleCompany:
		return string(id), slices.Contains(m.companyNames(), string(id))
	case role.Of == Contacts:
		if p := m.living(Contacts, id); p != nil {
			return p.item.Summary(), true
		}
		return "", false
	}
	name, ok := m.things[role.ID][id]
	return name, ok
}

// begin are the ties of a new item, and the item with their names where it names nothing.
func (m *System) begin(it pim.Item, rels []remote.Relation) map[string]remote.ItemID {
	if m.opt.NoRelations {
		return nil
	}
	ties := map[string]remote.ItemID{}
	for _, rel := range rels {
		role := remote.Role{ID: rel.Role}
		if rel.Role == remote.RoleContact {
			role.Of = Contacts
		}
		name, ok := m.nameOf(role, rel.ID)
		if !ok {
			continue // it went meanwhile
		}
		at := companyOf(it)
		if rel.Role == remote.RoleContact {
			at = contactOf(it)
		}
		if at != nil && *at != "" && *at != name {
			continue
		}
		if at != nil {
			*at = name
		}
		ties[rel.Role] = rel.ID
	}
	return ties
}

// WhoIs implements remote.Directory.
func (c Records) WhoIs(ctx context.Context, addresses []string) (out map[string][]remote.Known, err error) {
	err = c.m.call(ctx, Call{Op: "whois"}, func() error {
		out = map[string][]remote.Known{}
		for _, a := range addresses {
			for _, p := range c.m.people(pim.Person{Email: cmp.Or(a, "\x00")}) {
				k := remote.Known{Contact: remote.LookupValue{ID: string(p.id), Name: p.item.Summary()}, Self: c.m.self(p)}
				if name := c.m.companyName(p); name != "" {
					k.Company = remote.LookupValue{ID: name, Name: name}
				}
				out[strings.ToLower(a)] = append(out[strings.ToLower(a)], k)
			}
		}
		return nil
	})
	return out, err
}

// CompaniesAt implements remote.Directory.
func (c Records) CompaniesAt(ctx context.Context, domains []string) (out map[string][]remote.LookupValue, err error) {
	err = c.m.call(ctx, Call{Op: "companies"}, func() error {
		out = map[string][]remote.LookupValue{}
		for _, d := range domains {
			d = strings.ToLower(d)
			names := map[string]bool{}
			for _, x := range c.m.companies {
				names[x.Name] = names[x.Name] || x.Domain != "" && strings.EqualFold(x.Domain, d)
			}
			for _, r := range c.m.rows[Contacts] {
				p, ok := r.item.(*pim.Contact)
				if ok && c.m.companyName(r) != "" && slices.ContainsFunc(p.Emails, func(e pim.Labeled) bool { return strings.HasSuffix(strings.ToLower(e.Value), "@"+d) }) {
					names[c.m.companyName(r)] = true
				}
			}
			for _, name := range slices.Sorted(maps.Keys(names)) {
				if names[name] {
					out[d] = append(out[d], remote.LookupValue{ID: name, Name: name})
				}
			}
		}
		return nil
	})
	return out, err
}
