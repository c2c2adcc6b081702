package mem

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/memory"
)

// Mails implements remote.Mailer: under Options.Mails all who take part in the meeting, as it is or is to be.
func (s session) Mails(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	var items []pim.Item
	if old.ID != "" {
		recs, err := s.Fetch(ctx, c, []remote.ItemID{old.ID})
		if err != nil {
			return nil, err
		}
		if len(recs) == 0 {
			return nil, pim.Errorf("mem: mails", pim.ErrNotFound, "there is no such item (any more)")
		}
		items = append(items, recs[0].Item)
	}
	if !s.box.Options().Mails {
		return nil, nil
	}
	if e.Item != nil {
		after := pim.New(e.Item.Kind())
		if old.ID == "" {
			changed = pim.AllOf(e.Item.Kind())
		} else {
			after = pim.Clone(items[0])
		}
		pim.Copy(after, e.Item, changed.And(s.Traits().Carries[e.Item.Kind()]))
		items = append(items, after)
	}
	return memory.Guests(items...), nil
}
