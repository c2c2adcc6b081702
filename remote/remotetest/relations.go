package remotetest

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// relations: what items are tied to is told, changed, and refused when it is out of date.
func relations(a *account) {
	rel, ok := remote.As[remote.Relations](a.Remote)
	if !ok {
		a.skip("the remote has no Relations")
	}
	contacts, keeps := a.homes[pim.KindContact]
	a.each(func(a *account, k pim.Kind) {
		roles, err := rel.Roles(a.ctx, k)
		if err != nil {
			a.t.Fatalf("roles: %v", err)
		}
		if len(roles) == 0 {
			a.skip("items of this kind have no roles")
		}
		c := a.homes[k]
		rec := a.create(k, a.sample(k, 1))
		if got := a.related(rel, c, remote.Scope{AllOwners: true}, rec.ID, "no-such-id"); len(got) != 1 {
			a.t.Errorf("relations of one item and none: %v", got)
		}
		if _, err := rel.Candidates(a.ctx, k, "no such role", "x"); err == nil {
			a.t.Error("candidates for a role that there is not")
		} else {
			a.wantError("candidates for an unknown role", err, pim.ErrInvalid)
		}
		_, err = rel.Relate(a.ctx, c, rec.Ref, map[string]remote.ItemID{"no such role": ""})
		a.wantError("an unknown role", err, pim.ErrInvalid)
		for i, role := range roles {
			if role.ID == "" || role.Label == "" || role.ID != strings.ToLower(role.ID) {
				a.t.Errorf("role %+v", role)
			}
			if slices.ContainsFunc(roles[:i], func(o remote.Role) bool { return o.ID == role.ID }) {
				a.t.Errorf("role %s twice", role.ID)
			}
			if role.Fixed {
				_, err := rel.Relate(a.ctx, c, remote.Ref{ID: rec.ID}, map[string]remote.ItemID{role.ID: ""})
				a.wantError("a role that cannot be changed", err, pim.ErrInvalid)
				continue
			}
			if keeps && role.Of == contacts {
				a.relatesToContact(rel, k, role)
			}
		}
	})
}

// related asks for the relations of items.
func (a *account) related(rel remote.Relations, c remote.CollectionID, s remote.Scope, ids ...remote.ItemID) map[remote.ItemID][]remote.Relation {
	a.t.Helper()
	got, err := rel.Related(a.ctx, c, s, ids)
	if err != nil {
		a.t.Fatalf("related: %v", err)
	}
	return got
}

// relatesToContact ties a new item to a new contact, and unties it.
func (a *account) relatesToContact(rel remote.Relations, k pim.Kind, role remote.Role) {
	c := a.homes[k]
	word := strings.NewReplacer("-", "", "0", "o", "1", "i").Replace(fresh())
	who := a.sample(pim.KindContact, 1).(*pim.Contact)
	who.FullName, who.Given, who.Middle, who.Family, who.Prefix, who.Suffix = "Ann "+word, "Ann", "", word, "", ""
	person := a.create(pim.KindContact, who)
	name := person.Item.Summary()
	bare := a.sample(k, 1)
	pim.Copy(bare, pim.New(k), pim.Set(pim.FieldContact, pim.FieldAttendees, pim.FieldOrganizer))
	rec := a.create(k, bare)
	there := func() (out []remote.Relation) {
		for _, r := range a.related(rel, c, remote.Scope{AllOwners: true}, rec.ID)[rec.ID] {
			if r.Role == role.ID {
				out = append(out, r)
			}
		}
		return out
	}
	if role.ID == remote.RoleContact && len(there()) != 0 {
		a.t.Errorf("%s: a new item is tied to %v", role.ID, there())
	}
	offered, err := rel.Candidates(a.ctx, k, role.ID, name)
	if err != nil || len(offered) != 1 || offered[0].ID != string(person.ID) || offered[0].Name != name {
		a.t.Fatalf("%s: candidates for %q: %v %v", role.ID, name, offered, err)
	}
	if offered, err = rel.Candidates(a.ctx, k, role.ID, string(person.ID)); err != nil || len(offered) != 1 || offered[0].ID != string(person.ID) {
		a.t.Errorf("%s: candidates for an id: %v %v", role.ID, offered, err)
	}
	a.tick()
	now := a.must(c, rec.ID)
	_, err = rel.Relate(a.ctx, c, remote.Ref{ID: rec.ID, Version: now.Version + "x"}, map[string]remote.ItemID{role.ID: person.ID})
	a.wantError("a stale version", err, pim.ErrConflict)
	_, err = rel.Relate(a.ctx, c, now.Ref, map[string]remote.ItemID{role.ID: "no-such-id"})
	a.wantError("a record that does not exist", err, pim.ErrInvalid)
	done, err := rel.Relate(a.ctx, c, now.Ref, map[string]remote.ItemID{role.ID: person.ID})
	if err != nil {
		a.t.Fatalf("%s: relate: %v", role.ID, err)
	}
	if got := there(); len(got) != 1 || got[0].ID != person.ID || got[0].Name != name {
		a.t.Errorf("%s: tied to %v, want %s", role.ID, got, person.ID)
	}
	if done.ID != rec.ID || done.Version == now.Version || done.Version != a.must(c, rec.ID).Version {
		a.t.Errorf("%s: the answer is version %q of %s, it was %q", role.ID, done.Version, done.ID, now.Version)
	}
	if done.Item == nil || done.Item.Summary() != now.Item.Summary() {
		a.t.Errorf("%s: the answer lacks the item", role.ID)
	}
	if _, err := rel.Relate(a.ctx, c, remote.Ref{ID: rec.ID}, map[string]remote.ItemID{role.ID: ""}); err != nil {
		a.t.Fatalf("%s: untie: %v", role.ID, err)
	}
	if got := there(); len(got) != 0 {
		a.t.Errorf("%s: still tied to %v", role.ID, got)
	}
	if err := a.Remote.Delete(a.ctx, c, remote.Ref{ID: rec.ID}, remote.Delete); err != nil {
		a.t.Fatalf("delete: %v", err)
	}
	_, err = rel.Relate(a.ctx, c, remote.Ref{ID: rec.ID}, map[string]remote.ItemID{role.ID: person.ID})
	a.wantError("an item that is gone", err, pim.ErrNotFound)
}

