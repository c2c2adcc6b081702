package ews

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

const (
	opCreate = "ews: create"
	opUpdate = "ews: update"
	opDelete = "ews: delete"
)

// Values of the attributes that say whom a write mails.
const (
	sendNone = "SendToNone"
	sendAll  = "SendToAllAndSaveCopy"
)

// Create implements remote.Remote. Exchange gives an item the key in one piece with the rest, so that an item whose answer was lost
// is found by it; only the exceptions of a series are written afterwards.
func (m *mail) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	s, err := m.shelf(ctx, opCreate, c)
	if err != nil {
		return remote.Record{}, err
	}
	if s.kind == pim.KindMessage {
		return remote.Record{}, mailStays(opCreate)
	}
	if e.Item.Kind() != s.kind {
		return remote.Record{}, pim.Errorf(opCreate, pim.ErrUnsupported, "%s takes items of another kind", s.Name)
	}
	if v, ok := e.Item.(*pim.Contact); ok && v.Group {
		return remote.Record{}, pim.Errorf(opCreate, pim.ErrUnsupported, "a group of contacts cannot be kept in Exchange: its members are named in a way that Exchange does not know; it stays here")
	}
	plan, err := m.planSeries(e.Item)
	if err != nil {
		return remote.Record{}, err
	}
	if v, ok := e.Item.(*pim.Event); ok && v.Start.IsZero() {
		return remote.Record{}, pim.Errorf(opCreate, pim.ErrRefused, "an appointment needs a time")
	}
	w := m.writing(e.Item)
	w.create = true
	tables[s.kind].write(w, pim.AllOf(s.kind))
	plan.create(w)
	x, err := m.make(ctx, s, w, made(e, key))
	if err != nil {
		return remote.Record{}, err
	}
	ref, notes, err := plan.occurrences(ctx, m, opCreate, remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey})
	if err != nil {
		return remote.Record{}, err
	}
	return remote.Record{Ref: ref, Key: key, Notes: append(w.notes, notes...)}, nil
}

// tooLarge are the codes of attachments that Exchange does not take.
var tooLarge = []string{"ErrorAttachmentSizeLimitExceeded", "ErrorMessageSizeExceeded", "ErrorDataSizeLimitExceeded", "ErrorInvalidPhotoSize"}

// make sends a CreateItem. An item is better there without its attachments than not at all.
func (m *mail) make(ctx context.Context, s shelf, w *writing, extra []el) (*item, error) {
	send := func(extra []el) (*item, error) {
		body := node("m:CreateItem", node("m:SavedItemFolderId", folderID(string(s.ID))), node("m:Items", w.created(extra...)))
		if s.kind == pim.KindEvent {
			body = body.with("SendMeetingInvitations", m.sends(pim.AllOf(s.kind)))
		}
		a, err := m.account.call(ctx, request{op: opCreate, body: body, write: true})
		if err != nil {
			return nil, err
		}
		return written(a, opCreate)
	}
	files, leave := w.attached()
	if files == nil {
		return send(extra)
	}
	x, err := send(append(slices.Clone(extra), *files))
	if slices.Contains(tooLarge, codeOf(err)) {
		w.notes = append(w.notes, leave(err)...)
		return send(extra)
	}
	return x, err
}

// attached are the attachments of a new item, nil for none, and the notes about leaving them out.
func (w *writing) attached() (files *el, leave func(error) []remote.Note) {
	out := node("t:Attachments")
	if c, ok := w.item.(*pim.Contact); ok {
		if len(c.Photo) > 0 {
			out.kids = append(out.kids, picture(c.Photo))
		}
		leave = func(err error) []remote.Note {
			return []remote.Note{{Field: pim.FieldPhoto, Says: "the picture was left out: " + pim.PublicText(err)}}
		}
	} else {
		all, notes := newFiles(w.activity().Attachments)
		w.notes = append(w.notes, notes...)
		for _, a := range all {
			out.kids = append(out.kids, fileOf(a))
		}
		leave = func(err error) (notes []remote.Note) {
			for _, a := range all {
				notes = append(notes, fileLeft(a, pim.PublicText(err)))
			}
			return notes
		}
	}
	if len(out.kids) == 0 {
		return nil, nil
	}
	return &out, leave
}

