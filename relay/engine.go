package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// leaseTime is how long a run may be silent before another process may take the
// link over. It is renewed three times as often.
const leaseTime = 30 * time.Second

// Opener opens the remote of a link. Remotes may be shared between calls; the
// Engine does not close them.
type Opener interface {
	Open(ctx context.Context, l store.Link, u store.User) (remote.Remote, error)
}

// Engine carries runs out. All fields but Alive are required.
type Engine struct {
	Store   *store.Store
	Remotes Opener
	Now     func() time.Time
	Log     *slog.Logger
	// Owner names this process in leases: unique among living processes, without
	// "#".
	Owner string
	// Waits are the times between tries; zero means the defaults.
	Waits Waits
	// Alive tells whether the process named owner may still run; a lease of a
	// dead one is taken over at once. nil: wait until it ends by itself.
	Alive func(owner string) bool
	// Panicked counts faults of ours that were survived; nil: nobody counts.
	Panicked func()
	// Wake queues a run of a link in tx; nil: the next poll finds what is to do.
	Wake func(ctx context.Context, tx *store.Tx, id store.LinkID) error

	// pause is called between steps with the step's name; an error ends the run
	// as if the process had died there. Only tests set it.
	pause func(step string) error
	// stopEvery is how often a run looks whether it is to stop; 0 means 500 ms.
	stopEvery time.Duration
	// borrow has, in a preview, what is known of records with these keys in other links at hand.
	borrow func(ctx context.Context, u store.UserID, keys []string) error
	// decide and merge stand for Decide and Merge; nil: those. Only tests set others, to
	// see that the state machine notices.
	decide func(local, remote State, equal bool) Action
	merge  func(Sides) Merged
	// shows is how many steps of a run a report holds, and room what its memos may take; 0 means
	// maxSteps and maxMemos.
	shows, room int
	// fleeting: nobody takes back what runs do, so that steps past those that are shown are not kept.
	fleeting bool
	// runs counts leases, so that two runs of one process exclude each other, too.
	runs atomic.Int64
}

// RunOptions say how a run differs from a usual one.
type RunOptions struct {
	Trigger string // poll, change, manual
	// AllowDeletions takes the brake off for this run.
	AllowDeletions bool
	// Full lists the remote even when it is not time to.
	Full bool
	// Retry takes up failed items whose time has not come.
	Retry bool
	// Resend sends everything again to a side, besides what a run does anyway; see
	// resend.go. Since limits it to what changed on the other side since then; zero: all.
	Resend Resend
	Since  time.Time
	// Progress is told how far the run is, for people who watch: the part (see the
	// package doc) and, while it acts, how many of the items are dealt with. It is
	// called one at a time and must not block. nil: nobody watches.
	Progress func(part string, done, total int)
	// only are the parts to do, for a preview; nil: all.
	only []string
}

// ErrBusy: another run has the link.
var ErrBusy = &pim.Error{Op: "relay: run", Kind: pim.ErrHeld, Public: "a run of this link is already under way"}

// errKilled is how a test ends the process between two steps.
var errKilled = errors.New("relay: killed")

// errStale: an object changed while its pair was being looked at; look again.
var errStale = errors.New("relay: object changed meanwhile")

// errPanic stands for a panic that was logged.
var errPanic = errors.New("relay: panic")

// run is one run under way.
type run struct {
	*Engine
	opts  RunOptions
	link  store.Link
	owner string // of the lease
	user  store.User
	coll  store.Collection
	rules rule.Rules
	// rulesRead are the rules as stored when the run read them; nil before.
	rulesRead []byte
	rem       remote.Remote
	traits    remote.Traits
	kinds     pim.KindSet
	codec     codec
	now       time.Time
	full      bool // this run read everything there is, or has to
	// ours are records that creates of unknown outcome made, once they were sought.
	ours   map[remote.ItemID]store.PairID
	sought bool
	// brought is a record that a person links though the rules would not (Bring).
	brought remote.ItemID
	// comes are the records being brought because others are tied to them, givers the links
	// whose activities' contacts come here.
	comes  map[remote.ItemID]along
	givers map[store.LinkID]bool
	// moved are the pairs, of this link or another, of records that are known by their key; placed those that carried one
	// and are known to be nowhere else.
	moved  map[remote.ItemID]moving
	placed map[store.PairID]bool
	// first: no run of the link came to its end yet.
	first bool
	// bound is what counts for the rules createsPerHour and mailsPerHour, read once.
	boundOnce sync.Once
	bound     hourly
	boundErr  error
	// keyed are the UIDs of objects by the key of their records; nil before they are asked for.
	keyed map[string]string

	memos packer
	mu    sync.Mutex
	rep   Report
	// unreached counts items in a row for which the remote could not be reached.
	unreached int
	trace     string // of the last item's answer
}

