package graphsim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func textFile(name, content string) object {
	return object{"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": "text/plain", "contentBytes": base64.StdEncoding.EncodeToString([]byte(content))}
}

// raw reads a stream.
func (b *bench) raw(path string, headers ...string) (status int, typ, body string) {
	b.t.Helper()
	resp := b.send("GET", path, nil, headers...)
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(all)
}

func TestEventAttachments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(invited("cid@example.org"))
	b.mailed()
	files := eventPath(e) + "/attachments"
	a := b.want(201, "POST", files, textFile("a.txt", "hello"))
	if a["contentBytes"] != "aGVsbG8=" || a["size"].(float64) <= 5 {
		t.Errorf("%v", a)
	}
	if m := b.mailed(); fmt.Sprint(m) != "[update cid@example.org]" {
		t.Errorf("%v", m)
	}
	now := b.want(200, "GET", eventPath(e)+"?$expand=attachments", nil)
	if now["hasAttachments"] != true || now["@odata.etag"] == e["@odata.etag"] || len(list(now, "attachments")) != 1 {
		t.Errorf("%v", now)
	}
	if o := list(b.want(200, "GET", files, nil), "value")[0].(object); o["contentBytes"] != "aGVsbG8=" {
		t.Errorf("%v", o)
	}
	if o := list(b.want(200, "GET", files+"?$select=id,name,size,contentType,isInline", nil), "value")[0].(object); o["contentBytes"] != nil || o["name"] != "a.txt" {
		t.Errorf("%v", o)
	}
	b.refused(400, "BadRequest", "GET", files+"?$select=contentBytes", nil)
	b.want(200, "GET", files+"?$select=id,microsoft.graph.fileAttachment/contentId", nil)
	if status, typ, body := b.raw(files + "/" + text(a["id"]) + "/$value"); status != 200 || typ != "text/plain" || body != "hello" {
		t.Errorf("%d %s %q", status, typ, body)
	}
	inline := overlay(textFile("logo.png", "x"), object{"isInline": true, "contentId": "logo"})
	other := b.event(nil)
	b.want(201, "POST", eventPath(other)+"/attachments", inline)
	if o := b.want(200, "GET", eventPath(other), nil); o["hasAttachments"] != false {
		t.Error("a picture inside of the text counts as an attachment")
	}
	link := b.want(201, "POST", files, object{"@odata.type": "#microsoft.graph.referenceAttachment", "name": "cloud"})
	b.refused(405, "Request_BadRequest", "GET", files+"/"+text(link["id"])+"/$value", nil)
	b.want(204, "DELETE", files+"/"+text(link["id"]), nil)
	b.refused(404, "ErrorItemNotFound", "GET", files+"/"+text(link["id"]), nil)
	for _, bad := range []object{{"name": "x", "contentBytes": "aGVsbG8="}, {"@odata.type": "#microsoft.graph.fileAttachment", "name": "x"},
		{"@odata.type": "#microsoft.graph.fileAttachment", "contentBytes": "aGVsbG8="}, {"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "x", "contentBytes": "aGVsbG8="},
		{"@odata.type": "#microsoft.graph.itemAttachment", "name": "x", "item": object{"subject": "x"}}} {
		if resp := b.send("POST", files, bad); resp.StatusCode != 400 {
			t.Errorf("%v: %d", bad, resp.StatusCode)
		}
	}
	b.refused(413, "RequestEntityTooLarge", "POST", files, textFile("big", strings.Repeat("x", 3<<20)))
}

// An occurrence that something is attached to becomes one of its own; the series keeps what it has.
func TestOccurrenceAttachments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.event(overlay(recurrence(weekly("monday"), numbered("2026-10-05", 3)), nil))
	b.want(201, "POST", eventPath(m)+"/attachments", textFile("all.txt", "all"))
	_, rows := b.instances(m, "2026-10-01", "2026-11-01")
	b.want(201, "POST", eventPath(rows[1])+"/attachments", textFile("one.txt", "one"))
	names := func(path string) string {
		return fmt.Sprint(values(b.want(200, "GET", path+"/attachments", nil), "name"))
	}
	if got := names(eventPath(rows[1])) + names(eventPath(m)) + names(eventPath(rows[2])); got != "[all.txt one.txt][all.txt][all.txt]" {
		t.Errorf("%s", got)
	}
	if o := b.want(200, "GET", eventPath(rows[1]), nil); o["type"] != "exception" {
		t.Errorf("%v", o)
	}
}

