package relay

import (
	"context"
	"errors"
	"slices"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// The files of a message follow it to the CRM, one after another, each straight from the mailbox: its bytes are kept nowhere between.
// What became of each is stored after it, so that a run that is killed goes on with the next; a file whose answer was lost is asked
// for, and sent again under the same key, which makes no second one. Two users whose mailboxes have the message send the same keys.

// toTakeFiles has the files of a message be taken over, once it has a record, and again when what failed is tried again. It comes
// before clean, which forgets what failed.
func (r *run) toTakeFiles(p *store.Pair) {
	switch {
	case !r.mail() || r.link.Side != store.CRM || p.RemoteID == "" || p.RemoteGone || rule.Tie(p.Tie).Parts():
	case p.Files == "" && p.FilesAt == nil, p.Error != "", p.FilesAt == nil && r.reopens(*p):
		p.FilesAt = &r.now
	}
}

// reopens reports a message of which files were left out that the rules let through by now.
func (r *run) reopens(p store.Pair) bool {
	f, err := fatesOf(p)
	return err == nil && f.reopen(boundsOf(r.rules))
}

// fileBatch is how many messages a page of takeFiles has.
const fileBatch = 50

// takeFiles takes the files of messages over that are due.
func (r *run) takeFiles(ctx context.Context) error {
	if d, preview := r.rem.(*dry); preview {
		return r.planFiles(ctx, d)
	}
	keeper, _ := remote.As[remote.FileKeeper](r.rem)
	seen := map[store.PairID]bool{} // one that fails stays due when it is tried again out of turn
	for {
		var due []store.Pair
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.PairsWithFiles(r.link.ID, r.dueBy(), fileBatch)
			return err
		})
		due = slices.DeleteFunc(due, func(p store.Pair) bool { return seen[p.ID] })
		if err != nil || len(due) == 0 {
			return err
		}
		for _, p := range due {
			seen[p.ID] = true
			if err := r.at("files"); err != nil {
				return err
			}
			taking := &taking{run: r, keeper: keeper, pair: p}
			if err := r.guarded("files", func() error { return taking.message(ctx) }); err != nil {
				if goes, err := r.filesLater(ctx, p.ID, err); err != nil || !goes {
					return err
				}
			}
		}
	}
}

// filesLater notes that files could not be taken over now. It reports whether the next message may fare better; an error ends the run.
func (r *run) filesLater(ctx context.Context, id store.PairID, failure error) (goes bool, err error) {
	var there theirFault
	mailbox := errors.As(failure, &there)
	kind := pim.ReasonOf(failure)
	if ctx.Err() != nil || errors.Is(failure, errKilled) || !mailbox && ends(kind) {
		return false, failure
	}
	err = r.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(id)
		if errors.Is(err, pim.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.noteFailure(tx, &p, failure); err != nil {
			return err
		}
		// The message is well: only its files are tried again, so that tries of them are counted on.
		p.FilesAt, p.RetryAt = p.RetryAt, nil
		return tx.SavePair(&p)
	})
	// A mailbox or a CRM that cannot be reached now cannot be reached for the next message, either.
	return kind != pim.ErrUnavailable && kind != pim.ErrThrottled && kind != pim.ErrAuth, err
}

// theirFault is a failure of the mailbox, which says nothing of the CRM.
type theirFault struct{ error }

// Unwrap implements errors.
func (t theirFault) Unwrap() error { return t.error }

// taking is one message whose files are taken over.
type taking struct {
	*run
	keeper remote.FileKeeper
	pair   store.Pair
	fates  fates
	title  string
}

func (t *taking) message(ctx context.Context) error {
	m, err := t.read(ctx)
	if err != nil {
		return err
	}
	if t.fates, err = fatesOf(t.pair); err != nil {
		return err
	}
	if len(t.fates.Files) == 0 && m != nil {
		t.fates = fateful(t.pair.UID, m)
	}
	t.fates.reopen(boundsOf(t.rules))
	if open := t.open(); open > 0 {
		if err := t.take(ctx, m); err != nil {
			return err
		}
	}
	return t.save(ctx, nil, true)
}

// open is how many files are still to be taken over.
func (t *taking) open() (n int) {
	for _, f := range t.fates.Files {
		if !f.settled() {
			n++
		}
	}
	return n
}

