package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Relating is a change of what an item is tied to.
type Relating struct {
	// Version is the one that the person saw (Tied.Version); "" is what the bridge read last. A text that
	// cannot be one is refused.
	Version string
	// Set names records by role: their id, their name or, of people, their address, which has
	// to mean one record. Clear are the roles that are to be tied to nothing.
	Set   map[string]string
	Clear []string
}

// Relate changes what an item is tied to on the remote of a link, on behalf of by (as
// store.Version.By): it is a run of one write, with its step in the item's history, and can be
// taken back as other runs (UndoRun). The names of company and contact come here with the next
// run. pim.ErrConflict, and nothing is written, when the record changed since it was seen;
// pim.ErrInvalid when a text means no record, or several; ErrBusy while a run is under way.
func (e *Engine) Relate(ctx context.Context, id store.LinkID, uid string, c Relating, by string) (Tied, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	owner := fmt.Sprintf("%s#%d", e.Owner, e.runs.Add(1))
	release, err := e.lease(ctx, stop, id, owner)
	if err != nil {
		return Tied{}, err
	}
	defer release()
	w := &relating{run: &run{Engine: e, opts: RunOptions{Trigger: "relate"}, owner: owner, now: e.Now()}, by: by}
	w.link.ID = id
	if err := w.prepare(ctx); err != nil {
		return Tied{}, err
	}
	if err := w.openRemote(ctx); err != nil {
		return Tied{}, err
	}
	if err := w.check(ctx, uid, c); err != nil {
		return Tied{}, err
	}
	if len(w.set) == 0 {
		return w.was, nil
	}
	counting, requests := remote.CountRequests(ctx)
	counting, traces := remote.TraceRequests(counting)
	if err := w.write(counting, requests, traces); err != nil {
		return Tied{}, err
	}
	t, _, err := w.tiedTo(ctx, w.pair)
	t.Run = w.rep.Run.ID
	return t, err
}

// relating is one change of relations under way.
type relating struct {
	*run
	by   string
	pair store.Pair
	rec  remote.Record
	was  Tied
	set  map[string]remote.ItemID
	// before and after are the changed ties.
	before, after []remote.Relation
}

// likeVersion reports whether a text can be an earlier version, of which only the remote knows the
// form: it has the present one's punctuation, and letters only where that has some.
func likeVersion(text, now string) bool {
	form := func(s string) (marks string, letters bool) {
		marks = strings.Map(func(r rune) rune {
			letters = letters || unicode.IsLetter(r)
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return -1
			}
			return r
		}, s)
		return marks, letters
	}
	marks, letters := form(text)
	has, may := form(now)
	return text == now || text != "" && marks == has && (may || !letters)
}

// check finds out what is to be written, and refuses what cannot be.
func (w *relating) check(ctx context.Context, uid string, c Relating) (err error) {
	const op = "relay: relate"
	if w.rules.Direction == rule.In {
		return pim.Errorf(op, pim.ErrInvalid, "this link writes nothing to its remote (direction)")
	}
	if w.pair, err = w.recordOf(ctx, uid); err != nil {
		return err
	}
	if w.pair.Intent != "" {
		return pim.Errorf(op, pim.ErrHeld, "a write of this item is under way and its outcome is not known yet; try again after the next run")
	}
	if w.was, w.rec, err = w.tiedTo(ctx, w.pair); err != nil {
		return err
	}
	seen := c.Version
	if seen == "" {
		seen = w.pair.TheirVersion
	}
	if c.Version != "" && !likeVersion(seen, w.rec.Version) {
		return pim.Errorf(op, pim.ErrInvalid, "%q is no version of a record; it is %q now", seen, w.rec.Version)
	}
	if seen != w.rec.Version {
		if err := w.update(ctx, func(tx *store.Tx) error { return w.ingest(tx, []remote.Record{w.rec}, nil) }); err != nil {
			return err
		}
		return pim.Errorf(op, pim.ErrConflict, "the record was changed on the remote since it was read; look at it again")
	}
	w.set = map[string]remote.ItemID{}
	for _, role := range c.Clear {
		if _, both := c.Set[role]; both {
			return pim.Errorf(op, pim.ErrInvalid, "%q is to be set and to be cleared", role)
		}
		if err := w.want(role, remote.Relation{Role: role}); err != nil {
			return err
		}
	}
	for _, role := range slices.Sorted(maps.Keys(c.Set)) {
		if err := w.find(ctx, role, c.Set[role]); err != nil {
			return err
		}
	}
	if len(w.set) == 0 {
		return nil
	}
	changed := pim.Set(pim.FieldCompany, pim.FieldContact).And(w.writable(w.rec.Item.Kind()))
	return w.silent(ctx, view{pair: w.pair, theirs: w.rec.Item}, w.rec.Ref, remote.Entry{UID: w.pair.UID, Item: w.rec.Item}, changed)
}

