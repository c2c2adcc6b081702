package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// quick is a person who changes a meeting in Outlook just before the bridge's write of it comes in, once.
type quick struct {
	next  http.Handler
	armed atomic.Bool
	do    func()
}

func (q *quick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if bytes.Contains(body, []byte("<m:UpdateItem")) && q.armed.CompareAndSwap(true, false) {
		q.do()
	}
	q.next.ServeHTTP(w, r)
}

var versionThere = regexp.MustCompile(`<t:ItemId Id="[^"]*" ChangeKey="[^"]*"/>`)

// What a person changes in Exchange while the bridge writes is not overwritten: other fields merge, and of one field both values are kept as
// a conflict.
func TestWhoIsQuickerInExchange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	q := &quick{next: o.mail.Config.Handler}
	o.mail.Config.Handler = q
	o.appointment("calendar", "tok-before", time.Now().UTC().AddDate(0, 0, 3).Truncate(time.Hour))
	o.must("", append(o.flags("add"), "--collection", "calendar", "--name", "mail", "--interval", "1h")...)
	o.sync("mail")
	uid := uidOf(t, o, "tok-before")
	find := func() string {
		return o.mailbox(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/>` +
			`<t:FieldURI FieldURI="calendar:Location"/></t:AdditionalProperties></m:ItemShape><m:ParentFolderIds>` + o.in("calendar") + `</m:ParentFolderIds></m:FindItem>`)
	}
	set := func(uri, name, value string) {
		o.mailbox(`<m:UpdateItem ConflictResolution="NeverOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>` + versionThere.FindString(find()) +
			`<t:Updates><t:SetItemField><t:FieldURI FieldURI="` + uri + `"/><t:CalendarItem><t:` + name + `>` + value + `</t:` + name + `></t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`)
	}
	device := func(from, to string) {
		t.Helper()
		s := o.serve()
		defer s.stop()
		_, text := o.get("/dav/calendars/alice/calendar/" + uid + ".ics")
		if !strings.Contains(text, from) {
			t.Fatalf("no %s in %s", from, text)
		}
		q.armed.Store(true)
		o.put("calendars/alice/calendar/"+uid+".ics", strings.Replace(text, from, to, 1))
		eventually(t, "the bridge writes", func() bool { return !q.armed.Load() })
	}
	q.do = func() { set("calendar:Location", "Location", "tok-place") }
	device("SUMMARY:tok-before", "SUMMARY:tok-device")
	o.sync("mail")
	if there := find(); which(there, []string{"tok-device", "tok-place", "tok-before"}) != "tok-device tok-place" {
		t.Errorf("two fields: Exchange has %s", there)
	}
	q.do = func() { set("item:Subject", "Subject", "tok-outlook") }
	device("SUMMARY:tok-device", "SUMMARY:tok-phone")
	o.sync("mail")
	if there := find(); which(there, []string{"tok-outlook", "tok-place", "tok-phone"}) != "tok-outlook tok-place" {
		t.Errorf("one field: Exchange has %s", there)
	}
	out := o.must("", "conflict", "list")
	if !strings.Contains(out, "title") {
		t.Errorf("the conflicts: %s", out)
	}
	s := o.serve()
	defer s.stop()
	if got := o.devices("calendar", "tok-phone", "tok-outlook", "tok-place"); got != "tok-phone tok-place" {
		t.Errorf("devices have %s", got)
	}
}
