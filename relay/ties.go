package relay

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Tied is what an item is tied to on the remote of a link, and what it can be tied to.
type Tied struct {
	Link    store.LinkID
	UID     string
	Kind    pim.Kind
	Title   string // for its owner's eyes
	Version string // of the record, for Relating.Version
	Roles   []TiedRole
	// Run is the run that changed it, for UndoRun; 0 when nothing was changed.
	Run store.RunID
}

// TiedRole is one relation with the records on its other end.
type TiedRole struct {
	remote.Role
	To []remote.Relation
}

// Relations asks the remote of a link what an item is tied to. pim.ErrNotFound when the remote
// has no record of it, pim.ErrUnsupported for a remote that tells nothing of the kind.
func (e *Engine) Relations(ctx context.Context, id store.LinkID, uid string) (Tied, error) {
	r, err := e.reach(ctx, id)
	if err != nil {
		return Tied{}, err
	}
	p, err := r.recordOf(ctx, uid)
	if err != nil {
		return Tied{}, err
	}
	t, _, err := r.tiedTo(ctx, p)
	return t, err
}

// RelationCandidates are the records that a text can mean for a role of an item, for forms.
func (e *Engine) RelationCandidates(ctx context.Context, id store.LinkID, k pim.Kind, role, text string) ([]remote.LookupValue, error) {
	r, err := e.reach(ctx, id)
	if err != nil {
		return nil, err
	}
	rel, ok := remote.As[remote.Relations](r.rem)
	if !ok {
		return nil, errNoRelations
	}
	return rel.Candidates(ctx, k, role, text)
}

// recordOf is the pair of an item that has a record.
func (r *run) recordOf(ctx context.Context, uid string) (p store.Pair, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		pairs, err := tx.PairsByUID(r.link.ID, uid)
		for _, one := range pairs {
			if one.RemoteID != "" && !one.RemoteGone {
				p = one
			}
		}
		if err == nil && p.ID == 0 {
			err = pim.Errorf("relay: relations", pim.ErrNotFound, "the remote of this link has no record of an item with the UID %q", uid)
		}
		return err
	})
	return p, err
}

// tiedTo asks for the relations of a pair's record. The pair may be older than the answer.
func (r *run) tiedTo(ctx context.Context, p store.Pair) (Tied, remote.Record, error) {
	t := Tied{Link: r.link.ID, UID: p.UID}
	rel, ok := remote.As[remote.Relations](r.rem)
	if !ok {
		return t, remote.Record{}, errNoRelations
	}
	id, c := remote.ItemID(p.RemoteID), remote.CollectionID(r.link.Remote)
	recs, _, err := r.fetch(ctx, []remote.ItemID{id})
	if err != nil {
		return t, remote.Record{}, err
	}
	if len(recs) == 0 {
		return t, remote.Record{}, pim.Errorf("relay: relations", pim.ErrNotFound, "the remote has no such record any more")
	}
	t.Kind, t.Title, t.Version = recs[0].Item.Kind(), recs[0].Item.Summary(), recs[0].Version
	roles, err := rel.Roles(ctx, t.Kind)
	if err != nil {
		return t, recs[0], err
	}
	if len(roles) == 0 {
		return t, recs[0], errNoRelations
	}
	found, err := rel.Related(ctx, c, remote.Scope{AllOwners: true}, []remote.ItemID{id})
	if err != nil {
		return t, recs[0], err
	}
	for _, role := range roles {
		one := TiedRole{Role: role}
		for _, to := range found[id] {
			if to.Role == role.ID {
				one.To = append(one.To, to)
			}
		}
		t.Roles = append(t.Roles, one)
	}
	return t, recs[0], nil
}

// role finds one of the item's roles; label is what people call it.
func (t Tied) role(id string) (TiedRole, error) {
	var names []string
	for _, r := range t.Roles {
		if r.ID == id {
			if r.Fixed {
				return r, pim.Errorf("relay: relate", pim.ErrInvalid, "%q cannot be changed that way", id)
			}
			return r, nil
		}
		if !r.Fixed {
			names = append(names, strconv.Quote(r.ID))
		}
	}
	return TiedRole{}, pim.Errorf("relay: relate", pim.ErrInvalid, "%ss cannot be tied to %q there; there are %s", t.Kind, id, strings.Join(names, ", "))
}

// tieChanges are the changed relations that no field shows, for people.
func tieChanges(m memo, shown []FieldChange) (out []FieldChange) {
	for i, to := range m.TiesAfter {
		if i < len(m.TiesBefore) && !slices.ContainsFunc(shown, func(c FieldChange) bool { return string(c.Field) == to.Role }) {
			label := strings.ToUpper(to.Role[:1]) + to.Role[1:]
			out = append(out, FieldChange{Field: pim.FieldID(to.Role), Label: label, Before: m.TiesBefore[i].Name, After: to.Name})
		}
	}
	return out
}

// tiedWords tell what items are tied to, as far as the remote tells it in time.
func (r *run) tiedWords(ctx context.Context, p store.Pair) []string {
	if p.RemoteID == "" || p.RemoteGone {
		return nil
	}
	t, _, err := r.tiedTo(ctx, p)
	if err != nil {
		return nil
	}
	var parts []string
	for _, role := range t.Roles {
		for _, to := range role.To {
			parts = append(parts, fmt.Sprintf("%s %q", strings.ToLower(role.Label), to.Name))
		}
	}
	if len(parts) == 0 {
		return []string{"On the remote it is tied to nothing."}
	}
	return []string{"On the remote it is tied to " + strings.Join(parts, ", ") + "."}
}
