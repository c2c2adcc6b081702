package relay

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// createRemote makes the remote item of an object. The intent is stored first, so
// that a lost answer is looked for before anything is made again.
func (r *run) createRemote(ctx context.Context, v view) error {
	it, err := r.handed(v, r.outgoing(v))
	if err != nil {
		return err
	}
	if err := r.keepable(it); err != nil {
		return err
	}
	rec, found, err := r.already(ctx, v)
	if err == nil && found {
		err = r.reunite(ctx, v, rec)
	}
	if err != nil {
		return err
	}
	if found {
		return errStale
	}
	if err := r.unmailed(ctx, v, remote.Ref{}, v.entry(it), r.writable(v.kind())); err != nil {
		return err
	}
	e, err := r.resolved(ctx, v, it)
	if err != nil {
		return err
	}
	p := v.pair
	anew := p.RemoteID != "" || p.Key == "" || p.RemoteGone
	if anew {
		p.RemoteID, p.TheirItem, p.TheirVersion, p.TheirPrint, p.RemoteGone = "", nil, "", "", false
		p.LocalItem, p.RemoteItem, p.RemotePrint = nil, nil, ""
	}
	p.Intent, p.Mask = "create", v.mask()
	if err := r.propose(&p, v, it); err != nil {
		return err
	}
	st := store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "create"}
	err = r.update(ctx, func(tx *store.Tx) (err error) {
		if err := r.unmoved(tx, &v); err != nil {
			return err
		}
		if r.mail() {
			p.Key = r.key(p.UID, "") // one record of a message, whatever became of it
		} else if anew {
			// A record that is gone is made anew under a new key: the old one may be
			// remembered by the remote.
			if p.Key, err = r.unusedKey(tx, p, v.pair.Key+v.pair.RemoteID); err != nil {
				return err
			}
		}
		p.Mark, p.MarkAt = r.markOf(p), nil
		if err := r.intend(tx, &st, memo{Pair: v.pair, After: p.LocalItem}); err != nil {
			return err
		}
		return tx.SavePair(&p)
	})
	if err != nil {
		return err
	}
	if err := r.at("intent stored"); err != nil {
		return err
	}
	rec, err = r.rem.Create(ctx, remote.CollectionID(r.link.Remote), e, p.Key)
	if errors.Is(err, pim.ErrNotFound) {
		used := v.pair
		used.Key = p.Key // so that the next one is another
		return errors.Join(r.goneSince(ctx, used), r.update(ctx, func(tx *store.Tx) error { return r.missed(tx, st) }), errStale)
	}
	if r.mail() && errors.Is(err, pim.ErrExists) {
		return r.update(ctx, func(tx *store.Tx) error { return r.elseWhose(tx, st, v) })
	}
	if err != nil {
		return r.unmade(ctx, p, st, e, err)
	}
	if err := r.at("remote written"); err != nil {
		return err
	}
	if rec, err = r.whole(ctx, rec); err != nil {
		return err
	}
	r.count(func(c *Counts) { c.CreatedRemote++ })
	after, err := pim.EncodeItem(rec.Item)
	if err != nil {
		return err
	}
	st.Cut = tell(shortenedIn(it, rec.Item, r.writable(it.Kind()).And(cuttable(r.traits.TextLimit))))
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.achieved(tx, st, memo{Pair: v.pair, After: after}); err != nil {
			return err
		}
		return r.made(tx, p, v, rec)
	})
}

// outgoing is what a new record is made of.
func (r *run) outgoing(v view) pim.Item {
	return r.embodied(without(r.rules.Typed(v.shownLocal(v.local)), left(v.out)))
}

// entry is an item as the remote gets it. The text goes along only when all of it may be
// seen there.
func (v view) entry(it pim.Item) remote.Entry {
	e := remote.Entry{UID: v.pair.UID, Item: it}
	if !v.masked.local && v.object.Kind != pim.KindMessage && (!v.out.Alone || len(rule.EverybodyOf(v.local)) == 0) {
		e.Text = v.object.Text
	}
	return e
}

// propose notes what is about to be sent as the hub's base: if the answer is lost,
// resume knows what the record was made of. What an earlier try with the same key sent,
// when that was something else, is kept as the remote's base: the record may be that
// one's.
func (r *run) propose(p *store.Pair, v view, it pim.Item) error {
	sent, err := pim.EncodeItem(it)
	if err != nil {
		return err
	}
	if len(p.LocalItem) > 0 && len(p.RemoteItem) == 0 && !bytes.Equal(sent, p.LocalItem) {
		p.RemoteItem = p.LocalItem
	}
	p.LocalItem, p.Agreed = sent, r.agreementText(it.Kind())
	p.LocalText, p.LocalPrint, p.Seq = v.object.Text, v.localPrint, v.object.Seq
	return nil
}