// made are the properties that only a new item gets: the key; the UID of an appointment, by which a meeting is the same one in every
// calendar; and by which rule a contact is filed.
func made(e remote.Entry, key string) []el {
	var out []el
	if key != "" {
		out = append(out, marker.value(key))
	}
	switch v := e.Item.(type) {
	case *pim.Event:
		if e.UID != "" {
			out = append(out, leaf("t:UID", e.UID))
		}
	case *pim.Contact:
		rule := "LastCommaFirst"
		if v.Given == "" && v.Family == "" {
			rule = "Company"
		}
		out = append(out, leaf("t:FileAsMapping", rule))
	}
	return out
}

// written is the item of the answer to a write.
func written(a answer, op string) (*item, error) {
	msg, err := a.only(op)
	if err != nil {
		return nil, err
	}
	if len(msg.Items.List) == 0 || msg.Items.List[0].ID.ID == "" {
		return nil, pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	return &msg.Items.List[0], nil
}

// Update implements remote.Remote. Exchange compares the version itself (NeverOverwrite).
func (m *mail) Update(ctx context.Context, _ remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	if e.Item.Kind() == pim.KindMessage {
		return remote.Record{}, mailStays(opUpdate)
	}
	set := tables[e.Item.Kind()].writable(changed)
	if set.IsEmpty() {
		return remote.Record{Ref: old}, nil
	}
	const tries = 3
	for try := 1; ; try++ {
		rec, err := m.update(ctx, old, e, set)
		// Whoever does not care for the version is not told that it changed a moment ago.
		if old.Version == "" && errors.Is(err, pim.ErrConflict) && try < tries {
			continue
		}
		return rec, err
	}
}

func (m *mail) update(ctx context.Context, old remote.Ref, e remote.Entry, set pim.FieldSet) (remote.Record, error) {
	k := e.Item.Kind()
	it, now, err := m.whole(ctx, old, e.Item, set)
	if err != nil {
		return remote.Record{}, err
	}
	version := old.Version
	if now != nil {
		version = now.ID.ChangeKey
	}
	plan, err := m.planUpdate(it, now, set)
	if err != nil {
		return remote.Record{}, err
	}
	w := m.writing(it)
	tables[k].write(w, set)
	plan.update(w)
	ref := remote.Ref{ID: old.ID, Version: version}
	if len(w.changes) > 0 {
		if ref, err = m.change(ctx, opUpdate, k, ref, w.updates(), m.sends(set)); err != nil {
			return remote.Record{}, err
		}
	}
	if v, ok := it.(*pim.Contact); ok && set.Has(pim.FieldPhoto) {
		if ref, err = m.writePhoto(ctx, opUpdate, ref, v.Photo, now); err != nil {
			return remote.Record{}, err
		}
	}
	if set.Has(pim.FieldAttachments) {
		var notes []remote.Note
		if ref, notes, err = m.writeFiles(ctx, opUpdate, ref, pim.ActivityOf(it).Attachments, now); err != nil {
			return remote.Record{}, err
		}
		w.notes = append(w.notes, notes...)
	}
	if m.answersOther(it, set) {
		shown := m.zones.record(now).Item
		pim.Copy(shown, it, set)
		rec, err := m.respond(ctx, ref, shown.(*pim.Event), now)
		if err != nil {
			return remote.Record{}, err
		}
		if w.notes = append(w.notes, rec.Notes...); rec.Item != nil {
			rec.Notes = w.notes
			return rec, nil
		}
		ref = rec.Ref
	}
	ref, notes, err := plan.occurrences(ctx, m, opUpdate, ref)
	if err != nil {
		return remote.Record{}, err
	}
	return remote.Record{Ref: ref, Notes: append(w.notes, notes...)}, nil
}

// whole is the item to be written, with what the fields of set need to know of the others as they are there. now is the item as it is,
// nil when nothing of it is needed. A series is always needed: a change of it shows in its exceptions too.
func (m *mail) whole(ctx context.Context, old remote.Ref, it pim.Item, set pim.FieldSet) (pim.Item, *item, error) {
	k := it.Kind()
	needs := tables[k].needs(set)
	series := pim.ActivityOf(it).Recurrence != nil || set.Has(pim.FieldRecurrence)
	if old.Version != "" && needs.IsEmpty() && !series && !set.Has(pim.FieldPhoto) && !set.Has(pim.FieldAttachments) && !m.answersOther(it, set) {
		return it, nil, nil
	}
	now, err := m.one(ctx, opUpdate, k, string(old.ID))
	if err != nil {
		return nil, nil, err
	}
	if old.Version != "" && now.ID.ChangeKey != old.Version {
		return nil, nil, &pim.Error{Op: opUpdate, Kind: pim.ErrConflict}
	}
	there := m.zones.record(now).Item
	if series {
		needs = needs.Or(pim.Set(pim.FieldTime, pim.FieldStart, pim.FieldDue, pim.FieldRecurrence).And(tables[k].all())).Minus(set)
	}
	out := pim.Clone(it)
	pim.Copy(out, there, needs)
	if needs.Has(pim.FieldRecurrence) {
		m.zones.moveSeries(out, there)
	}
	return out, now, nil
}

// change sends an UpdateItem for one item.
func (m *mail) change(ctx context.Context, op string, k pim.Kind, old remote.Ref, updates []el, sends string) (remote.Ref, error) {
	x, err := m.changeItem(ctx, op, k, itemID(string(old.ID), old.Version), updates, sends)
	if err != nil {
		return remote.Ref{}, err
	}
	return remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey}, nil
}

