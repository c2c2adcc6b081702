package ewssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func offer() Letter {
	return Letter{From: "ann@example.org", To: []string{"Bob Sample <bob@example.org>", "eve@example.org"}, Subject: "Offer", Body: "<p>Grüße</p>", HTML: true, MessageID: "<offer@example.org>",
		At: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Categories: []string{"CRM"}, Files: []LetterFile{{Name: "ä.txt", Type: "text/plain", Content: []byte("file\x00\xff")},
			{Name: "Inner", Letter: &Letter{From: "cid@example.org", Subject: "Inner", Body: "deep"}}, {Name: "logo.png", Type: "image/png", Inline: true, ContentID: "logo", Content: []byte("png")}}}
}

func (r *rig) deliver(l Letter) []Delivered {
	r.t.Helper()
	out, err := r.Deliver(l)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func idOf(d Delivered) *node {
	return el("t:ItemId", attr{"Id", d.ItemID}, attr{"ChangeKey", d.ChangeKey})
}

func findIn(folder, restriction string) string {
	if restriction != "" {
		restriction = "<m:Restriction>" + restriction + "</m:Restriction>"
	}
	return `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>` + restriction +
		`<m:ParentFolderIds><t:DistinguishedFolderId Id="` + folder + `"/></m:ParentFolderIds></m:FindItem>`
}

// subjects are those of what a restriction leaves of a folder.
func (r *rig) subjects(folder, restriction string) string {
	r.t.Helper()
	var out []string
	for _, n := range r.ok(findIn(folder, restriction)).path("RootFolder", "Items").all() {
		out = append(out, n.str("Subject"))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

func is(op, uri, value string) string {
	return `<t:` + op + `><t:FieldURI FieldURI="` + uri + `"/><t:FieldURIOrConstant><t:Constant Value="` + value + `"/></t:FieldURIOrConstant></t:` + op + `>`
}

// One message in two mailboxes has one Message-ID and two ids, and its files in both.
func TestDeliver(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	bob := r.as("bob@example.org", "bob-secret")
	all := r.deliver(offer())
	if len(all) != 2 || all[0].Folder != "sentitems" || all[1].Folder != "inbox" || all[0].ItemID == all[1].ItemID {
		t.Fatalf("%+v", all)
	}
	for i, who := range []*rig{r, bob} {
		n := who.get(idOf(all[i]))
		for name, want := range map[string]string{"InternetMessageId": "<offer@example.org>", "IsRead": boolText(i == 0), "IsDraft": "false", "HasAttachments": "true",
			"DateTimeReceived": "2026-03-01T08:00:00Z", "ItemClass": "IPM.Note"} {
			if n.str(name) != want {
				t.Errorf("%s is %q", name, n.str(name))
			}
		}
		if n.path("From", "Mailbox", "EmailAddress").text != "ann@example.org" || len(n.kid("Attachments").all()) != 3 ||
			n.str("DisplayTo") != "Bob Sample; eve@example.org" {
			t.Errorf("%v", n)
		}
	}
	later := r.deliver(Letter{From: "cid@example.org", To: []string{"BOB@example.org"}, Bcc: []string{"ann@example.org"}, Subject: "Later", MessageID: "-"})
	if n := r.get(idOf(later[1])); n.kid("BccRecipients") != nil || n.str("InternetMessageId") != "" {
		t.Errorf("%v", n)
	}
	for restriction, want := range map[string]string{
		"": "[Later Offer]",
		is("IsEqualTo", "item:Categories", "CRM"):                                                                                              "[Offer]",
		is("IsGreaterThanOrEqualTo", "item:DateTimeReceived", "2026-03-01T12:00:00Z"):                                                          "[Later]",
		is("IsEqualTo", "message:InternetMessageId", "&lt;offer@example.org&gt;"):                                                              "[Offer]",
		"<t:And>" + is("IsLessThan", "item:DateTimeReceived", "2026-03-01T12:00:00Z") + is("IsEqualTo", "item:Categories", "crm") + "</t:And>": "[Offer]",
		is("IsEqualTo", "item:Categories", "Other"):                                                                                            "[]",
	} {
		if got := bob.subjects("inbox", restriction); got != want {
			t.Errorf("%s: %s, want %s", restriction, got, want)
		}
	}
	meeting := r.deliver(Letter{From: "cid@example.org", To: []string{"bob@example.org"}, Subject: "Invitation", ItemClass: "IPM.Schedule.Meeting.Request"})
	if n := bob.get(idOf(meeting[0])); n.local() != "MeetingRequest" {
		t.Errorf("%v", n)
	}
	if _, err := r.Deliver(Letter{Subject: "from nobody"}); err == nil {
		t.Error("a letter without a sender arrived")
	}
}

// A move is a deletion here and something new there, with other ids, also of what hangs on it.
func TestMailMoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	bob := r.as("bob@example.org", "bob-secret")
	d := r.deliver(offer())[1]
	in, inState := bob.sync("inbox", "", 100)
	_, outState := bob.sync("junkemail", "", 100)
	if !slices.Equal(in, []string{"Create " + d.ItemID}) {
		t.Fatalf("%v", in)
	}
	file := bob.get(idOf(d)).path("Attachments").first().kid("AttachmentId")
	moved := bob.ok(`<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="junkemail"/></m:ToFolderId><m:ItemIds>` + idOf(d).String() + `</m:ItemIds></m:MoveItem>`).kid("Items").first().kid("ItemId")
	if got, _ := bob.sync("inbox", inState, 100); !slices.Equal(got, []string{"Delete " + d.ItemID}) {
		t.Errorf("%v", got)
	}
	if got, _ := bob.sync("junkemail", outState, 100); !slices.Equal(got, []string{"Create " + moved.at("Id")}) || moved.at("Id") == d.ItemID {
		t.Errorf("%v", got)
	}
	bob.want("ErrorItemNotFound", `<m:GetAttachment><m:AttachmentIds>`+file.String()+`</m:AttachmentIds></m:GetAttachment>`)
	if n := bob.get(moved); n.str("InternetMessageId") != "<offer@example.org>" || len(n.kid("Attachments").all()) != 3 {
		t.Errorf("%v", n)
	}
}

func TestGetAttachmentOfMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{StoreSizes: true})
	n := r.get(idOf(r.deliver(offer())[0]), `<t:FieldURI FieldURI="item:MimeContent"/>`)
	files := n.kid("Attachments").kids
	ask := func(shape string, of *node) *node {
		return r.ok(`<m:GetAttachment>` + shape + `<m:AttachmentIds>` + of.kid("AttachmentId").String() + `</m:AttachmentIds></m:GetAttachment>`).kid("Attachments").first()
	}
	if raw, err := base64.StdEncoding.DecodeString(ask("", files[0]).str("Content")); err != nil || string(raw) != "file\x00\xff" {
		t.Errorf("%q, %v", raw, err)
	}
	if size := atoi(files[0].str("Size")); size <= len("file\x00\xff") || files[0].kid("Content") != nil {
		t.Errorf("%v", files[0])
	}
	inner := ask(`<m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent><t:BodyType>Text</t:BodyType></m:AttachmentShape>`, files[1])
	raw, err := base64.StdEncoding.DecodeString(inner.path("Message", "MimeContent").text)
	if err != nil || !strings.Contains(string(raw), "Subject: Inner\r\n") || inner.path("Message", "Body").text != "deep" {
		t.Errorf("%q, %v, %v", raw, err, inner)
	}
	whole, err := base64.StdEncoding.DecodeString(n.str("MimeContent"))
	if err != nil {
		t.Fatal(err)
	}
	// What the server wrote it can read again, with all that hangs on it.
	again := r.create(`MessageDisposition="SaveOnly"`, `<t:Message><t:MimeContent>`+base64.StdEncoding.EncodeToString(whole)+`</t:MimeContent></t:Message>`)
	got := r.get(again)
	if got.str("Subject") != "Offer" || got.str("InternetMessageId") != "<offer@example.org>" || got.path("Body").at("BodyType") != "HTML" {
		t.Errorf("%v", got)
	}
	var names []string
	for _, f := range got.kid("Attachments").all() {
		names = append(names, f.str("Name")+" "+f.str("ContentType"))
	}
	if !slices.Equal(names, []string{"ä.txt text/plain", "attachment message/rfc822", "logo.png image/png"}) {
		t.Errorf("%q", names)
	}
	for _, bad := range []string{"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nno end", "Content-Transfer-Encoding: base64\r\n\r\n***"} {
		r.want("ErrorMimeContentInvalid", `<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:MimeContent>`+base64.StdEncoding.EncodeToString([]byte(bad))+`</t:MimeContent></t:Message></m:Items></m:CreateItem>`)
	}
}

