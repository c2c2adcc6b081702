package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// at runs a command as a person does in the folder dir, with variables; it is a child,
// since the working folder is the process's.
func at(t *testing.T, dir string, env []string, args ...string) (out string, ok bool) {
	t.Helper()
	c := child(t, args...)
	c.Dir = dir
	c.Env = append(c.Env, env...)
	var b bytes.Buffer
	c.Stdout, c.Stderr = &b, &b
	err := c.Run()
	return b.String(), err == nil
}

func TestNoCommandBeginsADatabaseByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"serve"}, {"doctor"}, {"migrate"}, {"user", "list"}, {"token", "list"}, {"link", "list"}, {"sync", "status"}, {"conflict", "list"}, {"secret", "rotate"},
	} {
		out, ok := at(t, dir, nil, args...)
		if ok || !strings.Contains(out, "no configuration: name it with --config, or BRIDGE_CONFIG; bridge demo needs none") {
			t.Errorf("bridge %s: %s", strings.Join(args, " "), out)
		}
	}
	for _, args := range [][]string{{"version"}, {"help"}, {"link", "drivers"}} {
		if out, ok := at(t, dir, nil, args...); !ok {
			t.Errorf("bridge %s: %s", strings.Join(args, " "), out)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestConfigurationByVariables(t *testing.T) {
	t.Parallel()
	dir, place := t.TempDir(), t.TempDir()
	if out, ok := at(t, dir, []string{"BRIDGE_DATABASE_URL=" + filepath.Join(place, "b.db"), "BRIDGE_SECRET_KEY_FILE=" + filepath.Join(place, "b.key")}, "migrate"); !ok {
		t.Errorf("a database by variable: %s", out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	name := filepath.Join(place, "bridge.yaml")
	if out, ok := at(t, dir, []string{"BRIDGE_CONFIG=" + name}, "migrate"); ok || !strings.Contains(out, name) {
		t.Errorf("a missing file of BRIDGE_CONFIG: %s", out)
	}
	if err := os.WriteFile(name, []byte("log: {level: warn}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := at(t, dir, []string{"BRIDGE_CONFIG=" + name}, "migrate"); !ok {
		t.Errorf("BRIDGE_CONFIG: %s", out)
	}
	if _, err := os.Stat(filepath.Join(place, "bridge.db")); err != nil {
		t.Error(err)
	}
	// Who misspells the section of a setting is told when he asks.
	said, _ := at(t, dir, []string{"BRIDGE_CONFIG=" + name, "BRIDGE_LOGS_LEVEL=debug"}, "doctor")
	if !strings.Contains(said, "no settings: BRIDGE_") || !strings.Contains(said, "BRIDGE_LOGS_LEVEL") {
		t.Errorf("doctor: %s", said)
	}
	var out bytes.Buffer
	if code := run(context.Background(), []string{"serve", "--config", filepath.Join(dir, "none.yaml")}, streams{in: strings.NewReader(""), out: &out, err: &out}, nil); code == 0 {
		t.Errorf("a missing --config: %s", out.String())
	}
}
