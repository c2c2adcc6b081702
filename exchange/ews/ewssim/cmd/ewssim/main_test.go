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

	"crmbridge/exchange/ews/ewssim"
)

// start runs the program and returns what it wrote for other programs.
func start(t *testing.T, args ...string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "env")
	done := make(chan error, 1)
	var stderr bytes.Buffer
	go func() { done <- run(ctx, append(args, "--env", file), io.Discard, &stderr) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	env := map[string]string{}
	for begin := time.Now(); len(env) < 4; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("no address within 30 s: %s", stderr.String())
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
	return env
}

func TestProgram(t *testing.T) {
	t.Parallel()
	env := start(t, "--mailbox", "bob@example.org,Bob Sample,Eastern Standard Time", "--service", "svc", "--fault", "unavailable,count=1")
	if env["EXCHANGE_USER"] != "bob@example.org" || len(env["EXCHANGE_PASSWORD"]) < 16 {
		t.Errorf("wrote %v", env)
	}
	ask := func() int {
		req, err := http.NewRequest("POST", env["EXCHANGE_URL"], strings.NewReader("<x/>"))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("svc", env["EXCHANGE_PASSWORD"])
		req.Header.Set("Content-Type", "text/xml")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := ask(); got != 503 {
		t.Errorf("failure from the command line: %d", got)
	}
	if got := ask(); got != 500 { // no envelope
		t.Errorf("after it: %d", got)
	}
	base, _, _ := strings.Cut(env["EXCHANGE_URL"], "/EWS")
	req, err := http.NewRequest("GET", base+"/__sim/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sim-Token", env["EXCHANGE_CONTROL_TOKEN"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(text), `"bob@example.org"`) {
		t.Errorf("state %s %v", text, err)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--mailbox", "x"}, {"--mailbox", "a@example.org,,Nowhere"}, {"--mailbox", "a@example.org", "--mailbox", "A@example.org"},
		{"--fault", "x"}, {"extra"}, {"--addr", "nonsense"}, {"--env", "/dev/null/x"}} {
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
	for _, k := range ewssim.FaultKinds() {
		if !strings.Contains(out.String(), string(k)) {
			t.Errorf("%s is not there:\n%s", k, out.String())
		}
	}
}
