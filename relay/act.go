package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// act plans the run over all dirty pairs and carries the plan out.
func (r *run) act(ctx context.Context) error {
	tasks, living, err := r.tasks(ctx)
	if err != nil {
		return err
	}
	b := brake(r.rules, r.opts.AllowDeletions)
	if slices.ContainsFunc(tasks, func(t Task) bool { return deletes(t.Action) && !t.Approved }) {
		if b.Lately, err = r.deletedLately(ctx); err != nil {
			return err
		}
	}
	plan := Plan(tasks, living, b)
	if plan.Reason != "" && r.rep.Held == "" {
		r.rep.Held = plan.Reason
	}
	if err := r.withhold(ctx, plan.Withheld); err != nil {
		return err
	}
	rest, err := r.bounded(ctx, plan.Tasks)
	if err != nil {
		return err
	}
	all := len(rest)
	for len(rest) > 0 {
		n := stretch(rest)
		if err := r.carryOut(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
		r.tell("act", all-len(rest), all)
	}
	return nil
}

// deletedLately is Brake.Lately.
func (r *run) deletedLately(ctx context.Context) (n int, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		n = 0
		for f := (store.RunFilter{Link: r.link.ID, Since: cmp.Or(r.rep.Run.Started, r.now).Add(-brakeSpan), Limit: 500}); ; {
			runs, err := tx.Runs(f)
			if err != nil {
				return err
			}
			for _, before := range runs {
				var c Counts
				if f.Before = before.ID; before.Counts != "" {
					if err := json.Unmarshal([]byte(before.Counts), &c); err != nil {
						return err
					}
				}
				n += c.Unasked
			}
			if len(runs) < f.Limit {
				return nil
			}
		}
	})
	return n, err
}

// withhold notes which deletions wait for a person.
func (r *run) withhold(ctx context.Context, tasks []Task) error {
	r.count(func(c *Counts) { c.Withheld = len(tasks) })
	if len(tasks) == 0 {
		return nil
	}
	var ids []store.PairID
	for _, t := range tasks {
		if !t.Lost {
			ids = append(ids, t.Pair)
		}
	}
	return r.update(ctx, func(tx *store.Tx) error { return tx.HoldPairs(ids, string(rule.HoldDeletion)) })
}

// stretchMost is how many writes to the hub share a transaction, and how often a
// watcher hears of writes to the remote.
const stretchMost = 50

// stretch is the number of leading tasks that are done in one go: writes to the hub
// share transactions, writes to the remote share its connections, and the two do
// not mix, so that the order of the plan holds.
func stretch(tasks []Task) int {
	n := 1
	for n < len(tasks) && batched(tasks[n].Action) == batched(tasks[0].Action) && rank(tasks[n].Action) == rank(tasks[0].Action) {
		n++
	}
	return min(n, stretchMost)
}

// batched actions write to the hub only and are many in a first sync.
func batched(a Action) bool { return a == CreateLocal }

