package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/exchange/ews/ewssim"
)

// office is a row with a mailbox beside the CRM.
type office struct {
	*row
	mail *httptest.Server
	ids  map[string]string // of folders, by name
}

func newOffice(t *testing.T) *office {
	t.Helper()
	sim, err := ewssim.New(ewssim.Options{Mailboxes: []ewssim.Mailbox{{Address: "alice@example.org", Name: "Alice Example", Password: "mail secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{row: newRow(t), mail: httptest.NewServer(sim), ids: map[string]string{}}
	t.Cleanup(func() {
		_ = sim.Close()
		o.mail.CloseClientConnections()
		o.mail.Close()
	})
	return o
}

func (o *office) flags(cmd string) []string {
	return []string{"link", cmd, "--user", "alice", "--driver", "ews", "--set", "url=" + o.mail.URL, "--set", "user=alice@example.org",
		"--set-file", "password=" + o.write("mail-password", "mail secret\n")}
}

// mailbox asks the server as Outlook does.
func (o *office) mailbox(body string) string {
	o.t.Helper()
	d := running{o.t.(*testing.T), map[string]string{"EXCHANGE_URL": o.mail.URL, "EXCHANGE_USER": "alice@example.org", "EXCHANGE_PASSWORD": "mail secret"}}
	return d.exchange(body)
}

// folder makes a folder beside the usual ones.
func (o *office) folder(kind, class, name string) {
	o.t.Helper()
	text := o.mailbox(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderId><m:Folders><t:` + kind + `><t:FolderClass>` + class +
		`</t:FolderClass><t:DisplayName>` + name + `</t:DisplayName></t:` + kind + `></m:Folders></m:CreateFolder>`)
	_, rest, _ := strings.Cut(text, `FolderId Id="`)
	o.ids[name], _, _ = strings.Cut(rest, `"`)
}

func (o *office) in(folder string) string {
	if id, ok := o.ids[folder]; ok {
		return `<t:FolderId Id="` + id + `"/>`
	}
	return `<t:DistinguishedFolderId Id="` + folder + `"/>`
}

func (o *office) appointment(folder, title string, at time.Time) {
	o.t.Helper()
	o.mailbox(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>` + o.in(folder) + `</m:SavedItemFolderId><m:Items><t:CalendarItem><t:Subject>` + title +
		`</t:Subject><t:Start>` + at.Format(time.RFC3339) + `</t:Start><t:End>` + at.Add(time.Hour).Format(time.RFC3339) + `</t:End></t:CalendarItem></m:Items></m:CreateItem>`)
}

func (o *office) task(folder, title, role string) {
	o.t.Helper()
	o.mailbox(`<m:CreateItem><m:SavedItemFolderId>` + o.in(folder) + `</m:SavedItemFolderId><m:Items><t:Task><t:Subject>` + title + `</t:Subject>` +
		`<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Task" PropertyId="33065" PropertyType="Integer"/><t:Value>` + role + `</t:Value></t:ExtendedProperty></t:Task></m:Items></m:CreateItem>`)
}

// has tells which of the titles a folder has.
func (o *office) has(folder string, titles ...string) string {
	o.t.Helper()
	text := o.mailbox(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/>` +
		`</t:AdditionalProperties></m:ItemShape><m:ParentFolderIds>` + o.in(folder) + `</m:ParentFolderIds></m:FindItem>`)
	return which(text, titles)
}

func which(text string, titles []string) string {
	var there []string
	for _, title := range titles {
		if strings.Contains(text, title) {
			there = append(there, title)
		}
	}
	return strings.Join(there, " ")
}

// devices tells which of the titles are in a collection.
func (o *office) devices(collection string, titles ...string) string {
	o.t.Helper()
	return which(o.text(collection), titles)
}

// C2 C3: meetings of all calendars from a day on, also of a calendar that is made later, come to devices and to the CRM; new ones go to the
// mailbox's own calendar, and a change goes to the calendar that a meeting is in.
func TestRowC2C3AllCalendarsFromADay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	day := time.Now().UTC().AddDate(0, 0, -20).Truncate(24 * time.Hour)
	o.folder("CalendarFolder", "IPF.Appointment", "Team")
	o.appointment("calendar", "tok-own", day.Add(33*time.Hour))
	o.appointment("Team", "tok-team", day.Add(34*time.Hour))
	o.appointment("Team", "tok-early", day.AddDate(0, 0, -3))
	o.tie("calendar", "1h", `{"since":"`+day.Format(time.DateOnly)+`"}`)
	o.must("", append(o.flags("add"), "--collection", "calendar", "--name", "mail", "--interval", "1h", "--remote", "all", "--rules", `{"since":"`+day.Format(time.DateOnly)+`"}`)...)
	if out := o.must("", "link", "list"); !strings.Contains(out, "ews:all events") {
		t.Error(out)
	}
	titles := []string{"tok-own", "tok-team", "tok-early", "tok-late", "tok-device"}
	sync := func() {
		o.sync("mail")
		o.sync("calendar")
	}
	sync()
	o.folder("CalendarFolder", "IPF.Appointment", "Made later")
	o.appointment("Made later", "tok-late", day.Add(60*time.Hour))
	sync()
	s := o.serve()
	if got := o.devices("calendar", titles...); got != "tok-own tok-team tok-late" {
		t.Errorf("devices have %s", got)
	}
	o.put("calendars/alice/calendar/d.ics", meeting("uid-d", "tok-device"))
	uid := uidOf(t, o, "tok-team")
	_, text := o.get("/dav/calendars/alice/calendar/" + uid + ".ics")
	o.put("calendars/alice/calendar/"+uid+".ics", strings.Replace(text, "SUMMARY:tok-team", "SUMMARY:tok-moved-team", 1))
	// Exchange tells of a calendar that is made while the server runs, and then of what is in it; nobody asks for an hour.
	o.folder("CalendarFolder", "IPF.Appointment", "Made last")
	for _, title := range []string{"tok-told", "tok-then"} {
		o.appointment("Made last", title, day.Add(61*time.Hour))
		eventually(t, title+" on devices", func() bool { return o.devices("calendar", title) != "" })
	}
	s.stop()
	sync()
	for folder, want := range map[string]string{"calendar": "tok-own tok-device", "Team": "tok-early tok-moved-team", "Made later": "tok-late"} {
		if got := o.has(folder, append(titles, "tok-moved-team")...); got != want {
			t.Errorf("the folder %s has %s, want %s", folder, got, want)
		}
	}
	if got := there(o.sim); got["tok-own"]+got["tok-moved-team"]+got["tok-late"]+got["tok-device"]+got["tok-told"]+got["tok-then"] != 6 || len(got) != 6 {
		t.Errorf("the CRM has %v", got)
	}
	// What a mailbox of several calendars has beside it is refused, with what is linked already.
	out, code := o.cmd("", append(o.flags("add"), "--collection", "tasks", "--name", "twice", "--remote", "Team")...)
	if code == 0 || !strings.Contains(out, "holds events") && !strings.Contains(out, "has no collection") {
		t.Errorf("%d %s", code, out)
	}
}

func uidOf(t *testing.T, o *office, title string) string {
	t.Helper()
	for _, it := range list[itemShown](o.place, "item", "list", "--link", "mail") {
		if it.Summary == title {
			return it.UID
		}
	}
	t.Fatalf("no %s", title)
	return ""
}

// C3: of chosen calendars, named as people see them, only these come.
func TestRowC3ChosenCalendars(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	at := time.Now().UTC().AddDate(0, 0, 1).Truncate(time.Hour)
	for _, name := range []string{"Team", "Holidays"} {
		o.folder("CalendarFolder", "IPF.Appointment", name)
		o.appointment(name, "tok-"+name, at)
	}
	o.appointment("calendar", "tok-own", at)
	if out := o.must("", o.flags("folders")...); !strings.Contains(out, "Team") || !strings.Contains(out, "Holidays") || !strings.Contains(out, "contacts") {
		t.Error(out)
	}
	add := append(o.flags("add"), "--collection", "calendar", "--name", "mail")
	for want, more := range map[string][]string{
		`names "Team" twice`: {"--remote", "Team", "--remote", "team"},
		`has no collection "Gone"; it has Calendar (events), `: {"--remote", "Team", "--remote", "Gone"},
	} {
		if out, code := o.cmd("", append(add[:len(add):len(add)], more...)...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: %d %s", more, code, out)
		}
	}
	if out, code := o.cmd("", append(creatioFlags(o.place, o.srv), "--collection", "calendar", "--remote", "all")...); code == 0 || !strings.Contains(out, "a link leads to one collection of a CRM") {
		t.Errorf("all of a CRM: %d %s", code, out)
	}
	o.must("", append(add, "--remote", "Holidays", "--remote", "Team")...)
	o.sync("mail")
	s := o.serve()
	defer s.stop()
	if got := o.devices("calendar", "tok-Team", "tok-Holidays", "tok-own"); got != "tok-Team tok-Holidays" {
		t.Errorf("devices have %s", got)
	}
	if out := o.must("", "link", "show", "mail"); !strings.Contains(out, "ews:Holidays, Team") {
		t.Error(out)
	}
}

// C4: tasks of all folders, and only those that the user is responsible for; with allOwners those that were given away, too.
func TestRowC4AllTaskFoldersOwnTasksOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.folder("TasksFolder", "IPF.Task", "Project")
	for folder, prefix := range map[string]string{"tasks": "tok-a", "Project": "tok-b"} {
		o.task(folder, prefix+"-own", "0")
		o.task(folder, prefix+"-away", "1")
		o.task(folder, prefix+"-mine", "2")
	}
	o.must("", append(o.flags("add"), "--collection", "tasks", "--name", "mail", "--remote", "all")...)
	o.tie("tasks", "1h", "{}")
	o.sync("mail")
	o.sync("tasks")
	s := o.serve()
	defer s.stop()
	titles := []string{"tok-a-own", "tok-a-away", "tok-a-mine", "tok-b-own", "tok-b-away", "tok-b-mine"}
	if got := o.devices("tasks", titles...); got != "tok-a-own tok-a-mine tok-b-own tok-b-mine" {
		t.Errorf("devices have %s", got)
	}
	if got := there(o.sim); len(got) != 4 || got["tok-b-mine"] != 1 {
		t.Errorf("the CRM has %v", got)
	}
	o.must("", "link", "rules", "mail", "--change", `{"allOwners":true}`)
	o.must("", "sync", "run", "mail")
	if got := o.devices("tasks", titles...); got != strings.Join(titles, " ") {
		t.Errorf("with allOwners devices have %s", got)
	}
}

// C6: an activity that the CRM shows in the calendar is an appointment in Exchange and otherwise a task, and the other way round; one that is
// taken out of the calendar or put into it changes from one to the other, once.
func TestRowC6ShowInCalendarInExchange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	at := time.Now().UTC().AddDate(0, 0, 2).Truncate(time.Hour)
	ids := map[string]string{}
	for title, shown := range map[string]bool{"tok-event": true, "tok-task": false} {
		ids[title] = o.add("Activity", creatiosim.Fields{"Title": title, "StartDate": at, "DueDate": at.Add(time.Hour), "Type": "Task",
			"ActivityCategory": "To do", "Status": "Not started", "ShowInScheduler": shown})
	}
	o.appointment("calendar", "tok-outlook-event", at.Add(3*time.Hour))
	o.task("tasks", "tok-outlook-task", "0")
	var all []string
	for _, c := range []string{"calendar", "tasks"} {
		o.tie(c, "1h", "{}")
		o.must("", append(o.flags("add"), "--collection", c, "--name", "mail "+c, "--remote", "all", "--interval", "1h")...)
		all = append(all, c, "mail "+c)
	}
	sync := func() {
		t.Helper()
		for range 2 {
			for _, l := range all {
				o.must("", "sync", "run", l, "--full")
			}
		}
	}
	sync()
	titles := []string{"tok-event", "tok-task", "tok-outlook-event", "tok-outlook-task"}
	check := func(when, events, tasks string) {
		t.Helper()
		if got := o.has("calendar", titles...); got != events {
			t.Errorf("%s: the calendar in Exchange has %s, want %s", when, got, events)
		}
		if got := o.has("tasks", titles...); got != tasks {
			t.Errorf("%s: the tasks in Exchange are %s, want %s", when, got, tasks)
		}
		for _, title := range titles {
			shown := strings.Contains(events+" ", title+" ")
			if rec := o.sim.Find("Activity", title); len(rec) != 1 || rec[0].Bool("ShowInScheduler") != shown {
				t.Errorf("%s: %d records of %s in the CRM, shown in the calendar: want one, %t", when, len(rec), title, shown)
			}
		}
	}
	check("at first", "tok-event tok-outlook-event", "tok-task tok-outlook-task")
	o.edit("Activity", ids["tok-event"], creatiosim.Fields{"ShowInScheduler": false})
	o.edit("Activity", ids["tok-task"], creatiosim.Fields{"ShowInScheduler": true})
	sync()
	check("switched", "tok-task tok-outlook-event", "tok-event tok-outlook-task")
	s := o.serve()
	defer s.stop()
	if got := fmt.Sprint(o.devices("calendar", titles...), "; ", o.devices("tasks", titles...)); got != "tok-task tok-outlook-event; tok-event tok-outlook-task" {
		t.Errorf("devices have %s", got)
	}
	if status, _ := o.get("/dav/calendars/alice/calendar/"); status == http.StatusUnauthorized {
		t.Error("not let in")
	}
}

// A test of a link says what of the mailbox it needs, and whether what is linked is still there.
func TestLinkTestLooksAtWhatIsLinked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.folder("CalendarFolder", "IPF.Appointment", "Team")
	o.must("", append(o.flags("add"), "--collection", "calendar", "--name", "mail", "--remote", "Team")...)
	if out := o.must("", "link", "test", "mail"); !strings.Contains(out, "what is linked") || !strings.Contains(out, "Team") {
		t.Error(out)
	}
	o.mailbox(`<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>` + o.in("Team") + `</m:FolderIds></m:DeleteFolder>`)
	if out, code := o.cmd("", "link", "test", "mail"); code == 0 || !strings.Contains(out, `"Team" is not there any more, or the login may not see it`) {
		t.Errorf("%d %s", code, out)
	}
}
