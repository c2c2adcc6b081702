package creatiosim

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

func TestPeopleAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("", 2*3600))
	id := r.add("Activity", Fields{"Title": "Plan", "ActivityCategory": "Meeting", "StartDate": start, "DueDate": "2026-11-23T08:00:00Z",
		"Status": "In progress", "DurationInMinutes": 7})
	a := r.record("Activity", id)
	if !a.Time("StartDate").Equal(start) || a.Int("DurationInMinutes") != 60 || a.Ref("OwnerId") != supervisorContact ||
		a.Ref("StatusId") != r.sim.Lookup("ActivityStatus", "In progress") || a.Text("Title") != "Plan" || a.Bool("ShowInScheduler") {
		t.Errorf("%v", a.Fields())
	}
	if !a.Time("RemindToOwnerDate").IsZero() || a.Ref("ResultId") != "" || a.Fields()["ResultId"] != nil {
		t.Errorf("unset columns: %v", a.Fields())
	}
	r.clock.Advance(time.Second)
	must(t, r.sim.Edit("Activity", id, Fields{"Status": "Completed", "Notes": nil}))
	if b := r.record("Activity", id); !b.Time("ModifiedOn").After(a.Time("ModifiedOn")) || b.Ref("StatusId") != r.sim.Lookup("ActivityStatus", "Completed") {
		t.Errorf("%v", b.Fields())
	}
	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, r.sim.Edit("Activity", id, Fields{"ModifiedOn": old}))
	if !r.record("Activity", id).Time("ModifiedOn").Equal(old) || r.sim.Records("Activity")[0].ID != id {
		t.Error("ModifiedOn cannot be set")
	}
	if got := r.c.query("Activity", "$filter", "ModifiedOn lt 2021-01-01T00:00:00Z").value(t); len(got) != 1 {
		t.Errorf("index after a set ModifiedOn: %v", got)
	}
	if len(r.sim.Participants(id)) != 1 || len(r.sim.Participants("x")) != 0 || r.sim.ContactOf("PLAIN") == "" || r.sim.ContactOf("x") != "" {
		t.Error("participants or contacts")
	}
	if found := r.sim.Find("Activity", "Plan"); len(found) != 1 || found[0].ID != id {
		t.Errorf("Find: %v", found)
	}
	for what, err := range map[string]error{
		"unknown entity":  func() error { _, err := r.sim.Add("Nothing", nil); return err }(),
		"unknown column":  r.sim.Edit("Activity", id, Fields{"Foo": 1}),
		"unknown title":   r.sim.Edit("Activity", id, Fields{"Status": "Foo"}),
		"wrong type":      r.sim.Edit("Activity", id, Fields{"Title": 1}),
		"wrong date":      r.sim.Edit("Activity", id, Fields{"StartDate": "tomorrow"}),
		"unknown row":     r.sim.Remove("Activity", supervisorContact),
		"no id":           r.sim.Remove("Activity", "x"),
		"not a stream":    r.sim.SetBytes("Activity", id, "Title", nil),
		"import twice":    r.sim.Import("Activity", []Fields{{"Id": id}}),
		"import column":   r.sim.Import("Activity", []Fields{{"Foo": id}}),
		"import entity":   r.sim.Import("Foo", nil),
		"clear entity":    r.sim.Clear("Foo"),
		"user no login":   r.sim.SetUser(User{}),
		"fraction as int": r.sim.Edit("Contact", supervisorContact, Fields{"Age": 1.5}),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, ok := r.sim.Record("Activity", supervisorContact); ok {
		t.Error("a record that is not there")
	}
	image := r.add("SysImage", Fields{"Name": "x"})
	must(t, r.sim.SetBytes("SysImage", image, "Data", []byte("abc")))
	if got := r.record("SysImage", image).Bytes("Data"); string(got) != "abc" {
		t.Errorf("bytes %q", got)
	}
	must(t, r.sim.Clear("Activity"))
	if r.sim.Len("Activity") != 0 || len(r.c.get("Activity").value(t)) != 0 || r.sim.Len("ActivityParticipant") != 1 {
		t.Error("Clear")
	}
}

