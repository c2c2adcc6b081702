package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// do carries out what a view asks for. errStale and errChangedThere ask the caller
// to look again.
func (r *run) do(ctx context.Context, v view) error {
	switch v.action {
	case Nothing:
		return r.hereOnly(ctx, v, r.nothing)
	case Forget:
		if v.pair.Intent != "" {
			return nil // resume finds out first what there is to forget
		}
		return r.update(ctx, func(tx *store.Tx) error { return tx.DeletePair(v.pair.ID) })
	case Part:
		return r.hereOnly(ctx, v, r.part)
	case CreateLocal:
		return r.hereOnly(ctx, v, r.createLocal)
	case DeleteLocal:
		return r.hereOnly(ctx, v, r.deleteLocal)
	case CreateRemote:
		return r.createRemote(ctx, v)
	case DeleteRemote:
		return r.deleteRemote(ctx, v)
	case Agree, UpdateLocal, UpdateRemote, Reconcile:
		return r.merge(ctx, v)
	}
	return fmt.Errorf("relay: no such action %s", v.action)
}

// nothing is left to do but to annotate.
func (r *run) nothing(tx *store.Tx, v view) error {
	v.pair.Hold = v.waiting()
	if v.series {
		if v.pair.Error != "" && r.expands() {
			// What did not work when it changed is done now, or goes on failing.
			if err := r.project(tx, v.object.ID); err != nil {
				return err
			}
		}
		return errors.Join(r.tieOccurrences(tx, v), r.settle(tx, v.pair))
	}
	if v.localState != Same || v.state != Same || v.localBase == nil || v.remoteBase == nil {
		return r.settle(tx, v.pair)
	}
	if o, err := tx.ObjectByID(v.object.ID); err != nil || o.Seq != v.object.Seq {
		return errors.Join(err, errStale)
	}
	return r.annotate(tx, v)
}

// settle marks a pair as dealt with.
func (r *run) settle(tx *store.Tx, p store.Pair) error {
	r.toTakeFiles(&p)
	clean(&p)
	return tx.SavePair(&p)
}

func clean(p *store.Pair) {
	p.Dirty, p.Intent, p.Error, p.ErrorKind, p.Attempts, p.RetryAt, p.IgnoredAt = false, "", "", "", 0, nil, nil
}

// by names the relay in an object's history.
func (r *run) by() string { return "relay:" + r.link.Name }

