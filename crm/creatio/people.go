package creatio

import (
	"context"
	"strings"
	"sync"

	"crmbridge/pim"
)

// people finds contacts by what calendars know of them, and the connected user's
// own.
type people struct {
	c *connector

	mu   sync.Mutex
	self guid
}

// me is the contact of the connected user. Owner, author and organizer of an
// activity are contacts, not users.
func (p *people) me(ctx context.Context) (guid, error) {
	p.mu.Lock()
	self := p.self
	p.mu.Unlock()
	if self != "" {
		return self, nil
	}
	find := p.fromLogin
	if p.c.settings["owner"] != "" {
		find = p.fromSetting
	}
	self, err := find(ctx)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self = self
	return self, nil
}

func (p *people) fromLogin(ctx context.Context) (guid, error) {
	const op = "creatio: own contact"
	login := p.c.settings["username"]
	rows, _, err := p.c.site.rows(ctx, "SysAdminUnit", query{filter: equals("Name", login), sel: []string{"Id", "Name", "ContactId"}, top: 2})
	if pim.ReasonOf(err) == pim.ErrForbidden {
		return "", &pim.Error{Op: op, Kind: pim.ErrForbidden, Err: err,
			Public: "this login may not read the list of users; enter the e-mail address of the contact whose items are synced as owner"}
	}
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if id := r.ref("ContactId"); id != "" {
			return id, nil
		}
	}
	if len(rows) > 0 {
		return "", pim.Errorf(op, pim.ErrForbidden, "the Creatio user %s has no contact; an administrator has to give it one", login)
	}
	return "", pim.Errorf(op, pim.ErrInvalid, "Creatio has no user named %s", login)
}

func (p *people) fromSetting(ctx context.Context) (guid, error) {
	const op = "creatio: own contact"
	owner := p.c.settings["owner"]
	filter := equals("Email", owner)
	if id, ok := parseGUID(owner); ok {
		filter = anyID([]guid{id})
	}
	rows, _, err := p.c.site.rows(ctx, "Contact", query{filter: filter, sel: []string{"Id"}, top: 2})
	switch {
	case err != nil:
		return "", err
	case len(rows) != 1:
		return "", pim.Errorf(op, pim.ErrInvalid, "the setting owner fits %d contacts, it must fit one", len(rows))
	}
	return rows[0].id(), nil
}

// found are contacts by their address (lower case) or, for people without one, by
// name.
type found map[string]guid

func personKey(p pim.Person) string {
	if p.Email != "" {
		return strings.ToLower(p.Email)
	}
	return "name\x00" + fold(p.Name)
}

// askAtOnce is how many conditions one filter holds. OData services limit the
// nodes of a filter, commonly to 100.
const askAtOnce = 20

// find looks people up: by the address that contacts show, then by any of their
// addresses, and those without an address by a name that only one contact has.
func (p *people) find(ctx context.Context, persons []pim.Person) (found, error) {
	out := found{}
	var addresses, fullNames []string
	for _, x := range persons {
		switch {
		case x.Email != "":
			addresses = append(addresses, x.Email)
		case x.Name != "":
			fullNames = append(fullNames, x.Name)
		}
	}
	if err := p.byText(ctx, out, "Contact", "Email", "Id", addresses); err != nil {
		return nil, err
	}
	var rest []string
	for _, a := range addresses {
		if out[strings.ToLower(a)] == "" {
			rest = append(rest, a)
		}
	}
	if err := p.byText(ctx, out, "ContactCommunication", "Number", "ContactId", rest); err != nil {
		return nil, err
	}
	for _, name := range fullNames {
		id, err := p.named(ctx, name)
		if err != nil {
			return nil, err
		}
		if id != "" {
			out["name\x00"+fold(name)] = id
		}
	}
	return out, nil
}

// byText fills out with the contact (idCol) of the first row whose column is one
// of texts, in the case given or in lower case: databases differ in whether case
// counts.
func (p *people) byText(ctx context.Context, out found, entity, col, idCol string, texts []string) error {
	for len(texts) > 0 {
		n := min(askAtOnce/2, len(texts))
		var cs []cond
		for _, t := range texts[:n] {
			cs = append(cs, equals(col, t))
			if low := strings.ToLower(t); low != t {
				cs = append(cs, equals(col, low))
			}
		}
		texts = texts[n:]
		rows, err := p.c.site.every(ctx, entity, query{filter: either(cs...), sel: []string{"Id", col, idCol, "CreatedOn"}, order: "CreatedOn asc,Id asc"})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if key := strings.ToLower(r.text(col)); out[key] == "" {
				out[key] = r.ref(idCol)
			}
		}
	}
	return nil
}

// named is the only contact of that name, "" when there is none or several.
func (p *people) named(ctx context.Context, name string) (guid, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	rows, _, err := p.c.site.rows(ctx, "Contact", query{filter: equals("Name", clip(name, nameLimit)), sel: []string{"Id", "Name"}, top: 2})
	if err != nil || len(rows) != 1 {
		return "", err
	}
	return rows[0].id(), nil
}
