//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/browser"
)

// TestPagesCodes is a person who turns on codes of an authenticator and signs in with one, and another who has only a recovery code left.
func TestPagesCodes(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	for _, c := range []struct {
		size                                                                   browser.Size
		name, language                                                         string
		signIn, account, setUp, turnOn, kept, ask, leave, change, turnOff, off string
		byRecovery                                                             bool
	}{
		{size: browser.Desktop, name: "alice", language: "en", signIn: "Sign in", account: "My account", setUp: "Set up codes", turnOn: "Turn on codes", kept: "I have kept them",
			ask: "Your code", leave: "Sign out", change: "Change or turn off", turnOff: "Turn off codes", off: "You are asked for your password alone from now on."},
		{size: browser.Phone, name: "bob", language: "sv", signIn: "Logga in", account: "Mitt konto", setUp: "Ställ in koder", turnOn: "Slå på koder", kept: "Jag har sparat dem",
			ask: "Din kod", leave: "Logga ut", change: "Ändra eller stäng av", turnOff: "Stäng av koder", off: "Från och med nu får du bara frågan om ditt lösenord.", byRecovery: true},
	} {
		t.Run(c.size.Name+" in "+c.language, func(t *testing.T) {
			b.AddUser(t, c.name, "password-of-"+c.name)
			w := browser.Open(t, c.size, c.language)
			enter := func() {
				w.Type("name", c.name)
				w.Type("password", "password-of-"+c.name)
				w.Click(c.signIn)
			}
			w.Go(b.Base)
			w.See(c.signIn)
			enter()
			w.See(c.account)
			w.Click(c.setUp)
			w.See(c.turnOn)
			w.Fits()
			w.Picture("codes-set-up-" + c.language)
			key := strings.ReplaceAll(w.Text("#key"), "-", "")
			shows := func(at time.Time) string {
				code, err := totp.GenerateCode(key, at)
				if err != nil {
					t.Fatal(err)
				}
				return code
			}
			w.Type("code", shows(time.Now()))
			w.Press(browser.Enter)
			w.See(c.kept)
			w.Fits()
			w.Picture("codes-recovery-" + c.language)
			code := w.Text("#recovery li")
			if len(code) != 19 {
				t.Errorf("a recovery code is %q", code)
			}
			w.Click(c.kept)
			w.See(c.change)
			w.Click(c.leave)
			w.See(c.signIn)
			enter()
			w.See(c.ask)
			w.Fits()
			w.Picture("code-" + c.language)
			if !c.byRecovery {
				code = shows(time.Now().Add(30 * time.Second)) // that of now may have been used
			}
			w.Type("code", code)
			w.Press(browser.Enter)
			w.See(c.account)
			w.Click(c.change)
			w.See(c.turnOff)
			w.Fits()
			w.Picture("codes-" + c.language)
			w.Type("password", "password-of-"+c.name)
			w.Press(browser.Enter)
			w.See(c.off)
			w.Quiet()
		})
	}
}
