package ewssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func findText(folder, inside string) string {
	return `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>` + additional([]string{`<t:FieldURI FieldURI="item:Subject"/>`}) +
		`</m:ItemShape>` + inside + `<m:ParentFolderIds><t:DistinguishedFolderId Id="` + folder + `"/></m:ParentFolderIds></m:FindItem>`
}

// found lists the subjects of what a query finds.
func (r *rig) found(folder, inside string) []string {
	r.t.Helper()
	out := []string{}
	for _, n := range r.ok(findText(folder, inside)).path("RootFolder", "Items").all() {
		out = append(out, n.str("Subject"))
	}
	return out
}

// TestRestrictions has each kind of condition.
func TestRestrictions(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	num := `<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="n" PropertyType="Integer"/>`
	for i, s := range []string{"Alpha", "beta", "Gamma ray"} {
		r.create("", fmt.Sprintf(`<t:Task><t:Subject>%s</t:Subject><t:Categories><t:String>C%d</t:String></t:Categories><t:ExtendedProperty>%s<t:Value>%d</t:Value></t:ExtendedProperty><t:DueDate>2026-0%d-01T00:00:00Z</t:DueDate></t:Task>`,
			s, i, num, i*8, i+1))
	}
	sorted := `<m:SortOrder><t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:Subject"/></t:FieldOrder></m:SortOrder>`
	subject := `<t:FieldURI FieldURI="item:Subject"/>`
	constant := func(v string) string {
		return `<t:FieldURIOrConstant><t:Constant Value="` + v + `"/></t:FieldURIOrConstant>`
	}
	for _, c := range []struct{ where, want string }{
		{`<t:IsEqualTo>` + subject + constant("BETA") + `</t:IsEqualTo>`, "beta"},
		{`<t:IsNotEqualTo>` + subject + constant("beta") + `</t:IsNotEqualTo>`, "Alpha,Gamma ray"},
		{`<t:IsGreaterThan>` + num + constant("7") + `</t:IsGreaterThan>`, "beta,Gamma ray"},
		{`<t:IsLessThanOrEqualTo>` + num + constant("8") + `</t:IsLessThanOrEqualTo>`, "Alpha,beta"},
		{`<t:IsGreaterThanOrEqualTo><t:FieldURI FieldURI="task:DueDate"/>` + constant("2026-02-01T00:00:00Z") + `</t:IsGreaterThanOrEqualTo>`, "beta,Gamma ray"},
		{`<t:IsLessThan><t:FieldURI FieldURI="task:DueDate"/>` + constant("2026-02-01T01:00:00+01:00") + `</t:IsLessThan>`, "Alpha"},
		{`<t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase">` + subject + `<t:Constant Value="A"/></t:Contains>`, "Alpha,beta,Gamma ray"},
		{`<t:Contains ContainmentMode="Substring" ContainmentComparison="Exact">` + subject + `<t:Constant Value="A"/></t:Contains>`, "Alpha"},
		{`<t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase">` + subject + `<t:Constant Value="gam"/></t:Contains>`, "Gamma ray"},
		{`<t:Contains ContainmentMode="PrefixOnWords" ContainmentComparison="IgnoreCase">` + subject + `<t:Constant Value="ra"/></t:Contains>`, "Gamma ray"},
		{`<t:Contains ContainmentMode="ExactPhrase" ContainmentComparison="IgnoreCase">` + subject + `<t:Constant Value="ray"/></t:Contains>`, "Gamma ray"},
		{`<t:Contains ContainmentMode="FullString" ContainmentComparison="IgnoreCase"><t:FieldURI FieldURI="item:Categories"/><t:Constant Value="c1"/></t:Contains>`, "beta"},
		{`<t:Excludes>` + num + `<t:Bitmask Value="0x10"/></t:Excludes>`, "Alpha,beta"},
		{`<t:Exists><t:FieldURI FieldURI="task:CompleteDate"/></t:Exists>`, ""},
		{`<t:Not><t:Exists><t:FieldURI FieldURI="task:CompleteDate"/></t:Exists></t:Not>`, "Alpha,beta,Gamma ray"},
		{`<t:And><t:IsGreaterThan>` + num + constant("1") + `</t:IsGreaterThan><t:IsLessThan>` + num + constant("9") + `</t:IsLessThan></t:And>`, "beta"},
		{`<t:Or><t:IsEqualTo>` + num + constant("0") + `</t:IsEqualTo><t:IsEqualTo>` + num + constant("16") + `</t:IsEqualTo></t:Or>`, "Alpha,Gamma ray"},
		{`<t:IsEqualTo><t:FieldURI FieldURI="task:StartDate"/><t:FieldURIOrConstant><t:FieldURI FieldURI="task:DueDate"/></t:FieldURIOrConstant></t:IsEqualTo>`, ""},
	} {
		if got := strings.Join(r.found("tasks", `<m:Restriction>`+c.where+`</m:Restriction>`+sorted), ","); got != c.want {
			t.Errorf("%s finds %q, not %q", c.where, got, c.want)
		}
	}
	if got := r.found("tasks", strings.Replace(sorted, "Ascending", "Descending", 1)); !slices.Equal(got, []string{"Gamma ray", "beta", "Alpha"}) {
		t.Errorf("from the end: %v", got)
	}
	for code, where := range map[string]string{
		"ErrorUnsupportedPathForQuery":     `<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="calendar:UID"/>` + constant("x") + `</t:IsEqualTo></m:Restriction>`,
		"ErrorSchemaValidation":            `<m:Restriction><t:IsEqualTo>` + subject + `</t:IsEqualTo></m:Restriction>`,
		"ErrorUnsupportedPathForSortGroup": strings.Replace(sorted, "item:Subject", "item:EffectiveRights", 1),
	} {
		r.want(code, findText("tasks", where))
	}
	r.want("ErrorInvalidPropertyRequest", strings.Replace(findText("tasks", ""), "item:Subject", "item:Body", 1))
}

