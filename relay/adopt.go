package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// seek finds out, before new records are taken in, which of them were made by creates
// that are not known to have succeeded: a remote that lost an answer, and then did not
// find the record, may show it later. Taken for somebody else's it would be doubled.
func (r *run) seek(ctx context.Context, recs []remote.Record) error {
	if err := r.recognise(ctx, recs); err != nil {
		return err
	}
	if r.sought || len(recs) == 0 {
		return nil
	}
	var pending []store.Pair
	fresh := false
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if pending, err = tx.PendingCreates(r.link.ID); err != nil || len(pending) == 0 {
			return err
		}
		ids := make([]string, len(recs))
		for i, rec := range recs {
			ids[i] = string(rec.ID)
		}
		known, err := tx.PairsByRemote(r.link.ID, ids)
		fresh = len(known) < len(recs)
		return err
	})
	if err != nil || !fresh {
		return err
	}
	r.sought, r.ours = true, make(map[remote.ItemID]store.PairID, len(pending))
	finder, ok := remote.As[remote.Finder](r.rem)
	for _, p := range pending {
		if !ok {
			r.oursByKey(recs, p)
			continue
		}
		sent, err := pim.DecodeItem(p.LocalItem)
		if err != nil || sent == nil {
			continue // nothing was ever sent
		}
		rec, found, err := finder.Find(ctx, remote.CollectionID(r.link.Remote), p.Key, remote.Entry{UID: p.UID, Item: sent})
		switch {
		case errors.Is(err, pim.ErrNotFound):
		case err != nil:
			return errors.Join(err, errUnfound)
		case found:
			r.ours[rec.ID] = p.ID
		}
	}
	return nil
}

// oursByKey is for remotes that cannot be asked, but tell the key of a record.
func (r *run) oursByKey(recs []remote.Record, p store.Pair) {
	r.sought = false // the next page has other records
	for _, rec := range recs {
		if rec.Key != "" && rec.Key == p.Key {
			r.ours[rec.ID] = p.ID
		}
	}
}

// adopt ties the pair of a begun create to the record that was found to be its own. Of
// a record that nobody has touched since, whatever it lacks is sent again. Else what it
// was made of is the base of both sides, so that what differs there counts as changed
// there, but for the fields that only the remote decides.
func (r *run) adopt(p *store.Pair, rec remote.Record) error {
	carried := r.carried(rec.Item.Kind())
	p.RemoteID, p.Intent = string(rec.ID), ""
	if err := r.theirs(p, rec, carried); err != nil {
		return err
	}
	wake(p)
	if rec.Untouched {
		base, err := untied(p.LocalItem, rec.Item)
		if err != nil {
			return err
		}
		p.LocalItem, p.LocalPrint = base, ""
		p.RemoteItem, p.RemotePrint, p.Version = p.TheirItem, p.TheirPrint, p.TheirVersion
		return nil
	}
	if len(p.RemoteItem) > 0 {
		// Several tries sent different things. The earliest is the base of both sides:
		// what the record has of a later one is the same change on both.
		p.LocalItem, p.LocalPrint = p.RemoteItem, ""
	}
	sent, err := pim.DecodeItem(p.LocalItem)
	if err != nil {
		return err
	}
	base := orNew(pim.Clone(sent), rec.Item.Kind())
	pim.Copy(base, rec.Item, carried.And(r.traits.ReadOnly))
	if p.RemoteItem, err = pim.EncodeItem(base); err != nil {
		return err
	}
	p.RemotePrint = r.print(base)
	return nil
}

// untied is a record as the base of our side, without the company and the contact that it was
// tied to by addresses: that the object names none is no order to clear them.
func untied(sent []byte, now pim.Item) ([]byte, error) {
	was, err := pim.DecodeItem(sent)
	if err != nil {
		return nil, err
	}
	if was == nil || was.Kind() != now.Kind() || !pim.Kinds(pim.KindEvent, pim.KindTask).Has(was.Kind()) {
		return pim.EncodeItem(now)
	}
	base := pim.Clone(now)
	for _, id := range []pim.FieldID{pim.FieldCompany, pim.FieldContact} {
		if f, _ := pim.FieldByID(id); f.Text(was) == "" {
			f.Copy(base, was)
		}
	}
	return pim.EncodeItem(base)
}

// adopted is the pair of a record that turned out to be ours; false for any other.
func (r *run) adopted(tx *store.Tx, rec remote.Record) (store.Pair, bool, error) {
	id, ok := r.ours[rec.ID]
	if !ok {
		return store.Pair{}, false, nil
	}
	p, err := tx.Pair(id)
	if errors.Is(err, pim.ErrNotFound) || err == nil && p.RemoteID != "" {
		return p, false, nil
	}
	if err == nil {
		err = r.adopt(&p, rec)
	}
	if err == nil {
		err = r.remember(tx, p)
	}
	if err == nil {
		err = tx.SavePair(&p)
	}
	return p, err == nil, err
}

// absorb makes room for p as the pair of a record that was taken for somebody else's
// before: the object that was made of it goes, unless somebody has changed it.
func (r *run) absorb(tx *store.Tx, p store.Pair, record string) error {
	other, err := tx.PairByRemote(r.link.ID, record)
	if errors.Is(err, pim.ErrNotFound) || err == nil && other.ID == p.ID {
		return nil
	}
	if err != nil {
		return err
	}
	if other.ObjectID != 0 {
		o, err := tx.ObjectByID(other.ObjectID)
		switch {
		case errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted:
		case err != nil:
			return err
		case o.Seq != other.Seq:
			return pim.Errorf("relay: create", pim.ErrExists, "the remote's item is the second of two items here, both of which were changed; delete one of them")
		default:
			if _, err := tx.DeleteObject(r.coll.ID, o.Name, store.Cond{IfMatch: []string{o.ETag}}, r.by(), r.link.ID); err != nil {
				return err
			}
			r.note(tx, store.Step{PairID: other.ID, UID: other.UID, Title: pairTitle(other), Side: "local", Action: "delete"}, func(c *Counts) { c.DeletedLocal++ })
		}
	}
	return tx.DeletePair(other.ID)
}
