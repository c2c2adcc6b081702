package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Explanation is why an item is, or is not, on both sides of a link.
type Explanation struct {
	Link store.LinkID
	Pair store.PairID // 0: the link knows nothing of it yet
	// Summary and Kind are of the item; the summary is for its owner's eyes.
	Summary string
	Kind    pim.Kind
	// Local and Remote are what was last known of the two sides, Action what the next
	// run would do.
	Local, Remote State
	Action        Action
	// In and Out are what the rules say in each direction.
	In, Out rule.Verdict
	// Origin is where it was first made.
	Origin Author
	// Words tell the same in sentences.
	Words []string
}

// Explain tells for an item, by its UID, what a link makes of it and why. It changes
// nothing, and asks nobody but, for a moment, for the types there are and for what the record is tied to. pim.ErrNotFound when neither side is known to have it.
func (e *Engine) Explain(ctx context.Context, id store.LinkID, uid string) ([]Explanation, error) {
	r := &run{Engine: e, now: e.Now()}
	r.link.ID = id
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	rem, err := r.open(ctx, r.link, r.user, r.rules)
	if err != nil {
		return nil, err
	}
	r.rem, r.traits = rem, rem.Traits()
	r.kinds = r.linkKinds()
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r.learnTypes(short)
	var out []Explanation
	var known []store.Pair
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		out, known = nil, nil
		pairs, err := tx.PairsByUID(id, uid)
		if err != nil {
			return err
		}
		if len(pairs) == 0 {
			o, err := tx.ObjectByUID(r.coll.ID, uid)
			if err != nil {
				return err
			}
			pairs = []store.Pair{{LinkID: id, ObjectID: o.ID, UID: uid, Dirty: true}}
		}
		for _, p := range pairs {
			x, err := r.explain(tx, p)
			if err != nil {
				return err
			}
			out, known = append(out, x), append(known, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, p := range known {
		out[i].Words = append(out[i].Words, r.tiedWords(short, p)...)
	}
	return out, nil
}

func (r *run) explain(tx *store.Tx, p store.Pair) (Explanation, error) {
	v, err := r.view(tx, p)
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Link: r.link.ID, Pair: p.ID, Kind: v.kind(), Local: v.localState, Remote: v.state, Action: v.action}
	x.In, x.Out = r.verdicts(v)
	for _, it := range []pim.Item{v.local, v.theirs, v.localBase} {
		if it != nil {
			x.Summary = it.Summary()
			break
		}
	}
	x.Words = append(x.Words, whereItIs(v))
	if rule.Tie(p.Tie) == rule.Moved && p.RemoteGone {
		x.Words = append(x.Words, "On the remote it was moved out of the linked folder: both copies stay, and nothing is carried over. Moved back, it is synced again.")
	}
	if v.localState == Gone {
		switch c, err := r.elsewhere(tx, p); {
		case err == nil:
			x.Words = append(x.Words, fmt.Sprintf("It was moved to %q, which has no link to this side: both copies stay, and nothing is carried over.", c.Slug))
		case !errors.Is(err, pim.ErrNotFound):
			return x, err
		}
	}
	origin, err := ItemOrigin(tx, r.user, p)
	if err != nil {
		return x, err
	}
	if x.Origin = origin; origin.Side != "" {
		x.Words = append(x.Words, "It was first made by "+origin.String()+".")
	}
	words, err := r.alongWords(tx, p)
	if err != nil {
		return x, err
	}
	x.Words = append(x.Words, words...)
	if !r.kinds.Has(v.kind()) {
		x.Words = append(x.Words, fmt.Sprintf("The link does not sync %ss.", v.kind()))
	}
	switch {
	case p.Error != "":
		x.Words = append(x.Words, failing(p))
		if p.IgnoredAt != nil {
			x.Words = append(x.Words, "A person set it aside until it changes.")
		}
	case v.series:
		words, err := r.seriesWords(tx, v)
		if err != nil {
			return x, err
		}
		x.Words = append(x.Words, words)
	case v.waiting() != "":
		x.Words = append(x.Words, "It waits for a person to choose its type.")
	case deletes(v.action) && p.Hold == string(rule.HoldApproved):
		x.Words = append(x.Words, "A person approved the deletion; the next run does it.")
	case deletes(v.action) && (rule.Hold(p.Hold).AsksDeletion() || r.rules.Approve):
		x.Words = append(x.Words, "The other copy waits for a person to approve or reject its deletion.")
	case p.Dirty || p.ID == 0:
		x.Words = append(x.Words, "The next run looks at it: "+v.action.String()+".")
	}
	c, err := tx.OpenConflict(v.object.ID, r.link.ID)
	if err == nil {
		if x.Words[0] == asAgreed {
			x.Words[0] = "It is on both sides, and agreed but for what collided."
		}
		x.Words = append(x.Words, fmt.Sprintf("Conflict %d waits for a person.", c.ID))
	} else if !errors.Is(err, pim.ErrNotFound) {
		return x, err
	}
	notes, err := Notes(p)
	if err != nil {
		return x, err
	}
	for _, n := range notes {
		x.Words = append(x.Words, "Looked up on the remote: "+n.Says+".")
	}
	if r.mail() {
		if bodyCut(v.local, v.theirs, v.localBase) {
			x.Words = append(x.Words, fmt.Sprintf("Its body was longer than %d KB: what goes over is the beginning of it; the rest is in the mailbox alone.", pim.BodyLimit>>10))
		}
		words, err := filesWords(p)
		if err != nil {
			return x, err
		}
		x.Words = append(x.Words, words...)
	}
	for _, says := range keptWords(p, v.localBase, v.remoteBase) {
		x.Words = append(x.Words, "Sent again: "+says+".")
	}
	for _, c := range shortenedIn(v.localBase, v.remoteBase, cuttable(nil)) {
		x.Words = append(x.Words, fmt.Sprintf("The remote keeps %d of the %d characters of the %s; all of them are kept here.", c.kept, c.of, c.field))
	}
	switch {
	case v.masked.local:
		x.Words = append(x.Words, "The remote shows only when it is, because it is private.")
	case v.masked.theirs:
		x.Words = append(x.Words, "Devices are shown only when it is, because it is private.")
	}
	return x, nil
}

// verdicts are what the rules say of an item in each direction. Of a side that never had it they say what would become of
// the item if it came from there as it is: that of nothing would be a reason that is none.
func (r *run) verdicts(v view) (in, out rule.Verdict) {
	in, out = v.in, v.out
	if v.local != nil && v.theirs == nil && v.remoteBase == nil {
		q := r.question(rule.Inward, v)
		q.Item, q.Start, q.End = v.local, bound(v.object.Start), bound(v.object.End)
		in = r.rules.Judge(q)
	}
	if v.theirs != nil && v.local == nil && v.localBase == nil {
		q := r.question(rule.Outward, v)
		q.Item = v.theirs
		q.Start, q.End = span(v.theirs)
		out = r.rules.Judge(q)
	}
	return in, out
}

// bodyCut reports a message of which only the beginning was taken from the mailbox.
func bodyCut(forms ...pim.Item) bool {
	return slices.ContainsFunc(forms, func(it pim.Item) bool {
		m, ok := it.(*pim.Message)
		return ok && m.Cut
	})
}

const asAgreed = "It is on both sides, as agreed."

// whereItIs tells the two states.
func whereItIs(v view) string {
	here, there := v.localState == Same || v.localState == Changed, v.state == Same || v.state == Changed
	switch {
	case here && there && v.localState == Same && v.state == Same:
		return asAgreed
	case here && there:
		return "It is on both sides, and changed since they agreed."
	case here && v.state == Gone:
		return "It is here; the remote had it, and has it no more."
	case here:
		return "It is here, and not on the remote."
	case there && v.localState == Gone:
		return "It is on the remote; it was here, and was deleted."
	case there:
		return "It is on the remote, and not here."
	}
	return "It is on neither side any more."
}

func failing(p store.Pair) string {
	s := fmt.Sprintf("It could not be synced, %d times so far: %s.", p.Attempts, p.Error)
	if at := p.NextTry(); at != nil {
		s += " It is tried again at " + at.UTC().Format(time.RFC3339) + "."
	}
	return s
}

// SetTie says of an item that it is to be synced or not, over the rules; rule.TieNone
// leaves it to them again. Of a message it is said wherever the user has it. The next run does what follows. pim.ErrNotFound when the
// collection has no such item and no record of it is known.
func (e *Engine) SetTie(ctx context.Context, id store.LinkID, uid string, tie rule.Tie) error {
	var l store.Link
	var c store.Collection
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Link(id); err != nil {
			return err
		}
		c, err = tx.Collection(l.CollectionID)
		return err
	})
	if err != nil {
		return err
	}
	// Pairs are locked before their link, as runs do it: else each could wait for the other.
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		pairs, err := tx.PairsByUID(id, uid)
		if err != nil {
			return err
		}
		if len(pairs) == 0 {
			o, err := tx.ObjectByUID(l.CollectionID, uid)
			if err != nil {
				return err
			}
			pairs = []store.Pair{{LinkID: id, ObjectID: o.ID, UID: uid}}
		}
		links := []store.LinkID{id}
		if c.Home == store.Mail {
			if pairs, links, err = everyMessage(tx, l, pairs); err != nil {
				return err
			}
		}
		for _, p := range pairs {
			p.Tie = string(tie)
			wake(&p)
			if err := tx.SavePair(&p); err != nil {
				return err
			}
		}
		for _, id := range links {
			if err := e.wanted(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Retry has a failed item tried again at once, and the files of a message that were left out.
func (e *Engine) Retry(ctx context.Context, id store.LinkID, uid string) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		pairs, err := tx.PairsByUID(id, uid)
		if err == nil && len(pairs) == 0 {
			err = pim.Errorf("relay: retry", pim.ErrNotFound, "the link knows no item with this UID")
		}
		for _, p := range pairs {
			if err != nil {
				break
			}
			wake(&p)
			if err = retakeFiles(&p, e.Now()); err == nil {
				err = tx.SavePair(&p)
			}
		}
		if err != nil {
			return err
		}
		return e.wanted(ctx, tx, id)
	})
}

