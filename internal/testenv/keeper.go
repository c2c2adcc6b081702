package testenv

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

//go:embed keeper.sh
var keeperScript string

// keeper is a child shell that outlives this process by a moment. It learns what has to be stopped or removed, and does
// it when its input closes, which the kernel sees to even after kill -9.
type keeper struct {
	mu    sync.Mutex
	next  int
	input io.WriteCloser
	done  chan struct{}
}

// process holds what this test process shares among its tests.
var process struct {
	keeperOnce sync.Once
	keeper     *keeper
	keeperErr  error

	clusterOnce sync.Once
	cluster     *Cluster
	clusterErr  error

	filledOnce sync.Once
	filled     *copies // what PostgresCopy gives
	filledErr  error

	trytonOnce sync.Once
	tryton     string // the prepared database file
	trytonErr  error
}

// Main runs the tests of a package, ends what they left running, and exits.
func Main(m *testing.M) {
	code := m.Run()
	Release()
	os.Exit(code)
}

// Release ends everything that was started and waits for it, as Main does at its end. Nothing can be started afterwards.
func Release() {
	process.filledOnce.Do(func() { process.filledErr = fmt.Errorf("testenv: the tests are over") })
	if process.filled != nil {
		if err := process.filled.drop(); err != nil {
			fmt.Fprintln(os.Stderr, "testenv:", err)
		}
	}
	process.keeperOnce.Do(func() { process.keeperErr = fmt.Errorf("testenv: the tests are over") })
	if process.keeper == nil {
		return
	}
	process.keeper.input.Close()
	select {
	case <-process.keeper.done:
	case <-time.After(30 * time.Second):
		fmt.Fprintln(os.Stderr, "testenv: servers are still being stopped")
	}
}

// keep starts the keeper on first use.
func keep() (*keeper, error) {
	process.keeperOnce.Do(func() { process.keeper, process.keeperErr = startKeeper() })
	return process.keeper, process.keeperErr
}

func startKeeper() (*keeper, error) {
	bash, err := Program("bash")
	if err != nil {
		return nil, err
	}
	// No inherited output: "go test" waits until every holder of the test's output has closed it.
	cmd := exec.Command(bash, "-c", keeperScript)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a signal to the tests' group must not reach it
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("testenv: keeper: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("testenv: keeper: %w", err)
	}
	k := &keeper{input: input, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		_ = cmd.Wait() // its exit status says nothing
	}()
	return k, nil
}

// order hands one line to the keeper and returns a function that takes it back.
func (k *keeper) order(verb, rest string) (func(), error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next++
	id := k.next
	if _, err := fmt.Fprintf(k.input, "%s %d %s\n", verb, id, rest); err != nil {
		return nil, fmt.Errorf("testenv: keeper: %w", err)
	}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		fmt.Fprintf(k.input, "drop %d\n", id) // fails only once the keeper is at work, when it has nothing to change
	}, nil
}

// ProcessDir makes a directory that all tests of this process may use and that is gone when the process has ended.
func ProcessDir(tb testing.TB, prefix string) string {
	tb.Helper()
	dir, err := tempDir(prefix, 0o700)
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

// tempDir makes a directory that is gone when this process has ended. Mode is the one that others see.
func tempDir(prefix string, mode os.FileMode) (string, error) {
	k, err := keep()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", fmt.Errorf("testenv: %w", err)
	}
	if _, err := k.order("remove", dir); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, mode)
}
