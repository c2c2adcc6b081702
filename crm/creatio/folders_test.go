package creatio_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

const (
	static  = "9dc5f6e6-2a61-4de8-a059-de30f4e74f24"
	dynamic = "65ca0946-0084-4874-b117-c13199af3b95"
)

// filing is a rig with contacts of Sue's in folders: Key accounts holds anna, Key accounts / Nordic bo, and cy is in none.
func filing(t *testing.T) (r *rig, ids map[string]string) {
	t.Helper()
	r = newRig(t, nil)
	ids = map[string]string{}
	me := r.sim.ContactOf("Supervisor")
	for _, name := range []string{"Anna", "Bo", "Cy"} {
		ids[name] = r.add("Contact", creatiosim.Fields{"Name": name, "OwnerId": me})
	}
	ids["key"] = r.add("ContactFolder", creatiosim.Fields{"Name": "Key accounts", "FolderTypeId": static})
	ids["nordic"] = r.add("ContactFolder", creatiosim.Fields{"Name": "Nordic", "FolderTypeId": static, "ParentId": ids["key"]})
	r.add("ContactFolder", creatiosim.Fields{"Name": "Spoke lately", "FolderTypeId": dynamic})
	r.add("ContactInFolder", creatiosim.Fields{"FolderId": ids["key"], "ContactId": ids["Anna"]})
	r.add("ContactInFolder", creatiosim.Fields{"FolderId": ids["nordic"], "ContactId": ids["Bo"]})
	return r, ids
}