func TestItemAttachments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	item := func(typ string, o object) object {
		return object{"@odata.type": "#microsoft.graph.itemAttachment", "name": typ, "item": overlay(o, object{"@odata.type": "#microsoft.graph." + typ})}
	}
	m := b.arrives("2026-10-01T07:00:00Z", object{"attachments": []any{item("message", object{"subject": "Inner", "body": object{"content": "deep"}}),
		item("event", overlay(onDay2("2026-10-05"), object{"subject": "Visit; now"})), item("contact", object{"displayName": "Ada Sample"})}})
	files := ann + "/messages/" + text(m["id"]) + "/attachments"
	all := list(b.want(200, "GET", files, nil, immutable), "value")
	for i, want := range []string{"Subject: Inner\r\n", "SUMMARY:Visit\\; now\r\n", "FN:Ada Sample\r\n"} {
		path := files + "/" + text(all[i].(object)["id"])
		if status, _, body := b.raw(path+"/$value", immutable); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d %q, want %q", status, body, want)
		}
		if o := b.want(200, "GET", path+"?$expand=microsoft.graph.itemattachment/item", nil, immutable); sub(o, "item") == nil || o["contentBytes"] != nil {
			t.Errorf("%v", o)
		}
	}
}

// part sends some bytes of a file to the address of a session.
func (b *bench) part(url, content string, first, total int, headers ...string) (int, object, string) {
	b.t.Helper()
	login := b.token
	b.token = ""
	defer func() { b.token = login }()
	resp := b.send("PUT", url, content, append([]string{"Content-Type: application/octet-stream",
		fmt.Sprintf("Content-Range: bytes %d-%d/%d", first, first+len(content)-1, total)}, headers...)...)
	return resp.StatusCode, b.read(resp.Body), resp.Header.Get("Location")
}

func TestUploadSessions(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.MaxMessage = 8_000_000 })
	e := b.event(nil)
	start := eventPath(e) + "/attachments/createUploadSession"
	ask := func(size int) object {
		return object{"AttachmentItem": object{"attachmentType": "file", "name": "big.bin", "size": size}}
	}
	b.refused(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", "POST", start, ask(1000))
	b.refused(413, "ErrorMessageSizeExceeded", "POST", start, ask(200<<20))
	b.refused(400, "RequestBodyRead", "POST", start, object{"attachmentInfo": object{}})
	content := strings.Repeat("0123456789", 350_000)
	half := len(content) / 2
	url := text(b.want(201, "POST", start, ask(len(content)))["uploadUrl"])
	if status, _, _ := b.part(url, content[:half], 0, len(content), "Authorization: Bearer "+b.token); status != 401 {
		t.Errorf("a login beside the address's own: %d", status)
	}
	if status, _, _ := b.part(url+"x", content[:half], 0, len(content)); status != 401 {
		t.Errorf("wrong proof: %d", status)
	}
	status, state, _ := b.part(url, content[:half], 0, len(content))
	if status != 200 || fmt.Sprint(state["nextExpectedRanges"]) != fmt.Sprintf("[%d]", half) {
		t.Errorf("%d %v", status, state)
	}
	if status, _, _ := b.part(url, content[:half], 0, len(content)); status != 416 {
		t.Errorf("the same part twice: %d", status)
	}
	if status, _, _ := b.part(url, "x", half, len(content)+1); status != 400 {
		t.Errorf("another size: %d", status)
	}
	if o := b.want(200, "GET", eventPath(e), nil); o["hasAttachments"] != false {
		t.Error("half a file is attached")
	}
	status, _, where := b.part(url, content[half:], half, len(content))
	if status != 201 || !strings.Contains(where, "/Attachments('") {
		t.Fatalf("%d %q", status, where)
	}
	id := strings.TrimSuffix(where[strings.Index(where, "/Attachments('")+len("/Attachments('"):], "')")
	if _, _, got := b.raw(eventPath(e) + "/attachments/" + id + "/$value"); got != content {
		t.Errorf("%d bytes came back", len(got))
	}
	if status, _, _ := b.part(url, "x", 0, len(content)); status != 404 {
		t.Errorf("a session that is over: %d", status)
	}
	url = text(b.want(201, "POST", start, ask(5_000_000))["uploadUrl"])
	if status, o, _ := b.part(url, strings.Repeat("x", 4_000_000), 0, 5_000_000); status != 200 {
		t.Errorf("%d %v", status, o)
	}
	if status, o, _ := b.part(url, strings.Repeat("x", 1_000_000), 4_000_000, 5_000_000); status != 413 {
		t.Errorf("more than an event can have: %d %v", status, o)
	}
	url = text(b.want(201, "POST", start, ask(len(content)))["uploadUrl"])
	b.clock.Advance(2 * time.Hour)
	if status, _, _ := b.part(url, "x", 0, len(content)); status != 404 {
		t.Errorf("a session that has expired: %d", status)
	}
}

