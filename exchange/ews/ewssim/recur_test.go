package ewssim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// series makes a master of an hour from 9:00 in a zone.
func seriesText(zone, day, pattern, span string) string {
	return `<t:CalendarItem><t:Subject>Series</t:Subject><t:Start>` + day + `T09:00:00</t:Start><t:End>` + day + `T10:00:00</t:End><t:Recurrence>` +
		pattern + span + `</t:Recurrence><t:StartTimeZone Id="` + zone + `"/></t:CalendarItem>`
}

func numbered(day string, n int) string {
	return `<t:NumberedRecurrence><t:StartDate>` + day + `</t:StartDate><t:NumberOfOccurrences>` + itoa(n) + `</t:NumberOfOccurrences></t:NumberedRecurrence>`
}

// view lists starts (and subjects that differ) of a calendar between two days.
func (r *rig) view(from, to string) []string {
	r.t.Helper()
	m := r.ok(`<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:CalendarView StartDate="` + from +
		`T00:00:00Z" EndDate="` + to + `T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`)
	var out []string
	for _, n := range m.path("RootFolder", "Items").all() {
		text := n.str("Start")
		if s := n.str("Subject"); s != "Series" {
			text += " " + s
		}
		out = append(out, text)
	}
	return out
}

// TestPatterns has every pattern and range, with days that were counted by hand.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, day, pattern, span string
		want                           string
	}{
		{"daily over the change to summer time", "W. Europe Standard Time", "2026-03-27", `<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>`,
			numbered("2026-03-27", 4), "2026-03-27T08:00:00Z 2026-03-28T08:00:00Z 2026-03-29T07:00:00Z 2026-03-30T07:00:00Z"},
		{"every third day until a day", "UTC", "2026-03-01", `<t:DailyRecurrence><t:Interval>3</t:Interval></t:DailyRecurrence>`,
			`<t:EndDateRecurrence><t:StartDate>2026-03-01</t:StartDate><t:EndDate>2026-03-10</t:EndDate></t:EndDateRecurrence>`,
			"2026-03-01T09:00:00Z 2026-03-04T09:00:00Z 2026-03-07T09:00:00Z 2026-03-10T09:00:00Z"},
		{"weekly on two days", "Eastern Standard Time", "2026-10-28", `<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Wednesday</t:DaysOfWeek></t:WeeklyRecurrence>`,
			numbered("2026-10-28", 3), "2026-10-28T13:00:00Z 2026-11-02T14:00:00Z 2026-11-04T14:00:00Z"},
		{"every second week counts from the first day of the week", "UTC", "2026-03-03", `<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Sunday Tuesday</t:DaysOfWeek><t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>`,
			numbered("2026-03-03", 4), "2026-03-03T09:00:00Z 2026-03-08T09:00:00Z 2026-03-17T09:00:00Z 2026-03-22T09:00:00Z"},
		{"the same from Sunday", "UTC", "2026-03-03", `<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Sunday Tuesday</t:DaysOfWeek><t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence>`,
			numbered("2026-03-03", 4), "2026-03-03T09:00:00Z 2026-03-15T09:00:00Z 2026-03-17T09:00:00Z 2026-03-29T09:00:00Z"},
		{"the 31st is the last day", "UTC", "2026-01-31", `<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>`,
			numbered("2026-01-31", 4), "2026-01-31T09:00:00Z 2026-02-28T09:00:00Z 2026-03-31T09:00:00Z 2026-04-30T09:00:00Z"},
		{"the last Friday", "UTC", "2026-01-30", `<t:RelativeMonthlyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Friday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>`,
			numbered("2026-01-30", 3), "2026-01-30T09:00:00Z 2026-03-27T09:00:00Z 2026-05-29T09:00:00Z"},
		{"the first weekday", "UTC", "2026-01-01", `<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>`,
			numbered("2026-01-01", 3), "2026-01-01T09:00:00Z 2026-02-02T09:00:00Z 2026-03-02T09:00:00Z"},
		{"the second day of weekends", "UTC", "2026-01-01", `<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>WeekendDay</t:DaysOfWeek><t:DayOfWeekIndex>Second</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>`,
			numbered("2026-01-01", 2), "2026-01-04T09:00:00Z 2026-02-07T09:00:00Z"},
		{"29 February", "UTC", "2024-02-29", `<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month></t:AbsoluteYearlyRecurrence>`,
			numbered("2024-02-29", 3), "2024-02-29T09:00:00Z 2025-02-28T09:00:00Z 2026-02-28T09:00:00Z"},
		{"the fourth Thursday of November", "UTC", "2026-11-01", `<t:RelativeYearlyRecurrence><t:DaysOfWeek>Thursday</t:DaysOfWeek><t:DayOfWeekIndex>Fourth</t:DayOfWeekIndex><t:Month>November</t:Month></t:RelativeYearlyRecurrence>`,
			`<t:NoEndRecurrence><t:StartDate>2026-11-01</t:StartDate></t:NoEndRecurrence>`, "2026-11-26T09:00:00Z 2027-11-25T09:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{})
			id := r.create("", seriesText(c.zone, c.day, c.pattern, c.span))
			first := strings.Fields(c.want)[0]
			from := first[:10]
			day, _ := time.Parse(time.DateOnly, from)
			until := day.AddDate(1, 0, 0).Format(time.DateOnly)
			var inYear []string
			for _, w := range strings.Fields(c.want) {
				if w < until {
					inYear = append(inYear, w)
				}
			}
			if got := r.view(from, until); !slices.Equal(got, inYear) {
				t.Errorf("occurrences %s\n       not %s", got, inYear)
			}
			for i, want := range strings.Fields(c.want) {
				m := r.ok(`<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds><t:OccurrenceItemId RecurringMasterId="` +
					id.at("Id") + `" InstanceIndex="` + itoa(i+1) + `"/></m:ItemIds></m:GetItem>`).path("Items").first()
				if m.str("Start") != want || m.str("CalendarItemType") != "Occurrence" || m.kid("Recurrence") != nil {
					t.Errorf("occurrence %d: %v", i+1, m)
				}
			}
			master := r.get(id)
			if master.str("CalendarItemType") != "RecurringMaster" || master.str("IsRecurring") != "false" || master.str("FirstOccurrence", "Start") != first ||
				(master.kid("LastOccurrence") == nil) != strings.Contains(c.span, "NoEnd") {
				t.Errorf("master %v", master)
			}
		})
	}
}

