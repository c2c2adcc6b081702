package relay

import (
	"context"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/pim/likeness"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// match finds, before anything is made on either side, which new records are items that
// are here already under no name in common. It is for when both sides are full and know
// nothing of each other: the first sync of a link, and a remote that was installed anew
// and gave all its records other ids. What it is sure of is tied together and merged field
// by field; what is merely alike is made on both sides and suggested as a duplicate.
func (r *run) match(ctx context.Context) error {
	var strange bool
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		fresh, gone, living, err := tx.Strangers(r.link.ID)
		strange = fresh > 0 && (r.first || gone > 0 && gone >= living)
		return err
	})
	if err != nil || !strange {
		return err
	}
	here, there, err := r.strangers(ctx)
	if err != nil {
		return err
	}
	if there, err = r.bring(ctx, there); err != nil {
		return err
	}
	pairs := likeness.Match(sketches(here), sketches(there))
	for chunk := range slices.Chunk(pairs, stretchMost) {
		if err := r.at("match"); err != nil {
			return err
		}
		err := r.update(ctx, func(tx *store.Tx) error {
			for _, m := range chunk {
				if err := r.tie(tx, here[m.A].pair, there[m.B].pair); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stranger is one side's item that has none on the other side.
type stranger struct {
	pair   store.PairID
	sketch likeness.Sketch
}

func sketches(list []stranger) []likeness.Sketch {
	out := make([]likeness.Sketch, len(list))
	for i, s := range list {
		out[i] = s.sketch
	}
	return out
}

// strangers are the objects without a record, and the records without an object.
func (r *run) strangers(ctx context.Context) (here, there []stranger, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		here, there = nil, nil
		return tx.EachPair(r.link.ID, func(p *store.Pair) error {
			switch {
			case newThere(*p):
				it, err := pim.DecodeItem(p.TheirItem)
				if err == nil && it != nil {
					there = append(there, stranger{p.ID, sketch(it)})
				}
				return err
			case newHere(*p):
				o, err := tx.ObjectByID(p.ObjectID)
				if errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted {
					return nil
				}
				if err != nil {
					return err
				}
				it, err := r.codec.read(o.Kind, o.Text)
				if err != nil || it == nil {
					return nil //nolint:nilerr // what cannot be read is told when its turn comes
				}
				here = append(here, stranger{p.ID, sketch(it)})
			}
			return nil
		})
	})
	return here, there, err
}

// newHere and newThere report pairs of which nothing is under way.
func newHere(p store.Pair) bool {
	return p.ObjectID != 0 && (p.RemoteID == "" && p.Key == "" || p.RemoteGone) && p.Intent == "" && !rule.Tie(p.Tie).Parts() && !p.LocalGone
}

func newThere(p store.Pair) bool {
	return p.ObjectID == 0 && p.RemoteID != "" && !p.RemoteGone && p.Intent == "" && !rule.Tie(p.Tie).Parts() && !p.LocalGone
}

// sketch is what is compared of an item. A mask is like every other one.
func sketch(it pim.Item) likeness.Sketch {
	if rule.IsPrivate(it) && it.Summary() == rule.MaskTitle {
		return likeness.Sketch{}
	}
	return likeness.Of(it)
}

// bring takes the objects of records along from where they were linked before, and
// returns the records that are left.
func (r *run) bring(ctx context.Context, there []stranger) (left []stranger, err error) {
	for chunk := range slices.Chunk(there, stretchMost) {
		var stay []stranger
		err := r.update(ctx, func(tx *store.Tx) error {
			stay = nil
			for _, s := range chunk {
				p, err := tx.Pair(s.pair)
				if err != nil {
					return err
				}
				o, moved, err := r.bringAlong(tx, p)
				if err != nil {
					return err
				}
				if !moved {
					stay = append(stay, s)
					continue
				}
				p.ObjectID = o.ID
				wake(&p)
				if err := errors.Join(tx.SavePair(&p), r.remember(tx, p)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		left = append(left, stay...)
	}
	return left, nil
}

// tie makes one pair of two: that of an object gets the record of the other. What the
// object and a record that is gone agreed on stays the base only where the new record
// carries the object's UID. Likeness may be wrong: without a base all that differs is
// settled by the policy and reported, and nothing is taken for a change of one side.
func (r *run) tie(tx *store.Tx, here, there store.PairID) error {
	p, err := tx.Pair(here)
	if err != nil {
		return err
	}
	o, err := tx.Pair(there)
	if err != nil {
		return err
	}
	if !newHere(p) || !newThere(o) {
		return nil
	}
	proven, err := sameUID(p, o)
	if err != nil {
		return err
	}
	if err := tx.DeletePair(o.ID); err != nil {
		return err
	}
	p.RemoteID, p.RemoteGone, p.URL = o.RemoteID, false, o.URL
	p.TheirItem, p.TheirVersion, p.TheirPrint, p.TheirModified = o.TheirItem, o.TheirVersion, o.TheirPrint, o.TheirModified
	p.Version, p.LocalPrint, p.RemotePrint, p.Hold, p.AwayAt = "", "", "", "", nil
	p.Mark, p.MarkAt = o.Mark, o.MarkAt
	if !proven {
		p.LocalText, p.LocalItem, p.RemoteItem, p.Seq, p.Mask = nil, nil, nil, 0, ""
	}
	wake(&p)
	if err := tx.SavePair(&p); err != nil {
		return err
	}
	r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Action: "match"}, func(c *Counts) { c.Matched++ })
	return r.remember(tx, p)
}

// sameUID reports that the record of there carries the UID of the object of here.
func sameUID(here, there store.Pair) (bool, error) {
	it, err := pim.DecodeItem(there.TheirItem)
	return err == nil && it != nil && here.UID != "" && it.ID() == here.UID, err
}