// Lookup ids may all differ from the standard ones; names then tell.
func TestForeignLookups(t *testing.T) {
	t.Parallel()
	std, foreign := newRig(t, nil), newRig(t, func(o *Options) { o.ForeignLookups = true })
	known := map[string]bool{}
	for _, e := range std.sim.db.schema.list {
		if !e.lookup {
			continue
		}
		for _, rec := range std.sim.Records(e.name) {
			known[rec.ID] = true
		}
	}
	for _, entity := range []string{"ActivityType", "ActivityCategory", "ActivityStatus", "CommunicationType", "ContactType"} {
		for _, rec := range foreign.sim.Records(entity) {
			if known[rec.ID] {
				t.Errorf("%s %s has its standard id", entity, rec.Text("Name"))
			}
			if std.sim.Lookup(entity, rec.Text("Name")) == "" {
				t.Errorf("%s has no %s on a standard site", entity, rec.Text("Name"))
			}
		}
	}
	if std.sim.Lookup("ActivityCategory", "Meeting") != "42c74c49-58e6-df11-971b-001d60e938c6" {
		t.Error("Meeting has not its standard id")
	}
	id := foreign.add("Contact", Fields{"Name": "Ada", "Email": "ada@example.org"})
	if got := foreign.numbers(id, "Email"); len(got) != 1 {
		t.Errorf("mirrors on a foreign site: %v", got)
	}
	meeting := foreign.meeting("x", foreign.clock.Now())
	if len(foreign.sim.Participants(meeting)) != 1 || foreign.record("Activity", meeting).Ref("StatusId") == "" {
		t.Error("defaults on a foreign site")
	}
}

// The document must be XML, name every entity set, and bind every navigation to an entity that exists.
func TestMetadataDocument(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	res := r.c.get("$metadata")
	types, sets := map[string]bool{}, map[string]bool{}
	var navs []string
	dec := xml.NewDecoder(strings.NewReader(res.text()))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		must(t, err)
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		attr := map[string]string{}
		for _, a := range el.Attr {
			attr[a.Name.Local] = a.Value
		}
		switch el.Name.Local {
		case "EntityType":
			types[namespace+"."+attr["Name"]] = true
		case "EntitySet":
			sets[attr["Name"]] = true
		case "NavigationProperty":
			navs = append(navs, strings.TrimSuffix(strings.TrimPrefix(attr["Type"], "Collection("), ")"))
		}
	}
	if len(types) != len(sets) || len(sets) < 29 {
		t.Errorf("%d types, %d sets", len(types), len(sets))
	}
	for _, n := range navs {
		if !types[n] {
			t.Errorf("navigation to unknown type %s", n)
		}
	}
	service := r.c.get("").object(t)["value"].([]any)
	if len(service) != len(sets) {
		t.Errorf("service document names %d sets of %d", len(service), len(sets))
	}
	for _, name := range []string{"Activity", "ActivityParticipant", "ActivityFile", "ActivityType", "ActivityCategory", "ActivityStatus",
		"ActivityPriority", "ActivityResult", "ActivityParticipantRole", "ParticipantResponse", "Contact", "ContactType",
		"ContactCommunication", "CommunicationType", "ContactAddress", "AddressType", "Account", "AccountType", "Country", "Region", "City",
		"Job", "Department", "ContactDecisionRole", "ContactSalutationType", "Gender", "SysImage", "SysAdminUnit", "SysLanguage"} {
		if !sets[name] {
			t.Errorf("no entity set %s", name)
		}
	}
}

func TestSchemaErrors(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"  Name text", "A\n  Name", "A\n  Name foo", "A\n  Name text:x", "A\n  Name text odd", "A\n  Id text",
		"A\nA", "Contact\nA\n  BId ->B", "A", "+A\n  Name text"} {
		if _, err := parseSchema(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
