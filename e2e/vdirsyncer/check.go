package vdirsyncer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmbridge/e2e/plain"
)

// Check runs everything that vdirsyncer does against a server: discovery, both directions of making, changing and
// deleting, conflicts under each policy, names and colours, and making a calendar.
func Check(t *testing.T, target plain.Target) {
	s := &script{Home: New(t, target.Account), target: target, cal: Name(target.Calendar), book: Name(target.Book)}
	target.Put(t, target.Calendar+"theirs.ics", plain.Event("theirs", "Their event"))
	target.Put(t, target.Book+"theirs.vcf", plain.Card("theirs", "Their Card", "theirs@example.org"))
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"discover", s.discover},
		{"read", s.read},
		{"nothing to do", s.idle},
		{"create", s.create},
		{"edit", s.edit},
		{"server edits", s.serverEdits},
		{"conflict is reported", s.conflictReported},
		{"conflict, client wins", s.conflictClient},
		{"conflict, server wins", s.conflictServer},
		{"delete", s.delete},
		{"server deletes", s.serverDeletes},
		{"name and colour", s.metadata},
		{"many items", s.many},
		{"make a calendar", s.makeCalendar},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatal("the steps that follow build on this one")
		}
	}
}

// script is one run of Check; its methods stand in the order of their run.
type script struct {
	*Home
	target    plain.Target
	cal, book string
}

func (s *script) discover(t *testing.T) {
	if err := s.Discover(t); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.Dir(Calendars, s.cal), s.Dir(Books, s.book)} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("not found: %v", err)
		}
	}
}

func (s *script) read(t *testing.T) {
	s.MustSync(t)
	s.here(t, Calendars, "SUMMARY:Their event")
	s.here(t, Books, "FN:Their Card")
}

func (s *script) idle(t *testing.T) {
	before := s.target.Members(t, s.target.Calendar)
	s.MustSync(t)
	after := s.target.Members(t, s.target.Calendar)
	if len(before) != len(after) || before[0] != after[0] {
		t.Errorf("a sync with nothing to do turned %v into %v", before, after)
	}
}

func (s *script) create(t *testing.T) {
	s.Write(t, Calendars, s.cal, "mine", plain.Event("mine", "My event", "LOCATION:Straße 1\\, Ωραία 日本"))
	s.Write(t, Calendars, s.cal, "task", plain.Task("mine-task", "My task"))
	s.Write(t, Books, s.book, "mine", plain.Card("mine", "My Card", "mine@example.org", "X-SPOUSE:Sam"))
	s.MustSync(t)
	s.there(t, Calendars, "SUMMARY:My event", "LOCATION:Straße 1\\, Ωραία 日本")
	s.there(t, Calendars, "SUMMARY:My task", "BEGIN:VTODO")
	s.there(t, Books, "FN:My Card", "X-SPOUSE:Sam")
}

func (s *script) edit(t *testing.T) {
	s.Replace(t, Calendars, s.cal, "My event", "My edited event")
	s.Replace(t, Calendars, s.cal, "STATUS:NEEDS-ACTION", "STATUS:COMPLETED")
	s.Replace(t, Books, s.book, "My Card", "My Edited")
	s.MustSync(t)
	s.there(t, Calendars, "My edited event", "LOCATION:Straße 1")
	s.there(t, Calendars, "SUMMARY:My task", "STATUS:COMPLETED")
	s.there(t, Books, "FN:My Edited", "X-SPOUSE:Sam")
}

func (s *script) serverEdits(t *testing.T) {
	s.target.Edit(t, s.target.Calendar, "Their event", "Their edited event")
	s.target.Edit(t, s.target.Book, "Their Card", "Their Edited")
	s.MustSync(t)
	s.here(t, Calendars, "Their edited event")
	s.here(t, Books, "Their Edited")
}

// diverge gives the item that says old on both sides a different text on each.
func (s *script) diverge(t *testing.T, old, client, server string) {
	t.Helper()
	s.target.Edit(t, s.target.Calendar, old, server)
	s.Replace(t, Calendars, s.cal, old, client)
}

func (s *script) conflictReported(t *testing.T) {
	s.Write(t, Calendars, s.cal, "fought", plain.Event("fought", "Fought over"))
	s.MustSync(t)
	s.diverge(t, "Fought over", "Client's first", "Server's first")
	err := s.Sync(t, Report)
	if err == nil {
		t.Fatal("the conflict went unnoticed")
	}
	if !strings.Contains(err.Error(), "conflict") {
		t.Errorf("another error than the conflict: %v", err)
	}
	s.here(t, Calendars, "Client's first")
	s.there(t, Calendars, "Server's first")
}

func (s *script) conflictClient(t *testing.T) {
	if err := s.Sync(t, ClientWins); err != nil {
		t.Fatal(err)
	}
	s.there(t, Calendars, "Client's first")
	if text := s.target.Text(t, s.target.Calendar, "Server's first"); text != "" {
		t.Errorf("the server's copy is still there: %s", text)
	}
}

func (s *script) conflictServer(t *testing.T) {
	s.diverge(t, "Client's first", "Client's second", "Server's second")
	if err := s.Sync(t, ServerWins); err != nil {
		t.Fatal(err)
	}
	s.here(t, Calendars, "Server's second")
	s.there(t, Calendars, "Server's second")
}

