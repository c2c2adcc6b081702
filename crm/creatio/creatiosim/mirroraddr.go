package creatiosim

import "slices"

// A contact's address columns show its primary ContactAddress row, kept both ways like the communications.

// addressColumns are the columns that Contact and ContactAddress share.
func addressColumns() []string {
	return []string{"AddressTypeId", "CountryId", "RegionId", "CityId", "Zip", "Address"}
}

// addressOf is a row's address; the type alone is none.
func addressOf(e *entity, r *row) (values fields, empty bool) {
	values, empty = fields{}, true
	for _, name := range addressColumns() {
		v := r.vals[e.byName[name].pos]
		values[name] = v
		if v != nil && name != "AddressTypeId" {
			empty = false
		}
	}
	return values, empty
}

// sameAddress compares two addresses, the type included.
func sameAddress(a, b fields) bool {
	return !slices.ContainsFunc(addressColumns(), func(name string) bool { return a[name] != b[name] })
}

// addressToRow carries a contact's changed address columns to its primary address.
func (w *writing) addressToRow(old, r *row) error {
	contacts, t := w.tx.table("Contact").ent, w.tx.table("ContactAddress")
	is, empty := addressOf(contacts, r)
	if old == nil && empty {
		return nil
	}
	if old != nil {
		if was, _ := addressOf(contacts, old); sameAddress(was, is) {
			return nil
		}
	}
	shown := w.primaryAddress(r.id)
	var err error
	switch {
	case shown != nil && empty:
		if err = w.remove(t.ent, shown); err == nil {
			err = w.showAddress(r.id)
		}
	case shown != nil:
		_, err = w.update(t.ent, shown, is)
	case !empty:
		is["ContactId"], is["Primary"] = r.id, true
		if is["AddressTypeId"] == nil {
			is["AddressTypeId"] = w.s.lookupNamed("AddressType", "Business")
		}
		if _, err = w.insert(t.ent, is); err == nil {
			err = w.showAddress(r.id)
		}
	}
	return err
}

// primaryAddress is the row that the contact shows, nil if none is marked.
func (w *writing) primaryAddress(contact guid) *row {
	t := w.tx.table("ContactAddress")
	pos := t.ent.byName["Primary"].pos
	for _, a := range t.sharing(t.ent.byName["ContactId"], contact) {
		if a.bool(pos) {
			return a
		}
	}
	return nil
}

// mirrorAddress makes the others secondary when an address became primary, makes a first one primary, and shows it.
func (w *writing) mirrorAddress(r *row) error {
	if w.depth > 0 {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	t := w.tx.table("ContactAddress")
	pos := t.ent.byName["Primary"].pos
	contact := r.ref(t.ent.byName["ContactId"].pos)
	if r.bool(pos) {
		for _, a := range t.sharing(t.ent.byName["ContactId"], contact) {
			if a.id == r.id || !a.bool(pos) {
				continue
			}
			if _, err := w.update(t.ent, a, fields{"Primary": false}); err != nil {
				return err
			}
		}
	}
	return w.showAddress(contact)
}

// addressGone shows another address in place of a deleted one.
func (w *writing) addressGone(r *row) error {
	if w.depth > 0 {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.showAddress(r.ref(w.tx.table("ContactAddress").ent.byName["ContactId"].pos))
}

// showAddress brings the contact's columns into line with its primary address, the oldest one standing in when none is.
func (w *writing) showAddress(contact guid) error {
	contacts, t := w.tx.table("Contact"), w.tx.table("ContactAddress")
	c := contacts.byID[contact]
	if c == nil {
		return nil // being deleted
	}
	a := w.primaryAddress(contact)
	if all := t.sharing(t.ent.byName["ContactId"], contact); a == nil && len(all) > 0 {
		var err error
		if a, err = w.update(t.ent, all[0], fields{"Primary": true}); err != nil {
			return err
		}
	}
	want := fields{}
	if a != nil {
		want, _ = addressOf(t.ent, a)
	} else {
		for _, name := range addressColumns() {
			want[name] = nil
		}
	}
	if is, _ := addressOf(contacts.ent, c); sameAddress(is, want) {
		return nil
	}
	_, err := w.update(contacts.ent, c, want)
	return err
}
