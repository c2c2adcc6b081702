package graphsim

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func recipient(addresses ...string) []any {
	all := []any{}
	for _, a := range addresses {
		all = append(all, object{"emailAddress": object{"address": a}})
	}
	return all
}

func from(address string) object {
	return object{"emailAddress": object{"address": address, "name": "Somebody"}}
}

// arrives lets a message come to ann, and returns it as the service shows it.
func (b *bench) arrives(at string, more object) object {
	b.t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		b.t.Fatal(err)
	}
	all, err := b.sim.Deliver(overlay(object{"subject": "Offer", "from": from("cid@example.org"), "toRecipients": recipient("ann@example.org"),
		"body": object{"contentType": "html", "content": "<p>Hello</p>"}}, more), when)
	if err != nil || len(all) == 0 {
		b.t.Fatal(all, err)
	}
	return b.want(200, "GET", ann+"/messages/"+all[len(all)-1].ID, nil, immutable)
}

func subjects(o object) string { return fmt.Sprint(values(o, "subject")) }

func TestMailFolders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := fmt.Sprint(values(b.want(200, "GET", ann+"/mailFolders", nil), "displayName")); got != "[Archive Deleted Items Drafts Inbox Junk Email Outbox Sent Items]" {
		t.Errorf("%v", got)
	}
	inbox := b.want(200, "GET", ann+"/mailFolders/Inbox", nil)
	made := b.want(201, "POST", ann+"/mailFolders/inbox/childFolders", object{"displayName": "Customers"})
	b.refused(409, "ErrorFolderExists", "POST", ann+"/mailFolders/inbox/childFolders", object{"displayName": "customers"})
	b.refused(400, "ErrorDeleteDistinguishedFolder", "DELETE", ann+"/mailFolders('sentitems')", nil)
	b.refused(400, "ErrorMoveDistinguishedFolder", "POST", ann+"/mailFolders/inbox/move", object{"destinationId": "archive"})
	b.refused(400, "ErrorInvalidIdMalformed", "GET", ann+"/mailFolders/nothing", nil)
	if made["parentFolderId"] != inbox["id"] || b.want(200, "GET", ann+"/mailFolders/inbox", nil)["childFolderCount"] != 1.0 {
		t.Errorf("%v", made)
	}
	round := b.round(ann + "/mailFolders/delta")
	if len(round.names) != 8 {
		t.Errorf("%v", round.names)
	}
	folder := ann + "/mailFolders/" + text(made["id"])
	b.arrives("2026-10-01T07:00:00Z", nil)
	b.want(201, "POST", folder+"/move", object{"destinationId": "archive"})
	next := b.round(round.next)
	if next.names[text(made["id"])] != "Customers" || next.names[text(inbox["id"])] != "Inbox" || len(next.names) != 3 {
		t.Errorf("%v", next.names)
	}
	b.want(204, "DELETE", folder, nil)
	if o := b.want(200, "GET", ann+"/mailFolders/deleteditems/childFolders", nil); fmt.Sprint(values(o, "displayName")) != "[Customers]" {
		t.Errorf("%v", o)
	}
	b.want(204, "DELETE", folder, nil)
	b.refused(404, "ErrorItemNotFound", "GET", folder, nil)
	if got := b.round(next.next); got.names[text(made["id"])] != "removed" {
		t.Errorf("%v", got.names)
	}
}

func TestMessageLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 12 {
		more := object{"subject": fmt.Sprint("m", i)}
		if i%3 == 0 {
			more["categories"] = []any{"CRM"}
		}
		b.arrives(fmt.Sprintf("2026-10-01T%02d:00:00Z", i), more)
	}
	inbox := ann + "/mailFolders/inbox/messages"
	first := b.want(200, "GET", inbox+"?$select=subject", nil)
	if subjects(first) != "[m11 m10 m9 m8 m7 m6 m5 m4 m3 m2]" {
		t.Errorf("%v", subjects(first))
	}
	if o := b.want(200, "GET", text(first["@odata.nextLink"]), nil); subjects(o) != "[m1 m0]" || list(o, "value")[0].(object)["body"] != nil {
		t.Errorf("%v", o)
	}
	for query, want := range map[string]string{
		"$filter=categories/any(c:c eq 'CRM')&$select=subject":                                                                                  "[m9 m6 m3 m0]",
		"$filter=receivedDateTime ge 2026-10-01T10:00:00Z&$orderby=receivedDateTime asc":                                                        "[m10 m11]",
		"$filter=receivedDateTime ge 2026-10-01T05:00:00Z and categories/any(c:c eq 'CRM')&$orderby=receivedDateTime":                           "[m6 m9]",
		"$orderby=receivedDateTime desc&$top=2":                                                                                                 "[m11 m10]",
		"$filter=internetMessageId eq '" + text(list(b.want(200, "GET", inbox+"?$top=1", nil), "value")[0].(object)["internetMessageId"]) + "'": "[m11]",
	} {
		if got := subjects(b.want(200, "GET", inbox+"?"+query, nil)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.refused(400, "InefficientFilter", "GET", inbox+"?$filter=categories/any(c:c eq 'CRM')&$orderby=receivedDateTime", nil)
	b.refused(400, "ErrorInvalidUrlQuery", "GET", ann+"/messages/delta", nil)
	one := list(first, "value")[0].(object)
	if o := b.want(200, "GET", ann+"/messages/"+text(one["id"])+"?$select=internetMessageHeaders", nil); len(list(o, "internetMessageHeaders")) == 0 {
		t.Errorf("%v", o)
	}
}

// A regular id changes with the folder, an immutable one does not; each folder's delta tells its side of the move.
func TestMessagesMove(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.arrives("2026-10-01T07:00:00Z", object{"attachments": []any{textFile("a.txt", "aa")}})
	regular := text(list(b.want(200, "GET", ann+"/messages", nil), "value")[0].(object)["id"])
	inbox, archive := ann+"/mailFolders/inbox/messages/delta?$select=subject", ann+"/mailFolders/archive/messages/delta"
	in, out := b.round(inbox), b.round(archive)
	inI, outI := b.round(inbox, immutable), b.round(archive, immutable)
	if in.names[regular] != "Offer" || inI.names[text(m["id"])] != "Offer" || len(out.names)+len(outI.names) != 0 {
		t.Fatalf("%v %v", in.names, inI.names)
	}
	file := text(list(b.want(200, "GET", ann+"/messages/"+regular+"/attachments", nil), "value")[0].(object)["id"])
	moved := b.want(201, "POST", ann+"/messages/"+regular+"/move", object{"destinationId": "archive"})
	if moved["id"] == regular || moved["internetMessageId"] != m["internetMessageId"] {
		t.Errorf("%v", moved)
	}
	b.refused(404, "ErrorItemNotFound", "GET", ann+"/messages/"+regular, nil)
	b.refused(404, "ErrorItemNotFound", "GET", ann+"/messages/"+text(moved["id"])+"/attachments/"+file, nil)
	b.want(200, "GET", ann+"/messages/"+text(m["id"]), nil, immutable)
	for _, c := range []struct {
		got  told
		want map[string]string
	}{
		{b.round(in.next), map[string]string{regular: "removed"}}, {b.round(out.next), map[string]string{text(moved["id"]): "Offer"}},
		{b.round(inI.next, immutable), map[string]string{text(m["id"]): "removed"}}, {b.round(outI.next, immutable), map[string]string{text(m["id"]): "Offer"}},
	} {
		if !reflect.DeepEqual(c.got.names, c.want) {
			t.Errorf("%v, want %v", c.got.names, c.want)
		}
	}
	// There and back between two rounds: another regular id, the same immutable one.
	in, inI = b.round(inbox), b.round(inbox, immutable)
	back := b.want(201, "POST", ann+"/messages/"+text(moved["id"])+"/move", object{"destinationId": "inbox"})
	in = b.round(in.next)
	away := b.want(201, "POST", ann+"/messages/"+text(back["id"])+"/move", object{"destinationId": "archive"})
	again := b.want(201, "POST", ann+"/messages/"+text(away["id"])+"/move", object{"destinationId": "inbox"})
	if got, want := b.round(in.next).names, map[string]string{text(back["id"]): "removed", text(again["id"]): "Offer"}; len(want) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := b.round(inI.next, immutable).names, map[string]string{text(m["id"]): "Offer"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	moved = b.want(201, "POST", ann+"/messages/"+text(again["id"])+"/move", object{"destinationId": "archive"})
	path := ann + "/messages/" + text(moved["id"])
	copied := b.want(201, "POST", path+"/copy", object{"destinationId": "inbox"})
	if o := b.want(200, "GET", ann+"/messages/"+text(copied["id"])+"/attachments", nil); len(list(o, "value")) != 1 {
		t.Errorf("%v", o)
	}
	b.want(204, "DELETE", path, nil)
	bin := b.want(200, "GET", ann+"/mailFolders/deleteditems/messages", nil)
	if subjects(bin) != "[Offer]" {
		t.Fatalf("%v", bin)
	}
	gone := ann + "/messages/" + text(list(bin, "value")[0].(object)["id"])
	b.want(204, "DELETE", gone, nil)
	b.refused(404, "ErrorItemNotFound", "GET", gone, nil)
	b.want(204, "POST", ann+"/messages/"+text(copied["id"])+"/permanentDelete", nil)
}

func TestMessageDeltaOptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.arrives("2026-09-01T07:00:00Z", object{"subject": "old"})
	m := b.arrives("2026-10-01T07:00:00Z", nil)
	meeting := b.arrives("2026-09-10T07:00:00Z", object{"@odata.type": "#microsoft.graph.eventMessageRequest", "meetingMessageType": "meetingRequest"})
	if o := b.want(200, "GET", ann+"/messages/"+text(meeting["id"]), nil, immutable); o["@odata.type"] != "#microsoft.graph.eventMessageRequest" || o["meetingMessageType"] != "meetingRequest" {
		t.Errorf("%v", o)
	}
	delta := ann + "/mailFolders/inbox/messages/delta"
	since := b.round(delta + "?$filter=receivedDateTime+ge+2026-09-15T00:00:00Z&$orderby=receivedDateTime+desc")
	if !slices.Equal(mapValues(since.names), []string{"Offer"}) {
		t.Errorf("%v", since.names)
	}
	created := b.round(delta + "?changeType=created")
	b.want(200, "PATCH", ann+"/messages/"+text(m["id"]), object{"isRead": true, "categories": []any{"CRM"}}, immutable)
	b.arrives("2026-10-02T07:00:00Z", object{"subject": "new"})
	if got := b.round(created.next); !slices.Equal(mapValues(got.names), []string{"new"}) {
		t.Errorf("%v", got.names)
	}
	if got := b.round(since.next); !slices.Equal(mapValues(got.names), []string{"Offer", "new"}) {
		t.Errorf("%v", got.names)
	}
	for _, query := range []string{"$filter=isRead eq true", "$filter=receivedDateTime ge 2026-09-15T00:00:00Z and isRead eq true"} {
		b.refused(400, "ErrorInvalidUrlQueryFilter", "GET", delta+"?"+query, nil)
	}
	for _, query := range []string{"$orderby=subject", "$search=x", "$count=true", "changeType=moved"} {
		b.refused(400, "ErrorInvalidUrlQuery", "GET", delta+"?"+query, nil)
	}
}

func mapValues(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// One message in two mailboxes has one Message-ID and two ids; blind copies are known to the sender alone.
func TestDeliver(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Users = append(o.Users, User{Name: "dee@example.org"}) })
	all, err := b.sim.Deliver(Fields{"subject": "Plan", "from": from("ann@example.org"), "toRecipients": recipient("bob@example.org", "eve@example.org"),
		"bccRecipients": recipient("dee@example.org"), "attachments": []any{textFile("big.bin", strings.Repeat("x", 4<<20))}}, time.Time{})
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	ids := map[string]bool{}
	for i, user := range []string{"ann@example.org", "bob@example.org", "dee@example.org"} {
		o := b.want(200, "GET", "/users/"+user+"/messages/"+all[i].ID, nil, immutable)
		ids[text(o["internetMessageId"])] = true
		if all[i].User != user || o["isDraft"] != false || o["hasAttachments"] != true || o["isRead"] != (i == 0) || len(list(o, "bccRecipients")) != map[bool]int{true: 1}[i == 0] {
			t.Errorf("%s: %v", user, o)
		}
	}
	if len(ids) != 1 {
		t.Errorf("%v", ids)
	}
	if _, err := b.sim.Deliver(Fields{"from": from("nobody")}, time.Time{}); err == nil {
		t.Error("a sender without an address was taken")
	}
}

