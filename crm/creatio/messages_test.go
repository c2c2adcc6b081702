package creatio_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func offer() *pim.Message {
	return &pim.Message{
		MessageID: "offer-1@example.org", Subject: "Offer", Way: pim.Received, Sent: pim.At(time.Date(2026, 5, 19, 14, 3, 0, 0, time.UTC), ""),
		From: pim.Person{Name: "Attendee, Anna", Email: "ANNA1@example.org"}, To: []pim.Person{{Name: "Sue Pervisor", Email: "sue@example.org"}, {Email: "eve@example.org"}},
		Cc: []pim.Person{{Name: "Bo Both", Email: "bo@example.org"}}, Bcc: []pim.Person{{Email: "anna2@example.org"}}, Text: "Dear Sue,\nhere it is.",
		Files: []pim.File{{ID: "1", Name: "offer.pdf"}},
	}
}

// TestRowB6S14AMessageIsAnEmailActivity: what Creatio's own pages show of an e-mail is filled in, those whom it knows take part with their role,
// nothing is left for Creatio to send, and no calendar or task list has it.
func TestRowB6S14AMessageIsAnEmailActivity(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.populate()
	c := r.open(nil)
	acme := r.add("Account", creatiosim.Fields{"Name": "Acme"})
	anna := r.sim.Find("Contact", "Anna Attendee 1")[0].ID
	rec, err := c.Create(t.Context(), creatio.Mail, remote.Entry{Item: offer(), Relations: []remote.Relation{
		{Role: remote.RoleCompany, ID: remote.ItemID(acme), Name: "Acme"}, {Role: remote.RoleContact, ID: remote.ItemID(anna), Name: "Anna Attendee 1"}}}, "key-of-the-message")
	if err != nil {
		t.Fatal(err)
	}
	row, ok := r.sim.Record("Activity", string(rec.ID))
	if !ok {
		t.Fatal("no such activity")
	}
	for col, want := range map[string]string{
		"Title": "Offer", "Sender": `"Attendee, Anna" <ANNA1@example.org>`, "Recepient": "Sue Pervisor <sue@example.org>; eve@example.org; ",
		"CopyRecepient": "Bo Both <bo@example.org>; ", "BlindCopyRecepient": "anna2@example.org; ",
	} {
		if got := row.Text(col); got != want {
			t.Errorf("%s is %q, want %q", col, got, want)
		}
	}
	for col, list := range map[string][2]string{"TypeId": {"ActivityType", "Email"}, "ActivityCategoryId": {"ActivityCategory", "Email"}, "StatusId": {"ActivityStatus", "Completed"},
		"MessageTypeId": {"EmailType", "Incoming"}, "EmailSendStatusId": {"EmailSendStatus", "Sent"}} {
		if row.Ref(col) != r.sim.Lookup(list[0], list[1]) {
			t.Errorf("%s is not %s", col, list[1])
		}
	}
	sent := time.Date(2026, 5, 19, 14, 3, 0, 0, time.UTC)
	if !row.Time("SendDate").Equal(sent) || !row.Time("StartDate").Equal(sent) || !row.Time("DueDate").Equal(sent) || row.Ref("AccountId") != acme || row.Ref("ContactId") != anna ||
		!row.Bool("IsHtmlBody") || !strings.Contains(row.Text("Body"), "here it is.") || row.Bool("ShowInScheduler") {
		t.Errorf("%v", row.Fields())
	}
	var roles []string
	for _, p := range r.sim.Participants(string(rec.ID)) {
		for _, role := range []string{"From", "To", "CC", "BCC"} {
			if p.Ref("RoleId") == r.sim.Lookup("ActivityParticipantRole", role) {
				who, _ := r.sim.Record("Contact", p.Ref("ParticipantId"))
				roles = append(roles, role+" "+who.Text("Name"))
			}
		}
	}
	slices.Sort(roles)
	if got := strings.Join(roles, ", "); got != "BCC Anna Attendee 2, CC Bo Both, From Anna Attendee 1, To Sue Pervisor" {
		t.Errorf("those who take part: %s", got)
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("Creatio mailed %d", n)
	}
	for _, col := range []remote.CollectionID{creatio.Activities, creatio.Events, creatio.Tasks} {
		d, err := c.Changes(t.Context(), col, remote.Scope{AllOwners: true}, "")
		if err != nil || slices.ContainsFunc(d.Changed, func(x remote.Record) bool { return x.ID == rec.ID }) {
			t.Errorf("%s has it, too, or %v", col, err)
		}
	}
	rels, _ := remote.As[remote.Relations](c)
	tied, err := rels.Related(t.Context(), creatio.Mail, remote.Scope{}, []remote.ItemID{rec.ID})
	if err != nil || len(tied[rec.ID]) < 5 {
		t.Errorf("it is tied to %v, %v", tied, err)
	}
}

