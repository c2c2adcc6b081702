package ews

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange/series"
	"crmbridge/internal/golden"
	"crmbridge/pim"
	"crmbridge/remote"
)

// script answers every operation with a success of some kind.
func script(op string, _ int, w http.ResponseWriter, r *http.Request) {
	body := replies[op]
	if body == "" {
		body = success(op, "")
	}
	send(w, 200, body)
}

const madeItem = `<m:Items><t:CalendarItem><t:ItemId Id="NEW" ChangeKey="K1"/></t:CalendarItem></m:Items>`

var replies = map[string]string{
	"CreateItem":          success("CreateItem", madeItem),
	"UpdateItem":          success("UpdateItem", madeItem),
	"CreateAttachment":    success("CreateAttachment", `<m:Attachments><t:FileAttachment><t:AttachmentId Id="ATT" RootItemId="NEW" RootItemChangeKey="K2"/></t:FileAttachment></m:Attachments>`),
	"DeleteAttachment":    success("DeleteAttachment", `<m:RootItemId RootItemId="NEW" RootItemChangeKey="K3"/>`),
	"GetAttachment":       success("GetAttachment", `<m:Attachments><t:FileAttachment><t:AttachmentId Id="ATT"/><t:Content>AQID</t:Content></t:FileAttachment></m:Attachments>`),
	"SyncFolderItems":     success("SyncFolderItems", `<m:SyncState>STATE2</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>`),
	"FindItem":            success("FindItem", `<m:RootFolder IncludesLastItemInRange="true" IndexedPagingOffset="0"><t:Items/></m:RootFolder>`),
	"SyncFolderHierarchy": success("SyncFolderHierarchy", `<m:SyncState>STATE2</m:SyncState><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes/>`),
	"GetUserConfiguration": success("GetUserConfiguration", `<m:UserConfiguration><t:UserConfigurationName Name="CategoryList"/><t:XmlData>`+
		base64.StdEncoding.EncodeToString([]byte(`<categories default="" xmlns="CategoryList.xsd"><category name="Customers" color="1"/><category name="A &amp; B"/></categories>`))+`</t:XmlData></m:UserConfiguration>`),
	"Subscribe": success("Subscribe", `<m:SubscriptionId>SUB</m:SubscriptionId>`),
}

func fullEvent() *pim.Event {
	start := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	return &pim.Event{
		Activity: pim.Activity{
			Title: "Tea & <cake>", Notes: "first\nsecond", Location: "Room 1", Categories: []string{"Sales", "Important"}, Priority: 1, Class: pim.Confidential, Status: pim.Tentative,
			Reminders:   []pim.Reminder{{Before: 30 * time.Minute}},
			Attachments: []pim.Attachment{pim.NewAttachment("offer & more.txt", "text/plain", []byte("offer")), pim.NewAttachment("", "", []byte{0, 1})},
			Attendees:   []pim.Attendee{{Person: pim.Person{Name: "Bo Both", Email: "bo@example.org"}}, {Person: pim.Person{Email: "cy@example.org"}, Optional: true}, {Person: pim.Person{Name: "No Address"}}},
		},
		Start: pim.At(start, "Europe/Oslo"), End: pim.At(start.Add(time.Hour), "America/New_York"),
	}
}

func fullTask() *pim.Task {
	return &pim.Task{
		Activity: pim.Activity{Title: "Write", Notes: "all of it", Categories: []string{"Sales"}, Priority: 9, Class: pim.Private, Status: pim.Completed, Reminders: []pim.Reminder{{Before: -8 * time.Hour}}},
		Start:    pim.On(2026, 6, 1), Due: pim.On(2026, 6, 3), Completed: pim.On(2026, 5, 19), Percent: 100, Effort: 3 * time.Hour, Spent: 90 * time.Minute,
	}
}

