package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// TypesOf are the types of items of some kinds that a remote has; nil when it cannot be
// asked, or has no such list.
func TypesOf(ctx context.Context, r remote.Remote, kinds pim.KindSet) ([]remote.LookupValue, error) {
	l, ok := remote.As[remote.Lookups](r)
	if !ok {
		return nil, nil
	}
	var out []remote.LookupValue
	for _, k := range kinds.List() {
		f := pim.FieldType
		if k == pim.KindContact {
			f = pim.FieldContactType
		}
		values, err := l.Lookup(ctx, k, f)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

// UnknownTypes tells, all at once, which types that rules name a remote does not have,
// and those it has; nil when it has them all, or is not known to have any.
func UnknownTypes(have []remote.LookupValue, r rule.Rules) error { return unknownTypes(have, r, nil) }

func unknownTypes(have []remote.LookupValue, r rule.Rules, but []string) error {
	if len(have) == 0 {
		return nil
	}
	var missing, names []string
	for _, name := range r.NamedTypes() {
		known := slices.ContainsFunc(have, func(v remote.LookupValue) bool {
			return strings.EqualFold(v.ID, name) || strings.EqualFold(strings.TrimSpace(v.Name), strings.TrimSpace(name))
		})
		if !known && !slices.Contains(but, name) {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	for _, v := range have {
		names = append(names, v.Name)
	}
	what := "no type "
	if len(missing) > 1 {
		what = "no types "
	}
	return pim.Errorf("relay: types", pim.ErrInvalid, "the CRM has %s%s; it has %s", what, strings.Join(missing, ", "), strings.Join(names, ", "))
}

// checkNewTypes refuses rules that name types which the link's remote does not have, but
// for those that they named before. A remote that cannot be reached refuses nothing.
func (e *Engine) checkNewTypes(ctx context.Context, id store.LinkID, now rule.Rules) error {
	if len(now.NamedTypes()) == 0 {
		return nil
	}
	r, err := e.reach(ctx, id)
	if err != nil {
		return nil // the rules are to be changed all the same
	}
	have, err := TypesOf(ctx, r.rem, r.kinds)
	if err != nil {
		return nil
	}
	return unknownTypes(have, now, r.rules.NamedTypes())
}

// learnTypes lets categories name the remote's types, without any rule that does. Where
// they cannot be asked for now, those of the rules have to do.
func (r *run) learnTypes(ctx context.Context) {
	if r.rules.Direction == rule.In || r.link.Side != store.CRM {
		return
	}
	have, err := TypesOf(ctx, r.rem, r.kinds&pim.Kinds(pim.KindEvent, pim.KindTask))
	if err != nil {
		r.Log.InfoContext(ctx, "types not asked", "link", r.link.ID, "reason", pim.ReasonOf(err))
		return
	}
	r.rules.TypeNames = slices.Clone(r.rules.TypeNames)
	for _, v := range have {
		r.rules.TypeNames = append(r.rules.TypeNames, v.Name)
	}
}
