package relay

import (
	"context"
	"errors"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// On a remote.Marker every record of a link carries a key, by which it is known again when a person moves it and it
// gets another id (moves.go). Those that we made have theirs from Create; others get one once they are paired, by a write
// of which nobody is told: it changes no content. The key is stored before it is sent, and that it is there after: a
// write whose answer is lost is done again, or seen with the next poll. A key that a record has, whoever gave it, stays;
// only a copy, which has that of its original, gets another.

// markMost is how many records get their key in one run.
const markMost = 200

// markAgain is when a record that cannot be given a key now is looked at next.
const markAgain = 24 * time.Hour

func (r *run) marker() (remote.Marker, bool) { return remote.As[remote.Marker](r.rem) }

// markOf is the key that the record of a begun create is to carry, as far as it is looked for.
func (r *run) markOf(p store.Pair) string {
	if _, ok := r.marker(); !ok {
		return ""
	}
	return p.Key
}

// keyTaken reports that another item of the account carries a key; one that is unlinked has no claim to it.
func (r *run) keyTaken(tx *store.Tx, key string, but store.PairID) (bool, error) {
	if _, ok := r.marker(); !ok {
		return false, nil
	}
	all, err := tx.PairsByMark(r.user.ID, []string{key})
	if err != nil || len(all) == 0 {
		return false, err
	}
	kin, err := r.kin(tx)
	for _, p := range all[key] {
		if _, ours := kin[p.LinkID]; ours && p.ID != but && !p.RemoteGone && !rule.Tie(p.Tie).Parts() {
			return true, err
		}
	}
	return false, err
}

// noteKey notes in a pair the key that its record shows. A copy shows that of its original, and is to get its own.
func (r *run) noteKey(tx *store.Tx, p *store.Pair, rec remote.Record) error {
	if _, ok := r.marker(); !ok {
		return nil
	}
	if rec.Key == "" || rec.Key == p.Mark && p.MarkAt == nil {
		if p.RemotePrint != "" {
			r.toMark(p)
		}
		return nil
	}
	taken := false
	if rec.Key != p.Mark {
		var err error
		if taken, err = r.keyTaken(tx, rec.Key, p.ID); err != nil {
			return err
		}
	}
	if !taken {
		p.Mark, p.MarkAt = rec.Key, nil
	} else if p.MarkAt == nil {
		p.Mark, p.MarkAt = "", &r.now
	}
	return nil
}

// toMark has the record of an agreed pair get a key, if it has none.
func (r *run) toMark(p *store.Pair) {
	if _, ok := r.marker(); ok && p.Mark == "" && p.MarkAt == nil {
		p.MarkAt = &r.now
	}
}

// keyPlaces are the collections in whose keys records of the link may be made.
func (r *run) keyPlaces(tx *store.Tx) ([]string, error) {
	places := []string{r.link.Remote}
	if _, ok := r.marker(); !ok {
		return places, nil
	}
	kin, err := r.kin(tx)
	for _, l := range kin {
		if l.Remote != r.link.Remote {
			places = append(places, l.Remote)
		}
	}
	return places, err
}

// kin are the user's links to the account of this one, itself among them.
func (r *run) kin(tx *store.Tx) (map[store.LinkID]store.Link, error) {
	links, err := tx.Links(r.user.ID)
	if err != nil {
		return nil, err
	}
	known, tells := r.Remotes.(knowing)
	var here remote.Settings
	if tells {
		if here, err = known.Settings(r.link); err != nil {
			return nil, err
		}
	}
	kin := map[store.LinkID]store.Link{}
	for _, l := range links {
		if l.Driver != r.link.Driver || l.Side != r.link.Side {
			continue
		}
		if tells && l.ID != r.link.ID {
			there, err := known.Settings(l)
			if err != nil {
				return nil, err
			}
			if !sameAccount(here, there) {
				continue
			}
		}
		kin[l.ID] = l
	}
	return kin, nil
}

// giveKeys gives records that others made their keys.
func (r *run) giveKeys(ctx context.Context) error {
	m, ok := r.marker()
	if !ok || r.rules.Direction == rule.In {
		return nil
	}
	var due []store.Pair
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.PairsToMark(r.link.ID, r.now, markMost)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range due {
		if err := r.at("key item"); err != nil {
			return err
		}
		err := r.guarded("key", func() error { return r.giveKey(ctx, m, p.ID) })
		if err == nil {
			continue
		}
		kind := pim.ReasonOf(err)
		if ctx.Err() != nil || errors.Is(err, errKilled) || ends(kind) {
			return err
		}
		r.Log.WarnContext(ctx, "item not given its key", "link", r.link.ID, "item", p.ID, "reason", kind, "err", err)
		if kind == pim.ErrUnavailable || kind == pim.ErrProtocol {
			return nil // the items are in step all the same; the next run goes on
		}
	}
	return nil
}

// giveKey gives one record its key, and comes back to one that cannot have it now.
func (r *run) giveKey(ctx context.Context, m remote.Marker, id store.PairID) error {
	v, err := r.look(ctx, id)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return r.keyLater(ctx, id, markAgain, err)
	}
	p := v.pair
	if p.MarkAt == nil || p.RemoteID == "" || p.RemoteGone || p.Intent != "" {
		return nil
	}
	if rule.Tie(p.Tie).Parts() || v.theirs == nil {
		return r.keyLater(ctx, id, markAgain, nil)
	}
	ref := remote.Ref{ID: remote.ItemID(p.RemoteID), Version: p.TheirVersion}
	err = r.silent(ctx, v, ref, remote.Entry{UID: p.UID, Item: v.theirs}, pim.FieldSet{})
	switch {
	case errors.Is(err, pim.ErrHeld):
		return r.keyLater(ctx, id, markAgain, nil) // it would mail somebody
	case errors.Is(err, errChangedThere):
		return nil
	case err != nil:
		return r.keyLater(ctx, id, markAgain, err)
	}
	key, err := r.intendKey(ctx, p)
	if err != nil {
		return err
	}
	if err := r.at("key stored"); err != nil {
		return err
	}
	now, err := m.Mark(ctx, remote.CollectionID(r.link.Remote), ref, key)
	switch kind := pim.ReasonOf(err); {
	case err == nil:
	case kind == pim.ErrConflict, kind == pim.ErrNotFound:
		return r.keyLater(ctx, id, 0, nil) // the next run has read what became of it
	case unknown(err), ends(kind):
		return err
	default:
		return r.keyLater(ctx, id, markAgain, err)
	}
	if err := r.at("remote written"); err != nil {
		return err
	}
	return r.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(id)
		if errors.Is(err, pim.ErrNotFound) || err == nil && (p.RemoteID != string(ref.ID) || p.Mark != key) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.MarkAt = nil; p.TheirVersion == ref.Version {
			if p.Version == ref.Version {
				p.Version = now.Version
			}
			p.TheirVersion = now.Version // of the same content: its echo is none
		}
		return tx.SavePair(&p)
	})
}

// intendKey stores the key that a record is to get.
func (r *run) intendKey(ctx context.Context, p store.Pair) (key string, err error) {
	err = r.update(ctx, func(tx *store.Tx) error {
		now, err := tx.Pair(p.ID)
		if err != nil {
			return err
		}
		if key = now.Mark; key != "" {
			return nil // as the last time
		}
		if key, err = r.unusedKey(tx, now, ""); err != nil {
			return err
		}
		now.Mark = key
		return tx.SavePair(&now)
	})
	return key, err
}

// keyLater has a pair looked at again after a while; 0 is the next run. It returns failure.
func (r *run) keyLater(ctx context.Context, id store.PairID, wait time.Duration, failure error) error {
	at := r.now.Add(wait)
	err := r.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(id)
		if errors.Is(err, pim.ErrNotFound) || err == nil && p.MarkAt == nil {
			return nil
		}
		if err == nil {
			p.MarkAt = &at
			err = tx.SavePair(&p)
		}
		return err
	})
	return errors.Join(failure, err)
}