// Ignore sets a failed item aside: it is not tried again until it changes on either side, or
// somebody asks for it (Retry). pim.ErrNotFound when there is no item with the UID, pim.ErrInvalid when it does not fail; pim.ErrHeld while
// it is not known what became of a write.
func (e *Engine) Ignore(ctx context.Context, id store.LinkID, uid string) error {
	const op = "relay: ignore"
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		pairs, err := tx.PairsByUID(id, uid)
		if err != nil {
			return err
		}
		n := 0
		for _, p := range pairs {
			if p.Error == "" {
				continue
			}
			if p.Intent != "" {
				return pim.Errorf(op, pim.ErrHeld, "a write of this item is under way and its outcome is not known yet; try again after the next run")
			}
			now := tx.Now()
			p.Dirty, p.RetryAt, p.FilesAt, p.IgnoredAt = false, nil, nil, &now
			n++
			if err := tx.SavePair(&p); err != nil {
				return err
			}
		}
		switch {
		case len(pairs) == 0:
			return pim.Errorf(op, pim.ErrNotFound, "the link knows no item with this UID")
		case n == 0:
			return pim.Errorf(op, pim.ErrInvalid, "this item does not fail, so that there is nothing to set aside")
		}
		return nil
	})
}

// wanted queues a run, where somebody queues.
func (e *Engine) wanted(ctx context.Context, tx *store.Tx, id store.LinkID) error {
	if e.Wake == nil {
		return nil
	}
	return e.Wake(ctx, tx, id)
}
