package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func TestOneDocumentEach(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	addMeeting(t, sim, "brought")
	record := sim.Find("Activity", "brought")[0].ID
	p.link(srv)
	s := p.serve()
	for _, title := range []string{"one", "two"} { // the second is refused and becomes a report
		p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", title), map[string]string{"If-Match": map[string]string{"one": "*", "two": `"old"`}[title]})
		p.request("PUT", "/dav/calendars/alice/calendar/a.ics", meeting("uid-a", "one"), map[string]string{"If-None-Match": "*"})
	}
	s.stop()
	p.must("", "sync", "run", "crm") // the server may have been stopped before its run
	type doc = map[string]any
	version := strconv.FormatInt(int64(list[manage.History](p, "item", "history", "uid-a")[0].Events[0].Version), 10)
	changing := changingCommands()
	delete(changing, "item approve") // TestItemsAndRules has deletions that wait
	delete(changing, "item reject")
	delete(changing, "sign-in add") // TestAPersonSignsIn has a person
	delete(changing, "sign-in remove")
	delete(changing, "user untie")   // TestUserUntie has somebody who is tied
	delete(changing, "sync undo")    // TestSyncUndo has a run that wrote something
	delete(changing, "error ignore") // TestRowB13X5Errors has one that fails
	for _, c := range []string{"find", "merge", "ignore", "undo"} {
		delete(changing, "duplicate "+c) // TestRowB14FromTheCommandLine has some
	}
	for _, c := range []struct {
		keys string
		args []string
	}{
		{"schema wanted consistent", []string{"migrate"}},
		{"collections", []string{"restored"}},
		{"version go", []string{"version"}},
		{"id name hint secret", []string{"token", "add", "--user", "alice", "--name", "phone"}},
		{"id name hint secret api", []string{"token", "add", "--user", "alice", "--name", "report", "--api"}},
		{"id revoked", []string{"token", "revoke", "1"}},
		{"id revoked", []string{"token", "revoke", "1"}},
		{"resealed keyFile", []string{"secret", "rotate"}},
		{"ids resolution", []string{"conflict", "resolve", "--all", "--take", "mine"}},
		{"ids resolution", []string{"conflict", "resolve", "--all", "--take", "mine"}},
		{"name disabled", []string{"user", "disable", "--name", "alice"}},
		{"name disabled", []string{"user", "disable", "--name", "alice", "--undo"}},
		{"name admin", []string{"user", "admin", "--name", "alice"}},
		{"name admin", []string{"user", "admin", "--name", "alice", "--undo"}},
		{"ids left", []string{"conflict", "undo", "1"}},
		{"link running stopped", []string{"sync", "stop", "crm"}},
		{"id name paused", []string{"link", "pause", "crm"}},
		{"id name paused", []string{"link", "resume", "crm"}},
		{"id name until", []string{"link", "allow-many", "crm"}},
		{"link brings exact looked inScope total sample", []string{"link", "count", "crm"}},
		{"id rules words touches", []string{"link", "rules", "crm", "--change", `{"policy":"crm"}`}},
		{"link uid done", []string{"item", "unlink", "uid-a", "--link", "crm"}},
		{"link uid done", []string{"item", "link", "uid-a", "--link", "crm"}},
		{"link uid done", []string{"item", "relink", "uid-a", "--link", "crm"}},
		{"link record uid", []string{"item", "bring", record, "--link", "crm"}},
		{"collection uid version unchanged anew", []string{"item", "restore", "uid-a", "--version", version}},
		{"link uid title version roles", []string{"item", "relate", "uid-a", "--link", "crm"}},
		{"link uid done", []string{"item", "retry", "uid-a", "--link", "crm"}},
		{"link uid done", []string{"error", "retry", "uid-a", "--link", "crm"}},
		{"id name removed", []string{"link", "remove", "crm", "--force"}},
		{"id name remote kinds checks", append(creatioFlags(p, srv), "--collection", "calendar")},
		{"id name removed", []string{"link", "remove", "2"}},
		{"id name hint detail address webcal", []string{"feed", "add", "--user", "alice"}},
		{"id hint address webcal", []string{"feed", "rotate", "1"}},
		{"id hint revoked", []string{"feed", "revoke", "1"}},
		{"id hint revoked", []string{"feed", "revoke", "1"}},
		{"user collection calendar events", []string{"birthdays", "on", "--user", "alice"}},
		{"user collection events", []string{"birthdays", "off", "--user", "alice"}},
		{"name admin disabled created", []string{"user", "add", "--name", "bob", "--password-stdin", "--allow-weak-password"}},
		{"name on recoveryCodes", []string{"user", "totp", "alice"}},
		{"name admin disabled created", []string{"user", "passwd", "--name", "bob", "--password-stdin", "--allow-weak-password"}},
	} {
		if len(c.args) > 1 {
			delete(changing, c.args[0]+" "+c.args[1])
		}
		d, code := jsonOf[doc](p, c.args...)
		if slices.Contains(c.args, "allow-many") { // nobody serves, so that the run waits
			if jobs := list[manage.Job](p, "sync", "jobs"); len(jobs) != 1 || jobs[0].State != manage.JobQueued || jobs[0].Link != "crm" {
				t.Errorf("a run that is queued is not told: %+v", jobs)
			}
		}
		for _, k := range strings.Fields(c.keys) {
			if v, there := d[k]; !there || v == nil {
				t.Errorf("bridge %s: %d, no %s in %v", strings.Join(c.args, " "), code, k, d)
			}
		}
	}
	if len(changing) > 0 {
		t.Errorf("not asked for JSON: %v", slices.Sorted(maps.Keys(changing)))
	}
	p.must("", "conflict", "resolve", "1", "--take", "mine")
	cs, _ := jsonOf[[]doc](p, "conflict", "list", "--all")
	if len(cs) == 0 || cs[0]["state"] != "mine" {
		t.Fatalf("%v", cs)
	}
	if _, isList := cs[0]["fields"].([]any); !isList {
		t.Errorf("fields is %v", cs[0]["fields"])
	}
	if runs, _ := jsonOf[[]doc](p, "sync", "run"); len(runs) != 0 {
		t.Errorf("%v", runs)
	}
}

