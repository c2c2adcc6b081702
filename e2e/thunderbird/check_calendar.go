package thunderbird

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

func titled(title string) func(*Item) bool {
	return func(i *Item) bool { return i != nil && i.Title == title }
}

func absent(i *Item) bool { return i == nil }

// there waits until the server holds an item with every text and returns it unfolded.
func (s *script) there(t *testing.T, collection string, texts ...string) (item string) {
	t.Helper()
	testenv.Until(t, patience, fmt.Sprintf("%q on the server", texts), func() error {
		item = s.target.Text(t, collection, texts[0])
		for _, text := range texts {
			if !strings.Contains(item, text) {
				return fmt.Errorf("%q is not in %q", text, item)
			}
		}
		return nil
	})
	return item
}

func (s *script) gone(t *testing.T, collection, text string) {
	t.Helper()
	testenv.Until(t, patience, "the end of "+text, func() error {
		if item := s.target.Text(t, collection, text); item != "" {
			return fmt.Errorf("still on the server: %s", item)
		}
		return nil
	})
}

func (s *script) subscribe(t *testing.T) {
	s.app.Remember(t, s.target.Account, s.target.Base, s.target.Calendar, s.target.Book)
	c := s.app.Subscribe(t, s.target.Account, s.target.Calendar)
	c.Await(t, "single", "the first sync", func(i *Item) bool { return i != nil })
	state := c.State(t)
	if state.Name != "Work" || state.ReadOnly || state.Disabled || !state.SyncReport {
		t.Errorf("subscribed as %+v", state)
	}
	options := s.target.Do(t, "OPTIONS", s.target.Calendar, "")
	if offers := strings.Contains(options.Header.Get("DAV"), "calendar-auto-schedule"); offers != state.Schedules {
		t.Errorf("DAV: %s, but Thunderbird schedules: %v", options.Header.Get("DAV"), state.Schedules)
	}
	s.calendar = c
}

func (s *script) read(t *testing.T) {
	single := s.calendar.Item(t, "single")
	if single.Title != "Grüße €  日本" || single.Location != "Room 1, floor 2" || !strings.HasPrefix(single.Description, "one\ntwo long text") {
		t.Errorf("event %+v", single)
	}
	if i := s.calendar.Item(t, "task"); i == nil || i.Title != "A task" || i.Completed {
		t.Errorf("task %+v", i)
	}
	if i := s.calendar.Item(t, "allday"); i == nil || !i.AllDay || i.Start != "20270301" {
		t.Errorf("all-day event %+v", i)
	}
	series := s.calendar.Item(t, "series")
	if series == nil || len(series.Occurrences) != 5 {
		t.Fatalf("series %+v", series)
	}
	if o := series.Occurrences[1]; o.Title != "Moved" || o.Start != "20270122T130000Z" {
		t.Errorf("moved occurrence %+v", o)
	}
}

