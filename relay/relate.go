package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"crmbridge/pim"
	"crmbridge/relay/rule"
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
	if w.mailsAnyway(w.rec.Item) {
		return pim.Errorf(op, pim.ErrHeld, "the remote would mail those who take part; the rule mail does not allow it")
	}
	return w.unmailed(ctx, view{pair: w.pair, theirs: w.rec.Item}, w.rec.Ref, remote.Entry{UID: w.pair.UID, Item: w.rec.Item}, changed)
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
		return w.intend(tx, &st, m)
	})
	if err != nil {
		return err
	}
	rel, _ := remote.As[remote.Relations](w.rem)
	rec, failure := rel.Relate(ctx, remote.CollectionID(w.link.Remote), w.rec.Ref, w.set)
	if failure == nil {
		rec, failure = w.whole(ctx, rec)
	}
	if failure == nil {
		failure = w.at("remote written")
	}
	st.Trace = traces().Written
	// It is told even when the caller has given up meanwhile.
	ctx = context.WithoutCancel(ctx)
	err = w.update(ctx, func(tx *store.Tx) error {
		switch {
		case failure != nil && unknown(failure):
			return nil // the step stays begun: the next run reads what came of it
		case failure != nil:
			return w.missed(tx, st)
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

// untie takes a change of relations back.
func (b *undoing) untie(ctx context.Context, x *restoring) error {
	m := x.memos[x.there]
	if err := b.present(ctx, x, x.now.RemoteID); err != nil {
		return err
	}
	if x.gone {
		return asItIs("it was deleted at the remote since")
	}
	t, _, err := b.tiedTo(ctx, x.now)
	if err != nil {
		return err
	}
	set := map[string]remote.ItemID{}
	for i, to := range m.TiesAfter {
		now, err := t.role(to.Role)
		if err != nil {
			return err
		}
		var id remote.ItemID
		if len(now.To) > 0 {
			id = now.To[0].ID
		}
		switch id {
		case m.TiesBefore[i].ID: // done before
		case to.ID:
			set[to.Role] = m.TiesBefore[i].ID
		default:
			return asItIs("it was tied to something else since")
		}
	}
	if len(set) > 0 {
		if err := b.mayWrite(ctx, x, x.rec.Ref, remote.Entry{UID: x.now.UID, Item: x.rec.Item}, pim.Set(pim.FieldCompany, pim.FieldContact)); err != nil {
			return err
		}
		if err := b.begun(ctx, x); err != nil {
			return err
		}
		rel, _ := remote.As[remote.Relations](b.rem)
		rec, err := rel.Relate(ctx, remote.CollectionID(b.link.Remote), x.rec.Ref, set)
		switch {
		case errors.Is(err, pim.ErrConflict):
			return asItIs("it was changed at the remote since")
		case errors.Is(err, pim.ErrInvalid):
			return asItIs("what it was tied to is not there any more")
		case err != nil:
			return err
		}
		if x.rec, err = b.whole(ctx, rec); err != nil {
			return err
		}
		b.told(x, "relate", func(c *Counts) { c.UpdatedRemote++ })
	}
	err = b.update(ctx, func(tx *store.Tx) error {
		if err := b.ingest(tx, []remote.Record{x.rec}, nil); err != nil {
			return err
		}
		if err := tx.MarkSteps(b.of, x.pair, "done", x.now.ID); err != nil {
			return err
		}
		return b.Engine.wanted(ctx, tx, b.link.ID)
	})
	if err == nil {
		b.out.Items++
	}
	return err
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
