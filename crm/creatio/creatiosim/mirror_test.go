package creatiosim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// numbers lists a contact's communications of a type, the primary one marked.
func (r *rig) numbers(contact, commType string) []string {
	r.t.Helper()
	kind := r.sim.Lookup("CommunicationType", commType)
	out := []string{}
	for _, c := range r.sim.Communications(contact) {
		if c.Ref("CommunicationTypeId") == kind {
			mark := ""
			if c.Bool("IsPrimary") {
				mark = "*"
			}
			out = append(out, c.Text("Number")+mark)
		}
	}
	return out
}

func (r *rig) communication(contact, commType, number string) Record {
	r.t.Helper()
	for _, c := range r.sim.Communications(contact) {
		if c.Text("Number") == number {
			return c
		}
	}
	r.t.Fatalf("no %s %s", commType, number)
	return Record{}
}

func TestContactMirrorsCommunications(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.add("Contact", Fields{"Name": "Ada", "Email": "a@example.org", "MobilePhone": "+44 1632 960001"})
	check := func(what, column, commType string, want ...string) {
		t.Helper()
		shown := r.record("Contact", id).Text(column)
		if got := r.numbers(id, commType); !slices.Equal(got, want) {
			t.Errorf("%s: rows %q, want %q", what, got, want)
		}
		primary := ""
		for _, w := range want {
			if strings.HasSuffix(w, "*") {
				primary = strings.TrimSuffix(w, "*")
			}
		}
		if shown != primary {
			t.Errorf("%s: %s shows %q, want %q", what, column, shown, primary)
		}
	}
	check("created with columns", "Email", "Email", "a@example.org*")
	check("created with columns", "MobilePhone", "Mobile phone", "+44 1632 960001*")
	if s := r.communication(id, "Mobile phone", "+44 1632 960001").Text("SearchNumber"); s != "100069236144" {
		t.Errorf("SearchNumber %q", s)
	}
	edit := func(f Fields) {
		t.Helper()
		r.clock.Advance(time.Second)
		must(t, r.sim.Edit("Contact", id, f))
	}
	row := func(commType, number string, more Fields) {
		t.Helper()
		r.clock.Advance(time.Second)
		f := Fields{"ContactId": id, "CommunicationType": commType, "Number": number}
		for k, v := range more {
			f[k] = v
		}
		r.add("ContactCommunication", f)
	}
	edit(Fields{"Email": "b@example.org"})
	check("column changed", "Email", "Email", "b@example.org*")
	row("Email", "c@example.org", nil)
	check("second row", "Email", "Email", "b@example.org*", "c@example.org")
	row("Email", "d@example.org", Fields{"IsPrimary": true})
	check("third row is primary", "Email", "Email", "b@example.org", "c@example.org", "d@example.org*")
	edit(Fields{"Email": "c@example.org"})
	check("column set to a row that exists", "Email", "Email", "b@example.org", "c@example.org*", "d@example.org")
	edit(Fields{"Email": ""})
	check("column emptied", "Email", "Email", "b@example.org*", "d@example.org")
	must(t, r.sim.Edit("ContactCommunication", r.communication(id, "Email", "b@example.org").ID, Fields{"Number": "e@example.org"}))
	check("shown row changed", "Email", "Email", "e@example.org*", "d@example.org")
	must(t, r.sim.Edit("ContactCommunication", r.communication(id, "Email", "d@example.org").ID, Fields{"Number": "f@example.org"}))
	check("other row changed", "Email", "Email", "e@example.org*", "f@example.org")
	must(t, r.sim.Remove("ContactCommunication", r.communication(id, "Email", "e@example.org").ID))
	check("shown row deleted", "Email", "Email", "f@example.org*")
	must(t, r.sim.Edit("ContactCommunication", r.communication(id, "Email", "f@example.org").ID, Fields{"CommunicationType": "Web"}))
	check("type changed", "Email", "Email")
	row("Skype", "live:ada", nil)
	check("first row of a type", "Skype", "Skype", "live:ada*")
	must(t, r.sim.Remove("ContactCommunication", r.communication(id, "Skype", "live:ada").ID))
	check("last row deleted", "Skype", "Skype")
}

