package creatio

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// messages are e-mails: activities of the type that events and tasks leave out. Their people are participants with the role of a
// line of the header. The id of one is made of the key alone, and so the same whoever brings it.
type messages struct{ *activities }

// mailLists are the pick-lists that e-mails are read and written with.
type mailLists struct {
	activityLists
	ways, sending *table
}

func (s *messages) lists(ctx context.Context) (l mailLists, err error) {
	if l.activityLists, err = s.activities.lists(ctx); err != nil {
		return l, err
	}
	if l.ways, err = s.lookups.get(ctx, "EmailType"); err != nil {
		return l, err
	}
	if l.sending, err = s.lookups.get(ctx, "EmailSendStatus"); err != nil {
		return l, err
	}
	if l.types.ids[typeEmail] == "" {
		err = pim.Errorf("creatio: e-mail", pim.ErrUnsupported, "no activity type of this site is recognised as e-mail; name its id in lookup_ids (%s)", typeEmail)
	}
	return l, err
}

func (s *messages) scope(ctx context.Context, sc remote.Scope, kinds pim.KindSet) (view, error) {
	v, err := s.view(ctx, sc, kinds)
	if err != nil {
		return v, err
	}
	l, err := s.lists(ctx)
	if err != nil {
		return v, err
	}
	conds := []cond{v.spell.is("Type", "eq", l.types.ids[typeEmail])}
	if len(sc.Types) > 0 {
		conds = append(conds, v.spell.among("ActivityCategory", v.typesIn(l.categories)))
	}
	if !sc.From.IsZero() {
		conds = append(conds, compare("DueDate", "ge", literal(sc.From)))
	}
	if !sc.Until.IsZero() {
		conds = append(conds, compare("StartDate", "le", literal(sc.Until)))
	}
	v.shared = all(conds...)
	v.finish()
	return v, nil
}

// mails asks for e-mails with their participants; other activities are left out.
func (s *messages) mails(ctx context.Context, q query, skip func(row) bool) (out []activity, l mailLists, b batch, err error) {
	if l, err = s.lists(ctx); err != nil {
		return nil, l, b, err
	}
	q.sel = append([]string{"Id", "CreatedOn", "ModifiedOn", "TypeId", "ActivityCategoryId"}, messageFields().Asked()...)
	q.expand = "Owner($select=Id,Name,Email),Contact($select=Id,Name),Account($select=Id,Name)"
	rows, more, err := s.site.rows(ctx, s.entity(), q)
	if err != nil {
		return nil, l, b, err
	}
	b.more = more
	var ids []guid
	for _, r := range rows {
		b.stamps = append(b.stamps, r.time("ModifiedOn"))
		if isEmail(r, l.activityLists) && (skip == nil || !skip(r)) {
			out, ids = append(out, activity{row: r}), append(ids, r.id())
		}
	}
	parts, err := s.kids(ctx, participants(), ids)
	for i := range out {
		out[i].parts = parts[out[i].id()]
	}
	return out, l, b, err
}

func (s *messages) records(ctx context.Context, q query, skip func(row) bool) (batch, error) {
	rows, l, b, err := s.mails(ctx, q, skip)
	if err != nil {
		return batch{}, err
	}
	for _, r := range rows {
		b.items = append(b.items, s.load(r, l))
	}
	return b, nil
}

func (s *messages) load(r activity, l mailLists) loaded {
	x := s.activities.load(r, l.activityLists)
	m := &pim.Message{}
	messageFields().Read(messageRead{r, l}, m)
	x.rec.Item = m
	return x
}

func (s *messages) made(key string) guid { return madeID("message", key) }

