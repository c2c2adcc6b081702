package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// begin opens the report of the run. Wanted is cleared before anything is read, so that
// a change committed later queues another run. Nothing but the link is locked: writers
// lock its collection first.
func (r *run) begin(ctx context.Context, id store.LinkID) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if err = tx.ClearWanted(id); err != nil {
			return err
		}
		if r.link, err = tx.Link(id); err != nil {
			return err
		}
		r.rep.Run, err = tx.StartRun(store.Run{LinkID: id, Trigger: r.opts.Trigger, Started: r.now})
		return err
	})
}

// prepare reads what the run needs.
func (r *run) prepare(ctx context.Context) error {
	return r.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		if r.link, err = tx.Link(r.link.ID); err != nil {
			return err
		}
		if r.user, err = tx.User(r.link.UserID); err != nil {
			return err
		}
		if r.coll, err = tx.Collection(r.link.CollectionID); err != nil {
			return err
		}
		if r.rules, err = rule.Parse(r.link.Rules); err != nil {
			return &pim.Error{Op: "relay: run", Kind: pim.ErrInvalid, Public: "the rules of the link cannot be used: " + err.Error(), Err: err}
		}
		if r.mail() {
			r.rules = MailRules(r.link.Side, r.rules)
		}
		if r.rulesRead = r.link.Rules; r.rulesRead == nil {
			r.rulesRead = []byte{}
		}
		if r.givers, err = r.giversTo(tx); err != nil {
			return err
		}
		r.codec = newCodec(r.now, r.user.Zone).with(r.rules)
		r.full = r.link.Cursor == "" || r.opts.Full || r.opts.Resend != ""
		r.first = r.link.LastSuccess == nil
		return nil
	})
}

func (r *run) openRemote(ctx context.Context) error {
	if r.link.Paused {
		return pim.Errorf("relay: run", pim.ErrHeld, "the link is paused")
	}
	if r.user.Disabled {
		return pim.Errorf("relay: run", pim.ErrHeld, "the account is disabled")
	}
	rem, err := r.open(ctx, r.link, r.user, r.rules)
	if err != nil {
		return err
	}
	r.rem, r.traits = rem, rem.Traits()
	if _, ok := remote.As[remote.Grouper](rem); len(r.rules.Groups) > 0 && !ok {
		return errNoGroups // without them, everything would come over
	}
	r.kinds = r.linkKinds()
	if r.kinds == 0 {
		return pim.Errorf("relay: run", pim.ErrInvalid, "the collection and the remote have no kind of item in common")
	}
	r.learnTypes(ctx)
	return nil
}

// linkKinds are those that collection, rules and remote all have.
func (r *run) linkKinds() pim.KindSet { return kindsInCommon(r.coll, r.traits, r.rules) }

func kindsInCommon(c store.Collection, has remote.Traits, rules rule.Rules) pim.KindSet {
	var set pim.KindSet
	for _, k := range Kinds(c) {
		_, carried := has.Carries[k]
		if carried && (len(rules.Kinds) == 0 || pim.Kinds(rules.Kinds...).Has(k)) {
			set |= pim.Kinds(k)
		}
	}
	return set
}

// end closes the report and the link's state. It works also when ctx has ended, so
// that a stopped run says so.
func (r *run) end(ctx context.Context, failure error) (Report, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now := r.Now()
	l := r.link
	r.rep.conclude(failure, now)
	l.LastRun = &now
	switch r.rep.Run.Outcome {
	case OutcomeCancelled:
		// By a person or by the end of the process: neither says anything about the link.
	case OutcomeFailed:
		l.Failures++
		l.LastError = pim.PublicText(failure)
	case OutcomeHeld:
		l.Held, l.LastError, l.LastSuccess, l.Failures = r.rep.Held, "", &now, 0
	default:
		l.Held, l.LastError, l.LastSuccess, l.Failures = "", "", &now, 0
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		if tx.HoldsLease(l.ID, r.owner) != nil {
			return tx.FinishRun(r.rep.Run, r.rep.Steps) // the link is another run's to speak for
		}
		// The interval may be another than when the run began.
		present, err := tx.Link(l.ID)
		if err != nil {
			return err
		}
		next := now.Add(r.Waits.link(present.Interval, l.Failures, pim.RetryAfter(failure)))
		l.NextRun = &next
		if err := tx.UpdateLink(l, "Held", "Failures", "NextRun", "LastRun", "LastSuccess", "LastError"); err != nil {
			return err
		}
		return tx.FinishRun(r.rep.Run, r.rep.Steps)
	})
	if err != nil {
		r.Log.ErrorContext(ctx, "run report not stored", "link", l.ID, "err", err)
	}
	level := slog.LevelInfo
	if r.rep.Counts.Done() == 0 && r.rep.Run.Outcome == OutcomeOK {
		level = slog.LevelDebug // a poll that found nothing
	}
	if failure != nil {
		level = slog.LevelWarn
	}
	what := "run"
	if r.fleeting {
		what, level = "preview", slog.LevelDebug // who asked for it is shown what would have been done
	}
	r.Log.Log(ctx, level, what, "link", l.ID, "outcome", r.rep.Run.Outcome, "counts", r.rep.Run.Counts, "err", failure)
	return r.rep, errors.Join(failure, err)
}
