package relay

import (
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// Occurrences of a series that differ from it (pim.Recurrence.Changed) are items within an item. The relay compares of them
// what it compares of the series: a remote that carries few fields shows, and changes, occurrences with these alone. What
// it does not carry, or what the rules do not let it say, stays as it is here.

// inOccurrences are the fields of a series that occurrences have, too. Custom fields are of the series.
func inOccurrences(set pim.FieldSet) pim.FieldSet {
	return set.Minus(pim.Set(pim.FieldRecurrence, pim.FieldCustom))
}

// limited is the item with occurrences that have the fields of set only.
func limited(it pim.Item, set pim.FieldSet) pim.Item {
	if it == nil {
		return nil
	}
	return pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item {
		out := pim.New(o.Item.Kind())
		pim.Copy(out, o.Item, inOccurrences(set))
		return out
	})
}

// limit is limited to what the remote carries.
func (r *run) limit(it pim.Item) pim.Item {
	if it == nil {
		return nil
	}
	return limited(it, r.carried(it.Kind()))
}

// print identifies what the link compares of an item.
func (r *run) print(it pim.Item) string {
	if it == nil {
		return ""
	}
	return pim.Fingerprint(r.limit(it), r.carried(it.Kind()))
}

// over is the item with occurrences that are as own has them, but for the fields that within gives for what own has.
func over(own, it pim.Item, within func(pim.Item) pim.FieldSet) pim.Item {
	if own == nil || it == nil || own.Kind() != it.Kind() {
		return it
	}
	back := pim.StartShift(own, it).Back()
	return pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item {
		has := pim.OccurrenceAt(own, back.Of(o.At))
		if has == nil || has.Kind() != o.Item.Kind() {
			return o.Item
		}
		pim.Copy(has, o.Item, inOccurrences(within(has)))
		return has
	})
}

// always is a within that does not depend on the occurrence.
func always(set pim.FieldSet) func(pim.Item) pim.FieldSet {
	return func(pim.Item) pim.FieldSet { return set }
}

// unchanged is a series in which nothing is said of single occurrences.
func unchanged(it pim.Item) pim.Item {
	if rec := pim.RecurrenceOf(it); rec == nil || len(rec.Changed) == 0 {
		return it
	}
	out := pim.Clone(it)
	pim.RecurrenceOf(out).Changed = nil
	return out
}

// fitted is an item for a text of the hub: of occurrences, only the fields of within are the item's.
func (c codec) fitted(text []byte, it pim.Item, within func(pim.Item) pim.FieldSet) (pim.Item, error) {
	if rec := pim.RecurrenceOf(it); rec == nil || len(rec.Changed) == 0 {
		return it, nil
	}
	own, err := c.read(it.Kind(), text)
	if err != nil {
		return nil, err
	}
	return over(own, it, within), nil
}

// withinHere are the fields of an occurrence here that what comes from the remote may change.
func (r *run) withinHere(v view) func(pim.Item) pim.FieldSet {
	may := r.mayIn(v)
	return func(own pim.Item) pim.FieldSet {
		if v.veiled.local && rule.IsPrivate(own) {
			return may.Minus(contentOf(own.Kind()))
		}
		return may
	}
}

// veil masks occurrences that are private in a series that is not.
func veil(it pim.Item) pim.Item {
	return pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item {
		if rule.IsPrivate(o.Item) {
			return pim.Mask(o.Item, rule.MaskTitle)
		}
		return o.Item
	})
}

// staying is the outcome of a merge with the occurrences that are to stay at the remote.
func staying(m Merged) pim.Item {
	if len(m.stay) == 0 {
		return m.Item
	}
	out := pim.Clone(m.Item)
	rec := pim.RecurrenceOf(out)
	rec.Changed = append(rec.Changed, m.stay...)
	return out
}

// handed is an item for a write to the remote: whole occurrences, in which everything that may not go there is as it is there.
func (r *run) handed(v view, it pim.Item) (pim.Item, error) {
	if rec := pim.RecurrenceOf(it); rec == nil || len(rec.Changed) == 0 {
		return it, nil
	}
	carried := r.carried(it.Kind())
	if may := r.mayOut(v); v.theirs != nil && !v.pair.RemoteGone {
		it = over(v.theirs, it, func(own pim.Item) pim.FieldSet {
			if v.veiled.theirs && rule.IsPrivate(own) {
				return may.Minus(contentOf(own.Kind()))
			}
			return may
		})
	}
	if v.masked.local {
		return it, nil
	}
	own, err := r.codec.read(v.object.Kind, v.object.Text)
	if err != nil {
		return nil, err
	}
	if v.veiled.local {
		own = veil(own)
	}
	return over(without(own, left(v.out)), it, always(carried)), nil
}

// unmaskOccurrences does to the bases of masked occurrences what unmask does to those of a masked item.
func (r *run) unmaskOccurrences(v *view, content pim.FieldSet) {
	hidden := func(base pim.Item) pim.Item {
		return pim.WithOccurrences(base, func(o pim.Occurrence) pim.Item {
			now := pim.OccurrenceAt(v.theirs, o.At)
			if now != nil && now.Kind() == o.Item.Kind() && isMask(now, content) {
				pim.Copy(o.Item, now, inOccurrences(content))
			}
			return o.Item
		})
	}
	if v.pair.Mask != maskRemote || v.remoteBase == nil || v.remoteBase.Kind() != v.theirs.Kind() {
		return
	}
	v.remoteBase = hidden(v.remoteBase)
	if v.localBase != nil && v.localBase.Kind() == v.theirs.Kind() {
		v.localBase = hidden(v.localBase)
	}
}

// in keeps in a base of occurrences the values of the fields that were not carried over.
func (h held) in(base, old pim.Item) pim.Item {
	if len(h) == 0 {
		return base
	}
	old = orNew(old, base.Kind()) // never agreed: nothing of it was
	back := pim.StartShift(old, base).Back()
	return pim.WithOccurrences(base, func(o pim.Occurrence) pim.Item {
		was := pim.OccurrenceAt(old, back.Of(o.At))
		if set := h[pim.StartOf(base, o.At).String()]; was != nil && was.Kind() == o.Item.Kind() {
			pim.Copy(o.Item, was, set)
		}
		return o.Item
	})
}