// TestPages: pages, both ways, and the limit of the throttling policy.
func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{MaxFind: 4})
	for i := range 7 {
		r.create("", fmt.Sprintf(`<t:Task><t:Subject>%d</t:Subject></t:Task>`, i))
	}
	sorted := `<m:SortOrder><t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:Subject"/></t:FieldOrder></m:SortOrder>`
	page := func(most, offset int, from string) (string, *node) {
		m := r.ok(findText("tasks", fmt.Sprintf(`<m:IndexedPageItemView MaxEntriesReturned="%d" Offset="%d" BasePoint="%s"/>`, most, offset, from)+sorted)).kid("RootFolder")
		var out []string
		for _, n := range m.kid("Items").all() {
			out = append(out, n.str("Subject"))
		}
		return strings.Join(out, ""), m
	}
	if got, m := page(3, 2, "Beginning"); got != "234" || m.at("TotalItemsInView") != "7" || m.at("IncludesLastItemInRange") != "false" || m.at("IndexedPagingOffset") != "5" {
		t.Errorf("%s %v", got, m)
	}
	if got, m := page(3, 5, "Beginning"); got != "56" || m.at("IncludesLastItemInRange") != "true" {
		t.Errorf("%s %v", got, m)
	}
	if got, _ := page(2, 0, "End"); got != "65" {
		t.Errorf("from the end: %s", got)
	}
	if got, m := page(100, 0, "Beginning"); got != "0123" || m.at("IncludesLastItemInRange") != "false" {
		t.Errorf("more than the policy allows: %s %v", got, m)
	}
	m := r.ok(findText("tasks", "")).kid("RootFolder")
	if len(m.kid("Items").kids) != 4 || m.at("IncludesLastItemInRange") != "false" {
		t.Errorf("without pages: %v", m)
	}
	if got := r.found("tasks", `<m:FractionalPageItemView Numerator="6" Denominator="7"/>`+sorted); !slices.Equal(got, []string{"6"}) {
		t.Errorf("the last seventh: %v", got)
	}
}

// TestSmallOperations are those that programs ask on their way.
func TestSmallOperations(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Mailboxes: append(people(), Mailbox{Address: "anna@example.org"})})
	resolve := func(text string) string {
		return `<m:ResolveNames ReturnFullContactData="true"><m:UnresolvedEntry>` + text + `</m:UnresolvedEntry></m:ResolveNames>`
	}
	if n := r.ok(resolve("bob")); n.path("ResolutionSet", "Resolution", "Mailbox", "EmailAddress").text != "bob@example.org" {
		t.Errorf("%v", n)
	}
	r.want("ErrorNameResolutionNoResults", resolve("zoe"))
	if n := r.want("ErrorNameResolutionMultipleResults", resolve("ann")); messages(n)[0].at("ResponseClass") != "Warning" || len(messages(n)[0].kid("ResolutionSet").kids) != 2 {
		t.Errorf("two of them: %v", n)
	}
	zones := r.ok(`<m:GetServerTimeZones ReturnFullTimeZoneData="true"><m:Ids><t:Id>W. Europe Standard Time</t:Id><t:Id>Tokyo Standard Time</t:Id><t:Id>Cen. Australia Standard Time</t:Id></m:Ids></m:GetServerTimeZones>`).kid("TimeZoneDefinitions").all()
	if len(zones) != 3 || len(zones[0].kid("Periods").kids) != 2 || len(zones[1].kid("Periods").kids) != 1 || zones[0].path("Periods", "Period").at("Bias") != "-PT1H" ||
		zones[2].path("Periods", "Period").at("Bias") != "-PT9H30M" {
		t.Errorf("zones %v", zones)
	}
	change := zones[0].path("TransitionsGroups", "TransitionsGroup").kids[0]
	if change.str("Month") != "3" || change.str("DayOfWeek") != "Sunday" || change.str("Occurrence") != "-1" || change.str("TimeOffset") != "PT2H" {
		t.Errorf("the change to summer time: %v", change)
	}
	root := r.ok(strings.ReplaceAll(getInbox, `"inbox"`, `"msgfolderroot"`)).path("Folders").first().kid("FolderId")
	for _, to := range []string{"HexEntryId", "OwaId", "EntryId"} {
		there := r.ok(`<m:ConvertId DestinationFormat="` + to + `"><m:SourceIds><t:AlternateId Format="EwsId" Id="` + root.at("Id") + `" Mailbox="x@example.org"/></m:SourceIds></m:ConvertId>`).kid("AlternateId")
		back := r.ok(`<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId Format="` + to + `" Id="` + there.at("Id") + `" Mailbox="x@example.org"/></m:SourceIds></m:ConvertId>`).kid("AlternateId")
		if back.at("Id") != root.at("Id") || there.at("Mailbox") != "ann@example.org" {
			t.Errorf("%s: %v and back %v", to, there, back)
		}
	}
	conf := `<m:GetUserConfiguration><m:UserConfigurationName Name="OWA.UserOptions"><t:DistinguishedFolderId Id="root"/></m:UserConfigurationName><m:UserConfigurationProperties>All</m:UserConfigurationProperties></m:GetUserConfiguration>`
	if n := r.ok(conf); !strings.Contains(n.String(), "W. Europe Standard Time") {
		t.Errorf("%v", n)
	}
	r.want("ErrorItemNotFound", strings.Replace(conf, "OWA.UserOptions", "Other", 1))
	if _, n := r.try(`<m:GetUserPhoto><m:Email>ann@example.org</m:Email><m:SizeRequested>HR48x48</m:SizeRequested></m:GetUserPhoto>`); n.str("ResponseCode") != "ErrorItemNotFound" {
		t.Errorf("%v", n)
	}
}

