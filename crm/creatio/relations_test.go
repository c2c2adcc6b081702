package creatio_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func told(rels []remote.Relation) string {
	var out []string
	for _, r := range rels {
		self := ""
		if r.Self {
			self = "!"
		}
		out = append(out, r.Role+"="+r.Name+self)
	}
	return strings.Join(out, " ")
}

// TestRowB7InCreatio: a contact points at its owner and at the primary contact of its account;
// a hundred contacts cost a bounded number of requests.
func TestRowB7InCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil).(remote.Relations)
	me := r.sim.ContactOf("Supervisor")
	boss := r.add("Contact", creatiosim.Fields{"Name": "Boss", "OwnerId": r.sim.ContactOf("pia")})
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme", "PrimaryContactId": boss})
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann", "AccountId": acme, "OwnerId": me})
	got, err := c.Related(t.Context(), creatio.Contacts, remote.Scope{}, []remote.ItemID{remote.ItemID(ann), remote.ItemID(boss)})
	if err != nil || len(got) != 1 || told(got[remote.ItemID(ann)]) != "company=Acme owner=Sue Pervisor! primary contact=Boss" {
		t.Fatalf("%v %v", got, err)
	}
	if got, err = c.Related(t.Context(), creatio.Contacts, remote.Scope{AllOwners: true}, []remote.ItemID{remote.ItemID(boss)}); err != nil || len(got) != 1 {
		t.Errorf("somebody else's: %v %v", got, err)
	}
	folder := r.add("ContactFolder", creatiosim.Fields{"Name": "Key accounts"})
	if got, err = c.Related(t.Context(), creatio.Contacts, remote.Scope{Groups: []string{"Key accounts"}}, []remote.ItemID{remote.ItemID(ann)}); err != nil || len(got) != 0 {
		t.Errorf("not in the folder: %v %v", got, err)
	}
	r.add("ContactInFolder", creatiosim.Fields{"FolderId": folder, "ContactId": ann})
	if got, err = c.Related(t.Context(), creatio.Contacts, remote.Scope{Groups: []string{"Key accounts"}}, []remote.ItemID{remote.ItemID(ann)}); err != nil || len(got) != 1 {
		t.Errorf("in the folder: %v %v", got, err)
	}
	var ids []remote.ItemID
	for i := range 100 {
		ids = append(ids, remote.ItemID(r.add("Contact", creatiosim.Fields{"Name": fmt.Sprint("C ", i), "OwnerId": me, "AccountId": acme})))
	}
	ctx, made := remote.CountRequests(t.Context())
	if got, err = c.Related(ctx, creatio.Contacts, remote.Scope{}, ids); err != nil || len(got) != 100 || made() > 10 {
		t.Errorf("%d contacts, %d requests, %v", len(got), made(), err)
	}
}

