package dav_test

import (
	"strings"
	"testing"

	"crmbridge/store"
)

// RFC 4791 5.3.2.1 and RFC 6352 6.3.2.1: neither COPY nor MOVE puts an object over one that has another UID.
func TestTransfersOverAnotherUID(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.call("MKCALENDAR", calHome+"work/", "").want(201)
		s.call("MKCOL", bookHome+"work/", `<D:mkcol`+declarations+`><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`).want(201)
		for _, c := range []struct{ space, from, to, mine, theirs string }{
			{nsC, annCal + "a.ics", calHome + "work/b.ics", event("a", "A"), event("b", "B")},
			{nsC, annCal + "c.ics", annCal + "d.ics", event("c", "C"), event("d", "D")},
			{nsCR, annBook + "a.vcf", bookHome + "work/b.vcf", card("a", "Ada"), card("b", "Bea")},
		} {
			tag := s.put(c.from, c.mine)
			s.put(c.to, c.theirs)
			for _, method := range []string{"COPY", "MOVE"} {
				s.call(method, c.from, "", "Destination: "+c.to, "Overwrite: F").want(412)
				uid := s.call(method, c.from, "", "Destination: "+c.to, "If-Match: "+tag).want(403).condition(c.space, "no-uid-conflict")
				if href := uid.child(nsD, "href"); href == nil || href.Text != c.to && href.Text != c.from {
					t.Errorf("%s to %s: %v", method, c.to, href)
				}
				if got := s.call("GET", c.to, "").want(200); string(got.Body) != c.theirs {
					t.Errorf("%s: %s", method, got.Body)
				}
				s.call("GET", c.from, "").want(200)
			}
		}
	})
}

// What a COPY or MOVE writes over is compared with what the device saw, as in a PUT or DELETE.
func TestTransfersOverWhatWasNotSeenAreReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.call("MKCALENDAR", calHome+"work/", "").want(201)
		from, to := annCal+"c.ics", calHome+"work/d.ics"
		mine, theirs := event("c", "Mine"), event("c", "Newer")
		s.put(from, mine, phone)
		base := event("c", "Base")
		tag := s.put(to, base, phone)
		s.put(to, theirs, desk, "If-Match: "+tag)
		for i, method := range []string{"COPY", "MOVE"} {
			s.call(method, from, "", phone, "Destination: "+to).want(204)
			reports := s.conflicts()
			if len(reports) != i+1 {
				t.Fatalf("%s: %d reports", method, len(reports))
			}
			c := reports[0]
			if c.Cause != store.CauseBlind || c.Method != method || c.Name != "d.ics" || c.Device != "token:phone" || c.Fields != `["title"]` ||
				string(c.Base) != base || string(c.Mine) != mine || string(c.Theirs) != theirs || c.TheirVersion == "" || c.ResolvedAt != nil {
				t.Errorf("%s: %+v", method, c)
			}
			if int(s.metrics.conflicts.Load()) != i+1 {
				t.Errorf("%d counted", s.metrics.conflicts.Load())
			}
			if method == "COPY" { // the desk puts its text back, which the phone still has not seen
				base = mine
				theirs = event("c", "Newer again")
				s.put(to, theirs, desk, "If-Match: "+s.call("HEAD", to, "", desk).etag())
			}
		}
	})
}

// A transfer over what the device saw, over the same text, or under a condition that names the destination loses nothing.
func TestTransfersOverWhatWasSeenMakeNoReport(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call("MKCALENDAR", calHome+"work/", "").want(201)
	from, to := annCal+"c.ics", calHome+"work/c.ics"
	s.put(from, event("c", "Mine"), phone)
	s.put(to, event("c", "Theirs"), desk)
	s.call("GET", to, "", phone).want(200)
	s.call("COPY", from, "", phone, "Destination: "+to).want(204)
	// A copy of what the phone has is known to it.
	s.call("COPY", from, "", phone, "Destination: "+to).want(204)
	s.put(to, event("c", "Mine, again"), phone)
	s.put(to, event("c", "Mine"), desk, "If-Match: "+s.call("HEAD", to, "", desk).etag())
	s.call("COPY", from, "", phone, "Destination: "+to).want(204) // the same text
	tag := s.put(to, event("c", "Newest"), desk, "If-Match: "+s.call("HEAD", to, "", desk).etag())
	s.call("MOVE", from, "", phone, "Destination: "+to, `If: <`+to+`> ([`+tag+`])`).want(204)
	if r := s.conflicts(); len(r) != 0 {
		t.Errorf("%d reports: %+v", len(r), r[0])
	}
}

