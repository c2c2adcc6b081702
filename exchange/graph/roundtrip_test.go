package graph

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/exchange"
	"crmbridge/pim"
)

func testConnector(zone string) *connector {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	c := &connector{zone: loc, photos: true, env: exchange.Env{Zone: zone, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
	c.eventTable, c.taskTable, c.contactTable = c.eventFields(), c.taskFields(), c.contactFields()
	return c
}

// sent is what a draft says over the wire, read as an answer that repeats it.
func sent[R any](t *rapid.T, d *draft[R], into any) {
	b, err := json.Marshal(d.props)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
}

func differ(t *rapid.T, got, want pim.Item, within pim.FieldSet) {
	for _, id := range pim.Diff(got, want, within).IDs() {
		f, _ := pim.FieldByID(id)
		t.Errorf("%s is %q, want %q", id, f.Text(got), f.Text(want))
	}
}

func drawWhen(t *rapid.T, name string) pim.When {
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 10*365*24*60).Draw(t, name)) * time.Minute)
	return pim.At(at, rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Antarctica/Troll"}).Draw(t, name+" zone"))
}

// The fields of an event go out and come back by the table alone.
func TestEventsComeBack(t *testing.T) {
	t.Parallel()
	c := testConnector("Europe/Helsinki")
	rapid.Check(t, func(t *rapid.T) {
		it := &pim.Event{Start: drawWhen(t, "start"), Free: rapid.Bool().Draw(t, "free")}
		it.End = pim.At(it.Start.Time.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "minutes"))*time.Minute), it.Start.Zone)
		if rapid.Bool().Draw(t, "all day") {
			it.Start = pim.On(it.Start.Time.Date())
			it.End = pim.When{Time: it.Start.Time.AddDate(0, 0, rapid.IntRange(1, 9).Draw(t, "days")), Date: true}
		}
		it.Title, it.Notes, it.Location = rapid.StringN(0, 200, -1).Draw(t, "title"), rapid.String().Draw(t, "notes"), rapid.StringN(0, 200, -1).Draw(t, "place")
		it.Categories = rapid.SliceOfN(rapid.StringN(1, 9, -1), 0, 3).Draw(t, "categories")
		it.Priority = rapid.SampledFrom([]int{0, 1, 9}).Draw(t, "priority")
		it.Class = rapid.SampledFrom([]pim.Class{pim.Public, pim.Private, pim.Confidential}).Draw(t, "class")
		if !it.Free && rapid.Bool().Draw(t, "tentative") {
			it.Status = pim.Tentative
		}
		if rapid.Bool().Draw(t, "reminder") {
			it.Reminders = []pim.Reminder{{Before: time.Duration(rapid.IntRange(0, 9999).Draw(t, "before")) * time.Minute}}
		}
		d := &draft[*event]{props: map[string]any{}, now: &event{}, fresh: true, set: pim.AllOf(pim.KindEvent).Minus(pim.Set(pim.FieldRecurrence))}
		if err := c.eventTable.write(d, it); err != nil {
			t.Fatal(err)
		}
		var e event
		sent(t, d, &e)
		e.Zone = e.Start.TimeZone // as Graph tells it when it is asked in UTC
		got := c.item(&e)
		differ(t, got, it, pim.AllOf(pim.KindEvent))
	})
}

// The days and reminders of a task are the user's, wherever the clock of the text stood.
func TestTasksComeBack(t *testing.T) {
	t.Parallel()
	c := testConnector("America/Los_Angeles")
	rapid.Check(t, func(t *rapid.T) {
		day := func(name string) pim.When {
			if rapid.Bool().Draw(t, name+" absent") {
				return pim.When{}
			}
			return pim.On(drawWhen(t, name).Time.Date())
		}
		it := &pim.Task{Start: day("start"), Due: day("due")}
		it.Title, it.Notes = rapid.StringN(0, 200, -1).Draw(t, "title"), rapid.String().Draw(t, "notes")
		if it.Status = rapid.SampledFrom([]pim.Status{pim.NeedsAction, pim.InProcess, pim.Completed}).Draw(t, "status"); it.Status == pim.Completed {
			it.Completed = day("completed")
		}
		if !it.Start.IsZero() || !it.Due.IsZero() {
			it.Reminders = []pim.Reminder{{Before: time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "before")) * time.Minute, End: it.Start.IsZero()}}
		}
		d := &draft[*task]{props: map[string]any{}, now: &task{}, fresh: true, set: pim.AllOf(pim.KindTask)}
		if err := c.taskTable.write(d, it); err != nil {
			t.Fatal(err)
		}
		var v task
		sent(t, d, &v)
		for _, at := range []*dateTime{v.Start, v.Due, v.Completed} {
			if at != nil { // Graph tells it in UTC
				*at = dateTime{at.instant().Format(clockLayout), "UTC"}
			}
		}
		got := &pim.Task{}
		c.taskTable.read(&v, got)
		differ(t, got, it, pim.AllOf(pim.KindTask))
	})
}

