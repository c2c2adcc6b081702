package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// merge brings both sides together by field. One side's change alone, both sides'
// equal changes and real merges are the same work with more or fewer fields.
func (r *run) merge(ctx context.Context, v view) error {
	if v.local.Kind() != v.theirs.Kind() {
		return pim.Errorf("relay: merge", pim.ErrUnsupported, "the item is a %s here and a %s there", v.local.Kind(), v.theirs.Kind())
	}
	m := r.resentFields(v, r.merging()(r.sides(v)))
	p, now := v.pair, v.theirs
	p.Mask = v.mask()
	var sent store.Step
	if !m.ToRemote.IsEmpty() {
		if err := r.keepable(m.Item); err != nil {
			return err
		}
		rec, step, err := r.updateRemote(ctx, p, v, m)
		if err != nil {
			return err
		}
		sent = step
		if err := r.theirs(&p, rec, r.carried(v.kind())); err != nil {
			return err
		}
		if p.Notes, err = noted(p.Notes, rec.Notes, m.ToRemote); err != nil {
			return err
		}
		now = rec.Item
		if r.sentAgain(v) {
			local, theirs := v.shownLocal(m.Item), v.shownTheirs(now)
			if p.Notes, err = r.keeping(p.Notes, pim.Diff(local, theirs, m.ToRemote), local, theirs); err != nil {
				return err
			}
		}
		sent.Cut = tell(shortenedIn(m.Item, now, m.ToRemote.And(cuttable(r.traits.TextLimit))))
	}
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.sentStep(tx, sent, memo{Pair: v.pair, After: p.TheirItem}); err != nil {
			return err
		}
		if err := r.merged(tx, p, v, m, now); err != nil || !v.away.local && !v.away.theirs {
			return err
		}
		// What is not to be on the other side goes once what changed there is saved.
		kept, err := tx.Pair(p.ID)
		if err != nil || m.ToLocal.IsEmpty() && m.ToRemote.IsEmpty() {
			return err
		}
		wake(&kept)
		return tx.SavePair(&kept)
	})
}

func (r *run) sides(v view) Sides {
	kind := v.local.Kind()
	s := Sides{
		BaseLocal: v.localBase, Local: v.shownLocal(v.local), BaseRemote: v.remoteBase, Remote: v.shownTheirs(v.theirs),
		Carried: r.carried(kind), Writable: r.writable(kind), MayIn: r.mayIn(v), MayOut: r.mayOut(v), VeiledLocal: v.veiled.local, VeiledRemote: v.veiled.theirs,
		LocalAt: v.object.UpdatedAt, TextLimit: r.traits.TextLimit, Policy: r.rules.Policy, RemoteName: rule.PreferCRM, Asked: v.asked,
	}
	if v.pair.TheirModified != nil {
		s.RemoteAt = *v.pair.TheirModified
	}
	if r.link.Side == store.Exchange {
		s.RemoteName = rule.PreferMail
	}
	return s
}

// sentStep tells what was written to the remote; a step without fields is of a write that
// changed nothing there, which is no change to tell.
func (r *run) sentStep(tx *store.Tx, sent store.Step, m memo) error {
	switch {
	case sent.Action == "":
		return nil
	case sent.Fields == "":
		return r.missed(tx, sent)
	}
	return r.achieved(tx, sent, m)
}

// changedBy are the fields of a write that it changed on the remote. A record with another version
// was written to all the same, as far as anybody can see.
func changedBy(before, after remote.Record, set pim.FieldSet) pim.FieldSet {
	changed := pim.Diff(before.Item, after.Item, set)
	if changed.IsEmpty() && after.Version != before.Version {
		return set
	}
	return changed
}

// updateRemote writes the merged fields, the intent stored first. Of a write that changed
// nothing the step has no fields.
func (r *run) updateRemote(ctx context.Context, p store.Pair, v view, m Merged) (remote.Record, store.Step, error) {
	ref := remote.Ref{ID: remote.ItemID(p.RemoteID), Version: p.TheirVersion}
	sent, err := r.handed(v, staying(m))
	if err != nil {
		return remote.Record{}, store.Step{}, err
	}
	if err := r.unmailed(ctx, v, ref, v.entry(sent), m.ToRemote); err != nil {
		return remote.Record{}, store.Step{}, err
	}
	p.Intent = "update"
	st := store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "update", Fields: m.ToRemote.String()}
	wanted := pim.Clone(v.theirs)
	pim.Copy(wanted, sent, m.ToRemote)
	after, err := pim.EncodeItem(r.limit(wanted))
	if err != nil {
		return remote.Record{}, st, err
	}
	err = r.update(ctx, func(tx *store.Tx) error {
		if err := r.unmoved(tx, &v); err != nil {
			return err
		}
		// The values that are about to be overwritten are reported first: once
		// they are, a lost answer must not be able to hide that.
		if err := r.report(tx, p, v, m); err != nil {
			return err
		}
		if err := r.intend(tx, &st, memo{Pair: v.pair, After: after}); err != nil {
			return err
		}
		return tx.SavePair(&p)
	})
	if err != nil {
		return remote.Record{}, st, err
	}
	if err := r.at("intent stored"); err != nil {
		return remote.Record{}, st, err
	}
	var rec remote.Record
	rec, err = r.rem.Update(ctx, remote.CollectionID(r.link.Remote), ref, v.entry(sent), m.ToRemote)
	if errors.Is(err, pim.ErrConflict) || errors.Is(err, pim.ErrNotFound) {
		return rec, st, errors.Join(errChangedThere, r.update(ctx, func(tx *store.Tx) error { return r.missed(tx, st) }))
	}
	if err != nil {
		return rec, st, r.undone(ctx, p, st, err)
	}
	if err := r.at("remote written"); err != nil {
		return rec, st, err
	}
	if rec, err = r.whole(ctx, rec); err != nil {
		return rec, st, err
	}
	rec.Item = r.limit(rec.Item)
	changed := changedBy(remote.Record{Ref: ref, Item: v.theirs}, rec, m.ToRemote)
	if st.Fields = changed.String(); !changed.IsEmpty() {
		r.count(func(c *Counts) { c.UpdatedRemote++ })
	}
	return rec, st, nil
}