// TestRowB18InCreatio: an activity's relations with their names; those that an edition does
// not have are no roles, and what is set is another version.
func TestRowB18InCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	rel := c.(remote.Relations)
	me := r.sim.ContactOf("Supervisor")
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme"})
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann", "AccountId": acme})
	deal := r.add("Opportunity", creatiosim.Fields{"Title": "Big deal"})
	r.add("Opportunity", creatiosim.Fields{"Title": "Small deal"})
	id := remote.ItemID(r.add("Activity", creatiosim.Fields{"Title": "Lunch", "OwnerId": me, "AccountId": acme, "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"),
		"ShowInScheduler": true, "StartDate": r.clock.Now(), "DueDate": r.clock.Now().Add(time.Hour), "LeadId": r.add("Lead", creatiosim.Fields{"LeadName": "Hot"})}))
	r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": string(id), "ParticipantId": ann})
	related := func() string {
		t.Helper()
		got, err := rel.Related(t.Context(), creatio.Activities, remote.Scope{AllOwners: true}, []remote.ItemID{id})
		if err != nil {
			t.Fatal(err)
		}
		return told(got[id])
	}
	if got := related(); got != "company=Acme lead=Hot owner=Sue Pervisor! participant=Ann" {
		t.Errorf("%q", got)
	}
	offered, err := rel.Candidates(t.Context(), pim.KindEvent, "opportunity", "deal")
	if err != nil || len(offered) != 2 {
		t.Errorf("%v %v", offered, err)
	}
	recs, err := c.Fetch(t.Context(), creatio.Activities, []remote.ItemID{id})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Second)
	after, err := rel.Relate(t.Context(), creatio.Activities, recs[0].Ref, map[string]remote.ItemID{"opportunity": remote.ItemID(deal), "company": "", "contact": remote.ItemID(ann)})
	if err != nil || after.Version == recs[0].Version {
		t.Fatalf("%v %v", after, err)
	}
	if got := related(); got != "contact=Ann opportunity=Big deal lead=Hot owner=Sue Pervisor! participant=Ann" {
		t.Errorf("%q", got)
	}
	if _, err := rel.Relate(t.Context(), creatio.Activities, recs[0].Ref, map[string]remote.ItemID{"project": ""}); pim.ReasonOf(err) != pim.ErrConflict {
		t.Errorf("an old version: %v", err)
	}
	// A repeated write of the same is none.
	if again, err := rel.Relate(t.Context(), creatio.Activities, after.Ref, map[string]remote.ItemID{"contact": remote.ItemID(ann)}); err != nil || again.Version != after.Version {
		t.Errorf("%v %v", again, err)
	}
}

// TestRowB18WhoIsWhoInCreatio: people by any of their addresses, companies by web site and by
// the addresses of their people, and what is found is remembered.
func TestRowB18WhoIsWhoInCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	dir := r.open(nil).(remote.Directory)
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme", "Web": "http://www.acme.example.org/de"})
	beta := r.add("Account", creatiosim.Fields{"Name": "Beta"})
	r.add("Account", creatiosim.Fields{"Name": "Acme Parts", "Web": "parts.acme.example.org"})
	ann := r.add("Contact", creatiosim.Fields{"Name": "Ann", "Email": "ann@acme.example.org", "AccountId": acme})
	r.add("ContactCommunication", creatiosim.Fields{"ContactId": ann, "CommunicationTypeId": r.sim.Lookup("CommunicationType", "Email"), "Number": "ann@private.example.org"})
	r.add("Contact", creatiosim.Fields{"Name": "Bea", "Email": "bea@beta.example.org", "AccountId": beta})
	who := func(address string) []remote.Known {
		t.Helper()
		got, err := dir.WhoIs(t.Context(), []string{address})
		if err != nil {
			t.Fatal(err)
		}
		return got[strings.ToLower(address)]
	}
	for _, address := range []string{"ann@acme.example.org", "Ann@acme.example.org", "ann@private.example.org"} {
		if got := who(address); len(got) != 1 || got[0].Contact.Name != "Ann" || got[0].Company.Name != "Acme" {
			t.Errorf("%s: %v", address, got)
		}
	}
	if got := who("sue@example.org"); len(got) != 1 || !got[0].Self {
		t.Errorf("the user: %v", got)
	}
	at, err := dir.CompaniesAt(t.Context(), []string{"acme.example.org", "beta.example.org", "gamma.example.org"})
	if err != nil || len(at) != 2 || len(at["acme.example.org"]) != 1 || at["acme.example.org"][0].Name != "Acme" || at["beta.example.org"][0].Name != "Beta" {
		t.Errorf("%v %v", at, err)
	}
	ctx, made := remote.CountRequests(t.Context())
	if _, err := dir.WhoIs(ctx, []string{"ann@acme.example.org"}); err != nil || made() != 0 {
		t.Errorf("asked again: %d requests, %v", made(), err)
	}
}

