package graphsim

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := b.want(200, "GET", ann+"/calendars", nil)
	if got := values(all, "isDefaultCalendar"); !reflect.DeepEqual(got, []any{true}) {
		t.Fatalf("%v", all)
	}
	c := b.want(201, "POST", ann+"/calendars", object{"name": "Projects", "color": "lightBlue"})
	path := ann + "/calendars/" + text(c["id"])
	b.refused(409, "ErrorFolderExists", "POST", ann+"/calendars", object{"name": "projects"})
	b.refused(400, "RequestBodyRead", "POST", ann+"/calendars", object{"displayName": "x"})
	if got := b.want(200, "PATCH", path, object{"name": "Plans"}); got["name"] != "Plans" || got["color"] != "lightBlue" {
		t.Errorf("%v", got)
	}
	if got := b.want(200, "GET", path, nil, immutable); got["id"] != c["id"] {
		t.Error("a calendar has another id as an immutable one")
	}
	b.want(201, "POST", path+"/events", object{"subject": "In it", "start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00")})
	if got := values(b.want(200, "GET", path+"/events", nil), "subject"); !reflect.DeepEqual(got, []any{"In it"}) {
		t.Errorf("%v", got)
	}
	if got := values(b.want(200, "GET", ann+"/events", nil), "subject"); len(got) != 0 {
		t.Errorf("default calendar: %v", got)
	}
	b.want(204, "DELETE", path, nil)
	b.refused(404, "ErrorItemNotFound", "GET", path, nil)
	b.refused(400, "ErrorDeleteDistinguishedFolder", "DELETE", ann+"/calendar", nil)
	b.refused(405, "Request_BadRequest", "PUT", ann+"/calendars", object{})
	b.refused(400, "BadRequest", "GET", ann+"/nothing", nil)
}

func TestPagesAndOptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 25 {
		b.event(object{"subject": fmt.Sprintf("E%02d", (i*7)%25), "start": at2("2026-10-05", fmt.Sprintf("%02d:00:00", i%20)),
			"end": at2("2026-10-05", fmt.Sprintf("%02d:30:00", i%20)), "importance": []any{"low", "high"}[i%2], "categories": []any{fmt.Sprint("c", i%3)}})
	}
	read := func(path string, headers ...string) (subjects []any, pages int) {
		for path != "" {
			o := b.want(200, "GET", path, nil, headers...)
			subjects = append(subjects, values(o, "subject")...)
			pages++
			path = text(o["@odata.nextLink"])
			if strings.Contains(path, "skip=") {
				t.Fatalf("nextLink is not opaque: %s", path)
			}
		}
		return subjects, pages
	}
	for path, want := range map[string][2]int{"": {25, 3}, "?$top=25": {25, 1}, "?$top=24": {25, 2}, "?$skip=20": {5, 1}} {
		if got, pages := read(ann + "/events" + path); len(got) != want[0] || pages != want[1] {
			t.Errorf("%s: %d events on %d pages, want %v", path, len(got), pages, want)
		}
	}
	if got, pages := read(ann+"/events", "Prefer: odata.maxpagesize=5"); len(got) != 25 || pages != 5 {
		t.Errorf("maxpagesize: %d on %d", len(got), pages)
	}
	if got, _ := read(ann + "/events?$orderby=subject desc&$select=subject&$top=10"); got[0] != "E24" || got[24] != "E00" {
		t.Errorf("ordered: %v", got)
	}
	for filter, want := range map[string]int{
		"subject eq 'e03'":                                       1,
		"startswith(subject,'E1')":                               10,
		"not startswith(subject,'E1')":                           15,
		"contains(subject,'2') and importance eq 'high'":         4,
		"importance eq 'high' or subject eq 'E00'":               13,
		"(subject eq 'E01' or subject eq 'E02')":                 2,
		"categories/any(c:c eq 'c1')":                            8,
		"categories/all(c:c ne 'c1')":                            17,
		"start/dateTime ge '2026-10-05T16:00:00'":                2,
		"lastModifiedDateTime ge 2026-10-01T00:00:00Z":           25,
		"lastModifiedDateTime gt 2026-10-02T00:00:00Z":           0,
		"isAllDay eq false and reminderMinutesBeforeStart eq 15": 25,
		"seriesMasterId eq null":                                 25,
		"subject eq 'it''s'":                                     0,
	} {
		if got, _ := read(ann + "/events?$top=100&$filter=" + filter); len(got) != want {
			t.Errorf("%s: %d, want %d", filter, len(got), want)
		}
	}
	if o := b.want(200, "GET", ann+"/events?$count=true&$top=1", nil); fmt.Sprint(o["@odata.count"]) != "25" {
		t.Errorf("count %v", o["@odata.count"])
	}
	for _, query := range []string{"$filter=title eq 'x'", "$filter=subject eq", "$filter=subject eq 'x", "$filter=size(subject) eq 1", "$filter=subject eq 'x')",
		"$select=title", "$expand=body", "$expand=singleValueExtendedProperties($filter=value eq 'x')", "$orderby=title", "$top=0", "$top=1001",
		"$top=x", "$skip=-1", "$search=x", "$foo=1", "$skiptoken=x", "$top=1&$top=2", "$filter=" + strings.Repeat("(", 40) + "true" + strings.Repeat(")", 40)} {
		if o := b.want(400, "GET", ann+"/events?"+query, nil); text(sub(o, "error")["code"]) == "" {
			t.Errorf("%s: %v", query, o)
		}
	}
	b.refused(400, "BadRequest", "GET", ann+"/events", nil, "Prefer: odata.maxpagesize=many")
	b.refused(400, "TimeZoneNotSupportedException", "GET", ann+"/events", nil, `Prefer: outlook.timezone="Nowhere"`)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	person := object{"givenName": "Ada", "surname": "Sample", "emailAddresses": []any{object{"address": "ada@example.org", "name": "Ada"}},
		"businessPhones": []any{"+49 30 1"}, "birthday": "1980-02-29T11:59:00Z", "homeAddress": object{"city": "Berlin"}, "personalNotes": "a\nb"}
	c := b.want(201, "POST", ann+"/contacts", person)
	path := ann + "/contacts/" + text(c["id"])
	for name, want := range map[string]any{"displayName": "Ada Sample", "fileAs": "Sample, Ada", "businessPhones": []any{"+49 30 1"}, "mobilePhone": nil,
		"homePhones": []any{}, "birthday": "1980-02-29T11:59:00Z", "homeAddress": object{"city": "Berlin"}, "otherAddress": object{},
		"primaryEmailAddress": object{"address": "ada@example.org", "name": "Ada"}} {
		if !reflect.DeepEqual(c[name], want) {
			t.Errorf("%s = %v, want %v", name, c[name], want)
		}
	}
	changed := b.want(200, "PATCH", path, object{"surname": "Changed", "homeAddress": nil}, "If-Match: "+text(c["@odata.etag"]))
	if changed["surname"] != "Changed" || changed["givenName"] != "Ada" || len(sub(changed, "homeAddress")) != 0 {
		t.Errorf("%v", changed)
	}
	b.refused(412, "ErrorIrresolvableConflict", "PATCH", path, object{"surname": "Lost"}, "If-Match: "+text(c["@odata.etag"]))
	b.refused(400, "ErrorInvalidArgument", "PATCH", path, object{"businessPhones": []any{"1", "2", "3"}})
	b.refused(400, "RequestBodyRead", "PATCH", path, object{"phone": "1"})
	b.refused(400, "RequestBodyRead", "PATCH", path, object{"birthday": "1980-02-29"})
	b.refused(400, "UnableToDeserializePostBody", "PATCH", path, object{"emailAddresses": nil})

	folder := b.want(201, "POST", ann+"/contactFolders", object{"displayName": "Customers"})
	if got := values(b.want(200, "GET", ann+"/contactFolders", nil), "displayName"); !reflect.DeepEqual(got, []any{"Customers"}) {
		t.Errorf("folders %v: the default one is not among them", got)
	}
	if folder["parentFolderId"] != c["parentFolderId"] || b.want(200, "GET", ann+"/contactFolders/contacts", nil)["id"] != c["parentFolderId"] {
		t.Error("the default folder has no way in")
	}
	fixed := text(b.want(200, "GET", path, nil, immutable)["id"])
	moved := b.want(200, "PATCH", path, object{"parentFolderId": folder["id"]})
	if moved["id"] == c["id"] || moved["parentFolderId"] != folder["id"] {
		t.Errorf("moved to %v", moved["parentFolderId"])
	}
	b.refused(404, "ErrorItemNotFound", "GET", path, nil)
	if got := values(b.want(200, "GET", ann+"/contactFolders/"+text(folder["id"])+"/contacts", nil, immutable), "id"); len(got) != 1 || got[0] != fixed {
		t.Errorf("in the folder: %v", got)
	}
	if got := values(b.want(200, "GET", ann+"/contacts", nil), "id"); len(got) != 0 {
		t.Errorf("in the default folder: %v", got)
	}
	path = ann + "/contacts/" + text(moved["id"])
	b.want(204, "DELETE", path, nil)
	b.refused(404, "ErrorItemNotFound", "PATCH", path, object{})
}

