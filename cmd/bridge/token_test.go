package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"crmbridge/manage"
)

// An app password has a name by which people find it again, and no two that work have the same.
func TestNamesOfAppPasswords(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	add := func(name string) (string, int) {
		return p.cmd("", "token", "add", "--user", "alice", "--name", name)
	}
	for name, says := range map[string]string{
		"":                       "which device",
		"  ":                     "which device",
		"a\nb":                   "cannot be shown",
		"phone\u202e":            "cannot be shown",
		strings.Repeat("ä", 101): "100 characters",
	} {
		if out, code := add(name); code == 0 || !strings.Contains(out, says) {
			t.Errorf("%q: %d %s", name, code, out)
		}
	}
	if out, code := add(" Ann's phone "); code != 0 || !strings.Contains(out, `"Ann's phone"`) {
		t.Fatalf("%d %s", code, out)
	}
	rows := list[manage.Device](p, "token", "list", "--user", "alice")
	had := len(rows)
	if out, code := add("ann's Phone"); code == 0 || !strings.Contains(out, "or end that with `bridge token revoke ") {
		t.Errorf("twice: %d %s", code, out)
	} else {
		p.must("", append([]string{"token", "revoke"}, strings.TrimRight(out[strings.Index(out, "token revoke ")+len("token revoke "):], "`\n"))...)
	}
	if out, code := add("Ann's phone"); code != 0 {
		t.Errorf("again after the first was revoked: %s", out)
	}
	if rows := list[manage.Device](p, "token", "list", "--user", "alice"); len(rows) != had+1 {
		t.Errorf("%+v", rows)
	}
}

// A token that the command makes opens the API of the server, and nothing of DAV; what it was used for is told.
func TestATokenForTheAPI(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	var made manage.Device
	if err := json.Unmarshal([]byte(p.must("", "--json", "token", "add", "--user", "alice", "--name", "report", "--api", "--read-only")), &made); err != nil || !made.API {
		t.Fatalf("%+v %v", made, err)
	}
	if out := p.must("", "token", "list"); !strings.Contains(out, "API") {
		t.Errorf("the list: %s", out)
	}
	s := p.serve()
	defer s.stop()
	ask := func(path string, set func(*http.Request)) (int, string) {
		req, err := http.NewRequest(http.MethodGet, "http://"+p.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		set(req)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+made.Secret) }
	if code, text := ask("/api/v1/me", bearer); code != http.StatusOK || !strings.Contains(text, `"name":"alice"`) {
		t.Errorf("%d %s", code, text)
	}
	if code, text := ask("/api/v1/accounts", bearer); code != http.StatusForbidden {
		t.Errorf("a person asks for accounts: %d %s", code, text)
	}
	if code, text := ask("/dav/calendars/alice/calendar/", func(r *http.Request) { r.SetBasicAuth("alice", made.Secret) }); code != http.StatusUnauthorized {
		t.Errorf("DAV: %d %s", code, text)
	}
}
