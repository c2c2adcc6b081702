package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// transaction is the id by which Graph knows a repeated POST again (event: transactionId): a GUID made of the key.
func transaction(key string) string {
	sum := sha256.Sum256([]byte("graph transaction " + key))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (s *events) create(ctx context.Context, e remote.Entry, key string) (remote.Record, error) {
	const op = "graph: create"
	it := e.Item.(*pim.Event)
	d := &draft[*event]{props: map[string]any{}, now: &event{}, fresh: true, set: pim.AllOf(pim.KindEvent)}
	ours, err := s.organises(ctx, it)
	if err != nil {
		return remote.Record{}, err
	}
	if !ours || len(it.Attendees) == 0 {
		d.set = d.set.Minus(pim.Set(pim.FieldAttendees))
	}
	if it.Recurrence == nil {
		d.set = d.set.Minus(pim.Set(pim.FieldRecurrence))
	}
	if err := s.eventTable.write(d, it); err != nil {
		return remote.Record{}, err
	}
	d.put("transactionId", transaction(key))
	d.put("singleValueExtendedProperties", keyed(key))
	a, err := s.send(ctx, request{op: op, method: "POST", path: s.home() + "/events", prefer: reading(), body: d.props, again: true})
	if pim.ReasonOf(err) == pim.ErrExists {
		return s.madeBefore(ctx, op, e, key)
	}
	if err != nil {
		return remote.Record{}, err
	}
	var made event
	if err := a.written(op, &made); err != nil {
		return remote.Record{}, err
	}
	wrote, notes, err := s.writeFiles(ctx, op, s.path(remote.ItemID(made.ID)), fileAttachment, nil, it.Attachments)
	d.notes = append(d.notes, notes...)
	if err != nil {
		return remote.Record{}, err
	}
	if it.Recurrence != nil && len(it.Recurrence.Except)+len(it.Recurrence.Changed) > 0 {
		rec, err := s.reshape(ctx, op, made.ID, it, d.notes)
		rec.Key = key
		return rec, err
	}
	after := &made
	if wrote {
		if after, err = s.current(ctx, op, remote.ItemID(made.ID)); err != nil {
			return remote.Record{}, err
		}
	}
	rec := s.record(after)
	rec.Key, rec.Notes = key, d.notes
	return rec, nil
}

// madeBefore is the event of a transaction that is known: an earlier try made it, and it may be deleted since.
func (s *events) madeBefore(ctx context.Context, op string, e remote.Entry, key string) (remote.Record, error) {
	rec, found, err := s.find(ctx, s, key)
	switch {
	case err != nil:
		return remote.Record{}, err
	case !found:
		return remote.Record{}, missing(op)
	}
	return s.complete(ctx, rec, e)
}

// complete makes the occurrences of a new series differ.
func (s *events) complete(ctx context.Context, rec remote.Record, e remote.Entry) (remote.Record, error) {
	const op = "graph: create"
	if files := e.Item.(*pim.Event).Attachments; carried(files) && !carried(pim.AttachmentsOf(rec.Item)) {
		_, notes, err := s.writeFiles(ctx, op, s.path(rec.ID), fileAttachment, nil, files)
		if err != nil {
			return rec, err
		}
		now, err := s.current(ctx, op, rec.ID)
		if err != nil {
			return rec, err
		}
		key := rec.Key
		rec = s.record(now)
		rec.Key, rec.Notes = key, notes
	}
	want, is := e.Item.(*pim.Event).Recurrence, rec.Item.(*pim.Event).Recurrence
	if want == nil || is == nil || len(want.Except)+len(want.Changed) == 0 || len(is.Except)+len(is.Changed) > 0 {
		return rec, nil
	}
	done, err := s.reshape(ctx, op, string(rec.ID), e.Item.(*pim.Event), nil)
	done.Key = rec.Key
	return done, err
}

// organises reports an event whose attendees this mailbox is to invite: its own, or nobody's yet. One that somebody else organises
// is mirrored without them, for Graph would invite them in the name of this mailbox.
func (c *connector) organises(ctx context.Context, it *pim.Event) (bool, error) {
	if len(it.Attendees) == 0 || it.Organizer.Email == "" {
		return it.Organizer.IsZero() || it.Organizer.Email == "", nil
	}
	return c.mine(ctx, it.Organizer.Email)
}

func (s *events) current(ctx context.Context, op string, id remote.ItemID) (*event, error) {
	all, err := s.load(ctx, []string{string(id)})
	if err == nil {
		err = s.withFiles(ctx, all, 0)
	}
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || all[0].part() {
		return nil, missing(op)
	}
	return &all[0], nil
}

func (s *events) update(ctx context.Context, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "graph: update"
	now, err := s.current(ctx, op, old.ID)
	if err != nil {
		return remote.Record{}, err
	}
	if err := now.expect(op, old.Version); err != nil {
		return remote.Record{}, err
	}
	is := s.item(now)
	want := pim.Clone(is).(*pim.Event)
	pim.Copy(want, e.Item, changed)
	d := &draft[*event]{props: map[string]any{}, now: now, set: changed}
	rewrite, err := s.rewritten(now, is, want, changed)
	if err != nil {
		return remote.Record{}, err
	}
	// A pattern that stays is not sent: a new one makes Exchange forget what differs from the series.
	d.set = d.set.Minus(pim.Set(pim.FieldRecurrence))
	if rewrite {
		d.set = d.set.Or(pim.Set(pim.FieldRecurrence, pim.FieldTime))
	}
	if err := s.eventTable.write(d, want); err != nil {
		return remote.Record{}, err
	}
	after, err := s.patch(ctx, op, now, old.Version, d.props)
	if err != nil {
		return remote.Record{}, err
	}
	wrote := false
	if changed.Has(pim.FieldAttachments) {
		var notes []remote.Note
		wrote, notes, err = s.writeFiles(ctx, op, s.path(old.ID), fileAttachment, now.files, e.Item.(*pim.Event).Attachments)
		if d.notes = append(d.notes, notes...); err != nil {
			return remote.Record{}, err
		}
	}
	if answer, other := s.answering(now, want, changed); other {
		given, err := s.respond(ctx, op, now, answer, d)
		if err != nil {
			return remote.Record{}, err
		}
		if given && answer == "declined" {
			return remote.Record{Ref: after.ref(), Item: want, Notes: d.notes}, nil
		}
		wrote = wrote || given
	}
	if changed.Has(pim.FieldRecurrence) && want.Recurrence != nil {
		s.unanswered(now, is, want, d)
		return s.reshape(ctx, op, now.ID, want, d.notes)
	}
	after.files = now.files
	if wrote || after.Type == typeMaster { // the answer to a change does not show what differs from a series
		if after, err = s.current(ctx, op, old.ID); err != nil {
			return remote.Record{}, err
		}
	}
	after.Extended = now.Extended
	rec := s.record(after)
	rec.Notes = d.notes
	return rec, nil
}

// patch changes properties of an object that was just read. The version is checked by Graph, too; a 412 although nothing has
// changed is seen in passing, and tried once more.
func (s *events) patch(ctx context.Context, op string, now *event, expected string, props map[string]any) (*event, error) {
	if len(props) == 0 {
		return now, nil
	}
	for try := 0; ; try++ {
		a, err := s.send(ctx, request{op: op, method: "PATCH", path: s.path(remote.ItemID(now.ID)), prefer: reading(), match: now.version(), body: props})
		if err == nil {
			after := &event{}
			return after, a.written(op, after)
		}
		if pim.ReasonOf(err) != pim.ErrConflict || try > 0 {
			return nil, err
		}
		again, lerr := s.load(ctx, []string{now.ID})
		if lerr != nil || len(again) == 0 || expected != "" && again[0].version() != expected {
			return nil, err
		}
		now = &again[0]
	}
}

// Mails implements remote.Mailer. Graph mails the attendees of a meeting of this mailbox with every write, and there is no way to
// ask it not to ("Create event", "Update event", "Delete event"). Of what others organise an answer alone mails, where the settings say so. An empty set is a write that
// changes nothing people see, such as that of a key: it mails as well.
func (c *connector) Mails(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	sh, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	s, ok := sh.(*events)
	if !ok {
		return nil, nil // tasks and contacts invite nobody
	}
	it, _ := e.Item.(*pim.Event)
	if old.ID == "" {
		if it == nil {
			return nil, nil
		}
		ours, err := c.organises(ctx, it)
		if err != nil || !ours {
			return nil, err
		}
		return c.others(ctx, nil, it.Attendees)
	}
	now, err := s.current(ctx, "graph: mails", old.ID)
	if err != nil {
		return nil, err
	}
	if !now.Organising {
		if answer, other := s.answering(now, it, changed); other && action(answer) != "" && s.mailsAnswers {
			return []string{now.Organizer.EmailAddress.Address}, nil
		}
		return nil, nil
	}
	if it == nil {
		return c.others(ctx, now.Attendees, nil)
	}
	if tr := c.Traits(); !changed.IsEmpty() && changed.And(tr.Carries[pim.KindEvent]).Minus(tr.ReadOnly).IsEmpty() {
		return nil, nil // nothing of it is written
	}
	var invited []pim.Attendee
	if changed.Has(pim.FieldAttendees) {
		invited = it.Attendees
	}
	return c.others(ctx, now.Attendees, invited)
}

// others are the addresses of both lists, each once, without the mailbox's own.
func (c *connector) others(ctx context.Context, now []attendee, then []pim.Attendee) ([]string, error) {
	var all, out []string
	for _, a := range now {
		all = append(all, a.EmailAddress.Address)
	}
	for _, a := range then {
		all = append(all, a.Email)
	}
	seen := map[string]bool{}
	for _, address := range all {
		lower := strings.ToLower(address)
		if address == "" || seen[lower] {
			continue
		}
		seen[lower] = true
		mine, err := c.mine(ctx, address)
		if err != nil {
			return nil, err
		}
		if !mine {
			out = append(out, address)
		}
	}
	return out, nil
}