// find is want for the one record that a text means.
func (w *relating) find(ctx context.Context, role, text string) error {
	const op = "relay: relate"
	if _, err := w.was.role(role); err != nil {
		return err
	}
	rel, _ := remote.As[remote.Relations](w.rem)
	found, err := rel.Candidates(ctx, w.was.Kind, role, text)
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return pim.Errorf(op, pim.ErrInvalid, "the remote knows no %s %q", role, text)
	case 1:
		return w.want(role, remote.Relation{Role: role, ID: remote.ItemID(found[0].ID), Name: found[0].Name})
	}
	var names []string
	for _, f := range found {
		names = append(names, fmt.Sprintf("%s (%s)", f.Name, f.ID))
	}
	return pim.Errorf(op, pim.ErrInvalid, "several fit %q: %s; name one by its id", text, strings.Join(names, ", "))
}

// want notes one change, unless it is there already.
func (w *relating) want(role string, to remote.Relation) error {
	now, err := w.was.role(role)
	if err != nil {
		return err
	}
	old := remote.Relation{Role: role}
	if len(now.To) > 0 {
		old = now.To[0]
	}
	if old.ID == to.ID && (to.ID != "" || old.Name == "") {
		return nil
	}
	w.set[role] = to.ID
	w.before, w.after = append(w.before, old), append(w.after, to)
	return nil
}

// write is the run: its step is stored before the write, and again with what came of it.
func (w *relating) write(ctx context.Context, requests func() int, traces func() remote.Traces) error {
	st := store.Step{PairID: w.pair.ID, UID: w.pair.UID, Title: cut(w.was.Title), Action: "relate"}
	m := memo{Pair: w.pair, TiesBefore: w.before, TiesAfter: w.after}
	err := w.update(ctx, func(tx *store.Tx) (err error) {
		w.rep.Run, err = tx.StartRun(store.Run{LinkID: w.link.ID, Trigger: "relate", Started: w.now, AskedBy: w.by})
		if err != nil {
			return err
		}
		if err := w.intend(tx, &st, m); err != nil {
			return err
		}
		return w.markIntent(tx, w.pair.ID, "relate")
	})
	if err != nil {
		return err
	}
	if err := w.at("intent stored"); err != nil {
		return err
	}
	rel, _ := remote.As[remote.Relations](w.rem)
	rec, failure := rel.Relate(ctx, remote.CollectionID(w.link.Remote), w.rec.Ref, w.set)
	written := failure == nil
	if written {
		failure = w.at("remote written")
	}
	if failure == nil {
		rec, failure = w.whole(ctx, rec)
	}
	st.Trace = traces().Written
	// It is told even when the caller has given up meanwhile.
	ctx = context.WithoutCancel(ctx)
	err = w.update(ctx, func(tx *store.Tx) error {
		switch {
		case failure != nil && (written || unknown(failure)):
			return w.Engine.wanted(ctx, tx, w.link.ID) // the step stays begun, until that run has read what came of it
		case failure != nil:
			return errors.Join(w.missed(tx, st), w.clearIntent(tx, w.pair.ID))
		}
		if err := w.clearIntent(tx, w.pair.ID); err != nil {
			return err
		}
		after, err := pim.EncodeItem(rec.Item)
		if err != nil {
			return err
		}
		m.After = after
		if err := w.achieved(tx, st, m); err != nil {
			return err
		}
		if err := w.ingest(tx, []remote.Record{rec}, nil); err != nil {
			return err
		}
		return w.Engine.wanted(ctx, tx, w.link.ID)
	})
	if errors.Is(failure, errKilled) {
		return failure
	}
	if failure == nil && err == nil {
		w.count(func(c *Counts) { c.UpdatedRemote++ })
	}
	w.rep.Run.Requests = requests()
	w.rep.conclude(errors.Join(failure, err), w.Now())
	return errors.Join(failure, err, w.Store.Update(ctx, func(tx *store.Tx) error { return tx.FinishRun(w.rep.Run, w.rep.Steps) }))
}
