package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// untie takes a change of relations back.
func (b *undoing) untie(ctx context.Context, x *restoring) error {
	m := x.memos[x.there]
	if err := b.present(ctx, x, x.now.RemoteID); err != nil {
		return err
	}
	if x.gone {
		return asItIs("it was deleted at the remote since")
	}
	t, _, err := b.tiedTo(ctx, x.now)
	if err != nil {
		return err
	}
	set := map[string]remote.ItemID{}
	for i, to := range m.TiesAfter {
		now, err := t.role(to.Role)
		if err != nil {
			return err
		}
		var id remote.ItemID
		if len(now.To) > 0 {
			id = now.To[0].ID
		}
		switch id {
		case m.TiesBefore[i].ID: // done before
		case to.ID:
			set[to.Role] = m.TiesBefore[i].ID
		default:
			return asItIs("it was tied to something else since")
		}
	}
	if len(set) > 0 {
		if err := b.mayWrite(ctx, x, x.rec.Ref, remote.Entry{UID: x.now.UID, Item: x.rec.Item}, pim.Set(pim.FieldCompany, pim.FieldContact)); err != nil {
			return err
		}
		if err := b.begun(ctx, x); err != nil {
			return err
		}
		rel, _ := remote.As[remote.Relations](b.rem)
		rec, err := rel.Relate(ctx, remote.CollectionID(b.link.Remote), x.rec.Ref, set)
		switch {
		case errors.Is(err, pim.ErrConflict):
			return asItIs("it was changed at the remote since")
		case errors.Is(err, pim.ErrInvalid):
			return asItIs("what it was tied to is not there any more")
		case err != nil:
			return err
		}
		if x.rec, err = b.whole(ctx, rec); err != nil {
			return err
		}
		b.told(x, "relate", func(c *Counts) { c.UpdatedRemote++ })
	}
	err = b.update(ctx, func(tx *store.Tx) error {
		if err := b.ingest(tx, []remote.Record{x.rec}, nil); err != nil {
			return err
		}
		if err := tx.MarkSteps(x.ids, "done", x.now.ID); err != nil {
			return err
		}
		return b.Engine.wanted(ctx, tx, b.link.ID)
	})
	if err == nil {
		b.out.Items++
	}
	return err
}
