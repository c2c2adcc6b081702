package relay

import (
	"math"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// The sides of store.Pair.Mask.
const (
	maskLocal  = "local"
	maskRemote = "remote"
)

// judged adds what the rules make of both sides to a view: whether the item may go over,
// and which side shows only the mask of what the other has.
//
// A mask is put on by the side that an item came from. A record that came from the remote
// and is private by its own word is nobody else's to overwrite with a mask: then content
// is not sent, and that is all. One that we made, which has a key, is.
func (r *run) judged(v *view) {
	v.out = r.rules.Judge(r.question(rule.Outward, *v))
	v.in = r.rules.Judge(r.question(rule.Inward, *v))
	known := v.theirs != nil && !v.pair.RemoteGone
	if known {
		r.unmask(v)
	}
	made := v.pair.Key != ""
	v.masked.local = v.out.Masked && v.local != nil &&
		(made || v.pair.Mask == maskRemote || !known || !rule.IsPrivate(v.theirs) || isMask(v.theirs, r.carried(v.theirs.Kind())))
	v.masked.theirs = v.in.Masked && known && !v.masked.local &&
		(v.pair.Mask == maskLocal || v.local == nil || !rule.IsPrivate(v.local) || !made && v.localBase != nil)
	v.veiled.local = !v.masked.local && (r.rules.Out.Private == rule.PrivateMask || r.rules.Out.Private == rule.PrivateNone)
	v.veiled.theirs = !v.masked.theirs && (r.rules.In.Private == rule.PrivateMask || r.rules.In.Private == rule.PrivateNone)
	v.away.local = v.out.Away && v.local != nil && known && (made || !rule.IsPrivate(v.theirs))
	v.away.theirs = v.in.Away && known && v.local != nil && (!rule.IsPrivate(v.local) || !made && v.localBase != nil)
}

// unmask takes a mask on the remote for ours when we put one on, though the answer to that
// write may have been lost: it is no change of content over there, and what it hides is
// a change here.
func (r *run) unmask(v *view) {
	content := r.carried(v.theirs.Kind()).And(contentOf(v.theirs.Kind()))
	r.unmaskOccurrences(v, content)
	if v.pair.Mask != maskRemote || v.remoteBase == nil || v.remoteBase.Kind() != v.theirs.Kind() || !isMask(v.theirs, content) {
		return
	}
	v.remoteBase = pim.Clone(v.remoteBase)
	pim.Copy(v.remoteBase, v.theirs, content)
	if v.localBase != nil && v.localBase.Kind() == v.theirs.Kind() {
		v.localBase = pim.Clone(v.localBase)
		pim.Copy(v.localBase, v.theirs, content)
	}
}

// wanted reports a record that is new here, and that the rules let in.
func (r *run) wanted(it pim.Item) bool {
	q := rule.Question{Way: rule.Inward, Item: it, Now: r.now}
	q.Off, q.OffSays = r.rules.Off(rule.Switch{There: it})
	q.Start, q.End = span(it)
	return r.rules.Judge(q).Create
}

// question is the item of one side as it is now, or as it was last.
func (r *run) question(way rule.Way, v view) rule.Question {
	q := rule.Question{Way: way, Tie: rule.Tie(v.pair.Tie), Now: r.now}
	if why, ok := alongOf(v.pair); ok {
		q.Along = r.inForce(why)
	}
	q.Off, q.OffSays = r.switchedOff(v)
	if way == rule.Outward {
		q.Mails, q.Invited = r.traits.MailsAttendees, !v.pair.RemoteGone && len(rule.EverybodyOf(v.theirs)) > 0
		q.Item = first(v.local, v.localBase, v.kind())
		if q.Start, q.End = span(q.Item); v.object.ID != 0 && !v.object.Deleted {
			q.Start, q.End = bound(v.object.Start), bound(v.object.End)
		}
		return q
	}
	q.Item = first(v.theirs, v.remoteBase, v.kind())
	q.Start, q.End = span(q.Item)
	return q
}

// switchedOff asks for the category of the link. A mask shows none.
func (r *run) switchedOff(v view) (off bool, says string) {
	s := rule.Switch{Here: v.local, HereWas: v.localBase, ThereWas: v.remoteBase, Carried: r.carried(v.kind()).Has(pim.FieldCategories)}
	if v.theirs != nil && !v.pair.RemoteGone && v.pair.Mask == "" {
		s.There = v.theirs
	}
	if v.pair.Mask == maskLocal {
		s.Here, s.There = nil, v.theirs
	}
	return r.rules.Off(s)
}

func first(now, base pim.Item, k pim.Kind) pim.Item {
	switch {
	case now != nil:
		return now
	case base != nil:
		return base
	case k == 0:
		return &pim.Event{} // nothing is known of it, so that no rule speaks against it
	}
	return pim.New(k)
}

// bound is a stored bound of time; zero when it is open.
func bound(unix int64) time.Time {
	if unix == math.MinInt64 || unix == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

// span bounds a record in time; a series has no end, as far as is known here.
func span(it pim.Item) (start, end time.Time) {
	switch v := it.(type) {
	case *pim.Event:
		start, end = v.Start.Time, v.End.Time
		if v.Recurrence != nil {
			end = time.Time{}
		}
	case *pim.Message:
		start, end = v.Time().Time, v.Time().Time
	case *pim.Task:
		start, end = v.Start.Time, v.Due.Time
		if start.IsZero() {
			start = end
		}
		if v.Recurrence != nil {
			end = time.Time{}
		}
	}
	return start, end
}

// contentOf are the fields that a mask takes away.
func contentOf(k pim.Kind) pim.FieldSet {
	var set pim.FieldSet
	for _, f := range pim.Fields(k) {
		if f.Sensitivity == pim.Content {
			set = set.With(f)
		}
	}
	return set
}

// isMask reports an item that shows nothing but what a mask leaves.
func isMask(it pim.Item, carried pim.FieldSet) bool {
	return pim.Equal(it, pim.Mask(it, rule.MaskTitle), carried.And(contentOf(it.Kind())))
}

// shownLocal and shownTheirs are the sides as the other one may see them.
func (v view) shownLocal(it pim.Item) pim.Item {
	switch {
	case v.masked.local && it != nil:
		return pim.Mask(it, rule.MaskTitle)
	case v.veiled.local && it != nil:
		return veil(it)
	}
	return it
}

func (v view) shownTheirs(it pim.Item) pim.Item {
	switch {
	case v.masked.theirs && it != nil:
		return pim.Mask(it, rule.MaskTitle)
	case v.veiled.theirs && it != nil:
		return veil(it)
	}
	return it
}

// mayIn and mayOut are the fields that changes may be carried of. Of an item whose other
// copy is a mask only open fields come back, and content is not sent to where it is
// private by that side's own word; to where an item is not to be nothing goes at all.
func (r *run) mayIn(v view) pim.FieldSet {
	if !v.in.Carry || v.away.theirs {
		return pim.FieldSet{}
	}
	may := r.carried(v.kind()).Minus(left(v.in))
	if v.masked.local || v.in.Masked && !v.masked.theirs {
		may = may.Minus(contentOf(v.kind()))
	}
	return may
}

func (r *run) mayOut(v view) pim.FieldSet {
	if !v.out.Carry || v.away.local {
		return pim.FieldSet{}
	}
	may := r.writable(v.kind()).Minus(left(v.out))
	if v.masked.theirs || v.out.Masked && !v.masked.local {
		may = may.Minus(contentOf(v.kind()))
	}
	return may
}

// mask is which side of the pair shows a mask, for the pair's books.
func (v view) mask() string {
	switch {
	case v.masked.local:
		return maskRemote
	case v.masked.theirs:
		return maskLocal
	}
	return ""
}

// permitted is the action the rules leave of the decided one.
func (r *run) permitted(v view) Action {
	if v.kind() == pim.KindMessage && r.link.Side == store.CRM && v.action != CreateRemote && v.action != Forget {
		return Nothing // it was made, and is the CRM's from then on
	}
	if v.pair.LocalGone && v.localState == Gone {
		// The deletion here was settled and the remote item kept: it stays away.
		if v.state == Gone {
			return Forget
		}
		return Nothing
	}
	if a, ok := v.withdrawn(); ok {
		return a
	}
	allowed := true
	switch v.action {
	// What was there before is made anew as a change of it; the rules for new items are
	// for those that never were.
	case CreateRemote:
		if allowed = v.out.Create; v.state == Gone {
			allowed = v.out.Carry && v.out.Hold == "" && !v.out.Away
		}
	case CreateLocal:
		if allowed = v.in.Create; v.localState == Gone {
			allowed = v.in.Carry && !v.in.Away
		}
	case UpdateRemote:
		allowed = v.out.Carry
	case UpdateLocal:
		allowed = v.in.Carry
	case DeleteRemote:
		allowed = v.out.Delete
	case DeleteLocal:
		allowed = v.in.Delete
	}
	if !allowed {
		return Nothing
	}
	return v.action
}

// unsaved lets a side count as changed that has what the rules did not let through, when
// the other side's deletion, or the rule for private items, would take it away: it is
// nowhere else.
func (r *run) unsaved(v *view) {
	carried := r.carried(v.kind())
	var only pim.FieldSet
	goes := false
	switch {
	case v.state == Same && (v.localState == Gone || v.away.local) && v.remoteBase != nil && v.theirs != nil:
		// What a mask hid from who deleted its copy is nowhere else, either.
		shown := v.shownTheirs(v.theirs)
		goes, only = true, pim.Diff(v.remoteBase, shown, carried).Or(pim.Diff(shown, v.theirs, carried)).Minus(left(v.in))
	case v.localState == Same && (v.state == Gone || v.away.theirs) && v.localBase != nil && v.local != nil:
		shown := v.shownLocal(v.local)
		only = pim.Diff(v.localBase, shown, r.writable(v.kind())).Or(pim.Diff(shown, v.local, carried)).Minus(left(v.out))
	}
	if only.IsEmpty() {
		return
	}
	// What a conflict left open is in its report, too. But nobody has decided about it yet, least of all who deleted the other side.
	if goes {
		v.state = Changed
	} else {
		v.localState = Changed
	}
}

// withdrawn is what becomes of an item that turned private where it came from, and is not
// to be on the other side any more: what changed there since comes over first.
func (v view) withdrawn() (Action, bool) {
	switch {
	case v.away.local && v.pair.LocalGone:
		return Nothing, true // withdrawn, and the record kept
	case (v.away.local || v.away.theirs) && v.pair.Hold == string(rule.HoldRejected):
		return Nothing, true // a person wants it to stay
	case v.away.local && v.state == Same && !v.out.Delete, v.away.theirs && v.localState == Same && !v.in.Delete:
		return Nothing, true // withdrawing is deleting
	case v.away.local && v.state == Same:
		return DeleteRemote, true
	case v.away.theirs && v.localState == Same:
		return DeleteLocal, true
	}
	return 0, false
}

// waiting is what the pair waits for a person to say, "" for nothing.
func (v view) waiting() string {
	if v.refused {
		return string(rule.HoldSeries)
	}
	if v.action == Nothing && v.state == Absent {
		return string(v.out.Hold)
	}
	return ""
}