const weekly = `<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence>`

func occurrenceOf(id *node, index int) *node {
	return el("t:OccurrenceItemId", attr{"RecurringMasterId", id.at("Id")}, attr{"InstanceIndex", itoa(index)})
}

// TestExceptions changes and removes occurrences, which the master tells as a change of itself.
func TestExceptions(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create("", seriesText("W. Europe Standard Time", "2026-03-16", weekly, numbered("2026-03-16", 4)))
	_, state := r.sync("calendar", "", 512)
	moved := r.change(occurrenceOf(id, 2), set("CalendarItem", "item:Subject", "<t:Subject>Other</t:Subject>"),
		set("CalendarItem", "calendar:Start", "<t:Start>2026-03-25T09:00:00Z</t:Start>"), set("CalendarItem", "calendar:End", "<t:End>2026-03-25T10:00:00Z</t:End>"))
	changes, state := r.sync("calendar", state, 512)
	if !slices.Equal(changes, []string{"Update " + id.at("Id")}) {
		t.Errorf("the folder tells %v", changes)
	}
	r.ok(`<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds>` + occurrenceOf(id, 3).String() + `</m:ItemIds></m:DeleteItem>`)
	if changes, _ = r.sync("calendar", state, 512); !slices.Equal(changes, []string{"Update " + id.at("Id")}) {
		t.Errorf("after a deletion the folder tells %v", changes)
	}
	want := []string{"2026-03-16T08:00:00Z", "2026-03-25T09:00:00Z Other", "2026-04-06T07:00:00Z"}
	if got := r.view("2026-03-01", "2026-05-01"); !slices.Equal(got, want) {
		t.Errorf("view %v, not %v", got, want)
	}
	get := func(id *node) string {
		return `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds>` + id.String() + `</m:ItemIds></m:GetItem>`
	}
	r.want("ErrorCalendarOccurrenceIsDeletedFromRecurrence", get(occurrenceOf(id, 3)))
	r.want("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", get(occurrenceOf(id, 5)))
	r.want("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", get(occurrenceOf(id, 0)))
	ex := r.ok(get(moved)).path("Items").first()
	if ex.str("CalendarItemType") != "Exception" || ex.str("OriginalStart") != "2026-03-23T08:00:00Z" || ex.str("IsRecurring") != "true" {
		t.Errorf("exception %v", ex)
	}
	back := r.ok(get(el("t:RecurringMasterItemId", attr{"OccurrenceId", moved.at("Id")}))).path("Items").first()
	if back.kid("ItemId").at("Id") != id.at("Id") || len(back.kid("ModifiedOccurrences").all()) != 1 ||
		back.path("DeletedOccurrences", "DeletedOccurrence", "Start").text != "2026-03-30T07:00:00Z" {
		t.Errorf("master %v", back)
	}
	for _, at := range []string{"2026-03-16T12:00:00Z", "2026-03-10T09:00:00Z", "2026-04-06T06:30:00Z", "2026-04-07T09:00:00Z"} {
		end := at[:11] + "23:00:00Z"
		r.want("ErrorOccurrenceCrossingBoundary", updateItem(occurrenceOf(id, 2), set("CalendarItem", "calendar:Start", "<t:Start>"+at+"</t:Start>"),
			set("CalendarItem", "calendar:End", "<t:End>"+end+"</t:End>")))
	}
	r.want("ErrorCalendarCannotMoveOrCopyOccurrence", `<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="deleteditems"/></m:ToFolderId><m:ItemIds>`+moved.String()+`</m:ItemIds></m:MoveItem>`)
	// What the exception does not override follows the master.
	master := back.kid("ItemId")
	master = r.change(master, set("CalendarItem", "calendar:Location", "<t:Location>Room 9</t:Location>"), set("CalendarItem", "item:Subject", "<t:Subject>New</t:Subject>"))
	ex = r.ok(get(moved)).path("Items").first()
	if ex.str("Location") != "Room 9" || ex.str("Subject") != "Other" {
		t.Errorf("exception after a change of the master: %v", ex)
	}
	r.want("ErrorIrresolvableConflict", updateItem(moved, set("CalendarItem", "item:Subject", "<t:Subject>late</t:Subject>")))
	// Another pattern discards the exceptions.
	master = r.change(master, set("CalendarItem", "calendar:Recurrence", `<t:Recurrence>`+weekly+numbered("2026-03-16", 3)+`</t:Recurrence>`))
	if n := r.get(master); n.kid("ModifiedOccurrences") != nil || n.kid("DeletedOccurrences") != nil {
		t.Errorf("after another pattern: %v", n)
	}
	r.change(master, `<t:DeleteItemField><t:FieldURI FieldURI="calendar:Recurrence"/></t:DeleteItemField>`)
	if got := r.view("2026-03-01", "2026-05-01"); len(got) != 1 {
		t.Errorf("without recurrence: %v", got)
	}
}

