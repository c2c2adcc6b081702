package testenv

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	tailSize = 256 << 10 // how much of a process's output is kept
	logSize  = 8 << 10   // how much of that is shown when its test fails
)

// Process is a running child in a process group of its own.
type Process struct {
	Name string

	cmd    *exec.Cmd
	out    *tail
	done   chan struct{}
	err    error // of Wait; read after done
	forget func()
	noise  *regexp.Regexp
}

// Start starts cmd for one test. The process and its children are gone when the test ends; when the test has failed, the
// end of the output is logged. Streams of cmd that are not set are kept as output.
func Start(tb testing.TB, name string, cmd *exec.Cmd) *Process {
	tb.Helper()
	p, err := start(name, cmd, syscall.SIGTERM)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("output of %s:\n%s", name, p.shown())
		}
	})
	return p
}

// start starts cmd; last is the signal that the keeper would end it with.
func start(name string, cmd *exec.Cmd, last syscall.Signal) (*Process, error) {
	k, err := keep()
	if err != nil {
		return nil, err
	}
	p := &Process{Name: name, cmd: cmd, out: &tail{limit: tailSize}, done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.out
	}
	cmd.WaitDelay = 3 * time.Second // a grandchild that keeps the output open must not hold up Wait
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("testenv: start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	p.forget, err = k.order("stop", strconv.Itoa(int(last))+" "+strconv.Itoa(cmd.Process.Pid))
	if err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// Pid is the process id, which is also its group's.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Output is the end of what the process has written so far, both streams together.
func (p *Process) Output() string { return p.out.String() }

// Noise leaves lines that match out of what is logged when the test fails.
func (p *Process) Noise(lines *regexp.Regexp) { p.noise = lines }

// shown is the output without noise, cut to a readable length.
func (p *Process) shown() string {
	out := p.Output()
	if p.noise != nil {
		lines := slices.DeleteFunc(strings.Split(out, "\n"), p.noise.MatchString)
		out = strings.Join(lines, "\n")
	}
	if over := len(out) - logSize; over > 0 {
		out = "[...]" + out[over:]
	}
	return out
}

// Exited reports whether the process has ended by itself or by a signal.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end and returns the error of exec.Cmd.Wait; it is an error of its own when limit passes first.
func (p *Process) Wait(limit time.Duration) error {
	select {
	case <-p.done:
		return p.err
	case <-time.After(limit):
		return fmt.Errorf("testenv: %s still runs after %s", p.Name, limit)
	}
}

// Signal sends sig to the process alone. A process that has ended is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	if p.Exited() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !p.Exited() {
		return fmt.Errorf("testenv: signal %s: %w", p.Name, err)
	}
	return nil
}

// Stop asks the process to end with sig, gives it limit, and then kills its group. It returns what Wait returns.
func (p *Process) Stop(sig syscall.Signal, limit time.Duration) error {
	if err := p.Signal(sig); err != nil {
		return err
	}
	err := p.Wait(limit)
	p.Kill()
	return err
}

// Kill ends the process and its whole group at once, as kill -9 does, and waits for the process.
func (p *Process) Kill() {
	err := syscall.Kill(-p.Pid(), syscall.SIGKILL)
	if err == nil || errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) {
		<-p.done
	}
	if p.forget != nil {
		p.forget()
	}
}

// tail keeps the last limit bytes written to it.
type tail struct {
	mu    sync.Mutex
	limit int
	buf   []byte
	cut   bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - t.limit; over > t.limit/4 { // move seldom
		t.buf = append(t.buf[:0], t.buf[over:]...)
		t.cut = true
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut {
		return "[...]" + string(t.buf)
	}
	return string(t.buf)
}
