package several

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// state is a cursor: those of the collections by their signs, and which are still to be asked in this round.
type state struct {
	At   map[string]remote.Cursor `json:"at"`
	Left []string                 `json:"left,omitempty"`
}

func begin(since remote.Cursor) (s state, ok bool) {
	if since != "" && json.Unmarshal([]byte(since), &s) != nil {
		return s, false
	}
	if s.At == nil {
		s.At = map[string]remote.Cursor{}
	}
	return s, true
}

func (s state) cursor() (remote.Cursor, error) {
	b, err := json.Marshal(s)
	return remote.Cursor(b), err
}

var errGone = &pim.Error{Op: "several: changes", Kind: pim.ErrCursorGone, Public: "the listing has to begin anew"}

// Changes implements remote.Remote: the collections are asked one after another, a page at a time.
func (f *Folders) Changes(ctx context.Context, place remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	if !Is(place) {
		return f.Remote.Changes(ctx, place, s, since)
	}
	st, ok := begin(since)
	if !ok {
		return remote.Delta{}, errGone
	}
	in, all, err := f.members(ctx, place, s, len(st.Left) == 0 && f.Traits().FreshCollections)
	if err != nil {
		return remote.Delta{}, err
	}
	if len(st.Left) == 0 {
		if !st.round(in, all) {
			return remote.Delta{}, errGone
		}
	}
	sought := st.Left[0]
	i := slices.IndexFunc(all, func(c remote.CollectionID) bool { return sign(c) == sought })
	if i < 0 {
		return remote.Delta{}, errGone // deleted in the middle of a round
	}
	c := all[i]
	d, err := f.Remote.Changes(ctx, c, s, st.At[sought])
	if err != nil {
		return remote.Delta{}, f.vanished(ctx, place, c, err)
	}
	for i := range d.Changed {
		d.Changed[i].ID = At(place, c, d.Changed[i].ID)
	}
	for i := range d.Removed {
		d.Removed[i] = At(place, c, d.Removed[i])
	}
	st.At[sought] = d.Next
	if !d.More {
		st.Left = st.Left[1:]
	}
	d.More = len(st.Left) > 0
	d.Next, err = st.cursor()
	return d, err
}

// round begins one with the collections in; false when one of an earlier round is not among all any more: what was in it cannot be
// told by its changes.
func (s *state) round(in, all []remote.CollectionID) bool {
	there := map[string]bool{}
	for _, c := range all {
		there[sign(c)] = false
	}
	for _, c := range in {
		there[sign(c)] = true
		s.Left = append(s.Left, sign(c))
	}
	for old := range s.At {
		wanted, known := there[old]
		if !known {
			return false
		}
		if !wanted {
			delete(s.At, old) // out of the scope; should it come back, it is read anew
		}
	}
	return true
}

// vanished is what a failure to read a collection means: of All, one that was deleted is none.
func (f *Folders) vanished(ctx context.Context, place, c remote.CollectionID, failure error) error {
	if Chosen(place) != nil || !errors.Is(failure, pim.ErrNotFound) {
		return failure
	}
	_, all, err := f.members(ctx, place, remote.Scope{AllOwners: true}, true)
	if err != nil {
		return err // it is not known which
	}
	if slices.Contains(all, c) {
		return failure
	}
	return errGone
}

// List implements remote.Lister.
func (f *Folders) List(ctx context.Context, place remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	const op = "several: list"
	l, ok := remote.As[remote.Lister](f.Remote)
	if !ok {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "the remote lists nothing")
	}
	if !Is(place) {
		return l.List(ctx, place, s)
	}
	in, _, err := f.members(ctx, place, s, true)
	if err != nil {
		return nil, err
	}
	var out []remote.Ref
	for _, c := range in {
		refs, err := l.List(ctx, c, s)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			ref.ID = At(place, c, ref.ID)
			out = append(out, ref)
		}
	}
	return out, nil
}

// Fetch implements remote.Remote. A bare id is looked for in every collection: it is what is remembered of an item that was
// linked in another way.
func (f *Folders) Fetch(ctx context.Context, place remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	if !Is(place) {
		return f.Remote.Fetch(ctx, place, ids)
	}
	byFolder, bare := map[remote.CollectionID][]remote.ItemID{}, []remote.ItemID(nil)
	var order []remote.CollectionID
	for _, id := range ids {
		if s, _ := split(id); s == "" {
			bare = append(bare, id)
			continue
		}
		c, own, ok, err := f.of(ctx, place, id)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // its collection went, and it with that
		}
		if byFolder[c] == nil {
			order = append(order, c)
		}
		byFolder[c] = append(byFolder[c], own)
	}
	var out []remote.Record
	for _, c := range order {
		recs, err := f.fetch(ctx, place, c, byFolder[c])
		if err != nil {
			return nil, err
		}
		out = append(out, recs...)
	}
	some, err := f.anywhere(ctx, place, bare)
	return append(out, some...), err
}

func (f *Folders) fetch(ctx context.Context, place, c remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	recs, err := f.Remote.Fetch(ctx, c, ids)
	if errors.Is(err, pim.ErrNotFound) {
		if err = f.vanished(ctx, place, c, err); errors.Is(err, pim.ErrCursorGone) {
			return nil, nil
		}
	}
	for i := range recs {
		recs[i].ID = At(place, c, recs[i].ID)
	}
	return recs, err
}

func (f *Folders) anywhere(ctx context.Context, place remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	_, all, err := f.members(ctx, place, remote.Scope{AllOwners: true}, false)
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for _, c := range all {
		recs, err := f.fetch(ctx, place, c, ids)
		if err != nil {
			return nil, err
		}
		out = append(out, recs...)
		ids = slices.DeleteFunc(slices.Clone(ids), func(id remote.ItemID) bool {
			return slices.ContainsFunc(recs, func(r remote.Record) bool { return Bare(r.ID) == id })
		})
		if len(ids) == 0 {
			break
		}
	}
	return out, nil
}

// Count implements remote.Counter.
func (f *Folders) Count(ctx context.Context, place remote.CollectionID, s remote.Scope) (int, error) {
	n, ok := remote.As[remote.Counter](f.Remote)
	if !ok {
		return 0, pim.Errorf("several: count", pim.ErrUnsupported, "the remote does not count")
	}
	if !Is(place) {
		return n.Count(ctx, place, s)
	}
	in, _, err := f.members(ctx, place, s, false)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, c := range in {
		some, err := n.Count(ctx, c, s)
		if err != nil {
			return 0, err
		}
		sum += some
	}
	return sum, nil
}