func fullContact() *pim.Contact {
	return &pim.Contact{
		FullName: "Dr. Karin M. Håkansson", Prefix: "Dr.", Given: "Karin", Middle: "M.", Family: "Håkansson", Suffix: "PhD", Nickname: "Kaja", Company: "Example AS", Department: "Sales", Title: "Head", Role: "Physicist",
		Phones: []pim.Labeled{{Label: "work", Value: "+47 22"}, {Label: "cell", Value: "+47 90"}, {Label: "fax,work", Value: "+47 23"}},
		Emails: []pim.Labeled{{Value: "karin@example.org"}, {Value: "k@example.org", Preferred: true}},
		URLs:   []pim.Labeled{{Label: "work", Value: "https://example.org/karin"}, {Label: "home", Value: "https://karin.example.org"}},
		IMs:    []pim.Labeled{{Label: "skype", Value: "karin.s"}},
		Addresses: []pim.Address{
			{Label: "work", Street: "Storgata 1", POBox: "Box 7", City: "Oslo", Region: "Østlandet", PostalCode: "0155", Country: "Norway", Preferred: true},
			{Label: "home", Street: "Lillegata 2", City: "Bergen"},
		},
		Birthday: pim.On(1980, 5, 17), Anniversary: pim.On(2005, 7, 1), Notes: "likes tea", Categories: []string{"Customers"}, Gender: "F", Photo: []byte{1, 2, 3},
	}
}