// relationScope: what is not in scope is left out.
func relationScope(a *account) {
	rel, ok := remote.As[remote.Relations](a.Remote)
	if !ok {
		a.skip("the remote has no Relations")
	}
	a.each(func(a *account, k pim.Kind) {
		roles, err := rel.Roles(a.ctx, k)
		if err != nil || len(roles) == 0 {
			a.skip("items of this kind have no roles")
		}
		rec := a.create(k, a.sample(k, 1))
		if got := a.related(rel, a.homes[k], remote.Scope{Kinds: pim.Kinds(k)}, rec.ID); len(got) != 1 {
			a.t.Errorf("in scope: %v", got)
		}
		if got := a.related(rel, a.homes[k], remote.Scope{Types: []string{"no such type"}}, rec.ID); len(got) != 0 {
			a.t.Errorf("of a type that does not exist: %v", got)
		}
		if got := a.related(rel, a.homes[k], remote.Scope{AllOwners: true}); len(got) != 0 {
			a.t.Errorf("of nothing: %v", got)
		}
	})
}

// directory: people are found by their addresses, and companies by their domains.
func directory(a *account) {
	dir, ok := remote.As[remote.Directory](a.Remote)
	if !ok {
		a.skip("the remote has no Directory")
	}
	if _, keeps := a.homes[pim.KindContact]; !keeps {
		a.skip("the remote keeps no contacts")
	}
	word := fresh()
	who := a.sample(pim.KindContact, 1).(*pim.Contact)
	who.Emails = []pim.Labeled{{Value: word + "@" + word + ".example.org"}}
	rec := a.create(pim.KindContact, who)
	got, err := dir.WhoIs(a.ctx, []string{strings.ToUpper(who.Emails[0].Value), "nobody-" + word + "@example.org"})
	found := got[who.Emails[0].Value]
	if err != nil || len(got) != 1 || len(found) != 1 || found[0].Contact.ID != string(rec.ID) || found[0].Contact.Name != rec.Item.Summary() || found[0].Self {
		a.t.Fatalf("who is: %v %v", got, err)
	}
	company := rec.Item.(*pim.Contact).Company
	if found[0].Company.Name != company {
		a.t.Errorf("company %q, want %q", found[0].Company.Name, company)
	}
	at, err := dir.CompaniesAt(a.ctx, []string{word + ".example.org", "else-" + word + ".example.org"})
	if err != nil || len(at["else-"+word+".example.org"]) != 0 || company != "" && (len(at[word+".example.org"]) != 1 || at[word+".example.org"][0] != found[0].Company) {
		a.t.Errorf("companies: %v %v, want %v", at, err, found[0].Company)
	}
	second := a.sample(pim.KindContact, 2).(*pim.Contact)
	second.Emails = who.Emails
	a.create(pim.KindContact, second)
	if got, err = dir.WhoIs(a.ctx, []string{who.Emails[0].Value}); err != nil || len(got[who.Emails[0].Value]) != 2 {
		a.t.Errorf("two with one address: %v %v", got, err)
	}
	if k := pim.KindEvent; slices.Contains(a.kinds, k) && a.traits.Carries[k].Has(pim.FieldContact) && !a.traits.OneContact {
		a.createsTied(k, rec)
	}
}

// createsTied makes an item that is tied to a contact without naming one.
func (a *account) createsTied(k pim.Kind, person remote.Record) {
	it := a.sample(k, 1)
	pim.Copy(it, pim.New(k), pim.Set(pim.FieldContact, pim.FieldAttendees, pim.FieldOrganizer))
	name := person.Item.Summary()
	e := remote.Entry{UID: "uid-" + fresh(), Item: it, Relations: []remote.Relation{{Role: remote.RoleContact, ID: person.ID, Name: name}}}
	key := fresh()
	rec, err := a.Remote.Create(a.ctx, a.homes[k], e, key)
	if err != nil {
		a.t.Fatalf("create tied: %v", err)
	}
	f, _ := pim.FieldByID(pim.FieldContact)
	if got := f.Text(a.must(a.homes[k], rec.ID).Item); got != name {
		a.t.Errorf("the item is tied to %q, want %q", got, name)
	}
	// A contact that went meanwhile is no reason to fail.
	e.Relations[0].ID, e.UID = "no-such-id", "uid-"+fresh()
	if _, err := a.Remote.Create(a.ctx, a.homes[k], e, fresh()); err != nil {
		a.t.Errorf("create tied to what is gone: %v", err)
	}
}
