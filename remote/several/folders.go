package several

import (
	"context"
	"slices"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// listAge is for how long it is taken for known which collections there are, unless it is cheap to ask (remote.Traits.FreshCollections).
const listAge = 5 * time.Minute

// Folders is a remote with places of several collections beside its own. It stands before the remote and has, of
// optional abilities, those of mail servers and groupware.
type Folders struct {
	remote.Remote
	now   func() time.Time
	every time.Duration // between looks for new collections to watch

	mu     sync.Mutex
	listed []remote.Collection // nil: not asked yet
	at     time.Time
	turned chan struct{} // closed when other collections were found than before; nil: nobody waits for that
}

var (
	_ remote.Standing = (*Folders)(nil)
	_ remote.Lister   = (*Folders)(nil)
	_ remote.Finder   = (*Folders)(nil)
	_ remote.Counter  = (*Folders)(nil)
	_ remote.Mailer   = (*Folders)(nil)
	_ remote.Marker   = (*Folders)(nil)
	_ remote.Watcher  = (*Folders)(nil)
	_ remote.Prober   = (*Folders)(nil)
)

// Over is r with places of several collections; now is the clock.
func Over(r remote.Remote, now func() time.Time) *Folders {
	return &Folders{Remote: r, now: now, every: listAge}
}

// For is r as a link to place needs it: r itself unless that is a place of several.
func For(place remote.CollectionID, r remote.Remote, now func() time.Time) remote.Remote {
	if !Is(place) {
		return r
	}
	return Over(r, now)
}

// Behind implements remote.Standing.
func (f *Folders) Behind() remote.Remote { return f.Remote }

// Probe implements remote.Prober.
func (f *Folders) Probe(ctx context.Context) []remote.Check {
	if p, ok := remote.As[remote.Prober](f.Remote); ok {
		return p.Probe(ctx)
	}
	return nil
}

// folders are all collections of the remote, those of a while ago unless they are wanted afresh.
func (f *Folders) folders(ctx context.Context, afresh bool) ([]remote.Collection, error) {
	f.mu.Lock()
	listed, age := f.listed, f.now().Sub(f.at)
	f.mu.Unlock()
	if listed != nil && !afresh && age >= 0 && age < listAge {
		return listed, nil
	}
	cs, err := f.Collections(ctx)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turned != nil && f.listed != nil && !sameIDs(f.listed, cs) {
		close(f.turned)
		f.turned = nil
	}
	f.listed, f.at = cs, f.now()
	return cs, nil
}

// news is closed when other collections are found than those of now.
func (f *Folders) news() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turned == nil {
		f.turned = make(chan struct{})
	}
	return f.turned
}

func sameIDs(a, b []remote.Collection) bool {
	return slices.EqualFunc(a, b, func(x, y remote.Collection) bool { return x.ID == y.ID })
}

// members are the collections of a place for a scope, and all that there are.
func (f *Folders) members(ctx context.Context, place remote.CollectionID, s remote.Scope, afresh bool) (in, all []remote.CollectionID, err error) {
	if ids := Chosen(place); ids != nil {
		return ids, ids, nil
	}
	kinds, _ := IsAll(place)
	cs, err := f.folders(ctx, afresh)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range cs {
		all = append(all, c.ID)
		if takes(c, kinds, s) {
			in = append(in, c.ID)
		}
	}
	if len(in) == 0 {
		// Rather a right that was taken away than a mailbox without any.
		return nil, nil, pim.Errorf("several: collections", pim.ErrForbidden, "no calendar, task list or address book of the wanted kinds is to be seen there (any more); check the rights of the connection")
	}
	return in, all, nil
}

// of is the collection that an id tells, ok when it has one and the collection is there.
func (f *Folders) of(ctx context.Context, place remote.CollectionID, id remote.ItemID) (c remote.CollectionID, bare remote.ItemID, ok bool, err error) {
	if !Is(place) {
		return place, id, true, nil
	}
	s, bare := split(id)
	for _, afresh := range []bool{false, true} {
		_, all, err := f.members(ctx, place, remote.Scope{AllOwners: true}, afresh)
		if err != nil {
			return "", bare, false, err
		}
		for _, c := range all {
			if sign(c) == s {
				return c, bare, true, nil
			}
		}
		if Chosen(place) != nil {
			break
		}
	}
	return "", bare, false, nil
}

// one is of for a call about one item.
func (f *Folders) one(ctx context.Context, op string, place remote.CollectionID, id remote.ItemID) (remote.CollectionID, remote.ItemID, error) {
	c, bare, ok, err := f.of(ctx, place, id)
	if err == nil && !ok {
		err = pim.Errorf(op, pim.ErrNotFound, "there is no such item (any more)")
	}
	return c, bare, err
}

// fresh is the collection in which a new item is made.
func (f *Folders) fresh(ctx context.Context, op string, place remote.CollectionID, k pim.Kind) (remote.CollectionID, error) {
	if !Is(place) {
		return place, nil
	}
	cs, err := f.folders(ctx, false)
	if err != nil {
		return "", err
	}
	if ids := Chosen(place); ids != nil {
		cs = chosenOf(cs, ids)
	}
	c, ok := home(cs, k)
	if !ok {
		return "", pim.Errorf(op, pim.ErrRefused, "none of the linked collections takes new %ss", k)
	}
	return c, nil
}

// chosenOf are the collections with these ids, in their order; one that is shared by others and chosen is as good as an own one.
func chosenOf(cs []remote.Collection, ids []remote.CollectionID) []remote.Collection {
	var out []remote.Collection
	for _, id := range ids {
		for _, c := range cs {
			if c.ID == id {
				c.Others = false
				out = append(out, c)
			}
		}
	}
	return out
}
