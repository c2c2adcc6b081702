//go:build e2e

package e2e

import (
	"net/http/httptest"
	"testing"

	"crmbridge/e2e/davmail"
	"crmbridge/e2e/ewsjavascript"
	"crmbridge/exchange/ews/ewssim"
)

// exchangeServer is a simulated Exchange Server with one mailbox, and the address of its service.
func exchangeServer(t *testing.T) (sim *ewssim.Sim, url, user, password string) {
	t.Helper()
	user, password = "ann@example.org", "password-of-ann"
	sim, err := ewssim.New(ewssim.Options{Mailboxes: []ewssim.Mailbox{{Address: user, Name: "Ann Example", Password: password, Zone: "W. Europe Standard Time"}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(sim)
	srv.Config.ConnContext = ewssim.ConnContext
	srv.Start()
	t.Cleanup(func() {
		sim.Close()
		srv.Close()
	})
	return sim, srv.URL + "/EWS/Exchange.asmx", user, password
}

// TestExchangeDavMail has a gateway that works with live servers judge the simulated one.
func TestExchangeDavMail(t *testing.T) {
	t.Parallel()
	sim, url, user, password := exchangeServer(t)
	there := davmail.Letter{Subject: "Grüße", File: []byte("file\x00\xff")}
	if _, err := sim.Deliver(ewssim.Letter{From: "cid@example.org", To: []string{user}, Subject: there.Subject, Body: "<p>Hello</p>", HTML: true,
		Files: []ewssim.LetterFile{{Name: "f.bin", Content: there.File}}}); err != nil {
		t.Fatal(err)
	}
	davmail.Check(t, url, user, password, there)
	if n := sim.Counts()[""]; n > 0 {
		t.Errorf("%d requests could not be read", n)
	}
}

// TestExchangeJavaScript has the port of Microsoft's client library judge it.
func TestExchangeJavaScript(t *testing.T) {
	t.Parallel()
	sim, url, user, password := exchangeServer(t)
	ewsjavascript.Check(t, url, user, password)
	if n := sim.Counts()[""]; n > 0 {
		t.Errorf("%d requests could not be read", n)
	}
}
