//go:build e2e

package e2e

import (
	"errors"
	"strings"
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/browser"
	"crmbridge/e2e/creatio"
	"crmbridge/e2e/plain"
)

// TestPagesAccount is a person who signs in, gives a phone a password of its own and signs out again, in two languages, at two widths.
func TestPagesAccount(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	b.AddUser(t, "alice", "password-of-alice")
	for _, c := range []struct {
		size                                                      browser.Size
		language                                                  string
		signIn, account, add, phone, once, revoke, revoked, leave string
	}{
		{browser.Desktop, "en", "Sign in", "My account", "New app password", "Desk", "It is shown this once", "Revoke the password of Desk", "The app password works no more.", "Sign out"},
		{browser.Phone, "fi", "Kirjaudu sisään", "Oma tili", "Uusi sovellussalasana", "Puhelin", "Se näytetään vain nyt", "Peru laitteen Puhelin salasana", "Sovellussalasana ei enää toimi.", "Kirjaudu ulos"},
	} {
		t.Run(c.size.Name+" in "+c.language, func(t *testing.T) {
			w := browser.Open(t, c.size, c.language)
			w.Go(b.Base)
			w.See(c.signIn)
			w.Fits()
			w.Picture("sign-in-" + c.language)
			w.Type("name", "alice")
			w.Type("password", "password-of-alice")
			w.Click(c.signIn)
			w.See(c.account)
			w.Fits()
			w.Picture("account-" + c.language)
			w.Click(c.add)
			w.Type("name", c.phone)
			w.Press(browser.Enter)
			w.See(c.once)
			if secret := w.Text("#secret"); len(secret) != 39 {
				t.Errorf("the password is %q", secret)
			}
			w.Fits()
			w.Picture("app-password-" + c.language)
			w.Click(c.revoke)
			w.See(c.revoked)
			w.Click(c.leave)
			w.See(c.signIn)
			w.Quiet()
		})
	}
}

// TestPagesByKeyboard signs in without a mouse.
func TestPagesByKeyboard(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	b.AddUser(t, "alice", "password-of-alice")
	w := browser.Open(t, browser.Desktop, "en")
	w.Go(b.Base)
	w.See("Sign in")
	w.Press("a", "l", "i", "c", "e", browser.Tab) // the cursor is in the first field
	for _, r := range "password-of-alice" {
		w.Press(string(r))
	}
	w.Press(browser.Enter)
	w.See("You are signed in as alice.")
	w.Quiet()
}

