package creatiosim

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	owner := User{Login: "anna", Password: "x", Name: "Anna Demo", Email: "anna@example.org", FullRights: true}
	var r *rig
	now := newClock().Now()
	r = newRig(t, func(o *Options) {
		o.Users = append(testUsers()[:1], owner)
		o.Seed = Demo(now, owner)
	})
	me := r.sim.ContactOf("anna")
	if a, c, p := r.sim.Len("Account"), r.sim.Len("Contact"), r.sim.Len("Activity"); a != 15 || c != 62 || p < 38 || p > 44 {
		t.Errorf("%d companies, %d contacts, %d activities", a, c, p)
	}
	kinds := map[string]int{}
	scripts := map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Han": unicode.Han,
		"Arabic": unicode.Arabic, "Greek": unicode.Greek}
	seen := map[string]int{}
	for _, a := range r.sim.Records("Activity") {
		if a.Ref("OwnerId") != me {
			t.Errorf("%q is not the owner's", a.Text("Title"))
		}
		if d := a.Time("StartDate").Sub(now); d < -22*24*time.Hour || d > 22*24*time.Hour {
			t.Errorf("%q starts %v from now", a.Text("Title"), d)
		}
		if !a.Time("ModifiedOn").Before(now.Add(time.Second)) || a.Time("DueDate").Before(a.Time("StartDate")) {
			t.Errorf("%q: modified %v, due %v", a.Text("Title"), a.Time("ModifiedOn"), a.Time("DueDate"))
		}
		kinds["type "+r.sim.titleOf("ActivityType", a.Ref("TypeId"))]++
		kinds["status "+r.sim.titleOf("ActivityStatus", a.Ref("StatusId"))]++
		kinds["priority "+r.sim.titleOf("ActivityPriority", a.Ref("PriorityId"))]++
		if a.Bool("ShowInScheduler") {
			kinds["scheduled"]++
		}
		if a.Bool("RemindToOwner") {
			kinds["reminder"]++
		}
		if len(a.Text("Notes")) > 5000 {
			kinds["long notes"]++
		}
		if len(r.sim.Participants(a.ID)) > 4 {
			kinds["many participants"]++
		}
		for name, table := range scripts {
			if strings.ContainsFunc(a.Text("Title"), func(c rune) bool { return unicode.Is(table, c) }) {
				seen[name]++
			}
		}
	}
	for _, kind := range []string{"type Task", "type Call", "type Email", "type Visit", "status Not started", "status In progress",
		"status Completed", "status Canceled", "status Postponed", "priority High", "priority Low", "priority Urgent", "scheduled",
		"reminder", "long notes", "many participants"} {
		if kinds[kind] == 0 {
			t.Errorf("no activity with %s: %v", kind, kinds)
		}
	}
	for name := range scripts {
		if seen[name] == 0 {
			t.Errorf("no title in %s", name)
		}
	}
	photos := 0
	for _, c := range r.sim.Records("Contact") {
		if mail := c.Text("Email"); mail != "" && !strings.HasSuffix(mail, "@example.org") {
			t.Errorf("address %s", mail)
		}
		if c.Ref("PhotoId") != "" {
			photos++
		}
	}
	for _, c := range r.sim.Records("ContactCommunication") {
		if n := c.Text("Number"); strings.Contains(n, "@") && !strings.HasSuffix(n, "example.org") {
			t.Errorf("address %s", n)
		}
	}
	if photos == 0 || r.sim.MailCount() != 0 {
		t.Errorf("%d photos, %d mails", photos, r.sim.MailCount())
	}
}

// The same arguments give the same data, and another day the same people at other times.
func TestDemoIsDeterministic(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	show := func(at time.Time) string { return fmt.Sprint(Demo(at, testUsers()[0]).Rows) }
	if first, second := show(now), show(now); first != second {
		t.Error("two calls differ")
	}
	if show(now) == show(now.AddDate(0, 0, 1)) {
		t.Error("another day gives the same times")
	}
}
