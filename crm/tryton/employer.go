package tryton

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// relation is a party.relation.all: a tie between two parties, seen from one of them.
type relation struct {
	ID int64 `json:"id"`
	stamps
	Type int64 `json:"type"`
	To   named `json:"to."`
}

// employerOf is the name of the first employer, "" without one.
func employerOf(f *facts, rs []relation) string {
	if r, ok := employment(f, rs); ok {
		return r.To.Name
	}
	return ""
}

// employment is the relation to the employer; of several the oldest.
func employment(f *facts, rs []relation) (relation, bool) {
	if f.employer == 0 {
		return relation{}, false
	}
	var out []relation
	for _, r := range rs {
		if r.Type == f.employer {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return relation{}, false
	}
	return slices.MinFunc(out, func(a, b relation) int { return int(a.ID - b.ID) }), true
}

// mostAlike is how many parties are looked through for a name, mostWords how many of its
// words Tryton is asked for.
const (
	mostAlike = 50
	mostWords = 20
)

// employerNamed finds the party that an employer's name, or its code written #CODE#,
// means. One that is not there is made, if the settings say so and the user may; else
// the id is 0 and the note says so.
func (c *connector) employerNamed(ctx context.Context, f *facts, name string) (int64, remote.Note, error) {
	const op = "tryton: employer"
	l := crm.Lookup{
		Field: pim.FieldCompany, What: "company",
		Find: func(ctx context.Context, name string) (crm.Offer, error) {
			return c.alike(ctx, op, f, modelParty, "name", name)
		},
		Code: func(ctx context.Context, code string) (crm.LookupValue, bool, error) {
			found, err := c.called(ctx, op, f, modelParty, "name", clause("code", "=", code))
			if err != nil || len(found) == 0 {
				return crm.LookupValue{}, false, err
			}
			return found[0], true, nil
		},
	}
	if c.set.createCompanies {
		if c.alone != nil {
			l.Alone = func(ctx context.Context, do func(context.Context) error) error {
				return c.alone(ctx, "tryton company "+c.Traits().Place, do)
			}
		}
		l.Add = func(ctx context.Context, name string) (crm.LookupValue, error) {
			var ids []int64
			if err := c.user(ctx, op, modelParty, "create", f.in, &ids, []values{{"name": name}}); err != nil {
				return crm.LookupValue{}, err
			}
			if len(ids) != 1 {
				return crm.LookupValue{}, pim.Errorf(op, pim.ErrProtocol, "Tryton did not say which party it made")
			}
			return crm.LookupValue{ID: strconv.FormatInt(ids[0], 10), Name: name}, nil
		}
	}
	v, note, err := l.Resolve(ctx, name)
	if err != nil || v.ID == "" {
		return 0, note, err
	}
	id, err := strconv.ParseInt(v.ID, 10, 64)
	return id, note, err
}

// called are the records of a model that meet conditions, archived ones left out, with the
// field that they are called by.
func (c *connector) called(ctx context.Context, op string, f *facts, model, field string, where ...any) ([]crm.LookupValue, error) {
	var found []map[string]json.RawMessage
	in := maps.Clone(f.in)
	if in == nil {
		in = values{}
	}
	in["active_test"] = true
	q := query{model: model, where: where, limit: mostAlike, fields: []string{field}}
	if err := c.find(ctx, op, in, q, &found); err != nil {
		return nil, err
	}
	out := make([]crm.LookupValue, len(found))
	for i, r := range found {
		out[i].ID = string(r["id"])
		if err := json.Unmarshal(r[field], &out[i].Name); err != nil {
			return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Tryton's answer is not what was asked for", Err: err}
		}
	}
	return out, nil
}

// alike asks a model for records that are called so, else for those that have the longest
// word of the name in theirs; where those are too many, for those that have all its words.
// within are conditions on all of them.
func (c *connector) alike(ctx context.Context, op string, f *facts, model, field, name string, within ...any) (crm.Offer, error) {
	called := func(where ...any) ([]crm.LookupValue, error) {
		return c.called(ctx, op, f, model, field, append(slices.Clone(within), where...)...)
	}
	// Asked for a name, Tryton finds what has it as its number or code, too.
	exact, err := called(clause(field, "=", name))
	exact = slices.DeleteFunc(exact, func(v crm.LookupValue) bool { return v.Name != name })
	if err != nil || len(exact) > 0 {
		return crm.Offer{Values: exact}, err
	}
	word := likeWord(name)
	if word == "" {
		return crm.Offer{}, nil
	}
	some, err := called(clause(field, "ilike", "%"+word+"%"))
	if err != nil || len(some) < mostAlike {
		return crm.Offer{Values: some}, err
	}
	// The longest word is in too many names: all words.
	var where []any
	for _, w := range crm.LongestWords(name, mostWords) {
		where = append(where, clause(field, "ilike", "%"+w+"%"))
	}
	some, err = called(where...)
	return crm.Offer{Values: some, Cut: len(some) >= mostAlike}, err
}

// likeWord is the longest word of a name, fit for a pattern.
func likeWord(name string) string {
	best := ""
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(w) > len(best) {
			best = w
		}
	}
	return best
}