// What people look through is narrowed by the same words everywhere.
func TestListsAreNarrowedAlike(t *testing.T) {
	t.Parallel()
	rows := "user link state text since until limit after"
	for path, flags := range map[string]string{
		"error list": rows + " kind", "hold list": rows + " kind", "conflict list": rows + " kind", "duplicate list": rows + " kind",
		"item list": rows + " kind", "sync history": rows, "sync show": "state text limit after",
	} {
		c, _, err := rootCommand(streams{}, nil).Find(strings.Fields(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(flags) {
			if c.Flags().Lookup(name) == nil {
				t.Errorf("bridge %s has no --%s", path, name)
			}
		}
		if !lister(c) {
			t.Errorf("bridge %s cannot be exported", path)
		}
	}
}

// changingCommands are the commands below another one that change something. A run is asked for above: it prints a list, one
// entry for each link.
func changingCommands() map[string]bool {
	all := map[string]bool{}
	for _, group := range rootCommand(streams{}, nil).Commands() {
		for _, c := range group.Commands() {
			switch c.Name() {
			case "list", "show", "status", "test", "drivers", "run", "explain", "history", "preview", "groups", "folders", "fields", "resend", "reread", "jobs":
			default:
				all[group.Name()+" "+c.Name()] = true
			}
		}
	}
	return all
}

// Nobody reads the database's words for a thing that is not there.
func TestNotFoundInPlainWords(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	for want, args := range map[string][]string{
		"bridge: there is no conflict 777\n":      {"conflict", "show", "777"},
		"bridge: there is no conflict 778\n":      {"conflict", "resolve", "778", "--take", "mine"},
		"bridge: there is no app password 9\n":    {"token", "revoke", "9"},
		"bridge: there is no link \"x\"\n":        {"sync", "status", "x"},
		"bridge: there is no link \"7\"\n":        {"link", "remove", "7"},
		"bridge: there is no account \"bob\"\n":   {"user", "disable", "--name", "bob"},
		"bridge: there is no driver \"siebel\"\n": {"link", "drivers", "siebel"},
	} {
		if out, code := p.cmd("", args...); code == 0 || out != want {
			t.Errorf("bridge %s: %q, want %q", strings.Join(args, " "), out, want)
		}
	}
	for _, args := range [][]string{{"link", "test", "1"}, {"sync", "run", "1"}, {"conflict", "list", "--user", "bob"}, {"link", "list", "--user", "bob"},
		{"token", "list", "--user", "bob"}, {"birthdays", "on", "--user", "alice", "--collection", "x"}, {"feed", "revoke", "7"}, {"feed", "add", "--user", "alice", "--collection", "x"}} {
		if out, code := p.cmd("", args...); code == 0 || strings.Contains(out, "sql") || strings.Contains(out, "record") || strings.Contains(out, "store:") {
			t.Errorf("bridge %s: %d %q", strings.Join(args, " "), code, out)
		}
	}
	p.must("", "token", "add", "--user", "alice", "--name", "phone")
	p.must("", "token", "revoke", "1")
	if out := p.must("", "token", "revoke", "1"); !strings.Contains(out, "was revoked already") {
		t.Errorf("%q", out)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	for want, err := range map[string]error{
		"plain":                 errors.New("plain"),
		"seen (disk full)":      &pim.Error{Op: "a", Kind: pim.ErrInternal, Public: "seen", Err: cause},
		"conflict 1: gone":      &pim.Error{Op: "a", Kind: pim.ErrNotFound, Public: "conflict 1: gone", Err: pim.Errorf("b", pim.ErrNotFound, "gone")},
		"outer (disk full)":     &pim.Error{Op: "a", Public: "outer", Err: fmt.Errorf("x: %w", pim.Wrap("b", pim.ErrInternal, cause))},
		pim.ErrNotFound.Error(): pim.Wrap("store: link", pim.ErrNotFound, errors.New("sql: no rows in result set")),
	} {
		if got := describe(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLogsTellNoErrorThatIsNone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{streams: streams{err: &out}}
	for _, format := range []string{"text", "json"} {
		log := p.logger(config.Config{LogLevel: "info", LogFormat: format})
		log.Info("run", "err", error(nil), "link", 1)
		if strings.Contains(out.String(), "err") || !strings.Contains(out.String(), "link") {
			t.Errorf("%s", out.String())
		}
		log.LogAttrs(t.Context(), slog.LevelWarn, "run", slog.Any("err", io.EOF))
		if !strings.Contains(out.String(), "EOF") {
			t.Errorf("%s", out.String())
		}
		out.Reset()
	}
}

// Two accounts with links of one name, an item that fails, and an outage.
func TestStatusSaysWhoseWhatAndWhen(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	p.must("secret\n", "user", "add", "--name", "bob", "--password-stdin", "--allow-weak-password")
	sim, srv := newCreatio(t)
	p.link(srv)
	if out := p.must("", "sync", "status"); strings.Contains(out, "USER") || !strings.Contains(out, "new") {
		t.Errorf("one account:\n%s", out)
	}
	p.must("", "link", "add", "--user", "bob", "--driver", "creatio", "--set", "url="+srv.URL, "--set", "username=owner",
		"--set-file", "password="+p.path("crm-password"), "--collection", "calendar", "--name", "crm")
	for _, args := range [][]string{{"sync", "status"}, {"sync", "run"}} {
		out := p.must("", args...)
		if !strings.Contains(out, "USER") || !regexp.MustCompile(`(?m)^1 +alice +crm `).MatchString(out) || !regexp.MustCompile(`(?m)^2 +bob +crm `).MatchString(out) {
			t.Errorf("two accounts: bridge %s\n%s", strings.Join(args, " "), out)
		}
	}
	if out, code := p.cmd("", "sync", "run", "crm"); code == 0 || !strings.Contains(out, `1 (alice's "crm"), 2 (bob's "crm"); give the number`) {
		t.Errorf("an ambiguous name: %s", out)
	}
	s := p.serve()
	nobody := strings.Replace(meeting("uid-s", "tok-nobody"), "END:VEVENT", "CATEGORIES:#NOBODY#\r\nEND:VEVENT", 1) // no company has this code
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/s.ics", nobody, nil); status != http.StatusCreated {
		t.Fatalf("PUT: %d %s", status, body)
	}
	s.stop()
	p.must("", "sync", "run", "1")
	out := p.must("", "sync", "status", "1")
	if !strings.Contains(out, "failing items") || !strings.Contains(out, "1 item fails") || !strings.Contains(out, "uid-s") {
		t.Errorf("an item that fails:\n%s", out)
	}
	if rows := list[manage.Status](p, "sync", "status"); rows[0].State != "failing items" || rows[1].State != "ok" || rows[0].Runs[0].User != "alice" || rows[0].Runs[0].LinkID != 1 {
		t.Errorf("%+v", rows)
	}
	if _, err := sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultUnavailable}); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	if out, code := p.cmd("", "sync", "run", "2"); code == 0 {
		t.Errorf("a run without a CRM: %s", out)
	}
	if out := p.must("", "sync", "status", "2"); !regexp.MustCompile("failing .*; next try in [0-9]+ s; `bridge sync run 2` tries now").MatchString(out) {
		t.Errorf("an outage:\n%s", out)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{39500 * time.Millisecond: "40 s", 119 * time.Second: "119 s", 5 * time.Minute: "5 min", 26 * time.Hour: "26 h"} {
		if got := span(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	now := time.Now()
	past := now.Add(-time.Second)
	l := manage.Link{ID: 4, LastError: "down", NextRun: &past}
	if got := reasonOf(l, now); got != "down; next try is due; `bridge sync run 4` tries now" {
		t.Error(got)
	}
	l = manage.Link{Held: "held", Failing: 2}
	if got := reasonOf(l, now); got != "held; 2 items fail" {
		t.Error(got)
	}
}

// What nobody knows any more is not called deleted.
func TestABaseThatIsNotKnown(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	err := p.inStore(func(tx *store.Tx) error {
		u, err := tx.UserByName("alice")
		if err != nil {
			return err
		}
		c, err := manage.CollectionNamed(tx, u, "calendar")
		if err != nil {
			return err
		}
		_, err = tx.AddConflict(store.Conflict{UserID: u.ID, CollectionID: c.ID, Name: "a.ics", UID: "uid-a", Kind: pim.KindEvent, Cause: store.CausePrecondition,
			Mine: []byte(meeting("uid-a", "mine")), CreatedAt: tx.Now()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d, _ := jsonOf[manage.ConflictDetail](p, "conflict", "show", "1")
	if len(d.Differences) == 0 || d.State != "open" || d.Fields == nil {
		t.Fatalf("%+v", d)
	}
	for _, f := range d.Differences {
		if f.Base != "(not known)" || f.Theirs != "(deleted)" {
			t.Errorf("%+v", f)
		}
	}
}

// Values too wide to stand beside one another stand below, whole, with their lines.
func TestAWideConflictIsShownBelow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{streams: streams{out: &out}}
	long := strings.Repeat("so long ", 20)
	if err := p.sayFields([]manage.Sides{{Field: pim.FieldNotes, Base: "one", Mine: "two\nlines", Theirs: long}}); err != nil {
		t.Fatal(err)
	}
	if want := "\nnotes\n  base    one\n  mine    two\n          lines\n  theirs  " + long + "\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	for _, f := range []manage.Sides{{Mine: "a\nb"}, {Theirs: long}} {
		if !wide(f) {
			t.Errorf("%+v fits", f)
		}
	}
	if wide(manage.Sides{Base: "one", Mine: "two", Theirs: "three"}) {
		t.Error("short values do not fit")
	}
}

// inStore writes to the place's database, as a server would.
func (p *place) inStore(do func(*store.Tx) error) error {
	var out bytes.Buffer
	prog := &program{streams: streams{in: strings.NewReader(""), out: &out, err: &out}, config: p.path("config.yaml")}
	return prog.withApp(p.t.Context(), func(ctx context.Context, a *app) error { return a.store.Update(ctx, do) })
}

// Whatever an item waits for, the list of items says it.
func TestEveryHoldHasWords(t *testing.T) {
	t.Parallel()
	for _, h := range rule.Holds() {
		if h.Says() == "" {
			t.Errorf("no words for %q", h)
		}
	}
}
