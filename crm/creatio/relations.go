package creatio

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.Relations = (*connector)(nil)

// link is a role that is a lookup column of an entity.
type link struct {
	remote.Role
	nav    string // without Id
	entity string // that it names
	title  string // the column of that entity which people read
	// rare: not every edition of the product has it.
	rare bool
}

// The roles that are no lookup of the item itself.
const (
	roleOfParticipant = "participant"
	roleOfPrimary     = "primary contact"
)

func activityLinks() []link {
	return []link{
		{remote.Role{ID: remote.RoleCompany, Label: "Account"}, "Account", "Account", "Name", false},
		{remote.Role{ID: remote.RoleContact, Label: "Contact", Of: Contacts}, "Contact", "Contact", "Name", false},
		{remote.Role{ID: "opportunity", Label: "Opportunity"}, "Opportunity", "Opportunity", "Title", true},
		{remote.Role{ID: "project", Label: "Project"}, "Project", "Project", "Name", true},
		{remote.Role{ID: "case", Label: "Case"}, "Case", "Case", "Number", true},
		{remote.Role{ID: "lead", Label: "Lead"}, "Lead", "Lead", "LeadName", true},
		{remote.Role{ID: remote.RoleOwner, Label: "Owner", Of: Contacts, Fixed: true}, "Owner", "Contact", "Name", false},
		{remote.Role{ID: "organizer", Label: "Organizer", Of: Contacts, Fixed: true}, "Organizer", "Contact", "Name", false},
		{remote.Role{ID: roleOfParticipant, Label: "Participant", Of: Contacts, Many: true, Fixed: true}, "", "Contact", "Name", false},
	}
}

// contactLinks: who owns a contact decides whose address book it is in, so that it is no
// tie to be changed in passing.
func contactLinks() []link {
	return []link{
		{remote.Role{ID: remote.RoleCompany, Label: "Account"}, "Account", "Account", "Name", false},
		{remote.Role{ID: remote.RoleOwner, Label: "Owner", Of: Contacts, Fixed: true}, "Owner", "Contact", "Name", false},
		{remote.Role{ID: roleOfPrimary, Label: "Primary contact of the account", Of: Contacts, Fixed: true}, "", "Contact", "Name", false},
	}
}

// newThere remembers which rare lookups activities have on this site, by their names. That one is missing has to be
// said twice: it is remembered for long, and one odd answer must not hide it.
func newThere(c *connector) *crm.Cache[bool] {
	return crm.NewCache(c.env.Now, c.lookupAge, len(activityLinks()), func(ctx context.Context, key string) (there bool, err error) {
		nav, title, _ := strings.Cut(key, "\x00")
		for range 2 {
			_, _, err = c.site.rows(ctx, "Activity", query{sel: []string{"Id", nav + "Id"}, expand: nav + "($select=Id," + title + ")", order: "Id asc", top: 1})
			switch pim.ReasonOf(err) {
			case pim.ErrProtocol, pim.ErrForbidden, pim.ErrNotFound, pim.ErrRefused:
				continue
			}
			return err == nil, err
		}
		return false, nil
	})
}

// links are the roles of items of a kind that this site has.
func (c *connector) links(ctx context.Context, k pim.Kind) (out []link, err error) {
	all := activityLinks()
	if k == pim.KindContact {
		all = contactLinks()
	}
	for _, l := range all {
		there := true
		if l.rare {
			if there, err = c.there.Get(ctx, l.nav+"\x00"+l.title); err != nil {
				return nil, err
			}
		}
		if there {
			out = append(out, l)
		}
	}
	return out, nil
}

// Roles implements remote.Relations.
func (c *connector) Roles(ctx context.Context, k pim.Kind) ([]remote.Role, error) {
	if _, ok := c.Traits().Carries[k]; !ok {
		return nil, nil
	}
	links, err := c.links(ctx, k)
	if err != nil {
		return nil, err
	}
	out := make([]remote.Role, len(links))
	for i, l := range links {
		out[i] = l.Role
	}
	return out, nil
}

// Related implements remote.Relations.
func (c *connector) Related(ctx context.Context, col remote.CollectionID, s remote.Scope, ids []remote.ItemID) (map[remote.ItemID][]remote.Relation, error) {
	f, err := c.lister(ctx, col, s)
	if err != nil {
		return nil, err
	}
	me, err := c.people.me(ctx)
	if err != nil {
		return nil, err
	}
	var want []guid
	for _, id := range ids {
		if g, ok := parseGUID(string(id)); ok && !slices.Contains(want, g) {
			want = append(want, g)
		}
	}
	out := map[remote.ItemID][]remote.Relation{}
	tied, err := c.tied(ctx, f.s.entity(), f.v.kinds.Has(pim.KindMessage), want)
	if err != nil {
		return nil, err
	}
	var inside []loaded
	for _, t := range tied {
		if f.v.has(t.loaded) {
			inside = append(inside, t.loaded)
		}
	}
	in, err := f.among(ctx, inside)
	if err != nil {
		return nil, err
	}
	for _, t := range tied {
		if !f.v.has(t.loaded) || !in(t.id) {
			continue
		}
		for i, rel := range t.ties {
			t.ties[i].Self = rel.ID == remote.ItemID(me)
		}
		out[remote.ItemID(t.id)] = t.ties
	}
	return out, nil
}