func TestBadRecurrences(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	make := func(pattern, span string) string {
		return `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>` + seriesText("UTC", "2026-03-02", pattern, span) + `</m:Items></m:CreateItem>`
	}
	daily := `<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>`
	for _, c := range []struct{ code, body string }{
		{"ErrorCalendarInvalidRecurrence", make(`<t:DailyRecurrence><t:Interval>0</t:Interval></t:DailyRecurrence>`, numbered("2026-03-02", 3))},
		{"ErrorCalendarInvalidRecurrence", make(`<t:WeeklyRecurrence><t:Interval>100</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence>`, numbered("2026-03-02", 3))},
		{"ErrorCalendarInvalidRecurrence", make(daily, numbered("2026-03-02", 0))},
		{"ErrorCalendarInvalidRecurrence", make(`<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>32</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>`, numbered("2026-03-02", 3))},
		{"ErrorCalendarInvalidDayForWeeklyRecurrence", make(`<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek></t:WeeklyRecurrence>`, numbered("2026-03-02", 3))},
		{"ErrorCalendarEndDateIsEarlierThanStartDate", make(daily, `<t:EndDateRecurrence><t:StartDate>2026-03-02</t:StartDate><t:EndDate>2026-03-01</t:EndDate></t:EndDateRecurrence>`)},
		{"ErrorRecurrenceHasNoOccurrence", make(weekly, `<t:EndDateRecurrence><t:StartDate>2026-03-03</t:StartDate><t:EndDate>2026-03-04</t:EndDate></t:EndDateRecurrence>`)},
		{"ErrorOccurrenceTimeSpanTooBig", strings.Replace(make(daily, numbered("2026-03-02", 3)), "2026-03-02T10:00:00", "2026-03-03T10:00:00", 1)},
		{"ErrorSchemaValidation", make(numbered("2026-03-02", 3), daily)},
		{"ErrorCalendarViewRangeTooBig", `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:CalendarView StartDate="2020-01-01T00:00:00Z" EndDate="2026-01-01T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`},
		{"ErrorCalendarFolderIsInvalidForCalendarView", `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:CalendarView StartDate="2025-01-01T00:00:00Z" EndDate="2026-01-01T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>`},
	} {
		if _, n := r.try(c.body); code(n) != c.code {
			t.Errorf("%s instead of %s for %s", code(n), c.code, c.body)
		}
	}
}

