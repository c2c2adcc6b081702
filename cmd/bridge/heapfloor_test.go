package main

import "testing"

func TestHeapFloorLeavesTheOperatorsSettingsAlone(t *testing.T) {
	t.Parallel()
	if n := len(heapFloor(map[string]string{"HOME": "/"})); n != 32<<20 {
		t.Errorf("%d bytes", n)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if heapFloor(map[string]string{name: "100"}) != nil {
			t.Errorf("%s is overruled", name)
		}
	}
}