func (r *run) carryOut(ctx context.Context, tasks []Task) error {
	if batched(tasks[0].Action) {
		if err := r.guarded("items", func() error { return r.createLocally(ctx, tasks) }); err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		// One of them stands in the way of the others: each on its own.
	}
	workers := max(1, min(r.traits.Concurrency, 4))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan Task)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { // owner: carryOut; ends when the queue is closed
			for t := range queue {
				if err := r.guarded("item", func() error { return r.one(ctx, t) }); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, t := range tasks {
		if ctx.Err() != nil {
			break
		}
		select {
		case queue <- t:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
	return context.Cause(ctx)
}

// tasks decides for every dirty pair, one after another, keeping only the decision.
func (r *run) tasks(ctx context.Context) (tasks []Task, living int, err error) {
	var after store.PairID
	for {
		var n int
		err = r.Store.View(ctx, func(tx *store.Tx) error {
			pairs, err := tx.DirtyPairs(r.link.ID, r.dueBy(), 500, after)
			if err != nil {
				return err
			}
			n = len(pairs)
			for _, p := range pairs {
				after = p.ID
				var v view
				err := r.guarded("item", func() (err error) { v, err = r.view(tx, p); return err })
				if err != nil {
					// Shown on the item when its turn comes.
					v.action = Reconcile
				}
				if deletes(v.action) && r.opts.Resend != "" {
					continue // it stays for a usual run
				}
				// The copy here of a message that the CRM has is none that anybody would miss.
				approved := p.Hold == string(rule.HoldApproved) || r.mail()
				tasks = append(tasks, Task{Pair: p.ID, Action: v.action, Approved: approved, Held: p.Hold == string(rule.HoldDeletion), Lost: p.Hold == string(rule.HoldLost)})
			}
			if n == 0 {
				living, err = tx.LivingPairs(r.link.ID)
			}
			return err
		})
		if err != nil || n == 0 {
			return tasks, living, err
		}
	}
}

// dueBy is the time up to which waiting pairs are taken up.
func (r *run) dueBy() time.Time {
	if r.opts.Retry {
		return r.now.AddDate(100, 0, 0)
	}
	return r.now
}

// one deals with one pair. A failure stays with the pair; only what concerns the
// remote as a whole is returned and ends the run.
func (r *run) one(ctx context.Context, t Task) error {
	id := t.Pair
	var err error
	var title string
	ctx, traces := remote.TraceRequests(ctx)
	from := r.stepped()
	defer func() { r.label(id, from, title, traces()) }()
	sought := false
	for range 5 {
		if err = r.at("item"); err != nil {
			return err
		}
		var v view
		if err = r.guarded("item", func() (err error) { v, err = r.look(ctx, id); return err }); err != nil {
			if errors.Is(err, pim.ErrNotFound) && v.pair.ID == 0 {
				return nil // another task settled it
			}
			break
		}
		if err = r.at("looked at"); err != nil {
			return err
		}
		title = v.title()
		if r.unplaced(v.pair) {
			if sought {
				return nil // it cannot be told where its record is; the next run asks again
			}
			sought = true
			if err = r.guarded("item", func() error { return r.locate(ctx, []store.Pair{v.pair}) }); err != nil {
				break
			}
			continue
		}
		if deletes(v.action) && !deletes(t.Action) {
			return nil // it became one after the brake looked; the next run plans it
		}
		err = r.guarded("item", func() error { return r.do(ctx, v) })
		if errors.Is(err, errStale) {
			continue
		}
		if errors.Is(err, errChangedThere) {
			if err = r.guarded("item", func() error { return r.refresh(ctx, v.pair) }); err == nil {
				err = pim.Errorf("relay: item", pim.ErrConflict, "the item changes faster than it can be written; it is tried again")
				continue
			}
		}
		break
	}
	if err == nil {
		r.mu.Lock()
		r.unreached = 0
		r.mu.Unlock()
		return nil
	}
	return r.failed(ctx, id, err)
}

// errChangedThere: the remote refused a write because its version moved.
var errChangedThere = errors.New("relay: changed at the remote meanwhile")

// refresh reads the present remote state of a pair.
func (r *run) refresh(ctx context.Context, p store.Pair) error {
	recs, gone, err := r.fetch(ctx, []remote.ItemID{remote.ItemID(p.RemoteID)})
	if err != nil {
		return err
	}
	return r.update(ctx, func(tx *store.Tx) error { return r.ingest(tx, recs, gone) })
}

// ends reports a failure after which no other item would fare better.
func ends(kind pim.Reason) bool { return kind == pim.ErrAuth || kind == pim.ErrThrottled }

// givingUpAfter is how many items in a row may find the remote unreachable before
// the run ends: the rest would only wait for the same time-out.
const givingUpAfter = 3

// failed notes a failure on its pair and decides whether the run goes on.
func (r *run) failed(ctx context.Context, id store.PairID, failure error) error {
	if ctx.Err() != nil || errors.Is(failure, errKilled) {
		return failure
	}
	kind := pim.ReasonOf(failure)
	if ends(kind) {
		// It concerns the remote, not the item: the next run takes it up.
		r.Log.WarnContext(ctx, "item failed", "link", r.link.ID, "item", id, "reason", kind, "err", failure)
		r.count(func(c *Counts) { c.Failed++ })
		return failure
	}
	err := r.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(id)
		if errors.Is(err, pim.ErrNotFound) {
			return nil // another link's run took it along, as its record was moved there
		}
		if err != nil {
			return err
		}
		return r.noteFailure(tx, &p, failure)
	})
	if err != nil {
		return errors.Join(failure, err)
	}
	switch kind {
	case pim.ErrUnavailable, pim.ErrProtocol:
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.unreached++; r.unreached >= givingUpAfter {
			return failure
		}
	}
	return nil
}

// noteFailure writes a failure on its pair, which is tried again later.
func (r *run) noteFailure(tx *store.Tx, p *store.Pair, failure error) error {
	kind := pim.ReasonOf(failure)
	p.Error, p.ErrorKind = pim.PublicText(failure), string(kind)
	p.Attempts++
	at := r.Now().Add(r.Waits.item(kind, p.Attempts, pim.RetryAfter(failure)))
	p.RetryAt, p.IgnoredAt = &at, nil
	// What became of a write is asked as long as it is not known.
	if p.Attempts >= r.Waits.withDefaults().Tries && p.Intent == "" {
		now := r.Now()
		p.Dirty, p.RetryAt, p.IgnoredAt = false, nil, &now
	}
	if err := tx.SavePair(p); err != nil {
		return err
	}
	r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: pairTitle(*p), Action: "fail", Outcome: "failed", Error: p.Error, Kind: p.ErrorKind},
		func(c *Counts) { c.Failed++ })
	id := p.ID
	tx.AfterCommit(func() {
		r.Log.WarnContext(tx.Context(), "item failed", "link", r.link.ID, "item", id, "reason", kind, "err", failure)
	})
	return nil
}
