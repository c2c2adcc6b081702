package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Contacts that come along: those that a contact of the link points at (rule
// relatedContacts), and those that activities of another link are tied to (activityContacts).
//
// The remote is asked what a record is tied to when the record is new or has changed, and,
// as ties can change without it, once a day: a hundred records in a call, and of those that did
// not change one call in a run at most. What is found is noted for the link that
// brings it (store.Bring), whose next run, or this one, reads it and makes it here.

const (
	relateBatch = 100
	// relateAgain is when records are asked about again that could not be.
	relateAgain = 15 * time.Minute
	relateEvery = 24 * time.Hour
)

// relateNow is Pair.RelateAt of a record that changed: before all those that are asked about
// because a day has passed.
func relateNow() time.Time { return time.Unix(0, 0).UTC() }

// along is why a record is here although the rules leave it out: another one is tied to it.
// It is stored as store.Pair.Along.
type along struct {
	Link   store.LinkID `json:"link"`
	Record string       `json:"record"`
	Role   string       `json:"role"` // for people
}

// bringing is what a run asks the remote about.
type bringing struct {
	remote.Relations
	to    store.Link        // whose address book it is for
	roles map[string]string // labels of the roles that count
}

// toRelate has the remote asked what the record of a pair is tied to.
func (r *run) toRelate(p *store.Pair) {
	if at := relateNow(); r.bringsAny() {
		p.RelateAt = &at
	}
}

// brings are the contacts that the rules have come along; ok is false for none.
func (r *run) brings(ctx context.Context) (b bringing, ok bool, err error) {
	if !r.bringsAny() {
		return b, false, nil
	}
	if b.Relations, ok = remote.As[remote.Relations](r.rem); !ok {
		return b, false, nil
	}
	b.to = r.link
	if r.rules.ActivityContacts && !r.kinds.Has(pim.KindContact) {
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			b.to, err = r.addressBook(tx, r.link, r.rules.ContactsLink)
			return err
		})
		if errors.Is(err, pim.ErrInvalid) { // it was removed since the rule was made
			r.Log.WarnContext(ctx, "no address book for the contacts of activities", "link", r.link.ID, "err", err)
			return b, false, nil
		}
		if err != nil {
			return b, false, err
		}
	}
	b.roles = map[string]string{}
	for _, k := range r.kinds.List() {
		roles, err := b.Roles(ctx, k)
		if err != nil {
			return b, false, r.unlessNotTold(ctx, err)
		}
		for _, role := range roles {
			// Who is responsible for an activity is no contact of it.
			if string(role.Of) == b.to.Remote && (k == pim.KindContact || role.ID != remote.RoleOwner) {
				b.roles[role.ID] = role.Label
			}
		}
	}
	return b, len(b.roles) > 0, nil
}

// bringsAny reports a rule by which contacts come along.
func (r *run) bringsAny() bool {
	return r.rules.RelatedContacts && r.kinds.Has(pim.KindContact) ||
		r.rules.ActivityContacts && r.kinds&pim.Kinds(pim.KindEvent, pim.KindTask) != 0
}

// relate asks what records are tied to: all that changed, and some of the others.
func (r *run) relate(ctx context.Context) error {
	b, ok, err := r.brings(ctx)
	if err != nil || !ok {
		return err
	}
	for {
		n, err := r.relateSome(ctx, b, relateNow())
		if err != nil {
			return err
		}
		if n < relateBatch {
			break
		}
	}
	_, err = r.relateSome(ctx, b, r.now)
	return err
}

// relateSome asks about those records that are due by a time, and returns how many were.
func (r *run) relateSome(ctx context.Context, b bringing, by time.Time) (n int, err error) {
	var pairs []store.Pair
	scoped := map[remote.ItemID]bool{} // false: a person linked it, wherever it is
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		clear(scoped)
		if pairs, err = tx.Relating(r.link.ID, by, relateBatch); err != nil {
			return err
		}
		for _, p := range pairs {
			if r.bringsOthers(p) {
				scoped[remote.ItemID(p.RemoteID)] = p.Tie != string(rule.Linked)
			}
		}
		return nil
	})
	if err != nil || len(pairs) == 0 {
		return 0, err
	}
	found := map[remote.ItemID][]remote.Relation{}
	for _, in := range []bool{true, false} {
		var ids []remote.ItemID
		for _, p := range pairs {
			if is, ask := scoped[remote.ItemID(p.RemoteID)]; ask && is == in {
				ids = append(ids, remote.ItemID(p.RemoteID))
			}
		}
		if len(ids) == 0 {
			continue
		}
		scope := r.rules.Scope(r.now, r.kinds)
		if !in {
			scope = remote.Scope{AllOwners: true}
		}
		got, err := b.Related(ctx, remote.CollectionID(r.link.Remote), scope, ids)
		if err != nil {
			if err := r.unlessNotTold(ctx, err); err != nil {
				return 0, err
			}
			if kind := pim.ReasonOf(err); kind != pim.ErrForbidden && kind != pim.ErrUnsupported {
				// What is known stays. The next run asks about others first, if these are what the remote stumbles over.
				return 0, r.update(ctx, func(tx *store.Tx) error { return tx.Related(idsOf(pairs), r.now.Add(relateAgain)) })
			}
			continue
		}
		for id, rels := range got {
			found[id] = rels
		}
	}
	if err := r.at("relations read"); err != nil {
		return 0, err
	}
	return len(pairs), r.update(ctx, func(tx *store.Tx) error { return r.noteBrings(tx, b, pairs, found) })
}

