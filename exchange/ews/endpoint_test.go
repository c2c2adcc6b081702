package ews

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmbridge/pim"
)

// Whoever asks while another call looks for the server is not held by that: it ends when it is told to.
func TestNobodyWaitsForAutodiscoverAgainstTheirWill(t *testing.T) {
	t.Parallel()
	f := newFake(t, script)
	m := f.open(nil)
	looks, release := make(chan struct{}), make(chan struct{})
	m.account.fixed = ""
	m.account.find = func(context.Context) (string, error) {
		close(looks)
		<-release
		return f.url, nil
	}
	found := make(chan error, 1)
	go func() {
		_, err := m.account.endpoint(t.Context())
		found <- err
	}()
	<-looks
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := m.account.endpoint(ctx)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) || pim.ReasonOf(err) != pim.ErrUnavailable {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
	close(release)
	if err := <-found; err != nil {
		t.Error(err)
	}
	if _, err := m.account.endpoint(t.Context()); err != nil {
		t.Errorf("found once, looked for again: %v", err)
	}
}