// A row that the contact does not show changes without the contact's ModifiedOn; one that it shows moves it.
func TestChildrenBumpOnlyWhatTheyShow(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.add("Contact", Fields{"Name": "Ada", "Phone": "1"})
	made := r.record("Contact", id).Time("ModifiedOn")
	r.clock.Advance(time.Minute)
	second := r.add("ContactCommunication", Fields{"ContactId": id, "CommunicationType": "Business phone", "Number": "2"})
	must(t, r.sim.Edit("ContactCommunication", second, Fields{"Number": "3"}))
	if got := r.record("Contact", id).Time("ModifiedOn"); !got.Equal(made) {
		t.Errorf("a second phone moved the contact to %v", got)
	}
	must(t, r.sim.Edit("ContactCommunication", second, Fields{"IsPrimary": true}))
	c := r.record("Contact", id)
	if c.Text("Phone") != "3" || !c.Time("ModifiedOn").After(made) {
		t.Errorf("primary phone: %q, modified %v", c.Text("Phone"), c.Time("ModifiedOn"))
	}
}

func TestContactMirrorsAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.add("Contact", Fields{"Name": "Ada", "Address": "4 Candle Yard", "City": "London", "Zip": "ZZ1"})
	business, home := r.sim.Lookup("AddressType", "Business"), r.sim.Lookup("AddressType", "Home")
	rows := r.sim.Addresses(id)
	if len(rows) != 1 || !rows[0].Bool("Primary") || rows[0].Text("Address") != "4 Candle Yard" || rows[0].Ref("AddressTypeId") != business {
		t.Fatalf("address row %v", rows)
	}
	if got := r.record("Contact", id).Ref("AddressTypeId"); got != business {
		t.Errorf("the contact's address type is %q", got)
	}
	must(t, r.sim.Edit("Contact", id, Fields{"Zip": "ZZ2"}))
	if got := r.sim.Addresses(id)[0].Text("Zip"); got != "ZZ2" {
		t.Errorf("row shows zip %q", got)
	}
	r.clock.Advance(time.Second)
	second := r.add("ContactAddress", Fields{"ContactId": id, "AddressTypeId": home, "Address": "7 Imaginary Lane", "Primary": true})
	if c := r.record("Contact", id); c.Text("Address") != "7 Imaginary Lane" || c.Text("Zip") != "" || c.Ref("AddressTypeId") != home {
		t.Errorf("contact shows %v", c.Fields())
	}
	if rows := r.sim.Addresses(id); rows[0].Bool("Primary") || !rows[1].Bool("Primary") {
		t.Errorf("primaries: %v", rows)
	}
	must(t, r.sim.Remove("ContactAddress", second))
	if c := r.record("Contact", id); c.Text("Address") != "4 Candle Yard" || !r.sim.Addresses(id)[0].Bool("Primary") {
		t.Errorf("after deletion contact shows %v", c.Fields())
	}
	must(t, r.sim.Edit("Contact", id, Fields{"Address": "", "Zip": "", "CityId": nil}))
	if n := len(r.sim.Addresses(id)); n != 0 {
		t.Errorf("%d address rows after the columns were emptied", n)
	}
}

// However rows and columns are changed, each mirrored column shows the one primary row of its type, and is empty exactly
// when there is none.
func TestMirrorInvariant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		clock := newClock()
		sim, err := New(Options{Now: clock.Now, Users: testUsers()})
		if err != nil {
			rt.Fatal(err)
		}
		defer sim.Close()
		id, err := sim.Add("Contact", Fields{"Name": "Ada"})
		if err != nil {
			rt.Fatal(err)
		}
		number := rapid.SampledFrom([]string{"1", "2", "3", "4"})
		kinds := rapid.SampledFrom([]string{"Email", "Business phone", "Web"})
		row := func() (string, bool) {
			rows := sim.Communications(id)
			if len(rows) == 0 {
				return "", false
			}
			return rows[rapid.IntRange(0, len(rows)-1).Draw(rt, "row")].ID, true
		}
		fail := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"column": func(rt *rapid.T) {
				value := rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(rt, "value")
				fail(sim.Edit("Contact", id, Fields{rapid.SampledFrom([]string{"Email", "Phone"}).Draw(rt, "column"): value}))
			},
			"add": func(rt *rapid.T) {
				_, err := sim.Add("ContactCommunication", Fields{"ContactId": id, "CommunicationType": kinds.Draw(rt, "type"),
					"Number": number.Draw(rt, "number"), "IsPrimary": rapid.Bool().Draw(rt, "primary")})
				fail(err)
			},
			"edit": func(rt *rapid.T) {
				if row, ok := row(); ok {
					fail(sim.Edit("ContactCommunication", row, Fields{"Number": number.Draw(rt, "number"),
						"CommunicationType": kinds.Draw(rt, "type"), "IsPrimary": rapid.Bool().Draw(rt, "primary")}))
				}
			},
			"remove": func(rt *rapid.T) {
				if row, ok := row(); ok {
					fail(sim.Remove("ContactCommunication", row))
				}
			},
			"": func(rt *rapid.T) {
				clock.Advance(time.Second)
				c, _ := sim.Record("Contact", id)
				for _, m := range mirrors() {
					checkMirror(rt, sim, c, m)
				}
			},
		})
	})
}