// A device that never downloaded anything knows no version but its own.
func TestBlindDeleteByAStrangerIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		theirs := event("q", "Plan")
		s.put(annCal+"q.ics", theirs, desk)
		s.call("DELETE", annCal+"q.ics", "", phone).want(204)
		reports := s.conflicts()
		if len(reports) != 1 || reports[0].Cause != store.CauseBlind || reports[0].Mine != nil || reports[0].Base != nil || string(reports[0].Theirs) != theirs {
			t.Fatalf("%+v", reports)
		}
		// What it made itself it knows, under any name.
		s.put(annCal+"own.ics", event("own", "Own"), phone)
		s.call("MOVE", annCal+"own.ics", "", phone, "Destination: "+annCal+"moved.ics").want(201)
		s.call("DELETE", annCal+"moved.ics", "", phone).want(204)
		// A new name is no new text.
		s.put(annCal+"r.ics", event("r", "Plan"), phone)
		s.call("MOVE", annCal+"r.ics", "", desk, "Destination: "+annCal+"s.ics").want(201)
		s.call("DELETE", annCal+"s.ics", "", phone).want(204)
		if n := len(s.conflicts()); n != 1 {
			t.Errorf("%d reports", n)
		}
	})
}

// A condition that holds without naming the version that is there does not make a write less blind.
func TestConditionsThatNameNoVersion(t *testing.T) {
	t.Parallel()
	for header, named := range map[string]bool{
		`If-Match: *`:                          false,
		`If-None-Match: "other"`:               false,
		`If: (Not <DAV:no-lock>)`:              false,
		`If: (["TAG"]) (Not <DAV:no-lock>)`:    false,
		`If: <` + annTasks + `> (Not ["TAG"])`: false,
		`If: (["TAG"])`:                        true,
		`If: <` + annCal + `a.ics> (["TAG"])`:  true,
		`If: <` + annCal + `> (<TOKEN>)`:       true,
		`If-Match: "TAG"`:                      true,
	} {
		s := newServer(t)
		s.put(annCal+"a.ics", event("a", "One"), phone)
		tag := s.put(annCal+"a.ics", event("a", "Two"), desk, "If-Match: "+s.call("HEAD", annCal+"a.ics", "").etag())
		token := s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token")
		header := strings.NewReplacer(`"TAG"`, tag, "TOKEN", token).Replace(header)
		s.call("PUT", annCal+"a.ics", event("a", "Three"), phone, header, "Content-Type: text/calendar").want(204)
		if reported := len(s.conflicts()) == 1; reported == named {
			t.Errorf("%s: %d reports", header, len(s.conflicts()))
		}
	}
}

// An alarm that both devices changed is reported, and what the other device added stands beside the one of the device.
func TestBlindWriteOfAnAlarm(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		ring := func(id, before string) string {
			return "BEGIN:VALARM\r\nUID:" + id + "\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT" + before + "\r\nEND:VALARM"
		}
		tag := s.put(path, event("a", "Plan", ring("1", "5M")), phone)
		s.put(path, event("a", "Plan", ring("1", "6M"), ring("2", "1H")), desk, "If-Match: "+tag)
		s.call("PUT", path, event("a", "Plan", ring("1", "7M")), phone).want(204)
		if reports := s.conflicts(); len(reports) != 1 || !strings.Contains(string(reports[0].Theirs), "-PT6M") {
			t.Errorf("%d reports", len(reports))
		}
		got := string(s.call("GET", path, "").want(200).Body)
		if !strings.Contains(got, "-PT7M") || !strings.Contains(got, "-PT1H") || strings.Contains(got, "-PT6M") {
			t.Errorf("%s", got)
		}
	})
}