func (s *script) create(t *testing.T) {
	s.calendar.Add(t, plain.Event("mine", "Made here ✓", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM")).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:Made here ✓", "BEGIN:VALARM", "TRIGGER:-PT15M")
}

func (s *script) createZoned(t *testing.T) {
	s.calendar.Add(t, plain.Event("zoned", "In Berlin", "DTSTART;TZID=Europe/Berlin:20270615T100000", "DTEND;TZID=Europe/Berlin:20270615T110000")).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:In Berlin", "DTSTART;TZID=Europe/Berlin:20270615T100000", "BEGIN:VTIMEZONE")
}

func (s *script) createTask(t *testing.T) {
	s.calendar.Add(t, plain.Task("todo", "To be done")).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:To be done", "BEGIN:VTODO")
	s.calendar.Change(t, "todo", map[string]any{"COMPLETED": true}, Discard).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:To be done", "STATUS:COMPLETED")
}

// edit changes an item again before any refresh: the second PUT needs the ETag that came of the first.
func (s *script) edit(t *testing.T) {
	s.calendar.Change(t, "mine", map[string]any{"TITLE": "Edited here"}, Discard).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:Edited here", "BEGIN:VALARM")
	s.calendar.Change(t, "mine", map[string]any{"LOCATION": "Second edit"}, Discard).Quiet(t)
	s.there(t, s.target.Calendar, "SUMMARY:Edited here", "LOCATION:Second edit")
}

func (s *script) editOccurrence(t *testing.T) {
	s.calendar.ChangeOccurrence(t, "series", 3, "Occurrence edited").Quiet(t)
	item := s.there(t, s.target.Calendar, "SUMMARY:Occurrence edited", "SUMMARY:Moved", "RECURRENCE-ID")
	if n := strings.Count(item, "BEGIN:VEVENT"); n != 3 {
		t.Errorf("%d components: %s", n, item)
	}
}

func (s *script) remove(t *testing.T) {
	s.calendar.Remove(t, "mine", Discard).Quiet(t)
	s.gone(t, s.target.Calendar, "UID:mine")
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

// diverge makes an event here and changes it on the server behind Thunderbird's back.
func (s *script) diverge(t *testing.T, uid string) {
	t.Helper()
	s.calendar.Add(t, plain.Event(uid, "Before the conflict")).Quiet(t)
	s.there(t, s.target.Calendar, "UID:"+uid)
	m, _, _ := s.target.Find(t, s.target.Calendar, "UID:"+uid)
	s.target.Put(t, m.URL, plain.Event(uid, "Server's "+uid))
}

func (s *script) conflictOverwrite(t *testing.T) {
	s.diverge(t, "fight1")
	s.calendar.Change(t, "fight1", map[string]any{"TITLE": "Client's fight1"}, Overwrite).Conflict(t)
	s.there(t, s.target.Calendar, "UID:fight1", "SUMMARY:Client's fight1")
}

func (s *script) conflictDiscard(t *testing.T) {
	s.diverge(t, "fight2")
	s.calendar.Change(t, "fight2", map[string]any{"TITLE": "Client's fight2"}, Discard).Conflict(t)
	s.there(t, s.target.Calendar, "UID:fight2", "SUMMARY:Server's fight2")
	s.calendar.Await(t, "fight2", "the server's copy", titled("Server's fight2"))
}

func (s *script) conflictRemove(t *testing.T) {
	s.diverge(t, "fight3")
	s.calendar.Remove(t, "fight3", Overwrite).Conflict(t)
	s.gone(t, s.target.Calendar, "UID:fight3")
	s.calendar.Await(t, "fight3", "the end of the event", absent)
}

func (s *script) removeGone(t *testing.T) {
	s.calendar.Add(t, plain.Event("vanished", "Soon gone")).Quiet(t)
	s.there(t, s.target.Calendar, "UID:vanished")
	m, _, _ := s.target.Find(t, s.target.Calendar, "UID:vanished")
	s.target.Remove(t, m.URL)
	if o := s.calendar.Remove(t, "vanished", Overwrite); o.Error != "" {
		t.Errorf("an error is shown for what is already gone: %+v", o)
	}
	s.calendar.Await(t, "vanished", "the end of the event", absent)
}

func (s *script) offline(t *testing.T) {
	s.calendar.Add(t, plain.Event("off-edit", "Before going offline")).Quiet(t)
	s.calendar.Add(t, plain.Event("off-gone", "Deleted offline")).Quiet(t)
	s.there(t, s.target.Calendar, "UID:off-edit")
	s.there(t, s.target.Calendar, "UID:off-gone")

	s.app.Offline(t, true)
	s.calendar.Add(t, plain.Event("off-new", "Made offline")).Quiet(t)
	s.calendar.Change(t, "off-edit", map[string]any{"TITLE": "Edited offline"}, Discard).Quiet(t)
	s.calendar.Remove(t, "off-gone", Discard).Quiet(t)
	if s.target.Text(t, s.target.Calendar, "UID:off-new") != "" || s.target.Text(t, s.target.Calendar, "UID:off-gone") == "" {
		t.Error("the changes went to the server at once")
	}
	// It replays by itself; a refresh at the same moment would replay twice.
	s.app.Offline(t, false)
	testenv.Until(t, 2*patience, "the replay", func() error {
		made, edited, deleted := s.target.Text(t, s.target.Calendar, "UID:off-new"), s.target.Text(t, s.target.Calendar, "UID:off-edit"),
			s.target.Text(t, s.target.Calendar, "UID:off-gone")
		if made == "" || !strings.Contains(edited, "Edited offline") || deleted != "" {
			return fmt.Errorf("made %q, edited %q, deleted %q", made, edited, deleted)
		}
		return nil
	})
	time.Sleep(time.Second) // until the sync that follows the replay is over
}

// refusedToken: whatever the server answers to a token that it never gave, the next sync has to be whole.
func (s *script) refusedToken(t *testing.T) {
	time.Sleep(1500 * time.Millisecond) // a sync under way would put its own token back
	s.target.Put(t, s.target.Calendar+"later.ics", plain.Event("later", "After the refused token"))
	s.calendar.ForgeToken(t, "http://example.org/ns/sync/forged")
	s.calendar.Await(t, "later", "the sync after a refused token", titled("After the refused token"))
}

func (s *script) feed(t *testing.T) {
	if s.target.Feed == "" {
		t.Log("this server has no feed")
		return
	}
	f := s.app.SubscribeFeed(t, s.target.User, s.target.Feed)
	defer f.Unsubscribe(t)
	testenv.Until(t, patience, "the feed", func() error {
		if f.Titled(t, "Grüße €  日本") == "" {
			return errors.New("not there")
		}
		return nil
	})
	s.target.Put(t, s.target.Calendar+"fed.ics", plain.Event("fed", "Added to the feed"))
	f.AwaitTitle(t, "Added to the feed")
	s.target.Remove(t, s.target.Calendar+"fed.ics")
}
