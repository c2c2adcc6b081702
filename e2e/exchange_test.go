//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/creatio"
	"crmbridge/e2e/exchangelib"
	"crmbridge/exchange/ews/ewssim"
)

// TestExchangeToCreatio: a contact that a person makes in a mailbox of Exchange Server is one of Creatio, and the mail that comes into it is an
// e-mail activity there, with sender, text and file, about the contact who wrote it.
func TestExchangeToCreatio(t *testing.T) {
	t.Parallel()
	exchangelib.Need(t)
	const secret = "password-of-all"
	sim, err := ewssim.New(ewssim.Options{Mailboxes: []ewssim.Mailbox{{Address: "alice@example.org", Name: "Alice Example", Password: secret}, {Address: "cid@example.org", Name: "Cid Writer", Password: secret}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		srv.Close()
	})
	mailbox := func(user string) exchangelib.Mailbox {
		return exchangelib.Mailbox{URL: srv.URL + "/EWS/Exchange.asmx", User: user, Password: secret}
	}
	b, crm := bridge.Serve(t, ""), creatio.Simulate(t)
	b.AddUser(t, "alice", "password-of-alice")
	for _, to := range [][]string{
		{"--driver", "ews", "--collection", "contacts"},
		{"--driver", "ews", "--collection", "mail", "--remote", "Inbox"},
		{"--driver", "creatio", "--collection", "contacts", "--rules", `{"direction":"out"}`}, // its sample people stay there
		{"--driver", "creatio", "--collection", "mail"},
	} {
		args := append([]string{"link", "add", "--user", "alice"}, to...)
		if to[1] == "ews" {
			args = append(args, "--set", "url="+srv.URL, "--set", "user=alice@example.org", "--set", "password="+secret)
		} else {
			args = append(args, "--set", "url="+crm.URL, "--set", "username="+crm.User, "--set", "password="+crm.Password)
		}
		b.Run(t, "", args...)
	}
	mailbox("alice@example.org").Meet(t, "Cid", "Writer", "cid@example.org", "+358 40 0000001")
	var cid creatio.Fields
	await(t, "the contact in the CRM", func() error {
		found := crm.Named(t, "Cid Writer")
		if len(found) != 1 || found[0].Text("Email") != "cid@example.org" || found[0].Text("MobilePhone") != "+358 40 0000001" {
			return fmt.Errorf("there are %v", found)
		}
		cid = found[0]
		return nil
	})
	file := bytes.Repeat([]byte("offer\x00\xff"), 10_000)
	mailbox("cid@example.org").Send(t, "alice@example.org", "Our offer", "<p>As <b>discussed</b>.</p>", "offer.bin", file)
	await(t, "the mail in the CRM, with its file", func() error {
		all := crm.Titled(t, "Our offer")
		if len(all) != 1 {
			return fmt.Errorf("there are %d", len(all))
		}
		switch a := all[0]; {
		case a.Text("TypeId") != creatio.TypeEmail, !strings.Contains(a.Text("Sender"), "cid@example.org"), !strings.Contains(a.Text("Body"), "<b>discussed</b>"):
			return fmt.Errorf("it is %v", a)
		case a.Text("ContactId") != cid.Text("Id"):
			return errors.New("it is not about the contact who wrote it")
		case !bytes.Equal(crm.Files(t, a.Text("Id"))["offer.bin"], file):
			return errors.New("its file is not there")
		}
		return nil
	})
	if n := sim.Counts()[""]; n > 0 {
		t.Errorf("%d requests could not be read", n)
	}
}
