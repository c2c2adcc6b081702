package graphsim

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func recurrence(pattern, span object) object {
	return object{"recurrence": object{"pattern": pattern, "range": span}}
}

func weekly(days ...any) object {
	return object{"type": "weekly", "interval": 1, "daysOfWeek": days, "firstDayOfWeek": "monday"}
}

func numbered(from string, n int) object {
	return object{"type": "numbered", "startDate": from, "numberOfOccurrences": n}
}

// instances are the starts of a series in a window, in UTC.
func (b *bench) instances(master object, from, to string, headers ...string) (starts []string, rows []object) {
	b.t.Helper()
	o := b.want(200, "GET", eventPath(master)+"/instances?$top=500&startDateTime="+from+"&endDateTime="+to, nil, headers...)
	for _, v := range list(o, "value") {
		starts = append(starts, strings.TrimSuffix(text(sub(v.(object), "start")["dateTime"]), ":00.0000000"))
		rows = append(rows, v.(object))
	}
	return starts, rows
}

func TestSeriesKeepTheirWallClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, zone := range []string{"Europe/Berlin", "W. Europe Standard Time"} {
		m := b.event(overlay(recurrence(weekly("wednesday"), numbered("2026-10-21", 3)), object{
			"start": object{"dateTime": "2026-10-21T10:00:00", "timeZone": zone}, "end": object{"dateTime": "2026-10-21T11:30:00", "timeZone": zone}}))
		if m["type"] != "seriesMaster" || member(m, []string{"recurrence", "range", "recurrenceTimeZone"}) != "W. Europe Standard Time" {
			t.Errorf("%v", m["recurrence"])
		}
		got, rows := b.instances(m, "2026-01-01", "2027-01-01")
		if want := []string{"2026-10-21T08:00", "2026-10-28T09:00", "2026-11-04T09:00"}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", zone, got, want)
		}
		uids := map[any]bool{m["iCalUId"]: true}
		for _, r := range rows {
			if r["type"] != "occurrence" || r["seriesMasterId"] != m["id"] || uids[r["iCalUId"]] || r["recurrence"] != nil || r["originalStart"] != nil {
				t.Errorf("%v", r)
			}
			uids[r["iCalUId"]] = true
			if one := b.want(200, "GET", eventPath(r)+"?$select=*,originalStart", nil); one["originalStart"] == nil || one["occurrenceId"] != r["occurrenceId"] {
				t.Errorf("by id: %v", one)
			}
		}
	}
	m := b.event(overlay(recurrence(object{"type": "daily", "interval": 1}, numbered("2027-03-27", 3)), object{
		"start": at2("2027-03-27", "02:30:00"), "end": at2("2027-03-27", "03:00:00")}))
	got, _ := b.instances(m, "2027-01-01", "2028-01-01", `Prefer: outlook.timezone="Europe/Berlin"`)
	if want := []string{"2027-03-27T02:30", "2027-03-28T03:30", "2027-03-29T02:30"}; !reflect.DeepEqual(got, want) {
		t.Errorf("over the gap: %v", got)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern object
		from    string
		want    string
	}{
		"daily":             {object{"type": "daily", "interval": 3}, "2026-12-30", "2026-12-30 2027-01-02 2027-01-05"},
		"weekly":            {object{"type": "weekly", "interval": 2, "daysOfWeek": []any{"monday", "sunday"}, "firstDayOfWeek": "monday"}, "2026-10-05", "2026-10-05 2026-10-11 2026-10-19"},
		"weekly by sunday":  {object{"type": "weekly", "interval": 2, "daysOfWeek": []any{"monday", "sunday"}}, "2026-10-05", "2026-10-05 2026-10-18 2026-10-19"},
		"weekly later":      {object{"type": "weekly", "interval": 2, "daysOfWeek": []any{"Friday"}, "firstDayOfWeek": "monday"}, "2026-10-05", "2026-10-09 2026-10-23 2026-11-06"},
		"monthly":           {object{"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, "2027-01-31", "2027-01-31 2027-02-28 2027-03-31"},
		"quarterly":         {object{"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 15}, "2026-10-05", "2026-10-15 2027-01-15 2027-04-15"},
		"third thursday":    {object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []any{"thursday"}, "index": "third"}, "2026-10-05", "2026-10-15 2026-11-19 2026-12-17"},
		"first by default":  {object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []any{"thursday"}}, "2026-10-05", "2026-11-05 2026-12-03 2027-01-07"},
		"last working day":  {object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []any{"monday", "tuesday", "wednesday", "thursday", "friday"}, "index": "last"}, "2026-10-05", "2026-10-30 2026-11-30 2026-12-31"},
		"second thu or fri": {object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []any{"thursday", "friday"}, "index": "second"}, "2026-10-01", "2026-10-02 2026-11-06 2026-12-04"},
		"yearly":            {object{"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2}, "2027-01-01", "2027-02-28 2028-02-29 2029-02-28"},
		"every third year":  {object{"type": "absoluteYearly", "interval": 3, "dayOfMonth": 15, "month": 3}, "2026-10-05", "2029-03-15 2032-03-15 2035-03-15"},
		"thanksgiving":      {object{"type": "relativeYearly", "interval": 1, "daysOfWeek": []any{"thursday"}, "index": "fourth", "month": 11}, "2026-01-01", "2026-11-26 2027-11-25 2028-11-23"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			m := b.event(overlay(recurrence(c.pattern, numbered(c.from, 3)), object{"start": at2(c.from, "09:00:00"), "end": at2(c.from, "10:00:00")}))
			// What comes back may be sent again, as a program does that changes one field of what it read.
			if again := b.want(200, "PATCH", eventPath(m), object{"recurrence": m["recurrence"], "subject": "Again"}); !reflect.DeepEqual(again["recurrence"], m["recurrence"]) {
				t.Errorf("sent again: %v, was %v", again["recurrence"], m["recurrence"])
			}
			to := fmt.Sprint(atoi(c.from[:4])+4, c.from[4:])
			_, rows := b.instances(m, c.from, to, `Prefer: outlook.timezone="Europe/Berlin"`)
			if strings.Contains(c.want, "2032") || strings.Contains(c.want, "2035") {
				_, more := b.instances(m, "2030-01-01", "2034-01-01")
				_, last := b.instances(m, "2034-01-01", "2038-01-01")
				rows = append(append(rows, more...), last...)
			}
			var got []string
			for _, r := range rows {
				got = append(got, text(sub(r, "start")["dateTime"])[:10])
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v\nwant %v", got, c.want)
			}
		})
	}
}

func TestRecurrencesThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	daily := object{"type": "daily", "interval": 1}
	for name, c := range map[string]struct {
		pattern, span object
		code          string
	}{
		"no range":        {daily, nil, "ErrorPropertyValidationFailure"},
		"no interval":     {object{"type": "daily"}, numbered("2026-10-05", 3), "ErrorPropertyValidationFailure"},
		"no days":         {object{"type": "weekly", "interval": 1}, numbered("2026-10-05", 3), "ErrorPropertyValidationFailure"},
		"no day of month": {object{"type": "absoluteMonthly", "interval": 1}, numbered("2026-10-05", 3), "ErrorPropertyValidationFailure"},
		"no month":        {object{"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1}, numbered("2026-10-05", 3), "ErrorPropertyValidationFailure"},
		"no such day":     {object{"type": "absoluteYearly", "interval": 1, "dayOfMonth": 31, "month": 4}, numbered("2026-10-05", 3), "ErrorPropertyValidationFailure"},
		"other pattern":   {object{"type": "hourly", "interval": 1}, numbered("2026-10-05", 3), "RequestBodyRead"},
		"no number":       {daily, object{"type": "numbered", "startDate": "2026-10-05"}, "ErrorPropertyValidationFailure"},
		"other start":     {daily, numbered("2026-10-06", 3), "ErrorPropertyValidationFailure"},
		"no start":        {daily, object{"type": "noEnd"}, "ErrorPropertyValidationFailure"},
		"end too early":   {daily, object{"type": "endDate", "startDate": "2026-10-05", "endDate": "2026-10-04"}, "ErrorPropertyValidationFailure"},
		"date with time":  {daily, object{"type": "noEnd", "startDate": "2026-10-05T00:00:00"}, "RequestBodyRead"},
		"never":           {weekly("friday"), object{"type": "endDate", "startDate": "2026-10-05", "endDate": "2026-10-08"}, "ErrorRecurrenceHasNoOccurrence"},
		"unknown zone":    {daily, object{"type": "noEnd", "startDate": "2026-10-05", "recurrenceTimeZone": "Nowhere"}, "TimeZoneNotSupportedException"},
	} {
		rec := object{"pattern": c.pattern}
		if c.span != nil {
			rec["range"] = c.span
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, sim: b.sim, url: b.url, token: b.token}
			b.refused(400, c.code, "POST", ann+"/events", object{"start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00"), "recurrence": rec})
		})
	}
	b.refused(400, "ErrorOccurrenceTimeSpanTooBig", "POST", ann+"/events", overlay(recurrence(daily, numbered("2026-10-05", 3)),
		object{"start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-06", "11:00:00")}))
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.event(overlay(recurrence(weekly("monday", "wednesday", "friday"), numbered("2026-10-05", 6)), object{"body": object{"contentType": "text", "content": "of the series"}}))
	_, rows := b.instances(m, "2026-10-01", "2026-11-01", immutable)
	wed := ann + "/events/" + text(rows[1]["id"]) // 2026-10-07
	moved := b.want(200, "PATCH", wed, object{"start": at2("2026-10-08", "15:00:00"), "end": at2("2026-10-08", "16:00:00"), "subject": "Moved"}, immutable)
	if moved["type"] != "exception" || moved["id"] != rows[1]["id"] || moved["subject"] != "Moved" || sub(moved, "start")["dateTime"] != "2026-10-08T13:00:00.0000000" {
		t.Errorf("%v", moved)
	}
	for name, c := range map[string][2]string{"day before": {"2026-10-05", "2026-10-05"}, "earlier": {"2026-10-02", "2026-10-02"}, "day after": {"2026-10-09", "2026-10-09"},
		"overlap": {"2026-10-08", "2026-10-09"}, "past": {"2026-10-20", "2026-10-20"}} {
		m := b.refused(400, "ErrorOccurrenceCrossingBoundary", "PATCH", wed, object{"start": at2(c[0], "06:00:00"), "end": at2(c[1], "10:30:00")}, immutable)
		if m != "Modified occurrence is crossing or overlapping adjacent occurrence." {
			t.Errorf("%s: %s", name, m)
		}
	}
	b.refused(400, "ErrorPropertyValidationFailure", "PATCH", wed, recurrence(object{"type": "daily", "interval": 1}, numbered("2026-10-08", 2)), immutable)
	fri := ann + "/events/" + text(rows[2]["id"])
	b.want(204, "DELETE", fri, nil, immutable)
	b.refused(404, "ErrorItemNotFound", "GET", fri, nil, immutable)
	b.refused(404, "ErrorItemNotFound", "DELETE", fri, nil, immutable)
	// The neighbour is gone, so there is room now.
	b.want(200, "PATCH", wed, object{"start": at2("2026-10-09", "15:00:00"), "end": at2("2026-10-09", "16:00:00")}, immutable)

	// A change of the series reaches what the exception does not say itself, and keeps it.
	b.want(200, "PATCH", eventPath(m), object{"subject": "Series", "location": object{"displayName": "Hall"}})
	got := b.want(200, "GET", wed, nil, immutable)
	if got["subject"] != "Moved" || sub(got, "location")["displayName"] != "Hall" || got["type"] != "exception" {
		t.Errorf("%v", got)
	}
	plain := b.want(200, "GET", eventPath(m), nil)
	if plain["cancelledOccurrences"] != nil || plain["exceptionOccurrences"] != nil {
		t.Error("shown without being selected")
	}
	whole := b.want(200, "GET", eventPath(m)+"?$select=subject,start,cancelledOccurrences,exceptionOccurrences&$expand=exceptionOccurrences", nil, immutable)
	if want := []any{"OID." + text(whole["id"]) + ".2026-10-09"}; !reflect.DeepEqual(whole["cancelledOccurrences"], want) {
		t.Errorf("%v, want %v", whole["cancelledOccurrences"], want)
	}
	if ex := list(whole, "exceptionOccurrences"); len(ex) != 1 || ex[0].(object)["id"] != rows[1]["id"] || ex[0].(object)["subject"] != "Moved" || ex[0].(object)["body"] != nil {
		t.Errorf("%v", ex)
	}
	starts, _ := b.instances(m, "2026-10-01", "2026-11-01")
	if want := []string{"2026-10-05T08:00", "2026-10-09T13:00", "2026-10-12T08:00", "2026-10-14T08:00", "2026-10-16T08:00"}; !reflect.DeepEqual(starts, want) {
		t.Errorf("%v", starts)
	}

	// The same recurrence again keeps them, another time of day drops them.
	b.want(200, "PATCH", eventPath(m), object{"recurrence": plain["recurrence"]})
	if starts, _ = b.instances(m, "2026-10-01", "2026-11-01"); len(starts) != 5 {
		t.Errorf("after the same recurrence: %v", starts)
	}
	b.want(200, "PATCH", eventPath(m), object{"start": at2("2026-10-05", "10:30:00")})
	starts, all := b.instances(m, "2026-10-01", "2026-11-01")
	if len(starts) != 6 || starts[1] != "2026-10-07T08:30" || all[1]["type"] != "occurrence" || all[1]["subject"] != "Series" {
		t.Errorf("after another time: %v", starts)
	}
	b.refused(400, "ErrorPropertyValidationFailure", "PATCH", eventPath(m), object{"start": at2("2026-10-06", "10:30:00"), "end": at2("2026-10-06", "11:30:00")})
	single := b.want(200, "PATCH", eventPath(m), object{"recurrence": nil})
	if single["type"] != "singleInstance" || single["recurrence"] != nil {
		t.Errorf("%v", single)
	}
}

