package creatio_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// said is what the notes of a record say about a field.
func said(rec remote.Record, f pim.FieldID) string {
	var out []string
	for _, n := range rec.Notes {
		if n.Field == f {
			out = append(out, n.Says)
		}
	}
	return strings.Join(out, "; ")
}

func person(name string) *pim.Contact {
	return &pim.Contact{FullName: name, Family: name}
}

// TestRowB9 makes contacts whose company and job are written in part, or unknown.
func TestRowB9(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.add("Account", creatiosim.Fields{"Name": "Acme Industries Ltd"})
	r.add("Account", creatiosim.Fields{"Name": "Beta One"})
	r.add("Account", creatiosim.Fields{"Name": "Beta Two"})
	r.add("Job", creatiosim.Fields{"Name": "Zoological consultant"})
	c := r.open(nil)
	one := person("One")
	one.Company, one.Role = "acme industries", "Zoological"
	rec := create(t, c, creatio.Contacts, one)
	if got := rec.Item.(*pim.Contact); got.Company != "Acme Industries Ltd" || got.Role != "Zoological consultant" || got.Title != "" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(said(rec, pim.FieldCompany), "the only one that fits") || !strings.Contains(said(rec, pim.FieldRole), "the only one that fits") {
		t.Errorf("notes %+v", rec.Notes)
	}
	two := person("Two")
	two.Company, two.Role = "Beta", "Snake charmer"
	rec = create(t, c, creatio.Contacts, two)
	if got := rec.Item.(*pim.Contact); got.Company != "Beta" || got.Role != "" || got.Title != "Snake charmer" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(said(rec, pim.FieldCompany), "was added") || !strings.Contains(said(rec, pim.FieldCompany), "Beta One") ||
		!strings.Contains(said(rec, pim.FieldRole), "stands in the job title") {
		t.Errorf("notes %+v", rec.Notes)
	}
	strict := r.open(crm.Settings{"create_companies": "no", "create_places": "no"})
	three := person("Three")
	three.Company, three.Addresses = "Gamma", []pim.Address{{Label: "work", Street: "Main 1", City: "Nowhere", Country: "Atlantis"}}
	rec = create(t, strict, creatio.Contacts, three)
	if got := rec.Item.(*pim.Contact); got.Company != "" || r.sim.Len("Account") != 4 {
		t.Errorf("%+v, %d accounts", got, r.sim.Len("Account"))
	}
	if !strings.Contains(said(rec, pim.FieldCompany), "left out there") || !strings.Contains(said(rec, pim.FieldAddresses), `country "Atlantis" was not found`) ||
		!strings.Contains(said(rec, pim.FieldAddresses), `city "Nowhere" was not found`) {
		t.Errorf("notes %+v", rec.Notes)
	}
}

// TestRowX10 links a company by its code; an unknown one is refused, and nothing is made.
func TestRowX10(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.add("Account", creatiosim.Fields{"Name": "Acme", "Code": "A100"})
	c := r.open(nil)
	one := person("One")
	one.Company = "#A100#"
	rec := create(t, c, creatio.Contacts, one)
	if got := rec.Item.(*pim.Contact); got.Company != "Acme" || !strings.Contains(said(rec, pim.FieldCompany), "code A100") {
		t.Errorf("%+v %+v", got, rec.Notes)
	}
	before := r.sim.Len("Contact")
	two := person("Two")
	two.Company = "#B200#"
	entry := remote.Entry{Item: two}
	_, err := c.Create(t.Context(), creatio.Contacts, entry, "two")
	if pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), "no company with the code B200") || r.sim.Len("Contact") != before {
		t.Errorf("%v, %d contacts", err, r.sim.Len("Contact")-before)
	}
	r.add("Account", creatiosim.Fields{"Name": "Beta", "Code": "B200"})
	if rec, err := c.Create(t.Context(), creatio.Contacts, entry, "two"); err != nil || rec.Item.(*pim.Contact).Company != "Beta" {
		t.Errorf("%+v %v", rec, err)
	}
	e := meeting("Visit")
	e.CRM.Company = "#A100#"
	if got := create(t, c, creatio.Events, e).Item.(*pim.Event); got.CRM.Company != "Acme" {
		t.Errorf("%+v", got.CRM)
	}
}