// merged writes the hub's part and the new base in one transaction.
func (r *run) merged(tx *store.Tx, p store.Pair, v view, m Merged, now pim.Item) error {
	if err := r.inStep(tx, v.object); err != nil {
		return err
	}
	settled, err := r.meanwhile(tx, &v)
	if err != nil {
		return err
	}
	if m.ToRemote.IsEmpty() {
		if settled {
			return errStale
		}
		if err := r.report(tx, p, v, m); err != nil {
			return err
		}
	}
	if !m.ToLocal.IsEmpty() && !m.ToRemote.IsEmpty() {
		tx.AfterCommit(func() { r.count(func(c *Counts) { c.Merged++ }) })
	}
	o, err := tx.ObjectByID(v.object.ID)
	if err != nil {
		return err
	}
	late := r.late(v, m, now)
	sentItem := pim.Clone(v.local)
	if o.Seq != v.object.Seq || o.Deleted {
		// Changed while the remote was written: what was sent is the base, what
		// came in is merged again at the next look.
		localBase, remoteBase := bases(v, m, sentItem, now)
		pim.Copy(remoteBase, orNew(v.remoteBase, v.kind()), m.ToLocal)
		pim.Copy(remoteBase, v.shownTheirs(v.theirs), late)
		if err := r.base(tx, &p, v.object, v.local, now, localBase, remoteBase); err != nil {
			return err
		}
		if !m.ToLocal.Or(late).IsEmpty() {
			p.RemotePrint = "" // the remote's own changes still have to come over
		}
		wake(&p)
		return tx.SavePair(&p)
	}
	if m.ToLocal.IsEmpty() {
		localBase, remoteBase := bases(v, m, v.local, now)
		pim.Copy(remoteBase, v.shownTheirs(v.theirs), late)
		if err := r.base(tx, &p, o, v.local, now, localBase, remoteBase); err != nil {
			return err
		}
		if settled || !late.IsEmpty() {
			return r.again(tx, p)
		}
		v.pair, v.object, v.theirs, v.localBase, v.remoteBase = p, o, now, localBase, remoteBase
		return r.annotate(tx, v)
	}
	// The object is written anyway: notes go along.
	given := r.withURL(now, p.URL)
	notes := r.notes(v.local, given)
	if o.CollectionID != r.coll.ID {
		notes = pim.FieldSet{} // the series is no better for them
	}
	pim.Copy(m.Item, given, notes)
	fit, err := r.codec.fitted(o.Text, m.Item, r.withinHere(v))
	if err != nil {
		return err
	}
	w, err := r.codec.apply(o.Text, fit, m.ToLocal.Or(notes))
	if err != nil {
		return err
	}
	before := o
	if o, err = r.put(tx, o.CollectionID, w, o.Name, o.UID, o.Kind); err != nil {
		return err
	}
	err = r.wrote(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "update", Fields: m.ToLocal.String()},
		memo{Pair: v.pair, Object: o.ID, Name: o.Name, Kind: o.Kind, Seq: o.Seq, Text: before.Text}, func(c *Counts) { c.UpdatedLocal++ })
	if err != nil {
		return err
	}
	local, err := r.read(o.Kind, o.Text)
	if err != nil {
		return err
	}
	localBase, remoteBase := bases(v, m, local, now)
	pim.Copy(remoteBase, v.shownTheirs(v.theirs), late)
	if err := r.base(tx, &p, o, local, now, localBase, remoteBase); err != nil || late.IsEmpty() && !settled {
		return err
	}
	return r.again(tx, p)
}

// late are the fields that are others since a write to the remote and not by it: it had nothing to do with them, or they
// are somebody else's words by now. A person's change in between, or what the remote made of the fields that were written:
// either way it is the remote's change, and still has to come over.
func (r *run) late(v view, m Merged, now pim.Item) pim.FieldSet {
	if m.ToRemote.IsEmpty() {
		return pim.FieldSet{}
	}
	others := pim.Diff(v.shownTheirs(v.theirs), v.shownTheirs(now), r.carried(v.kind()))
	return others.Minus(m.ToRemote).Or(retold(m.Item, v.shownTheirs(now), others.And(m.ToRemote)))
}

