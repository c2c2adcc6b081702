package ewssim

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func unb64(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// FuzzRequest sends anything: the answer is always one that a web server gives, and what comes as XML is some.
func FuzzRequest(f *testing.F) {
	sim, err := New(Options{Mailboxes: people(), Secret: []byte("fuzz"), Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{getInbox, syncFolder("calendar", "", 5), `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>` + plainEvent + `</m:Items></m:CreateItem>`,
		`<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:MimeContent>Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvbWl4ZWQ7IGJvdW5kYXJ5PXgNCg0KLS14DQoNCmENCi0teC0t</t:MimeContent></t:Message></m:Items></m:CreateItem>`,
		`<m:CreateItem SendMeetingInvitations="SendOnlyToAll"><m:Items>` + seriesText("W. Europe Standard Time", "2026-03-16", weekly, numbered("2026-03-16", 4)) + `</m:Items></m:CreateItem>`,
		`<m:CreateItem><m:Items><t:Task><t:StartDate>2026-01-01T00:00:00</t:StartDate></t:Task></m:Items></m:CreateItem>`, findText("tasks", ""), subscribeText(allEvents),
		`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem><t:MimeContent>` + b64("BEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=DAILY\nEND:VEVENT\n") + `</t:MimeContent></t:CalendarItem></m:Items></m:CreateItem>`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "GetStreamingEvents") {
			return // answers for minutes
		}
		text := `<s:Envelope xmlns:s="` + nsSoap + `" xmlns:t="` + nsTypes + `" xmlns:m="` + nsMessages + `"><s:Body>` + body + `</s:Body></s:Envelope>`
		req := httptest.NewRequest("POST", "/EWS/Exchange.asmx", strings.NewReader(text))
		req.Header.Set("Content-Type", "text/xml")
		req.SetBasicAuth("ann@example.org", "ann-secret")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		switch w.Code {
		case 200, 500:
			if _, err := parseXML(w.Body.Bytes()); err != nil {
				t.Errorf("answer %v: %s", err, w.Body)
			}
		case 400:
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}

// FuzzCalendarText imports any text as an appointment.
func FuzzCalendarText(f *testing.F) {
	f.Add("BEGIN:VEVENT\nSUMMARY:x\nDTSTART;TZID=Europe/Vienna:20260316T090000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20300101\nATTENDEE:x\nEND:VEVENT\n")
	sim, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		c := &call{Sim: sim, zone: time.UTC, now: time.Unix(0, 0)}
		d := newDraft("CalendarItem", time.UTC)
		if c.fromCalendar(d, text) == nil && c.settle(d, view{}) == nil {
			_ = c.settleSeries(&item{}, d) // bounded, whatever the rule says
		}
	})
}

// FuzzNTLM reads any message of a login.
func FuzzNTLM(f *testing.F) {
	sim, err := New(Options{Mailboxes: people()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(authenticateMessage([]byte("12345678"), "ann", "EXAMPLE", "wrong"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		if sim.verifyNTLM(msg, []byte("87654321")) != nil {
			t.Error("let in")
		}
	})
}

// FuzzParseFault reads any text of the command line.
func FuzzParseFault(f *testing.F) {
	f.Add("busy,op=GetItem,count=2")
	f.Fuzz(func(t *testing.T, text string) {
		if fault, err := ParseFault(text); err == nil && fault.check() != nil {
			t.Errorf("%q was taken", text)
		}
	})
}
