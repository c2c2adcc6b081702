package relay

import (
	"context"
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Bring links one record of the remote, by its id there, whatever the rules say of new
// items: it is read now and made here by the next run. It returns the UID that it has or
// will have here. pim.ErrNotFound when the remote shows no such record; ErrBusy while a
// run of the link is under way.
func (e *Engine) Bring(ctx context.Context, id store.LinkID, record remote.ItemID) (uid string, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	owner := fmt.Sprintf("%s#%d", e.Owner, e.runs.Add(1))
	release, err := e.lease(ctx, stop, id, owner)
	if err != nil {
		return "", err
	}
	defer release()
	r := &run{Engine: e, owner: owner, now: e.Now(), brought: record}
	r.link.ID = id
	if err := r.prepare(ctx); err != nil {
		return "", err
	}
	if err := r.openRemote(ctx); err != nil {
		return "", err
	}
	recs, _, err := r.fetch(ctx, []remote.ItemID{record})
	if err != nil {
		return "", err
	}
	if len(recs) == 0 {
		return "", pim.Errorf("relay: bring", pim.ErrNotFound, "the remote shows this account no record %q", record)
	}
	if k := recs[0].Item.Kind(); !r.kinds.Has(k) {
		return "", pim.Errorf("relay: bring", pim.ErrUnsupported, "the record is of the kind %s, which this link does not sync", k)
	}
	if err := r.seek(ctx, recs); err != nil {
		return "", err
	}
	err = r.update(ctx, func(tx *store.Tx) error {
		if err := r.ingest(tx, recs, nil); err != nil {
			return err
		}
		p, err := tx.PairByRemote(id, string(record))
		if err != nil {
			return err
		}
		p.Tie = string(rule.Linked)
		if err := comesBack(tx, &p); err != nil {
			return err
		}
		wake(&p)
		uid = p.UID
		return errors.Join(tx.SavePair(&p), e.wanted(ctx, tx, id))
	})
	return uid, err
}

// comesBack lets the record of an object that was deleted here beat that deletion, whether
// a run has dealt with it already or would yet: who links the record wants it here.
func comesBack(tx *store.Tx, p *store.Pair) error {
	if p.ObjectID == 0 {
		p.LocalGone = false
		return nil
	}
	o, err := tx.ObjectByID(p.ObjectID)
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	if err == nil && !o.Deleted {
		return nil
	}
	// As when a person rejects the deletion: no conflict is told.
	p.LocalGone, p.Hold, p.RemotePrint = false, string(rule.HoldRejected), ""
	return nil
}
