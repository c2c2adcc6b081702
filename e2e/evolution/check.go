package evolution

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// Check runs what GNOME's programs do with calendars, task lists and address books, and what the server and another
// client do meanwhile.
func Check(t *testing.T, target plain.Target) {
	s := &script{target: target, session: Start(t, target.Account)}
	s.seed(t)
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"discover", s.discover},
		{"account", s.account},
		{"read", s.read},
		{"create", s.create},
		{"edit twice", s.edit},
		{"edit one occurrence", s.editOccurrence},
		{"server creates, edits, deletes", s.serverSide},
		{"conflict, client wins", func(t *testing.T) { s.conflict(t, KeepLocal, "Client's", false) }},
		{"conflict, server wins", func(t *testing.T) { s.conflict(t, KeepServer, "Server's", false) }},
		{"conflict is reported", func(t *testing.T) { s.conflict(t, Fail, "Server's", true) }},
		{"delete", s.remove},
		{"tasks", s.tasks},
		{"address book: read", s.readBook},
		{"address book: create", s.createCard},
		{"address book: edit", s.editCard},
		{"address book: server creates, edits, deletes", s.serverCards},
		{"address book: both edit", s.bothEditCard},
		{"address book: delete", s.removeCard},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatal("the steps that follow build on this one")
		}
	}
}

// script is one run of Check; its methods stand in the order of their run.
type script struct {
	target         plain.Target
	session        *Session
	calendar, book *Source
}

func (s *script) seed(t *testing.T) {
	t.Helper()
	for name, text := range map[string]string{
		"single": plain.Event("single", "Grüße 日本"),
		"series": plain.Event("series", "Weekly", "RRULE:FREQ=WEEKLY;COUNT=5"),
		"task":   plain.Task("task", "A task"),
	} {
		s.target.Put(t, s.target.Calendar+name+".ics", text)
	}
	s.target.Put(t, s.target.Book+"seed.vcf", plain.Card("seed", "Zoé Müller", "zoe@example.org", "X-SPOUSE:Sam"))
}

// inner is the event or task of a calendar object without its envelope.
func inner(text string) string {
	for _, name := range []string{"VEVENT", "VTODO"} {
		start, end := strings.Index(text, "BEGIN:"+name), strings.LastIndex(text, "END:"+name)
		if start >= 0 && end > start {
			return text[start:end] + "END:" + name + "\r\n"
		}
	}
	return text
}

func titled(title string) func(*Item) bool {
	return func(i *Item) bool { return i != nil && i.Title == title }
}

func absent(i *Item) bool { return i == nil }

// there waits until the server holds an item with every text.
func (s *script) there(t *testing.T, collection string, texts ...string) {
	t.Helper()
	testenv.Until(t, 30*time.Second, fmt.Sprintf("%q on the server", texts), func() error {
		item := s.target.Text(t, collection, texts[0])
		for _, text := range texts {
			if !strings.Contains(item, text) {
				return fmt.Errorf("%q is not in %q", text, item)
			}
		}
		return nil
	})
}

func (s *script) gone(t *testing.T, collection, text string) {
	t.Helper()
	testenv.Until(t, 30*time.Second, "the end of "+text, func() error {
		if item := s.target.Text(t, collection, text); item != "" {
			return fmt.Errorf("still on the server: %s", item)
		}
		return nil
	})
}

func (s *script) discover(t *testing.T) {
	for kind, want := range map[Kind]string{Events: s.target.Calendar, Tasks: s.target.Calendar, Contacts: s.target.Book} {
		found, addresses := s.session.Discover(t, kind, s.target.Base)
		at := slices.IndexFunc(found, func(f Found) bool { return f.URL == want })
		if at < 0 {
			t.Errorf("%s: %s is not among %+v", kind, want, found)
			continue
		}
		if name := map[Kind]string{Events: "Work", Tasks: "Work", Contacts: "Contacts"}[kind]; found[at].Name != name {
			t.Errorf("%s: found as %+v", kind, found[at])
		}
		t.Logf("%s: addresses %q", kind, addresses)
	}
}

func (s *script) account(t *testing.T) {
	children := s.session.Account(t, s.target.Base)
	for _, want := range []struct {
		url  string
		kind Kind
	}{{s.target.Calendar, Events}, {s.target.Calendar, Tasks}, {s.target.Book, Contacts}} {
		path := "/" + strings.TrimPrefix(want.url, s.target.Base)
		if !slices.ContainsFunc(children, func(c Child) bool { return c.Path == path && slices.Contains(c.Kinds, want.kind) }) {
			t.Errorf("%s for %s is not among %+v", path, want.kind, children)
		}
	}
}

func (s *script) read(t *testing.T) {
	s.calendar = s.session.Open(t, Events, s.target.Calendar)
	s.calendar.Await(t, "single", "the first sync", titled("Grüße 日本"))
	if s.calendar.ReadOnly {
		t.Error("read-only")
	}
	if i := s.calendar.Item(t, "series"); i == nil || !strings.Contains(i.Text, "RRULE") {
		t.Errorf("series %+v", i)
	}
}

func (s *script) create(t *testing.T) {
	s.calendar.Create(t, plain.Event("mine", "Made here"))
	s.there(t, s.target.Calendar, "SUMMARY:Made here", "UID:mine")
}

