package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// PreviewOptions say which run is to be shown.
type PreviewOptions struct {
	// Rules are others than the link has; nil: those it has.
	Rules *rule.Rules
	// Run is the run; its Trigger is not used.
	Run RunOptions
}

// Preview is what a run would do. It is what an ordinary run tells that was done on a copy
// of what the link knows, before a remote that keeps what is written to itself: nothing was
// written anywhere.
type Preview struct {
	Link    store.LinkID
	Outcome string // as store.Run.Outcome
	Error   string
	Held    string // why deletions would be withheld, "" when none would
	Counts  Counts
	// Mails is how many of the writes would make the remote mail somebody.
	Mails int
	// Changes are the writes in their order, both sides; Cut says that there are more than
	// are listed. Counts are complete.
	Changes []Planning
	Cut     bool
	// Waiting are the items that would wait for a person after the run: as Changes without
	// Side, Action being what they wait for (rule.Hold), and Reason that in words. Waits is how
	// many they are, also where not all are listed.
	Waiting []Planning
	Waits   int
	// Touch is what other rules have looked at again.
	Touch rule.Touch
	// Brought is what would come into the address book of another link; nil for nothing.
	Brought *Brought

	steps []store.Step // of the run that was not
}

// Preview shows what a run of a link would do, with other rules if they are given, and does
// nothing of it. It takes about as long as the run would, without the remote's part in the
// writes; the link may be paused. What it works on is a copy in the folder for temporary
// files, which goes with it.
// The remote's own refusals, and what it makes of a value, are not known beforehand.
func (e *Engine) Preview(ctx context.Context, id store.LinkID, o PreviewOptions) (p Preview, err error) {
	if o.Rules != nil {
		if err := e.checkNew(ctx, id, *o.Rules); err != nil { // as the change itself would
			return p, err
		}
	}
	var l store.Link
	var u store.User
	var links []store.Link
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		if l, err = tx.Link(id); err != nil {
			return err
		}
		if links, err = tx.Links(l.UserID); err != nil {
			return err
		}
		if u, err = tx.User(l.UserID); err != nil || o.Rules == nil {
			return err
		}
		return e.checkKinds(tx, l, *o.Rules)
	})
	if err != nil {
		return p, err
	}
	rules, err := rule.Parse(l.Rules)
	if o.Rules != nil {
		rules, err = *o.Rules, nil
	}
	if err != nil {
		return p, pim.Wrap("relay: preview", pim.ErrInvalid, err)
	}
	rem, err := e.open(ctx, l, u, rules)
	if err != nil {
		return p, err
	}
	scratch, remove, err := e.scratch(ctx, id)
	if err != nil {
		return p, err
	}
	defer remove()
	d := newDry(rem, e.Now)
	d.near = func(ctx context.Context, id remote.ItemID) []remote.ItemID { return near(ctx, scratch, l.ID, id) }
	err = scratch.View(ctx, func(tx *store.Tx) error {
		begun, err := tx.PendingCreates(id)
		for _, p := range begun {
			d.begun[p.Key] = true
		}
		return err
	})
	if err != nil {
		return p, err
	}
	by := standing{d, e.settingsOf(links)}
	shown := e.previewing(scratch, by)
	p.Link = id
	if p.Touch, err = shown.unpause(ctx, id, o.Rules); err != nil {
		return p, err
	}
	shown.borrow = func(ctx context.Context, u store.UserID, keys []string) error {
		return e.lendKeyed(ctx, scratch, id, u, keys)
	}
	rep, err := shown.Run(ctx, id, o.Run)
	if rep.Run.ID == 0 {
		return p, err
	}
	p.Outcome, p.Error, p.Held, p.Counts = rep.Run.Outcome, rep.Run.Error, rep.Held, rep.Counts
	p.steps = rep.Steps
	p.Cut = rep.Cut
	mailed, mails := d.mailing()
	p.Mails = mails
	if err != nil && ctx.Err() != nil {
		return p, err
	}
	err = scratch.View(ctx, func(tx *store.Tx) error {
		t := planner{tx: tx, codec: newCodec(e.Now(), u.Zone).with(rules), mailed: mailed, most: e.listed()}
		if p.Changes, err = t.changes(rep.Run.ID); err != nil {
			return err
		}
		p.addFiles(d.files)
		p.Waiting, p.Waits, err = t.waiting(id)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Brought, err = e.brought(ctx, scratch, l, by)
	return p, err
}

// scratchName begins the names of the folders that previews work in, and scratchAge is how
// old one is that nobody works in any more: its process was killed.
const (
	scratchName = "crmbridge-preview-"
	scratchAge  = 24 * time.Hour
)

// RemoveOldPreviews takes away what previews left behind that were killed: plain copies of
// items. It is done before each preview, too.
func RemoveOldPreviews(now time.Time) error { return removeOld(os.TempDir(), now) }

func removeOld(dir string, now time.Time) error {
	left, err := filepath.Glob(filepath.Join(dir, scratchName+"*"))
	if err != nil {
		return fmt.Errorf("relay: old previews: %w", err)
	}
	var faults []error
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && info.IsDir() && now.Sub(info.ModTime()) > scratchAge {
			faults = append(faults, os.RemoveAll(name))
		}
	}
	return errors.Join(faults...)
}

