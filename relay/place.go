package relay

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// place is where the ids of the link's records are unique, "" for everywhere.
func (r *run) place() string {
	if r.traits.LocalIDs {
		return r.traits.Place + "#" + r.link.Remote
	}
	return r.traits.Place
}

// places are the place and those under which earlier versions remembered the same records,
// when they knew less of where ids are unique; the newest first.
func (r *run) places() []string {
	return slices.Compact([]string{r.place(), r.traits.Place, ""})
}

// identity is what is remembered of a record, else pim.ErrNotFound.
func (r *run) identity(tx *store.Tx, id string) (store.Identity, error) {
	id = string(several.Bare(remote.ItemID(id)))
	for _, place := range r.places() {
		known, err := tx.Identity(r.user.ID, r.link.Driver, place, id)
		if errors.Is(err, pim.ErrNotFound) {
			continue
		}
		if err != nil {
			return store.Identity{}, err
		}
		if ours, err := r.remembersOurs(tx, known); err != nil || ours {
			return known, err
		}
	}
	return store.Identity{}, pim.Errorf("relay: identity", pim.ErrNotFound, "nothing is remembered of this record")
}

// identitiesOf are the records that had a UID.
func (r *run) identitiesOf(tx *store.Tx, uid string) (all []store.Identity, err error) {
	for _, place := range r.places() {
		known, err := tx.IdentitiesOf(r.user.ID, r.link.Driver, place, uid)
		if err != nil {
			return nil, err
		}
		for _, i := range known {
			same := func(o store.Identity) bool { return o.RemoteID == i.RemoteID }
			if slices.ContainsFunc(all, same) {
				continue
			}
			ours, err := r.remembersOurs(tx, i)
			if err != nil {
				return nil, err
			}
			if ours {
				all = append(all, i)
			}
		}
	}
	return all, nil
}

// remembersOurs reports that an identity is that of a record of this link's. One from an
// earlier place may be that of another record of the same number: of another table, whose
// objects are in another home, or of another system, in which it is tied.
func (r *run) remembersOurs(tx *store.Tx, i store.Identity) (bool, error) {
	if i.Place == r.place() {
		return true, nil
	}
	if i.CollectionID == 0 { // it was not noted where
		_, err := tx.ObjectByUID(r.coll.ID, i.UID)
		if errors.Is(err, pim.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	c, err := tx.AnyCollection(i.CollectionID) // locks nothing, and knows the deleted, too
	if errors.Is(err, pim.ErrNotFound) || err == nil && c.Home != r.coll.Home {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	links, err := tx.LinksOf(c.ID)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		if l.Driver != r.link.Driver {
			continue
		}
		if same, err := r.sameIDs(l); err != nil || same {
			if err != nil {
				return false, err
			}
			continue
		}
		if _, err := tx.PairByRemote(l.ID, i.RemoteID); err == nil {
			return false, nil
		} else if !errors.Is(err, pim.ErrNotFound) {
			return false, err
		}
	}
	return true, nil
}

// sameIDs reports a link whose ids are those of the same records as this one's.
func (r *run) sameIDs(l store.Link) (bool, error) {
	switch {
	case l.ID == r.link.ID:
		return true, nil
	case l.Driver != r.link.Driver, r.traits.LocalIDs && l.Remote != r.link.Remote:
		return false, nil
	case r.traits.Place == "":
		return true, nil
	}
	known, ok := r.Remotes.(knowing)
	if !ok {
		return true, nil // as far as anybody can tell
	}
	here, err := known.Settings(r.link)
	if err != nil {
		return false, err
	}
	there, err := known.Settings(l)
	return err == nil && sameSystem(here, there), err
}

// uidNames is the namespace of UIDs that the bridge gives to records.
var uidNames = uuid.MustParse("5f1d6a0e-7d0b-5c8e-9f57-0c2f0d1f9b11")

// uidFor is the same for every user and every link of the record, so that no
// re-pairing makes a second copy.
func (r *run) uidFor(id remote.ItemID) string { return r.uidsFor(id)[0] }

// uidsFor are the UIDs that the bridge gives and gave to a record, the present one first.
func (r *run) uidsFor(id remote.ItemID) []string {
	places := r.places()
	uids := make([]string, len(places))
	id = several.Bare(id) // the same record, however its collection was chosen
	for i, place := range places {
		uids[i] = uuid.NewSHA1(uidNames, []byte(r.link.Driver+"\x00"+place+"\x00"+string(id))).String()
	}
	return uids
}

// ownUID is the UID that the bridge gave to a record, as far as an object here tells, else
// the one that it gives.
func (r *run) ownUID(tx *store.Tx, id remote.ItemID) (string, error) {
	uids := r.uidsFor(id)
	for _, uid := range uids[1:] {
		if _, err := tx.ObjectByUID(r.coll.ID, uid); err == nil {
			return uid, nil
		} else if !errors.Is(err, pim.ErrNotFound) {
			return "", err
		}
	}
	return uids[0], nil
}