// goneSince notes that the record of a key was made and deleted. The deletion is the
// remote's change; p has as base what the record was made of, if that is known.
func (r *run) goneSince(ctx context.Context, p store.Pair) error {
	p.RemoteGone, p.Intent = true, ""
	if len(p.RemoteItem) > 0 {
		p.LocalPrint = "" // it may have been made of less than there is here, which is a change then
	}
	wake(&p)
	return r.update(ctx, func(tx *store.Tx) error {
		now, err := tx.Pair(p.ID)
		if err != nil {
			return err
		}
		p.Tie = now.Tie
		return tx.SavePair(&p)
	})
}

// unmade takes the intent of a create back when the failure says that nothing was
// made. A create can be several requests, of which the last ones failed, so where
// the remote can be asked it is.
func (r *run) unmade(ctx context.Context, p store.Pair, st store.Step, sent remote.Entry, failure error) error {
	if unknown(failure) {
		return failure
	}
	if f, ok := remote.As[remote.Finder](r.rem); ok {
		rec, found, err := f.Find(ctx, remote.CollectionID(r.link.Remote), p.Key, sent)
		if err == nil && found {
			rec, err = r.whole(ctx, rec)
		}
		switch {
		case err != nil:
			return errors.Join(failure, err) // the intent stays
		case found:
			return errors.Join(failure, r.madeInPart(ctx, p, rec))
		}
	}
	return r.undone(ctx, p, st, failure)
}

// unknown reports a failure that leaves open whether the write was done; resume will
// look.
func unknown(failure error) bool {
	switch pim.ReasonOf(failure) {
	case pim.ErrUnavailable, pim.ErrProtocol, pim.ErrInternal:
		return true
	}
	return false
}

// undone takes an intent back when the failure says that nothing was written, so
// that what was refused waits for its turn instead of being resumed by every run.
func (r *run) undone(ctx context.Context, p store.Pair, st store.Step, failure error) error {
	if unknown(failure) {
		return failure
	}
	err := r.update(ctx, func(tx *store.Tx) error {
		if err := r.missed(tx, st); err != nil {
			return err
		}
		now, err := tx.Pair(p.ID) // what is agreed may have been settled by a person meanwhile
		if err != nil {
			return err
		}
		now.Intent = ""
		return tx.SavePair(&now)
	})
	return errors.Join(failure, err)
}

// madeInPart ties an object to a record that holds only a part of it.
func (r *run) madeInPart(ctx context.Context, p store.Pair, rec remote.Record) error {
	rec.Untouched = true // what it holds is the base of both sides: the rest is the hub's change
	return r.update(ctx, func(tx *store.Tx) error {
		if err := r.absorb(tx, p, string(rec.ID)); err != nil {
			return err
		}
		tried := p.Attempts // of what could not be made, which is tried ever more seldom
		if err := r.adopt(&p, rec); err != nil {
			return err
		}
		p.Attempts = tried
		if err := r.remember(tx, p); err != nil {
			return err
		}
		return tx.SavePair(&p)
	})
}

// whole fetches what the driver could not tell without another request.
func (r *run) whole(ctx context.Context, rec remote.Record) (remote.Record, error) {
	if rec.Item != nil {
		return rec, nil
	}
	got, _, err := r.fetch(ctx, []remote.ItemID{rec.ID})
	if err != nil {
		return rec, err
	}
	if len(got) == 0 {
		return rec, pim.Errorf("relay: read back", pim.ErrProtocol, "the remote does not find what it just stored")
	}
	return got[0], nil
}

// made ties an object to the record that was made of it.
func (r *run) made(tx *store.Tx, p store.Pair, v view, rec remote.Record) error {
	if err := r.absorb(tx, p, string(rec.ID)); err != nil {
		return err
	}
	p.RemoteID = string(rec.ID)
	if err := r.theirs(&p, rec, r.carried(rec.Item.Kind())); err != nil {
		return err
	}
	var err error
	if p.Notes, err = noted("", rec.Notes, r.carried(rec.Item.Kind())); err != nil {
		return err
	}
	if err := r.remember(tx, p); err != nil {
		return err
	}
	if v.state == Gone && len(v.pair.LocalText) > 0 && r.beaten(v) {
		if err := r.reportRevival(tx, v.object, v.pair.LocalText, v.object.Text, nil); err != nil {
			return err
		}
	}
	return r.sent(tx, &p, v, rec.Item)
}

