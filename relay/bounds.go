package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// boundSpan is how long what was made, and who was mailed, counts for what comes after it.
const boundSpan = time.Hour

// hourly is what the runs of a link did within the hour before this one, as far as nobody had allowed it.
type hourly struct {
	made, mailed int
	// off: a person allows as much as there is, or this is the first run, whose link somebody has just made.
	off bool
}

// boundsNow reads them once for a run. Runs that were killed have no counts and are not among them.
func (r *run) boundsNow(ctx context.Context) (hourly, error) {
	r.boundOnce.Do(func() { r.bound, r.boundErr = r.readBounds(ctx) })
	return r.bound, r.boundErr
}

func (r *run) readBounds(ctx context.Context) (b hourly, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(r.link.ID)
		if err != nil {
			return err
		}
		now := cmp.Or(r.rep.Run.Started, r.now)
		if b = (hourly{off: r.first || l.ManyUntil != nil && l.ManyUntil.After(now)}); b.off {
			return nil
		}
		for f := (store.RunFilter{Link: l.ID, Since: now.Add(-boundSpan), Limit: 500}); ; {
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
				b.made, b.mailed = b.made+c.Bounded, b.mailed+c.Mailed
			}
			if len(runs) < f.Limit {
				return nil
			}
		}
	})
	return b, err
}

// bounded is a plan without what it would make beyond the rule createsPerHour.
func (r *run) bounded(ctx context.Context, tasks []Task) ([]Task, error) {
	if !slices.ContainsFunc(tasks, makesThere) {
		return tasks, nil
	}
	b, err := r.boundsNow(ctx)
	if err != nil || b.off {
		return tasks, err
	}
	kept, reason := Bound(tasks, b.made, r.rules.CreatesPerHour)
	if reason != "" && r.rep.Held == "" {
		r.rep.Held = reason
	}
	r.count(func(c *Counts) {
		for _, t := range kept {
			if makesThere(t) {
				c.Bounded++
			}
		}
	})
	return kept, nil
}

func makesThere(t Task) bool { return t.Action == CreateRemote }

// Bound keeps of the tasks of a plan those that may be made on the remote: made is how many were within the hour, most how many may be, less than
// 0 for any number. reason says in plain words why others were left, "" where none were.
func Bound(tasks []Task, made, most int) (kept []Task, reason string) {
	if most < 0 {
		return tasks, ""
	}
	room, wanted := max(0, most-made), 0
	kept = slices.DeleteFunc(slices.Clone(tasks), func(t Task) bool {
		if !makesThere(t) {
			return false
		}
		wanted++
		return wanted > room
	})
	if wanted <= room {
		return tasks, ""
	}
	return kept, fmt.Sprintf("%d items more would be made there, after %d within an hour, and the rule createsPerHour allows %d; look at them and let the link make many, or delete them", wanted-room, made+room, most)
}

// mayMail takes people into account who will be mailed because of a write. It refuses those that are too many within the hour: their item waits.
func (r *run) mayMail(ctx context.Context, people int) error {
	most := r.rules.MailsPerHour
	if people == 0 {
		return nil
	}
	b, err := r.boundsNow(ctx)
	if err != nil {
		return err
	}
	refused := false
	r.count(func(c *Counts) {
		if b.off || most < 0 {
			return
		}
		if refused = b.mailed+c.Mailed+people > most; !refused {
			c.Mailed += people
		}
	})
	if refused {
		return pim.Errorf("relay: mail", pim.ErrHeld, "the remote would mail %s about it, which is more than the rule mailsPerHour allows (%d); it waits until that many were not mailed within an hour, or somebody lets the link mail many", persons(people), most)
	}
	return nil
}

// mailable are those whom a write of an item may make the remote mail.
func mailable(items ...pim.Item) int {
	seen := map[string]bool{}
	for _, it := range items {
		for _, who := range rule.EverybodyOf(it) {
			seen[strings.ToLower(cmp.Or(who.Email, who.Name))] = true
		}
	}
	return len(seen)
}

// AllowMany lets a link make and mail as much as it likes for an hour; the next run begins at once unless the link is paused. It returns until when.
func (e *Engine) AllowMany(ctx context.Context, id store.LinkID) (until time.Time, err error) {
	err = e.Store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(id)
		if err != nil {
			return err
		}
		until = tx.Now().Add(boundSpan)
		l.ManyUntil = &until
		if err := tx.UpdateLink(l, "ManyUntil"); err != nil {
			return err
		}
		// What waits because of mail is tried again by itself, but not before its time.
		if err := tx.WakeFailing(id, string(pim.ErrHeld)); err != nil {
			return err
		}
		if l.Paused {
			return nil
		}
		return e.wanted(ctx, tx, id)
	})
	return until, err
}
