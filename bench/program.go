package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is the bridge as it is installed, built once.
type program struct {
	path string // of the executable; "" runs the server in this process
}

// build compiles the program into dir.
func build(ctx context.Context, dir string) (program, error) {
	p := program{path: filepath.Join(dir, "bridge")}
	out, err := exec.CommandContext(ctx, "go", "build", "-o", p.path, "crmbridge/cmd/bridge").CombinedOutput() //nolint:gosec // a folder of ours
	if err != nil {
		return p, fmt.Errorf("go build: %w: %s", err, out)
	}
	return p, nil
}

// serving is the bridge at work.
type serving struct {
	base  string
	pid   int // whose memory is the server's
	close func() error
}

// serve hands a filled database over to a server. The bridge that filled it is
// closed, or serves itself when there is no program.
func (p program) serve(ctx context.Context, b *bridge, url, dir string) (*serving, error) {
	if p.path == "" {
		return &serving{base: b.web.base, pid: os.Getpid(), close: b.close}, b.work(ctx)
	}
	if err := b.close(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.path, "serve") //nolint:gosec // what build made
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Env = append(os.Environ(), "BRIDGE_DATABASE_URL="+url, "BRIDGE_SECRET_KEY_FILE="+filepath.Join(dir, "bench.key"), "BRIDGE_SERVER_LISTEN="+addr,
		"BRIDGE_SERVER_MAX_CONNECTIONS="+strconv.Itoa(2*polled), "BRIDGE_LOG_LEVEL=error")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &serving{base: "http://" + addr, pid: cmd.Process.Pid, close: func() error {
		return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.close(), errors.New(said.String()))
	}
	return s, nil
}

// await waits until the server answers.
func (s *serving) await(ctx context.Context) error {
	for end := time.Now().Add(20 * time.Second); ; {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("the server does not answer: %w", errors.Join(err, ctx.Err()))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// memory is what a process has resident now and had at most, in bytes; 0 where the
// system does not tell.
func memory(pid int) (now, most uint64) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, rest, _ := strings.Cut(s.Text(), ":")
		to := &now
		switch name {
		case "VmHWM":
			to = &most
		case "VmRSS":
		default:
			continue
		}
		if kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
			*to = kib << 10
		}
	}
	return now, most
}