func names(recs []remote.Record) string {
	var out []string
	for _, rec := range recs {
		out = append(out, rec.Item.Summary())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestRowC5FoldersOfContacts(t *testing.T) {
	t.Parallel()
	r, ids := filing(t)
	c := r.open(nil)
	groups, err := c.(remote.Grouper).Groups(t.Context(), creatio.Contacts)
	if err != nil || len(groups) != 3 || groups[0].Name != "Key accounts" || groups[1].Name != "Key accounts / Nordic" || groups[1].ID != ids["nordic"] || groups[2].Note == "" {
		t.Fatalf("%+v, %v", groups, err)
	}
	for _, x := range []struct {
		groups string
		want   string
	}{
		{"key accounts", "Anna"}, {"Key accounts / Nordic", "Bo"}, {"nordic", "Bo"}, {ids["key"], "Anna"}, {"Nordic,Key accounts", "Anna Bo"}, {"", "Anna Bo Cy"},
	} {
		s := remote.Scope{}
		if x.groups != "" {
			s.Groups = strings.Split(x.groups, ",")
		}
		d, err := c.Changes(t.Context(), creatio.Contacts, s, "")
		refs, lerr := c.(remote.Lister).List(t.Context(), creatio.Contacts, s)
		n, cerr := c.(remote.Counter).Count(t.Context(), creatio.Contacts, s)
		if want := len(strings.Fields(x.want)); err != nil || lerr != nil || cerr != nil || names(d.Changed) != x.want || len(refs) != want || n != want {
			t.Errorf("%s: %s, %d listed, %d counted; %v %v %v", x.groups, names(d.Changed), len(refs), n, err, lerr, cerr)
		}
	}
	for _, name := range []string{"Gone", "Spoke lately"} {
		_, err := c.Changes(t.Context(), creatio.Contacts, remote.Scope{Groups: []string{name}}, "")
		if pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change of an item in a folder is seen, one of others is not; a folder that was made since the list was read is found.
func TestFoldersSinceACursor(t *testing.T) {
	t.Parallel()
	r, ids := filing(t)
	c := r.open(nil)
	s := remote.Scope{Groups: []string{"Nordic"}}
	d, err := c.Changes(t.Context(), creatio.Contacts, s, "")
	if err != nil || d.More {
		t.Fatalf("%+v, %v", d, err)
	}
	r.clock.Advance(time.Minute)
	for _, name := range []string{"Anna", "Bo", "Cy"} {
		if err := r.sim.Edit("Contact", ids[name], creatiosim.Fields{"Notes": "new"}); err != nil {
			t.Fatal(err)
		}
	}
	if d, err = c.Changes(t.Context(), creatio.Contacts, s, d.Next); err != nil || names(d.Changed) != "Bo" {
		t.Errorf("%s, %v", names(d.Changed), err)
	}
	if _, err := c.Changes(t.Context(), creatio.Contacts, remote.Scope{}, d.Next); pim.ReasonOf(err) != pim.ErrCursorGone {
		t.Errorf("the cursor of other groups: %v", err)
	}
	r.add("ContactInFolder", creatiosim.Fields{"ContactId": ids["Cy"],
		"FolderId": r.add("ContactFolder", creatiosim.Fields{"Name": "Late", "FolderTypeId": static})})
	if d, err = c.Changes(t.Context(), creatio.Contacts, remote.Scope{Groups: []string{"Late"}}, ""); err != nil || names(d.Changed) != "Cy" {
		t.Errorf("%s, %v", names(d.Changed), err)
	}
}

// Folders of activities hold for those of others in which the user takes part, too, and Creatio counts both.
func TestFoldersAndCountsOfActivities(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	me, pia := r.sim.ContactOf("Supervisor"), r.sim.ContactOf("pia")
	at := r.clock.Now()
	folder := r.add("ActivityFolder", creatiosim.Fields{"Name": "Fairs", "FolderTypeId": static})
	add := func(title, owner string, filed bool) string {
		id := r.add("Activity", creatiosim.Fields{"Title": title, "OwnerId": owner, "StartDate": at, "DueDate": at.Add(time.Hour), "ShowInScheduler": true,
			"TypeId": r.sim.Lookup("ActivityType", "Task"), "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting")})
		if filed {
			r.add("ActivityInFolder", creatiosim.Fields{"FolderId": folder, "ActivityId": id})
		}
		return id
	}
	add("Mine filed", me, true)
	add("Mine", me, false)
	for title, filed := range map[string]bool{"Joined filed": true, "Joined": false} {
		r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": add(title, pia, filed), "ParticipantId": me})
	}
	add("Hers", pia, true)
	c := r.open(nil)
	for _, x := range []struct {
		s    remote.Scope
		want int
	}{
		{remote.Scope{}, 4}, {remote.Scope{AllOwners: true}, 5}, {remote.Scope{Groups: []string{"Fairs"}}, 2}, {remote.Scope{Groups: []string{"Fairs"}, AllOwners: true}, 3},
		{remote.Scope{From: at.Add(2 * time.Hour)}, 0}, {remote.Scope{Kinds: pim.Kinds(pim.KindTask)}, 0},
	} {
		d, err := c.Changes(t.Context(), creatio.Activities, x.s, "")
		refs, lerr := c.(remote.Lister).List(t.Context(), creatio.Activities, x.s)
		n, cerr := c.(remote.Counter).Count(t.Context(), creatio.Activities, x.s)
		if err != nil || lerr != nil || cerr != nil || len(d.Changed) != x.want || len(refs) != x.want || n != x.want {
			t.Errorf("%+v: %s, %d listed, %d counted, want %d; %v %v %v", x.s, names(d.Changed), len(refs), n, x.want, err, lerr, cerr)
		}
	}
}

// TestWhomAWriteWouldMail: those that somebody invited in Creatio, and nobody else; what Mails lets pass sends nothing.
func TestWhomAWriteWouldMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	anna := r.add("Contact", creatiosim.Fields{"Name": "Anna", "Email": "anna@example.org"})
	c := r.open(nil)
	m := c.(remote.Mailer)
	e := meeting("Plan")
	rec := create(t, c, creatio.Events, e)
	mails := func(e pim.Item, fields ...pim.FieldID) int {
		t.Helper()
		to, err := m.Mails(t.Context(), creatio.Events, rec.Ref, remote.Entry{Item: e}, pim.Set(fields...))
		if err != nil {
			t.Fatal(err)
		}
		return len(to)
	}
	if n := mails(e, pim.FieldTitle) + mails(nil); n != 0 {
		t.Errorf("%d mails with nobody invited", n)
	}
	r.add("ActivityParticipant", creatiosim.Fields{"ActivityId": string(rec.ID), "ParticipantId": anna, "InviteParticipant": true})
	sent := r.sim.MailCount()
	if n := mails(e, pim.FieldTitle); n != 1 {
		t.Errorf("%d mails for another title", n)
	}
	if n := mails(nil); n != 1 {
		t.Errorf("%d mails for a deletion", n)
	}
	if n := mails(e, pim.FieldPriority, pim.FieldReminders); n != 0 {
		t.Errorf("%d mails for a reminder", n)
	}
	now, err := c.Fetch(t.Context(), creatio.Events, []remote.ItemID{rec.ID})
	if err != nil || len(now) != 1 {
		t.Fatal(err)
	}
	e.Priority = 1
	update(t, c, creatio.Events, now[0].Ref, e, pim.FieldPriority)
	if n := r.sim.MailCount() - sent; n != 0 {
		t.Errorf("%d mails were sent by what was said to send none", n)
	}
}
