package creatio

import (
	"context"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

func (b *contacts) made(key string) guid { return madeID("contact", key) }

func (b *contacts) create(ctx context.Context, k *looking, e remote.Entry, key string) (remote.Record, error) {
	const op = "creatio: create"
	c := e.Item.(*pim.Contact)
	if c.Group {
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "Creatio keeps no groups of contacts")
	}
	l, err := b.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	me, err := b.people.me(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	set := b.Traits().Carries[pim.KindContact]
	id := b.made(key)
	r, err := b.columns(ctx, k, contact{}, c, set, l)
	if err != nil {
		return remote.Record{}, err
	}
	r["Id"], r["OwnerId"] = id, me
	for col, v := range columnsFor(c, set, l) {
		r[col] = v
	}
	if _, err := b.site.insert(ctx, b.entity(), r); err != nil {
		return remote.Record{}, err
	}
	cur, err := b.read(ctx, op, id)
	if err == nil {
		cur, err = b.parts(ctx, k, cur, c, set, l)
	}
	if err != nil {
		return remote.Record{}, err
	}
	return k.told(ctx, b, cur)
}

func (b *contacts) update(ctx context.Context, k *looking, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "creatio: update"
	id, _ := parseGUID(string(old.ID))
	l, err := b.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	cur, err := b.read(ctx, op, id)
	if err != nil {
		return remote.Record{}, err
	}
	if err := unchanged(op, version(cur.row, cur.comms, cur.addrs), old.Version); err != nil {
		return remote.Record{}, err
	}
	if changed.IsEmpty() {
		return b.load(cur, l).rec, nil
	}
	c := e.Item.(*pim.Contact)
	want, err := b.columns(ctx, k, cur, c, changed, l)
	if err != nil {
		return remote.Record{}, err
	}
	cur, err = b.patch(ctx, cur, withNames(cur.differing(want), want))
	if err == nil {
		cur, err = b.parts(ctx, k, cur, c, changed, l)
	}
	if err != nil {
		return remote.Record{}, gone(op, err)
	}
	return k.told(ctx, b, cur)
}

// patch writes columns, if there are any, and reads what the site made of it.
func (b *contacts) patch(ctx context.Context, cur contact, fields row) (contact, error) {
	if len(fields) == 0 {
		return cur, nil
	}
	if err := b.site.update(ctx, b.entity(), cur.id(), fields); err != nil {
		return cur, err
	}
	return b.read(ctx, "creatio: write", cur.id())
}

func (b *contacts) read(ctx context.Context, op string, id guid) (contact, error) {
	rows, _, err := b.rows(ctx, query{filter: anyID([]guid{id}), top: 1}, nil)
	if err != nil {
		return contact{}, err
	}
	if len(rows) == 0 {
		return contact{}, missing(op)
	}
	return rows[0], nil
}

func (b *contacts) unassign(ctx context.Context, id guid) error {
	return gone("creatio: unassign", b.site.update(ctx, b.entity(), id, row{"OwnerId": guid("")}))
}

// parts writes numbers and addresses: the rows first, then whatever the site did
// not mirror into the contact's own columns by itself.
func (b *contacts) parts(ctx context.Context, k *looking, cur contact, c *pim.Contact, set pim.FieldSet, l contactLists) (contact, error) {
	id, wrote := cur.id(), 0
	if !set.And(pim.Set(pim.FieldPhones, pim.FieldEmails, pim.FieldURLs, pim.FieldIMs)).IsEmpty() {
		n, err := b.syncComms(ctx, id, cur.comms, c, set, l)
		if err != nil {
			return cur, err
		}
		wrote += n
	}
	if set.Has(pim.FieldAddresses) {
		n, err := b.syncAddresses(ctx, k, id, cur.addrs, c.Addresses, l)
		if err != nil {
			return cur, err
		}
		wrote += n
	}
	if wrote > 0 {
		var err error
		if cur, err = b.read(ctx, "creatio: write", id); err != nil {
			return cur, err
		}
	}
	want := columnsFor(c, set, l)
	if set.Has(pim.FieldAddresses) {
		for col, v := range shownAddress(cur.addrs) {
			want[col] = v
		}
	}
	return b.patch(ctx, cur, cur.differing(want))
}

// shownAddress is what the contact's address columns should show: its primary
// address, or the first.
func shownAddress(addrs []row) row {
	out := row{"Address": "", "Zip": "", "CityId": guid(""), "RegionId": guid(""), "CountryId": guid("")}
	if len(addrs) == 0 {
		return out
	}
	k := addrs[0]
	if i := slices.IndexFunc(addrs, func(k row) bool { return k.flag("Primary") }); i >= 0 {
		k = addrs[i]
	}
	out["AddressTypeId"] = k.ref("AddressTypeId")
	out["Address"], out["Zip"] = k.text("Address"), k.text("Zip")
	out["CityId"], out["RegionId"], out["CountryId"] = k.ref("CityId"), k.ref("RegionId"), k.ref("CountryId")
	return out
}

// told is the record as it is now, with what the lookups have to say. Lists are read anew
// for it: one of them may have been loaded since.
func (k *looking) told(ctx context.Context, b *contacts, cur contact) (remote.Record, error) {
	l, err := b.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	rec := b.load(cur, l).rec
	rec.Notes = k.notes
	return rec, nil
}

// columns is what the fields of set are in the contact's own columns.
func (b *contacts) columns(ctx context.Context, k *looking, cur contact, c *pim.Contact, set pim.FieldSet, l contactLists) (row, error) {
	w := &contactWrite{contacts: b, ctx: ctx, k: k, cur: cur, c: c, set: set, l: l, out: row{}}
	err := b.contactFields().Write(pim.KindContact, set, w)
	return w.out, err
}

// naming sets the full name and its parts together: sites that get only one of
// them make the other from it.
func (w *contactWrite) naming() error {
	full, r, cur, c := w.cur.text("Name"), w.out, w.cur, w.c
	r["GivenName"], r["MiddleName"], r["Surname"] = cur.text("GivenName"), cur.text("MiddleName"), cur.text("Surname")
	if w.set.Has(pim.FieldName) {
		r["GivenName"], r["MiddleName"], r["Surname"] = clip(c.Given, nameLimit), clip(c.Middle, nameLimit), clip(c.Family, nameLimit)
	}
	if w.set.Has(pim.FieldFullName) {
		full = c.FullName
	}
	if parts := r.text("GivenName") + r.text("MiddleName") + r.text("Surname"); cur.row == nil && parts == "" && full != "" {
		// Only a full name is known: the site may take it apart as it likes.
		delete(r, "GivenName")
		delete(r, "MiddleName")
		delete(r, "Surname")
	}
	if strings.TrimSpace(full) == "" {
		full = nameFor(c)
	}
	r["Name"] = clip(full, nameLimit)
	return nil
}

// withNames adds the unchanged parts of a name to a change of it, lest the site make
// them anew.
func withNames(patch, want row) row {
	cols := []string{"Name", "GivenName", "MiddleName", "Surname"}
	if !slices.ContainsFunc(cols, func(col string) bool { _, ok := patch[col]; return ok }) {
		return patch
	}
	for _, col := range cols {
		patch[col] = want[col]
	}
	return patch
}

// nameFor is a name for a contact without one; Creatio must have one.
func nameFor(c *pim.Contact) string {
	if s := strings.Join(strings.Fields(c.Given+" "+c.Middle+" "+c.Family), " "); s != "" {
		return s
	}
	for _, s := range []string{c.Nickname, c.Company} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	for _, list := range [][]pim.Labeled{c.Emails, c.Phones} {
		if len(list) > 0 && strings.TrimSpace(list[0].Value) != "" {
			return list[0].Value
		}
	}
	return "–"
}

// day is a date at midnight UTC; a birthday must not move with anybody's zone.
func day(w pim.When) time.Time {
	if w.IsZero() {
		return time.Time{}
	}
	y, m, d := w.Time.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
