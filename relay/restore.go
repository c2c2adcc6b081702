package relay

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/store"
)

// Restored is what Restore did.
type Restored struct {
	Object    store.Object
	Unchanged bool // the item has that text already
	Anew      bool // it was deleted
}

// Restore makes an earlier text of an item (Event.Version) the newest one, as if by a
// person had written it; a deleted item comes back under its UID and, when nothing else
// has it since, its name. The links carry it over as any other change. Done twice it changes
// nothing more. pim.ErrNotFound when the version is not kept, pim.ErrInvalid when it is a
// deletion.
func (e *Engine) Restore(ctx context.Context, c store.CollectionID, uid string, version store.Seq, by string) (res Restored, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		res, err = restore(tx, c, uid, version, by)
		return err
	})
	return res, err
}

func restore(tx *store.Tx, c store.CollectionID, uid string, version store.Seq, by string) (Restored, error) {
	const op = "relay: restore"
	coll, err := tx.Collection(c)
	if err != nil {
		return Restored{}, err
	}
	u, err := tx.User(coll.UserID)
	if err != nil {
		return Restored{}, err
	}
	objects, err := tx.ObjectsByUID(c, uid)
	if err != nil {
		return Restored{}, err
	}
	o, v, err := versionOf(tx, objects, version)
	if err != nil {
		return Restored{}, err
	}
	if v.ETag == "" {
		return Restored{}, pim.Errorf(op, pim.ErrInvalid, "version %d is the deletion of the item; name the one before it", version)
	}
	w, err := newCodec(tx.Now(), u.Zone).index(o.Kind, v.Text)
	if err != nil {
		return Restored{}, err
	}
	in := w.put(c, o.Name, uid, o.Kind)
	in.By = by
	newest := objects[len(objects)-1]
	in.Name = newest.Name
	if newest.Deleted {
		if _, err := tx.Object(c, in.Name); err == nil {
			in.Name = uuid.NewSHA1(uidNames, []byte("restore\x00"+uid)).String() + extension(o.Kind)
		} else if !errors.Is(err, pim.ErrNotFound) {
			return Restored{}, err
		}
	}
	put, err := tx.PutObject(in)
	return Restored{Object: put.Object, Unchanged: put.Unchanged, Anew: newest.Deleted}, err
}

// versionOf finds a version of any of the objects that an item has been.
func versionOf(tx *store.Tx, objects []store.Object, version store.Seq) (store.Object, store.Version, error) {
	for _, o := range objects {
		v, err := tx.Version(o.ID, version)
		if errors.Is(err, pim.ErrNotFound) {
			continue
		}
		return o, v, err
	}
	return store.Object{}, store.Version{}, pim.Errorf("relay: restore", pim.ErrNotFound, "the item has no version %d, or it is not kept any more", version)
}
