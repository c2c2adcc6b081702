//go:build e2e

package e2e

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/evolution"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/thunderbird"
	"crmbridge/e2e/vdirsyncer"
)

// item is an event or a card in one of a person's collections.
type item struct{ place, id string }

// person is somebody at one client program with one account, in the words that all client programs share. Events and
// cards are known by what is shown of them: title and full name.
type person struct {
	// sync brings changes of both directions; clients that send theirs at once only fetch.
	sync func(*testing.T)

	// events are tasks too.
	events  func(*testing.T) map[string]item
	create  func(t *testing.T, place, uid, title string, start time.Time)
	addTask func(t *testing.T, place, uid, title string)
	// complete ticks off a task.
	complete func(t *testing.T, task item)
	retitle  func(t *testing.T, event item, title string)
	// move gives an event of an hour another start; nil at programs that no test moves something in.
	move   func(t *testing.T, event item, start time.Time)
	remove func(t *testing.T, event item)

	cards      func(*testing.T) map[string]item
	addCard    func(t *testing.T, place, uid, name, email string)
	setEmail   func(t *testing.T, card item, old, email string)
	removeCard func(t *testing.T, card item)
}

// people are the client programs, each set up for an account with everything that it offers.
var people = map[string]func(*testing.T, plain.Account) person{
	"thunderbird": atThunderbird,
	"evolution":   atEvolution,
	"vdirsyncer":  atVdirsyncer,
}

const clock = "20060102T150405Z"

func appointment(uid, title string, start time.Time) string {
	return plain.Event(uid, title, "DTSTART:"+start.UTC().Format(clock), "DTEND:"+start.Add(time.Hour).UTC().Format(clock))
}

// last is the last part of a collection's URL or path, by which people name places.
func last(collection string) string {
	parts := strings.Split(strings.Trim(collection, "/"), "/")
	return parts[len(parts)-1]
}

func atThunderbird(t *testing.T, account plain.Account) person {
	app := thunderbird.Start(t)
	app.Remember(t, account, account.Base)
	calendars, books := map[string]*thunderbird.Calendar{}, map[string]*thunderbird.Book{}
	found, err := app.DetectCalendars(t, account, account.Base)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		calendars[last(f.URL)] = app.Subscribe(t, account, f.URL)
	}
	for _, f := range app.DetectBooks(t, account, account.Base) {
		books[last(f.URL)] = app.SubscribeBook(t, account, f.URL)
	}
	return person{
		sync: func(t *testing.T) {
			for _, c := range calendars {
				c.Refresh(t)
			}
			for _, b := range books {
				if err := b.Sync(t); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(500 * time.Millisecond) // a refresh that comes while another is under way is lost
		},
		events: func(t *testing.T) map[string]item {
			all := map[string]item{}
			for place, c := range calendars {
				for _, e := range c.Entries(t) {
					all[e.Title] = item{place, e.UID}
				}
			}
			return all
		},
		create: func(t *testing.T, place, uid, title string, start time.Time) {
			calendars[place].Add(t, appointment(uid, title, start)).Quiet(t)
		},
		addTask: func(t *testing.T, place, uid, title string) {
			calendars[place].Add(t, plain.Task(uid, title)).Quiet(t)
		},
		complete: func(t *testing.T, task item) {
			calendars[task.place].Change(t, task.id, map[string]any{"COMPLETED": true}, thunderbird.Discard).Quiet(t)
		},
		retitle: func(t *testing.T, event item, title string) {
			calendars[event.place].Change(t, event.id, map[string]any{"TITLE": title}, thunderbird.Discard).Quiet(t)
		},
		move: func(t *testing.T, event item, start time.Time) {
			calendars[event.place].Move(t, event.id, start.UTC().Format(clock), start.Add(time.Hour).UTC().Format(clock)).Quiet(t)
		},
		remove: func(t *testing.T, event item) {
			calendars[event.place].Remove(t, event.id, thunderbird.Discard).Quiet(t)
		},
		cards: func(t *testing.T) map[string]item {
			all := map[string]item{}
			for place, b := range books {
				for _, c := range b.Cards(t) {
					all[c.Name] = item{place, c.UID}
				}
			}
			return all
		},
		addCard: func(t *testing.T, place, uid, name, email string) {
			books[place].Add(t, plain.Card4(uid, name, email))
		},
		setEmail: func(t *testing.T, card item, _, email string) {
			books[card.place].SetEmail(t, card.id, email)
		},
		removeCard: func(t *testing.T, card item) { books[card.place].Remove(t, card.id) },
	}
}

