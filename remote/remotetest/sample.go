package remotetest

import (
	"fmt"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// firstDay is a Monday in the middle of a year, far from changes of the clock.
var firstDay = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// Sample is item number n of a kind: every field filled in some number, values
// that differ from number to number, and only what a remote with these traits
// carries.
func (h Harness) Sample(tr remote.Traits, k pim.Kind, n int) pim.Item {
	full := h.full(k, n)
	out := pim.New(k)
	pim.Copy(out, full, tr.Carries[k].Minus(tr.ReadOnly))
	return out
}

func (a *account) sample(k pim.Kind, n int) pim.Item { return a.h.Sample(a.traits, k, n) }

func (h Harness) full(k pim.Kind, n int) pim.Item {
	var it pim.Item
	switch k {
	case pim.KindEvent:
		it = sampleEvent(n)
	case pim.KindTask:
		it = sampleTask(n)
	case pim.KindContact:
		it = sampleContact(n)
	default:
		it = sampleMessage(n)
	}
	if h.Fix != nil {
		h.Fix(it, n)
	}
	return it
}

// minimal is item number n with little more than what is required.
func (a *account) minimal(k pim.Kind, n int) pim.Item {
	full := a.sample(k, n)
	out := pim.New(k)
	keep := pim.Set(pim.FieldSent, pim.FieldTitle, pim.FieldTime, pim.FieldDue, pim.FieldStart, pim.FieldFullName, pim.FieldName)
	pim.Copy(out, full, keep.Or(a.traits.Required[k]).And(a.traits.Carries[k]))
	return out
}

func sampleActivity(n int) pim.Activity {
	return pim.Activity{
		Title:      fmt.Sprintf("Quarterly review %d, Øresund & co", n),
		Notes:      fmt.Sprintf("First line %d\nsecond line\n\nlast line", n),
		Location:   fmt.Sprintf("Room %d, 3rd floor", n),
		Categories: []string{fmt.Sprintf("Group %d", n), "Follow-up"},
		Priority:   []int{1, 5, 9}[n%3],
		Class:      []pim.Class{pim.Private, pim.Confidential}[n%2],
		Reminders:  []pim.Reminder{{Before: time.Duration(15*(n+1)) * time.Minute}},
		Organizer:  pim.Person{Name: fmt.Sprintf("Olga Organiser %d", n), Email: fmt.Sprintf("olga%d@example.org", n)},
		Attendees: []pim.Attendee{
			{Person: pim.Person{Name: fmt.Sprintf("Anna Attendee %d", n), Email: fmt.Sprintf("anna%d@example.org", n)}, Answer: "accepted"},
			{Person: pim.Person{Name: "Bo Both", Email: "bo@example.org"}, Optional: n%2 == 0},
		},
		Attachments: []pim.Attachment{
			pim.NewAttachment(fmt.Sprintf("offer, %d.txt", n), "text/plain", fmt.Appendf(nil, "Offer %d\r\n\x00\xff", n)),
			pim.NewAttachment("plan.pdf", "application/pdf", []byte("%PDF-1.4\n")),
		},
		Recurrence: &pim.Recurrence{Rules: []string{fmt.Sprintf("FREQ=DAILY;COUNT=%d", n+2)}},
		CRM: pim.Relations{
			Type: fmt.Sprintf("Type %d", n), Number: fmt.Sprintf("A-%d", n), Company: fmt.Sprintf("Company %d", n),
			Contact: fmt.Sprintf("Anna Attendee %d", n), Project: fmt.Sprintf("Project %d", n), Owner: fmt.Sprintf("Owner %d", n),
			Result: fmt.Sprintf("Result %d", n), Report: fmt.Sprintf("They were interested in %d pieces.", n),
		},
	}
}

func sampleEvent(n int) *pim.Event {
	start := firstDay.Add(time.Duration(n%200) * time.Hour)
	e := &pim.Event{Activity: sampleActivity(n), Start: pim.At(start, ""), End: pim.At(start.Add(time.Duration(30+n%3*15)*time.Minute), ""), Free: n%2 == 0}
	e.Status = []pim.Status{pim.Confirmed, pim.Cancelled}[n%2]
	return e
}

func sampleTask(n int) *pim.Task {
	start := firstDay.Add(time.Duration(n%200) * time.Hour)
	t := &pim.Task{
		Activity: sampleActivity(n), Start: pim.At(start, ""), Due: pim.At(start.Add(time.Duration(25*(1+n%3))*time.Hour), ""),
		Completed: pim.At(start.Add(time.Duration(n%3+1)*time.Hour), ""), Percent: 25 * (1 + n%3),
		Effort: time.Duration(n+1) * time.Hour, Spent: time.Duration(n+1) * 30 * time.Minute,
	}
	t.Status = []pim.Status{pim.NeedsAction, pim.InProcess, pim.Completed}[n%3]
	return t
}

func sampleContact(n int) *pim.Contact {
	return &pim.Contact{
		FullName: fmt.Sprintf("Karin Middle%d Håkansson%d", n, n),
		Prefix:   []string{"Dr.", "Prof."}[n%2], Given: "Karin", Middle: fmt.Sprintf("Middle%d", n), Family: fmt.Sprintf("Håkansson%d", n), Suffix: []string{"PhD", "MSc"}[n%2],
		Nickname: fmt.Sprintf("Kaja%d", n),
		Company:  fmt.Sprintf("Company %d", n), Department: fmt.Sprintf("Department %d", n), Title: fmt.Sprintf("Head of section %d", n), Role: fmt.Sprintf("Role %d", n),
		Phones: []pim.Labeled{{Label: "work", Value: fmt.Sprintf("+47 22 33 44 %02d", n%100), Preferred: true}, {Label: "cell", Value: fmt.Sprintf("+47 900 00 0%02d", n%100)}},
		Emails: []pim.Labeled{{Label: "work", Value: fmt.Sprintf("karin%d@example.org", n), Preferred: true}, {Label: "home", Value: fmt.Sprintf("kaja%d@home.example.org", n)}},
		URLs:   []pim.Labeled{{Label: "work", Value: fmt.Sprintf("https://example.org/~karin%d", n)}},
		IMs:    []pim.Labeled{{Label: "skype", Value: fmt.Sprintf("karin.skype%d", n)}},
		Addresses: []pim.Address{
			{Label: "work", Street: fmt.Sprintf("Storgata %d", n), City: "Oslo", Region: "Østlandet", PostalCode: fmt.Sprintf("01%02d", n%100), Country: "Norway", Preferred: true},
		},
		Birthday: pim.On(1970+n%30, time.May, 17), Anniversary: pim.On(2000+n%20, time.July, 1),
		Notes: fmt.Sprintf("Met at fair %d\nlikes tea", n), Categories: []string{fmt.Sprintf("Group %d", n), "Fair"},
		Photo: []byte{0xff, 0xd8, 0xff, byte(n)}, Gender: []string{"F", "M"}[n%2],
		Group: n%2 == 0, Members: []string{fmt.Sprintf("urn:uuid:member-%d", n)},
		Salutation: fmt.Sprintf("Salutation %d", n), Type: fmt.Sprintf("Type %d", n), DecisionRole: fmt.Sprintf("Decision role %d", n),
		DoNotUse: [][]string{{"call", "email"}, {"fax", "mail", "sms"}}[n%2], Owner: fmt.Sprintf("Owner %d", n), Access: "read",
	}
}

// sampleMessage has no files: those come by FileKeeper.
func sampleMessage(n int) *pim.Message {
	person := func(name string) pim.Person {
		return pim.Person{Name: fmt.Sprintf("%s Correspondent %d", name, n), Email: fmt.Sprintf("%s%d@example.org", strings.ToLower(name), n)}
	}
	at := firstDay.Add(time.Duration(n%200) * time.Hour)
	return &pim.Message{
		MessageID: fmt.Sprintf("message-%d@example.org", n), Subject: fmt.Sprintf("Offer %d, Øresund & co", n),
		From: person("Fay"), To: []pim.Person{person("Tom"), person("Tess")}, Cc: []pim.Person{person("Cy")}, Bcc: []pim.Person{person("Bea")},
		Way: []pim.Way{pim.Received, pim.Sent}[n%2], Sent: pim.At(at, ""), Received: pim.At(at.Add(time.Minute), ""),
		Class: []pim.Class{pim.Private, pim.Confidential}[n%2], Categories: []string{fmt.Sprintf("Group %d", n), "Follow-up"},
		Text: fmt.Sprintf("First line %d\nsecond line\n\nlast line", n), HTML: fmt.Sprintf("<p>First line %d</p><p>last line</p>", n),
		CRM: sampleActivity(n).CRM,
	}
}

// expect is what must come back of it under the remote's declared weaknesses.
func (a *account) expect(it pim.Item) pim.Item {
	out := pim.Clone(it)
	switch v := out.(type) {
	case *pim.Event:
		v.Start, v.End = a.eventTime(v.Start), a.eventTime(v.End)
		a.limitActivity(&v.Activity)
	case *pim.Task:
		v.Start, v.Due, v.Completed = a.taskTime(v.Start), a.taskTime(v.Due), a.taskTime(v.Completed)
		a.limitActivity(&v.Activity)
	case *pim.Message:
		v.Sent, v.Received = a.eventTime(v.Sent), a.eventTime(v.Received)
		v.Subject, v.Text, v.HTML = a.limit(pim.FieldTitle, v.Subject), a.limit(pim.FieldNotes, v.Text), a.limit(pim.FieldHTML, v.HTML)
	case *pim.Contact:
		v.FullName, v.Notes = a.limit(pim.FieldFullName, v.FullName), a.limit(pim.FieldNotes, v.Notes)
		v.Title, v.Nickname = a.limit(pim.FieldJobTitle, v.Title), a.limit(pim.FieldNickname, v.Nickname)
	}
	return out
}

func (a *account) limitActivity(v *pim.Activity) {
	v.Title, v.Notes = a.limit(pim.FieldTitle, v.Title), a.limit(pim.FieldNotes, v.Notes)
	v.Location, v.CRM.Report = a.limit(pim.FieldLocation, v.Location), a.limit(pim.FieldReport, v.CRM.Report)
}

func (a *account) limit(f pim.FieldID, s string) string {
	n := a.traits.TextLimit[f]
	if rs := []rune(s); n > 0 && len(rs) > n {
		return string(rs[:n])
	}
	return s
}

func (a *account) zone() *time.Location {
	loc, err := time.LoadLocation(a.Zone)
	if err != nil {
		a.t.Fatalf("harness: zone: %v", err)
	}
	return loc
}

func (a *account) eventTime(w pim.When) pim.When {
	if w.Date && !a.traits.AllDay {
		y, m, d := w.Time.Date()
		w = pim.At(time.Date(y, m, d, 0, 0, 0, 0, a.zone()), a.Zone)
	}
	return w.Truncate(a.traits.TimeStep)
}

func (a *account) taskTime(w pim.When) pim.When {
	if a.traits.TimeStep < 24*time.Hour || w.IsZero() || w.Date {
		return w.Truncate(a.traits.TimeStep)
	}
	return pim.On(w.Time.In(a.zone()).Date())
}

// same reports the carried fields in which got is not what must come back of sent.
func (a *account) same(what string, got, sent pim.Item) {
	a.t.Helper()
	k := sent.Kind()
	if got == nil || got.Kind() != k {
		a.t.Fatalf("%s: got %v, want a %s", what, got, k)
	}
	want := a.expect(sent)
	a.report(what, got, want, a.traits.Carries[k].Minus(a.traits.ReadOnly))
	a.report(what+": not declared in Carries", got, pim.New(k), pim.AllOf(k).Minus(a.traits.Carries[k]).Minus(a.traits.ReadOnly))
}

func (a *account) report(what string, got, want pim.Item, within pim.FieldSet) {
	a.t.Helper()
	for _, id := range pim.Diff(got, want, within).IDs() {
		f, _ := pim.FieldByID(id)
		a.t.Errorf("%s: %s is %q, want %q", what, id, f.Text(got), f.Text(want))
	}
}

func (a *account) entry(it pim.Item) remote.Entry {
	return remote.Entry{UID: "uid-" + fresh(), Item: it}
}