// What hangs on an appointment or a task changes its ChangeKey, and synchronisation tells of it.
func TestAttachmentsChangeTheirItem(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	for folder, item := range map[string]string{"calendar": plainEvent, "tasks": `<t:Task><t:Subject>Call</t:Subject></t:Task>`} {
		id := r.create("", item)
		_, state := r.sync(folder, "", 100)
		made := r.ok(`<m:CreateAttachment><m:ParentItemId Id="` + id.at("Id") + `" ChangeKey="` + id.at("ChangeKey") + `"/><m:Attachments><t:FileAttachment><t:Name>a.bin</t:Name><t:Content>AP8=</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>`)
		root := made.path("Attachments").first().kid("AttachmentId")
		now := r.get(id)
		if key := root.at("RootItemChangeKey"); key == id.at("ChangeKey") || key != now.kid("ItemId").at("ChangeKey") || now.str("HasAttachments") != "true" {
			t.Errorf("%s: %v, %v", folder, root, now)
		}
		class := map[string]string{"calendar": "CalendarItem", "tasks": "Task"}[folder]
		r.want("ErrorIrresolvableConflict", updateItem(id, set(class, "item:Subject", "<t:Subject>old</t:Subject>")))
		r.want("ErrorIrresolvableConflict", `<m:CreateAttachment><m:ParentItemId Id="`+id.at("Id")+`" ChangeKey="`+id.at("ChangeKey")+`"/><m:Attachments><t:FileAttachment><t:Name>b</t:Name><t:Content/></t:FileAttachment></m:Attachments></m:CreateAttachment>`)
		got, state := r.sync(folder, state, 100)
		gone := r.ok(`<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id="` + root.at("Id") + `"/></m:AttachmentIds></m:DeleteAttachment>`).kid("RootItemId")
		if gone.at("RootItemChangeKey") == root.at("RootItemChangeKey") || r.get(id).str("HasAttachments") != "false" {
			t.Errorf("%s: %v", folder, gone)
		}
		more, _ := r.sync(folder, state, 100)
		if want := []string{"Update " + id.at("Id")}; !slices.Equal(got, want) || !slices.Equal(more, want) {
			t.Errorf("%s: told of %v, then %v", folder, got, more)
		}
	}
}