func TestContactPhoto(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.want(201, "POST", ann+"/contacts", object{"displayName": "Ada"})
	path := ann + "/contacts/" + text(c["id"])
	b.refused(404, "ErrorItemNotFound", "GET", path+"/photo/$value", nil)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	b.want(200, "PUT", path+"/photo/$value", picture.String(), "Content-Type: image/png")
	resp := b.send("GET", path+"/photo/$value", nil)
	got, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(got, picture.Bytes()) || resp.Header.Get("Content-Type") != "image/png" {
		t.Errorf("%d bytes of %s, %v", len(got), resp.Header.Get("Content-Type"), err)
	}
	if o := b.want(200, "GET", path+"/photo", nil); fmt.Sprint(o["width"], o["height"]) != "3 2" {
		t.Errorf("%v", o)
	}
	b.refused(400, "ErrorInvalidImage", "PUT", path+"/photo/$value", "no picture", "Content-Type: image/png")
	if b.want(200, "GET", path, nil)["changeKey"] == c["changeKey"] {
		t.Error("a new photo is no change")
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lists := b.want(200, "GET", ann+"/todo/lists", nil)
	if got := values(lists, "wellknownListName"); !reflect.DeepEqual(got, []any{"defaultList", "flaggedEmails"}) {
		t.Fatalf("%v", lists)
	}
	l := b.want(201, "POST", ann+"/todo/lists", object{"displayName": "Calls"})
	path := ann + "/todo/lists/" + text(l["id"]) + "/tasks"
	link := object{"applicationName": "Bridge", "externalId": "k-1", "displayName": "Call"}
	task := b.want(201, "POST", path, object{"title": "Call Ada", "body": object{"content": "about it"}, "linkedResources": []any{link},
		"dueDateTime":      object{"dateTime": "2026-10-05T16:00:00", "timeZone": "Europe/Berlin"},
		"reminderDateTime": object{"dateTime": "2026-10-05T09:15:00", "timeZone": "Europe/Berlin"}, "isReminderOn": true}, immutable)
	one := path + "/" + text(task["id"])
	if due := sub(task, "dueDateTime"); due["dateTime"] != "2026-10-04T22:00:00.0000000" || due["timeZone"] != "UTC" {
		t.Errorf("due %v: it is midnight where it was said", due)
	}
	if at := sub(task, "reminderDateTime"); at["dateTime"] != "2026-10-05T07:15:00.0000000" {
		t.Errorf("reminder %v", at)
	}
	if !strings.HasPrefix(text(task["id"]), "AAMk") {
		t.Error("a task has an immutable id")
	}
	if _, shown := task["linkedResources"]; shown || task["startDateTime"] != nil || task["status"] != "notStarted" {
		t.Errorf("%v", task)
	}
	got := b.want(200, "GET", path+"?$expand=linkedResources&$filter=status eq 'notStarted'", nil, `Prefer: outlook.timezone="Europe/Berlin"`)
	if first := list(got, "value")[0].(object); member(list(first, "linkedResources")[0], []string{"externalId"}) != "k-1" ||
		sub(first, "dueDateTime")["dateTime"] != "2026-10-05T00:00:00.0000000" {
		t.Errorf("%v", first)
	}
	b.refused(400, "ErrorInvalidUrlQueryFilter", "GET", path+"?$filter=linkedResources/any(l:l/externalId eq 'k-1')", nil)
	b.refused(400, "invalidRequest", "PATCH", one, object{"linkedResources": []any{}})
	b.refused(400, "RequestBodyRead", "PATCH", one, object{"status": "done"})
	b.refused(400, "UnableToDeserializePostBody", "PATCH", one, object{"status": nil})
	done := b.want(200, "PATCH", one, object{"status": "completed", "dueDateTime": nil})
	if sub(done, "completedDateTime")["dateTime"] != "2026-10-01T00:00:00.0000000" || done["dueDateTime"] != nil {
		t.Errorf("%v", done)
	}
	if again := b.want(200, "PATCH", one, object{"status": "inProgress"}); again["completedDateTime"] != nil {
		t.Errorf("%v", again)
	}
	second := b.want(201, "POST", one+"/linkedResources", overlay(link, object{"externalId": "k-2"}))
	b.want(200, "PATCH", one+"/linkedResources/"+text(second["id"]), object{"displayName": "x"})
	b.want(204, "DELETE", one+"/linkedResources/"+text(second["id"]), nil)
	if n := len(values(b.want(200, "GET", one+"/linkedResources", nil))); n != 1 {
		t.Errorf("%d linked resources", n)
	}
	b.want(201, "POST", one+"/checklistItems", object{"displayName": "first"})

	moved, err := b.sim.Move("ann@example.org", text(task["id"]), text(list(lists, "value")[0].(object)["id"]))
	if err != nil {
		t.Fatal(err)
	}
	b.refused(404, "ErrorItemNotFound", "GET", one, nil, immutable)
	b.want(204, "DELETE", ann+"/todo/lists/"+text(list(lists, "value")[0].(object)["id"])+"/tasks/"+moved, nil)
	b.refused(400, "ErrorDeleteDistinguishedFolder", "DELETE", ann+"/todo/lists/"+text(list(lists, "value")[1].(object)["id"]), nil)
	b.refused(400, "invalidRequest", "POST", ann+"/todo/lists/"+text(list(lists, "value")[1].(object)["id"])+"/tasks", object{"title": "x"})
}
