package dav

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"crmbridge/store/storetest"
)

// A device that comes is noted once a day, whatever it asks for.
func TestDevicesAreNotedOnceADay(t *testing.T) {
	t.Parallel()
	r := newRecorder(storetest.Open(t), slog.New(slog.NewTextHandler(io.Discard, nil)))
	day := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	flushed := func(want ...string) {
		t.Helper()
		r.mu.Lock()
		got := slices.Clone(r.arrived)
		r.mu.Unlock()
		if !slices.Equal(got, want) {
			t.Errorf("%q are to be noted, not %q", got, want)
		}
	}
	r.closed = true // nothing is written by itself
	for range 3 {
		r.isHere("phone", day)
		r.isHere("", day)
	}
	r.isHere("laptop", day)
	flushed("phone", "laptop")
	if err := r.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.isHere("phone", day.Add(23*time.Hour))
	flushed()
	// What could not be written is noted again with the next request.
	r.isHere("tablet", day)
	broken, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.flush(broken); err == nil {
		t.Fatal("a flush that was cancelled succeeded")
	}
	r.isHere("tablet", day.Add(time.Minute))
	flushed("tablet")
	if err := r.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.isHere("phone", day.Add(24*time.Hour))
	flushed("phone")
	if err := r.close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
