package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
)

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

// A second document of a file would be passed over without a word.
func TestSettingsBelowALineOfDashesAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := parse(t, "---\nserver:\n  listen: 127.0.0.1:1\n---\n# nothing\n", nil); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"server:\n  listen: 127.0.0.1:1\n---\nauth:\n  first_wait: 1s\n": "config.yaml:4: what stands below a line ---",
		"# comment\n---\n---\nother: 1\n":                                "config.yaml:4: what stands below a line ---",
		"server:\n  listen: 127.0.0.1:1\n---\nauth: [\n":                 "config.yaml: line",
	} {
		if _, err := parse(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
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
database:
  keep_devices: 24h
`, map[string]string{"BRIDGE_RELAY_WORKERS": "0", "BRIDGE_SERVER_LISTN": "x", "BRIDGE_URL": "not ours"})
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"config.yaml:2: server.listen", `config.yaml:3: there is no setting "server.public_ulr"; did you mean server.public_url?`,
		"config.yaml:5: limits.object", "config.yaml:6: limits.user_requests is not a plain value", "config.yaml:7: log.level",
		`config.yaml:8: there is no setting "other"`, "config.yaml:11: auth.first_wait is set twice, first in line 10",
		"config.yaml:10: auth.most_wait is less than auth.first_wait", `config.yaml:13: outbound.allow has "here"`, "config.yaml:15: database.keep_devices",
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
	for file, want := range map[string]string{
		"log: {}\nserver: {tls: {cert: a.pem}}": "config.yaml:2: server.tls needs both cert and key",
		"server:\n  tls: {cert: a, key: b}\n  acme:\n    email: a@example.org\n    hosts: [dav.example.org]": "config.yaml:5: server.acme and server.tls exclude each other",
		"server:\n  acme:\n    hosts: [dav.example.org]":                                                     "config.yaml:3: server.acme needs both hosts and email",
		"server: {acme: {email: a@example.org}}":                                                             "config.yaml:1: server.acme needs both hosts and email",
		"server:\n  notifications: on":                                                                       "config.yaml:2: server.notifications needs server.public_url with https://",
		"server: {notifications: maybe}":                                                                     "config.yaml:1: server.notifications is \"maybe\", not on or off",
		"auth:\n  first_wait: 1h\n  most_wait: 1m":                                                           "config.yaml:3: auth.most_wait is less than auth.first_wait",
		"auth:\n  first_wait: 1h":                                                                            "config.yaml:2: auth.most_wait is less than auth.first_wait",
		"server: 1":                                                                                          "config.yaml:1: server is not a group of settings",
		"server: {}\nauth:\n  - 1":                                                                           "config.yaml:3: auth is not a group of settings",
		"[1]":                                                                                                "config.yaml:1: the file is not a group of settings",
		"a: b: c":                                                                                            "config.yaml: ",
		"server: {listen: &a x, tls: *a}":                                                                    "config.yaml:1: server.tls is not a group",
		"database:\n  url: mysql://u:p@db/x":                                                                 "config.yaml:2: database.url is of the kind mysql, which is not supported",
		"database:\n  url: 'p ss://w'":                                                                       "config.yaml:2: database.url is neither",
		"server: {public_url: https://x.org/a}":                                                              "config.yaml:1: server.public_url has a path",
	} {
		_, err := parse(t, file, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "u:p") || strings.Contains(err.Error(), "p ss") {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}

// Faults of every sort come at once, in the order of the file, variables last.
func TestFaultsStandInTheOrderOfLines(t *testing.T) {
	t.Parallel()
	_, err := parse(t, `outbound: {allow: [here]}
unknown: 1
auth: 7
server:
  tls: {cert: only.pem}
  listn: x
limits: {object: huge}
`, map[string]string{"BRIDGE_RELAY_WORKERS": "0"})
	if err == nil {
		t.Fatal("no fault was found")
	}
	lines := strings.Split(err.Error(), "\n")
	want := []string{":1: outbound.allow", ":2: there is no", ":3: auth is", ":5: server.tls needs", ":6: there is no", ":7: limits.object", "BRIDGE_RELAY_WORKERS: relay.workers"}
	if len(lines) != len(want) {
		t.Fatalf("%d faults:\n%v", len(lines), err)
	}
	for i, l := range lines {
		if !strings.Contains(l, want[i]) {
			t.Errorf("fault %d is %q, want %q", i, l, want[i])
		}
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	golden.Compare(t, filepath.Join("..", "..", "config.example.yaml"), Example())
	if _, err := parse(t, Example(), nil); err != nil {
		t.Errorf("the example does not start: %v", err)
	}
	// With every comment taken off the defaults are spelled out, and still right.
	var bare []string
	for _, l := range strings.Split(Example(), "\n") {
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