// again leaves a pair to be looked at once more, field by field: not all of it is dealt with.
func (r *run) again(tx *store.Tx, p store.Pair) error {
	p.LocalPrint, p.RemotePrint = "", ""
	wake(&p)
	return tx.SavePair(&p)
}

// bases are the two sides as agreed, except that open fields keep the base they
// had: they still count as changed on both sides.
func bases(v view, m Merged, local, theirs pim.Item) (localBase, remoteBase pim.Item) {
	localBase, remoteBase = pim.Clone(v.shownLocal(local)), pim.Clone(v.shownTheirs(theirs))
	localBase, remoteBase = m.heldOut.in(localBase, v.localBase), m.heldIn.in(remoteBase, v.remoteBase)
	pim.Copy(localBase, orNew(v.localBase, local.Kind()), m.Open.Or(m.KeptOut))
	pim.Copy(remoteBase, orNew(v.remoteBase, local.Kind()), m.Open.Or(m.KeptIn))
	return localBase, remoteBase
}

func orNew(it pim.Item, k pim.Kind) pim.Item {
	if it == nil {
		return pim.New(k)
	}
	return it
}

// report keeps both values of every collision, whoever won, in full. An open report
// of the same pair is brought up to date instead of doubled; one whose fields do
// not collide any more is closed.
func (r *run) report(tx *store.Tx, p store.Pair, v view, m Merged) error {
	open, err := tx.OpenConflict(v.object.ID, r.link.ID)
	has := err == nil
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if m.Open.IsEmpty() && has {
		if _, err := tx.ResolveConflict(open.ID, superseded, r.by()); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		fields     pim.FieldSet
		resolution string
	}{{m.Settled, "policy " + string(r.rules.Policy)}, {m.Open, ""}} {
		if part.fields.IsEmpty() {
			continue
		}
		c, err := r.conflict(p, v, part.fields)
		if err != nil {
			return err
		}
		known, err := reported(tx, c, part.resolution)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if part.resolution == "" && has {
			c.ID, c.CreatedAt = open.ID, open.CreatedAt
			c.Base = r.agreedBase(open.Base, v, part.fields)
			if err := tx.UpdateConflict(c); err != nil {
				return err
			}
			continue
		}
		if c, err = tx.AddConflict(c); err != nil {
			return err
		}
		if part.resolution != "" {
			if _, err := tx.ResolveConflict(c.ID, part.resolution, r.by()); err != nil {
				return err
			}
			continue
		}
		r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "conflict", Fields: part.fields.String()}, func(n *Counts) { n.Conflicts++ })
	}
	return nil
}

// reported tells whether there is a report of the very same collision already, ended
// in the same way, from a try that did not come to its end.
func reported(tx *store.Tx, c store.Conflict, resolution string) (bool, error) {
	recent, err := tx.Conflicts(store.ConflictFilter{Object: c.ObjectID, Link: c.LinkID, Limit: 5})
	for _, old := range recent {
		if old.Resolution == resolution && old.Fields == c.Fields && bytes.Equal(old.Mine, c.Mine) && bytes.Equal(old.Theirs, c.Theirs) {
			return true, err
		}
	}
	return false, err
}

// agreedBase is a text with what both sides last agreed on in some fields: the bases of fields
// may be of different times, and a text is of one.
func (r *run) agreedBase(text []byte, v view, fields pim.FieldSet) []byte {
	it, err := r.codec.read(v.kind(), text)
	if err != nil || it == nil || v.localBase == nil || v.localBase.Kind() != it.Kind() {
		return text
	}
	differing := pim.Diff(r.limit(it), v.localBase, fields)
	if differing.IsEmpty() {
		return text
	}
	base := over(it, v.localBase, r.withinHere(v))
	w, err := r.codec.apply(text, base, differing)
	if err != nil {
		return text // it is for people to read; the bases themselves are in the pair
	}
	return w.text
}

// conflict is the report of v over some fields. Theirs is the object's text with
// the remote's values, so that it can be read and taken like any other.
func (r *run) conflict(p store.Pair, v view, fields pim.FieldSet) (store.Conflict, error) {
	theirs, err := r.codec.fitted(v.object.Text, v.shownTheirs(v.theirs), r.withinHere(v))
	if err != nil {
		return store.Conflict{}, err
	}
	w, err := r.codec.apply(v.object.Text, theirs, r.carried(v.kind()))
	if err != nil {
		return store.Conflict{}, err
	}
	ids, err := json.Marshal(fields)
	if err != nil {
		return store.Conflict{}, err
	}
	return store.Conflict{
		UserID: r.user.ID, CollectionID: v.object.CollectionID, ObjectID: v.object.ID, LinkID: r.link.ID,
		Name: v.object.Name, UID: p.UID, Kind: v.kind(), Cause: store.CauseRelay, Device: r.link.Name,
		Base: r.agreedBase(p.LocalText, v, fields), Mine: v.object.Text, Theirs: w.text, Fields: string(ids), TheirVersion: p.TheirVersion,
	}, nil
}
