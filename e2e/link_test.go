//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/e2e/bridge"
	"crmbridge/e2e/creatio"
	"crmbridge/internal/testenv"
)

// linked is an account at "serve" whose calendar is linked to a simulated Creatio that is asked only once an hour: what a
// step does on both sides between two runs meets in one.
type linked struct {
	bridge *bridge.Instance
	crm    *creatio.Simulated
	person person
}

func link(t *testing.T, databaseURL, policy string) linked {
	t.Helper()
	l := linked{bridge: bridge.Serve(t, databaseURL), crm: creatio.Simulate(t)}
	account := l.bridge.AddUser(t, "alice", "password-of-alice")
	l.bridge.Run(t, "", "link", "add", "--user", "alice", "--driver", "creatio", "--collection", "calendar", "--name", "meetings",
		"--set", "url="+l.crm.URL, "--set", "username="+l.crm.User, "--set", "password="+l.crm.Password,
		"--interval", "1h", "--rules", fmt.Sprintf(`{"policy":%q}`, policy))
	l.run(t)
	l.person = atVdirsyncer(t, account)
	return l
}

// run carries out a run and waits for its end.
func (l linked) run(t *testing.T) {
	t.Helper()
	l.bridge.Run(t, "", "sync", "run", "meetings")
}

// meet makes a meeting in the CRM, changes its title in the client and some columns in the CRM, and lets both meet.
func (l linked) meet(t *testing.T, title string, inCRM creatio.Fields) (id string) {
	t.Helper()
	id = l.crm.Meeting(t, title, time.Now().Add(30*time.Hour).Truncate(time.Hour), time.Hour)
	l.run(t)
	event := sees(t, l.person, l.person.events, title)
	l.crm.Change(t, "Activity", id, inCRM)
	l.person.retitle(t, event, title+" (client)")
	l.run(t)
	return id
}

func TestLinkMergesFields(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": testenv.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := link(t, database(t), "ask")
			id := l.meet(t, "Merged", creatio.Fields{"Location": "Room from the CRM"})
			l.crm.Await(t, crossing, "Activity", id, "Title", "Merged (client)")
			if got := l.crm.Read(t, "Activity", id).Text("Location"); got != "Room from the CRM" {
				t.Errorf("the CRM's own change became %q", got)
			}
			event := sees(t, l.person, l.person.events, "Merged (client)")
			await(t, "the CRM's change in the client", func() error {
				l.person.sync(t)
				return holds(readFile(t, event.id), "LOCATION:Room from the CRM")
			})
			if conflicts := l.bridge.Conflicts(t); len(conflicts) != 0 {
				t.Errorf("conflicts: %v", conflicts)
			}
		})
	}
}

func TestLinkAsksAboutCollision(t *testing.T) {
	t.Parallel()
	l := link(t, "", "ask")
	for _, choice := range []struct{ take, want string }{{"theirs", "Title of the CRM"}, {"mine", "Collision (client)"}} {
		id := l.meet(t, "Collision", creatio.Fields{"Title": "Title of the CRM", "Location": "Elsewhere"})
		list := l.bridge.Conflicts(t)
		if len(list) != 1 {
			t.Fatalf("%d conflicts: %v", len(list), list)
		}
		if fields, _ := list[0]["fields"].([]any); !slices.Contains(fields, any("title")) || slices.Contains(fields, any("location")) {
			t.Errorf("the conflict is about %v", list[0]["fields"])
		}
		var detail struct{ Base, Mine, Theirs string }
		if err := json.Unmarshal([]byte(l.bridge.Run(t, "", "conflict", "show", fmt.Sprint(list[0]["id"]), "--json")), &detail); err != nil {
			t.Fatal(err)
		}
		for name, pair := range map[string][2]string{"base": {detail.Base, "SUMMARY:Collision"}, "mine": {detail.Mine, "SUMMARY:Collision (client)"},
			"theirs": {detail.Theirs, "SUMMARY:Title of the CRM"}} {
			if !strings.Contains(pair[0], pair[1]) {
				t.Errorf("%s: %q is not in %q", name, pair[1], pair[0])
			}
		}
		// Nobody has decided yet: each side has its own.
		if got := l.crm.Read(t, "Activity", id).Text("Title"); got != "Title of the CRM" {
			t.Errorf("the CRM has %q before the decision", got)
		}
		l.bridge.Run(t, "", "conflict", "resolve", fmt.Sprint(list[0]["id"]), "--take", choice.take)
		l.run(t)
		l.crm.Await(t, crossing, "Activity", id, "Title", choice.want)
		// The client may have had that title all along: what it lacks shows after a sync.
		await(t, "the change that nobody fought over", func() error {
			l.person.sync(t)
			return holds(readFile(t, sees(t, l.person, l.person.events, choice.want).id), "LOCATION:Elsewhere")
		})
		if left := l.bridge.Conflicts(t); len(left) != 0 {
			t.Errorf("still open: %v", left)
		}
		l.crm.CRM.Remove(t, "Activity", id)
		l.bridge.Run(t, "", "sync", "run", "meetings", "--full", "--allow-deletions")
		misses(t, l.person, l.person.events, choice.want)
	}
}

func TestLinkSettlesByPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{"crm": "Title of the CRM", "client": "Settled (client)"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			l := link(t, "", policy)
			id := l.meet(t, "Settled", creatio.Fields{"Title": "Title of the CRM"})
			l.crm.Await(t, crossing, "Activity", id, "Title", want)
			sees(t, l.person, l.person.events, want)
			if open := l.bridge.Conflicts(t); len(open) != 0 {
				t.Errorf("open conflicts although the policy decides: %v", open)
			}
			// What lost is kept all the same.
			if all := l.bridge.Run(t, "", "conflict", "list", "--all", "--json"); !strings.Contains(all, "Settled") {
				t.Errorf("no report of what was settled: %s", all)
			}
		})
	}
}

// A listing that is suddenly empty deletes nothing.
func TestLinkSurvivesEmptyListing(t *testing.T) {
	t.Parallel()
	l := link(t, "", "ask")
	l.person.sync(t)
	before := len(l.person.events(t))
	if before < 5 {
		t.Fatalf("only %d events", before)
	}
	fault, err := l.crm.Sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultEmpty, Entity: "Activity"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.bridge.Try(t, "", "sync", "run", "meetings", "--full")
	t.Logf("the run said: %v", err)
	if l.crm.Sim.Struck(fault) == 0 {
		t.Error("the CRM was not asked for its list")
	}
	l.crm.Sim.ClearFaults()
	l.person.sync(t)
	if after := len(l.person.events(t)); after != before {
		t.Errorf("%d events are left of %d", after, before)
	}
	l.run(t)
	l.person.sync(t)
	if after := len(l.person.events(t)); after != before {
		t.Errorf("%d events after the CRM recovered, %d before", after, before)
	}
}