func (s *script) delete(t *testing.T) {
	s.Remove(t, Calendars, s.cal, "My edited event")
	s.Remove(t, Books, s.book, "My Edited")
	s.MustSync(t)
	for collection, text := range map[string]string{s.target.Calendar: "My edited event", s.target.Book: "My Edited"} {
		if left := s.target.Text(t, collection, text); left != "" {
			t.Errorf("still on the server: %s", left)
		}
	}
}

func (s *script) serverDeletes(t *testing.T) {
	for collection, text := range map[string]string{s.target.Calendar: "Their edited event", s.target.Book: "Their Edited"} {
		m, _, found := s.target.Find(t, collection, text)
		if !found {
			t.Fatalf("%q is not on the server", text)
		}
		s.target.Remove(t, m.URL)
	}
	// A folder that is suddenly empty is refused by vdirsyncer; one card has to stay.
	s.target.Put(t, s.target.Book+"stays.vcf", plain.Card("stays", "Stays Here", "stays@example.org"))
	s.MustSync(t)
	if file, _ := s.Find(t, Calendars, s.cal, "Their edited event"); file != "" {
		t.Errorf("still here: %s", file)
	}
	if file, _ := s.Find(t, Books, s.book, "Their Edited"); file != "" {
		t.Errorf("still here: %s", file)
	}
}

func (s *script) metadata(t *testing.T) {
	if err := s.Metasync(t); err != nil {
		t.Fatal(err)
	}
	if got := s.note(t, s.cal, "displayname"); got != "Work" {
		t.Errorf("name %q", got)
	}
	if got := s.note(t, s.cal, "color"); !s.target.Peculiar.NoColour && !strings.EqualFold(got, "#3377AAFF") && !strings.EqualFold(got, "#3377AA") {
		t.Errorf("colour %q", got)
	}
	s.setNote(t, s.cal, "displayname", "Renamed")
	if err := s.Metasync(t); err != nil {
		t.Fatal(err)
	}
	other := New(t, s.target.Account)
	if err := other.Discover(t); err != nil {
		t.Fatal(err)
	}
	if err := other.Metasync(t); err != nil {
		t.Fatal(err)
	}
	if got := other.note(t, s.cal, "displayname"); got != "Renamed" {
		t.Errorf("another client sees the name %q", got)
	}
}

func (s *script) many(t *testing.T) {
	const n = 120
	for i := range n {
		uid := "many-" + strings.Repeat("i", i+1)
		s.Write(t, Calendars, s.cal, uid, plain.Event(uid, "One of many"))
	}
	before := len(s.target.Members(t, s.target.Calendar))
	other := New(t, s.target.Account)
	s.MustSync(t)
	if err := other.Discover(t); err != nil {
		t.Fatal(err)
	}
	other.MustSync(t)
	if got := other.Count(t, Calendars, s.cal); got != before+n {
		t.Errorf("another client has %d items, want %d", got, before+n)
	}
	for s.Count(t, Calendars, s.cal) > before {
		s.Remove(t, Calendars, s.cal, "One of many")
	}
	s.MustSync(t)
	if got := len(s.target.Members(t, s.target.Calendar)); got != before {
		t.Errorf("%d items on the server after deletion, want %d", got, before)
	}
}

func (s *script) makeCalendar(t *testing.T) {
	const name = "made-by-vdirsyncer"
	s.Write(t, Calendars, name, "first", plain.Event("first-of-new", "In a new calendar"))
	s.setNote(t, name, "color", "#ff8800")
	if err := s.Discover(t, name); err != nil {
		t.Fatal(err)
	}
	if err := s.Metasync(t, name); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(t, Report, name); err != nil {
		t.Fatal(err)
	}
	made := strings.TrimSuffix(s.target.Calendar, s.cal+"/") + name + "/"
	if s.target.Text(t, made, "SUMMARY:In a new calendar") == "" {
		t.Error("the event is not in the new calendar")
	}
	s.target.Remove(t, made)
}

// here and there look for an item that holds every text.
func (s *script) here(t *testing.T, kind Kind, texts ...string) {
	t.Helper()
	_, item := s.Find(t, kind, s.name(kind), texts[0])
	holds(t, "here", item, texts)
}

func (s *script) there(t *testing.T, kind Kind, texts ...string) {
	t.Helper()
	collection := s.target.Calendar
	if kind == Books {
		collection = s.target.Book
	}
	holds(t, "on the server", s.target.Text(t, collection, texts[0]), texts)
}

func holds(t *testing.T, where, item string, texts []string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(item, text) {
			t.Errorf("%s: %q not in %q", where, text, item)
		}
	}
}

func (s *script) name(kind Kind) string {
	if kind == Books {
		return s.book
	}
	return s.cal
}

// note reads a file that vdirsyncer keeps beside the items for a collection's property; "" when there is none.
func (h *Home) note(t *testing.T, collection, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.Dir(Calendars, collection), name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func (h *Home) setNote(t *testing.T, collection, name, value string) {
	t.Helper()
	h.store(t, filepath.Join(h.Dir(Calendars, collection), name), value)
}
