package relay

import (
	"context"
	"sync"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// zones notes the zone that a link is opened with.
type zones struct {
	Opener
	mu   sync.Mutex
	seen []string
}

func (z *zones) Open(ctx context.Context, l store.Link, u store.User) (remote.Remote, error) {
	z.mu.Lock()
	z.seen = append(z.seen, u.Zone)
	z.mu.Unlock()
	return z.Opener.Open(ctx, l, u)
}

func (z *zones) all() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return append([]string(nil), z.seen...)
}

// A watch that ended is made again with the settings of now: those of before would close the connection of a run.
func TestAWatchIsMadeAgainWithTheSettingsOfNow(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, store.Config{Now: time.Now}, func(t *testing.T, s *store.Store) {
		if err := MigrateJobs(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, s, "ann", mem.Options{Now: time.Now, Watch: true}, open(rule.Ask))
		w.engine.Now = time.Now
		opens := &zones{Opener: w.engine.Remotes}
		w.engine.Remotes = opens
		const moved = "Pacific/Auckland"
		var once sync.Once
		w.crm.SetFaults(func(c mem.Call) (f mem.Fault) {
			if c.Op == "watch" {
				once.Do(func() {
					f.Err = &pim.Error{Op: "mem", Kind: pim.ErrUnavailable, Public: "down"}
					err := s.Update(w.ctx, func(tx *store.Tx) error {
						u, err := tx.User(w.link.UserID)
						if err != nil {
							return err
						}
						u.Zone = moved
						return tx.UpdateUser(u)
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			return f
		})
		j, err := NewJobs(w.engine, JobsOptions{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		ws := watch(w.ctx, j)
		defer ws.stop()
		within(t, "the second try", func() bool { return len(opens.all()) >= 2 })
		if got := opens.all(); got[0] == moved || got[1] != moved {
			t.Errorf("opened with %q", got)
		}
		if l := w.linkNow(); madeOf(l, store.User{Zone: "UTC"}) == madeOf(l, store.User{Zone: moved}) {
			t.Error("a watch does not begin anew when its owner's zone changes")
		}
	})
}