// TestMIME sends an appointment's text in and gets it back.
func TestMIME(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	const text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:mine\r\nSUMMARY:A\\, B and a very long line that has to be folded somewhere in the middle of äöü\r\nDTSTART;TZID=Europe/Vienna:20260316T090000\r\n" +
		"DTEND;TZID=Europe/Vienna:20260316T100000\r\nRRULE:FREQ=MONTHLY;BYDAY=3MO;COUNT=3\r\nATTENDEE;CN=\"B: ob\":mailto:bob@example.org\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	id := r.create("", `<t:CalendarItem><t:MimeContent>`+b64(text)+`</t:MimeContent></t:CalendarItem>`)
	n := r.get(id, `<t:FieldURI FieldURI="item:MimeContent"/>`)
	if n.str("UID") != "mine" || n.str("Sensitivity") != "Private" || n.str("Start") != "2026-03-16T08:00:00Z" || n.kid("StartTimeZone").at("Id") != "W. Europe Standard Time" ||
		n.str("Recurrence", "RelativeMonthlyRecurrence", "DayOfWeekIndex") != "Third" || n.str("RequiredAttendees", "Attendee", "Mailbox", "Name") != "B: ob" {
		t.Errorf("imported as %v", n)
	}
	out := icalLines(unb64(t, n.str("MimeContent")))
	get := func(name string) (l icalLine) {
		for _, l = range out {
			if l.name == name && l.value != "STANDARD" {
				last := l
				if name != "DTSTART" || l.params["TZID"] != "" {
					return last
				}
			}
		}
		return icalLine{}
	}
	if get("SUMMARY").value != `A\, B and a very long line that has to be folded somewhere in the middle of äöü` || get("DTSTART").value != "20260316T090000" ||
		get("UID").value != "mine" || get("TZID").value != "W. Europe Standard Time" {
		t.Errorf("exported as %s", unb64(t, n.str("MimeContent")))
	}
	for code, body := range map[string]string{
		"ErrorMimeContentInvalid":             `<t:CalendarItem><t:MimeContent>` + b64("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") + `</t:MimeContent></t:CalendarItem>`,
		"ErrorUnsupportedRecurrence":          `<t:CalendarItem><t:MimeContent>` + b64(strings.Replace(text, "MONTHLY;BYDAY=3MO", "HOURLY", 1)) + `</t:MimeContent></t:CalendarItem>`,
		"ErrorMimeContentInvalidBase64String": `<t:CalendarItem><t:MimeContent>AAA</t:MimeContent></t:CalendarItem>`,
		"ErrorUnsupportedMimeConversion":      `<t:Task><t:MimeContent>` + b64(text) + `</t:MimeContent></t:Task>`,
	} {
		if _, n := r.try(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>` + body + `</m:Items></m:CreateItem>`); code != n.path("detail", "ResponseCode").orCode(n) {
			t.Errorf("instead of %s: %v", code, n)
		}
	}
	mail := r.create(`MessageDisposition="SaveOnly"`, `<t:Message><t:MimeContent>`+b64("From: A <a@example.org>\r\nTo: b@example.org\r\nSubject: =?utf-8?B?w6Q=?=\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n")+`</t:MimeContent></t:Message>`)
	if n := r.get(mail); n.str("Subject") != "ä" || n.str("ToRecipients", "Mailbox", "EmailAddress") != "b@example.org" || !strings.Contains(n.str("Body"), "<p>x</p>") {
		t.Errorf("a message imported as %v", n)
	}
}

// orCode is the text of a fault's code, or of an answer's first message.
func (n *node) orCode(answer *node) string {
	if n != nil {
		return n.text
	}
	return code(answer)
}
