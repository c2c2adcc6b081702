package testenv

import (
	"flag"
	"fmt"
	"os"
	"strconv"
)

// Checks sets how many checks rapid does of each property, unless the command line asks for another number
// (-rapid.checks=1000 is a long run). It is for TestMain of a package whose checks are long: rapid's own number is 100.
func Checks(n int) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if asked {
		return
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		os.Exit(2)
	}
}
