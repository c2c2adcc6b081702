package graphsim

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestBodiesInBothForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typ, content, text, html string }{
		{"text", "a\r\nb\n<c> & d", "a\r\nb\r\n<c> & d", "a<br>\r\nb<br>\r\n&lt;c&gt; &amp; d"},
		{"text", "", "", ""},
		{"html", "<p>one <b>two</b></p><p>three&nbsp;&lt;4</p>", "one two\r\nthree <4", "<p>one <b>two</b></p>"},
		{"html", "<html><head><style>p{}</style></head><body>x<br/>y</body></html>", "x\r\ny", "<html><head><style>p{}</style></head><body>x<br/>y</body></html>"},
	} {
		b := object{"contentType": c.typ, "content": c.content}
		if got := asText(b); got != c.text {
			t.Errorf("%q as text: %q, want %q", c.content, got, c.text)
		}
		if got := asHTML(b); !strings.Contains(got, c.html) || c.content != "" && !strings.HasPrefix(got, "<html>") {
			t.Errorf("%q as HTML: %q", c.content, got)
		}
	}
	if got := preview(object{"contentType": "text", "content": strings.Repeat("ä", 300)}); got != strings.Repeat("ä", 255) {
		t.Errorf("preview of %d letters", len([]rune(got)))
	}
}

func TestLocations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(object{"locations": []any{object{"displayName": "Room 1"}, object{"displayName": "Room 2"}}})
	if got := sub(e, "location")["displayName"]; got != "Room 1; Room 2" {
		t.Errorf("location %v", got)
	}
	e = b.want(200, "PATCH", eventPath(e), object{"location": object{"displayName": "Hall", "address": object{"city": "Berlin"}}})
	if all := list(e, "locations"); len(all) != 1 || member(all[0], []string{"displayName"}) != "Hall" || member(e, []string{"location", "uniqueId"}) != "Hall" {
		t.Errorf("locations %v", all)
	}
	e = b.want(200, "PATCH", eventPath(e), object{"location": nil})
	if sub(e, "location")["displayName"] != "" || len(list(e, "locations")) != 0 {
		t.Errorf("%v", e["location"])
	}
}

func TestEventsWithoutTimes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.want(201, "POST", ann+"/events", object{"subject": "soon"})
	if sub(e, "start")["dateTime"] != "2026-10-01T09:00:00.0000000" || sub(e, "end")["dateTime"] != "2026-10-01T09:30:00.0000000" {
		t.Errorf("%v to %v", e["start"], e["end"])
	}
	b.refused(400, "ErrorPropertyValidationFailure", "POST", ann+"/events", object{"start": at2("2026-10-05", "10:00:00")})
	b.refused(400, "ErrorPropertyValidationFailure", "PATCH", eventPath(e), object{"start": nil})
}

func TestRecurrenceInAnotherZone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	// 00:30 in Berlin is the evening before in New York, where the series is to recur.
	m := b.event(object{"start": at2("2026-10-06", "00:30:00"), "end": at2("2026-10-06", "01:30:00"), "recurrence": object{
		"pattern": object{"type": "weekly", "interval": 1, "daysOfWeek": []any{"monday"}, "firstDayOfWeek": "sunday"},
		"range":   object{"type": "numbered", "startDate": "2026-10-05", "numberOfOccurrences": 5, "recurrenceTimeZone": "Eastern Standard Time"}}})
	got, _ := b.instances(m, "2026-10-01", "2026-12-01", `Prefer: outlook.timezone="America/New_York"`)
	if want := []string{"2026-10-05T18:30", "2026-10-12T18:30", "2026-10-19T18:30", "2026-10-26T18:30", "2026-11-02T18:30"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := member(m, []string{"recurrence", "range", "recurrenceTimeZone"}); got != "Eastern Standard Time" {
		t.Errorf("%v", got)
	}
}

func TestAttendeesOfOneOccurrence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.event(overlay(invited("cid@example.org"), recurrence(weekly("monday"), numbered("2026-10-05", 3))))
	_, rows := b.instances(m, "2026-10-01", "2026-11-01")
	b.mailed()
	b.want(200, "PATCH", eventPath(rows[1]), invited("cid@example.org", "dee@example.org"))
	if got := b.mailed(); fmt.Sprint(got) != "[invitation dee@example.org]" {
		t.Errorf("%v", got)
	}
	b.want(204, "DELETE", eventPath(rows[1]), nil)
	if got := b.mailed(); fmt.Sprint(got) != "[cancellation cid@example.org cancellation dee@example.org]" {
		t.Errorf("%v", got)
	}
	if n := len(list(b.want(200, "GET", eventPath(m), nil), "attendees")); n != 1 {
		t.Errorf("the series has %d attendees", n)
	}
	many := []string{}
	for i := range 501 {
		many = append(many, fmt.Sprintf("p%d@example.org", i))
	}
	b.refused(400, "ErrorInvalidRecipients", "PATCH", eventPath(m), invited(many...))
}