// TestRowB6S14OneMessageOfTwoUsers: whoever brings it second gets the first one; who may not see that is told so, and no second one is made.
func TestRowB6S14OneMessageOfTwoUsers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	sue, pia := r.open(nil), r.open(crm.Settings{"username": "pia"})
	m := offer()
	m.To = append(m.To, pim.Person{Email: "pia@example.org"})
	first, err := pia.Create(t.Context(), creatio.Mail, remote.Entry{Item: m}, "key-of-both")
	if err != nil {
		t.Fatal(err)
	}
	second, err := sue.Create(t.Context(), creatio.Mail, remote.Entry{Item: m}, "key-of-both")
	if err != nil || second.ID != first.ID || len(r.sim.Find("Activity", "Offer")) != 1 {
		t.Fatalf("%+v, %v: want %s", second, err, first.ID)
	}
	secret := offer()
	secret.To, secret.Subject = []pim.Person{{Email: "sue@example.org"}}, "Secret"
	if _, err := sue.Create(t.Context(), creatio.Mail, remote.Entry{Item: secret}, "key-of-one"); err != nil {
		t.Fatal(err)
	}
	if _, err := pia.Create(t.Context(), creatio.Mail, remote.Entry{Item: secret}, "key-of-one"); pim.ReasonOf(err) != pim.ErrExists {
		t.Errorf("one that this user may not see: %v", err)
	}
	if n := len(r.sim.Find("Activity", "Secret")); n != 1 {
		t.Errorf("there are %d", n)
	}
}

// What a copy of a message does not name, as that of who got it names no blind copies, stays as the first one made it.
func TestTheSecondCopyTakesNobodyAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.populate()
	sue, pia := r.open(nil), r.open(crm.Settings{"username": "pia"})
	m := offer()
	m.To = append(m.To, pim.Person{Email: "pia@example.org"})
	first, err := pia.Create(t.Context(), creatio.Mail, remote.Entry{Item: m}, "key-of-both")
	if err != nil {
		t.Fatal(err)
	}
	blind := func() (n int) {
		for _, p := range r.sim.Participants(string(first.ID)) {
			if p.Ref("RoleId") == r.sim.Lookup("ActivityParticipantRole", "BCC") {
				n++
			}
		}
		return n
	}
	if blind() != 1 {
		t.Fatalf("%d blind copies", blind())
	}
	got := pim.Clone(m).(*pim.Message)
	got.Bcc = nil
	if _, err := sue.Create(t.Context(), creatio.Mail, remote.Entry{Item: got}, "key-of-both"); err != nil {
		t.Fatal(err)
	}
	if blind() != 1 {
		t.Errorf("%d blind copies after the second", blind())
	}
}

// TestRowB6S14AFileIsWhole: whatever breaks off, a file is shown as whole only when it is, and the next try completes it.
func TestRowB6S14AFileIsWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *creatiosim.Options) { o.MaxFile = 1 << 20 })
	c := r.open(nil)
	keeper, _ := remote.As[remote.FileKeeper](c)
	rec, err := c.Create(t.Context(), creatio.Mail, remote.Entry{Item: offer()}, "key")
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("0123456789"), 30_000)
	add := func(key string, b []byte) error {
		_, err := keeper.AddFile(t.Context(), creatio.Mail, rec.ID, remote.NewFile{Key: key, Name: `C:\post\offer.pdf`, Size: int64(len(b)), Body: bytes.NewReader(b)})
		return err
	}
	list := func() (names []string) {
		files, err := keeper.Files(t.Context(), creatio.Mail, rec.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, f.Name)
		}
		return names
	}
	for _, kind := range []creatiosim.FaultKind{creatiosim.FaultCut, creatiosim.FaultTorn, creatiosim.FaultResetAfter} {
		key := "key-" + string(kind)
		if _, err := r.sim.AddFault(creatiosim.Fault{Kind: kind, Method: http.MethodPut, Entity: "ActivityFile", Count: 1}); err != nil {
			t.Fatal(err)
		}
		before := len(list())
		if err := add(key, content); pim.ReasonOf(err) != pim.ErrUnavailable {
			t.Errorf("%s: %v", kind, err)
		}
		if n := len(list()); n != before {
			t.Errorf("%s: a file that is not whole is listed", kind)
		}
		if err := add(key, content); err != nil {
			t.Errorf("%s, once more: %v", kind, err)
		}
		if names := list(); len(names) != before+1 || names[before] != "offer.pdf" {
			t.Errorf("%s: %v", kind, names)
		}
	}
	for _, rec := range r.sim.Records("ActivityFile") {
		if !bytes.Equal(rec.Bytes("Data"), content) {
			t.Errorf("%s has %d bytes", rec.Text("Name"), len(rec.Bytes("Data")))
		}
	}
	if err := add("key-large", make([]byte, 2<<20)); pim.ReasonOf(err) != pim.ErrRefused && pim.ReasonOf(err) != pim.ErrTooLarge || pim.PublicText(err) == "" {
		t.Errorf("more than the site takes: %v", err)
	}
	if n := r.sim.Len("ActivityFile"); n != 3 {
		t.Errorf("%d rows of files: what was refused has left one behind", n)
	}
	r.sim.ExpireSessions()
	if err := add("key-expired", content); err != nil {
		t.Errorf("in a session that has ended: %v", err)
	}
	if err := c.Delete(t.Context(), creatio.Mail, remote.Ref{ID: rec.ID}, remote.Delete); err != nil || r.sim.Len("ActivityFile") != 0 {
		t.Errorf("the message goes, and %d files stay; %v", r.sim.Len("ActivityFile"), err)
	}
	if err := add("key-late", content); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("a file of a message that is gone: %v", err)
	}
}
