//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/creatio"
	"crmbridge/e2e/exchangelib"
)

// crossing is how long a change may take from a client to the CRM or back; the demo polls every two seconds.
const crossing = 45 * time.Second

// Every client at the demo sees what Creatio has and changes it, and the other way round.
func TestDemo(t *testing.T) {
	t.Parallel()
	for name, sitDown := range people {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := bridge.Demo(t)
			s := &demoScript{demo: d, crm: d.CRM, tag: name}
			s.person = sitDown(t, d.Account)
			steps := []demoStep{
				{"sees the CRM's meetings", s.seesMeetings},
				{"sees the CRM's contacts", s.seesContacts},
				{"edit reaches the CRM", s.editEvent},
				{"the CRM's edit arrives", s.crmEditsEvent},
				{"creation reaches the CRM", s.createEvent},
				{"the CRM's creation arrives", s.crmCreatesEvent},
				{"deletion reaches the CRM", s.deleteEvent},
				{"the CRM's deletion arrives", s.crmDeletesEvent},
				{"tasks go both ways", s.tasks},
				{"contact's edit reaches the CRM", s.editContact},
				{"the CRM's edit of a contact arrives", s.crmEditsContact},
				{"contact's creation reaches the CRM", s.createContact},
			}
			if name == "thunderbird" { // what Exchange has to do with it does not depend on the client
				steps = append(steps, demoStep{"edits are in Exchange", s.exchangeSees}, demoStep{"Exchange's creation arrives", s.exchangeCreatesEvent},
					demoStep{"a move is everywhere at once", s.movedAtOnce}, demoStep{"a meeting made in Exchange is here at once", s.bornAtOnce})
			}
			for _, step := range append(steps, demoStep{"quiet in the end", s.quiet}) {
				if !t.Run(step.name, step.do) {
					t.Fatal("the steps that follow build on this one")
				}
			}
		})
	}
}

type demoStep struct {
	name string
	do   func(*testing.T)
}

// demoScript is one client's run; its methods stand in the order of their run.
type demoScript struct {
	demo   *bridge.DemoInstance
	crm    *creatio.CRM
	person person
	tag    string

	meetings []creatio.Fields // the CRM's, next ones first
	place    string           // the calendar in which they are
	ours     creatio.Fields   // the meeting that a step works with
}

func (s *demoScript) title(what string) string { return what + " by " + s.tag }

// activity is the one activity with that title, waited for.
func (s *demoScript) activity(t *testing.T, title string) (found creatio.Fields) {
	t.Helper()
	await(t, fmt.Sprintf("%q in the CRM", title), func() error {
		all := s.crm.Titled(t, title)
		if len(all) != 1 {
			return fmt.Errorf("there are %d", len(all))
		}
		found = all[0]
		return nil
	})
	return found
}

func (s *demoScript) seesMeetings(t *testing.T) {
	today := time.Now().Truncate(24 * time.Hour)
	meetings := s.crm.Mine(t, today, today.AddDate(0, 0, 14))
	if len(meetings) < 5 {
		t.Fatalf("the sample data has only %d meetings in the next two weeks", len(meetings))
	}
	for _, m := range meetings {
		s.place = sees(t, s.person, s.person.events, shown(s.tag, m.Text("Title"))).place
	}
	s.meetings = meetings
}

