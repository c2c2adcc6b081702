package tryton

import (
	"testing"

	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestSession(t *testing.T) {
	t.Parallel()
	c := SignIn(t, testenv.Tryton(t))
	id := c.Party(t, "Ann Example", "ann@example.org")
	found := c.Find(t, "party.contact_mechanism", []any{[]any{"value", "=", "ann@example.org"}}, "party", "type")
	if len(found) != 1 || found[0]["party"] != float64(id) || found[0]["type"] != "email" {
		t.Errorf("found %v", found)
	}
	c.Change(t, "party.party", id, Fields{"name": "Ann Changed"})
	if found := c.Find(t, "party.party", []any{[]any{"name", "=", "Ann Changed"}}, "name"); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	c.Remove(t, "party.party", id)
	if found := c.Find(t, "party.party", []any{[]any{"id", "=", id}}, "name"); len(found) != 0 {
		t.Errorf("still there: %v", found)
	}
	company := c.Company(t)
	task := c.Task(t, company, "A task")
	statuses := c.Statuses(t)
	c.Change(t, "project.work", task, Fields{"status": statuses["Done"], "progress": 1})
	if found := c.Find(t, "project.work", []any{[]any{"status", "=", statuses["Done"]}}, "name"); len(found) != 1 || found[0]["name"] != "A task" {
		t.Errorf("found %v", found)
	}
}