// tiedItem is an item with what it is tied to, and as much else as tells whether it is in scope.
type tiedItem struct {
	loaded
	ties []remote.Relation
}

// tied reads what items are tied to, in groups.
func (c *connector) tied(ctx context.Context, entity string, mail bool, ids []guid) ([]tiedItem, error) {
	k := pim.KindEvent
	if entity == "Contact" {
		k = pim.KindContact
	}
	links, err := c.links(ctx, k)
	if err != nil {
		return nil, err
	}
	groups := chunks(ids, askAtOnce)
	parts := make([][]tiedItem, len(groups))
	err = c.parallel(ctx, "creatio: relations", len(groups), func(ctx context.Context, i int) (err error) {
		q := query{filter: anyID(groups[i]), order: "Id asc", sel: []string{"Id", "TypeId"}}
		var expand []string
		for _, l := range links {
			if l.nav == "" {
				continue
			}
			sel := "Id," + l.title
			if entity == "Contact" && l.nav == "Account" {
				sel += ",PrimaryContactId"
			}
			q.sel, expand = append(q.sel, l.nav+"Id"), append(expand, l.nav+"($select="+sel+")")
		}
		q.expand = strings.Join(expand, ",")
		if entity == "Contact" {
			parts[i], err = c.tiedContacts(ctx, q, links)
			return err
		}
		q.sel = append(q.sel, "ActivityCategoryId", "StartDate", "DueDate", "ShowInScheduler")
		parts[i], err = c.tiedActivities(ctx, q, links, mail)
		return err
	})
	return slices.Concat(parts...), err
}

// ties are the lookups of a row, in the order of the roles.
func ties(r row, links []link) (out []remote.Relation) {
	for _, l := range links {
		if to := r.sub(l.nav); l.nav != "" && to.id() != "" {
			out = append(out, remote.Relation{Role: l.ID, ID: remote.ItemID(to.id()), Name: to.text(l.title)})
		}
	}
	return out
}

func (c *connector) tiedActivities(ctx context.Context, q query, links []link, mail bool) ([]tiedItem, error) {
	l, err := (&activities{c}).lists(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.site.every(ctx, "Activity", q)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return isEmail(r, l) != mail })
	var ids []guid
	for _, r := range rows {
		ids = append(ids, r.id())
	}
	parts, err := c.kids(ctx, participants(), ids)
	if err != nil {
		return nil, err
	}
	out := make([]tiedItem, len(rows))
	for i, r := range rows {
		x := loaded{id: r.id(), owner: r.ref("OwnerId"), types: []guid{r.ref("ActivityCategoryId"), r.ref("TypeId")}, start: r.time("StartDate"), due: r.time("DueDate")}
		switch x.rec.Item = pim.Item(&pim.Task{}); {
		case mail:
			x.rec.Item = &pim.Message{}
		case r.flag("ShowInScheduler"):
			x.rec.Item = &pim.Event{}
		}
		rels := ties(r, links)
		for _, p := range parts[r.id()] {
			x.people = append(x.people, p.ref("ParticipantId"))
			if mail && mailRole(p, l) {
				who := p.sub("Participant")
				rels = append(rels, remote.Relation{Role: roleOfParticipant, ID: remote.ItemID(who.id()), Name: who.text("Name")})
			}
		}
		for _, a := range attendees(activity{row: r, parts: parts[r.id()]}, l) {
			rels = append(rels, remote.Relation{Role: roleOfParticipant, ID: remote.ItemID(a.ID), Name: a.Name})
		}
		out[i] = tiedItem{x, rels}
	}
	return out, nil
}

func (c *connector) tiedContacts(ctx context.Context, q query, links []link) ([]tiedItem, error) {
	rows, err := c.site.every(ctx, "Contact", q)
	if err != nil {
		return nil, err
	}
	var primary []guid
	for _, r := range rows {
		if id := r.sub("Account").ref("PrimaryContactId"); id != "" && !slices.Contains(primary, id) {
			primary = append(primary, id)
		}
	}
	names, err := c.namesOf(ctx, "Contact", "Name", primary)
	if err != nil {
		return nil, err
	}
	out := make([]tiedItem, len(rows))
	for i, r := range rows {
		rels := ties(r, links)
		if id := r.sub("Account").ref("PrimaryContactId"); names[id] != "" && id != r.id() {
			rels = append(rels, remote.Relation{Role: roleOfPrimary, ID: remote.ItemID(id), Name: names[id]})
		}
		out[i] = tiedItem{loaded{id: r.id(), owner: r.ref("OwnerId"), types: []guid{r.ref("TypeId")}, rec: remote.Record{Item: &pim.Contact{}}}, rels}
	}
	return out, nil
}

// namesOf are the names of those rows that are there and may be seen.
func (c *connector) namesOf(ctx context.Context, entity, title string, ids []guid) (map[guid]string, error) {
	out := map[guid]string{}
	for _, some := range chunks(ids, askAtOnce) {
		rows, err := c.site.every(ctx, entity, query{filter: anyID(some), sel: []string{"Id", title}})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.id()] = cmp.Or(r.text(title), string(r.id()))
		}
	}
	return out, nil
}