// shown is a text as a person's list has it: vdirsyncer's files hold it escaped.
func shown(tag, text string) string {
	if tag != "vdirsyncer" {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
}

func (s *demoScript) seesContacts(t *testing.T) {
	contacts := s.crm.Find(t, "Contact", "contains(Email,'@example.org')")
	if len(contacts) < 20 {
		t.Fatalf("the sample data has only %d contacts with an address", len(contacts))
	}
	sees(t, s.person, s.person.cards, shown(s.tag, contacts[0].Text("Name")))
	cards := s.person.cards(t)
	for _, c := range contacts {
		if _, there := cards[shown(s.tag, c.Text("Name"))]; !there {
			t.Errorf("%s is not among the %d cards", c.Text("Name"), len(cards))
		}
	}
}

func (s *demoScript) editEvent(t *testing.T) {
	s.ours = s.meetings[len(s.meetings)-1]
	event := sees(t, s.person, s.person.events, shown(s.tag, s.ours.Text("Title")))
	s.person.retitle(t, event, s.title("Renamed"))
	s.crm.Await(t, crossing, "Activity", s.ours.Text("Id"), "Title", s.title("Renamed"))
	after := s.crm.Read(t, "Activity", s.ours.Text("Id"))
	for _, column := range []string{"StartDate", "DueDate", "Notes", "Location", "OwnerId", "ActivityCategoryId", "StatusId"} {
		if fmt.Sprint(after[column]) != fmt.Sprint(s.ours[column]) {
			t.Errorf("an edit of the title changed %s from %v to %v", column, s.ours[column], after[column])
		}
	}
}

func (s *demoScript) crmEditsEvent(t *testing.T) {
	s.crm.Change(t, "Activity", s.ours.Text("Id"), creatio.Fields{"Title": s.title("Renamed in the CRM")})
	sees(t, s.person, s.person.events, s.title("Renamed in the CRM"))
}

func (s *demoScript) createEvent(t *testing.T) {
	start := time.Now().UTC().Truncate(time.Hour).Add(50 * time.Hour)
	s.person.create(t, s.place, "made-by-"+s.tag, s.title("Made"), start)
	made := s.activity(t, s.title("Made"))
	if got, err := time.Parse(time.RFC3339, made.Text("StartDate")); err != nil || !got.Equal(start) {
		t.Errorf("it starts at %s in the CRM, made for %s", made.Text("StartDate"), start)
	}
	if made.Text("OwnerId") != s.crm.Owner {
		t.Errorf("its owner is %s, not %s", made.Text("OwnerId"), s.crm.Owner)
	}
}

func (s *demoScript) crmCreatesEvent(t *testing.T) {
	s.crm.Meeting(t, s.title("Made in the CRM"), time.Now().Add(72*time.Hour).Truncate(time.Hour), 45*time.Minute)
	sees(t, s.person, s.person.events, s.title("Made in the CRM"))
}

func (s *demoScript) deleteEvent(t *testing.T) {
	made := s.activity(t, s.title("Made"))
	s.person.remove(t, sees(t, s.person, s.person.events, s.title("Made")))
	await(t, "the deletion in the CRM", func() error {
		if s.crm.Read(t, "Activity", made.Text("Id")) != nil {
			return fmt.Errorf("still there")
		}
		return nil
	})
}

func (s *demoScript) crmDeletesEvent(t *testing.T) {
	s.crm.Remove(t, "Activity", s.activity(t, s.title("Made in the CRM")).Text("Id"))
	misses(t, s.person, s.person.events, s.title("Made in the CRM"))
}

// exchangeSees: what the client and the CRM did is in the mailbox, once.
func (s *demoScript) exchangeSees(t *testing.T) {
	exchangelib.Need(t)
	await(t, "the mailbox to be as the calendar", func() error {
		there := s.demo.Mailbox.Starts(t)
		switch _, renamed := there[s.title("Renamed in the CRM")]; {
		case !renamed:
			return fmt.Errorf("the renamed meeting is not among %v", there)
		case there[s.title("Made")] != "" || there[s.title("Made in the CRM")] != "":
			return fmt.Errorf("what was deleted is among %v", there)
		}
		return nil
	})
}

func (s *demoScript) exchangeCreatesEvent(t *testing.T) {
	start := time.Now().UTC().Truncate(time.Hour).Add(98 * time.Hour)
	s.demo.Mailbox.Make(t, s.title("Made in Exchange"), start)
	sees(t, s.person, s.person.events, s.title("Made in Exchange"))
	made := s.activity(t, s.title("Made in Exchange"))
	if got, err := time.Parse(time.RFC3339, made.Text("StartDate")); err != nil || !got.Equal(start) {
		t.Errorf("it starts at %s in the CRM, made for %s", made.Text("StartDate"), start)
	}
}

// tasks: what is to do in the CRM is in the task list, and what is ticked off there is completed in the CRM.
func (s *demoScript) tasks(t *testing.T) {
	id := s.crm.ToDo(t, s.title("To do"), time.Now().Add(24*time.Hour))
	task := sees(t, s.person, s.person.events, s.title("To do"))
	if task.place != "tasks" {
		t.Errorf("it is in %q", task.place)
	}
	s.person.complete(t, task)
	s.crm.Await(t, crossing, "Activity", id, "StatusId", creatio.StatusDone)

	s.person.addTask(t, task.place, "task-by-"+s.tag, s.title("Task made"))
	made := s.activity(t, s.title("Task made"))
	if made.Text("ActivityCategoryId") != creatio.CategoryToDo || made.Text("StatusId") == creatio.StatusDone || made["ShowInScheduler"] != false {
		t.Errorf("the task became %v", made)
	}
	// As a person does, who finds it first: what changes before the bridge has read the new record back is what the CRM
	// made of it.
	time.Sleep(2 * time.Second)
	s.crm.Change(t, "Activity", made.Text("Id"), creatio.Fields{"Title": s.title("Task renamed")})
	sees(t, s.person, s.person.events, s.title("Task renamed"))
}

// contact is one of the sample people who has an address.
func (s *demoScript) contact(t *testing.T) creatio.Fields {
	t.Helper()
	for _, c := range s.crm.Find(t, "Contact", "contains(Email,'@example.org')") {
		if c.Text("Id") != s.crm.Owner && strings.Count(c.Text("Name"), " ") == 1 {
			return c
		}
	}
	t.Fatal("no contact with an address")
	return nil
}

func (s *demoScript) editContact(t *testing.T) {
	c := s.contact(t)
	card := sees(t, s.person, s.person.cards, shown(s.tag, c.Text("Name")))
	s.person.setEmail(t, card, c.Text("Email"), s.tag+".edited@example.org")
	s.crm.Await(t, crossing, "Contact", c.Text("Id"), "Email", s.tag+".edited@example.org")
	after := s.crm.Read(t, "Contact", c.Text("Id"))
	for _, column := range []string{"Name", "Surname", "GivenName", "JobTitle", "MobilePhone", "Phone", "AccountId", "Notes"} {
		if fmt.Sprint(after[column]) != fmt.Sprint(c[column]) {
			t.Errorf("an edit of the address changed %s from %v to %v", column, c[column], after[column])
		}
	}
}

func (s *demoScript) crmEditsContact(t *testing.T) {
	c := s.contact(t)
	name := c.Text("GivenName") + " Newname-" + s.tag
	s.crm.Change(t, "Contact", c.Text("Id"), creatio.Fields{"Name": name, "Surname": "Newname-" + s.tag})
	sees(t, s.person, s.person.cards, shown(s.tag, name))
}

func (s *demoScript) createContact(t *testing.T) {
	card := sees(t, s.person, s.person.cards, shown(s.tag, s.contact(t).Text("Name")))
	s.person.addCard(t, card.place, "card-by-"+s.tag, "Nora Newby-"+s.tag, "nora."+s.tag+"@example.org")
	await(t, "the new contact in the CRM", func() error {
		found := s.crm.Named(t, "Nora Newby-"+s.tag)
		if len(found) != 1 || found[0].Text("Email") != "nora."+s.tag+"@example.org" {
			return fmt.Errorf("there are %v", found)
		}
		return nil
	})
}

// quiet: when nobody changes anything, nothing is written on either side.
func (s *demoScript) quiet(t *testing.T) {
	stamps := func() string {
		var all strings.Builder
		for _, a := range s.crm.Mine(t, time.Now().AddDate(0, 0, -30), time.Now().AddDate(0, 0, 30)) {
			fmt.Fprintln(&all, a.Text("Id"), a.Text("ModifiedOn"))
		}
		for _, c := range s.crm.Find(t, "Contact", "contains(Email,'@example.org')") {
			fmt.Fprintln(&all, c.Text("Id"), c.Text("ModifiedOn"))
		}
		return all.String()
	}
	time.Sleep(5 * time.Second)
	before := stamps()
	time.Sleep(8 * time.Second)
	if after := stamps(); after != before {
		t.Errorf("the CRM is still being written to:\n%s\n%s", before, after)
	}
	if conflicts := s.demo.Conflicts(t); len(conflicts) != 0 {
		t.Errorf("conflicts although no two sides changed the same: %v", conflicts)
	}
}
