package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Field maps. The rules say how the map of a link differs from the connection's own, and
// the remote is used as mapped by them. What is agreed on in a pair is stored with it
// (store.Pair.Agreed): a field that came into the map since then was never agreed on, so
// that both sides' values count; one that was taken out keeps the base it had.

var errNoFields = &pim.Error{Op: "relay: fields", Kind: pim.ErrUnsupported, Public: "the field map of this kind of connection cannot be changed"}

// open opens the remote of a link, mapped as its rules say.
func (e *Engine) open(ctx context.Context, l store.Link, u store.User, r rule.Rules) (remote.Remote, error) {
	rem, err := e.Remotes.Open(ctx, l, u)
	if err != nil {
		return nil, err
	}
	return mapped(rem, r)
}

func mapped(rem remote.Remote, r rule.Rules) (remote.Remote, error) {
	m := r.Maps()
	if len(m) == 0 {
		return rem, nil
	}
	mapper, ok := remote.As[remote.FieldMapper](rem)
	if !ok {
		return nil, errNoFields
	}
	return mapper.Mapped(m)
}

// FieldMap is the field map of one kind of a link.
type FieldMap struct {
	Kind pim.Kind
	Rows []FieldRow
}

// FieldRow is one row of it.
type FieldRow struct {
	remote.Mapping
	// Custom is set for a column that is no field of ours.
	Custom *rule.Custom
	// Own are the connection's own columns for the field; nil when it has none.
	Own []string
	// Changed: the rules say otherwise than the connection. Out: the field is not synced.
	Changed, Out bool
}

// FieldMaps are the maps of a link's kinds, as rules have them; nil rules are the link's.
func (e *Engine) FieldMaps(ctx context.Context, id store.LinkID, rules *rule.Rules) ([]FieldMap, error) {
	r, err := e.reach(ctx, id)
	if err != nil {
		return nil, err
	}
	mapper, ok := remote.As[remote.FieldLister](r.rem)
	if !ok {
		return nil, pim.Errorf("relay: fields", pim.ErrUnsupported, "this kind of connection does not tell its field map")
	}
	if rules == nil {
		rules = &r.rules
	}
	var out []FieldMap
	for _, k := range r.kinds.List() {
		out = append(out, FieldMap{k, fieldRows(mapper.FieldMap(k), rules.Fields[k])})
	}
	return out, nil
}

func fieldRows(own []remote.Mapping, m rule.FieldMap) (out []FieldRow) {
	set := map[pim.FieldID]remote.Column{}
	for _, x := range m.Set {
		set[x.Field] = x.Column
	}
	for _, row := range own {
		x := FieldRow{Mapping: row, Own: row.Columns, Out: slices.Contains(m.Without, row.Field)}
		if col, ok := set[row.Field]; ok {
			x.Mapping = col.Mapping(row.Field)
			delete(set, row.Field)
			x.Changed = true
		}
		x.Changed = x.Changed || x.Out
		out = append(out, x)
	}
	for _, x := range m.Set {
		if col, left := set[x.Field]; left {
			out = append(out, FieldRow{Mapping: col.Mapping(x.Field), Changed: true})
		}
	}
	for _, c := range m.Custom {
		out = append(out, FieldRow{Mapping: c.Column.Mapping(pim.FieldCustom), Custom: &c, Changed: true})
	}
	return out
}

// Columns are those that a link's records of kind k have.
func (e *Engine) Columns(ctx context.Context, id store.LinkID, k pim.Kind) ([]remote.Column, error) {
	r, err := e.reach(ctx, id)
	if err != nil {
		return nil, err
	}
	mapper, ok := remote.As[remote.FieldMapper](r.rem)
	if !ok {
		return nil, errNoFields
	}
	return mapper.Columns(ctx, k)
}

