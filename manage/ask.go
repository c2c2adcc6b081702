package manage

import (
	"context"
	"errors"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/review"
	"crmbridge/store"
)

// SetPaused lets no run of a link begin, or lets them begin again. changed says that it was otherwise before.
func (o *Office) SetPaused(ctx context.Context, l store.Link, paused bool) (changed bool, err error) {
	act := "link.resume"
	if paused {
		act = "link.pause"
	}
	return recorded(ctx, o, act, ofLink(l), func() (bool, error) {
		return o.Engine.SetPaused(ctx, l.ID, paused)
	})
}

// AllowMany lets a link make and mail as much as it likes for an hour, whatever its rules createsPerHour and mailsPerHour say. It returns until when.
func (o *Office) AllowMany(ctx context.Context, l store.Link) (until time.Time, err error) {
	return recorded(ctx, o, "link.allow-many", ofLink(l), func() (time.Time, error) {
		return o.Engine.AllowMany(ctx, l.ID)
	})
}

// RemoveLink removes a link; the items stay on both sides, and what they are known by is kept. While changes wait that have not gone
// over it is refused, unless force. It asks the remote nothing.
func (o *Office) RemoveLink(ctx context.Context, l store.Link, force bool) error {
	return o.Record(ctx, "link.remove", ofLink(l), func() error {
		return o.Store.Update(ctx, func(tx *store.Tx) error { return o.Engine.RemoveLink(tx, l.ID, force) })
	})
}

// Retry tries a failed item again at once. Errors, of this and the following: pim.ErrNotFound where the link knows no item with that UID.
func (o *Office) Retry(ctx context.Context, l store.Link, uid string) error {
	return o.Record(ctx, "item.retry", ofItem(l, uid), func() error {
		return unknownItem(l, uid, o.Engine.Retry(ctx, l.ID, uid))
	})
}

// Ignore sets a failed item aside until it changes on either side.
func (o *Office) Ignore(ctx context.Context, l store.Link, uid string) error {
	return o.Record(ctx, "item.ignore", ofItem(l, uid), func() error {
		return unknownItem(l, uid, o.Engine.Ignore(ctx, l.ID, uid))
	})
}

// Tie links an item whatever the rules say, keeps it from being linked, or leaves it to the rules.
func (o *Office) Tie(ctx context.Context, l store.Link, uid string, tie rule.Tie) error {
	return o.Record(ctx, tieAct(tie), ofItem(l, uid), func() error {
		return unknownItem(l, uid, o.Engine.SetTie(ctx, l.ID, uid, tie))
	})
}

// tieAct is the word of the audit log for a tie.
func tieAct(tie rule.Tie) string {
	switch tie {
	case rule.Linked:
		return "item.link"
	case rule.Apart:
		return "item.unlink"
	}
	return "item.relink"
}

// Approve lets a withheld deletion happen, or all of a link for ""; it returns how many.
func (o *Office) Approve(ctx context.Context, l store.Link, uid string) (n int, err error) {
	return recorded(ctx, o, "item.approve", ofItem(l, uid), func() (int, error) {
		return o.Engine.Approve(ctx, l.ID, uid)
	})
}

// Reject takes a withheld deletion back, or all of a link for "": the item is made again where it was deleted. It returns how many.
func (o *Office) Reject(ctx context.Context, l store.Link, uid string) (n int, err error) {
	return recorded(ctx, o, "item.reject", ofItem(l, uid), func() (int, error) {
		return o.Engine.Reject(ctx, l.ID, uid)
	})
}

// Bring links one record of the remote by its id there, whatever the rules for new items say, and returns its UID here.
func (o *Office) Bring(ctx context.Context, l store.Link, record string) (uid string, err error) {
	return recorded(ctx, o, "item.bring", ofItem(l, record), func() (string, error) {
		return InTurn(ctx, func() (string, error) { return o.Engine.Bring(ctx, l.ID, remote.ItemID(record)) })
	})
}

func unknownItem(l store.Link, uid string, err error) error {
	if errors.Is(err, pim.ErrNotFound) {
		return pim.Errorf("item", pim.ErrNotFound, "link %q knows no item with the UID %q", l.Name, uid)
	}
	return err
}

// RunDetail is a run with what it did.
type RunDetail struct {
	review.Run
	Steps []review.Step `json:"steps"`
	Next  int64         `json:"next,omitempty"`
}

// RunDetail is a run with its steps. States: done, failed; "" is both. Errors: pim.ErrNotFound.
func (o *Office) RunDetail(ctx context.Context, id store.RunID, q review.Query) (d RunDetail, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		run, steps, err := review.Steps(tx, id, q)
		d = RunDetail{run, steps.Rows, steps.Next}
		return err
	})
	if pim.ReasonOf(err) == pim.ErrNotFound {
		err = pim.Errorf("sync show", pim.ErrNotFound, "there is no run %d", id)
	}
	return d, err
}