// TestListsAreRememberedForAWhile counts what is asked of the site.
func TestListsAreRememberedForAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.add("Account", creatiosim.Fields{"Name": "Acme"})
	c := r.open(crm.Settings{"lookup_age": "10m"})
	asked := func(entity string) (n int) {
		for _, e := range r.sim.Requests() {
			if e.Method == "GET" && strings.HasSuffix(e.Path, "/"+entity) {
				n++
			}
		}
		return n
	}
	make := func(name, role string) {
		t.Helper()
		p := person(name)
		p.Company, p.Role = "Acme", role
		create(t, c, creatio.Contacts, p)
	}
	make("One", "")
	make("Two", "")
	if n, m := asked("Account"), asked("Department"); n != 1 || m != 1 {
		t.Errorf("accounts were asked for %d times, departments %d times", n, m)
	}
	r.clock.Advance(11 * time.Minute)
	make("Three", "")
	if n, m := asked("Account"), asked("Department"); n != 2 || m != 2 {
		t.Errorf("later accounts were asked for %d times, departments %d times", n, m)
	}
	// What is not found may have been added since.
	jobs := asked("Job")
	r.add("Job", creatiosim.Fields{"Name": "Zoologist"})
	r.clock.Advance(2 * time.Minute)
	p := person("Four")
	p.Role = "Zoologist"
	if got := create(t, c, creatio.Contacts, p).Item.(*pim.Contact); got.Role != "Zoologist" || asked("Job") != jobs+1 {
		t.Errorf("%+v after %d more requests", got, asked("Job")-jobs)
	}
}

// A company is looked for beyond the first rows that have one of its words.
func TestLookupsSeeMoreThanTheFirstRows(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for n := range 51 {
		r.add("Account", creatiosim.Fields{"Name": fmt.Sprintf("Firm%d GmbH", n)})
		r.add("Account", creatiosim.Fields{"Name": fmt.Sprintf("Bank %d", n)})
	}
	r.add("Account", creatiosim.Fields{"Name": "ABC GmbH & Co. KG"})
	r.add("Account", creatiosim.Fields{"Name": "Firm7 Services GmbH"})
	before := r.sim.Len("Account")
	c := r.open(nil)
	for in, want := range map[string]string{
		"ABC GmbH & Co KG": "ABC GmbH & Co. KG",
		"Bank":             "", // too many to know whether one is it
	} {
		p := person("For " + in)
		p.Company = in
		rec := create(t, c, creatio.Contacts, p)
		if got := rec.Item.(*pim.Contact).Company; got != want || r.sim.Len("Account") != before {
			t.Errorf("%q became %q, %d companies more; %+v", in, got, r.sim.Len("Account")-before, rec.Notes)
		}
	}
}

// A company that was deleted while its name was remembered is looked up anew.
func TestRememberedNamesMayBeGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.add("Account", creatiosim.Fields{"Name": "Acme"})
	c := r.open(crm.Settings{"lookup_age": "10m"})
	one := person("One")
	one.Company = "Acme"
	first := create(t, c, creatio.Contacts, one)
	if err := c.Delete(t.Context(), creatio.Contacts, first.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.Remove("Account", id); err != nil {
		t.Fatal(err)
	}
	two := person("Two")
	two.Company = "Acme"
	rec := create(t, c, creatio.Contacts, two)
	if got := rec.Item.(*pim.Contact); got.Company != "Acme" || !strings.Contains(said(rec, pim.FieldCompany), "was added") {
		t.Errorf("%+v %+v", got, rec.Notes)
	}
	// The same for an update.
	beta := r.add("Account", creatiosim.Fields{"Name": "Beta"})
	three := person("Three")
	three.Company = "Beta"
	other := create(t, c, creatio.Contacts, three)
	if err := c.Delete(t.Context(), creatio.Contacts, other.Ref, remote.Delete); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.Remove("Account", beta); err != nil {
		t.Fatal(err)
	}
	two.Company = "Beta"
	rec, err := c.Update(t.Context(), creatio.Contacts, rec.Ref, remote.Entry{Item: two}, pim.Set(pim.FieldCompany))
	if err != nil || rec.Item.(*pim.Contact).Company != "Beta" {
		t.Errorf("%+v %v", rec.Item, err)
	}
}