func TestRecurringTasks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := ann + "/todo/lists/" + text(list(b.want(200, "GET", ann+"/todo/lists", nil), "value")[0].(object)["id"]) + "/tasks"
	daily := object{"pattern": object{"type": "daily", "interval": 2}, "range": object{"type": "noEnd"}}
	b.refused(400, "invalidRequest", "POST", path, object{"title": "x", "recurrence": daily})
	task := b.want(201, "POST", path, object{"title": "x", "recurrence": daily, "dueDateTime": object{"dateTime": "2026-10-05T00:00:00", "timeZone": "UTC"}})
	if got := member(task, []string{"recurrence", "range", "startDate"}); got != "2026-10-05" {
		t.Errorf("begins %v", got)
	}
	one := path + "/" + text(task["id"])
	b.refused(400, "ErrorPropertyValidationFailure", "PATCH", one, object{"recurrence": object{"pattern": object{"type": "daily"}, "range": object{"type": "noEnd"}}})
	if got := b.want(200, "PATCH", one, object{"recurrence": nil}); got["recurrence"] != nil {
		t.Errorf("%v", got)
	}
	b.refused(412, "ErrorIrresolvableConflict", "DELETE", one, nil, "If-Match: "+text(task["@odata.etag"]))
	b.refused(412, "ErrorIrresolvableConflict", "PATCH", one, object{}, "If-Match: "+text(task["@odata.etag"]))
	b.refused(400, "TimeZoneNotSupportedException", "PATCH", one, object{"dueDateTime": object{"dateTime": "2026-10-05T00:00:00", "timeZone": "x"}})
	item := b.want(201, "POST", one+"/checklistItems", object{"displayName": "a"})
	part := one + "/checklistItems/" + text(item["id"])
	if got := b.want(200, "PATCH", part, object{"isChecked": true}); got["displayName"] != "a" || got["isChecked"] != true {
		t.Errorf("%v", got)
	}
	b.want(200, "GET", part, nil)
	b.refused(400, "RequestBodyRead", "PATCH", part, object{"externalId": "x"})
	b.refused(404, "ErrorItemNotFound", "GET", one+"/checklistItems/x", nil)
	b.want(204, "DELETE", part, nil)
}

func TestPathsAndMethodsThatAreNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := eventPath(b.event(nil))
	c := ann + "/contacts/" + text(b.want(201, "POST", ann+"/contacts", object{"displayName": "x"})["id"])
	l := ann + "/todo/lists/" + text(list(b.want(200, "GET", ann+"/todo/lists", nil), "value")[0].(object)["id"])
	task := l + "/tasks/" + text(b.want(201, "POST", l+"/tasks", object{"title": "x"})["id"])
	for _, path := range []string{"/nothing", ann + "/calendar/nothing", e + "/nothing", c + "/nothing", c + "/photo/x", ann + "/contactFolders/contacts/x",
		ann + "/todo/x", l + "/x", task + "/x", "/subscriptions/x/y"} {
		resp := b.send("GET", path, nil)
		if o := b.read(resp.Body); resp.StatusCode != 400 && resp.StatusCode != 404 || text(sub(o, "error")["code"]) == "" {
			t.Errorf("GET %s: %d %v", path, resp.StatusCode, o)
		}
	}
	for _, path := range []string{e, c, task, ann + "/events", ann + "/contacts", ann + "/contactFolders", ann + "/todo/lists", l + "/tasks", l, ann + "/calendar", "/users",
		ann + "/calendarView", e + "/accept", "/subscriptions", c + "/photo", task + "/linkedResources", ann + "/translateExchangeIds",
		ann + "/contacts/delta", ann + "/todo/lists/delta"} {
		method := "PUT"
		if strings.HasSuffix(path, "/photo") {
			method = "POST"
		}
		b.refused(405, "Request_BadRequest", method, path, object{})
	}
	for _, id := range []string{"nonsense", "AAMk", text(b.want(200, "GET", e, nil)["id"])} {
		for _, path := range []string{ann + "/calendars/" + id, ann + "/contactFolders/" + id, ann + "/contacts/" + id, ann + "/todo/lists/" + id} {
			b.refused(400, "ErrorInvalidIdMalformed", "GET", path, nil)
		}
	}
	if got := values(b.want(200, "GET", "/users", nil), "mail"); len(got) != 2 {
		t.Errorf("%v", got)
	}
	b.want(200, "GET", e+"/calendar", nil)
	b.want(200, "POST", e+"/dismissReminder", nil)
	b.refused(400, "BadRequest", "GET", ann+"/events?$filter=%zz", nil)
	b.want(201, "POST", ann+"/contactFolders/contacts/childFolders", object{"displayName": "inner"})
	if got := values(b.want(200, "GET", ann+"/contactFolders/contacts/childFolders", nil), "displayName"); len(got) != 1 {
		t.Errorf("%v", got)
	}
	small := newBench(t, func(o *Options) { o.MaxBody = 1000 })
	small.refused(413, "RequestEntityTooLarge", "POST", ann+"/events", object{"subject": strings.Repeat("x", 2000)})
}

func TestMarksOnFolders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const id = "String {a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93} Name Link"
	mark := object{"singleValueExtendedProperties": []any{object{"id": id, "value": "7"}}}
	b.want(201, "POST", ann+"/calendars", overlay(mark, object{"name": "Marked"}))
	b.want(200, "PATCH", ann+"/contactFolders/contacts", mark)
	for _, path := range []string{ann + "/calendars?$filter=singleValueExtendedProperties/any(p:p/id eq '" + id + "' and p/value eq '7')&",
		ann + "/calendars?"} {
		got := b.want(200, "GET", path+"$expand=singleValueExtendedProperties($filter=id eq '"+id+"')", nil)
		rows := list(got, "value")
		last := rows[len(rows)-1].(object)
		if last["name"] != "Marked" || member(list(last, "singleValueExtendedProperties")[0], []string{"value"}) != "7" {
			t.Errorf("%v", last)
		}
	}
	b.refused(400, "ErrorInvalidProperty", "POST", ann+"/calendars", object{"name": "x", "singleValueExtendedProperties": []any{object{"id": "x"}}})
	if n := len(values(b.want(200, "GET", ann+"/calendars", nil))); n != 2 {
		t.Errorf("%d calendars", n)
	}
}
