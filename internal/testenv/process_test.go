package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv("TESTENV_VICTIM") != "" {
		victim()
	}
	Main(m)
}

// victim is a test process that starts what it starts, says so, and waits to be killed.
func victim() {
	p, err := start("sleeper", exec.Command("bash", "-c", "trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000"), syscall.SIGTERM)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	dir, err := tempDir("bridge-victim-", 0o700)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var child string
	for child == "" {
		child = strings.TrimSpace(p.Output())
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(p.Pid(), child, dir)
	select {}
}

func alive(pid int) bool {
	// A zombie that nobody has collected yet is dead for our purpose.
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err == nil {
		after := stat[strings.LastIndexByte(string(stat), ')')+1:]
		return !strings.HasPrefix(string(after), " Z")
	}
	return syscall.Kill(pid, 0) == nil
}

// The process, its child and the directory are gone soon after the test process was killed with no chance to clean up.
func TestKeeperAfterKill(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TESTENV_VICTIM=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var parent, child int
	var dir string
	if _, err := fmt.Sscan(line, &parent, &child, &dir); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if !alive(parent) || !alive(child) {
		t.Fatal("the processes did not start")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	Until(t, 30*time.Second, "the keeper to clean up", func() error {
		if alive(parent) || alive(child) {
			return errors.New("a process is still there")
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the directory is still there: %v", err)
		}
		return nil
	})
}

func TestStartStop(t *testing.T) {
	t.Parallel()
	p := Start(t, "shell", exec.Command("bash", "-c", "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.05; done"))
	Until(t, 5*time.Second, "the greeting", func() error {
		if p.Output() != "hello\n" {
			return fmt.Errorf("output %q", p.Output())
		}
		return nil
	})
	if p.Exited() {
		t.Error("exited too early")
	}
	if err := p.Wait(10 * time.Millisecond); err == nil {
		t.Error("Wait did not report the running process")
	}
	var exit *exec.ExitError
	if err := p.Stop(syscall.SIGTERM, 5*time.Second); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("Stop: %v", err)
	}
	if p.Output() != "hello\nbye\n" {
		t.Errorf("output %q", p.Output())
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal after the end: %v", err)
	}
}

func TestKillTakesTheGroup(t *testing.T) {
	t.Parallel()
	p := Start(t, "shell", exec.Command("bash", "-c", "sleep 1000 & echo $!; wait"))
	var child int
	Until(t, 5*time.Second, "the child", func() error {
		_, err := fmt.Sscan(p.Output(), &child)
		return err
	})
	p.Kill()
	Until(t, 5*time.Second, "the child's end", func() error {
		if alive(child) {
			return errors.New("still there")
		}
		return nil
	})
	if !p.Exited() {
		t.Error("not marked as exited")
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	out := &tail{limit: 100}
	for i := range 1000 {
		fmt.Fprintf(out, "line %d\n", i)
	}
	got := out.String()
	if !strings.HasPrefix(got, "[...]") || !strings.HasSuffix(got, "line 998\nline 999\n") || len(got) > 140 {
		t.Errorf("got %q", got)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	calls := 0
	if err := wait(time.Minute, func() error {
		calls++
		if calls < 3 {
			return errors.New("not yet")
		}
		return nil
	}); err != nil || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
	never := errors.New("never")
	if err := wait(50*time.Millisecond, func() error { return never }); !errors.Is(err, never) {
		t.Errorf("got %v", err)
	}
}
