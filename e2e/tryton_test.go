//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/tryton"
	"crmbridge/internal/testenv"
)

// trytonAccount is an account whose contacts and tasks are linked to a live Tryton.
func trytonAccount(t *testing.T) (plain.Account, *bridge.Instance, *tryton.CRM, int) {
	t.Helper()
	server := testenv.Tryton(t)
	crm := tryton.SignIn(t, server)
	company := crm.Company(t)
	crm.Party(t, "Ann Example", "ann@example.org")
	crm.Task(t, company, "Call Ann")
	b := bridge.Serve(t, "")
	account := b.AddUser(t, "alice", "password-of-alice")
	for _, collection := range []string{"contacts", "tasks"} {
		b.Run(t, "", "link", "add", "--user", "alice", "--driver", "tryton", "--collection", collection, "--name", collection, "--interval", "2s",
			"--set", "url="+server.URL, "--set", "database="+server.Database, "--set", "username="+server.User, "--set", "password="+server.Password,
			"--rules", `{"reconcileEvery":"5s"}`)
	}
	return account, b, crm, company
}

// partyNamed waits for the one party of that name and returns its id and e-mail addresses.
func partyNamed(t *testing.T, crm *tryton.CRM, name string, email string) {
	t.Helper()
	await(t, fmt.Sprintf("%s with %s in Tryton", name, email), func() error {
		parties := crm.Find(t, "party.party", []any{[]any{"name", "=", name}}, "name")
		if len(parties) != 1 {
			return fmt.Errorf("there are %v", parties)
		}
		found := crm.Find(t, "party.contact_mechanism", []any{[]any{"party", "=", parties[0]["id"]}, []any{"type", "=", "email"}}, "value")
		if len(found) != 1 || found[0]["value"] != email {
			return fmt.Errorf("its addresses are %v", found)
		}
		return nil
	})
}

func taskNamed(t *testing.T, crm *tryton.CRM, name string) (id int) {
	t.Helper()
	await(t, fmt.Sprintf("the task %q in Tryton", name), func() error {
		found := crm.Find(t, "project.work", []any{[]any{"name", "=", name}}, "name", "type")
		if len(found) != 1 || found[0]["type"] != "task" {
			return fmt.Errorf("there are %v", found)
		}
		n, _ := found[0]["id"].(float64)
		id = int(n)
		return nil
	})
	return id
}

// Contacts and tasks go to a CRM that nobody here wrote, and come back.
func TestTrytonVdirsyncer(t *testing.T) {
	t.Parallel()
	account, b, crm, company := trytonAccount(t)
	p := atVdirsyncer(t, account)

	t.Run("contacts", func(t *testing.T) {
		card := sees(t, p, p.cards, "Ann Example")
		p.setEmail(t, card, "ann@example.org", "ann.new@example.org")
		partyNamed(t, crm, "Ann Example", "ann.new@example.org")
		p.addCard(t, card.place, "bob", "Bob Builder", "bob@example.org")
		partyNamed(t, crm, "Bob Builder", "bob@example.org")
		crm.Party(t, "Carla Comes", "carla@example.org")
		carla := sees(t, p, p.cards, "Carla Comes")
		for _, party := range crm.Find(t, "party.party", []any{[]any{"name", "=", "Carla Comes"}}, "name") {
			id, _ := party["id"].(float64)
			crm.Change(t, "party.party", int(id), tryton.Fields{"name": "Carla Changed"})
		}
		misses(t, p, p.cards, "Carla Comes")
		sees(t, p, p.cards, "Carla Changed")
		if text := readFile(t, carla.id); value(text, "FN") == "Carla Comes" {
			t.Errorf("the card is %s", text)
		}
	})
	t.Run("tasks", func(t *testing.T) {
		task := sees(t, p, p.events, "Call Ann")
		p.retitle(t, task, "Call Ann tomorrow")
		taskNamed(t, crm, "Call Ann tomorrow")
		p.addTask(t, task.place, "made-here", "Made here")
		id := taskNamed(t, crm, "Made here")
		crm.Change(t, "project.work", id, tryton.Fields{"status": crm.Statuses(t)["Done"], "progress": 1})
		await(t, "the task to be done in the client", func() error {
			p.sync(t)
			entry := p.events(t)["Made here"]
			return holds(readFile(t, entry.id), "STATUS:COMPLETED")
		})
		crm.Task(t, company, "Made in Tryton")
		made := sees(t, p, p.events, "Made in Tryton")
		p.remove(t, made)
		await(t, "the deletion in Tryton", func() error {
			if found := crm.Find(t, "project.work", []any{[]any{"name", "=", "Made in Tryton"}}, "name"); len(found) != 0 {
				return errors.New("still there")
			}
			return nil
		})
		crm.Remove(t, "project.work", taskNamed(t, crm, "Call Ann tomorrow"))
		misses(t, p, p.events, "Call Ann tomorrow")
	})
	if conflicts := b.Conflicts(t); len(conflicts) != 0 {
		t.Errorf("conflicts although no two sides changed the same: %v", conflicts)
	}
}

func TestTrytonThunderbird(t *testing.T) {
	t.Parallel()
	account, _, crm, _ := trytonAccount(t)
	p := atThunderbird(t, account)
	card := sees(t, p, p.cards, "Ann Example")
	p.setEmail(t, card, "", "ann.tb@example.org")
	partyNamed(t, crm, "Ann Example", "ann.tb@example.org")
	task := sees(t, p, p.events, "Call Ann")
	p.retitle(t, task, "Call Ann from Thunderbird")
	taskNamed(t, crm, "Call Ann from Thunderbird")
}
