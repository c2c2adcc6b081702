package dav

import (
	"testing"
	"time"
)

// A full gate takes a place from the slowest body that has had its time, and from nothing else.
func TestGateTakesPlacesFromSlowBodies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	g := newGate(3, func() time.Time { return now })
	cut := map[string]int{}
	arrives := func(p *seat, name string, bytes int64) *seat {
		a := &arrival{began: now, cut: func() { cut[name]++ }}
		a.bytes.Store(bytes)
		p.wait(a)
		return p
	}
	slow, fast, works := arrives(g.enter("a"), "slow", 100), arrives(g.enter("a"), "fast", 10_000), g.enter("a")
	if g.enter("a") != nil {
		t.Error("a fourth came in at once")
	}
	now = now.Add(patience)
	if g.enter("b") == nil {
		t.Error("another key is full")
	}
	fourth := g.enter("a")
	if fourth == nil || cut["slow"] != 1 || len(cut) != 1 {
		t.Errorf("cut off: %v", cut)
	}
	if slow.arrived() || !fast.arrived() {
		t.Error("the wrong one has lost its place")
	}
	slow.leave()
	if g.enter("a") != nil {
		t.Error("a place that was lost was given back")
	}
	works.leave()
	if g.enter("a") == nil || g.enter("a") != nil {
		t.Error("one place was free")
	}
	fast.leave()
	fourth.leave()
	if len(g.arriving) != 0 || g.in["a"] != 1 {
		t.Errorf("left: %v, %v", g.arriving, g.in)
	}
}
