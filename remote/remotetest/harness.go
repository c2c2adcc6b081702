package remotetest

import (
	"context"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Harness tells Run about one driver.
type Harness struct {
	// Open returns a fresh, empty account. It is called once per case, often
	// concurrently, and cleans up by t.Cleanup.
	Open func(t *testing.T) Account
	// Fix makes sample number n acceptable: pick-list values become values that
	// the remote has, companies become known ones. nil leaves samples alone.
	Fix func(it pim.Item, n int)
	// Closed are carried fields that do not take any text (pick-lists, names that
	// the remote composes), to which the text cases do not apply.
	Closed pim.FieldSet
	// Coupled are fields that the remote changes together; they are tested
	// together.
	Coupled []pim.FieldSet
	// Wrong opens a session whose password is wrong; nil leaves the case out.
	Wrong func(t *testing.T) remote.Remote
	// Renews says that the driver logs in by itself, so that an expired session is
	// no failure.
	Renews bool
	// Only are the names of the cases to judge, for a variant of a driver that is judged as a whole elsewhere;
	// nil is all, and in a short run under the race detector those in which things happen at once.
	Only []string
	// Bytes are those of a file that the remote keeps, as a person downloads it; nil leaves the comparison out.
	Bytes func(t *testing.T, a Account, c remote.CollectionID, id remote.ItemID, f remote.KeptFile) []byte
	// Many is how many items the paging case makes; 0 is 1,001.
	Many int
	// Slow is a server of others, where requests take long: 16 callers come once each.
	Slow bool
}

// Account is one user's account with the remote.
type Account struct {
	Remote remote.Remote
	// Behind changes the remote behind the driver's back; nil goes through Again.
	Behind Behind
	// Again opens a second session of the account; nil uses Remote.
	Again func(t *testing.T) remote.Remote
	// Faults makes things fail; nil leaves the fault cases out.
	Faults Faults
	// Pass lets the remote's clock go on; nil sleeps.
	Pass func(time.Duration)
	// Zone is the user's zone, as in remote.Env.
	Zone string
}

// Behind is a person at the remote's own screen.
type Behind interface {
	Add(t *testing.T, c remote.CollectionID, it pim.Item) remote.ItemID
	// Edit sets the fields of set from it.
	Edit(t *testing.T, c remote.CollectionID, id remote.ItemID, it pim.Item, set pim.FieldSet)
	Remove(t *testing.T, c remote.CollectionID, id remote.ItemID)
}

// Bulk is an optional ability of a Behind: making many items fast.
type Bulk interface {
	AddMany(t *testing.T, c remote.CollectionID, its []pim.Item)
}

// Faults makes a remote fail.
type Faults interface {
	// Inject lets requests fail as f says until clear is called.
	Inject(f Fault) (clear func())
}

// Fault is one way of failing.
type Fault struct {
	What   What
	Writes bool          // only requests that change something
	Times  int           // how many requests; 0 is all until cleared
	After  time.Duration // for Throttled: Retry-After
}

// What goes wrong.
type What uint8

// The ways of failing.
const (
	Unauthorized What = iota // 401
	Forbidden                // 403
	Clash                    // 409
	TooLarge                 // 413
	Throttled                // 429 with Retry-After
	Broken                   // 500
	Page                     // 200 with a web page
	Truncated                // the answer is cut in half
	LostAnswer               // done, but the connection breaks before the answer
	Hang                     // no answer until the caller gives up
)

var whatNames = [...]string{"401", "403", "409", "413", "429", "500", "web page", "truncated", "lost answer", "hang"}

// String names the fault.
func (w What) String() string { return whatNames[w] }

// Through is a Behind that works through a session of the driver.
func Through(r remote.Remote) Behind { return through{r} }

type through struct{ r remote.Remote }

// Add implements Behind.
func (b through) Add(t *testing.T, c remote.CollectionID, it pim.Item) remote.ItemID {
	t.Helper()
	rec, err := b.r.Create(context.Background(), c, remote.Entry{Item: it}, "behind-"+fresh())
	if err != nil {
		t.Fatalf("behind the driver's back: add: %v", err)
	}
	return rec.ID
}

// Edit implements Behind.
func (b through) Edit(t *testing.T, c remote.CollectionID, id remote.ItemID, it pim.Item, set pim.FieldSet) {
	t.Helper()
	if _, err := b.r.Update(context.Background(), c, remote.Ref{ID: id}, remote.Entry{Item: it}, set); err != nil {
		t.Fatalf("behind the driver's back: edit: %v", err)
	}
}

// Remove implements Behind.
func (b through) Remove(t *testing.T, c remote.CollectionID, id remote.ItemID) {
	t.Helper()
	if err := b.r.Delete(context.Background(), c, remote.Ref{ID: id}, remote.Delete); err != nil {
		t.Fatalf("behind the driver's back: remove: %v", err)
	}
}

// account is an opened Account with what the cases need at hand.
type account struct {
	Account
	h      Harness
	t      *testing.T
	ctx    context.Context
	traits remote.Traits
	kinds  []pim.Kind
	homes  map[pim.Kind]remote.CollectionID
}

func (h Harness) open(t *testing.T) *account {
	t.Helper()
	a := &account{Account: h.Open(t), h: h, t: t, ctx: t.Context(), homes: map[pim.Kind]remote.CollectionID{}}
	a.traits = a.Remote.Traits()
	if a.Behind == nil {
		r := a.Remote
		if a.Again != nil {
			r = a.Again(t)
		}
		a.Behind = Through(r)
	}
	cols, err := a.Remote.Collections(a.ctx)
	if err != nil {
		t.Fatalf("collections: %v", err)
	}
	for k := pim.KindEvent; k <= pim.KindMessage; k++ {
		for _, c := range cols {
			if _, have := a.homes[k]; !have && c.Kinds.Has(k) && !c.ReadOnly {
				a.homes[k] = c.ID
				a.kinds = append(a.kinds, k)
			}
		}
	}
	return a
}

// pass lets the remote's clock go on.
func (a *account) pass(d time.Duration) {
	if a.Pass != nil {
		a.Pass(d)
		return
	}
	time.Sleep(d)
}

// tick makes sure that the next change gets another version.
func (a *account) tick() { a.pass(a.traits.StampStep + time.Millisecond) }

func (a *account) create(k pim.Kind, it pim.Item) remote.Record {
	a.t.Helper()
	rec, err := a.Remote.Create(a.ctx, a.homes[k], remote.Entry{UID: "uid-" + fresh(), Item: it}, fresh())
	if err != nil {
		a.t.Fatalf("create %s: %v", k, err)
	}
	return rec
}

// fetch is the item as it is now; ok is false when there is none.
func (a *account) fetch(c remote.CollectionID, id remote.ItemID) (remote.Record, bool) {
	a.t.Helper()
	recs, err := a.Remote.Fetch(a.ctx, c, []remote.ItemID{id})
	if err != nil {
		a.t.Fatalf("fetch: %v", err)
	}
	if len(recs) == 0 {
		return remote.Record{}, false
	}
	if len(recs) > 1 || recs[0].ID != id || recs[0].Item == nil {
		a.t.Fatalf("fetch of one item gave %d records, the first %q with item %v", len(recs), recs[0].ID, recs[0].Item != nil)
	}
	return recs[0], true
}

func (a *account) must(c remote.CollectionID, id remote.ItemID) remote.Record {
	a.t.Helper()
	rec, ok := a.fetch(c, id)
	if !ok {
		a.t.Fatalf("item %s is not there", id)
	}
	return rec
}