// Run does one run of a link and returns its report, which is stored as well. The
// error is that of the run as a whole; failures of single items are in the report
// only.
func (e *Engine) Run(ctx context.Context, id store.LinkID, o RunOptions) (Report, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	owner := fmt.Sprintf("%s#%d", e.Owner, e.runs.Add(1))
	release, err := e.lease(ctx, stop, id, owner)
	if err != nil {
		return Report{}, err
	}
	defer release()
	r := &run{Engine: e, opts: o, owner: owner, now: e.Now(), memos: packer{most: e.room}}
	if err := r.begin(ctx, id); err != nil {
		return Report{}, err
	}
	counting, requests := remote.CountRequests(ctx)
	counting, traces := remote.TraceRequests(counting)
	err = r.parts(counting)
	r.rep.Run.Requests = requests()
	if err != nil {
		r.rep.Run.Trace = cmp.Or(traces().Failed, r.trace)
	}
	return r.end(ctx, err)
}

// parts are the parts of package doc, without the lease.
func (r *run) parts(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.openRemote(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"resume", r.resume},
		{"look for folders", r.lookForFolders},
		{"read by the map", r.reread},
		{"read remote", r.readRemote},
		{"read hub", r.readHub},
		{"list", r.list},
		{"follow moves", r.followMoves},
		{"relate", r.relate},
		{"bring along", r.comeAlong},
		{"match", r.match},
		{"wake", r.wakeAll},
		{"act", r.act},
		{"give keys", r.giveKeys},
		{"take files", r.takeFiles},
		{"suggest", r.suggest},
	} {
		if r.opts.only != nil && !slices.Contains(r.opts.only, part.name) || r.mail() && !slices.Contains(mailParts(r.link.Side), part.name) {
			continue
		}
		if err := r.at(part.name); err != nil {
			return err
		}
		r.tell(part.name, 0, 0)
		if err := r.guarded(part.name, func() error { return part.do(ctx) }); err != nil {
			return fmt.Errorf("relay: %s: %w", part.name, r.wentFolder(ctx, err))
		}
	}
	return nil
}

// errRules: the rules changed while the run was under way.
var errRules = &pim.Error{Op: "relay: run", Kind: pim.ErrHeld, Public: "the rules of the link were changed during the run; the next one goes by them"}

// update is Store.Update for the books of the run. It fails once another process has
// taken the link over: a process that was stopped for a while would otherwise write
// what it knew before. It fails, too, once the link has other rules: what they touch was
// marked to be looked at, by them and not by those of this run.
func (r *run) update(ctx context.Context, f func(*store.Tx) error) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if err := tx.HoldsLease(r.link.ID, r.owner); err != nil || r.rulesRead == nil {
			return err
		}
		same, err := tx.HasRules(r.link.ID, r.rulesRead)
		if err == nil && !same {
			err = errRules
		}
		return err
	})
}

// guarded turns a panic into an error: a fault in a driver or a parser must neither
// take the server down nor hold up other items.
func (e *Engine) guarded(what string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.Log.Error("relay: panic", "at", what, "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			if e.Panicked != nil {
				e.Panicked()
			}
			err = pim.Wrap("relay: "+what, pim.ErrInternal, errPanic)
		}
	}()
	return f()
}

// tell passes progress on.
func (r *run) tell(part string, done, total int) {
	if r.opts.Progress != nil {
		r.opts.Progress(part, done, total)
	}
}

// listed is how many steps of a run a report holds.
func (e *Engine) listed() int { return cmp.Or(e.shows, maxSteps) }

func (e *Engine) decision() func(local, remote State, equal bool) Action {
	if e.decide == nil {
		return Decide
	}
	return e.decide
}

func (e *Engine) merging() func(Sides) Merged {
	if e.merge == nil {
		return Merge
	}
	return e.merge
}

// at is where a test can end the process.
func (e *Engine) at(step string) error {
	if e.pause == nil {
		return nil
	}
	return e.pause(step)
}

// Kinds are the kinds a collection takes.
func Kinds(c store.Collection) []pim.Kind {
	switch c.Home {
	case store.AddressBooks:
		return []pim.Kind{pim.KindContact}
	case store.Mail:
		return []pim.Kind{pim.KindMessage}
	}
	var ks []pim.Kind
	for _, comp := range strings.Split(c.Components, ",") {
		switch comp {
		case "VEVENT":
			ks = append(ks, pim.KindEvent)
		case "VTODO":
			ks = append(ks, pim.KindTask)
		}
	}
	return ks
}
