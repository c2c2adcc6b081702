package ews

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// Whoever begins to watch while the last stream is still ending is not held by it.
func TestWatchDoesNotWaitForAStreamThatEnds(t *testing.T) {
	t.Parallel()
	h := newHub(nil, slog.New(slog.DiscardHandler))
	h.done = make(chan struct{}) // it never ends
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := h.join(ctx, &watcher{})
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
	if len(h.watchers) != 0 {
		t.Errorf("%d watchers", len(h.watchers))
	}
}
