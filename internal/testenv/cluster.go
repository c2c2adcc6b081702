package testenv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a throw-away PostgreSQL cluster on 127.0.0.1.
type Cluster struct {
	// URL is its maintenance database, as the superuser.
	URL string

	server *Process
}

// StartCluster makes and starts a cluster that lives until Stop or the end of this process. It fails when PostgreSQL is
// not installed.
func StartCluster() (*Cluster, error) {
	initdb, err := Program("initdb")
	if err != nil {
		return nil, err
	}
	owner, err := serverUser()
	if err != nil {
		return nil, err
	}
	// The server's user has to pass through the directory.
	dir, err := tempDir("bridge-pg-", 0o711)
	if err != nil {
		return nil, err
	}
	data, password := filepath.Join(dir, "data"), rand.Text()
	if err := makeCluster(initdb, owner, dir, data, password); err != nil {
		return nil, err
	}
	var last error
	for range 3 { // the chosen port may be taken by the time the server binds it
		c, err := startServer(initdb, owner, data, password)
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, last
}

// Stop ends the server. Its directory goes with the process.
func (c *Cluster) Stop() error {
	// "Immediate" shutdown: nothing of it is needed again.
	return c.server.Stop(syscall.SIGQUIT, 10*time.Second)
}

// serverUser is the user to run the server as: nil for the present one. PostgreSQL refuses to run as root.
func serverUser() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var account *user.User
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err == nil {
			account = u
			break
		}
	}
	if account == nil {
		return nil, errors.New("testenv: no user to run PostgreSQL as: root is refused by it")
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("testenv: user id: %w", err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("testenv: group id: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func serverCommand(owner *syscall.SysProcAttr, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + dir}
	if owner != nil {
		attr := *owner
		cmd.SysProcAttr = &attr
	}
	return cmd
}

func makeCluster(initdb string, owner *syscall.SysProcAttr, dir, data, password string) error {
	if err := os.Mkdir(data, 0o700); err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	if owner != nil {
		for _, path := range []string{data, secret} {
			if err := os.Chown(path, int(owner.Credential.Uid), int(owner.Credential.Gid)); err != nil {
				return fmt.Errorf("testenv: %w", err)
			}
		}
	}
	out, err := serverCommand(owner, data, initdb, "--pgdata="+data, "--username=postgres", "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("testenv: initdb: %w\n%s", err, out)
	}
	return nil
}

func startServer(initdb string, owner *syscall.SysProcAttr, data, password string) (*Cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"-D", data}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=" + data,
		// Nothing has to survive a crash of the machine.
		"fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0",
		"shared_buffers=32MB", "max_connections=300", "autovacuum=off", "jit=off", "log_min_messages=fatal",
	} {
		args = append(args, "-c", setting)
	}
	cmd := serverCommand(owner, data, filepath.Join(filepath.Dir(initdb), "postgres"), args...)
	server, err := start("postgres", cmd, syscall.SIGQUIT)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: "127.0.0.1:" + strconv.Itoa(port),
		Path: "/postgres", RawQuery: "sslmode=disable"}
	c := &Cluster{URL: u.String(), server: server}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := ping(c.URL)
		if err == nil {
			return c, nil
		}
		if server.Exited() || time.Now().After(end) {
			server.Kill()
			return nil, fmt.Errorf("testenv: postgres does not answer: %w\n%s", err, server.Output())
		}
	}
}

func ping(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