// TestRuleProperties: days come in order, each once, none before the range, as many as were asked for, and all on days of
// the pattern.
func TestRuleProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
		r := rule{kind: rapid.SampledFrom([]string{"DailyRecurrence", "WeeklyRecurrence", "AbsoluteMonthlyRecurrence", "RelativeMonthlyRecurrence",
			"AbsoluteYearlyRecurrence", "RelativeYearlyRecurrence"}).Draw(t, "kind"),
			interval: rapid.IntRange(1, 99).Draw(t, "interval"), monthDay: rapid.IntRange(1, 31).Draw(t, "day"),
			month: time.Month(rapid.IntRange(1, 12).Draw(t, "month")), firstDay: time.Weekday(rapid.IntRange(0, 6).Draw(t, "first")),
			count: rapid.IntRange(1, 30).Draw(t, "count"),
			from:  time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 20000).Draw(t, "from"))}
		if r.kind == "WeeklyRecurrence" {
			r.days = rapid.SliceOfNDistinct(rapid.SampledFrom(days), 1, 7, rapid.ID[string]).Draw(t, "days")
		}
		if strings.HasPrefix(r.kind, "Relative") {
			r.days = []string{rapid.SampledFrom(append(days, "Day", "Weekday", "WeekendDay")).Draw(t, "day of the week")}
			r.index = rapid.SampledFrom([]string{"First", "Second", "Third", "Fourth", "Last"}).Draw(t, "index")
		}
		var last time.Time
		total := 0
		r.each(func(n int, day time.Time) bool {
			total++
			if n != total || !day.After(last) || day.Before(r.from) {
				t.Fatalf("%d: %s after %s", n, day, last)
			}
			if len(r.days) > 0 && !r.is(day) {
				t.Fatalf("%s is none of %v", day, r.days)
			}
			last = day
			return true
		})
		if total != r.count {
			t.Fatalf("%d days of %d", total, r.count)
		}
	})
}