// theirs notes a record in its pair.
func (r *run) theirs(p *store.Pair, rec remote.Record, carried pim.FieldSet) error {
	item, err := pim.EncodeItem(rec.Item)
	if err != nil {
		return err
	}
	p.TheirItem, p.TheirVersion, p.TheirPrint = item, rec.Version, r.print(rec.Item)
	r.toRelate(p)
	p.TheirModified = nil
	if !rec.Modified.IsZero() {
		at := rec.Modified.UTC()
		p.TheirModified = &at
	}
	if rec.URL != "" {
		p.URL = rec.URL
	}
	return nil
}

// sent stores the base after a create: what was sent, and what the remote made of
// it.
func (r *run) sent(tx *store.Tx, p *store.Pair, v view, now pim.Item) error {
	if err := r.inStep(tx, v.object); err != nil {
		return err
	}
	o, err := tx.ObjectByID(v.object.ID)
	if err != nil {
		return err
	}
	localBase, remoteBase := without(v.shownLocal(v.local), left(v.out)), v.shownTheirs(now)
	late := retold(r.outgoing(v), remoteBase, r.carried(v.kind()))
	if !late.IsEmpty() {
		remoteBase = pim.Clone(remoteBase)
		pim.Copy(remoteBase, localBase, late)
	}
	if o.Seq != v.object.Seq || o.Deleted {
		// It changed while we wrote: the base is what was sent, and the pair
		// stays dirty for the rest.
		if err := r.base(tx, p, v.object, v.local, now, localBase, remoteBase); err != nil {
			return err
		}
		wake(p)
		return tx.SavePair(p)
	}
	if err := r.base(tx, p, o, v.local, now, localBase, remoteBase); err != nil {
		return err
	}
	if !late.IsEmpty() {
		return r.again(tx, *p)
	}
	v.pair, v.object, v.theirs, v.localBase, v.remoteBase = *p, o, now, localBase, remoteBase
	return r.annotate(tx, v)
}

// keepable refuses what the remote cannot hold, before it is tried.
func (r *run) keepable(it pim.Item) error {
	if _, ok := r.traits.Carries[it.Kind()]; !ok {
		return pim.Errorf("relay: create", pim.ErrUnsupported, "the remote keeps no %ss", it.Kind())
	}
	var rec *pim.Recurrence
	switch v := it.(type) {
	case *pim.Event:
		rec = v.Recurrence
	case *pim.Task:
		rec = v.Recurrence
	case *pim.Contact:
		if v.Group {
			return pim.Errorf("relay: create", pim.ErrUnsupported, "the remote keeps no groups of contacts; the group stays here")
		}
	}
	if rec != nil && r.traits.Recurrence != remote.RuleRecurrence {
		return pim.Errorf("relay: create", pim.ErrUnsupported, "the remote keeps no repeating items; the series stays here")
	}
	return nil
}

// key is the idempotency key of the next create: the same for every try, another
// for a record that takes the place of one that is gone (replaced: its key and id).
func (r *run) key(uid, replaced string) string { return r.keyIn(r.link.Remote, uid, replaced) }

// keyIn is key in another collection of the remote.
func (r *run) keyIn(place, uid, replaced string) string {
	if r.mail() {
		return uuid.NewSHA1(uidNames, []byte("message\x00"+uid)).String()
	}
	return uuid.NewSHA1(uidNames, []byte("create\x00"+r.link.Driver+"\x00"+place+"\x00"+r.user.Name+"\x00"+uid+"\x00"+replaced)).String()
}

// unusedKey is a key that no other pair has, and no other item carries: that of an object which was deleted here
// and made anew still has the record that waits to go.
func (r *run) unusedKey(tx *store.Tx, p store.Pair, replaced string) (string, error) {
	others, err := tx.PairsByUID(r.link.ID, p.UID)
	if err != nil {
		return "", err
	}
	for key := r.key(p.UID, replaced); ; key = r.key(p.UID, key) {
		if slices.ContainsFunc(others, func(o store.Pair) bool { return o.ID != p.ID && o.Key == key }) {
			continue
		}
		if taken, err := r.keyTaken(tx, key, p.ID); err != nil || !taken {
			return key, err
		}
	}
}
