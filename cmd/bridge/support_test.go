package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

// bundle makes a bundle and returns its files by name.
func (p *place) bundle(name string, flags ...string) map[string]string {
	p.t.Helper()
	made, code := jsonOf[supportShown](p, append([]string{"support", p.path(name)}, flags...)...)
	if code != 0 || made.Sent || made.Bytes == 0 {
		p.t.Fatalf("%d %+v", code, made)
	}
	z, err := zip.OpenReader(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			p.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			p.t.Fatal(err)
		}
		files[f.Name] = string(b)
		if f.Comment != "" || f.Name != "README.txt" && !slices.Contains(made.Files, f.Name) {
			p.t.Errorf("%q %q is not among %v", f.Name, f.Comment, made.Files)
		}
	}
	if len(files) != len(made.Files)+1 {
		p.t.Errorf("%d files, told are %v", len(files), made.Files)
	}
	return files
}

// marked stands in everything that a person or another system named or wrote.
const marked = "hunter2"

// programWords are the columns that hold only words of the program itself, or what the test
// needs to stay as it is; all other texts of all tables are marked.
var programWords = map[string]string{
	"collections": "home components", "objects": "component", "links": "side driver settings rules", "pairs": "error_kind", "runs": "trigger outcome kind",
	"steps": "side action outcome kind", "feeds": "detail", "duplicates": "state", "conflicts": "cause resolution", "derived": "what", "identities": "driver",
}

