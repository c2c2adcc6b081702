//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/browser"
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
