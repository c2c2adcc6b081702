package relay

import (
	"errors"

	"crmbridge/pim"
	"crmbridge/store"
)

// pair sees to it that the object has a pair, and that a changed one is looked at.
func (pr *projection) pair(before, o store.Object, changed bool, single *store.Pair) error {
	p, err := pr.tx.PairByObject(pr.link.ID, o.ID)
	none := errors.Is(err, pim.ErrNotFound)
	switch {
	case err != nil && !none:
		return err
	case !none && !changed:
		return nil
	case !none:
	case before.ID != 0 && before.ID != o.ID:
		// It was gone and is there again before anybody heard of it.
		if p, err = pr.tx.PairByObject(pr.link.ID, before.ID); errors.Is(err, pim.ErrNotFound) {
			p = store.Pair{LinkID: pr.link.ID}
		} else if err != nil {
			return err
		}
	case single.ID != 0:
		p, *single = *single, store.Pair{}
		p.LocalText, p.Seq = o.Text, 0
		if err := pr.tell(p.RemoteID, o.UID); err != nil {
			return err
		}
	default:
		p = store.Pair{LinkID: pr.link.ID}
		if own, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID); err == nil {
			p.Tie = own.Tie
		}
	}
	p.ObjectID, p.UID = o.ID, o.UID
	wake(&p)
	return pr.tx.SavePair(&p)
}

// tell remembers the UID of a record that changed hands.
func (pr *projection) tell(record, uid string) error {
	return pr.remember(pr.tx, store.Pair{RemoteID: record, UID: uid})
}

// single is the pair that the series has from when it did not repeat; zero without one.
func (pr *projection) single() (store.Pair, error) {
	p, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return store.Pair{}, nil
	}
	if err != nil || p.RemoteID == "" || p.RemoteGone || p.Intent != "" || !pr.repeat {
		return store.Pair{}, err
	}
	return p, nil
}

// handBack gives a series that does not repeat any more the record of the occurrence
// that it is now.
func (pr *projection) handBack() error {
	if pr.repeat || pr.item == nil {
		return nil
	}
	own, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID)
	if err == nil && own.RemoteID != "" {
		return nil
	}
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	for _, x := range pr.rows {
		p, err := pr.tx.PairByObject(pr.link.ID, x.ObjectID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && (x.Occurrence != startOf(pr.item) || p.RemoteID == "" || p.RemoteGone || p.Intent != "") {
			continue
		}
		if err != nil {
			return err
		}
		if err := pr.tx.DeletePair(own.ID); err != nil {
			return err
		}
		p.ObjectID, p.UID, p.LocalText, p.Seq = pr.series.ID, pr.series.UID, pr.series.Text, 0
		wake(&p)
		return errors.Join(pr.tx.SavePair(&p), pr.tell(p.RemoteID, p.UID))
	}
	return nil
}