// TestDecline: the meeting and its request go to Deleted Items, the organiser is told, and the answer is among what was sent.
func TestDecline(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	bob := r.as("bob@example.org", "bob-secret")
	id := r.create(`SendMeetingInvitations="SendOnlyToAll"`, meetingText("bob@example.org"))
	request := bob.ok(findIn("inbox", "")).path("RootFolder", "Items").first().kid("ItemId")
	bob.ok(`<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:DeclineItem>` + request.renamed("t:ReferenceItemId").String() + `</t:DeclineItem></m:Items></m:CreateItem>`)
	for folder, want := range map[string]string{"calendar": "[]", "inbox": "[]", "deleteditems": "[Together Together]", "sentitems": "[Declined: Together]"} {
		if got := bob.subjects(folder, ""); got != want {
			t.Errorf("%s: %s, want %s", folder, got, want)
		}
	}
	if got := r.subjects("inbox", ""); got != "[Declined: Together]" {
		t.Errorf("the organizer has %s", got)
	}
	if n := r.get(id); n.path("RequiredAttendees", "Attendee", "ResponseType").text != "Decline" || n.kid("ItemId").at("ChangeKey") == id.at("ChangeKey") {
		t.Errorf("the organizer sees %v", n.kid("RequiredAttendees"))
	}
	if got := r.kinds(); !slices.Equal(got, []string{"invitation to bob@example.org carol@example.org", "response to ann@example.org"}) {
		t.Errorf("sent %v", got)
	}
}

// A big attachment that trickles is there in the end, byte for byte; one whose answer breaks off is not.
func TestSlowAttachments(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	content := []byte(strings.Repeat("0123456789", 300_000))
	id := idOf(r.deliver(Letter{From: "cid@example.org", To: []string{"ann@example.org"}, Files: []LetterFile{{Name: "big.bin", Content: content}}})[0])
	ask := `<m:GetAttachment><m:AttachmentIds>` + r.get(id).path("Attachments").first().kid("AttachmentId").String() + `</m:AttachmentIds></m:GetAttachment>`
	for _, f := range []Fault{{Kind: FaultSlow, Op: "GetAttachment", Count: 1, Delay: 40 * time.Millisecond}, {Kind: FaultTruncated, Op: "GetAttachment", Count: 1}} {
		if _, err := r.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	res := r.post(ask)
	text, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !strings.Contains(string(text), base64.StdEncoding.EncodeToString(content)) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	res = r.post(ask)
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d bytes came as a whole", len(text))
	}
	r.mu.Lock()
	r.seen = r.seen[:len(r.seen)-2] // the big one says nothing new to the schema, and half of it is no XML
	r.mu.Unlock()
}

// One subscription to several folders is told which of them a message came to.
func TestStreamingOfSeveralFolders(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Heartbeat: 20 * time.Millisecond})
	id := r.ok(`<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="inbox"/><t:DistinguishedFolderId Id="sentitems"/></t:FolderIds>` +
		`<t:EventTypes>` + allEvents + `<t:EventType>NewMailEvent</t:EventType><t:EventType>MovedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`).str("SubscriptionId")
	res := r.post(streamText(id))
	defer res.Body.Close()
	next := pieces(res.Body)
	r.create("", plainEvent) // another folder
	sent := r.deliver(offer())[0]
	came := r.deliver(Letter{From: "cid@example.org", To: []string{"ann@example.org"}})[0]
	events := map[string]string{}
	for len(events) < 2 {
		n := next()
		if n == nil {
			t.Fatalf("the stream ended after %v", events)
		}
		for _, e := range n.path("Notifications", "Notification").all() {
			if k := e.kid("ItemId"); k != nil {
				events[e.local()] = k.at("Id")
			}
		}
	}
	if events["CreatedEvent"] != sent.ItemID || events["NewMailEvent"] != came.ItemID {
		t.Errorf("%v", events)
	}
}

// Letters are kept in the folder like everything else, and can be delivered from outside.
func TestLettersAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := newRig(t, Options{Dir: dir, ControlToken: "door"})
	text, err := json.Marshal(offer())
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("POST", one.srv.URL+"/__sim/deliver", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sim-Token", "door")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all []Delivered
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	before := one.get(idOf(all[0])).String()
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if after := newRig(t, Options{Dir: dir}).get(idOf(all[0])).String(); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
}
