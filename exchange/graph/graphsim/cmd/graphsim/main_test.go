package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs the program and returns what it wrote about itself and a way to end it.
func start(t *testing.T, args ...string) (env map[string]string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "env")
	done := make(chan error, 1)
	var stderr bytes.Buffer
	go func() { done <- run(ctx, append(args, "--env", file), io.Discard, &stderr) }()
	env = map[string]string{}
	for begin := time.Now(); len(env) < 6; time.Sleep(10 * time.Millisecond) {
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

func TestProgram(t *testing.T) {
	t.Parallel()
	env, stop := start(t, "--user", "ann@example.org=Europe/Berlin", "--app", "bridge", "--fault", "throttled,entity=calendars,count=1,retryAfter=2")
	defer stop()
	resp, err := http.PostForm(env["GRAPH_URL"]+"/"+env["GRAPH_TENANT"]+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"},
		"client_id": {env["GRAPH_CLIENT"]}, "client_secret": {env["GRAPH_SECRET"]}, "scope": {env["GRAPH_URL"] + "/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.AccessToken == "" {
		t.Fatalf("no token: %v", err)
	}
	for _, want := range []int{429, 200} {
		req, err := http.NewRequest("GET", env["GRAPH_URL"]+"/v1.0/users/"+env["GRAPH_USER"]+"/calendars", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token.AccessToken)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d, want %d", resp.StatusCode, want)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	certificate := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(certificate, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"more"}, {"--fault", "boom"}, {"--certificate", certificate}, {"--certificate", certificate + "x"}, {"--concurrency", "x"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
	if err := run(t.Context(), []string{"--help"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
	if err := run(t.Context(), []string{"--user", "ann@example.org=Nowhere"}, io.Discard, io.Discard); err == nil {
		t.Error("a time zone that is none was taken")
	}
}
