// Package bridge builds our program once and runs it as people run it: as a process of its own, with its command line,
// its configuration file and its network address, and nothing else.
package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// built is the program, built once for all tests of a process.
var built struct {
	once sync.Once
	path string
	err  error
}

// Program builds the bridge and returns the path of the program.
func Program(tb testing.TB) string {
	tb.Helper()
	built.once.Do(func() {
		root, err := moduleRoot()
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(testenv.ProcessDir(tb, "bridge-program-"), "bridge")
		cmd := exec.Command("go", "build", "-o", built.path, "./cmd/bridge")
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	return built.path
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("bridge: not inside the module")
		}
		dir = filepath.Dir(dir)
	}
}

// Instance is a running bridge.
type Instance struct {
	// Base is its address with a final slash, Config its configuration file.
	Base, Config string

	process *testenv.Process
	program string
}

// Run runs a command on this instance's configuration, with input as standard input, and returns its standard output.
func (i *Instance) Run(tb testing.TB, input string, args ...string) string {
	tb.Helper()
	out, err := i.Try(tb, input, args...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// Try is Run for commands that may fail; the error holds what the command said.
func (i *Instance) Try(tb testing.TB, input string, args ...string) (string, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, i.program, append(args, "--config", i.Config)...)
	cmd.Env = environment(filepath.Dir(i.Config))
	cmd.Dir = filepath.Dir(i.Config)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("bridge %s: %w\n%s%s", strings.Join(args, " "), err, &said, &out)
	}
	return out.String(), nil
}

// environment is that of an ordinary user, without variables that would configure the bridge.
func environment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC"}
}

// AddUser makes an account and returns it.
func (i *Instance) AddUser(tb testing.TB, name, password string) plain.Account {
	tb.Helper()
	i.Run(tb, password+"\n", "user", "add", "--name", name, "--email", name+"@example.org", "--password-stdin", "--allow-weak-password")
	return plain.Account{Base: i.Base, User: name, Password: password}
}

// Conflict is a conflict report as "conflict list --json" has it.
type Conflict map[string]any

// Conflicts lists the open conflict reports.
func (i *Instance) Conflicts(tb testing.TB) []Conflict {
	tb.Helper()
	out := i.Run(tb, "", "conflict", "list", "--json")
	var list []Conflict
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		tb.Fatalf("conflict list --json: %v in %s", err, out)
	}
	return list
}

// Kill ends the process as kill -9 does.
func (i *Instance) Kill() { i.process.Kill() }

// Stop asks the process to end and fails the test when it does not do so cleanly.
func (i *Instance) Stop(tb testing.TB) {
	tb.Helper()
	if err := i.process.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
		tb.Errorf("the bridge did not end cleanly: %v", err)
	}
}

// Output is the end of its log.
func (i *Instance) Output() string { return i.process.Output() }

// start runs the program and waits until it says that it is ready.
func (i *Instance) start(tb testing.TB, args ...string) {
	tb.Helper()
	cmd := exec.Command(i.program, args...)
	cmd.Dir = filepath.Dir(i.Config)
	cmd.Env = environment(filepath.Dir(i.Config))
	i.process = testenv.Start(tb, "bridge "+args[0], cmd)
	client := http.Client{Timeout: 5 * time.Second}
	testenv.Until(tb, 90*time.Second, "the bridge to be ready", func() error {
		if i.process.Exited() {
			tb.Fatalf("the bridge ended:\n%s", i.Output())
		}
		answer, err := client.Get(i.Base + "readyz")
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz: %s", answer.Status)
		}
		return nil
	})
}
