package relay

import (
	"context"
	"encoding/json"
	"slices"

	"crmbridge/pim"
	"crmbridge/pim/likeness"
	"crmbridge/store"
)

// Why is what speaks for and against two items being one, in words.
type Why struct {
	Reasons []string `json:"reasons"`
	Against []string `json:"against"`
}

// WhyAlike reads store.Duplicate.Reasons.
func WhyAlike(d store.Duplicate) (Why, error) {
	w := Why{}
	err := json.Unmarshal([]byte(d.Reasons), &w)
	return w, err
}

// FindDuplicates looks for items of a collection that may be one, and makes them its open
// duplicates. It returns how many are new. What was ignored is not suggested again until
// one of the two changes in what is compared.
func (e *Engine) FindDuplicates(ctx context.Context, id store.CollectionID) (added int, err error) {
	var c store.Collection
	var ids []store.ObjectID
	var all []likeness.Sketch
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		ids, all = nil, nil
		var err error
		if c, err = tx.Collection(id); err != nil {
			return err
		}
		u, err := tx.User(c.UserID)
		if err != nil {
			return err
		}
		codec := newCodec(tx.Now(), u.Zone)
		return tx.EachObject(id, store.EachOptions{Text: true}, func(o *store.Object) error {
			it, err := codec.read(o.Kind, o.Text)
			if err != nil || it == nil {
				return nil //nolint:nilerr // what cannot be read is like nothing
			}
			ids, all = append(ids, o.ID), append(all, sketch(it))
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	var found []store.Duplicate
	for _, p := range likeness.Within(all) {
		why, err := json.Marshal(Why{Reasons: p.Reasons, Against: orEmpty(p.Against)})
		if err != nil {
			return 0, err
		}
		found = append(found, store.Duplicate{UserID: c.UserID, FirstID: ids[p.A], SecondID: ids[p.B], Kind: all[p.A].Kind(),
			Score: int(1000*p.Score + 0.5), Reasons: string(why), Print: alikePrint(all[p.A], all[p.B])})
	}
	return e.suggestAll(ctx, id, found)
}

// suggestBatch is how many suggestions are stored in one transaction, so that devices do not
// wait for all of them.
const suggestBatch = 200

// suggestAll makes the open duplicates of a collection those that were found.
func (e *Engine) suggestAll(ctx context.Context, id store.CollectionID, found []store.Duplicate) (added int, err error) {
	now := make(map[[2]store.ObjectID]bool, len(found))
	for part := range slices.Chunk(found, suggestBatch) {
		var n int
		err := e.Store.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.SuggestDuplicates(id, part)
			return err
		})
		if err != nil {
			return added, err
		}
		added += n
		for _, d := range part {
			now[d.Objects()] = true
		}
	}
	for after, more := store.DuplicateID(0), true; more; {
		var past []store.DuplicateID
		err := e.Store.Update(ctx, func(tx *store.Tx) error {
			past = nil
			open, err := tx.Duplicates(store.DuplicateFilter{Collection: id, State: store.DuplicateOpen, After: after, Limit: suggestBatch})
			if more = len(open) == suggestBatch; err != nil || len(open) == 0 {
				return err
			}
			for _, d := range open {
				if !now[d.Objects()] {
					past = append(past, d.ID)
				}
			}
			after = open[len(open)-1].ID
			return tx.DropSuggestions(past)
		})
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// alikePrint is of what is compared of two items, in the order of their objects.
func alikePrint(first, second likeness.Sketch) string { return first.Print() + second.Print() }

// suggest looks for duplicates when a link has met its remote: what was merely alike is
// there twice now.
func (r *run) suggest(ctx context.Context) error {
	if !r.first {
		return nil
	}
	n, err := r.FindDuplicates(ctx, r.coll.ID)
	r.count(func(c *Counts) { c.Duplicates = n })
	return err
}

// IgnoreDuplicate says of two items that they are not one. pim.ErrConflict when they were
// merged.
func (e *Engine) IgnoreDuplicate(ctx context.Context, id store.DuplicateID, by string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Duplicate(id)
		if err != nil {
			return err
		}
		if d.State == store.DuplicateMerged {
			return pim.Errorf("relay: ignore", pim.ErrConflict, "the two items were merged; undo that to part them")
		}
		now := tx.Now()
		d.State, d.SettledAt, d.SettledBy = store.DuplicateIgnored, &now, by
		return tx.SaveDuplicate(d)
	})
}
