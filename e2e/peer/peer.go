// Package peer runs other people's DAV servers from Debian packages, to judge our client scripts: what fails against a
// server that the client's users have worked with for years is a fault of the script.
package peer

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

const (
	user     = "alice"
	password = "peer-password"
)

// Radicale starts Radicale with one user and returns two fresh collections of hers.
func Radicale(tb testing.TB) plain.Target {
	tb.Helper()
	testenv.Need(tb, "radicale")
	dir := tb.TempDir()
	port := testenv.FreePort(tb)
	write(tb, filepath.Join(dir, "users"), user+":"+password+"\n")
	config := filepath.Join(dir, "config")
	write(tb, config, strings.Join([]string{
		"[server]", "hosts = 127.0.0.1:" + strconv.Itoa(port),
		"[auth]", "type = htpasswd", "htpasswd_filename = " + filepath.Join(dir, "users"), "htpasswd_encryption = plain", "delay = 0",
		"[rights]", "type = owner_only",
		"[storage]", "filesystem_folder = " + filepath.Join(dir, "data"), ""}, "\n"))
	// Not an inherited PATH: Debian's programs belong to Debian's Python.
	command := exec.Command("/usr/bin/python3", programPath(tb, "radicale"), "-C", config)
	account := start(tb, "radicale", dir, port, command)
	// The principal comes into being at the first request.
	account.Do(tb, "PROPFIND", account.Base+user+"/", "", "Depth", "0")
	t := plain.Target{
		Account:  account,
		Calendar: account.Base + user + "/work/", Book: account.Base + user + "/contacts/",
		Feed:     account.Base + user + "/work/",
		Peculiar: plain.Peculiarities{BookTokenStuck: true},
	}
	t.Make(tb)
	return t
}

// Xandikos starts Xandikos, which knows one principal and checks no passwords, and returns two fresh collections.
func Xandikos(tb testing.TB) plain.Target {
	tb.Helper()
	testenv.Need(tb, "xandikos")
	dir := tb.TempDir()
	port := testenv.FreePort(tb)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		tb.Fatal(err)
	}
	command := exec.Command("/usr/bin/python3", programPath(tb, "xandikos"), "-d", data, "-l", "127.0.0.1", "-p", strconv.Itoa(port),
		"--autocreate", "--defaults", "--current-user-principal", "/"+user+"/")
	account := start(tb, "xandikos", dir, port, command)
	t := plain.Target{
		Account:  account,
		Calendar: account.Base + user + "/calendars/work/", Book: account.Base + user + "/contacts/people/",
		Peculiar: plain.Peculiarities{NoColour: true, BookTokenStuck: true},
	}
	t.Make(tb)
	return t
}

// start runs a server and waits until it listens.
func start(tb testing.TB, name, dir string, port int, command *exec.Cmd) plain.Account {
	tb.Helper()
	command.Dir = dir
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1"}
	server := testenv.Start(tb, name, command)
	address := "127.0.0.1:" + strconv.Itoa(port)
	testenv.Until(tb, 60*time.Second, name, func() error {
		if server.Exited() {
			tb.Fatalf("%s ended:\n%s", name, server.Output())
		}
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return plain.Account{Base: fmt.Sprintf("http://%s/", address), User: user, Password: password}
}

func programPath(tb testing.TB, name string) string {
	tb.Helper()
	path, err := testenv.Program(name)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}