func (m *mail) changeItem(ctx context.Context, op string, k pim.Kind, id el, updates []el, sends string) (*item, error) {
	body := node("m:UpdateItem", node("m:ItemChanges", node("t:ItemChange", id, node("t:Updates", updates...)))).with("ConflictResolution", "NeverOverwrite")
	if k == pim.KindEvent {
		body = body.with("SendMeetingInvitationsOrCancellations", sends)
	}
	a, err := m.account.call(ctx, request{op: op, body: body, write: true})
	if err != nil {
		return nil, err
	}
	return written(a, op)
}

// Delete implements remote.Remote. What is deleted goes to the bin, where people find it. Exchange compares no version here, so it is
// read just before.
func (m *mail) Delete(ctx context.Context, c remote.CollectionID, old remote.Ref, how remote.Removal) error {
	if s, err := m.shelf(ctx, opDelete, c); err == nil && s.kind == pim.KindMessage {
		return mailStays(opDelete)
	}
	if how == remote.Unassign {
		return pim.Errorf(opDelete, pim.ErrUnsupported, "items of a mailbox are nobody else's")
	}
	now, err := m.version(ctx, opDelete, string(old.ID))
	if err != nil {
		return err
	}
	if old.Version != "" && now != old.Version {
		return &pim.Error{Op: opDelete, Kind: pim.ErrConflict}
	}
	return m.remove(ctx, opDelete, itemID(string(old.ID), now), "MoveToDeletedItems")
}

// remove deletes an item, or an occurrence. The attributes for meetings and tasks are demanded of these and do no harm to others.
func (m *mail) remove(ctx context.Context, op string, id el, how string) error {
	body := node("m:DeleteItem", node("m:ItemIds", id)).with("DeleteType", how).
		with("SendMeetingCancellations", m.sends(pim.AllOf(pim.KindEvent))).with("AffectedTaskOccurrences", "AllOccurrences")
	a, err := m.account.call(ctx, request{op: op, body: body, write: true})
	if err != nil {
		return err
	}
	_, err = a.only(op)
	return err
}