// scratch is a store of its own with what a run of the link reads; remove ends it.
func (e *Engine) scratch(ctx context.Context, id store.LinkID) (s *store.Store, remove func(), err error) {
	dir, err := os.MkdirTemp("", scratchName) // for this user only
	if err != nil {
		return nil, nil, &pim.Error{Op: "relay: preview", Kind: pim.ErrUnavailable, Public: "there is no room for temporary files", Err: err}
	}
	// The folder's own stamp is the time by which the others are old: theirs are by that clock, too.
	info, err := os.Stat(dir)
	if err == nil {
		err = RemoveOldPreviews(info.ModTime())
	}
	if err != nil {
		e.Log.Warn("old previews not removed", "err", err)
	}
	remove = func() {
		if s != nil {
			if err := s.Close(); err != nil {
				e.Log.Warn("preview", "err", err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			e.Log.Warn("preview", "err", err)
		}
	}
	s, err = store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(dir, "scratch.db"), Now: e.Now, Log: e.Log, Scratch: true})
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err == nil {
		err = e.Store.CopyForRun(ctx, s, id)
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return s, remove, nil
}

// unpause lets the run of a preview begin, by the rules that it is to show.
func (e *Engine) unpause(ctx context.Context, id store.LinkID, now *rule.Rules) (touch rule.Touch, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(id)
		if err != nil {
			return err
		}
		l.Paused = false
		if err := tx.UpdateLink(l, "Paused"); err != nil || now == nil {
			return err
		}
		touch, err = setRules(tx, l, *now)
		return err
	})
	return touch, err
}

// near are the remote items of the pairs that a run looks at next.
func near(ctx context.Context, s *store.Store, l store.LinkID, id remote.ItemID) (ids []remote.ItemID) {
	err := s.View(ctx, func(tx *store.Tx) error {
		p, err := tx.PairByRemote(l, string(id))
		if err != nil {
			return err
		}
		ps, err := tx.DirtyPairs(l, tx.Now().Add(100*365*24*time.Hour), fetchBatch, p.ID)
		for _, p := range ps {
			if p.RemoteID != "" && !p.RemoteGone {
				ids = append(ids, remote.ItemID(p.RemoteID))
			}
		}
		return err
	})
	if err != nil {
		return nil // it only saves requests
	}
	return ids
}

// lendKeyed copies the pairs of other links whose records carry keys that the run of a preview sees as new to its own:
// they were moved there, or copied.
func (e *Engine) lendKeyed(ctx context.Context, scratch *store.Store, link store.LinkID, u store.UserID, keys []string) error {
	var ids []store.PairID
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		ids = nil
		held, err := tx.PairsByMark(u, keys)
		for _, pairs := range held {
			for _, p := range pairs {
				if p.LinkID != link {
					ids = append(ids, p.ID)
				}
			}
		}
		return err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return e.Store.CopyPairs(ctx, scratch, ids)
}
