package exchangetest

import (
	"context"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// hints: a remote that can be watched tells of a change by others, and stops when it is told to.
func hints(t *testing.T, h Harness) {
	remotetest.EachKind(t, h.Harness, func(t *testing.T, a remotetest.Account, c remote.CollectionID, k pim.Kind) {
		w, ok := remote.As[remote.Watcher](a.Remote)
		if !ok {
			t.Skip("left out: the remote is no Watcher")
		}
		b := behind(t, a)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		hinted, ended := make(chan struct{}, 1), make(chan error, 1)
		go func() {
			ended <- w.Watch(ctx, c, func() {
				select {
				case hinted <- struct{}{}:
				default:
				}
			})
		}()
		// When a watch begins cannot be seen, so changes go on until it tells of one.
		deadline := time.After(30 * time.Second)
		for n, wait := 0, 10*time.Millisecond; ; n, wait = n+1, min(2*wait, 500*time.Millisecond) {
			b.Add(t, c, h.Sample(a.Remote.Traits(), k, n))
			select {
			case <-hinted:
				stop()
				select {
				case <-ended:
				case <-time.After(10 * time.Second):
					t.Error("the watch goes on after its context ended")
				}
				return
			case err := <-ended:
				t.Fatalf("the watch ended: %v", err)
			case <-deadline:
				t.Fatal("no hint of a change in 30 s")
			case <-time.After(wait):
			}
		}
	})
}