// Mark implements remote.Marker.
func (m *mail) Mark(ctx context.Context, c remote.CollectionID, old remote.Ref, key string) (remote.Ref, error) {
	const op = "ews: mark"
	s, err := m.shelf(ctx, op, c)
	if err == nil && s.kind == pim.KindMessage {
		err = mailStays(op)
	}
	if err != nil {
		return remote.Ref{}, err
	}
	if old.Version == "" {
		if old.Version, err = m.version(ctx, op, string(old.ID)); err != nil {
			return remote.Ref{}, err
		}
	}
	w := m.writing(pim.New(s.kind))
	w.extended(marker, key)
	return m.change(ctx, op, s.kind, old, w.updates(), sendNone)
}

// private are the fields of a meeting that are the mailbox's own: nobody is told of a change.
var private = pim.Set(pim.FieldCategories, pim.FieldReminders, pim.FieldClass, pim.FieldFree, pim.FieldPriority, pim.FieldAttachments)

// sends tells whom a write of these fields may mail.
func (m *mail) sends(set pim.FieldSet) string {
	if m.settings["invitations"] == inviteAll && !set.Minus(private).IsEmpty() {
		return sendAll
	}
	return sendNone
}

// Mails implements remote.Mailer.
func (m *mail) Mails(ctx context.Context, _ remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	if m.settings["invitations"] != inviteAll || e.Item != nil && e.Item.Kind() != pim.KindEvent {
		return nil, nil
	}
	if e.Item != nil && old.ID != "" && m.sends(tables[pim.KindEvent].writable(changed)) == sendNone {
		return nil, nil
	}
	var people []pim.Attendee
	if old.ID != "" {
		it, err := m.attended(ctx, old)
		if err != nil {
			return nil, err
		}
		if !organises(it, m.account.mailbox) {
			return m.mailedAnswer(it, e, changed), nil
		}
		people = it.Attendees
	}
	if v, ok := e.Item.(*pim.Event); ok && organises(v, m.account.mailbox) && (old.ID == "" || changed.Has(pim.FieldAttendees)) {
		people = append(people, v.Attendees...)
	}
	var out []string
	for _, p := range people {
		if strings.Contains(p.Email, "@") && !strings.EqualFold(p.Email, m.account.mailbox) && !slices.Contains(out, p.Email) {
			out = append(out, p.Email)
		}
	}
	return out, nil
}

// mailedAnswer is the organiser of a meeting whom the mailbox's new answer is sent to.
func (m *mail) mailedAnswer(now *pim.Event, e remote.Entry, changed pim.FieldSet) []string {
	v, ok := e.Item.(*pim.Event)
	if !ok || !changed.Has(pim.FieldAttendees) {
		return nil
	}
	was, _ := ownAnswer(now, m.account.mailbox)
	if wanted, there := ownAnswer(v, m.account.mailbox); there && wanted != was && responses[wanted] != "" {
		return []string{now.Organizer.Email}
	}
	return nil
}

// attended is an item's meeting; of what is none it is empty.
func (m *mail) attended(ctx context.Context, old remote.Ref) (*pim.Event, error) {
	const op = "ews: attendees"
	if _, err := m.version(ctx, op, string(old.ID)); err != nil {
		return nil, err
	}
	items, err := m.loadUpTo(ctx, op, pim.KindEvent, []string{string(old.ID)}, 1)
	if err != nil || len(items) == 0 {
		return &pim.Event{}, err
	}
	return m.zones.record(&items[0]).Item.(*pim.Event), nil
}

// organises reports a meeting that the mailbox invites to: its organiser is the mailbox or nobody yet.
func organises(e *pim.Event, mailbox string) bool {
	return e.Organizer.Email == "" || mailbox == "" || strings.EqualFold(e.Organizer.Email, mailbox)
}
