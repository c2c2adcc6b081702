package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write config.example.yaml anew")

func parse(t *testing.T, file string, env map[string]string) (Config, error) {
	t.Helper()
	return Parse(Source{Name: "/etc/bridge/config.yaml", File: []byte(file), Env: env, ReadFile: func(p string) ([]byte, error) {
		if p == "/run/db" {
			return []byte("postgres://u:p@db/bridge\n"), nil
		}
		return nil, errors.New("no such file")
	}})
}

func TestDefaultsAreComplete(t *testing.T) {
	t.Parallel()
	c, err := parse(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.KeepVersions != 90*24*time.Hour || c.MaxObject != 1<<20 || len(c.MetricsAllow) != 2 {
		t.Errorf("%+v", c)
	}
	if c.Database != "sqlite:/etc/bridge/bridge.db" || c.KeyFile != "/etc/bridge/bridge.key" {
		t.Errorf("relative paths are not relative to the file: %q %q", c.Database, c.KeyFile)
	}
}

func TestEveryFaultAtOnceWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := parse(t, `server:
  listen: nowhere
  public_ulr: https://x.example.org
limits:
  object: huge
  user_requests: [1, 2]
log: {level: loud}
other: 1
auth:
  first_wait: 10m
  first_wait: 1s
outbound:
  allow: ["10.0.0.0/8", "here"]
`, map[string]string{"BRIDGE_RELAY_WORKERS": "0", "BRIDGE_SERVER_LISTN": "x", "BRIDGE_URL": "not ours"})
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"config.yaml:2: server.listen", `config.yaml:3: there is no setting "server.public_ulr"; did you mean server.public_url?`,
		"config.yaml:5: limits.object", "config.yaml:6: limits.user_requests is not a plain value", "config.yaml:7: log.level",
		`config.yaml:8: there is no setting "other"`, "first_wait", `config.yaml:13: outbound.allow has "here"`,
		"BRIDGE_RELAY_WORKERS: relay.workers is 0", "BRIDGE_SERVER_LISTN: there is no such setting",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

func TestVariablesAndSecretFilesWin(t *testing.T) {
	t.Parallel()
	c, err := parse(t, "database: {url: here.db}\nserver: {listen: ':1'}\n", map[string]string{
		"BRIDGE_DATABASE_URL_FILE": "/run/db", "BRIDGE_SERVER_LISTEN": "[::1]:99", "BRIDGE_OUTBOUND_ALLOW": "127.0.0.1, fd00::/8",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Database != "postgres://u:p@db/bridge" || c.Listen != "[::1]:99" || len(c.OutboundAllow) != 2 {
		t.Errorf("%+v", c)
	}
	_, err = parse(t, "", map[string]string{"BRIDGE_DATABASE_URL": "x", "BRIDGE_DATABASE_URL_FILE": "/y"})
	if err == nil {
		t.Error("a variable and its file were both accepted")
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"server: {tls: {cert: a.pem}}", "server: {tls: {cert: a, key: b}, acme: {hosts: [dav.example.org]}}", "auth: {first_wait: 1h, most_wait: 1m}",
		"server: 1", "[1]", "a: b: c", "server: {listen: &a x, tls: *a}",
	} {
		if _, err := parse(t, file, nil); err == nil {
			t.Errorf("%q was accepted", file)
		}
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "config.example.yaml")
	if *update {
		if err := os.WriteFile(path, []byte(Example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != Example() {
		t.Error("config.example.yaml is out of date: run go test ./internal/config -update")
	}
	if _, err := parse(t, string(b), nil); err != nil {
		t.Errorf("the example does not start: %v", err)
	}
	// With every comment taken off the defaults are spelled out, and still right.
	var bare []string
	for _, l := range strings.Split(string(b), "\n") {
		trimmed := strings.TrimLeft(l, " ")
		if rest, ok := strings.CutPrefix(trimmed, "# "); ok && strings.Contains(rest, ": ") && !strings.HasPrefix(l, "#") && !strings.Contains(strings.SplitN(rest, ":", 2)[0], " ") {
			l = strings.Repeat(" ", len(l)-len(trimmed)) + rest
		}
		bare = append(bare, l)
	}
	a, err1 := parse(t, "", nil)
	c, err2 := parse(t, strings.Join(bare, "\n"), nil)
	if err1 != nil || err2 != nil || a.Listen != c.Listen || a.MaxBody != c.MaxBody || a.Sweep != c.Sweep {
		t.Errorf("defaults written out differ: %v %v", err1, err2)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("server:\n  listen: ':1'\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, file string) {
		_, _ = Parse(Source{Name: "c.yaml", File: []byte(file), ReadFile: os.ReadFile})
	})
}
