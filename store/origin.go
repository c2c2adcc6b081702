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

// PairsFrom is PairsIn for the pairs whose items have an origin.
func (t *Tx) PairsFrom(l LinkID, s PairState, f OriginFilter, limit int, after PairID) ([]Pair, error) {
	const op = "pairs by origin"
	where, ok := pairStates[s]
	if !ok {
		return nil, pim.Errorf("store: "+op, pim.ErrInvalid, "there is no state %q", s)
	}
	args := []any{l, after}
	add := func(text string, more ...any) { where, args = where+" AND "+text, append(args, more...) }
	if f.Client {
		add(itemOrigin + ` <> '' AND ` + itemOrigin + ` NOT LIKE 'crm:%' AND ` + itemOrigin + ` NOT LIKE 'exchange:%'`)
	}
	if f.Side != "" {
		add(itemOrigin+` LIKE ?`, string(f.Side)+":%")
	}
	if f.Any != nil {
		add(itemOrigin+" "+t.anyText(), t.textList(f.Any))
	}
	ps, err := find[Pair](t, "link_id = ? AND id > ? AND "+where+" ORDER BY id LIMIT ?", append(args, limit)...)
	return ps, fail(op, err)
}

// OriginOf is the origin of a pair's item, as Object.Origin; "" when nobody knows.
func (t *Tx) OriginOf(p Pair) (string, error) {
	var origin string
	err := t.row(`SELECT coalesce(`+strings.ReplaceAll(strings.ReplaceAll(itemOrigin, "pairs.object_id", "?"), "pairs.link_id", "?")+`, '')`, p.ObjectID, p.LinkID).Scan(&origin)
	return origin, fail("origin", err)
}
