package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"crmbridge/crm/creatio/creatiosim"
)

// guests are people that the CRM knows and alice invites.
func guests(t *testing.T, sim *creatiosim.Sim, n int) []string {
	t.Helper()
	var out []string
	for i := range n {
		mail := fmt.Sprintf("guest%d@example.org", i)
		if _, err := sim.Add("Contact", creatiosim.Fields{"Name": fmt.Sprintf("Gus Guest %d", i), "Email": mail}); err != nil {
			t.Fatal(err)
		}
		out = append(out, mail)
	}
	return out
}

func meetingWith(uid, title string, mails []string) string {
	lines := "ORGANIZER:mailto:alice@example.org\r\n"
	for _, m := range mails {
		lines += "ATTENDEE;CN=Guest:mailto:" + m + "\r\n"
	}
	return strings.Replace(meeting(uid, title), "END:VEVENT", lines+"END:VEVENT", 1)
}

// participants are how many guests, owners not counted, the CRM has at meetings.
func participants(sim *creatiosim.Sim) int {
	n := 0
	for _, r := range sim.Records("ActivityParticipant") {
		if r.Ref("ParticipantId") != sim.ContactOf("owner") {
			n++
		}
	}
	return n
}

// TestPartialCreate: a meeting whose participants the CRM refuses, or whose answer
// is lost half-way, is on both sides once in the end, with its participants.
func TestPartialCreate(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]creatiosim.Fault{
		"refused":   {Kind: creatiosim.FaultStatus, Status: 403, Message: "No rights"},
		"not found": {Kind: creatiosim.FaultStatus, Status: 404, Message: "Not found"},
		"down":      {Kind: creatiosim.FaultUnavailable},
		"cut off":   {Kind: creatiosim.FaultReset},
		"busy":      {Kind: creatiosim.FaultBusy, RetryAfter: 1},
		"second":    {Kind: creatiosim.FaultStatus, Status: 403, Message: "No rights", After: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, "")
			p.alice()
			sim, srv := newCreatio(t)
			p.link(srv)
			mails := guests(t, sim, 2)
			f.Entity, f.Method = "ActivityParticipant", "POST"
			id, err := sim.AddFault(f)
			if err != nil {
				t.Fatal(err)
			}
			s := p.serve()
			status, body := p.request("PUT", "/dav/calendars/alice/calendar/m.ics", meetingWith("m", "tok-partial", mails), nil)
			s.stop()
			if status != http.StatusCreated {
				t.Fatalf("PUT: %d %s", status, body)
			}
			for range 2 {
				p.cmd("", "sync", "run", "crm") // its outcome is the fault's
			}
			if sim.Struck(id) == 0 || there(sim)["tok-partial"] != 1 || participants(sim) == len(mails) {
				t.Fatalf("no create in part: %v, %d participants, struck %d times", there(sim), participants(sim), sim.Struck(id))
			}
			sim.RemoveFault(id)
			for range 2 {
				p.cmd("", "sync", "run", "crm", "--full")
			}
			p.must("", "sync", "run", "crm", "--full")
			s = p.serve()
			defer s.stop()
			h, c := p.here(), there(sim)
			if len(h) != 1 || len(c) != 1 || h["tok-partial"] != 1 || c["tok-partial"] != 1 {
				t.Errorf("%v here, %v there", h, c)
			}
			if n := participants(sim); n != len(mails) {
				t.Errorf("the CRM has %d participants, want %d", n, len(mails))
			}
			_, text := p.get("/dav/calendars/alice/calendar/m.ics")
			for _, m := range mails {
				if strings.Count(text, m) != 1 {
					t.Errorf("%s is not in the calendar any more, once:\n%s", m, text)
				}
			}
			if t.Failed() {
				t.Log(p.must("", "sync", "status"))
			}
		})
	}
}