// read is the message as it lies here; nil when it is gone, or shows a mask only.
func (t *taking) read(ctx context.Context) (m *pim.Message, err error) {
	err = t.Store.View(ctx, func(tx *store.Tx) error {
		o, err := tx.ObjectByID(t.pair.ObjectID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted {
			return nil
		}
		if err != nil {
			return err
		}
		it, err := readMessage(o.Text)
		if err != nil {
			return err
		}
		m = it.(*pim.Message)
		t.title = cut(m.Subject)
		if t.rules.Judge(rule.Question{Way: rule.Outward, Item: m, Now: t.now}).Masked {
			m.Files, m.MoreFiles = nil, 0
		}
		return nil
	})
	return m, err
}

// take takes over what is open, file by file.
func (t *taking) take(ctx context.Context, m *pim.Message) error {
	if t.keeper == nil {
		return t.leaveAll(ctx, keepsNone)
	}
	c, id := remote.CollectionID(t.link.Remote), remote.ItemID(t.pair.RemoteID)
	kept, err := t.keeper.Files(ctx, c, id)
	if errors.Is(err, pim.ErrNotFound) {
		return t.leaveAll(ctx, "the activity was deleted in the CRM")
	}
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, k := range kept {
		have[k.Key] = k.Key != ""
	}
	src, says, err := t.source(ctx)
	if err != nil {
		return theirFault{err}
	}
	total := int64(0)
	for i := range t.fates.Files {
		f := &t.fates.Files[i]
		switch {
		case f.settled():
		case have[f.Key]:
			f.Done = true // the answer was lost, or another user has sent it
			err = t.save(ctx, f, false)
		case says != "":
			f.Says = says
			err = t.save(ctx, f, false)
		default:
			err = t.file(ctx, src, f, total)
		}
		if err != nil {
			return err
		}
		if f.Done {
			total += f.Size
		}
	}
	return nil
}

func (t *taking) leaveAll(ctx context.Context, says string) error {
	for i := range t.fates.Files {
		if f := &t.fates.Files[i]; !f.settled() {
			f.Says = says
			if err := t.save(ctx, f, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// save stores what became of the files so far, tells of the one that was just dealt with, and, at the end, lets go of the message.
func (t *taking) save(ctx context.Context, f *fate, end bool) error {
	text, err := t.fates.text()
	if err != nil {
		return err
	}
	return t.update(ctx, func(tx *store.Tx) error {
		p, err := tx.Pair(t.pair.ID)
		if err != nil {
			return err
		}
		if p.Files = text; end {
			p.FilesAt = nil
			if !p.Dirty && p.Intent == "" && p.RetryAt == nil && p.IgnoredAt == nil {
				clean(&p) // what failed were the files
			}
			if err := t.letOther(tx, p.ObjectID); err != nil {
				return err
			}
		}
		if f != nil {
			st := store.Step{PairID: p.ID, UID: p.UID, Title: t.title, Side: "remote", Action: "file", Error: cut(f.Says)}
			if f.Says != "" {
				st.Action, st.Error = "leave file", cut(f.Name+": "+f.Says)
			}
			t.note(tx, st, func(c *Counts) {
				if f.Done {
					c.Files++
				}
			})
		}
		return tx.SavePair(&p)
	})
}

// file takes one file over. What is wrong with the file itself is its fate; other failures are returned.
func (t *taking) file(ctx context.Context, src source, f *fate, total int64) error {
	if err := t.at("file"); err != nil {
		return err
	}
	err := t.stream(ctx, src, f, total)
	switch kind := pim.ReasonOf(err); {
	case err == nil:
		f.Done = true
	case errors.Is(err, errKilled):
		return err
	case kind == pim.ErrTooLarge, kind == pim.ErrRefused, kind == pim.ErrUnsupported, kind == pim.ErrInvalid, kind == pim.ErrNotFound, kind == pim.ErrForbidden:
		f.Says = pim.PublicText(err)
		if errors.Is(err, errBeyond) {
			b := boundsOf(t.rules)
			f.Beyond = &b
		}
	default:
		return err
	}
	if err := t.at("file written"); err != nil {
		return err
	}
	return t.save(ctx, f, false)
}