// TestATieToWhatIsGoneInCreatio is left out of a new activity.
func TestATieToWhatIsGoneInCreatio(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme"})
	if err := r.sim.Remove("Account", acme); err != nil {
		t.Fatal(err)
	}
	at := r.clock.Now()
	e := remote.Entry{Item: &pim.Event{Activity: pim.Activity{Title: "Lunch"}, Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), "")},
		Relations: []remote.Relation{{Role: remote.RoleCompany, ID: remote.ItemID(acme), Name: "Acme"}}}
	rec, err := c.Create(t.Context(), creatio.Activities, e, "key")
	if err != nil || rec.Item.(*pim.Event).CRM.Company != "" {
		t.Errorf("%v %v", rec.Item, err)
	}
	roles, err := c.(remote.Relations).Roles(t.Context(), pim.KindEvent)
	if err != nil || !slices.ContainsFunc(roles, func(r remote.Role) bool { return r.ID == "case" }) {
		t.Errorf("%v %v", roles, err)
	}
}

// TestAWrittenTieIsNoFailure: whichever of its reads is refused, Relate fails when it wrote nothing and only then.
func TestAWrittenTieIsNoFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	rel := c.(remote.Relations)
	deal := r.add("Opportunity", creatiosim.Fields{"Title": "Big deal"})
	id := remote.ItemID(r.add("Activity", creatiosim.Fields{"Title": "Lunch", "OwnerId": r.sim.ContactOf("Supervisor"), "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"),
		"ShowInScheduler": true, "StartDate": r.clock.Now(), "DueDate": r.clock.Now().Add(time.Hour)}))
	if _, err := rel.Roles(t.Context(), pim.KindEvent); err != nil { // which are remembered
		t.Fatal(err)
	}
	written, refused := 0, 0
	for after := 0; ; after++ {
		if err := r.sim.Edit("Activity", string(id), creatiosim.Fields{"OpportunityId": nil}); err != nil {
			t.Fatal(err)
		}
		recs, err := c.Fetch(t.Context(), creatio.Activities, []remote.ItemID{id})
		if err != nil {
			t.Fatal(err)
		}
		fault, err := r.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Status: 400, Method: "GET", Entity: "Activity", After: after, Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := rel.Relate(t.Context(), creatio.Activities, recs[0].Ref, map[string]remote.ItemID{"opportunity": remote.ItemID(deal)})
		struck := r.sim.Struck(fault) > 0
		r.sim.RemoveFault(fault)
		now, _ := r.sim.Record("Activity", string(id))
		changed := now.Ref("OpportunityId") == deal
		if changed != (err == nil) || err == nil && rec.ID != id {
			t.Errorf("refused after %d: written %t, %+v, %v", after, changed, rec, err)
		}
		if !struck {
			break
		}
		if changed {
			written++
		} else {
			refused++
		}
	}
	if written == 0 || refused == 0 {
		t.Errorf("%d were written, %d refused", written, refused)
	}
}

// TestOneOddAnswerHidesNoLookup of those that not every edition has.
func TestOneOddAnswerHidesNoLookup(t *testing.T) {
	t.Parallel()
	for _, f := range []creatiosim.Fault{{Kind: creatiosim.FaultHTML}, {Kind: creatiosim.FaultStatus, Status: 403}, {Kind: creatiosim.FaultTruncate}} {
		t.Run(string(f.Kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			c := r.open(nil)
			f.Method, f.Entity, f.Count = "GET", "Activity", 1
			clear := r.fault(f)
			_, _ = c.(remote.Relations).Roles(t.Context(), pim.KindEvent)
			clear()
			roles, err := c.(remote.Relations).Roles(t.Context(), pim.KindEvent)
			for _, want := range []string{"opportunity", "project", "case", "lead"} {
				if err != nil || !slices.ContainsFunc(roles, func(r remote.Role) bool { return r.ID == want }) {
					t.Errorf("%s: %v %v", want, roles, err)
				}
			}
		})
	}
}