// mark puts a mark into all texts of all tables, and returns the columns that have one now.
func mark(tx *store.Tx) (done []string, err error) {
	tables, err := tx.CountRows()
	if err != nil {
		return nil, err
	}
	for table := range tables {
		rows, err := tx.SQL().QueryContext(tx.Context(), `SELECT name, lower(type) FROM pragma_table_info(?)`, table)
		if err != nil {
			return nil, err
		}
		var columns []string
		for rows.Next() {
			var name, kind string
			if err := rows.Scan(&name, &kind); err != nil {
				return nil, err
			}
			if (kind == "text" || kind == "blob") && !slices.Contains(strings.Fields(programWords[table]), name) {
				columns = append(columns, name)
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		for _, c := range columns {
			res, err := tx.SQL().ExecContext(tx.Context(), fmt.Sprintf(`UPDATE "%s" SET "%s" = '%s-' || rowid`, table, c, marked))
			if err != nil {
				continue // an expression column, or a check: what is needed is counted by the caller
			}
			if n, err := res.RowsAffected(); err == nil && n > 0 {
				done = append(done, table+"."+c)
			}
		}
	}
	return done, nil
}

// everything has rows in the tables that hold what people wrote.
func (p *place) everything() {
	p.t.Helper()
	const rules = `{"groups":["hunter2 group"],"types":["hunter2 type"],"defaultType":"hunter2 default","typeNames":["hunter2 name"],"filter":{"or":[{"field":"company","op":"is","value":"hunter2 Ltd"},
		{"not":{"field":"title","op":"contains","value":"hunter2 word"}}]},"out":{"create":["hunter2 made"],"private":"mask"}}`
	err := p.inStore(func(tx *store.Tx) error {
		u, err := tx.UserByName("hunter2")
		if err != nil {
			return err
		}
		c, err := tx.CollectionBySlug(u.ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		ls, err := tx.Links(u.ID)
		if err != nil || len(ls) != 1 {
			return fmt.Errorf("%d links: %w", len(ls), err)
		}
		l := ls[0]
		l.Rules, l.Held, l.LastError = []byte(rules), "hunter2 asks", "hunter2 said no"
		if err := tx.UpdateLink(l, "Rules", "Held", "LastError"); err != nil {
			return err
		}
		var ids []store.ObjectID
		for _, uid := range []string{"hunter2-a", "hunter2-b"} {
			o, err := tx.PutObject(store.Put{Collection: c.ID, Name: uid + ".ics", UID: uid, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(meeting(uid, "hunter2")), By: "dav:hunter2"})
			if err != nil {
				return err
			}
			ids = append(ids, o.Object.ID)
		}
		p := store.Pair{LinkID: l.ID, ObjectID: ids[0], UID: "hunter2-a", RemoteID: "hunter2", Error: "hunter2 is busy", ErrorKind: "refused"}
		if err := tx.SavePair(&p); err != nil {
			return err
		}
		if _, err := tx.AddConflict(store.Conflict{UserID: u.ID, CollectionID: c.ID, ObjectID: ids[0], Name: "hunter2", UID: "hunter2-a", Kind: pim.KindEvent, Cause: store.CauseBlind,
			Mine: []byte(meeting("hunter2-a", "hunter2")), Device: "hunter2's phone", CreatedAt: tx.Now()}); err != nil {
			return err
		}
		if _, err := tx.SuggestDuplicates(c.ID, []store.Duplicate{{UserID: u.ID, CollectionID: c.ID, FirstID: ids[0], SecondID: ids[1], Kind: pim.KindEvent, Reasons: "hunter2", State: store.DuplicateOpen, FoundAt: tx.Now()}}); err != nil {
			return err
		}
		if err := tx.SetProperty(store.Property{Owner: "c:1", Space: "hunter2", Local: "hunter2", XML: []byte("<a>hunter2</a>")}); err != nil {
			return err
		}
		r, err := tx.StartRun(store.Run{LinkID: l.ID, Trigger: "manual"})
		if err != nil {
			return err
		}
		r.Outcome, r.Error, r.Kind, r.Trace, r.Counts = "partial", "hunter2 said no", "refused", "hunter2", `{"read":41,"failed":1}`
		return tx.FinishRun(r, []store.Step{{PairID: p.ID, UID: "hunter2-a", Title: "hunter2", Side: "remote", Action: "update", Outcome: "failed", Error: "hunter2 said no", Kind: "refused",
			Trace: "hunter2", Fields: "title", Undo: []byte("hunter2")}})
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// Row B16 S10: a bundle tells what a bug report needs, and nothing of contents, people, places
// and secrets, whatever is in the database and the configuration.
func TestRowB16S10SupportBundle(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	conf, err := os.ReadFile(p.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("config.yaml", strings.Replace(string(conf), "server:\n", "server:\n  public_url: https://hunter2.example.org\n  trusted_proxies: [203.0.113.77]\n", 1)+
		"secret: {key_file: hunter2.key}\ndatabase: {url: hunter2.db, keep_runs: 33d}\n")
	p.must("hunter2 secret\n", "user", "add", "--name", "hunter2", "--email", "hunter2@example.org", "--password-stdin", "--allow-weak-password")
	p.must("", "token", "add", "--user", "hunter2", "--name", "hunter2's phone")
	p.must("", "feed", "add", "--user", "hunter2")
	_, srv := newCreatio(t)
	pw := p.write("crm-password", "crm secret\n")
	p.must("", "link", "add", "--user", "hunter2", "--driver", "creatio", "--set", "url="+srv.URL, "--set", "username=owner", "--set-file", "password="+pw,
		"--set", "proxy=direct", "--collection", "calendar", "--name", "hunter2 link")
	p.everything()

	files := p.bundle("named.zip")
	p.withoutNames(files, srv.URL)
	for name, wants := range map[string][]string{
		"version.json":  {`"version": "dev"`, `"system"`},
		"settings.json": {`"value": "33d"`, `"value": "…"`},
		"doctor.json":   {`"link 1: login"`, `"ok": true`, `"link 1: last run"`},
		"database.json": {`"kind": "sqlite"`, `"conflicts": 1`, `"pairs": 1`, `"objects": 2`, `"tokens": 1`},
		"links.json":    {`"driver": "creatio"`, `"home": "calendars"`, `"refused": 1`, `"password": "…"`, `"field": "company"`, `"private": "mask"`, `"held": true`},
		"runs.json":     {`"trigger": "manual"`, `"outcome": "partial"`, `"kind": "refused"`, `"read": 41`, `"update remote failed: refused": 1`},
		"process.json":  {`"goroutines"`, `"heapBytes"`},
		"README.txt":    {"links.json", "left out"},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s: no %s in\n%s", name, want, files[name])
			}
		}
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(files[name])) {
			t.Errorf("%s is no JSON", name)
		}
	}

	var done []string
	if err := p.inStore(func(tx *store.Tx) (err error) { done, err = mark(tx); return err }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"users.name", "users.email", "users.display_name", "users.zone", "tokens.name", "tokens.last_agent", "collections.slug", "collections.display_name", "objects.name",
		"objects.uid", "objects.origin", "versions.text", "versions.changed_by", "properties.xml", "links.name", "links.remote", "links.cursor", "links.held", "links.last_error", "links.lease_owner",
		"pairs.error", "pairs.remote_id", "pairs.url", "pairs.local_item", "conflicts.mine", "conflicts.device", "conflicts.fields", "duplicates.reasons", "feeds.name", "runs.error", "runs.trace",
		"runs.counts", "steps.title", "steps.error", "steps.fields", "steps.undo"} {
		if !slices.Contains(done, want) {
			t.Errorf("%s is not marked: %v", want, done)
		}
	}
	files = p.bundle("marked.zip", "--offline")
	p.withoutNames(files, srv.URL)
	if !strings.Contains(files["runs.json"], `"update remote failed: refused": 1`) || !strings.Contains(files["links.json"], `"refused": 1`) {
		t.Errorf("%v", files)
	}
}

// withoutNames looks through a bundle for what must not be in it.
func (p *place) withoutNames(files map[string]string, crm string) {
	p.t.Helper()
	_, crm, _ = strings.Cut(crm, "://")
	for name, text := range files {
		for _, s := range []string{marked, "crm secret", crm, "Olga", "olga", ": \"owner\"", "203.0.113", "example.org", p.addr, p.dir, "said no"} {
			if strings.Contains(text, s) || strings.Contains(name, s) {
				p.t.Errorf("%s tells %q:\n%s", name, s, text)
			}
		}
	}
}

// A bundle is made where the bridge does not work, too: then it is needed most.
func TestSupportOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ config, want string }{
		"wrong settings": {"server: {listen: hunter2}\n", "configuration"},
		"no file":        {"database: {url: 'postgres://hunter2:hunter2@127.0.0.1:1/hunter2'}\n", "database"},
		"no YAML":        {"hunter2: [\n", "configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{t: t, dir: t.TempDir(), addr: "127.0.0.1:1"}
			p.write("config.yaml", c.config)
			files := p.bundle("b.zip")
			p.withoutNames(files, "http://none.example.org")
			if !strings.Contains(files["doctor.json"], `"`+c.want+`"`) || !strings.Contains(files["missing.json"], `"ok": false`) || files["version.json"] == "" {
				t.Errorf("%v", files)
			}
		})
	}
}

func TestSupportReplacesNothingAndSaysThatItWasNotSent(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	file := p.path("b.zip")
	if out := p.must("", "support", file); !strings.Contains(out, "sent nowhere") || !strings.Contains(out, "runs.json: ") {
		t.Errorf("%s", out)
	}
	before, err := os.Stat(file)
	if err != nil || before.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", before, err)
	}
	if out, code := p.cmd("", "support", file); code == 0 || !strings.Contains(out, "replaces nothing") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := p.cmd("", "support", p.path("none/b.zip")); code == 0 || out == "" {
		t.Errorf("%d %s", code, out)
	}
	if left, err := os.ReadDir(p.dir); err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".bridge-") }) {
		t.Errorf("%v %v", left, err)
	}
}