func TestTaskAttachments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lists := list(b.want(200, "GET", ann+"/todo/lists", nil), "value")
	tasks := ann + "/todo/lists/" + text(lists[0].(object)["id"]) + "/tasks"
	made := b.want(201, "POST", tasks, object{"title": "Call"})
	task := tasks + "/" + text(made["id"])
	a := b.want(201, "POST", task+"/attachments", object{"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="})
	if a["contentBytes"] != nil || a["contentType"] != "text/plain" {
		t.Errorf("%v", a)
	}
	if o := list(b.want(200, "GET", task+"/attachments", nil), "value")[0].(object); o["contentBytes"] != nil {
		t.Errorf("%v", o)
	}
	if o := b.want(200, "GET", task+"/attachments/"+text(a["id"]), nil); o["contentBytes"] != "aGVsbG8=" {
		t.Errorf("%v", o)
	}
	if _, _, got := b.raw(task + "/attachments/" + text(a["id"]) + "/$value"); got != "hello" {
		t.Errorf("%q", got)
	}
	session := b.want(200, "POST", task+"/attachments/createUploadSession", object{"attachmentInfo": object{"attachmentType": "file", "name": "b.bin", "size": 6}})
	url := text(session["uploadUrl"])
	send := func(path, content string, first int) (int, object) {
		resp := b.send("PUT", path, content, "Content-Type: application/octet-stream", fmt.Sprintf("Content-Range: bytes %d-%d/6", first, first+len(content)-1))
		return resp.StatusCode, b.read(resp.Body)
	}
	if status, _ := send(url, "abc", 0); status != 405 {
		t.Errorf("without /content: %d", status)
	}
	if status, _, _ := b.part(url+"/content", "abc", 0, 6); status != 401 {
		t.Errorf("without a login: %d", status)
	}
	if status, o := send(url+"/content", "abc", 0); status != 200 || fmt.Sprint(o["NextExpectedRanges"]) != "[3]" {
		t.Errorf("%d %v", status, o)
	}
	if status, _ := send(url+"/content", "def", 3); status != 201 {
		t.Errorf("%d", status)
	}
	o := b.want(200, "GET", task+"?$expand=attachments", nil)
	if o["hasAttachments"] != true || len(list(o, "attachments")) != 2 || o["@odata.etag"] == made["@odata.etag"] {
		t.Errorf("%v", o)
	}
	url = text(b.want(200, "POST", task+"/attachments/createUploadSession", object{"attachmentInfo": object{"attachmentType": "file", "name": "c", "size": 6}})["uploadUrl"])
	if n := len(list(b.want(200, "GET", task+"/attachmentSessions", nil), "value")); n != 1 {
		t.Errorf("%d sessions", n)
	}
	b.want(204, "DELETE", url, nil)
	b.refused(404, "ErrorItemNotFound", "GET", url, nil)
}

// What is on the way can be cut, lost or slow as everything else.
func TestStreamFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(nil)
	a := b.want(201, "POST", eventPath(e)+"/attachments", textFile("a.bin", strings.Repeat("x", 1000)))
	path := eventPath(e) + "/attachments/" + text(a["id"]) + "/$value"
	if _, err := b.sim.AddFault(Fault{Kind: FaultAbort, Entity: "attachments", Method: "GET", Count: 1}); err != nil {
		t.Fatal(err)
	}
	resp := b.send("GET", path, nil)
	if got, err := io.ReadAll(resp.Body); err == nil || len(got) >= 1000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := b.sim.AddFault(Fault{Kind: FaultThrottled, Entity: "attachmentSessions", Count: 1}); err != nil {
		t.Fatal(err)
	}
	url := text(b.want(201, "POST", eventPath(e)+"/attachments/createUploadSession", object{"attachmentItem": object{"attachmentType": "file", "name": "b", "size": 3_000_000}})["uploadUrl"])
	if status, _, _ := b.part(url, "x", 0, 3_000_000); status != 429 {
		t.Errorf("%d", status)
	}
	if status, _, _ := b.part(url, "x", 0, 3_000_000); status != 200 {
		t.Errorf("%d", status)
	}
	if !bytes.Contains([]byte(fmt.Sprint(b.sim.Counts())), []byte("PUT attachmentSessions:2")) {
		t.Errorf("%v", b.sim.Counts())
	}
}
