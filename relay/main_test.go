package relay

import (
	"flag"
	"testing"

	"crmbridge/internal/testenv"
)

// The state machine runs in 24 settings; a few checks of each, 120 in all and so more than rapid's usual 100, make a short run, in
// every go test. With -short, for the race detector, which makes them slow and finds little where one goroutine works, they are one
// of each. A long run: go test ./relay -run Machine -rapid.checks=1000.
func TestMain(m *testing.M) {
	flag.Parse()
	n := 5
	if testing.Short() {
		n = 1
	}
	testenv.Checks(n)
	testenv.Main(m)
}