func TestSending(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.Apps = append(o.Apps, App{ID: "reader", Secret: "s", Permissions: []string{MailReadWrite}})
	})
	b.want(202, "POST", ann+"/sendMail", object{"message": object{"subject": "Direct", "toRecipients": recipient("bob@example.org"), "body": object{"content": "Hi"}}})
	draft := b.want(201, "POST", ann+"/messages", object{"subject": "Draft", "toRecipients": recipient("bob@example.org")})
	b.want(201, "POST", ann+"/messages/"+text(draft["id"])+"/attachments", textFile("a.txt", "aa"))
	changed := b.want(200, "PATCH", ann+"/messages/"+text(draft["id"]), object{"subject": "Final"})
	b.refused(412, "ErrorIrresolvableConflict", "PATCH", ann+"/messages/"+text(draft["id"]), object{"subject": "x"}, "If-Match: "+text(draft["@odata.etag"]))
	b.want(202, "POST", ann+"/messages/"+text(draft["id"])+"/send", nil)
	b.refused(404, "ErrorItemNotFound", "GET", ann+"/messages/"+text(draft["id"]), nil)
	sent := b.want(200, "GET", ann+"/mailFolders/sentitems/messages", nil)
	got := b.want(200, "GET", "/users/bob@example.org/mailFolders/inbox/messages", nil)
	if len(list(sent, "value")) != 2 || fmt.Sprint(values(got, "internetMessageId")) != fmt.Sprint(values(sent, "internetMessageId")) || !slices.Contains(values(got, "internetMessageId"), changed["internetMessageId"]) {
		t.Errorf("%v\n%v", sent, got)
	}
	theirs := list(got, "value")[0].(object)
	bob := "/users/bob@example.org/messages/" + text(theirs["id"])
	b.refused(400, "ErrorInvalidPropertyUpdateSentMessage", "PATCH", bob, object{"subject": "x"})
	b.refused(400, "ErrorInvalidOperation", "POST", bob+"/send", nil)
	b.refused(400, "ErrorInvalidRecipients", "POST", ann+"/sendMail", object{"message": object{"subject": "nobody"}})
	b.refused(403, "ErrorSendAsDenied", "POST", ann+"/sendMail", object{"message": object{"from": from("bob@example.org"), "toRecipients": recipient("bob@example.org")}})
	b.refused(400, "RequestBodyRead", "POST", ann+"/sendMail", object{"subject": "x"})
	b.token = b.signIn("reader", "s")
	b.refused(403, "ErrorAccessDenied", "POST", ann+"/sendMail", object{"message": object{"toRecipients": recipient("bob@example.org")}})
}

func TestMessageMIME(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.arrives("2026-10-01T07:00:00Z", object{"subject": "Grüße", "internetMessageId": "<one@example.org>", "attachments": []any{textFile("ä.txt", "Grüße"),
		object{"@odata.type": "#microsoft.graph.itemAttachment", "name": "Inner", "item": object{"@odata.type": "#microsoft.graph.message", "subject": "Inner"}}}})
	resp := b.send("GET", ann+"/messages/"+text(m["id"])+"/$value", nil, immutable)
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode, err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != "Grüße" || parsed.Header.Get("Message-Id") != "<one@example.org>" {
		t.Errorf("%q %v %v", subject, err, parsed.Header)
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for r := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		typ, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		types = append(types, typ+" "+p.FileName())
	}
	if !slices.Equal(types, []string{"text/html ", "text/plain ä.txt", "message/rfc822 "}) {
		t.Errorf("%q", types)
	}
}