// edit changes an item again before any refresh: the second PUT needs the ETag that came of the first.
func (s *script) edit(t *testing.T) {
	for _, title := range []string{"First edit", "Second edit"} {
		if err := s.calendar.Change(t, "mine", title, Fail); err != nil {
			t.Fatal(err)
		}
		s.there(t, s.target.Calendar, "SUMMARY:"+title)
	}
}

func (s *script) editOccurrence(t *testing.T) {
	s.calendar.ChangeOccurrence(t, "series", "20270122T100000Z", "Occurrence edited", "20270122T130000Z", "20270122T140000Z")
	s.there(t, s.target.Calendar, "SUMMARY:Occurrence edited", "SUMMARY:Weekly", "RECURRENCE-ID", "RRULE")
}

func (s *script) serverSide(t *testing.T) {
	url := s.target.Calendar + "served.ics"
	s.target.Put(t, url, plain.Event("served", "From the server"))
	s.calendar.Await(t, "served", "the server's event", titled("From the server"))
	s.target.Put(t, url, plain.Event("served", "Changed on the server"))
	s.calendar.Await(t, "served", "the server's edit", titled("Changed on the server"))
	s.target.Remove(t, url)
	s.calendar.Await(t, "served", "the server's deletion", absent)
}

func (s *script) conflict(t *testing.T, choice Conflict, winner string, told bool) {
	uid := strings.ToLower(string(choice))
	s.calendar.Create(t, plain.Event(uid, "Before the conflict"))
	s.there(t, s.target.Calendar, "UID:"+uid)
	m, _, _ := s.target.Find(t, s.target.Calendar, "UID:"+uid)
	s.target.Put(t, m.URL, plain.Event(uid, "Server's "+uid))
	if err := s.calendar.Change(t, uid, "Client's "+uid, choice); (err != nil) != told {
		t.Errorf("told: %v", err)
	}
	s.there(t, s.target.Calendar, "UID:"+uid, "SUMMARY:"+winner+" "+uid)
	s.calendar.Await(t, uid, "agreement with the server", titled(winner+" "+uid))
}

func (s *script) remove(t *testing.T) {
	s.calendar.Remove(t, "mine")
	s.gone(t, s.target.Calendar, "UID:mine")
}

func (s *script) tasks(t *testing.T) {
	list := s.session.Open(t, Tasks, s.target.Calendar)
	list.Await(t, "task", "the task", titled("A task"))
	list.Complete(t, "task")
	s.there(t, s.target.Calendar, "SUMMARY:A task", "STATUS:COMPLETED")
	list.Create(t, plain.Task("todo", "To be done"))
	s.there(t, s.target.Calendar, "SUMMARY:To be done", "BEGIN:VTODO")
	list.Remove(t, "todo")
	s.gone(t, s.target.Calendar, "UID:todo")
}

func (s *script) readBook(t *testing.T) {
	s.book = s.session.Open(t, Contacts, s.target.Book)
	s.book.AwaitCard(t, "Zoé Müller", true)
	if s.book.ReadOnly {
		t.Error("read-only")
	}
}

func (s *script) createCard(t *testing.T) {
	card := strings.Replace(plain.Card("", "Card Madehere", "made@example.org"), "UID:\r\n", "", 1)
	s.book.AddCard(t, card)
	s.there(t, s.target.Book, "Madehere", "made@example.org")
}

func (s *script) editCard(t *testing.T) {
	for name, note := range map[string]string{"Card Madehere": "first note", "Zoé Müller": "second note"} {
		if err := s.book.ChangeCard(t, name, "note", note); err != nil {
			t.Fatal(err)
		}
		s.there(t, s.target.Book, "NOTE:"+note)
	}
	s.there(t, s.target.Book, "NOTE:second note", "X-SPOUSE:Sam", "zoe@example.org")
}

func (s *script) serverCards(t *testing.T) {
	url := s.target.Book + "served.vcf"
	s.target.Put(t, url, plain.Card("served", "Server Card", "s@example.org"))
	s.book.AwaitCard(t, "Server Card", true)
	s.target.Put(t, url, plain.Card("served", "Server Changed", "s@example.org"))
	s.book.AwaitCard(t, "Server Changed", true)
	s.target.Remove(t, url)
	s.book.AwaitCard(t, "Server Changed", false)
}

// bothEditCard: the library offers no choice here; it writes over what changed meanwhile or says so, and both sides
// agree afterwards.
func (s *script) bothEditCard(t *testing.T) {
	url := s.target.Book + "both.vcf"
	s.target.Put(t, url, plain.Card("both", "Before Conflict", "b@example.org"))
	s.book.AwaitCard(t, "Before Conflict", true)
	s.target.Put(t, url, plain.Card("both", "Server Conflict", "b@example.org"))
	err := s.book.ChangeCard(t, "Before Conflict", "full-name", "Client Conflict")
	if client := s.target.Text(t, s.target.Book, "FN:Client Conflict"); client == "" && err == nil {
		t.Error("the change was dropped without a word")
	}
	name := "Client Conflict"
	if s.target.Text(t, s.target.Book, "FN:Client Conflict") == "" {
		name = "Server Conflict"
	}
	s.book.AwaitCard(t, name, true)
	s.book.AwaitCard(t, "Before Conflict", false)
}

func (s *script) removeCard(t *testing.T) {
	s.book.RemoveCard(t, "Card Madehere")
	s.gone(t, s.target.Book, "Madehere")
}
