package testclock

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	c := New()
	begin := c.Now()
	if !c.Now().Equal(begin) {
		t.Error("it goes on by itself")
	}
	c.Advance(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Sleep(ctx, time.Minute); err != nil {
		t.Error(err)
	}
	cancel()
	if err := c.Sleep(ctx, time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("slept on: %v", err)
	}
	if got := c.Now().Sub(begin); got != time.Hour+time.Minute+time.Second {
		t.Errorf("%v have passed", got)
	}
	if got := c.Slept(); !slices.Equal(got, []time.Duration{time.Minute, time.Second}) {
		t.Errorf("slept %v", got)
	}
	ticking := Ticking(begin, time.Second)
	if a, b := ticking.Now(), ticking.Now(); !b.Equal(a.Add(time.Second)) || !a.After(begin) {
		t.Errorf("ticks from %v over %v to %v", begin, a, b)
	}
}
