package ewssim

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const plainEvent = `<t:CalendarItem><t:Subject>Plan</t:Subject><t:Start>2026-03-10T10:00:00Z</t:Start><t:End>2026-03-10T11:00:00Z</t:End></t:CalendarItem>`

// TestRefusals lists what the product refuses, and with which code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", plainEvent)
	task := r.create("", `<t:Task><t:Subject>Call</t:Subject></t:Task>`)
	gone := r.create("", plainEvent)
	deleted := `<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds>` + gone.String() + `</m:ItemIds></m:DeleteItem>`
	r.ok(deleted)
	items := func(attrs, inner string) string {
		return `<m:CreateItem ` + attrs + `><m:Items>` + inner + `</m:Items></m:CreateItem>`
	}
	get := func(inner string) string {
		return `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>` + inner + `</m:ItemIds></m:GetItem>`
	}
	none := `SendMeetingInvitations="SendToNone"`
	folder := func(id string) string {
		return `<m:SavedItemFolderId><t:DistinguishedFolderId Id="` + id + `"/></m:SavedItemFolderId>`
	}
	event := func(start, end string) string {
		return `<t:CalendarItem><t:Start>` + start + `</t:Start><t:End>` + end + `</t:End></t:CalendarItem>`
	}
	for _, c := range []struct{ name, code, body string }{
		{"unknown operation", "ErrorSchemaValidation", `<m:DoSomething/>`},
		{"order", "ErrorSchemaValidation", items(none, `<t:CalendarItem><t:Start>2026-03-10T10:00:00Z</t:Start><t:Subject>x</t:Subject></t:CalendarItem>`)},
		{"unknown element", "ErrorSchemaValidation", items(none, `<t:CalendarItem><t:Topic>x</t:Topic></t:CalendarItem>`)},
		{"enumeration", "ErrorSchemaValidation", items(none, `<t:CalendarItem><t:Sensitivity>Secret</t:Sensitivity></t:CalendarItem>`)},
		{"no date", "ErrorSchemaValidation", items(none, event("tomorrow", "2026-03-10T10:00:00Z"))},
		{"no items", "ErrorSchemaValidation", items(none, ``)},
		{"missing attribute", "ErrorSchemaValidation", `<m:DeleteItem><m:ItemIds>` + id.String() + `</m:ItemIds></m:DeleteItem>`},
		{"wrong namespace", "ErrorSchemaValidation", items(none, `<m:CalendarItem/>`)},
		{"513 changes", "ErrorSchemaValidation", syncFolder("calendar", "", 513)},
		{"no SendMeetingInvitations", "ErrorSendMeetingInvitationsRequired", items(``, plainEvent)},
		{"no MessageDisposition", "ErrorMessageDispositionRequired", items(``, `<t:Message><t:Subject>x</t:Subject></t:Message>`)},
		{"no SendMeetingCancellations", "ErrorSendMeetingCancellationsRequired", `<m:DeleteItem DeleteType="HardDelete"><m:ItemIds>` + id.String() + `</m:ItemIds></m:DeleteItem>`},
		{"no AffectedTaskOccurrences", "ErrorAffectedTaskOccurrencesRequired", `<m:DeleteItem DeleteType="HardDelete"><m:ItemIds>` + task.String() + `</m:ItemIds></m:DeleteItem>`},
		{"no SendMeetingInvitationsOrCancellations", "ErrorSendMeetingInvitationsOrCancellationsRequired",
			strings.Replace(updateItem(id, set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject>")), ` SendMeetingInvitationsOrCancellations="SendToNone"`, "", 1)},
		{"no ChangeKey", "ErrorChangeKeyRequiredForWriteOperations", updateItem(el("t:ItemId", attr{"Id", id.at("Id")}), set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject>"))},
		{"broken ChangeKey", "ErrorInvalidChangeKey", updateItem(el("t:ItemId", attr{"Id", id.at("Id")}, attr{"ChangeKey", "x"}), set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject>"))},
		{"read-only", "ErrorInvalidPropertySet", items(none, `<t:CalendarItem><t:Size>5</t:Size></t:CalendarItem>`)},
		{"read-only in update", "ErrorInvalidPropertySet", updateItem(id, set("CalendarItem", "calendar:UID", "<t:UID>x</t:UID>"))},
		{"two properties in one change", "ErrorIncorrectUpdatePropertyCount", updateItem(id, set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject><t:Location>y</t:Location>"))},
		{"another property", "ErrorUpdatePropertyMismatch", updateItem(id, set("CalendarItem", "calendar:Location", "<t:Subject>x</t:Subject>"))},
		{"property of another class", "ErrorInvalidPropertyRequest", updateItem(id, set("Task", "task:Status", "<t:Status>Completed</t:Status>"))},
		{"deleting the start", "ErrorInvalidPropertyDelete", updateItem(id, `<t:DeleteItemField><t:FieldURI FieldURI="calendar:Start"/></t:DeleteItemField>`)},
		{"end before start", "ErrorCalendarEndDateIsEarlierThanStartDate", items(none, event("2026-03-10T10:00:00Z", "2026-03-10T09:00:00Z"))},
		{"six years", "ErrorCalendarDurationIsTooLong", items(none, event("2026-03-10T10:00:00Z", "2032-03-10T09:00:00Z"))},
		{"event among contacts", "ErrorCannotCreateCalendarItemInNonCalendarFolder", `<m:CreateItem ` + none + `>` + folder("contacts") + `<m:Items>` + plainEvent + `</m:Items></m:CreateItem>`},
		{"task among events", "ErrorCannotCreateTaskInNonTaskFolder", `<m:CreateItem>` + folder("calendar") + `<m:Items><t:Task/></m:Items></m:CreateItem>`},
		{"per cent", "ErrorInvalidPercentCompleteValue", items(``, `<t:Task><t:PercentComplete>101</t:PercentComplete></t:Task>`)},
		{"unknown zone", "ErrorTimeZone", items(none, `<t:CalendarItem><t:StartTimeZone Id="Middle-earth Standard Time"/></t:CalendarItem>`)},
		{"shortened id", "ErrorInvalidIdMalformed", get(`<t:ItemId Id="` + id.at("Id")[:80] + `"/>`)},
		{"id in small letters", "ErrorInvalidIdMalformed", get(`<t:ItemId Id="` + strings.ToLower(id.at("Id")) + `"/>`)},
		{"no id", "ErrorInvalidIdEmpty", get(`<t:ItemId Id=""/>`)},
		{"gone", "ErrorItemNotFound", get(gone.String())},
		{"deleted twice", "ErrorItemNotFound", deleted},
		{"no master", "ErrorCalendarCannotUseIdForOccurrenceId", get(`<t:OccurrenceItemId RecurringMasterId="` + id.at("Id") + `" InstanceIndex="1"/>`)},
		{"no occurrence", "ErrorCalendarCannotUseIdForRecurringMasterId", get(`<t:RecurringMasterItemId OccurrenceId="` + id.at("Id") + `"/>`)},
		{"unknown attendee", "ErrorInvalidRecipients", items(none, `<t:CalendarItem><t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>bob</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees></t:CalendarItem>`)},
		{"custom tag", "ErrorNoPropertyTagForCustomProperties", items(none, `<t:CalendarItem><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x8001" PropertyType="String"/><t:Value>x</t:Value></t:ExtendedProperty></t:CalendarItem>`)},
		{"set without name", "ErrorInvalidExtendedProperty", items(none, `<t:CalendarItem><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyType="String"/><t:Value>x</t:Value></t:ExtendedProperty></t:CalendarItem>`)},
		{"no number", "ErrorInvalidExtendedPropertyValue", items(none, `<t:CalendarItem><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyName="n" PropertyType="Integer"/><t:Value>x</t:Value></t:ExtendedProperty></t:CalendarItem>`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, n := r.try(c.body)
			if got := code(n); got != c.code {
				t.Errorf("%s instead of %s: %v", got, c.code, n)
			}
		})
	}
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	get := `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>`
	res := r.post(get)
	res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	for _, c := range []struct{ name, head, want string }{
		{"version", `<t:RequestServerVersion Version="Exchange3000"/>`, "ErrorInvalidServerVersion"},
		{"doubled", `<t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext><t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext>`, "ErrorDuplicateSOAPHeader"},
		{"zone", `<t:TimeZoneContext><t:TimeZoneDefinition Id="Nowhere"/></t:TimeZoneContext>`, "ErrorTimeZone"},
		{"header", `<t:TimeZoneContext/>`, "ErrorSchemaValidation"},
		{"must understand", `<t:Fancy s:mustUnderstand="1"/>`, "ErrorInvalidRequest"},
		{"old", `<t:RequestServerVersion Version="Exchange2007_SP1"/>`, "NoError"},
	} {
		r.head = c.head
		if status, n := r.try(get); code(n) != c.want || (c.want != "NoError") != (status == http.StatusInternalServerError) {
			t.Errorf("%s: %d %v", c.name, status, n)
		}
	}
	req, _ := http.NewRequest("POST", r.srv.URL+"/ews/exchange.asmx", strings.NewReader("<x"))
	req.SetBasicAuth("ann@example.org", "ann-secret")
	req.Header.Set("Content-Type", "text/xml")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("broken XML: %v %v", res, err)
	}
	res.Body.Close()
}

// TestComputed shows what the product adds to what was sent.
func TestComputed(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", `<t:CalendarItem><t:Subject>Plan</t:Subject><t:Body BodyType="HTML">&lt;p&gt;Dear &lt;b&gt;all&lt;/b&gt; &amp;amp; you&lt;/p&gt;</t:Body><t:Start>2026-03-10T09:00:00</t:Start><t:End>2026-03-10T10:30:00</t:End><t:StartTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>`)
	n := r.get(id)
	for name, want := range map[string]string{"ItemClass": "IPM.Appointment", "Start": "2026-03-10T08:00:00Z", "End": "2026-03-10T09:30:00Z",
		"Duration": "PT1H30M", "IsAllDayEvent": "false", "CalendarItemType": "Single", "LegacyFreeBusyStatus": "Busy", "Sensitivity": "Normal",
		"ReminderIsSet": "true", "ReminderMinutesBeforeStart": "15", "IsMeeting": "false", "MyResponseType": "Unknown", "HasAttachments": "false"} {
		if got := n.str(name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if n.path("EffectiveRights", "Modify").text != "true" || len(n.str("UID")) != 112 || n.path("Organizer", "Mailbox", "EmailAddress").text != "ann@example.org" {
		t.Errorf("rights, UID or organizer: %v", n)
	}
	if n.kid("ResponseObjects") != nil || n.kid("StartTimeZone").at("Id") != "W. Europe Standard Time" {
		t.Errorf("response objects or zone: %v", n)
	}
	if body := n.str("Body"); !strings.HasPrefix(body, "<html>") || !strings.Contains(body, "<p>Dear <b>all</b> &amp; you</p>") {
		t.Errorf("body %q", body)
	}
	text := r.ok(`<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>Text</t:BodyType>` +
		additional([]string{`<t:FieldURI FieldURI="item:Body"/>`}) + `</m:ItemShape><m:ItemIds>` + id.String() + `</m:ItemIds></m:GetItem>`)
	if got := text.path("Items").first().str("Body"); got != "Dear all & you\r\n" {
		t.Errorf("text of the body: %q", got)
	}
	day := r.get(r.create("", `<t:CalendarItem><t:Start>2026-03-29T08:00:00Z</t:Start><t:End>2026-03-29T09:00:00Z</t:End><t:IsAllDayEvent>1</t:IsAllDayEvent><t:StartTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>`))
	if day.str("Start") != "2026-03-28T23:00:00Z" || day.str("End") != "2026-03-29T22:00:00Z" || day.str("Duration") != "PT23H" {
		t.Errorf("a whole day of 23 hours: %s to %s, %s", day.str("Start"), day.str("End"), day.str("Duration"))
	}
}

// TestVersions: the ChangeKey decides, and the documented ways to resolve.
func TestVersions(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	first := r.create("", plainEvent)
	second := r.change(first, set("CalendarItem", "item:Sensitivity", "<t:Sensitivity>Private</t:Sensitivity>"))
	if first.at("Id") != second.at("Id") || first.at("ChangeKey") == second.at("ChangeKey") {
		t.Fatalf("%v then %v", first, second)
	}
	stale := updateItem(first, set("CalendarItem", "item:Sensitivity", "<t:Sensitivity>Normal</t:Sensitivity>"), set("CalendarItem", "calendar:Location", "<t:Location>Here</t:Location>"))
	r.want("ErrorIrresolvableConflict", stale)
	m := r.ok(strings.Replace(stale, "NeverOverwrite", "AutoResolve", 1))
	if m.str("ConflictResults", "Count") != "1" {
		t.Errorf("conflicts: %v", m)
	}
	if n := r.get(second); n.str("Sensitivity") != "Private" || n.str("Location") != "Here" {
		t.Errorf("resolved to %v", n)
	}
	r.ok(strings.Replace(stale, "NeverOverwrite", "AlwaysOverwrite", 1))
	if n := r.get(second); n.str("Sensitivity") != "Normal" {
		t.Errorf("overwritten to %v", n)
	}
	loose := newRig(t, Options{LooseChangeKeys: true})
	id := loose.create("", plainEvent)
	loose.ok(strings.Replace(updateItem(el("t:ItemId", attr{"Id", id.at("Id")}), set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject>")), "NeverOverwrite", "AlwaysOverwrite", 1))
}

// TestMoves: an item that moves gets another id and is a new one; what it carries goes along.
func TestMoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	marker := `<t:ExtendedFieldURI PropertySetId="A1E7C3B4-9D52-4F0E-8C61-6B2F0D7E5A93" PropertyName="Key" PropertyType="String"/>`
	id := r.create("", `<t:CalendarItem><t:Subject>Plan</t:Subject><t:ExtendedProperty>`+marker+`<t:Value>k-1</t:Value></t:ExtendedProperty></t:CalendarItem>`)
	made := r.ok(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>Other</t:DisplayName></t:CalendarFolder></m:Folders></m:CreateFolder>`)
	folder := made.path("Folders").first().kid("FolderId")
	_, state := r.sync("calendar", "", 512)
	moved := r.ok(`<m:MoveItem><m:ToFolderId>` + folder.String() + `</m:ToFolderId><m:ItemIds>` + id.String() + `</m:ItemIds></m:MoveItem>`).path("Items").first().kid("ItemId")
	if moved.at("Id") == id.at("Id") {
		t.Error("the id stayed")
	}
	if changes, _ := r.sync("calendar", state, 512); len(changes) != 1 || changes[0] != "Delete "+id.at("Id") {
		t.Errorf("the old folder tells %v", changes)
	}
	found := r.ok(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>` + additional([]string{marker}) +
		`</m:ItemShape><m:Restriction><t:IsEqualTo>` + strings.Replace(marker, "A1E7C3B4", "a1e7c3b4", 1) + `<t:FieldURIOrConstant><t:Constant Value="K-1"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds>` +
		folder.String() + `</m:ParentFolderIds></m:FindItem>`)
	if items := found.path("RootFolder", "Items"); len(items.all()) != 1 || items.first().str("ExtendedProperty", "Value") != "k-1" {
		t.Errorf("found by the property: %v", found)
	}
	r.want("ErrorItemNotFound", `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>`+id.String()+`</m:ItemIds></m:GetItem>`)
	bin := `<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone"><m:ItemIds>` + moved.String() + `</m:ItemIds></m:DeleteItem>`
	r.ok(bin)
	if changes, _ := r.sync("deleteditems", "", 512); len(changes) != 1 || strings.HasSuffix(changes[0], moved.at("Id")) {
		t.Errorf("in the bin: %v", changes)
	}
	r.ok(`<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>` + folder.String() + `</m:FolderIds></m:DeleteFolder>`)
	r.want("ErrorFolderNotFound", `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>`+folder.String()+`</m:FolderIds></m:GetFolder>`)
}

// TestTasks: status, per cent and date go together.
func TestTasks(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", `<t:Task><t:Subject>Call</t:Subject><t:DueDate>2026-05-04T00:00:00Z</t:DueDate></t:Task>`)
	id = r.change(id, set("Task", "task:PercentComplete", "<t:PercentComplete>40</t:PercentComplete>"))
	if n := r.get(id); n.str("Status") != "InProgress" || n.str("DueDate") != "2026-05-04T00:00:00Z" {
		t.Errorf("after 40 %%: %v", n)
	}
	id = r.change(id, set("Task", "task:Status", "<t:Status>Completed</t:Status>"))
	if n := r.get(id); n.str("PercentComplete") != "100" || n.str("CompleteDate") != "2026-03-02T00:00:00Z" || n.str("IsComplete") != "true" {
		t.Errorf("after completion: %v", n)
	}
	id = r.change(id, set("Task", "task:PercentComplete", "<t:PercentComplete>50</t:PercentComplete>"))
	if n := r.get(id); n.str("Status") != "InProgress" || n.kid("CompleteDate") != nil {
		t.Errorf("begun again: %v", n)
	}
	r.head = `<t:TimeZoneContext><t:TimeZoneDefinition Id="Eastern Standard Time"/></t:TimeZoneContext>`
	id = r.change(id, set("Task", "task:DueDate", "<t:DueDate>2026-05-05T22:00:00</t:DueDate>"))
	if n := r.get(id); n.str("DueDate") != "2026-05-05T00:00:00Z" {
		t.Errorf("due in the evening of another zone: %v", n)
	}
}

// TestZones: when only the zone changes, the wall clock stays.
func TestZones(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", `<t:CalendarItem><t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-07-01T10:00:00</t:End><t:StartTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>`)
	id = r.change(id, set("CalendarItem", "calendar:StartTimeZone", `<t:StartTimeZone Id="Eastern Standard Time"/>`))
	if n := r.get(id); n.str("Start") != "2026-07-01T13:00:00Z" {
		t.Errorf("start %s", n.str("Start"))
	}
	r.head = `<t:TimeZoneContext><t:TimeZoneDefinition Id="Tokyo Standard Time"/></t:TimeZoneContext>`
	n := r.get(r.create("", `<t:CalendarItem><t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-07-01T01:00:00Z</t:End></t:CalendarItem>`))
	if n.str("Start") != "2026-07-01T00:00:00Z" || n.kid("StartTimeZone").at("Id") != "Tokyo Standard Time" {
		t.Errorf("in the zone of the request: %v", n)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", plainEvent)
	was := r.get(id)
	r.clock.Advance(time.Hour)
	is := r.get(r.change(id, set("CalendarItem", "item:Subject", "<t:Subject>x</t:Subject>")))
	if was.str("DateTimeCreated") != is.str("DateTimeCreated") || was.str("LastModifiedTime") >= is.str("LastModifiedTime") {
		t.Errorf("%v then %v", was, is)
	}
}

// TestLater: the same answers in other clothes.
func TestLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Later: true})
	id := r.create("", strings.Replace(strings.Replace(plainEvent, "Plan", "xmlns&lt;t:", 1), "</t:End>", "</t:End><t:Location>2026-03-10T10:00:00Z</t:Location>", 1))
	n := r.get(id)
	if n.str("Location") != "2026-03-10T10:00:00Z" {
		t.Errorf("a text that looks like a time: %v", n)
	}
	if n.str("Subject") != "xmlns<t:" || n.str("Start") != "2026-03-10T10:00:00.0000000Z" || n.first().name != "t:PropertyOfTomorrow" ||
		n.kids[len(n.kids)-1].local() != "ItemId" {
		t.Errorf("%v", n)
	}
	r.seen = nil // which the schemas of today do not describe
}
