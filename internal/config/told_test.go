package config

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// What takes a name, an address or a path is marked as such, so that it is never told: a new row
// of the table cannot be forgotten.
func TestWhatIsToldNamesNothing(t *testing.T) {
	t.Parallel()
	for _, o := range table {
		for _, text := range []string{"Ann Sample", "ann", "ann@example.org", "crm.example.org", "crm.example.org:80", "https://crm.example.org",
			"10.1.2.3", "10.1.2.0/24", "/home/ann/x.db", "postgres://ann:hunter2@db/x"} {
			if !o.names && o.set(new(Config), text) == nil {
				t.Errorf("%s takes %q and is told", o.key, text)
			}
		}
	}
}

func TestTold(t *testing.T) {
	t.Parallel()
	got := map[string]Setting{}
	rows := Told(Source{Name: "c.yaml", ReadFile: os.ReadFile, Env: map[string]string{"BRIDGE_RELAY_WORKERS": "8"},
		File: []byte("database: {url: 'postgres://ann:hunter2@db/x', keep_runs: 30d}\nserver: {public_url: 'https://ann.example.org'}\nlog: {level: ann-secret}\nann: 1\n")})
	for _, r := range rows {
		got[r.Key] = r
	}
	for key, want := range map[string]Setting{
		"database.url":       {"database.url", "…", false},
		"database.keep_runs": {"database.keep_runs", "30d", false},
		"server.public_url":  {"server.public_url", "…", false},
		"server.listen":      {"server.listen", "127.0.0.1:8080", true},
		"log.level":          {"log.level", "…", false}, // wrong, so it may be anything
		"relay.workers":      {"relay.workers", "8", false},
	} {
		if got[key] != want {
			t.Errorf("%+v, want %+v", got[key], want)
		}
	}
	b, err := json.Marshal(rows)
	if err != nil || len(rows) != len(table) || strings.Contains(string(b), "ann") || strings.Contains(string(b), "hunter2") {
		t.Errorf("%v: %d settings: %s", err, len(rows), b)
	}
}