// What there is room for in a contact comes back, and what there is none for is told.
func TestContactsComeBackOrAreTold(t *testing.T) {
	t.Parallel()
	c := testConnector("Europe/Oslo")
	labels := []string{"work", "home", "cell", "fax,work", "", "other", "main"}
	rapid.Check(t, func(t *rapid.T) {
		it := &pim.Contact{FullName: rapid.String().Draw(t, "name"), Given: rapid.String().Draw(t, "given"), Notes: rapid.String().Draw(t, "notes")}
		for n := range rapid.IntRange(0, 8).Draw(t, "phones") {
			it.Phones = append(it.Phones, pim.Labeled{Label: rapid.SampledFrom(labels).Draw(t, "label"), Value: "+47 " + string(rune('0'+n))})
		}
		for n := range rapid.IntRange(0, 5).Draw(t, "emails") {
			it.Emails = append(it.Emails, pim.Labeled{Value: string(rune('a'+n)) + "@example.org", Preferred: rapid.Bool().Draw(t, "preferred")})
		}
		for n := range rapid.IntRange(0, 5).Draw(t, "addresses") {
			it.Addresses = append(it.Addresses, pim.Address{Label: rapid.SampledFrom(labels).Draw(t, "place"), Street: "Street " + string(rune('0'+n))})
		}
		d := &draft[*contact]{props: map[string]any{}, now: &contact{}, fresh: true, set: pim.AllOf(pim.KindContact)}
		if err := c.contactTable.write(d, it); err != nil {
			t.Fatal(err)
		}
		var v contact
		sent(t, d, &v)
		got := &pim.Contact{}
		c.contactTable.read(&v, got)
		differ(t, got, it, pim.Set(pim.FieldFullName, pim.FieldName, pim.FieldNotes))
		told := map[string]bool{}
		for _, n := range d.notes {
			told[n.Wanted] = true
		}
		there := map[string]bool{}
		for _, p := range got.Phones {
			there[p.Value] = true
		}
		for _, e := range got.Emails {
			there[e.Value] = true
		}
		for _, a := range got.Addresses {
			there[a.Street] = true
		}
		check := func(value string) {
			if there[value] == told[value] {
				t.Errorf("%q is there: %v, told as lost: %v", value, there[value], told[value])
			}
		}
		for _, p := range it.Phones {
			check(p.Value)
		}
		for _, e := range it.Emails {
			check(e.Value)
		}
		for _, a := range it.Addresses {
			check(a.Street)
		}
	})
}

// Whatever Graph answers, it is read or refused.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"id":"x","type":"seriesMaster","start":{"dateTime":"2026-10-12T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-10-12T11:00:00","timeZone":"UTC"},"originalStartTimeZone":"W. Europe Standard Time",` +
			`"recurrence":{"pattern":{"type":"weekly","interval":1,"daysOfWeek":["monday"]},"range":{"type":"numbered","numberOfOccurrences":5,"startDate":"2026-10-12"}},` +
			`"cancelledOccurrences":["OID.x.2026-10-19","OID","x.y"],"exceptionOccurrences":[{"id":"y","originalStart":"2026-10-26T09:00:00Z","start":{"dateTime":"soon"}},{"id":"z"}]}`,
		`{"isAllDay":true,"start":null,"end":{"dateTime":"2026-10-12T22:00:00","timeZone":"?"},"attendees":[{}],"body":{"contentType":"html","content":"<p>"}}`,
		`{"dueDateTime":{},"recurrence":{"pattern":{"type":"absoluteYearly","month":99,"dayOfMonth":-1},"range":{"type":"noEnd"}},"isReminderOn":true,"reminderDateTime":{"dateTime":"x"}}`,
		`{"emailAddresses":[null],"businessAddress":null,"birthday":"9999-99-99","imAddresses":null}`, `[]`, `null`, `{"id":1}`,
	} {
		f.Add([]byte(s))
	}
	c := testConnector("Europe/Oslo")
	f.Fuzz(func(t *testing.T, b []byte) {
		var e event
		if json.Unmarshal(b, &e) == nil {
			s := &events{c, "x"}
			rec := s.record(&e)
			if it := rec.Item.(*pim.Event); it.Recurrence != nil {
				c.shown(c.window(remoteScope(time.Time{}, time.Time{})), it)
			}
		}
		var v task
		if json.Unmarshal(b, &v) == nil {
			(&tasks{c, "x"}).record(&v)
		}
		var k contact
		if json.Unmarshal(b, &k) == nil {
			(&contacts{c, "x"}).record(&k)
		}
	})
}