func checkMirror(rt *rapid.T, sim *Sim, c Record, m mirror) {
	kind := sim.Lookup("CommunicationType", m.commType)
	var all, primary []string
	for _, o := range sim.Communications(c.ID) {
		if o.Ref("CommunicationTypeId") == kind {
			all = append(all, o.Text("Number"))
			if o.Bool("IsPrimary") {
				primary = append(primary, o.Text("Number"))
			}
		}
	}
	shown := c.Text(m.column)
	switch {
	case len(all) == 0 && shown != "":
		rt.Fatalf("%s shows %q without a row", m.column, shown)
	case len(all) > 0 && fmt.Sprint(primary) != fmt.Sprint([]string{shown}):
		rt.Fatalf("%s shows %q, rows %v, primary %v", m.column, shown, all, primary)
	}
}

func TestMails(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	ada := r.add("Contact", Fields{"Name": "Ada", "Email": "ada@example.org"})
	mute := r.add("Contact", Fields{"Name": "No Mail"})
	act := r.meeting("Plan", r.clock.Now())
	kinds := func() (out []string) {
		for _, m := range r.sim.Mails() {
			out = append(out, m.Kind+" "+m.To)
		}
		return out
	}
	p := r.add("ActivityParticipant", Fields{"ActivityId": act, "ParticipantId": ada})
	r.add("ActivityParticipant", Fields{"ActivityId": act, "ParticipantId": mute, "InviteParticipant": true})
	must(t, r.sim.Edit("Activity", act, Fields{"Title": "Plan B"}))
	if n := r.sim.MailCount(); n != 0 {
		t.Fatalf("mail without an invitation: %v", kinds())
	}
	must(t, r.sim.Edit("ActivityParticipant", p, Fields{"InviteParticipant": true}))
	must(t, r.sim.Edit("ActivityParticipant", p, Fields{"InviteParticipant": true, "ReadMark": true}))
	must(t, r.sim.Edit("Activity", act, Fields{"Notes": "not worth a mail"}))
	must(t, r.sim.Edit("Activity", act, Fields{"Location": "elsewhere"}))
	must(t, r.sim.Remove("Activity", act))
	want := []string{"invitation ada@example.org", "update ada@example.org", "cancellation ada@example.org"}
	if got := kinds(); !slices.Equal(got, want) || r.sim.MailCount() != 3 {
		t.Errorf("mails %v, want %v", got, want)
	}
	// A write that is refused sends nothing.
	r.sim.ResetStats()
	res := r.c.do("POST", "ActivityParticipant", map[string]any{"ActivityId": act, "ParticipantId": ada, "InviteParticipant": true})
	if res.status != 500 || r.sim.MailCount() != 0 {
		t.Errorf("%d, %d mails", res.status, r.sim.MailCount())
	}
}

func TestTextLength(t *testing.T) {
	t.Parallel()
	for _, postgres := range []bool{false, true} {
		r := newRig(t, func(o *Options) { o.Postgres = postgres })
		category := r.sim.Lookup("ActivityCategory", "Meeting")
		for _, c := range []struct {
			title    string
			ok, okPG bool
		}{
			{strings.Repeat("x", 500), true, true}, {strings.Repeat("x", 501), false, false},
			{strings.Repeat("ж", 500), true, true}, {strings.Repeat("😀", 250), true, true}, {strings.Repeat("😀", 251), false, true},
		} {
			res := r.c.do("POST", "Activity", map[string]any{"Title": c.title, "ActivityCategoryId": category})
			ok := c.ok
			if postgres {
				ok = c.okPG
			}
			if (res.status == 201) != ok || res.status != 201 && res.status != 500 {
				t.Errorf("postgres %v: %d characters: %d %s", postgres, len([]rune(c.title)), res.status, res.errorText())
			}
		}
		long := strings.Repeat("Notes are unlimited. ", 10_000)
		res := r.c.do("POST", "Activity", map[string]any{"Title": "x", "ActivityCategoryId": category, "Notes": long})
		if res.status != 201 || r.record("Activity", res.object(t)["Id"].(string)).Text("Notes") != long {
			t.Errorf("long notes: %d", res.status)
		}
	}
}
