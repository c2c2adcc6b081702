//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/creatio"
	"crmbridge/e2e/evolution"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/thunderbird"
)

// demoPlaces are the collections of the demo's account that are linked to the CRM.
func demoPlaces(d *bridge.DemoInstance) plain.Target {
	return plain.Target{Account: d.Account, Calendar: d.Account.Base + "dav/calendars/" + d.Account.User + "/calendar/",
		Book: d.Account.Base + "dav/addressbooks/" + d.Account.User + "/contacts/"}
}

// uidOf waits until the bridge has an event with that title and returns its UID.
func uidOf(t *testing.T, target plain.Target, collection, line string) (uid string) {
	t.Helper()
	await(t, line+" at the bridge", func() error {
		text := target.Text(t, collection, line)
		uid = value(text, "UID")
		return holds(text, line)
	})
	return uid
}

// The CRM changed a meeting, the bridge has that change, Thunderbird does not: its dialog asks, and the CRM gets what the
// person chose.
func TestDemoThunderbirdConflict(t *testing.T) {
	t.Parallel()
	d := bridge.Demo(t)
	target := demoPlaces(d)
	app := thunderbird.Start(t)
	app.Remember(t, d.Account, d.Account.Base)
	calendar := app.Subscribe(t, d.Account, target.Calendar)
	for choice, want := range map[thunderbird.Choice]string{thunderbird.Overwrite: "Mine", thunderbird.Discard: "The CRM's"} {
		t.Run(string(choice), func(t *testing.T) {
			before, crms, mine := string(choice)+" before", "The CRM's "+string(choice), "Mine "+string(choice)
			id := d.CRM.Meeting(t, before, time.Now().Add(40*time.Hour).Truncate(time.Hour), time.Hour)
			uid := uidOf(t, target, target.Calendar, "SUMMARY:"+before)
			calendar.AwaitTitle(t, before)
			d.CRM.Change(t, "Activity", id, creatio.Fields{"Title": crms})
			uidOf(t, target, target.Calendar, "SUMMARY:"+crms)

			calendar.Change(t, uid, map[string]any{"TITLE": mine}, choice).Conflict(t)
			d.CRM.Await(t, crossing, "Activity", id, "Title", want+" "+string(choice))
			calendar.AwaitTitle(t, want+" "+string(choice))
			time.Sleep(5 * time.Second) // two polls: the choice has to last
			if got := d.CRM.Read(t, "Activity", id).Text("Title"); got != want+" "+string(choice) {
				t.Errorf("in the end the CRM has %q", got)
			}
			for _, title := range []string{crms, mine} {
				if title != want+" "+string(choice) && !reported(t, &d.Instance, d.Account.User, title) {
					t.Errorf("no report holds %q, which lost", title)
				}
			}
		})
	}
}

// evolution-data-server writes without a precondition: over a change that it has not seen, other fields of which survive.
func TestDemoEvolutionBlindWrite(t *testing.T) {
	t.Parallel()
	d := bridge.Demo(t)
	target := demoPlaces(d)
	session := evolution.Start(t, d.Account)
	calendar := session.Open(t, evolution.Events, target.Calendar)
	id := d.CRM.Meeting(t, "Blind before", time.Now().Add(40*time.Hour).Truncate(time.Hour), time.Hour)
	uid := uidOf(t, target, target.Calendar, "SUMMARY:Blind before")
	calendar.Await(t, uid, "the meeting", func(i *evolution.Item) bool { return i != nil })
	d.CRM.Change(t, "Activity", id, creatio.Fields{"Location": "Room from the CRM"})
	uidOf(t, target, target.Calendar, "LOCATION:Room from the CRM")

	if err := calendar.Change(t, uid, "Blind after", evolution.KeepLocal); err != nil {
		t.Fatal(err)
	}
	d.CRM.Await(t, crossing, "Activity", id, "Title", "Blind after")
	time.Sleep(5 * time.Second) // two polls: both changes have to last
	if got := d.CRM.Read(t, "Activity", id); got.Text("Location") != "Room from the CRM" || got.Text("Title") != "Blind after" {
		t.Errorf("in the end the CRM has title %q, location %q", got.Text("Title"), got.Text("Location"))
	}
	calendar.Await(t, uid, "both changes", func(i *evolution.Item) bool {
		return i != nil && strings.Contains(plain.Unfold(i.Text), "LOCATION:Room from the CRM") && i.Title == "Blind after"
	})
}

// Thunderbird's address book writes without a precondition, too.
func TestDemoThunderbirdBlindCard(t *testing.T) {
	t.Parallel()
	d := bridge.Demo(t)
	target := demoPlaces(d)
	id := d.CRM.Add(t, "Contact", creatio.Fields{"Name": "Bea Blind", "GivenName": "Bea", "Surname": "Blind", "Email": "bea@example.org",
		"OwnerId": d.CRM.Owner})
	uid := uidOf(t, target, target.Book, "FN:Bea Blind")
	app := thunderbird.Start(t)
	app.Remember(t, d.Account, d.Account.Base)
	book := app.SubscribeBook(t, d.Account, target.Book)
	book.Await(t, uid, "the card", func(c *thunderbird.Card) bool { return c != nil })
	d.CRM.Change(t, "Contact", id, creatio.Fields{"JobTitle": "Head of Lanterns"})
	uidOf(t, target, target.Book, "TITLE:Head of Lanterns")

	book.SetEmail(t, uid, "bea.new@example.org")
	d.CRM.Await(t, crossing, "Contact", id, "Email", "bea.new@example.org")
	time.Sleep(5 * time.Second) // two polls: both changes have to last
	if got := d.CRM.Read(t, "Contact", id); got.Text("JobTitle") != "Head of Lanterns" || got.Text("Email") != "bea.new@example.org" {
		t.Errorf("in the end the CRM has job title %q, address %q", got.Text("JobTitle"), got.Text("Email"))
	}
	book.Await(t, uid, "both changes", func(c *thunderbird.Card) bool {
		return c != nil && strings.Contains(c.Text, "Head of Lanterns") && c.Email == "bea.new@example.org"
	})
}

// Killed and started again with the same folder, the demo is the same: credentials, data, links.
func TestDemoRestart(t *testing.T) {
	t.Parallel()
	d := bridge.Demo(t)
	target := demoPlaces(d)
	id := d.CRM.Meeting(t, "Lasting", time.Now().Add(40*time.Hour).Truncate(time.Hour), time.Hour)
	uidOf(t, target, target.Calendar, "SUMMARY:Lasting")
	d.Kill()
	d.Restart(t)
	d.CRM.Change(t, "Activity", id, creatio.Fields{"Title": "Lasting on"})
	uidOf(t, target, target.Calendar, "SUMMARY:Lasting on")
	target.Edit(t, target.Calendar, "SUMMARY:Lasting on", "SUMMARY:Lasting still")
	d.CRM.Await(t, crossing, "Activity", id, "Title", "Lasting still")
	if n := len(d.CRM.Find(t, "Activity", "startswith(Title,'Lasting')")); n != 1 {
		t.Errorf("%d meetings", n)
	}
}
