package relay

import (
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// movedOut lets an object that was moved to a collection of the user without a link to this
// side part from its record: nobody deleted anything, and each copy goes on for itself.
// Most clients move by making the object over there and deleting it here, so that its UID
// tells and not the method. Moved back, it is known again as what is added again is.
func (r *run) movedOut(tx *store.Tx, v *view) error {
	if v.localState != Gone || v.pair.LocalGone || v.pair.Intent != "" || v.action != DeleteRemote && v.action != CreateLocal {
		return nil
	}
	_, err := r.elsewhere(tx, v.pair)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err == nil {
		v.action = Part
	}
	return err
}

// elsewhere is the collection that has the object of a pair now and no link to this side,
// else pim.ErrNotFound. An occurrence is where its series is.
func (r *run) elsewhere(tx *store.Tx, p store.Pair) (store.Collection, error) {
	uid := p.UID
	x, err := tx.OccurrenceOf(p.ObjectID)
	if err == nil {
		series, err := tx.ObjectByID(x.SeriesID)
		if err == nil && !series.Deleted {
			err = pim.Errorf("relay: elsewhere", pim.ErrNotFound, "the series is where it was; one occurrence was taken out")
		}
		if err != nil {
			return store.Collection{}, err
		}
		uid = series.UID
	} else if !errors.Is(err, pim.ErrNotFound) {
		return store.Collection{}, err
	}
	colls, err := tx.Collections(r.user.ID, r.coll.Home)
	if err != nil {
		return store.Collection{}, err
	}
	for _, c := range colls {
		if c.ID == r.coll.ID {
			continue
		}
		if _, err := tx.ObjectByUID(c.ID, uid); errors.Is(err, pim.ErrNotFound) {
			continue
		} else if err != nil {
			return store.Collection{}, err
		}
		links, err := tx.LinksOf(c.ID)
		if err != nil || !slices.ContainsFunc(links, func(l store.Link) bool { return l.Side == r.link.Side }) {
			return c, err
		}
	}
	return store.Collection{}, pim.Errorf("relay: elsewhere", pim.ErrNotFound, "it is in no other collection")
}

// part settles that the object is elsewhere. What was agreed stays in the pair, for the day
// on which it comes back (cameBack).
func (r *run) part(tx *store.Tx, v view) error {
	p := v.pair
	p.LocalGone, p.Tie = true, string(rule.Moved)
	r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Side: "local", Action: "unlink"}, func(*Counts) {})
	return r.settle(tx, p)
}

// cameBack gives the pair of an object that was moved back what was agreed before it was
// moved out, so that what changed meanwhile on either side is a change and no difference. now is
// the pair it got as a new object, was the one that its record had.
func cameBack(now *store.Pair, was store.Pair) {
	if !was.LocalGone || !rule.Tie(was.Tie).Parts() || was.UID != now.UID {
		return
	}
	now.LocalItem, now.LocalPrint, now.LocalText = was.LocalItem, was.LocalPrint, was.LocalText
	now.RemoteItem, now.RemotePrint, now.Agreed = was.RemoteItem, was.RemotePrint, was.Agreed
}