// The body of every operation, as it was looked over once: all fields, cleared ones, days, series.
func TestRequests(t *testing.T) {
	t.Parallel()
	ref := remote.Ref{ID: "OLD", Version: "K0"}
	cleared := func(k pim.Kind) remote.Entry { return remote.Entry{Item: pim.New(k)} }
	weekly := fullEvent()
	weekly.End = pim.At(weekly.Start.Time.Add(time.Hour), "Europe/Oslo")
	weekly.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10"}}
	day := fullEvent()
	day.Start, day.End, day.Recurrence = pim.On(2026, 3, 28), pim.On(2026, 3, 30), &pim.Recurrence{Rules: []string{"FREQ=YEARLY;INTERVAL=2"}}
	writable := func(k pim.Kind) pim.FieldSet {
		return tables[k].writable(pim.AllOf(k)).Minus(pim.Set(pim.FieldRecurrence, pim.FieldPhoto, pim.FieldAttachments))
	}
	for name, c := range map[string]struct {
		op string
		do func(m *mail) error
	}{
		"create-event": {"CreateItem", func(m *mail) error {
			_, err := m.Create(t.Context(), "CAL", remote.Entry{UID: "uid-1", Item: fullEvent()}, "key-1")
			return err
		}},
		"create-series": {"CreateItem", func(m *mail) error {
			_, err := m.Create(t.Context(), "CAL", remote.Entry{Item: weekly}, "key-1")
			return err
		}},
		"create-day": {"CreateItem", func(m *mail) error {
			_, err := m.Create(t.Context(), "CAL", remote.Entry{Item: day}, "key-1")
			return err
		}},
		"create-task": {"CreateItem", func(m *mail) error {
			_, err := m.Create(t.Context(), "TASKS", remote.Entry{Item: fullTask()}, "key-1")
			return err
		}},
		"create-contact": {"CreateItem", func(m *mail) error {
			_, err := m.Create(t.Context(), "CONTACTS", remote.Entry{Item: fullContact()}, "key-1")
			return err
		}},
		"update-event": {"UpdateItem", func(m *mail) error {
			return rewrite(t, m, ref, remote.Entry{Item: fullEvent()}, writable(pim.KindEvent))
		}},
		"update-title": {"UpdateItem", func(m *mail) error {
			return rewrite(t, m, ref, remote.Entry{Item: fullEvent()}, pim.Set(pim.FieldTitle))
		}},
		"update-task": {"UpdateItem", func(m *mail) error { return rewrite(t, m, ref, remote.Entry{Item: fullTask()}, writable(pim.KindTask)) }},
		"update-contact": {"UpdateItem", func(m *mail) error {
			return rewrite(t, m, ref, remote.Entry{Item: fullContact()}, writable(pim.KindContact))
		}},
		"clear-event": {"UpdateItem", func(m *mail) error {
			return rewrite(t, m, ref, cleared(pim.KindEvent), writable(pim.KindEvent).Minus(pim.Set(pim.FieldTime)))
		}},
		"clear-task":    {"UpdateItem", func(m *mail) error { return rewrite(t, m, ref, cleared(pim.KindTask), writable(pim.KindTask)) }},
		"clear-contact": {"UpdateItem", func(m *mail) error { return rewrite(t, m, ref, cleared(pim.KindContact), writable(pim.KindContact)) }},
		"mark":          {"UpdateItem", func(m *mail) error { _, err := m.Mark(t.Context(), "TASKS", ref, "key-2"); return err }},
		"delete":        {"DeleteItem", func(m *mail) error { return m.remove(t.Context(), opDelete, itemID("OLD", "K0"), "MoveToDeletedItems") }},
		"delete-one": {"DeleteItem", func(m *mail) error {
			return m.remove(t.Context(), opDelete, leaf("t:OccurrenceItemId", "", "RecurringMasterId", "M", "InstanceIndex", "3"), "MoveToDeletedItems")
		}},
		"add-file": {"CreateAttachment", func(m *mail) error {
			_, _, err := m.writeFiles(t.Context(), opUpdate, ref, fullEvent().Attachments[:1], &item{})
			return err
		}},
		"delete-files": {"DeleteAttachment", func(m *mail) error {
			now := &item{Files: []attachment{{Name: "a", Size: "1", bytes: []byte("a")}, {Name: "b", Size: "1", bytes: []byte("b")}}}
			now.Files[0].ID.ID, now.Files[1].ID.ID = "ATT", "ATT2"
			_, _, err := m.writeFiles(t.Context(), opUpdate, ref, nil, now)
			return err
		}},
		"get-messages": {"GetItem", func(m *mail) error {
			m.sent = "SENT"
			_, err := m.messages(t.Context(), "test", []string{"A"})
			return err
		}},
		"sync-mail": {"SyncFolderItems", func(m *mail) error {
			_, err := m.Changes(t.Context(), "MAIL", remote.Scope{}, encodeCursor(pim.KindMessage, "STATE1"))
			return err
		}},
		"find-mail": {"FindItem", func(m *mail) error {
			s := remote.Scope{From: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Groups: []string{"Customers", `A & "B"`}}
			return m.each(t.Context(), "test", search{folders: []string{"IN"}, paths: listedPaths, restriction: mailCondition(s), order: byChange, from: s.From.AddDate(0, 1, 0)}, func(int, *item) {})
		}},
		"list-mail": {"FindItem", func(m *mail) error {
			return m.each(t.Context(), "test", search{folders: []string{"IN"}, paths: listedPaths, restriction: mailCondition(remote.Scope{Groups: []string{"Customers"}})}, func(int, *item) {})
		}},
		"get-file": {"GetAttachment", func(m *mail) error {
			_, err := m.account.call(t.Context(), request{op: "test", body: fileRequest(isFile, "ATT")})
			return err
		}},
		"get-message-attached": {"GetAttachment", func(m *mail) error {
			_, err := m.account.call(t.Context(), request{op: "test", body: fileRequest(isItem, "ATT")})
			return err
		}},
		"categories": {"GetUserConfiguration", func(m *mail) error {
			names, err := m.categoryList(t.Context(), "test")
			if !slices.Equal(names, []string{"Customers", "A & B"}) {
				t.Errorf("categories %q", names)
			}
			return err
		}},
		"delete-photo": {"DeleteAttachment", func(m *mail) error {
			now := &item{Files: []attachment{{Photo: "true"}}}
			now.Files[0].ID.ID = "ATT"
			_, err := m.writePhoto(t.Context(), opUpdate, ref, nil, now)
			return err
		}},
		"accept": {"CreateItem", func(m *mail) error {
			e := fullEvent()
			e.Attendees[0].Email, e.Attendees[0].Answer = "bob@example.org", "accepted"
			_, err := m.respond(t.Context(), ref, e, &item{})
			if pim.ReasonOf(err) == pim.ErrNotFound {
				return nil // the script has no item to read afterwards
			}
			return err
		}},
		"tentative": {"CreateItem", func(m *mail) error {
			e := fullEvent()
			e.Attendees[0].Email, e.Attendees[0].Answer = "bob@example.org", "tentative"
			m.settings["invitations"] = inviteAll
			_, err := m.respond(t.Context(), ref, e, &item{})
			if pim.ReasonOf(err) == pim.ErrNotFound {
				return nil
			}
			return err
		}},
		"invite": {"CreateItem", func(m *mail) error {
			m.settings["invitations"] = inviteAll
			_, err := m.Create(t.Context(), "CAL", remote.Entry{UID: "uid-1", Item: fullEvent()}, "key-1")
			return err
		}},
		"invite-changed": {"UpdateItem", func(m *mail) error {
			m.settings["invitations"] = inviteAll
			return rewrite(t, m, ref, remote.Entry{Item: fullEvent()}, pim.Set(pim.FieldLocation))
		}},
		"cancel": {"DeleteItem", func(m *mail) error {
			m.settings["invitations"] = inviteAll
			return m.remove(t.Context(), opDelete, itemID("OLD", "K0"), "MoveToDeletedItems")
		}},
		"create-task-series": {"CreateItem", func(m *mail) error {
			v := fullTask()
			v.Status, v.Percent, v.Completed, v.Recurrence = "", 0, pim.When{}, &pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=1MO"}}
			_, err := m.Create(t.Context(), "TASKS", remote.Entry{Item: v}, "key-1")
			return err
		}},
		"get-one": {"GetItem", func(m *mail) error {
			o := &occurrences{mail: m, op: opUpdate, master: "M", series: weekly, kind: pim.KindEvent}
			at := pim.At(weekly.Start.Time.AddDate(0, 0, 2), "Europe/Oslo")
			err := o.do(at, func(id el) error {
				return o.change(t.Context(), id, series.Change{At: at, Item: fullEvent(), Set: pim.Set(pim.FieldTitle)})
			})
			if pim.ReasonOf(err) == pim.ErrProtocol {
				return nil // the script has no item to give
			}
			return err
		}},
		"home-folders": {"GetFolder", func(m *mail) error {
			if _, err := m.wellKnown(t.Context(), "test", wellKnown); pim.ReasonOf(err) != pim.ErrProtocol {
				t.Errorf("one folder for three: %v", err)
			}
			return nil
		}},
		"decline": {"CreateItem", func(m *mail) error {
			e := fullEvent()
			e.Attendees[0].Email, e.Attendees[0].Answer = "bob@example.org", "declined"
			_, err := m.respond(t.Context(), ref, e, &item{})
			return err
		}},
		"update-one": {"UpdateItem", func(m *mail) error {
			o := &occurrences{mail: m, op: opUpdate, master: "M", series: weekly, kind: pim.KindEvent}
			return o.do(pim.At(weekly.Start.Time.AddDate(0, 0, 2), "Europe/Oslo"), func(el) error {
				return o.write(t.Context(), itemID("ONE", "K0"), series.Change{Item: fullEvent(), Set: pim.Set(pim.FieldTitle, pim.FieldTime)})
			})
		}},
		"add-photo": {"CreateAttachment", func(m *mail) error {
			_, err := m.writePhoto(t.Context(), opUpdate, ref, []byte{1, 2, 3}, nil)
			return err
		}},
		"get-photo": {"GetAttachment", func(m *mail) error {
			now := &item{Files: []attachment{{Photo: "true"}}}
			now.Files[0].ID.ID = "ATT"
			return m.contents(t.Context(), "test", []*attachment{&now.Files[0]})
		}},
		"get-events":   {"GetItem", func(m *mail) error { _, err := m.Fetch(t.Context(), "CAL", []remote.ItemID{"A"}); return err }},
		"get-tasks":    {"GetItem", func(m *mail) error { _, err := m.Fetch(t.Context(), "TASKS", []remote.ItemID{"A"}); return err }},
		"get-contacts": {"GetItem", func(m *mail) error { _, err := m.Fetch(t.Context(), "CONTACTS", []remote.ItemID{"A"}); return err }},
		"get-version": {"GetItem", func(m *mail) error {
			_, err := m.itemBatch(t.Context(), "test", shape("m:ItemShape", false, nil), []string{"A"})
			return err
		}},
		"folder":  {"GetFolder", func(m *mail) error { _, err := m.shelf(t.Context(), "test", "CAL"); return err }},
		"folders": {"SyncFolderHierarchy", func(m *mail) error { _, err := m.hierarchy(t.Context(), "test", ""); return err }},
		"folders-since": {"SyncFolderHierarchy", func(m *mail) error {
			m.folders = &tree{state: "STATE1", first: map[string]folder{}}
			_, err := m.Collections(t.Context())
			return err
		}},
		"sync": {"SyncFolderItems", func(m *mail) error {
			_, err := m.Changes(t.Context(), "CAL", remote.Scope{}, encodeCursor(pim.KindEvent, "STATE1"))
			return err
		}},
		"find": {"FindItem", func(m *mail) error {
			_, _, err := m.Find(t.Context(), "CAL", `key "1" & <2>`, cleared(pim.KindEvent))
			return err
		}},
		"find-keys": {"FindItem", func(m *mail) error {
			return m.each(t.Context(), "test", search{folders: []string{"CAL"}, paths: []path{{ext: marker}}, restriction: anyKey([]string{"a", "b"})}, func(int, *item) {})
		}},
		"list-events": {"FindItem", func(m *mail) error { _, err := m.List(t.Context(), "CAL", remote.Scope{}); return err }},
		"list-tasks":  {"FindItem", func(m *mail) error { _, err := m.List(t.Context(), "TASKS", remote.Scope{}); return err }},
		"subscribe": {"Subscribe", func(m *mail) error {
			at, err := m.account.endpoint(t.Context())
			if err != nil {
				return err
			}
			_, err = newHub(m.account, slog.New(slog.DiscardHandler)).subscribe(t.Context(), at)
			return err
		}},
		"folders-delegate": {"SyncFolderHierarchy", func(m *mail) error {
			m.account.opened = "bob@example.org"
			_, err := m.hierarchy(t.Context(), "test", "")
			return err
		}},
		"stream": {"GetStreamingEvents", func(m *mail) error {
			at, err := m.account.endpoint(t.Context())
			if err != nil {
				return err
			}
			_, _, err = newHub(m.account, slog.New(slog.DiscardHandler)).read(t.Context(), at, "SUB", true)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f *fake
			f = newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
				if op == "GetFolder" {
					last := f.of(op)
					send(w, 200, success(op, folderOf(last[len(last)-1].body)))
					return
				}
				script(op, n, w, r)
			})
			if err := c.do(f.open(exchangeSettings("mailbox", "bob@example.org"))); err != nil {
				t.Fatal(err)
			}
			got := f.of(c.op)
			if len(got) == 0 {
				t.Fatalf("no %s was sent", c.op)
			}
			asLookedOver(t, name, got[len(got)-1].whole)
		})
	}
}

func rewrite(t *testing.T, m *mail, ref remote.Ref, e remote.Entry, set pim.FieldSet) error {
	t.Helper()
	_, err := m.update(t.Context(), ref, e, set)
	return err
}

// asLookedOver compares a request with the one that was looked over, each element on a line of its own.
func asLookedOver(t *testing.T, name, got string) {
	t.Helper()
	wellFormed(t, got)
	golden.Compare(t, filepath.Join("testdata", "requests", name+".xml"), strings.ReplaceAll(got, "><", ">\n<")+"\n")
}
