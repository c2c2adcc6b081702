package relay

import (
	"context"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Reach is how many records of a remote a link brings over.
type Reach struct {
	// Total is how many the remote's collection has, of everybody and all times; InScope
	// how many of them the link asks for: its owner, window, types and groups. -1: the
	// remote does not count, and they were too many to be listed.
	Total, InScope int
	// Looked is how many were read and judged one by one, as a filter needs it, and
	// Brings how many of these come over.
	Looked, Brings int
	// Exact: Brings is all there is; else Looked was the bound.
	Exact bool
	// Sample names some that come over, for their owner's eyes.
	Sample []string
}

// CountMost is how many records Count reads at most: a filter is ours to judge, and no
// remote is read in full for a number on a page.
const CountMost = 2000

// countSample is how many records Count names.
const countSample = 10

// Count tells what a link would bring from its remote with these rules. It stores
// nothing. It asks the remote to count where it can, and reads records only as far as
// rules judge them one by one.
func (e *Engine) Count(ctx context.Context, id store.LinkID, rules rule.Rules) (Reach, error) {
	if err := rules.Validate(); err != nil {
		return Reach{}, &pim.Error{Op: "relay: count", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	r, err := e.reach(ctx, id)
	if err != nil {
		return Reach{}, err
	}
	r.rules = rules
	r.kinds = r.linkKinds()
	if len(rules.Groups) > 0 {
		have, err := GroupsOf(ctx, r.rem, remote.CollectionID(r.link.Remote))
		if err == nil {
			err = UnknownGroups(have, rules.Groups)
		}
		if err != nil {
			return Reach{}, err
		}
	}
	return r.countReach(ctx)
}

func (r *run) countReach(ctx context.Context) (Reach, error) {
	c, scope := remote.CollectionID(r.link.Remote), r.rules.Scope(r.now, r.kinds)
	n := Reach{Total: -1, InScope: -1}
	counter, counts := remote.As[remote.Counter](r.rem)
	if counts {
		var err error
		if n.Total, err = counter.Count(ctx, c, remote.Scope{Kinds: r.kinds, AllOwners: true}); err != nil {
			return n, err
		}
		if n.InScope, err = counter.Count(ctx, c, scope); err != nil {
			return n, err
		}
	}
	most := CountMost
	if counts && !r.rules.JudgesItems() {
		most = countSample
	}
	if r.rules.Direction == rule.Out {
		n.Exact = true
		return n, nil
	}
	whole, err := r.sampled(ctx, scope, most, &n)
	switch {
	case err != nil:
		return n, err
	case whole:
		n.Exact = true
		if !counts {
			n.InScope = n.Looked
		}
	case most == countSample:
		n.Exact, n.Brings = true, n.InScope
	}
	return n, nil
}

// sampled reads records of a scope until it has seen most; whole is true when there are
// no more.
func (r *run) sampled(ctx context.Context, scope remote.Scope, most int, n *Reach) (whole bool, err error) {
	seen := map[remote.ItemID]bool{}
	for since := remote.Cursor(""); n.Looked < most; {
		d, err := r.rem.Changes(ctx, remote.CollectionID(r.link.Remote), scope, since)
		if err != nil {
			return false, err
		}
		var missing []remote.ItemID
		recs := d.Changed[:0]
		for _, rec := range d.Changed {
			switch {
			case seen[rec.ID]:
			case rec.Item == nil:
				missing = append(missing, rec.ID)
			default:
				recs = append(recs, rec)
			}
			seen[rec.ID] = true
		}
		fetched, _, err := r.fetch(ctx, missing)
		if err != nil {
			return false, err
		}
		for _, rec := range append(recs, fetched...) {
			n.Looked++
			if !r.kinds.Has(rec.Item.Kind()) || !r.wanted(rec.Item) {
				continue
			}
			if n.Brings++; len(n.Sample) < countSample {
				n.Sample = append(n.Sample, rec.Item.Summary())
			}
		}
		if !d.More {
			return true, nil
		}
		if d.Next == since {
			return false, pim.Errorf("relay: count", pim.ErrProtocol, "the remote pages in a circle")
		}
		since = d.Next
	}
	return false, nil
}
