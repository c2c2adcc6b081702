package manage

import (
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	event, task, contact := pim.Kinds(pim.KindEvent), pim.Kinds(pim.KindTask), pim.Kinds(pim.KindContact)
	creatio := []remote.Collection{{ID: "activities", Kinds: event | task}, {ID: "events", Kinds: event}, {ID: "tasks", Kinds: task}, {ID: "contacts", Kinds: contact}}
	tasksOnly := []remote.Collection{{ID: "parties", Kinds: contact}, {ID: "projects", Kinds: task}}
	for _, c := range []struct {
		there []remote.Collection
		name  string
		want  pim.KindSet
		id    string // "" for none
	}{
		{creatio, "", event | task, "activities"},
		{creatio, "", event, "events"},
		{creatio, "", task, "tasks"},
		{creatio, "", contact, "contacts"},
		{creatio, "activities", task, "activities"},
		{creatio, "events", contact, ""},
		{creatio, "events", task, ""},
		{creatio, "nothing", task, ""},
		{tasksOnly, "", event | task, "projects"}, // in part is better than not at all
		{tasksOnly, "", event, ""},
	} {
		id := ""
		if best := fitting(c.there, c.name, c.want); best != nil {
			id = string(best.ID)
		}
		if id != c.id {
			t.Errorf("%q for %s: %q, want %q", c.name, KindNames(c.want), id, c.id)
		}
	}
}

func TestRulesInPlainWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`xx`:                             "the rules are not JSON: invalid character 'x' looking for beginning of value at character 1",
		`{"policy":"ask"`:                "the rules are not JSON: unexpected end of JSON input at character 15",
		`{} {}`:                          "the rules are not JSON: ",
		`[1]`:                            "not a JSON object",
		`null`:                           "not a JSON object",
		`{"pastDays":"many"}`:            "rule pastDays: want a whole number",
		`{"pastDays":1.5}`:               "rule pastDays: want a whole number",
		`{"filter":"x"}`:                 `rule filter: want an object such as {"field":`,
		`{"fields":"x"}`:                 `rule fields: want an object such as {"event":`,
		`{"pastDays":-2}`:                "pastDays -2 is neither a number of days nor -1, which means no bound",
		`{"futureDays":-400}`:            "futureDays -400 is neither a number of days nor -1, which means no bound",
		`{"pastDays":1000000}`:           "pastDays 1000000 is more than a hundred years",
		`{"policy":7}`:                   "rule policy: want a text in quotes",
		`{"policy":"best"}`:              `policy "best" is not ask`,
		`{"allOwners":"yes"}`:            "rule allOwners: want true or false",
		`{"types":"Meeting"}`:            "rule types: want a list",
		`{"remove":"keep"}`:              "rule remove: want an object",
		`{"reconcileEvery":5}`:           `rule reconcileEvery: want a time such as "10m"`,
		`{"reconcileEvery":"soon"}`:      `rule reconcileEvery: "soon" is no duration`,
		`{"kinds":["dream"]}`:            "rule kinds: ",
		`{"polcy":"ask"}`:                "there is no rule polcy; there are activityContacts, allOwners, ",
		`{"polcy":"ask","pastDays":"a"}`: "rule pastDays",
	} {
		_, err := ParseRules(text)
		if err == nil || !strings.Contains(pim.PublicText(err), want) || strings.Contains(err.Error(), "Go value") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	r, err := ParseRules(`{"pastDays":-1,"futureDays":30,"remove":{"contact":"keep"},"kinds":["task"]}`)
	if err != nil || r.PastDays != -1 || r.FutureDays != 30 || r.Remove[pim.KindContact] != "keep" || len(r.Kinds) != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestTheNetworkToAllowIsNamed(t *testing.T) {
	t.Parallel()
	refused := func(addr string) error {
		c, err := upstream.New(upstream.Options{Base: "http://" + addr, Now: time.Now, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), upstream.Request{Method: "GET", Path: "/"})
		return err
	}
	for addr, want := range map[string]string{"127.0.0.1:9": "127.0.0.0/8", "10.1.2.3:9": "10.1.2.3/32", "[fd00::1]:9": "fd00::1/128"} {
		if text := FaultText(refused(addr)); !strings.Contains(text, "with outbound.allow: ["+want+"]") {
			t.Errorf("%s: %s", addr, text)
		}
	}
	if ips := upstream.Refused(pim.ErrAuth); ips != nil {
		t.Errorf("%v", ips)
	}
}

func TestAFaultOfOtherKindsIsNone(t *testing.T) {
	t.Parallel()
	fault := pim.Errorf("test", pim.ErrForbidden, "Tasks.ReadWrite.All is missing")
	task, event := pim.Kinds(pim.KindTask), pim.Kinds(pim.KindEvent)
	for _, c := range []struct {
		of, wanted pim.KindSet
		fails      bool
	}{{task, event, false}, {task, task, true}, {task, task | event, true}, {task, 0, true}, {0, event, true}} {
		got := needed(remote.Check{Name: "tasks", Err: fault, Kinds: c.of}, c.wanted)
		if (got.Err != nil) != c.fails || !c.fails && !strings.Contains(got.Note, "Tasks.ReadWrite.All is missing") {
			t.Errorf("%v for %v: %+v", c.of, c.wanted, got)
		}
	}
}
