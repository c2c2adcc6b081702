package store

import (
	"slices"
	"testing"
)

func TestGrowth(t *testing.T) {
	t.Parallel()
	var g growth
	var due []int64
	for g.rows.Load() < 9000 {
		if g.due(7) {
			due = append(due, g.rows.Load())
		}
	}
	if want := []int64{1001, 2002, 4004, 8001}; !slices.Equal(due, want) {
		t.Errorf("due at %v, want %v", due, want)
	}
	if !g.due(100_000) || g.due(1) {
		t.Error("a large step is due once")
	}
}