// checkNewFields refuses maps that the link's connection cannot keep, with every fault.
// Maps that were there before are not looked at again.
func (e *Engine) checkNewFields(ctx context.Context, id store.LinkID, now rule.Rules) error {
	if len(now.Maps()) == 0 {
		return nil
	}
	var l store.Link
	var u store.User
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Link(id); err == nil {
			u, err = tx.User(l.UserID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if old, err := rule.Parse(l.Rules); err == nil && reflect.DeepEqual(old.Maps(), now.Maps()) && old.Direction == now.Direction {
		return nil
	}
	rem, err := e.Remotes.Open(ctx, l, u)
	if err != nil {
		return err
	}
	return CheckFields(ctx, rem, now)
}

// CheckFields says everything that is wrong with the field maps of rules for a remote.
func CheckFields(ctx context.Context, rem remote.Remote, r rule.Rules) error {
	if len(r.Maps()) == 0 {
		return nil
	}
	mapper, ok := remote.As[remote.FieldMapper](rem)
	if !ok {
		return errNoFields
	}
	own, columns := map[pim.Kind][]remote.Mapping{}, map[pim.Kind][]remote.Column{}
	for k := range r.Maps() {
		var err error
		if own[k] = mapper.FieldMap(k); own[k] == nil {
			continue
		}
		if columns[k], err = mapper.Columns(ctx, k); err != nil {
			return err
		}
	}
	if err := r.CheckFields(own, columns); err != nil {
		return &pim.Error{Op: "relay: fields", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	return nil
}

// reread reads the records of all pairs anew after the map changed: what is stored of them
// was read by another one, and a write must not overwrite what was never looked at. The
// link says by which map its records were read once all of them are.
func (r *run) reread(ctx context.Context) error {
	sign, err := mapSign(r.rules)
	if err != nil || sign == r.link.Mapped {
		return err
	}
	known, err := r.alive(ctx)
	if err != nil {
		return err
	}
	ids := make([]remote.ItemID, 0, len(known))
	for id := range known {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for some := range slices.Chunk(ids, fetchBatch) {
		recs, _, err := r.fetch(ctx, some) // what is gone is found, and confirmed, by the listing
		if err != nil {
			return err
		}
		if err := r.update(ctx, func(tx *store.Tx) error { return r.ingest(tx, recs, nil) }); err != nil {
			return err
		}
	}
	r.link.Mapped = sign
	return r.update(ctx, func(tx *store.Tx) error { return tx.UpdateLink(r.link, "Mapped") })
}

// mapSign tells maps apart; "" is the connection's own.
func mapSign(r rule.Rules) (string, error) {
	m := r.Maps()
	if len(m) == 0 {
		return "", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// own are the fields of the connection's own map.
func (r *run) own(k pim.Kind) pim.FieldSet {
	mapper, ok := remote.As[remote.FieldMapper](r.rem)
	if !ok || len(r.rules.Maps()) == 0 {
		return r.carried(k)
	}
	var set pim.FieldSet
	for _, m := range mapper.FieldMap(k) {
		set = set.Or(pim.Set(m.Field))
	}
	return set
}

// agreement names the fields that the map carries of a kind, with their columns where
// those are others than the connection's own. Custom fields speak for themselves, by
// their keys.
func (r *run) agreement(k pim.Kind) []string {
	var out []string
	for _, id := range r.carried(k).IDs() {
		if id != pim.FieldCustom {
			out = append(out, r.rules.Fields[k].Agreed(id))
		}
	}
	return out
}

// agreedOn are the fields that the bases of a pair are about.
func (r *run) agreedOn(p store.Pair, k pim.Kind) []string {
	if len(p.LocalItem) == 0 && len(p.RemoteItem) == 0 {
		return nil
	}
	if p.Agreed != "" {
		return strings.Split(p.Agreed, ",")
	}
	var out []string
	for _, id := range r.own(k).IDs() {
		out = append(out, string(id))
	}
	return out
}

// plainMap: neither the rules nor the pair know of another map than the connection's own.
func (r *run) plainMap(p store.Pair, k pim.Kind) bool {
	return p.Agreed == "" && r.rules.Fields[k].IsZero() && !bytes.Contains(p.LocalItem, []byte(`"custom":`)) && !bytes.Contains(p.RemoteItem, []byte(`"custom":`))
}

// agreed takes out of the bases of a view what was never agreed on, and what the map has
// no more.
func (r *run) agreed(v *view) {
	k := v.kind()
	if k == 0 || r.plainMap(v.pair, k) {
		return
	}
	var fresh pim.FieldSet
	have := r.agreedOn(v.pair, k)
	for _, id := range r.carried(k).IDs() {
		if id != pim.FieldCustom && !slices.Contains(have, r.rules.Fields[k].Agreed(id)) {
			fresh = fresh.Or(pim.Set(id))
		}
	}
	v.fresh = !fresh.IsEmpty()
	for _, base := range []*pim.Item{&v.localBase, &v.remoteBase} {
		if *base == nil || (*base).Kind() != k {
			continue
		}
		it := pim.Clone(*base)
		pim.Copy(it, pim.New(k), fresh)
		pim.SetCustom(it, r.mappedCustom(it, true))
		*base = it
	}
}

// mappedCustom are the custom fields of an item that the map has, or has not.
func (r *run) mappedCustom(it pim.Item, has bool) (out []pim.Custom) {
	for _, c := range pim.CustomOf(it) {
		if slices.ContainsFunc(r.rules.Fields[it.Kind()].Custom, func(f rule.Custom) bool { return f.Key() == c.Key }) == has {
			out = append(out, c)
		}
	}
	return out
}

// keepAgreed completes new bases with those of fields that the map has no more, and notes
// in the pair, whose own bases are still the old ones, what they are about.
func (r *run) keepAgreed(p *store.Pair, localBase, remoteBase pim.Item) error {
	k := localBase.Kind()
	if r.plainMap(*p, k) {
		return nil
	}
	now := r.agreement(k)
	var kept pim.FieldSet
	for _, name := range r.agreedOn(*p, k) {
		id, _, _ := strings.Cut(name, "=")
		f, known := pim.FieldByID(pim.FieldID(id))
		if known && !r.carried(k).Has(f.ID) {
			kept, now = kept.With(f), append(now, name)
		}
	}
	for _, b := range []struct {
		old  []byte
		base pim.Item
	}{{p.LocalItem, localBase}, {p.RemoteItem, remoteBase}} {
		old, err := pim.DecodeItem(b.old)
		if err != nil {
			return err
		}
		if old == nil || old.Kind() != k {
			continue
		}
		pim.Copy(b.base, old, kept)
		pim.SetCustom(b.base, append(r.mappedCustom(b.base, true), r.mappedCustom(old, false)...))
	}
	p.Agreed = r.agreedText(k, now)
	return nil
}

// agreedText is how names are stored; "" for those of the connection's own map.
func (r *run) agreedText(k pim.Kind, names []string) string {
	var own []string
	for _, id := range r.own(k).IDs() {
		own = append(own, string(id))
	}
	slices.Sort(own)
	slices.Sort(names)
	if names = slices.Compact(names); slices.Equal(own, names) {
		return ""
	}
	return strings.Join(names, ",")
}

// agreementText is what a record that is made now is about.
func (r *run) agreementText(k pim.Kind) string {
	if r.rules.Fields[k].IsZero() {
		return ""
	}
	return r.agreedText(k, r.agreement(k))
}
