package creatiosim

import "slices"

// A contact's e-mail, phones and Skype stand twice: in columns of Contact and as ContactCommunication rows. The server
// keeps both: the column shows the primary row of its type. A change that comes from one side is carried to the other,
// once; w.depth stops it from coming back.

// mirror is a contact column and the communication type whose primary row it shows.
type mirror struct{ column, commType string }

// mirrors are the pairs the product keeps; the other communication types show in no column.
func mirrors() []mirror {
	return []mirror{{"Email", "Email"}, {"Phone", "Business phone"}, {"MobilePhone", "Mobile phone"},
		{"HomePhone", "Home phone"}, {"Skype", "Skype"}}
}

// mirrorContact carries changed columns of a contact to its communications and its primary address.
func (w *writing) mirrorContact(old, r *row) error {
	if w.depth > 0 {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	contacts := w.tx.table("Contact").ent
	for _, m := range mirrors() {
		pos := contacts.byName[m.column].pos
		was, is := "", r.text(pos)
		if old != nil {
			was = old.text(pos)
		}
		if was == is {
			continue
		}
		if err := w.columnToRow(r.id, m, was, is); err != nil {
			return err
		}
	}
	return w.addressToRow(old, r)
}

// columnToRow carries a column's change from was to is: the shown row changes, a row that has the number already becomes
// primary, an emptied column takes its row away and shows the next.
func (w *writing) columnToRow(contact guid, m mirror, was, is string) error {
	e := w.tx.table("ContactCommunication").ent
	number := e.byName["Number"].pos
	rows := w.communications(contact, m.commType)
	with := func(text string) *row {
		i := slices.IndexFunc(rows, func(o *row) bool { return o.text(number) == text })
		if i < 0 || text == "" {
			return nil
		}
		return rows[i]
	}
	shown, already := with(was), with(is)
	var err error
	switch {
	case is == "" && shown != nil:
		if err = w.remove(e, shown); err == nil {
			err = w.showPrimary(contact, m, guid{})
		}
		return err
	case is == "":
		return nil
	case already != nil:
		return w.showPrimary(contact, m, already.id)
	case shown != nil:
		already, err = w.update(e, shown, fields{"Number": is})
	default:
		kind := w.s.lookupNamed("CommunicationType", m.commType)
		if kind == nil {
			return nil // the administrator deleted the type
		}
		already, err = w.insert(e, fields{"ContactId": contact, "CommunicationTypeId": kind, "Number": is})
	}
	if err != nil {
		return err
	}
	return w.showPrimary(contact, m, already.id)
}

// communications are a contact's rows of one type, oldest first.
func (w *writing) communications(contact guid, commType string) []*row {
	t := w.tx.table("ContactCommunication")
	kind, ok := w.s.lookupNamed("CommunicationType", commType).(guid)
	if !ok {
		return nil
	}
	pos := t.ent.byName["CommunicationTypeId"].pos
	return slices.DeleteFunc(t.sharing(t.ent.byName["ContactId"], contact), func(r *row) bool { return r.ref(pos) != kind })
}

// showPrimary makes one row of a type the primary one and shows its number in the contact's column. Without a preferred
// row it is the one already shown, else the primary, else the oldest. Only what differs is written.
func (w *writing) showPrimary(contact guid, m mirror, prefer guid) error {
	contacts, comms := w.tx.table("Contact"), w.tx.table("ContactCommunication").ent
	c := contacts.byID[contact]
	if c == nil {
		return nil // being deleted
	}
	number, primary := comms.byName["Number"].pos, comms.byName["IsPrimary"].pos
	rows := w.communications(contact, m.commType)
	shown := c.text(contacts.ent.byName[m.column].pos)
	best := -1
	for _, test := range []func(o *row) bool{
		func(o *row) bool { return o.id == prefer },
		func(o *row) bool { return o.text(number) == shown },
		func(o *row) bool { return o.bool(primary) },
		func(*row) bool { return true },
	} {
		if best = slices.IndexFunc(rows, test); best >= 0 {
			break
		}
	}
	want := ""
	if best >= 0 {
		want = rows[best].text(number)
	}
	for i, o := range rows {
		if o.bool(primary) != (i == best) {
			if _, err := w.update(comms, o, fields{"IsPrimary": i == best}); err != nil {
				return err
			}
		}
	}
	if want == shown {
		return nil
	}
	_, err := w.update(contacts.ent, c, fields{m.column: want})
	return err
}

// mirrorCommunication carries a changed communication to the contact's column, if its type has one.
func (w *writing) mirrorCommunication(old, r *row) error {
	if w.depth > 0 {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	e := w.tx.table("ContactCommunication").ent
	contactPos, primary := e.byName["ContactId"].pos, e.byName["IsPrimary"].pos
	if old != nil {
		if m, ok := w.mirrorOf(old); ok && (old.ref(contactPos) != r.ref(contactPos) || !w.sameType(old, r)) {
			if err := w.showPrimary(old.ref(contactPos), m, guid{}); err != nil {
				return err
			}
		}
	}
	m, ok := w.mirrorOf(r)
	if !ok {
		return nil
	}
	prefer := guid{}
	if r.bool(primary) || old != nil && old.bool(primary) && w.sameType(old, r) {
		prefer = r.id
	}
	return w.showPrimary(r.ref(contactPos), m, prefer)
}

// communicationGone shows another row in place of a deleted one.
func (w *writing) communicationGone(r *row) error {
	if w.depth > 0 {
		return nil
	}
	m, ok := w.mirrorOf(r)
	if !ok {
		return nil
	}
	w.depth++
	defer func() { w.depth-- }()
	e := w.tx.table("ContactCommunication").ent
	return w.showPrimary(r.ref(e.byName["ContactId"].pos), m, guid{})
}

// sameType says whether two communications are of one type.
func (w *writing) sameType(a, b *row) bool {
	pos := w.tx.table("ContactCommunication").ent.byName["CommunicationTypeId"].pos
	return a.ref(pos) == b.ref(pos)
}

// mirrorOf says which contact column shows rows of r's type.
func (w *writing) mirrorOf(r *row) (mirror, bool) {
	kind := r.ref(w.tx.table("ContactCommunication").ent.byName["CommunicationTypeId"].pos)
	for _, m := range mirrors() {
		if w.s.lookupNamed("CommunicationType", m.commType) == any(kind) {
			return m, true
		}
	}
	return mirror{}, false
}
