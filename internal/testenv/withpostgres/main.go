// Command withpostgres runs a command with a throw-away PostgreSQL cluster, whose URL the command finds in
// BRIDGE_TEST_POSTGRES, and stops the cluster afterwards. Many test packages share one cluster that way.
//
//	go run ./internal/testenv/withpostgres go test ./...
//
// Without PostgreSQL the command runs all the same; the tests that need it say so themselves.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"crmbridge/internal/testenv"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres COMMAND [ARGUMENT...]")
		return 2
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	// An interrupt from the terminal reaches the command too; this program has to outlive it to clean up.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	if os.Getenv("BRIDGE_TEST_POSTGRES") == "" {
		switch missing := testenv.Missing("initdb", "postgres"); {
		case len(missing) > 0:
			fmt.Fprintf(os.Stderr, "withpostgres: %v not installed\n", missing)
		default:
			cluster, err := testenv.StartCluster()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			defer testenv.Release()
			cmd.Env = append(cmd.Env, "BRIDGE_TEST_POSTGRES="+cluster.URL)
		}
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 1
	}
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // it may have ended by now
			}
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 1
	}
}
