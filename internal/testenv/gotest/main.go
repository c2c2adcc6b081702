// Command gotest runs "go test" and prints what it prints, and adds to a file how many tests of which group passed,
// failed and were skipped, and why. With -summary it prints that file and fails when a group failed or ran nothing:
// a check that passes because nothing ran is no check.
//
// With -fuzz it runs the fuzz targets of folders instead (fuzz.go).
//
//	go run ./internal/testenv/gotest -results FILE -group unit -- -race ./...
//	go run ./internal/testenv/gotest -results FILE -group fuzz -fuzz 3s ./dav
//	go run ./internal/testenv/gotest -results FILE -summary unit,fuzz,e2e
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gotest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	verbose := flags.Bool("v", false, "print the output of all tests")
	group := flags.String("group", "tests", "name for these tests in the summary")
	results := flags.String("results", "", "file to add the results to")
	each := flags.Duration("fuzz", 0, "run every fuzz target below the folders given, or this one, for this time")
	share := flags.String("turn", "", "with -fuzz: K/N runs the targets of every N-th package, from the K-th (0 is the first) on")
	wanted := flags.String("summary", "", "print the results of these groups, divided by commas, and run nothing")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *wanted != "" {
		text, err := os.ReadFile(*results)
		if err != nil && !os.IsNotExist(err) {
			fmt.Fprintln(stderr, "gotest:", err)
			return 1
		}
		if !summarise(stdout, string(text), strings.Split(*wanted, ",")) {
			return 1
		}
		return 0
	}
	its, err := parseTurn(*share)
	if err != nil {
		fmt.Fprintln(stderr, "gotest:", err)
		return 2
	}
	r := newReport(stdout, *verbose)
	var code int
	switch folders := flags.Args(); {
	case *each == 0:
		code, err = test(r, folders, stderr)
	case len(folders) == 0:
		code, err = fuzz(r, []string{"."}, *each, its)
	default:
		code, err = fuzz(r, folders, *each, its)
	}
	if code != 0 {
		fmt.Fprintln(stdout, "FAIL")
	}
	if err == nil && *results != "" {
		err = appendResults(*results, *group, r, code)
	}
	if err != nil {
		fmt.Fprintln(stderr, "gotest:", err)
		return max(code, 1)
	}
	return code
}

// test runs go test and returns its exit status.
func test(r *report, args []string, stderr io.Writer) (int, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	in := bufio.NewReader(out)
	for {
		text, readErr := in.ReadBytes('\n')
		var e event
		if json.Unmarshal(text, &e) == nil {
			r.add(e)
		} else {
			fmt.Fprintf(r.out, "%s", text) // go test says some things in plain text
		}
		if readErr != nil {
			break
		}
	}
	r.close()
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code > 0 {
		return code, nil
	}
	return 0, err
}