func atEvolution(t *testing.T, account plain.Account) person {
	session := evolution.Start(t, account)
	calendars, books := map[string]*evolution.Source{}, map[string]*evolution.Source{}
	found, _ := session.Discover(t, evolution.Events, account.Base)
	for _, f := range found {
		calendars[last(f.URL)] = session.Open(t, evolution.Events, f.URL)
	}
	found, _ = session.Discover(t, evolution.Tasks, account.Base)
	for _, f := range found {
		if calendars[last(f.URL)] == nil {
			calendars[last(f.URL)] = session.Open(t, evolution.Tasks, f.URL)
		}
	}
	found, _ = session.Discover(t, evolution.Contacts, account.Base)
	for _, f := range found {
		books[last(f.URL)] = session.Open(t, evolution.Contacts, f.URL)
	}
	return person{
		sync: func(t *testing.T) {
			for _, sources := range []map[string]*evolution.Source{calendars, books} {
				for _, s := range sources {
					s.Refresh(t)
				}
			}
		},
		events: func(t *testing.T) map[string]item {
			all := map[string]item{}
			for place, c := range calendars {
				for _, e := range c.Entries(t) {
					all[e.Title] = item{place, e.UID}
				}
			}
			return all
		},
		create: func(t *testing.T, place, uid, title string, start time.Time) {
			calendars[place].Create(t, appointment(uid, title, start))
		},
		addTask:  func(t *testing.T, place, uid, title string) { calendars[place].Create(t, plain.Task(uid, title)) },
		complete: func(t *testing.T, task item) { calendars[task.place].Complete(t, task.id) },
		retitle: func(t *testing.T, event item, title string) {
			if err := calendars[event.place].Change(t, event.id, title, evolution.Fail); err != nil {
				t.Fatal(err)
			}
		},
		remove: func(t *testing.T, event item) { calendars[event.place].Remove(t, event.id) },
		cards: func(t *testing.T) map[string]item {
			all := map[string]item{}
			for place, b := range books {
				for _, c := range b.Cards(t) {
					all[c.Name] = item{place, c.Name}
				}
			}
			return all
		},
		addCard: func(t *testing.T, place, uid, name, email string) {
			books[place].AddCard(t, plain.Card(uid, name, email))
		},
		setEmail: func(t *testing.T, card item, _, email string) {
			if err := books[card.place].ChangeCard(t, card.id, "email-1", email); err != nil {
				t.Fatal(err)
			}
		},
		removeCard: func(t *testing.T, card item) { books[card.place].RemoveCard(t, card.id) },
	}
}

func atVdirsyncer(t *testing.T, account plain.Account) person {
	home := vdirsyncer.New(t, account)
	if err := home.Discover(t); err != nil {
		t.Fatal(err)
	}
	list := func(t *testing.T, kind vdirsyncer.Kind, property string) map[string]item {
		all := map[string]item{}
		for _, place := range home.Collections(t, kind) {
			for file, text := range home.Items(t, kind, place) {
				all[value(text, property)] = item{place, file}
			}
		}
		return all
	}
	store := func(t *testing.T, file, text string) {
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil { // a new inode: it cannot be missed
			t.Fatal(err)
		}
	}
	erase := func(t *testing.T, file string) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	return person{
		sync:   func(t *testing.T) { home.MustSync(t) },
		events: func(t *testing.T) map[string]item { return list(t, vdirsyncer.Calendars, "SUMMARY") },
		create: func(t *testing.T, place, uid, title string, start time.Time) {
			home.Write(t, vdirsyncer.Calendars, place, url.PathEscape(uid), appointment(uid, title, start))
			home.MustSync(t)
		},
		addTask: func(t *testing.T, place, uid, title string) {
			home.Write(t, vdirsyncer.Calendars, place, url.PathEscape(uid), plain.Task(uid, title))
			home.MustSync(t)
		},
		complete: func(t *testing.T, task item) {
			store(t, task.id, setValue(readFile(t, task.id), "STATUS", "COMPLETED"))
			home.MustSync(t)
		},
		retitle: func(t *testing.T, event item, title string) {
			store(t, event.id, setValue(readFile(t, event.id), "SUMMARY", title))
			home.MustSync(t)
		},
		remove: func(t *testing.T, event item) {
			erase(t, event.id)
			home.MustSync(t)
		},
		cards: func(t *testing.T) map[string]item { return list(t, vdirsyncer.Books, "FN") },
		addCard: func(t *testing.T, place, uid, name, email string) {
			home.Write(t, vdirsyncer.Books, place, url.PathEscape(uid), plain.Card(uid, name, email))
			home.MustSync(t)
		},
		setEmail: func(t *testing.T, card item, old, email string) {
			text := readFile(t, card.id)
			if !strings.Contains(text, old) {
				t.Fatalf("%q is not in %s", old, text)
			}
			store(t, card.id, strings.ReplaceAll(text, old, email))
			home.MustSync(t)
		},
		removeCard: func(t *testing.T, card item) {
			erase(t, card.id)
			home.MustSync(t)
		},
	}
}

// readFile is an item's unfolded text.
func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return plain.Unfold(string(text))
}

// firstLine finds the first property of that name in unfolded text: where its value begins and ends.
func firstLine(text, property string) (start, end int) {
	at := 0
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, property); ok && rest != "" && (rest[0] == ':' || rest[0] == ';') {
			return at + strings.IndexByte(line, ':') + 1, at + len(strings.TrimRight(line, "\r\n"))
		}
		at += len(line)
	}
	return 0, 0
}

// value is the value of that property as written there, "" when there is none.
func value(text, property string) string {
	start, end := firstLine(text, property)
	return text[start:end]
}

// setValue writes another value for a property that is there.
func setValue(text, property, v string) string {
	start, end := firstLine(text, property)
	return text[:start] + v + text[end:]
}
