package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/review"
)

// leaves are all commands that do something.
func leaves(c *cobra.Command) []*cobra.Command {
	if len(c.Commands()) == 0 {
		return []*cobra.Command{c}
	}
	var all []*cobra.Command
	for _, sub := range c.Commands() {
		all = append(all, leaves(sub)...)
	}
	return all
}

// Every list is printed as CSV, too, by the one encoder that keeps formulas out; a command that prints no
// list refuses before it does anything.
func TestRowX19ListsAsCSV(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	p.must("", "token", "add", "--user", "alice", "--name", "=HYPERLINK(\"http://x.example.org\")")
	p.must("", "feed", "add", "--user", "alice", "--name", "work")
	p.must("", "sync", "run", "crm")
	arguments := map[string][]string{"item list": {"--link", "crm"}, "sync show": {"(newest)"}, "conflict show": nil, "link test": nil}
	for _, c := range leaves(rootCommand(streams{}, nil)) {
		path := strings.TrimPrefix(c.CommandPath(), "bridge ")
		words := strings.Fields(path)
		extra, special := arguments[path]
		if !lister(c) {
			if path == "serve" || path == "demo" {
				continue // a format that is ignored for once would never end
			}
			if out, code := p.cmd("", append(words, "--csv", "--help")...); code != 0 || !strings.Contains(out, "--csv") {
				t.Errorf("%s --help: %s", path, out)
			}
			continue
		}
		if special && extra == nil || !special && c.Args != nil && c.Args(c, nil) != nil {
			continue // they need more than this place has, and print by the same function
		}
		if path == "sync show" {
			extra = []string{fmtID(list[review.Run](p, "sync", "history")[0].ID)}
		}
		out, _ := p.cmd("", append(append(words, extra...), "--csv")...)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) == 0 || strings.Count(out, "\n") != strings.Count(out, "\r\n") {
			t.Errorf("bridge %s --csv: %v\n%s", path, err, out)
			continue
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexAny(cell, "=+-@") == 0 {
					t.Errorf("bridge %s --csv: a formula: %q", path, cell)
				}
			}
		}
	}
	if out := p.must("", "token", "list", "--csv"); !strings.Contains(out, `"'=HYPERLINK(""http://x.example.org"")"`) {
		t.Errorf("%s", out)
	}
	for _, args := range [][]string{{"migrate", "--csv"}, {"token", "revoke", "1", "--csv"}, {"link", "list", "--csv", "--json"}} {
		if out, code := p.cmd("", args...); code == 0 || !strings.Contains(out, "--csv") {
			t.Errorf("bridge %v: %s", args, out)
		}
	}
	if tokens := list[manage.Device](p, "token", "list"); tokens[0].Revoked != nil {
		t.Error("a refused command revoked")
	}
}
