package ewssim

import (
	"reflect"
	"strings"
	"testing"
)

func meetingText(required string) string {
	return `<t:CalendarItem><t:Subject>Together</t:Subject><t:Start>2026-03-10T10:00:00Z</t:Start><t:End>2026-03-10T11:00:00Z</t:End><t:RequiredAttendees>` +
		`<t:Attendee><t:Mailbox><t:EmailAddress>` + required + `</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees><t:OptionalAttendees>` +
		`<t:Attendee><t:Mailbox><t:EmailAddress>carol@example.org</t:EmailAddress></t:Mailbox></t:Attendee></t:OptionalAttendees></t:CalendarItem>`
}

func (r *rig) kinds() []string {
	var out []string
	for _, m := range r.Mails() {
		out = append(out, m.Kind+" to "+strings.Join(m.To, " "))
	}
	return out
}

// as is the rig with another login.
func (r *rig) as(user, pass string) *rig {
	return &rig{Sim: r.Sim, t: r.t, clock: r.clock, srv: r.srv, user: user, pass: pass}
}

// TestMeetings counts the mail that each write sends, and follows an answer.
func TestMeetings(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	bob := r.as("bob@example.org", "bob-secret")
	id := r.create(`SendMeetingInvitations="SendToNone"`, meetingText("bob@example.org"))
	if len(r.Mails()) != 0 {
		t.Fatalf("mail without leave: %v", r.Mails())
	}
	id = r.change(id, set("CalendarItem", "item:Subject", "<t:Subject>Still quiet</t:Subject>"))
	update := updateItem(id, set("CalendarItem", "calendar:Location", "<t:Location>Room</t:Location>"))
	id = r.ok(strings.Replace(update, `Cancellations="SendToNone"`, `Cancellations="SendToAllAndSaveCopy"`, 1)).path("Items").first().kid("ItemId")
	want := []string{"update to bob@example.org carol@example.org"}
	if got := r.kinds(); !reflect.DeepEqual(got, want) {
		t.Fatalf("sent %v", got)
	}
	copied := bob.get(bob.ok(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`).
		path("RootFolder", "Items").first().kid("ItemId"))
	for name, want := range map[string]string{"MyResponseType": "NoResponseReceived", "LegacyFreeBusyStatus": "Tentative", "IsMeeting": "true",
		"IsOrganizer": "false", "AppointmentState": "3", "Location": "Room", "UID": r.get(id).str("UID")} {
		if got := copied.str(name); got != want {
			t.Errorf("the attendee's %s is %q, not %q", name, got, want)
		}
	}
	respond := func(kind string, id *node) string {
		return `<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:` + kind + `>` + id.renamed("t:ReferenceItemId").String() + `</t:` + kind + `></m:Items></m:CreateItem>`
	}
	r.want("ErrorCalendarIsOrganizerForAccept", respond("AcceptItem", id))
	bob.ok(respond("TentativelyAcceptItem", copied.kid("ItemId")))
	if n := r.get(id); n.path("RequiredAttendees", "Attendee", "ResponseType").text != "Tentative" {
		t.Errorf("the organizer sees %v", n.kid("RequiredAttendees"))
	}
	got := bob.get(copied.kid("ItemId"))
	if got.str("MyResponseType") != "Tentative" || got.str("AppointmentReplyTime") == "" {
		t.Errorf("the attendee sees %v", got)
	}
	id = r.get(id).kid("ItemId")
	r.want("ErrorSendMeetingCancellationsRequired", `<m:DeleteItem DeleteType="MoveToDeletedItems"><m:ItemIds>`+id.String()+`</m:ItemIds></m:DeleteItem>`)
	r.ok(`<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendOnlyToAll"><m:ItemIds>` + id.String() + `</m:ItemIds></m:DeleteItem>`)
	want = append(want, "response to ann@example.org", "cancellation to bob@example.org carol@example.org")
	if got := r.kinds(); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v, not %v", got, want)
	}
	if n := bob.get(copied.kid("ItemId")); n.str("IsCancelled") != "true" || n.str("Subject") != "Canceled: Still quiet" {
		t.Errorf("after the cancellation: %v", n)
	}
	bob.want("ErrorCalendarIsCancelledForAccept", respond("AcceptItem", copied.kid("ItemId")))
	r.seenByBob(bob)
}

// seenByBob reads everything in the inbox, so that all kinds of messages meet the schema.
func (r *rig) seenByBob(bob *rig) {
	m := bob.ok(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>`)
	items := m.path("RootFolder", "Items").all()
	if len(items) != 2 || items[0].local() != "MeetingCancellation" || items[1].local() != "MeetingRequest" {
		r.t.Errorf("in the inbox: %v", items)
	}
	for _, n := range items {
		bob.get(n.kid("ItemId"), `<t:FieldURI FieldURI="item:MimeContent"/>`)
	}
}

// TestInvitationsToChanged tells those who came and those who went, and nobody else.
func TestInvitationsToChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create(`SendMeetingInvitations="SendOnlyToAll"`, meetingText("bob@example.org"))
	update := updateItem(id, set("CalendarItem", "calendar:RequiredAttendees", `<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>dave@example.org</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>`))
	r.ok(strings.Replace(update, `Cancellations="SendToNone"`, `Cancellations="SendOnlyToChanged"`, 1))
	want := []string{"invitation to bob@example.org carol@example.org", "cancellation to bob@example.org", "invitation to dave@example.org"}
	if got := r.kinds(); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v, not %v", got, want)
	}
}

// TestMessages sends mail between mailboxes.
func TestMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	draft := r.create(`MessageDisposition="SaveOnly"`, `<t:Message><t:Subject>Hi</t:Subject><t:Body BodyType="Text">one
two</t:Body><t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.org</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>`)
	r.want("ErrorChangeKeyRequiredForWriteOperations", `<m:SendItem SaveItemToFolder="true"><m:ItemIds><t:ItemId Id="`+draft.at("Id")+`"/></m:ItemIds></m:SendItem>`)
	r.ok(`<m:SendItem SaveItemToFolder="true"><m:ItemIds>` + draft.String() + `</m:ItemIds></m:SendItem>`)
	bob := r.as("bob@example.org", "bob-secret")
	found := bob.ok(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>`)
	n := bob.get(found.path("RootFolder", "Items").first().kid("ItemId"))
	if n.str("Body") != "one\r\ntwo" || n.str("From", "Mailbox", "EmailAddress") != "ann@example.org" || n.str("IsRead") != "false" || n.str("IsDraft") != "false" {
		t.Errorf("received %v", n)
	}
	if c, _ := r.sync("sentitems", "", 10); len(c) != 1 {
		t.Errorf("sent items: %v", c)
	}
	_, res := r.try(`<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message><t:Subject>x</t:Subject></t:Message></m:Items></m:CreateItem>`)
	if code(res) != "ErrorMissingRecipients" {
		t.Errorf("to nobody: %v", res)
	}
}

// TestAttachments has files, their limits, and the picture of a contact.
func TestAttachments(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", `<t:Contact><t:GivenName>Carla</t:GivenName><t:Surname>Muster</t:Surname></t:Contact>`)
	attach := func(id *node, inner string) *node {
		return r.ok(`<m:CreateAttachment>` + id.renamed("m:ParentItemId").String() + `<m:Attachments>` + inner + `</m:Attachments></m:CreateAttachment>`)
	}
	first := attach(id, `<t:FileAttachment><t:Name>me.png</t:Name><t:IsContactPhoto>true</t:IsContactPhoto><t:Content>AQID</t:Content></t:FileAttachment>`).
		path("Attachments").first().kid("AttachmentId")
	r.want("ErrorIrresolvableConflict", `<m:CreateAttachment>`+id.renamed("m:ParentItemId").String()+`<m:Attachments><t:FileAttachment><t:Name>x</t:Name><t:Content/></t:FileAttachment></m:Attachments></m:CreateAttachment>`)
	n := r.get(id)
	if n.str("HasPicture") != "true" || n.str("HasAttachments") != "false" || n.str("FileAs") != "Muster, Carla" || n.str("CompleteName", "FullName") != "Carla Muster" {
		t.Errorf("contact %v", n)
	}
	attach(n.kid("ItemId"), `<t:FileAttachment><t:Name>new.png</t:Name><t:IsContactPhoto>true</t:IsContactPhoto><t:Content>BAUG</t:Content></t:FileAttachment>`)
	n = r.get(id)
	if list := n.kid("Attachments").all(); len(list) != 1 || list[0].str("Name") != "ContactPicture.jpg" {
		t.Errorf("pictures %v", list)
	}
	get := func(id *node) string {
		return `<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id="` + id.at("Id") + `"/></m:AttachmentIds></m:GetAttachment>`
	}
	r.want("ErrorItemNotFound", get(first))
	r.want("ErrorInvalidAttachmentId", get(id))
	shown := n.path("Attachments").first().kid("AttachmentId")
	if got := r.ok(get(shown)).path("Attachments").first().str("Content"); got != "BAUG" {
		t.Errorf("content %q", got)
	}
	r.ok(`<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id="` + shown.at("Id") + `"/></m:AttachmentIds></m:DeleteAttachment>`)
	if n = r.get(id); n.str("HasPicture") != "false" || n.kid("Attachments") != nil {
		t.Errorf("after deletion: %v", n)
	}
	event := r.create("", plainEvent)
	made := attach(event, `<t:ItemAttachment><t:Name>inner</t:Name><t:Task><t:Subject>Inside</t:Subject></t:Task></t:ItemAttachment>`)
	inner := r.ok(get(made.path("Attachments").first().kid("AttachmentId"))).path("Attachments").first()
	if inner.str("Task", "Subject") != "Inside" || inner.kid("Task").kid("ItemId") != nil {
		t.Errorf("item attachment %v", inner)
	}
}

// TestDictionaries changes entries of a contact one by one.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", `<t:Contact><t:EmailAddresses><t:Entry Key="EmailAddress1">a@example.org</t:Entry></t:EmailAddresses><t:PhysicalAddresses><t:Entry Key="Home"><t:City>Graz</t:City></t:Entry></t:PhysicalAddresses><t:PhoneNumbers><t:Entry Key="HomePhone">1</t:Entry><t:Entry Key="MobilePhone">2</t:Entry></t:PhoneNumbers></t:Contact>`)
	entry := func(uri, key, value string) string {
		return `<t:SetItemField><t:IndexedFieldURI FieldURI="` + uri + `" FieldIndex="` + key + `"/><t:Contact>` + value + `</t:Contact></t:SetItemField>`
	}
	drop := func(uri, key string) string {
		return `<t:DeleteItemField><t:IndexedFieldURI FieldURI="` + uri + `" FieldIndex="` + key + `"/></t:DeleteItemField>`
	}
	id = r.change(id, entry("contacts:PhysicalAddress:Street", "Home", `<t:PhysicalAddresses><t:Entry Key="Home"><t:Street>Ring 1</t:Street></t:Entry></t:PhysicalAddresses>`),
		entry("contacts:PhoneNumber", "HomePhone", `<t:PhoneNumbers><t:Entry Key="HomePhone">3</t:Entry></t:PhoneNumbers>`), drop("contacts:PhoneNumber", "MobilePhone"),
		entry("contacts:EmailAddress", "EmailAddress2", `<t:EmailAddresses><t:Entry Key="EmailAddress2">b@example.org</t:Entry></t:EmailAddresses>`))
	n := r.get(id, `<t:ExtendedFieldURI PropertyTag="0x3A09" PropertyType="String"/>`)
	home := n.path("PhysicalAddresses", "Entry")
	if home.str("Street") != "Ring 1" || home.str("City") != "Graz" || len(n.kid("PhoneNumbers").kids) != 1 || n.str("PhoneNumbers", "Entry") != "3" ||
		len(n.kid("EmailAddresses").kids) != 2 || n.str("ExtendedProperty", "Value") != "3" {
		t.Errorf("changed to %v", n)
	}
	r.want("ErrorUpdatePropertyMismatch", updateItem(id, entry("contacts:PhoneNumber", "HomePhone", `<t:PhoneNumbers><t:Entry Key="CarPhone">3</t:Entry></t:PhoneNumbers>`)))
	id = r.change(id, drop("contacts:PhysicalAddress:City", "Home"), drop("contacts:PhysicalAddress:Street", "Home"), drop("contacts:PhoneNumber", "HomePhone"))
	if n = r.get(id); n.kid("PhysicalAddresses") != nil || n.kid("PhoneNumbers") != nil {
		t.Errorf("emptied to %v", n)
	}
}
