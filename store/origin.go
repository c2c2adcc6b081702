package store

import (
	"strings"

	"crmbridge/pim"
)

// OriginFilter chooses pairs by where their items were first made; the zero value chooses
// all.
type OriginFilter struct {
	// Client: by a device, or by a person in another way; not by a link.
	Client bool
	// Side: by a link to that side.
	Side Side
	// Any: by one of these, as Object.Origin; nil does not choose.
	Any []string
}

// itemOrigin is the origin of a pair's item: that of its object, else the link's.
const itemOrigin = `coalesce((SELECT o.origin FROM objects AS o WHERE o.id = pairs.object_id), (SELECT l.side || ':' || l.name FROM links AS l WHERE l.id = pairs.link_id))`

// PairsFrom returns pairs of one link (f.Link), by id, whose items have an origin. f.State is any of PairStates; Holds is not
// used. pim.ErrInvalid for another state.
func (t *Tx) PairsFrom(f PairFilter, from OriginFilter) ([]Pair, error) {
	const op = "pairs by origin"
	where, ok := pairStates[f.State]
	if !ok {
		return nil, pim.Errorf("store: "+op, pim.ErrInvalid, "there is no state %q", f.State)
	}
	args := []any{f.Link, f.After}
	add := func(text string, more ...any) { where, args = where+" AND "+text, append(args, more...) }
	if !f.Since.IsZero() {
		add(`updated_at >= ?`, f.Since.UTC())
	}
	if !f.Until.IsZero() {
		add(`updated_at < ?`, f.Until.UTC())
	}
	if from.Client {
		add(itemOrigin + ` <> '' AND ` + itemOrigin + ` NOT LIKE 'crm:%' AND ` + itemOrigin + ` NOT LIKE 'exchange:%'`)
	}
	if from.Side != "" {
		add(itemOrigin+` LIKE ?`, string(from.Side)+":%")
	}
	if from.Any != nil {
		add(itemOrigin+" "+t.anyText(), t.textList(from.Any))
	}
	ps, err := find[Pair](t, "link_id = ? AND id > ? AND "+where+" ORDER BY id LIMIT ?", append(args, orHundred(f.Limit))...)
	return ps, fail(op, err)
}

// OriginOf is the origin of a pair's item, as Object.Origin; "" when nobody knows.
func (t *Tx) OriginOf(p Pair) (string, error) {
	var origin string
	err := t.row(`SELECT coalesce(`+strings.ReplaceAll(strings.ReplaceAll(itemOrigin, "pairs.object_id", "?"), "pairs.link_id", "?")+`, '')`, p.ObjectID, p.LinkID).Scan(&origin)
	return origin, fail("origin", err)
}