// bringsOthers reports a record of the link's scope, not one that only came along itself.
// Whom a private item is tied to is content, which a mask hides.
func (r *run) bringsOthers(p store.Pair) bool {
	if p.Along != "" || p.RemoteGone || p.LocalGone || rule.Tie(p.Tie).Parts() || p.AwayAt != nil && p.Tie != string(rule.Linked) {
		return false
	}
	it, err := pim.DecodeItem(p.TheirItem)
	if err != nil || it == nil {
		return false
	}
	v := r.rules.Judge(r.question(rule.Inward, view{pair: p, theirs: it}))
	return v.Create && !v.Masked && !v.Away
}

// noteBrings notes which records are to be brought, and when the ones that were asked about
// are looked at again.
func (r *run) noteBrings(tx *store.Tx, b bringing, pairs []store.Pair, found map[remote.ItemID][]remote.Relation) error {
	want := map[string]store.Bring{}
	var order []string
	for _, p := range pairs {
		for _, rel := range found[remote.ItemID(p.RemoteID)] {
			id := string(rel.ID)
			label, counts := b.roles[rel.Role]
			_, twice := want[id]
			if !counts || id == "" || twice || id == p.RemoteID && b.to.ID == r.link.ID || rel.Self && b.to.ID != r.link.ID {
				continue
			}
			want[id] = store.Bring{LinkID: b.to.ID, RemoteID: id, ByLinkID: r.link.ID, ByRemoteID: p.RemoteID, Role: label}
			order = append(order, id)
		}
	}
	known, err := tx.PairsByRemote(b.to.ID, order)
	if err != nil {
		return err
	}
	news := false
	for _, id := range order {
		if _, have := known[id]; have {
			continue
		}
		added, err := tx.AddBring(want[id])
		if err != nil {
			return err
		}
		news = news || added
	}
	if err := tx.Related(idsOf(pairs), r.now.Add(relateEvery)); err != nil || !news || b.to.ID == r.link.ID {
		return err
	}
	return r.Engine.wanted(tx.Context(), tx, b.to.ID)
}

// comeAlong reads the records that are to be brought to this link.
func (r *run) comeAlong(ctx context.Context) error {
	if !r.kinds.Has(pim.KindContact) {
		return nil
	}
	for {
		var bs []store.Bring
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			bs, err = tx.Brings(r.link.ID, fetchBatch)
			return err
		})
		if err != nil || len(bs) == 0 {
			return err
		}
		var ids []remote.ItemID
		r.comes = map[remote.ItemID]along{}
		for _, b := range bs {
			if why := (along{b.ByLinkID, b.ByRemoteID, b.Role}); r.inForce(why) {
				ids = append(ids, remote.ItemID(b.RemoteID))
				r.comes[remote.ItemID(b.RemoteID)] = why
			}
		}
		// What this account may not read is left out.
		recs, _, err := r.fetch(ctx, ids)
		if err != nil {
			return err
		}
		recs = slices.DeleteFunc(recs, func(rec remote.Record) bool { return rec.Item.Kind() != pim.KindContact })
		if err := r.seek(ctx, recs); err != nil {
			return err
		}
		if err := r.at("brought read"); err != nil {
			return err
		}
		err = r.update(ctx, func(tx *store.Tx) error {
			if err := r.ingest(tx, recs, nil); err != nil {
				return err
			}
			return tx.DropBrings(bs)
		})
		if err != nil {
			return err
		}
		r.comes = nil
	}
}

// inForce reports that the rule by which something comes along is there, and is still on.
func (r *run) inForce(a along) bool {
	if a.Link == r.link.ID {
		return r.rules.RelatedContacts
	}
	return r.givers[a.Link]
}

func idsOf(pairs []store.Pair) []store.PairID {
	ids := make([]store.PairID, len(pairs))
	for i, p := range pairs {
		ids[i] = p.ID
	}
	return ids
}