func TestCalendarView(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.event(nil)
	b.event(overlay(recurrence(weekly("tuesday"), object{"type": "noEnd", "startDate": "2026-10-06"}), object{"subject": "Weekly",
		"start": at2("2026-10-06", "10:00:00"), "end": at2("2026-10-06", "11:00:00")}))
	got := b.want(200, "GET", ann+"/calendarView?startDateTime=2026-10-05T08:30:00Z&endDateTime=2026-10-20T08:30:00%2B00:00", nil)
	if types := values(got, "type"); !reflect.DeepEqual(types, []any{"singleInstance", "occurrence", "occurrence", "occurrence"}) {
		t.Errorf("%v", types)
	}
	if n := len(values(b.want(200, "GET", ann+"/calendar/calendarView?startDateTime=2026-10-05T09:00:00Z&endDateTime=2026-10-06T08:00:00Z", nil))); n != 0 {
		t.Errorf("%d events between two", n)
	}
	for _, q := range []string{"", "?startDateTime=2026-10-05", "?startDateTime=x&endDateTime=2026-10-06", "?startDateTime=2026-10-06&endDateTime=2026-10-05",
		"?startDateTime=2026-10-05T08:30:00+01:00&endDateTime=2026-10-06"} {
		b.refused(400, "ErrorInvalidParameter", "GET", ann+"/calendarView"+q, nil)
	}
	b.refused(400, "ErrorCalendarViewRangeTooBig", "GET", ann+"/calendarView?startDateTime=2020-01-01&endDateTime=2030-01-01", nil)
	single := list(b.want(200, "GET", ann+"/events", nil), "value")[0].(object)
	b.refused(400, "ErrorInvalidRequest", "GET", eventPath(single)+"/instances?startDateTime=2026-10-05&endDateTime=2026-10-06", nil)
}
