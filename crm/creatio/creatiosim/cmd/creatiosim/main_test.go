package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
)

// start runs the program and returns what it printed and a way to end it.
func start(t *testing.T, args ...string) (env map[string]string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "env")
	done := make(chan error, 1)
	var stderr bytes.Buffer
	go func() { done <- run(ctx, append(args, "--env", file), io.Discard, &stderr) }()
	env = map[string]string{}
	for begin := time.Now(); len(env) < 4; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-done:
			t.Fatalf("ended at once: %v %s", err, stderr.String())
		default:
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatal("no address within 30 s")
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				env[name] = value
			}
		}
	}
	return env, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
}

func ask(t *testing.T, env map[string]string, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("GET", env["CRM_URL"]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sim-Token", env["CRM_CONTROL_TOKEN"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	env, stop := start(t, "--user", "anna", "--fault", "unavailable,entity=Contact", "--site", "core", "--oauth", "a:b")
	defer stop()
	if env["CRM_USER"] != "anna" || len(env["CRM_PASSWORD"]) < 16 {
		t.Errorf("printed %v", env)
	}
	if status, text := ask(t, env, "/__sim/state"); status != 200 || !strings.Contains(text, `"Activity":41`) {
		t.Errorf("state: %d %s", status, text)
	}
	if status, _ := ask(t, env, "/odata/Contact"); status != 503 {
		t.Errorf("fault from the command line: %d", status)
	}
	if status, _ := ask(t, env, "/odata/Activity"); status != 401 {
		t.Errorf("no session: %d", status)
	}
	body := `{"UserName":"anna","UserPassword":"` + env["CRM_PASSWORD"] + `"}`
	res, err := http.Post(env["CRM_URL"]+"/ServiceModel/AuthService.svc/Login", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(text), `"Code":0`) {
		t.Errorf("login: %s %v", text, err)
	}
}

func TestProgramKeepsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env, stop := start(t, "--dir", dir, "--seed", "empty", "--password", "p", "--control-token", "c")
	res, err := http.NewRequest("POST", env["CRM_URL"]+"/__sim/records/City", strings.NewReader(`{"Name":"Kept"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Header.Set("X-Sim-Token", "c")
	if _, err := http.DefaultClient.Do(res); err != nil {
		t.Fatal(err)
	}
	stop()
	env, stop = start(t, "--dir", dir, "--password", "p", "--control-token", "c")
	defer stop()
	if status, text := ask(t, env, "/__sim/records/City?title=Kept"); status != 200 || !strings.Contains(text, "Kept") {
		t.Errorf("%d %s", status, text)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--seed", "x"}, {"--site", "x"}, {"--expiry", "x"}, {"--fault", "x"}, {"--oauth", "x"}, {"extra"},
		{"--addr", "nonsense"}, {"--dir", "/dev/null/x"}, {"--env", "/dev/null/x"}} {
		if err := run(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestHelpListsTheFaults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(context.Background(), []string{"--help"}, io.Discard, &out); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, k := range creatiosim.FaultKinds() {
		if !strings.Contains(out.String(), string(k)) {
			t.Errorf("%s is not there:\n%s", k, out.String())
		}
	}
}
