package relay

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// The state machine runs in 24 settings; a few checks of each, 120 in all and so more
// than rapid's usual 100, make a short run, in every go test. A long run: go test ./relay -run Machine -rapid.checks=1000.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "5"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
