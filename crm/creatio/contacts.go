package creatio

import (
	"context"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// contacts are people with their numbers and addresses.
type contacts struct{ *connector }

func (b *contacts) entity() string { return "Contact" }

func (b *contacts) children() []child {
	return []child{{entity: "ContactCommunication", nav: "Contact"}, {entity: "ContactAddress", nav: "Contact"}}
}

// contactColumns are read of every contact: those of the fields, and those that mirror
// its numbers and its address.
func (b *contacts) contactColumns() []string {
	return slices.Concat([]string{"Id", "CreatedOn", "ModifiedOn", "AddressTypeId", "Address", "CityId", "RegionId", "CountryId", "Zip"},
		b.contactFields().Asked(), mirrorColumns())
}

func contactExpand() []string {
	return []string{"Owner($select=Id,Name)", "Account($select=Id,Name)", "City($select=Id,Name)", "Region($select=Id,Name)", "Country($select=Id,Name)"}
}

func doNotUseColumns() []string {
	return []string{"DoNotUseCall", "DoNotUseEmail", "DoNotUseFax", "DoNotUseMail", "DoNotUseSms"}
}

// doNotUseWords go with doNotUseColumns; sorted, as package pim wants them.
func doNotUseWords() []string { return []string{"call", "email", "fax", "mail", "sms"} }

// contact is a row with its communications and addresses.
type contact struct {
	row
	comms, addrs []row
}

// contactLists are the pick-lists that contacts are read and written with.
type contactLists struct {
	types, jobs, departments, decisions, salutations, genders, comms, addrs *table
}

func (b *contacts) lists(ctx context.Context) (l contactLists, err error) {
	for _, x := range []struct {
		entity string
		into   **table
	}{
		{"ContactType", &l.types}, {"Job", &l.jobs}, {"Department", &l.departments}, {"ContactDecisionRole", &l.decisions},
		{"ContactSalutationType", &l.salutations}, {"Gender", &l.genders}, {"CommunicationType", &l.comms}, {"AddressType", &l.addrs},
	} {
		if *x.into, err = b.lookups.get(ctx, x.entity); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (b *contacts) rows(ctx context.Context, q query, skip func(row) bool) (out []contact, x batch, err error) {
	q.sel, q.expand = b.contactColumns(), b.expand(contactExpand(), pim.KindContact)
	rows, more, err := b.site.rows(ctx, b.entity(), q)
	if err != nil {
		return nil, x, err
	}
	x.more = more
	var ids []guid
	for _, r := range rows {
		x.stamps = append(x.stamps, r.time("ModifiedOn"))
		if skip == nil || !skip(r) {
			out = append(out, contact{row: r})
			ids = append(ids, r.id())
		}
	}
	comms, err := b.kids(ctx, communications(), ids)
	if err != nil {
		return nil, x, err
	}
	addrs, err := b.kids(ctx, addresses(), ids)
	if err != nil {
		return nil, x, err
	}
	for i, id := range ids {
		out[i].comms, out[i].addrs = comms[id], addrs[id]
	}
	return out, x, nil
}

func (b *contacts) records(ctx context.Context, q query, skip func(row) bool) (batch, error) {
	l, err := b.lists(ctx)
	if err != nil {
		return batch{}, err
	}
	rows, x, err := b.rows(ctx, q, skip)
	if err != nil {
		return batch{}, err
	}
	for _, r := range rows {
		x.items = append(x.items, b.load(r, l))
	}
	return x, nil
}

func (b *contacts) load(r contact, l contactLists) loaded {
	x := loaded{id: r.id(), modified: r.time("ModifiedOn"), owner: r.ref("OwnerId"), types: []guid{r.ref("TypeId")}}
	x.rec = remote.Record{
		Ref:  remote.Ref{ID: remote.ItemID(x.id), Version: version(r.row, r.comms, r.addrs)},
		Item: b.item(r, l), URL: b.page("ContactPageV2", x.id), Modified: x.modified,
		Untouched: untouched(r.row, r.comms, r.addrs),
	}
	for _, k := range slices.Concat(r.comms, r.addrs) {
		if t := k.time("ModifiedOn"); t.After(x.rec.Modified) {
			x.rec.Modified = t
		}
	}
	return x
}

func (b *contacts) item(r contact, l contactLists) pim.Item {
	c := &pim.Contact{PageURL: b.page("ContactPageV2", r.id())}
	b.contactFields().Read(contactRead{b, r, l}, c)
	return c
}

// birthday is a date column: midnight UTC, whatever the user's zone.
func birthday(t time.Time) pim.When {
	if t.IsZero() {
		return pim.When{}
	}
	return pim.On(t.Date())
}
