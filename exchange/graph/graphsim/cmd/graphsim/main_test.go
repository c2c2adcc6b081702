package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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
	for begin := time.Now(); len(env) < 7; time.Sleep(10 * time.Millisecond) {
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

// A person signs in by the public application, with what the bridge asks for at most (docs/exchange.md), and reads mail; of several people one is chosen.
func TestAPersonSignsIn(t *testing.T) {
	t.Parallel()
	env, stop := start(t, "--user", "ann@example.org", "--user", "bob@example.org")
	defer stop()
	verifier := "a-verifier-that-is-long-enough-for-everybody-to-like"
	sum := sha256.Sum256([]byte(verifier))
	var scopes []string
	for _, s := range []string{"User.Read", "Calendars.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite", "Mail.Read"} {
		scopes = append(scopes, "https://graph.microsoft.com/"+s)
	}
	page := env["GRAPH_URL"] + "/" + env["GRAPH_TENANT"] + "/oauth2/v2.0/authorize?" + url.Values{"client_id": {env["GRAPH_PUBLIC_CLIENT"]}, "response_type": {"code"},
		"redirect_uri": {"http://localhost:8765"}, "state": {"st"}, "scope": {"offline_access " + strings.Join(scopes, " ")}, "prompt": {"select_account"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}.Encode()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	open := func(page string) (status int, to, body string) {
		t.Helper()
		resp, err := client.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Location"), string(text)
	}
	status, _, body := open(page)
	links := regexp.MustCompile(`href="(\?[^"]+)">bob@example\.org`).FindStringSubmatch(body)
	if status != 200 || links == nil {
		t.Fatalf("%d %s", status, body)
	}
	before, _, _ := strings.Cut(page, "?")
	status, to, body := open(before + html.UnescapeString(links[1]))
	answer, err := url.Parse(to)
	if err != nil || status != 302 || answer.Host != "localhost:8765" || answer.Query().Get("state") != "st" {
		t.Fatalf("%d %s %s %v", status, to, body, err)
	}
	resp, err := http.PostForm(env["GRAPH_URL"]+"/"+env["GRAPH_TENANT"]+"/oauth2/v2.0/token", url.Values{"grant_type": {"authorization_code"},
		"client_id": {env["GRAPH_PUBLIC_CLIENT"]}, "code": {answer.Query().Get("code")}, "redirect_uri": {"http://localhost:8765"}, "code_verifier": {verifier}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var token struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.AccessToken == "" || token.RefreshToken == "" {
		t.Fatalf("no token: %d %v", resp.StatusCode, err)
	}
	for path, want := range map[string]int{"/me/mailFolders": 200, "/me/todo/lists/delta": 200, "/me/mailboxSettings": 403, "/users/ann@example.org/messages": 403} {
		req, err := http.NewRequest("GET", env["GRAPH_URL"]+"/v1.0"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token.AccessToken)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	certificate := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(certificate, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"more"}, {"--fault", "boom"}, {"--certificate", certificate}, {"--certificate", certificate + "x"}, {"--concurrency", "x"}, {"--public", "bridge"}} {
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