// createLocally makes the objects of several records in one transaction.
func (r *run) createLocally(ctx context.Context, tasks []Task) error {
	if err := r.at("item"); err != nil {
		return err
	}
	return r.update(ctx, func(tx *store.Tx) error {
		if err := tx.Hold(r.coll.ID); err != nil { // before the pairs, as Settle does
			return err
		}
		for _, t := range tasks {
			p, err := tx.Pair(t.Pair)
			if err != nil {
				return err
			}
			v, err := r.view(tx, p)
			if err != nil {
				return err
			}
			if v.action != CreateLocal {
				return errStale
			}
			if err := r.createLocal(tx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// createLocal makes the object of a record, or brings back one that was deleted
// here while the record changed.
func (r *run) createLocal(tx *store.Tx, v view) error {
	p := v.pair
	home, err := r.homeOf(tx, p)
	if err != nil {
		return err
	}
	if o, err := tx.ObjectByUID(home, p.UID); err == nil && o.ID != p.ObjectID {
		done, err := r.takeObject(tx, &p, o)
		if done || err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	kind := v.theirs.Kind()
	agreed := without(v.shownTheirs(v.theirs), left(v.in))
	shown := r.withURL(agreed, p.URL)
	own := left(v.in)
	if p.Mask == maskRemote && len(p.LocalText) > 0 {
		v.masked.local = true // what the record says of content is our mask, and no more
		own = own.Or(contentOf(kind))
	}
	p.Mask = v.mask()
	var w written
	if len(p.LocalText) > 0 {
		kept := stillCut(v.localBase, v.remoteBase, v.theirs, cuttable(r.traits.TextLimit))
		within := always(r.carried(kind).Minus(own))
		if shown, err = r.codec.fitted(p.LocalText, shown, within); err != nil {
			return err
		}
		w, err = r.codec.apply(p.LocalText, shown, r.carried(kind).Minus(own).Minus(kept))
	} else {
		w, err = r.codec.create(over(unchanged(shown), shown, always(r.carried(kind))), p.UID)
	}
	if err != nil {
		return err
	}
	name := p.UID + extension(kind)
	if _, err := tx.Object(home, name); err == nil {
		name = uuid.NewSHA1(uidNames, []byte(p.UID+"\x00"+p.RemoteID)).String() + extension(kind)
	}
	o, err := r.putBack(tx, p, home, w, name, kind)
	if err != nil {
		return err
	}
	err = r.wrote(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Action: "create"}, memo{Pair: v.pair, Object: o.ID, Name: o.Name, Kind: kind, Seq: o.Seq},
		func(c *Counts) { c.CreatedLocal++ })
	if err != nil {
		return err
	}
	if v.localState == Gone && r.beaten(v) {
		if err := r.reportRevival(tx, o, p.LocalText, nil, o.Text); err != nil {
			return err
		}
	}
	local, err := r.read(o.Kind, o.Text)
	if err != nil {
		return err
	}
	return r.base(tx, &p, o, local, v.theirs, v.shownLocal(local), agreed)
}

// takeObject ties the pair of a record to an object that somebody made under its UID
// meanwhile; the two are to be merged then. Not done is it when the object has a record
// of its own: the pair's gets another UID, and an object beside it.
func (r *run) takeObject(tx *store.Tx, p *store.Pair, o store.Object) (done bool, err error) {
	other, err := tx.PairByObject(r.link.ID, o.ID)
	switch {
	case errors.Is(err, pim.ErrNotFound):
	case err != nil:
		return false, err
	case other.Intent != "":
		return true, nil // its record is being made: the next run knows what came of it
	case other.RemoteID != "":
		p.UID = uuid.NewSHA1(uidNames, []byte("beside\x00"+p.UID+"\x00"+p.RemoteID)).String()
		p.ObjectID, p.LocalText = 0, nil // that text has the old UID
		return false, nil
	default:
		if err := tx.DeletePair(other.ID); err != nil {
			return false, err
		}
	}
	p.ObjectID, p.LocalPrint, p.LocalItem = o.ID, "", nil
	wake(p)
	return true, tx.SavePair(p)
}

// reportRevival tells a person that a deletion on one side (nil) was beaten by a change
// on the other, so that it can be done all the same.
func (r *run) reportRevival(tx *store.Tx, o store.Object, base, mine, theirs []byte) error {
	c, err := tx.AddConflict(store.Conflict{
		UserID: r.user.ID, CollectionID: o.CollectionID, ObjectID: o.ID, LinkID: r.link.ID, Name: o.Name, UID: o.UID, Kind: o.Kind,
		Cause: store.CauseRelay, Device: r.link.Name, Base: base, Mine: mine, Theirs: theirs,
	})
	if err != nil {
		return err
	}
	if r.rules.Policy != rule.Ask {
		_, err = tx.ResolveConflict(c.ID, "policy "+string(r.rules.Policy), r.by())
		return err
	}
	r.note(tx, store.Step{UID: o.UID, Action: "conflict"}, func(n *Counts) { n.Conflicts++ })
	return nil
}

// put writes an object as this link, and, if it is an occurrence, into its series.
func (r *run) put(tx *store.Tx, home store.CollectionID, w written, name, uid string, kind pim.Kind) (store.Object, error) {
	in := w.put(home, name, uid, kind)
	in.By, in.Link, in.Origin = r.by(), r.link.ID, string(r.link.Side)+":"+r.link.Name
	res, err := tx.PutObject(in)
	if err == nil && home != r.coll.ID {
		err = r.fold(tx, res.Object)
	}
	return res.Object, err
}

// withURL is the item with the address of its page, where the remote gives one.
func (r *run) withURL(it pim.Item, url string) pim.Item {
	if url == "" {
		return it
	}
	out := pim.Clone(it)
	switch v := out.(type) {
	case *pim.Event:
		v.URL = url
	case *pim.Task:
		v.URL = url
	case *pim.Contact:
		v.PageURL = url
	}
	return out
}

// base stores what was agreed. The bases may differ from the sides where a field is
// left open; the prints are of the sides, so that nothing is done again until one
// of them moves.
func (r *run) base(tx *store.Tx, p *store.Pair, o store.Object, local, theirs, localBase, remoteBase pim.Item) error {
	if err := r.keepAgreed(p, localBase, remoteBase); err != nil {
		return err
	}
	var err error
	if p.LocalItem, err = pim.EncodeItem(bodiless(localBase)); err != nil {
		return err
	}
	if p.RemoteItem, err = pim.EncodeItem(bodiless(remoteBase)); err != nil {
		return err
	}
	met := p.RemotePrint == "" // the first agreement, or one after something was found again
	p.ObjectID, p.UID, p.Seq, p.LocalText = o.ID, o.UID, o.Seq, o.Text
	if r.mail() {
		p.LocalText = nil
		if p.TheirItem, err = pim.EncodeItem(bodiless(theirs)); err != nil {
			return err
		}
	}
	p.LocalPrint = r.print(local)
	p.RemotePrint, p.Version = r.print(theirs), p.TheirVersion
	p.TheirPrint = p.RemotePrint
	p.LocalGone, p.RemoteGone = false, false
	next, err := r.spoken(tx, p)
	if err != nil {
		return err
	}
	r.toTakeFiles(p)
	if clean(p); next {
		wake(p)
	}
	r.toMark(p)
	if met {
		if err := r.remember(tx, *p); err != nil {
			return err
		}
	}
	return tx.SavePair(p)
}

// deleteLocal removes the object, unless it changed since it was looked at.
func (r *run) deleteLocal(tx *store.Tx, v view) error {
	if err := r.inStep(tx, v.object); err != nil {
		return err
	}
	_, err := tx.DeleteObject(v.object.CollectionID, v.object.Name, store.Cond{IfMatch: []string{v.object.ETag}}, r.by(), r.link.ID)
	if errors.Is(err, pim.ErrConflict) {
		return errStale
	}
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if err := r.foldGone(tx, v.object); err != nil {
		return err
	}
	err = r.wrote(tx, store.Step{PairID: v.pair.ID, UID: v.pair.UID, Title: v.title(), Action: "delete"},
		memo{Pair: v.pair, Object: v.object.ID, Name: v.object.Name, Kind: v.object.Kind, Seq: v.object.Seq, Text: v.object.Text},
		func(c *Counts) { c.DeletedLocal++; c.Unasked += r.unasked(v.pair) })
	if err != nil {
		return err
	}
	return tx.DeletePair(v.pair.ID)
}
