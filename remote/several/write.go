package several

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Create implements remote.Remote. The item that a key made is the first one wherever it was made or moved to, as far as the remote
// tells of keys.
func (f *Folders) Create(ctx context.Context, place remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	c, err := f.fresh(ctx, "several: create", place, e.Item.Kind())
	if err != nil {
		return remote.Record{}, err
	}
	rec, err := f.Remote.Create(ctx, c, e, key)
	rec.ID = at(place, c, rec.ID)
	return rec, err
}

// at is At for a record that may be none.
func at(place, c remote.CollectionID, id remote.ItemID) remote.ItemID {
	if id == "" {
		return id
	}
	return At(place, c, id)
}

// Update implements remote.Remote.
func (f *Folders) Update(ctx context.Context, place remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	c, id, err := f.one(ctx, "several: update", place, old.ID)
	if err != nil {
		return remote.Record{}, err
	}
	rec, err := f.Remote.Update(ctx, c, remote.Ref{ID: id, Version: old.Version}, e, changed)
	rec.ID = at(place, c, rec.ID)
	return rec, err
}

// Delete implements remote.Remote.
func (f *Folders) Delete(ctx context.Context, place remote.CollectionID, old remote.Ref, how remote.Removal) error {
	c, id, err := f.one(ctx, "several: delete", place, old.ID)
	if err != nil {
		return err
	}
	return f.Remote.Delete(ctx, c, remote.Ref{ID: id, Version: old.Version}, how)
}

// Find implements remote.Finder: in the collection that takes new items first, then in the others, since which that is may have
// changed.
func (f *Folders) Find(ctx context.Context, place remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	const op = "several: find"
	finder, ok := remote.As[remote.Finder](f.Remote)
	if !ok {
		return remote.Record{}, false, pim.Errorf(op, pim.ErrUnsupported, "the remote finds nothing by its key")
	}
	first, err := f.fresh(ctx, op, place, e.Item.Kind())
	if err != nil || !Is(place) {
		if err != nil {
			return remote.Record{}, false, err
		}
		return finder.Find(ctx, first, key, e)
	}
	all, _, err := f.members(ctx, place, remote.Scope{Kinds: pim.Kinds(e.Item.Kind())}, false)
	if err != nil {
		return remote.Record{}, false, err
	}
	var gone error // the item that the key made is known to have been deleted
	for i, c := range append([]remote.CollectionID{first}, all...) {
		if i > 0 && c == first {
			continue
		}
		rec, found, err := finder.Find(ctx, c, key, e)
		if errors.Is(err, pim.ErrNotFound) {
			err = f.vanished(ctx, place, c, err)
		}
		switch {
		case errors.Is(err, pim.ErrCursorGone): // the collection itself was deleted, which tells nothing of the item
		case errors.Is(err, pim.ErrNotFound):
			gone = err
		case err != nil:
			return rec, false, err
		case found:
			rec.ID = At(place, c, rec.ID)
			return rec, true, nil
		}
	}
	return remote.Record{}, false, gone
}

// Mails implements remote.Mailer.
func (f *Folders) Mails(ctx context.Context, place remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	const op = "several: mails"
	m, ok := remote.As[remote.Mailer](f.Remote)
	if !ok {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "the remote tells nobody whom it mails")
	}
	if old.ID == "" {
		c, err := f.fresh(ctx, op, place, e.Item.Kind())
		if err != nil {
			return nil, err
		}
		return m.Mails(ctx, c, old, e, changed)
	}
	c, id, err := f.one(ctx, op, place, old.ID)
	if err != nil {
		return nil, err
	}
	return m.Mails(ctx, c, remote.Ref{ID: id, Version: old.Version}, e, changed)
}

// Mark implements remote.Marker.
func (f *Folders) Mark(ctx context.Context, place remote.CollectionID, old remote.Ref, key string) (remote.Ref, error) {
	const op = "several: mark"
	m, ok := remote.As[remote.Marker](f.Remote)
	if !ok {
		return remote.Ref{}, pim.Errorf(op, pim.ErrUnsupported, "the remote's items carry no keys")
	}
	c, id, err := f.one(ctx, op, place, old.ID)
	if err != nil {
		return remote.Ref{}, err
	}
	ref, err := m.Mark(ctx, c, remote.Ref{ID: id, Version: old.Version}, key)
	ref.ID = at(place, c, ref.ID)
	return ref, err
}

// Where implements remote.Marker. It tells the remote's own collections and ids: who asks knows what is linked where (Holds, At).
func (f *Folders) Where(ctx context.Context, keys []string) (map[string]remote.Whereabouts, error) {
	m, ok := remote.As[remote.Marker](f.Remote)
	if !ok {
		return nil, pim.Errorf("several: where", pim.ErrUnsupported, "the remote's items carry no keys")
	}
	return m.Where(ctx, keys)
}