func (s *messages) create(ctx context.Context, k *looking, e remote.Entry, key string) (remote.Record, error) {
	const op = "creatio: create"
	m := e.Item.(*pim.Message)
	l, err := s.lists(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	me, err := s.people.me(ctx)
	if err != nil {
		return remote.Record{}, err
	}
	id := s.made(key)
	w := &messageWrite{messages: s, ctx: ctx, k: k, m: m, l: l, out: row{}}
	if err := messageFields().Write(pim.KindMessage, pim.AllOf(pim.KindMessage), w); err != nil {
		return remote.Record{}, err
	}
	r := w.out
	r["Id"], r["OwnerId"], r["AuthorId"], r["TypeId"], r["ShowInScheduler"] = id, me, me, l.types.ids[typeEmail], false
	// Done, and sent: Creatio has nothing to do about it, and sends nothing.
	known := map[string]guid{"ActivityCategoryId": l.categories.ids[categoryEmail], "StatusId": l.statuses.ids[statusDone], "EmailSendStatusId": l.sending.ids[mailSent]}
	for col, v := range known {
		if v != "" {
			r[col] = v
		}
	}
	if r["StartDate"] == nil {
		now := s.env.Now().UTC()
		r["StartDate"], r["DueDate"] = now, now
	}
	made, err := s.insertTied(ctx, s.entity(), r, e.Relations)
	if err != nil {
		return remote.Record{}, err
	}
	if err := s.correspond(ctx, id, nil, m, l, !made); err != nil {
		return remote.Record{}, err
	}
	x, err := s.single(ctx, s, op, id)
	x.rec.Key, x.rec.Notes = key, k.notes
	return x.rec, err
}

func (s *messages) update(ctx context.Context, k *looking, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "creatio: update"
	id, _ := parseGUID(string(old.ID))
	rows, l, _, err := s.mails(ctx, query{filter: anyID([]guid{id}), top: 1}, nil)
	if err != nil {
		return remote.Record{}, err
	}
	if len(rows) == 0 {
		return remote.Record{}, missing(op)
	}
	cur := rows[0]
	if err := unchanged(op, version(cur.row, cur.parts), old.Version); err != nil {
		return remote.Record{}, err
	}
	if changed.IsEmpty() {
		return s.load(cur, l).rec, nil
	}
	m := e.Item.(*pim.Message)
	w := &messageWrite{messages: s, ctx: ctx, k: k, m: m, l: l, out: row{}}
	if err := messageFields().Write(pim.KindMessage, changed, w); err != nil {
		return remote.Record{}, err
	}
	if err := s.site.update(ctx, s.entity(), id, cur.differing(w.out)); err != nil {
		return remote.Record{}, gone(op, err)
	}
	if people := pim.Set(pim.FieldFrom, pim.FieldTo, pim.FieldCc, pim.FieldBcc); !changed.And(people).IsEmpty() {
		after := pim.Clone(s.load(cur, l).rec.Item).(*pim.Message)
		pim.Copy(after, m, changed.And(people))
		if err := s.correspond(ctx, id, cur.parts, after, l, false); err != nil {
			return remote.Record{}, err
		}
	}
	x, err := s.single(ctx, s, op, id)
	x.rec.Notes = k.notes
	return x.rec, err
}

// correspond makes those who are contacts in Creatio participants, each with the role of the line that names them; who is not named
// any more goes. Of an activity that was there before, maybe by somebody else whose copy of the message names others (Bcc), it is
// asked first who takes part, and nobody goes.
func (s *messages) correspond(ctx context.Context, id guid, have []row, m *pim.Message, l mailLists, before bool) error {
	if before {
		kids, err := s.kids(ctx, participants(), []guid{id})
		if err != nil {
			return err
		}
		have = kids[id]
	}
	who, err := s.people.find(ctx, m.Correspondents())
	if err != nil {
		return err
	}
	type part struct{ role, contact guid }
	var keep []part
	for _, line := range []struct {
		word   string
		people []pim.Person
	}{{roleFrom, []pim.Person{m.From}}, {roleTo, m.To}, {roleCC, m.Cc}, {roleBCC, m.Bcc}} {
		for _, p := range line.people {
			x := part{l.roles.ids[line.word], who[personKey(p)]}
			if p.Email == "" || x.contact == "" || x.role == "" || slices.Contains(keep, x) {
				continue
			}
			keep = append(keep, x)
			if slices.ContainsFunc(have, func(r row) bool { return r.ref("RoleId") == x.role && r.ref("ParticipantId") == x.contact }) {
				continue
			}
			r := row{"Id": madeID("correspondent", string(id), string(x.role), string(x.contact)), "ActivityId": id, "ParticipantId": x.contact, "RoleId": x.role}
			if _, err := s.site.insert(ctx, "ActivityParticipant", r); err != nil {
				return err
			}
		}
	}
	if before {
		return nil
	}
	for _, r := range have {
		if x := (part{r.ref("RoleId"), r.ref("ParticipantId")}); !mailRole(r, l.activityLists) || slices.Contains(keep, x) {
			continue
		}
		if err := s.site.remove(ctx, "ActivityParticipant", r.id()); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return err
		}
	}
	return nil
}
