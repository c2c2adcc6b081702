//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/axe"
	"crmbridge/e2e/bridge"
	"crmbridge/e2e/browser"
)

// TestPagesForEverybody has every page of the demo judged by axe-core, and sees that none is wider than a phone.
func TestPagesForEverybody(t *testing.T) {
	t.Parallel()
	judge := axe.Install(t)
	d := bridge.Demo(t)
	collide(t, d.Account, "collision", "Theirs", "Mine")
	for _, size := range []browser.Size{browser.Desktop, browser.Phone} {
		w := browser.Open(t, size, "en")
		w.Go(d.Base + "web/sign-in")
		judge.Look(t, w, "sign-in")
		w.Type("name", d.Account.User)
		w.Type("password", d.Account.Password)
		w.Click("Sign in")
		w.See("The last 24 hours")
		for _, page := range []string{
			"overview", "links", "links/new", "links/new?driver=creatio", "links/new?driver=ews", "links/1", "links/1/rules", "people", "people/" + d.Account.User, "me", "me/connect", "runs", "runs/1",
			"conflicts", "conflicts/1", "errors", "holds", "duplicates", "items", "items?link=1", "system", "nothing",
		} {
			w.Go(d.Base + "web/" + page)
			w.Fits()
			if !size.Phone { // there is one page for both, which takes a second to be judged
				judge.Look(t, w, page)
			}
		}
		w.Quiet()
		browser.Eval[string](w, `document.querySelector("main").innerHTML += "<p><input></p>"; ""`)
		if found := judge.Serious(t, w); len(found) != 1 {
			t.Errorf("of a field without a label it says %q", found)
		}
	}
}
