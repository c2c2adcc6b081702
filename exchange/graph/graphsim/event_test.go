package graphsim

import (
	"reflect"
	"strings"
	"testing"
)

func TestEventLifecycle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(object{"body": object{"contentType": "text", "content": "Line <1>\nLine 2"}, "location": object{"displayName": "Room 4"},
		"sensitivity": "Private", "categories": []any{"Red category"}, "iCalUId": "mine", "isReminderOn": false})
	for name, want := range map[string]any{"subject": "Visit", "type": "singleInstance", "sensitivity": "private", "isReminderOn": false,
		"originalStartTimeZone": "W. Europe Standard Time", "seriesMasterId": nil, "showAs": "busy", "isOrganizer": true, "recurrence": nil,
		"bodyPreview": "Line <1>\r\nLine 2", "createdDateTime": "2026-10-01T08:30:00Z"} {
		if !reflect.DeepEqual(e[name], want) {
			t.Errorf("%s = %v, want %v", name, e[name], want)
		}
	}
	if start := sub(e, "start"); start["dateTime"] != "2026-10-05T08:00:00.0000000" || start["timeZone"] != "UTC" {
		t.Errorf("start %v", start)
	}
	if !strings.HasPrefix(text(e["iCalUId"]), "040000008200E00074C5B7101A82E00800000000") || e["@odata.etag"] != `W/"`+text(e["changeKey"])+`"` {
		t.Errorf("iCalUId %v, etag %v", e["iCalUId"], e["@odata.etag"])
	}
	if content := text(sub(e, "body")["content"]); sub(e, "body")["contentType"] != "html" || !strings.Contains(content, "Line &lt;1&gt;<br>") {
		t.Errorf("body %v", content)
	}

	got := b.want(200, "GET", eventPath(e)+"?$select=subject,start,body", nil,
		`Prefer: outlook.timezone="Pacific Standard Time", outlook.body-content-type="text"`)
	want := object{"@odata.context": got["@odata.context"], "@odata.etag": e["@odata.etag"], "id": e["id"], "subject": "Visit",
		"start": object{"dateTime": "2026-10-05T01:00:00.0000000", "timeZone": "Pacific Standard Time"},
		"body":  object{"contentType": "text", "content": "Line <1>\r\nLine 2"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("selected %v\nwant %v", got, want)
	}

	changed := b.want(200, "PATCH", eventPath(e), object{"subject": "Later", "start": at2("2026-10-05", "10:30:00")}, "If-Match: "+text(e["@odata.etag"]))
	if changed["@odata.etag"] == e["@odata.etag"] || changed["subject"] != "Later" || sub(changed, "location")["displayName"] != "Room 4" {
		t.Errorf("changed %v", changed)
	}
	b.refused(412, "ErrorIrresolvableConflict", "PATCH", eventPath(e), object{"subject": "Lost"}, "If-Match: "+text(e["@odata.etag"]))
	b.refused(412, "ErrorIrresolvableConflict", "DELETE", eventPath(e), nil, "If-Match: "+text(e["@odata.etag"]))
	b.want(204, "DELETE", eventPath(e), nil, "If-Match: "+text(changed["@odata.etag"]))
	b.refused(404, "ErrorItemNotFound", "GET", eventPath(e), nil)
}

func TestEventBodiesAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := object{"start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00")}
	for name, c := range map[string]struct {
		body object
		code string
	}{
		"unknown":            {object{"title": "x"}, "RequestBodyRead"},
		"unknown inside":     {object{"body": object{"text": "x"}}, "RequestBodyRead"},
		"wrong case":         {object{"Subject": "x"}, "RequestBodyRead"},
		"number for text":    {object{"subject": 1}, "RequestBodyRead"},
		"text for boolean":   {object{"isAllDay": "true"}, "RequestBodyRead"},
		"text for number":    {object{"reminderMinutesBeforeStart": "5"}, "RequestBodyRead"},
		"fraction":           {object{"reminderMinutesBeforeStart": 1.5}, "RequestBodyRead"},
		"no such member":     {object{"showAs": "away"}, "RequestBodyRead"},
		"null collection":    {object{"attendees": nil}, "UnableToDeserializePostBody"},
		"null in collection": {object{"categories": []any{nil}}, "UnableToDeserializePostBody"},
		"null dateTime":      {object{"start": object{"dateTime": nil, "timeZone": "UTC"}}, "UnableToDeserializePostBody"},
		"text for object":    {object{"location": "Room"}, "RequestBodyRead"},
		"other type":         {object{"@odata.type": "#microsoft.graph.message"}, "RequestBodyRead"},
		"no zone":            {object{"start": object{"dateTime": "2026-10-05T10:00:00"}}, "TimeZoneNotSupportedException"},
		"unknown zone":       {object{"start": object{"dateTime": "2026-10-05T10:00:00", "timeZone": "Mars/Base"}}, "TimeZoneNotSupportedException"},
		"display name":       {object{"start": object{"dateTime": "2026-10-05T10:00:00", "timeZone": "(UTC+01:00) Berlin"}}, "TimeZoneNotSupportedException"},
		"offset":             {object{"start": object{"dateTime": "2026-10-05T10:00:00+02:00", "timeZone": "UTC"}}, "RequestBodyRead"},
		"Z and a zone":       {object{"start": object{"dateTime": "2026-10-05T10:00:00Z", "timeZone": "Europe/Berlin"}}, "RequestBodyRead"},
		"end before start":   {object{"end": at2("2026-10-05", "09:00:00")}, "ErrorPropertyValidationFailure"},
		"not midnight":       {object{"isAllDay": true}, "ErrorPropertyValidationFailure"},
		"two zones": {object{"isAllDay": true, "start": at2("2026-10-05", "00:00:00"),
			"end": object{"dateTime": "2026-10-06T00:00:00", "timeZone": "UTC"}}, "ErrorPropertyValidationFailure"},
		"nobody":            {object{"attendees": []any{object{"type": "required"}}}, "ErrorInvalidRecipients"},
		"extended property": {object{"singleValueExtendedProperties": []any{object{"id": "Mine", "value": "x"}}}, "ErrorInvalidProperty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, sim: b.sim, url: b.url, token: b.token}
			b.refused(400, c.code, "POST", ann+"/events", overlay(good, c.body))
		})
	}
	for name, body := range map[string]string{"broken": `{"subject":`, "list": `[]`, "twice": `{"subject":"a","subject":"b"}`, "more": `{} {}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, sim: b.sim, url: b.url, token: b.token}
			b.refused(400, "BadRequest", "POST", ann+"/events", body)
		})
	}
	b.refused(400, "RequestBodyRead", "POST", ann+"/events", "{}", "Content-Type: text/plain")
	if n := len(values(b.want(200, "GET", ann+"/events", nil))); n != 0 {
		t.Errorf("%d events of refused bodies", n)
	}
}

func TestReadOnlyAndAnnotatedPropertiesAreTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(object{"@odata.type": "#microsoft.graph.event", "id": "x", "changeKey": "x", "webLink": "x", "isCancelled": true,
		"organizer": object{"emailAddress": object{"address": "eve@example.org"}}, "type": "seriesMaster", "subject@odata.type": "String"})
	if e["isCancelled"] != false || e["type"] != "singleInstance" || member(e, []string{"organizer", "emailAddress", "address"}) != "ann@example.org" {
		t.Errorf("%v", e)
	}
}

func TestWholeDaysFloat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(object{"isAllDay": true, "start": at2("2026-10-05", "00:00:00"), "end": at2("2026-10-07", "00:00:00")})
	for _, zone := range []string{"UTC", "Tokyo Standard Time", "America/New_York"} {
		got := b.want(200, "GET", eventPath(e), nil, `Prefer: outlook.timezone="`+zone+`"`)
		if sub(got, "start")["dateTime"] != "2026-10-05T00:00:00.0000000" || sub(got, "end")["dateTime"] != "2026-10-07T00:00:00.0000000" ||
			sub(got, "start")["timeZone"] != zone {
			t.Errorf("in %s: %v to %v", zone, got["start"], got["end"])
		}
	}
	if b.event(nil)["isAllDay"] != false {
		t.Error("an event with times lasts all day")
	}
}

func TestTransactionID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.event(object{"transactionId": "t-1"})
	if again := b.event(object{"transactionId": "t-1"}); again["id"] != one["id"] || again["transactionId"] != "t-1" {
		t.Errorf("made again: %v", again["id"])
	}
	other := object{"subject": "Other", "transactionId": "t-1", "start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00")}
	b.refused(409, "ErrorDuplicateTransactionId", "POST", ann+"/events", other)
	b.refused(400, "ErrorPropertyValidationFailure", "PATCH", eventPath(one), object{"transactionId": "t-2"})
	if n := len(values(b.want(200, "GET", ann+"/events", nil))); n != 1 {
		t.Errorf("%d events", n)
	}
	b.want(204, "DELETE", eventPath(one), nil)
	b.refused(409, "ErrorDuplicateTransactionId", "POST", ann+"/events", overlay(other, object{"subject": "Visit"}))
}

func TestIDsAndMoves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.event(nil)
	fixed := text(b.want(200, "GET", eventPath(e), nil, immutable)["id"])
	if fixed == e["id"] || !strings.HasPrefix(text(e["id"]), "AAMk") || len(fixed) != len(text(e["id"])) {
		t.Errorf("ids %v and %v", e["id"], fixed)
	}
	b.refused(400, "ErrorInvalidIdMalformed", "GET", ann+"/events/"+fixed, nil)
	b.refused(400, "ErrorInvalidIdMalformed", "GET", ann+"/events/x", nil)
	b.refused(400, "ErrorInvalidIdMalformed", "GET", ann+"/events/"+strings.ToLower(fixed), nil, immutable)
	b.refused(404, "ErrorItemNotFound", "GET", "/users/bob@example.org/events/"+fixed, nil, immutable)

	other := b.want(201, "POST", ann+"/calendars", object{"name": "Other"})
	moved, err := b.sim.Move("ann@example.org", fixed, text(other["id"]))
	if err != nil {
		t.Fatal(err)
	}
	b.refused(404, "ErrorItemNotFound", "GET", eventPath(e), nil)
	if got := b.want(200, "GET", ann+"/calendars/"+text(other["id"])+"/events/"+moved, nil, immutable); got["id"] != fixed {
		t.Errorf("moved: %v, want %v", got["id"], fixed)
	}
	b.refused(404, "ErrorItemNotFound", "GET", ann+"/calendar/events/"+moved, nil)
	translated := b.want(200, "POST", ann+"/translateExchangeIds", object{"inputIds": []any{moved, "nonsense"}, "sourceIdType": "restId",
		"targetIdType": "restImmutableEntryId"})
	if got := values(translated, "targetId"); got[0] != fixed || got[1] != nil {
		t.Errorf("translated %v", got)
	}
}

func TestExtendedProperties(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const id = "String {a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93} Name Key"
	mine := func(v any) object {
		return object{"singleValueExtendedProperties": []any{object{"id": id, "value": v}}}
	}
	e := b.event(mine("It's one"))
	b.event(mine("two"))
	if _, shown := e["singleValueExtendedProperties"]; shown {
		t.Error("shown without being asked for")
	}
	find := func(id, value string) []any {
		return values(b.want(200, "GET", ann+"/events?$filter=singleValueExtendedProperties/Any(ep: ep/id eq '"+id+"' and ep/value eq '"+value+"')", nil), "id")
	}
	if got := find(id, "it''s ONE"); len(got) != 1 || got[0] != e["id"] {
		t.Errorf("found %v", got)
	}
	if got := find(strings.ToUpper(id[:45])+" Name Key", "two"); len(got) != 1 {
		t.Errorf("with the set in capitals: %v", got)
	}
	if got := find(strings.Replace(id, "Key", "key", 1), "two"); len(got) != 0 {
		t.Errorf("with the name in another case: %v", got)
	}
	path := eventPath(e) + "?$select=id&$expand=singleValueExtendedProperties($filter=id eq '" + id + "')"
	if got := list(b.want(200, "GET", path, nil), "singleValueExtendedProperties"); len(got) != 1 || got[0].(object)["value"] != "It's one" {
		t.Errorf("expanded %v", got)
	}
	b.refused(400, "ErrorInvalidUrlQuery", "GET", eventPath(e)+"?$expand=singleValueExtendedProperties", nil)
	b.want(200, "PATCH", eventPath(e), mine("three"))
	b.want(200, "PATCH", eventPath(e), object{"subject": "x"})
	if got := find(id, "three"); len(got) != 1 {
		t.Errorf("after changes: %v", got)
	}
}
