package peers

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed peers.sh
var script string

// Install installs the packages that are missing, as root on Debian. An error says
// which could not be had; Start fails for those.
func Install(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "bash", "-c", script, "peers.sh", "install").CombinedOutput()
	if err != nil {
		return fmt.Errorf("peers: %s", lastLine(string(out), err))
	}
	return nil
}

// Server is a peer that runs.
type Server struct {
	Peer
	Base    string // http://127.0.0.1:PORT
	Version string // of the package

	dir string
	cmd *exec.Cmd
	in  io.Closer
}

// patience is how long a server may take until it answers, making its database
// included.
const patience = 90 * time.Second

// Start runs a peer until Stop, or until this process has ended. The error says why
// it cannot be run here.
func Start(ctx context.Context, p Peer) (*Server, error) {
	dir, err := os.MkdirTemp("", "bridge-peer-"+p.Name+"-")
	if err != nil {
		return nil, fmt.Errorf("peers: %w", err)
	}
	s := &Server{Peer: p, dir: dir, Version: version(ctx, p.Package)}
	ports, err := freePorts(3)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.Base = "http://127.0.0.1:" + ports[0]
	// Not CommandContext: it kills, and the script has servers to end.
	s.cmd = exec.Command("bash", append([]string{"-c", script, "peers.sh", "run", p.Name, dir}, ports...)...) //nolint:gosec // our own script
	s.cmd.Dir = dir
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("peers: %w", err), os.RemoveAll(dir))
	}
	if err := ready(ctx, out); err != nil {
		return nil, errors.Join(fmt.Errorf("peers: %s: %w", p.Name, err), s.Stop())
	}
	return s, nil
}

// ready waits for the script's one line.
func ready(ctx context.Context, out io.Reader) error {
	said := make(chan string, 1)
	go func() { // owner: ready; ends with the script, which Stop sees to
		line, _ := bufio.NewReader(out).ReadString('\n') // "" at its end
		said <- strings.TrimSpace(line)
	}()
	select {
	case line := <-said:
		if line != "ready" {
			return errors.New(line)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return fmt.Errorf("not ready after %s", patience)
	}
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	err := s.in.Close() // upon which the script ends what it started
	done := make(chan struct{})
	go func() { // owner: Stop; ends with the script
		_ = s.cmd.Wait() // its status says nothing new
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		err = errors.Join(err, fmt.Errorf("peers: %s still stops", s.Name))
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// folder is where the data folder keeps collections by their path.
func (s *Server) folder(path string) string {
	data := filepath.Join(s.dir, "data")
	if root := filepath.Join(data, "collection-root"); s.Name == "radicale" {
		data = root
	}
	return filepath.Join(data, filepath.FromSlash(path))
}

// Write puts files into a collection's folder, for AsFiles.
func (s *Server) Write(ctx context.Context, path string, files iter.Seq2[string, []byte]) error {
	dir := s.folder(path)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // sample data
			return fmt.Errorf("peers: %w", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return nil
	}
	for _, args := range [][]string{{"add", "."}, {"-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", "Fill"}} {
		if out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil { //nolint:gosec // our own folder
			return fmt.Errorf("peers: git: %w: %s", err, lastLine(string(out), err))
		}
	}
	return nil
}

// version is that of an installed package, "" where there is none.
func version(ctx context.Context, name string) string {
	out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", name).Output() //nolint:gosec // a name of the table
	if err != nil {
		return ""
	}
	return string(out)
}

// freePorts finds ports of this machine between 20000 and where the system takes
// those of clients from, so that no connection of the measuring is in the way.
func freePorts(n int) (ports []string, err error) {
	for port := 20000 + os.Getpid()%8000; port < 32000 && len(ports) < n; port++ {
		l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue // taken
		}
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("peers: %w", err)
		}
		ports = append(ports, strconv.Itoa(port))
	}
	if len(ports) < n {
		return nil, errors.New("peers: no free ports from 20000")
	}
	return ports, nil
}

func lastLine(out string, err error) string {
	out = strings.TrimSpace(out)
	if out == "" {
		return err.Error()
	}
	return out[strings.LastIndexByte(out, '\n')+1:]
}