// collide makes a conflict: a device writes over what it has not seen, and is refused.
func collide(t *testing.T, a plain.Account, name, theirs, mine string) {
	t.Helper()
	event := func(title string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//EN\r\nBEGIN:VEVENT\r\nUID:" + name + "\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:20300501T100000Z\r\nDTEND:20300501T110000Z\r\nSUMMARY:" +
			title + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	at := a.Base + "dav/calendars/" + a.User + "/calendar/" + name + ".ics"
	a.Put(t, at, event("Before"))
	etag := a.Do(t, "GET", at, "").Header.Get("ETag")
	a.Put(t, at, event(theirs))
	if r := a.Do(t, "PUT", at, event(mine), "If-Match", etag, "Content-Type", "text/calendar"); r.Status != 412 {
		t.Fatalf("a stale write: %d", r.Status)
	}
}

// TestPagesConflicts settles a conflict field by field with clicks, takes that back, and settles another by keys alone.
func TestPagesConflicts(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	a := b.AddUser(t, "alice", "password-of-alice")
	b.Run(t, "password-of-the-boss\n", "user", "add", "--name", "boss", "--admin", "--password-stdin")
	for _, c := range []struct {
		size                                                                               browser.Size
		language, signIn, conflicts, take, settled, undo, undone, all, none, show, nothing string
	}{
		{browser.Desktop, "en", "Sign in", "Conflicts", "Take what is chosen", "The conflict is settled.", "Take the decision back", "The decision is taken back", "All from the device", "There are none.", "Show", "Nothing waits for a decision."},
		{browser.Phone, "ru", "Войти", "Конфликты", "Взять выбранное", "Конфликт улажен.", "Отменить решение", "Решение отменено", "Всё: устройство", "Их нет.", "Показать", "Ничто не ждёт решения."},
	} {
		t.Run(c.size.Name+" in "+c.language, func(t *testing.T) {
			name := "meeting-" + c.language
			theirs, mine := "Theirs "+c.language, "Mine "+c.language
			collide(t, a, name, theirs, mine)
			w := browser.Open(t, c.size, c.language)
			w.Go(b.Base)
			w.See(c.signIn)
			w.Type("name", "boss")
			w.Type("password", "password-of-the-boss")
			w.Click(c.signIn)
			w.See(c.conflicts)
			w.Fits()
			w.Picture("overview-" + c.language)
			w.Click(c.conflicts)
			w.See(mine)
			w.Fits()
			w.Picture("conflicts-" + c.language)
			w.Click(mine)
			w.See(theirs)
			w.Fits()
			w.Picture("conflict-" + c.language)
			w.Click(mine) // the label of the choice
			w.Click(c.take)
			w.See(c.settled)
			if _, text, ok := a.Find(t, a.Base+"dav/calendars/alice/calendar/", "SUMMARY:"+mine); !ok {
				t.Errorf("the device's title did not win: %s", text)
			}
			w.Click(c.undo)
			w.See(c.undone)
			if _, _, ok := a.Find(t, a.Base+"dav/calendars/alice/calendar/", "SUMMARY:"+theirs); !ok {
				t.Error("the server's title is not back")
			}
			w.Reach(c.all)
			w.Press(browser.Enter)
			w.See(c.settled)
			if _, _, ok := a.Find(t, a.Base+"dav/calendars/alice/calendar/", "SUMMARY:"+mine); !ok {
				t.Error("by keys, the device's title did not win")
			}
			w.Go(b.Base)
			w.See(c.nothing)
			w.Quiet()
		})
	}
}

// TestPagesLinks looks at a link of the demo, runs it and reads what the run did.
func TestPagesLinks(t *testing.T) {
	t.Parallel()
	d := bridge.Demo(t)
	w := browser.Open(t, browser.Desktop, "en")
	w.Go(d.Base)
	w.See("Sign in")
	w.Type("name", d.Account.User)
	w.Type("password", d.Account.Password)
	w.Click("Sign in")
	w.See("The last 24 hours")
	w.Picture("overview-demo")
	w.Click("Links")
	w.See("A link ties a calendar")
	w.Fits()
	w.Picture("links")
	w.Click("calendar")
	w.See("Test connection")
	w.Fits()
	w.Picture("link")
	w.Click("Test connection")
	w.See("Test of calendar")
	w.Picture("link-test")
	w.Click("Back to calendar")
	w.Click("Change the rules")
	w.See("Same field changed on both sides")
	w.Fits()
	w.Picture("rules")
	w.Type("rule-futureDays", "30")
	w.Click("Show what they would do")
	w.See("What the next run would do")
	w.Fits()
	w.Picture("rules-preview")
	w.Click("Save")
	w.See("The rules are saved.")
	w.See("to 30 days ahead")
	w.Click("Pause")
	w.See("The link is paused")
	w.Click("Resume")
	w.See("The link goes on.")
	await(t, "a moment without a run", func() error { // there is Stop in place of it while one is under way
		w.Go(d.Base + "web/links/1")
		if !w.Shows("Run now") {
			return errors.New("it runs")
		}
		return nil
	})
	w.Click("Run now")
	w.See("A run is queued.")
	w.Click("Runs")
	w.See("Written there")
	w.Fits()
	w.Picture("runs")
	w.Go(d.Base + "web/items?link=1")
	w.See("Made by")
	w.Fits()
	w.Picture("items")
	w.Go(d.Base + strings.TrimPrefix(browser.Eval[string](w, `document.querySelector("tbody th a").getAttribute("href")`), "/"))
	w.See("Why it is, or is not, there")
	w.See("History")
	w.Fits()
	w.Picture("item")
	w.Click("People")
	w.Click(d.Account.User)
	w.See("Feeds")
	w.Fits()
	w.Picture("person")
	for _, page := range []string{"Errors", "Approvals", "Duplicates"} {
		w.Click(page)
		w.See(page)
		w.Fits()
	}
	w.Quiet()
}

// TestPagesNewLink links a calendar to a CRM by clicks: a wrong password is told as such, the right one makes the link, and its first run brings the CRM's meetings.
func TestPagesNewLink(t *testing.T) {
	t.Parallel()
	b, crm := bridge.Serve(t, ""), creatio.Simulate(t)
	b.AddUser(t, "alice", "password-of-alice")
	b.Run(t, "password-of-the-boss\n", "user", "add", "--name", "boss", "--admin", "--password-stdin")
	w := browser.Open(t, browser.Desktop, "en")
	w.Go(b.Base)
	w.Type("name", "boss")
	w.Type("password", "password-of-the-boss")
	w.Click("Sign in")
	w.Click("Links")
	w.See("There are no links yet.")
	w.Click("New link")
	w.See("What is to be linked to?")
	w.Picture("new-link-drivers")
	w.Click("Creatio (bpm'online)")
	w.See("Collection here")
	w.Fits()
	w.Type("set-url", crm.URL)
	w.Type("set-username", crm.User)
	w.Type("set-password", "wrong")
	w.Click("Test connection")
	w.See("✗")
	w.Picture("new-link-wrong")
	w.Type("set-password", crm.Password)
	w.Click("Test connection")
	w.See("The connection works.")
	w.Fits()
	w.Picture("new-link-works")
	w.Click("Make the link")
	w.See("The link is made")
	await(t, "the first run", func() error {
		w.Go(b.Base + "web/links/1")
		if !w.Shows("works") || w.Shows("There was no run yet.") {
			return errors.New("it has not run")
		}
		return nil
	})
	w.Quiet()
}
