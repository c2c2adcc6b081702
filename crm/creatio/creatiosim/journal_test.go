package creatiosim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openIn(t *testing.T, dir string) *Sim {
	t.Helper()
	s, err := New(Options{Now: newClock().Now, Dir: dir, Users: testUsers(), Seed: Seed{Rows: []SeedRow{
		{"Account", Fields{"Name": "Seeded"}}}}})
	must(t, err)
	return s
}

// dump shows every row, for comparing two databases.
func dump(s *Sim) map[string]string {
	out := map[string]string{}
	for _, e := range s.db.schema.list {
		for _, r := range s.Records(e.name) {
			f := r.Fields()
			for _, c := range e.cols {
				if c.kind == kindStream {
					f[c.name] = r.Bytes(c.name)
				}
			}
			out[e.name+r.ID] = fmt.Sprint(f)
		}
	}
	return out
}

func sameDump(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %s\n got %s\nwant %s", what, k, got[k], v)
		}
	}
}

func TestDataSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	id, err := s.Add("Contact", Fields{"Name": "Ada", "Email": "ada@example.org", "BirthDate": time.Date(1950, 2, 3, 0, 0, 0, 0, time.UTC),
		"DoNotUseCall": true, "Age": 76})
	must(t, err)
	image, err := s.Add("SysImage", Fields{"Name": "x", "Data": []byte{0, 1, 255}})
	must(t, err)
	must(t, s.Edit("Contact", id, Fields{"PhotoId": image, "Email": "new@example.org"}))
	act, err := s.Add("Activity", Fields{"Title": "Gone", "ActivityCategory": "Meeting"})
	must(t, err)
	must(t, s.Remove("Activity", act))
	if err := s.Edit("Contact", id, Fields{"Name": strings.Repeat("x", 300)}); err == nil {
		t.Error("an overlong name was taken")
	}
	want := dump(s)
	if _, err := New(Options{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("second server on the folder: %v", err)
	}
	must(t, s.Close())
	if _, err := s.Add("City", Fields{"Name": "x"}); !errors.Is(err, errClosed) {
		t.Errorf("write after Close: %v", err)
	}
	must(t, s.Close())

	again := openIn(t, dir)
	sameDump(t, "reopened", dump(again), want)
	if n := len(again.Find("Account", "Seeded")); n != 1 {
		t.Errorf("the seed was planted %d times", n)
	}
	must(t, again.Close())
}

func TestImportIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	rows := make([]Fields, 2500)
	for i := range rows {
		rows[i] = Fields{"Name": fmt.Sprintf("C%d", i)}
	}
	must(t, s.Import("Contact", rows))
	must(t, s.Clear("City"))
	want := dump(s)
	must(t, s.Close())
	if err := s.Import("Contact", rows[:1]); !errors.Is(err, errClosed) {
		t.Errorf("import after Close: %v", err)
	}
	s = openIn(t, dir)
	sameDump(t, "reopened", dump(s), want)
	must(t, s.Close())
}

// A crash may cut the last line; it was never answered. Anything else that is broken must not be passed over.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	want := dump(s)
	_, err := s.Add("City", Fields{"Name": "Last"})
	must(t, err)
	must(t, s.Close())
	path := filepath.Join(dir, journalName)
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, text[:len(text)-5], 0o600))
	s = openIn(t, dir)
	sameDump(t, "cut in the last line", dump(s), want)
	_, err = s.Add("City", Fields{"Name": "After"})
	must(t, err)
	must(t, s.Close())
	s = openIn(t, dir)
	if len(s.Find("City", "After")) != 1 || len(s.Find("City", "Last")) != 0 {
		t.Error("the write after the repair is not there")
	}
	must(t, s.Close())
	for _, broken := range []string{"{\n", `{"ops":[{"e":"Nothing","id":"x"}]}` + "\n",
		`{"ops":[{"e":"City","id":"00000000-0000-4000-8000-000000000001","v":{"CreatedOn":"x"}}]}` + "\n",
		`{"ops":[{"e":"City","id":"00000000-0000-4000-8000-000000000001","v":{"CreatedById":"x"}}]}` + "\n"} {
		must(t, os.WriteFile(path, append([]byte(broken), text...), 0o600))
		if _, err := New(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func TestJournalIsCompacted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	id, err := s.Add("City", Fields{"Name": "x"})
	must(t, err)
	for i := range 2 * compactOver {
		must(t, s.Edit("City", id, Fields{"Description": fmt.Sprint(i)}))
	}
	want := dump(s)
	must(t, s.Close())
	path := filepath.Join(dir, journalName)
	before, err := os.Stat(path)
	must(t, err)
	s = openIn(t, dir)
	after, err := os.Stat(path)
	must(t, err)
	if after.Size() >= before.Size()/2 {
		t.Errorf("journal went from %d to %d bytes", before.Size(), after.Size())
	}
	sameDump(t, "compacted", dump(s), want)
	must(t, s.Edit("City", id, Fields{"Description": "after"}))
	if _, err := New(Options{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("the compacted file is not locked: %v", err)
	}
	must(t, s.Close())
	s = openIn(t, dir)
	if r, _ := s.Record("City", id); r.Text("Description") != "after" {
		t.Errorf("after compaction: %q", r.Text("Description"))
	}
	must(t, s.Close())
}

// A journal that cannot be written refuses the write and leaves the data as it was.
func TestJournalFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Dir = t.TempDir() })
	must(t, r.sim.db.journal.f.Close())
	res := r.c.do("POST", "City", map[string]string{"Name": "x"})
	if res.status != 500 || len(r.sim.Find("City", "x")) != 0 {
		t.Errorf("%d %s", res.status, res.text())
	}
	res = r.c.do("POST", "$batch", `{"requests":[{"id":"1","atomicityGroup":"g","method":"POST","url":"City","body":{"Name":"x"}}]}`)
	if !strings.Contains(res.text(), `"status":500`) || len(r.sim.Find("City", "x")) != 0 {
		t.Errorf("batch: %s", res.text())
	}
	r.sim.db.journal = nil // for Close in the cleanup
	if _, err := New(Options{Dir: "/dev/null/x"}); err == nil {
		t.Error("a folder that cannot be was taken")
	}
}
