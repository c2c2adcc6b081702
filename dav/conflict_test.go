package dav_test

import (
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// phone and desk are two devices of ann.
const (
	phone = "User: ann+phone"
	desk  = "User: ann+desk"
)

// each runs a test on both databases: preconditions depend on how they lock.
func each(t *testing.T, f func(*testing.T, *server)) {
	t.Parallel()
	storetest.EachWith(t, store.Config{}, func(t *testing.T, st *store.Store) { f(t, serverOn(t, st)) })
}

func TestRefusedPutIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		base, mine, theirs := event("a", "Plan"), event("a", "Plan of the phone"), event("a", "Plan of the desk")
		tag := s.put(path, base, phone)
		s.put(path, theirs, desk, "If-Match: "+tag)
		// DAVx5 drops the change without a word after this, and a client that tries again makes no second report.
		for range 3 {
			s.call("PUT", path, mine, phone, "If-Match: "+tag).want(412)
		}
		reports := s.conflicts()
		if len(reports) != 1 {
			t.Fatalf("%d reports", len(reports))
		}
		c := reports[0]
		if string(c.Base) != base || string(c.Mine) != mine || string(c.Theirs) != theirs {
			t.Errorf("base %q\nmine %q\ntheirs %q", c.Base, c.Mine, c.Theirs)
		}
		if c.Cause != store.CausePrecondition || c.Method != "PUT" || c.Device != "token:phone" || c.Fields != `["title"]` || c.Name != "a.ics" || c.ObjectID == 0 {
			t.Errorf("%+v", c)
		}
		if got := s.call("GET", path, ""); string(got.Body) != theirs {
			t.Errorf("stored: %s", got.Body)
		}
		// The person insists: the refused text is stored after all.
		tag = s.call("GET", path, "", phone).etag()
		s.put(path, mine, phone, "If-Match: "+tag)
		if c := s.conflicts()[0]; c.Resolution != "superseded" || c.ResolvedAt == nil {
			t.Errorf("resolution %q", c.Resolution)
		}
	})
}

func TestRefusedDeleteIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		base, theirs := event("a", "Plan"), event("a", "Plan of the desk")
		tag := s.put(path, base, phone)
		s.put(path, theirs, desk, "If-Match: "+tag)
		for range 2 {
			s.call("DELETE", path, "", phone, "If-Match: "+tag).want(412)
		}
		reports := s.conflicts()
		if len(reports) != 1 || reports[0].Mine != nil || string(reports[0].Base) != base || string(reports[0].Theirs) != theirs || reports[0].Method != "DELETE" {
			t.Fatalf("%+v", reports)
		}
	})
}

// Thunderbird asks its user, and sends the same again without condition: with another time stamp and generation.
func TestInsistingSupersedes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	tag := s.put(path, event("a", "Plan"), phone)
	theirs := event("a", "Plan of the desk")
	s.put(path, theirs, desk, "If-Match: "+tag)
	mine := func(generation string) string {
		return strings.Replace(event("a", "Plan of the phone", "X-MOZ-GENERATION:"+generation), "20260101T000000Z", "20260101T00000"+generation+"Z", 1)
	}
	s.call("PUT", path, mine("1"), phone, "If-Match: "+tag).want(412)
	s.call("PUT", path, mine("2"), phone, "If-Match: "+tag).want(412)
	s.put(path, mine("3"), phone)
	reports := s.conflicts()
	if len(reports) != 2 || reports[1].Resolution != "superseded" || reports[0].ResolvedAt != nil || string(reports[0].Theirs) != theirs {
		t.Fatalf("%+v", reports)
	}
	old := s.put(path, event("a", "Again"), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
	s.call("DELETE", path, "", phone, "If-Match: "+tag).want(412)
	s.call("DELETE", path, "", phone, "If-Match: "+old).want(204)
	if r := s.conflicts(); len(r) != 3 || r[0].Resolution != "superseded" {
		t.Fatalf("%+v", r[0])
	}
}

func TestRefusedCreateIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		theirs, mine := event("a", "One"), event("a", "Other")
		s.put(path, theirs, desk)
		s.call("PUT", path, mine, phone, "If-None-Match: *").want(412)
		reports := s.conflicts()
		if len(reports) != 1 || reports[0].Base != nil || string(reports[0].Mine) != mine || string(reports[0].Theirs) != theirs {
			t.Fatalf("%+v", reports)
		}
	})
}

func TestEditOfWhatWasDeletedIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annCal + "a.ics"
		tag := s.put(path, event("a", "One"), phone)
		s.call("DELETE", path, "", desk, "If-Match: "+tag).want(204)
		mine := event("a", "Edited")
		s.call("PUT", path, mine, phone, "If-Match: "+tag).want(412)
		reports := s.conflicts()
		if len(reports) != 1 || string(reports[0].Mine) != mine || reports[0].Theirs != nil || reports[0].UID != "a" {
			t.Fatalf("%+v", reports)
		}
	})
}

func TestProbesAndLostAnswersMakeNoReport(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annCal + "a.ics"
	old := s.put(path, event("a", "One"), phone)
	// Thunderbird looks whether it may write.
	s.call("PUT", path, "", "If-Match: nothing").want(412)
	s.call("PUT", annCal, "", "If-Match: nothing").want(405, 412)
	if got := s.call("GET", path, ""); string(got.Body) != event("a", "One") {
		t.Errorf("the probe changed something: %s", got.Body)
	}
	// The answer to a PUT gets lost, and the phone sends it again.
	now := s.put(path, event("a", "Two"), phone, "If-Match: "+old)
	if again := s.put(path, event("a", "Two"), phone, "If-Match: "+old); again != now {
		t.Errorf("tag %s, was %s", again, now)
	}
	s.call("PUT", path, event("a", "Two"), phone, "If-Match: \"never\"").want(412)
	if r := s.conflicts(); len(r) != 0 {
		t.Errorf("%+v", r)
	}
}

// The heart of it: a device that names no version (Thunderbird's address book) writes over one it has not seen.
func TestBlindWriteMergesDifferentFields(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		s.put(path, card("a", "Ada Lane", "TEL;TYPE=work:+47 1", "NOTE:old", "X-KEEP:1"), desk)
		s.call("GET", path, "", phone).want(200)
		// The relay or another device changes the note, the phone then the telephone number.
		s.put(path, card("a", "Ada Lane", "TEL;TYPE=work:+47 1", "NOTE:new", "X-KEEP:1"), desk)
		r := s.call("PUT", path, card("a", "Ada Lane", "TEL;TYPE=work:+47 2", "NOTE:old", "X-KEEP:1"), phone).want(204)
		if r.Header.Get("ETag") != "" {
			t.Error("an ETag for bytes that were not stored so")
		}
		c := s.contact(path)
		if len(c.Phones) != 1 || c.Phones[0].Value != "+47 2" || c.Notes != "new" {
			t.Errorf("phones %v, notes %q", c.Phones, c.Notes)
		}
		if !strings.Contains(string(s.call("GET", path, "").Body), "X-KEEP:1") {
			t.Error("an unknown property is lost")
		}
		if n := len(s.conflicts()); n != 0 || s.metrics.merges.Load() != 1 {
			t.Errorf("%d reports, %d merges", n, s.metrics.merges.Load())
		}
		// What the phone downloads next is its base for the next time.
		s.call("GET", path, "", phone).want(200)
		if tag := s.put(path, card("a", "Ada Lane", "TEL;TYPE=work:+47 3", "NOTE:new", "X-KEEP:1"), phone); tag == "" {
			t.Error("no tag")
		}
	})
}

func TestBlindWriteOverTheSameFieldIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		base, theirs, mine := card("a", "Ada Lane", "NOTE:old"), card("a", "Ada Lane", "NOTE:theirs"), card("a", "Ada Lane", "NOTE:mine")
		s.put(path, base, desk)
		multiget := askMore("CR:addressbook-multiget", "<D:href>"+path+"</D:href>", "D:getetag", "CR:address-data")
		s.call("REPORT", annBook, multiget, phone).want(207)
		s.put(path, theirs, desk)
		s.put(path, mine, phone)
		if got := s.call("GET", path, ""); string(got.Body) != mine {
			t.Errorf("stored %s", got.Body)
		}
		reports := s.conflicts()
		if len(reports) != 1 {
			t.Fatalf("%d reports", len(reports))
		}
		c := reports[0]
		if c.Cause != store.CauseBlind || c.ResolvedAt != nil || string(c.Base) != base || string(c.Mine) != mine || string(c.Theirs) != theirs || c.Fields != `["notes"]` {
			t.Errorf("%+v", c)
		}
	})
}

// What collides is the device's, and what it had not seen beside that is kept, not only told.
func TestBlindWriteOverTheSameFieldKeepsTheOthers(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		base := card("a", "Ada Lane", "TEL;TYPE=work:+47 1", "NOTE:old", "X-KEEP:1")
		s.put(path, base, desk)
		s.call("GET", path, "", phone).want(200)
		theirs := card("a", "Ada Lane", "TEL;TYPE=work:+47 2", "NOTE:theirs", "X-KEEP:2")
		s.put(path, theirs, desk)
		r := s.call("PUT", path, card("a", "Ada Lane", "TEL;TYPE=work:+47 1", "NOTE:mine", "X-KEEP:1", "TITLE:Sailor"), phone).want(204)
		if r.Header.Get("ETag") != "" {
			t.Error("an ETag for bytes that were not stored so")
		}
		want := card("a", "Ada Lane", "NOTE:mine", "X-KEEP:2", "TITLE:Sailor", "TEL;TYPE=work:+47 2")
		if got := s.call("GET", path, ""); string(got.Body) != want {
			t.Errorf("stored %s", got.Body)
		}
		reports := s.conflicts()
		if len(reports) != 1 || reports[0].Fields != `["notes"]` || string(reports[0].Theirs) != theirs || string(reports[0].Mine) != want {
			t.Fatalf("%+v", reports)
		}
		// The device goes on from what it sent: taking back its title is no collision.
		s.call("PUT", path, card("a", "Ada Lane", "TEL;TYPE=work:+47 1", "NOTE:mine", "X-KEEP:1"), phone).want(204)
		if got := s.call("GET", path, ""); string(got.Body) != card("a", "Ada Lane", "NOTE:mine", "X-KEEP:2", "TEL;TYPE=work:+47 2") || len(s.conflicts()) != 1 {
			t.Errorf("stored %s, %d reports", got.Body, len(s.conflicts()))
		}
	})
}

func TestBlindDeleteOfWhatWasNotSeenIsReported(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		path := annBook + "a.vcf"
		base, theirs := card("a", "Ada Lane"), card("a", "Ada Lane", "NOTE:theirs")
		tag := s.put(path, base, phone)
		s.put(path, theirs, desk, "If-Match: "+tag)
		s.call("DELETE", path, "", phone).want(204)
		reports := s.conflicts()
		if len(reports) != 1 || reports[0].Mine != nil || string(reports[0].Base) != base || string(reports[0].Theirs) != theirs || reports[0].Method != "DELETE" {
			t.Fatalf("%+v", reports)
		}
		s.call("GET", path, "").want(404)
	})
}

func TestSeenVersionsAreWrittenOver(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	text := func(note string) string { return card("a", "Ada Lane", "NOTE:"+note) }
	s.put(path, text("0"), desk)
	for i, read := range []func(){
		func() { s.call("GET", path, "", phone).want(200) },
		func() { s.call("REPORT", annBook, syncBody("", "D:getetag", "CR:address-data"), phone).want(207) },
		func() {
			s.call("REPORT", annBook, askMore("CR:addressbook-query", "<CR:filter/>", "CR:address-data"), phone).want(207)
		},
		func() { s.put(path, text("own write"), phone, "If-Match: "+s.call("HEAD", path, "", desk).etag()) },
	} {
		s.put(path, text("desk"+string(rune('a'+i))), desk, "If-Match: "+s.call("GET", path, "", desk).etag())
		read()
		s.put(path, text("phone"+string(rune('a'+i))), phone)
		s.call("GET", path, "", desk)
	}
	if r := s.conflicts(); len(r) != 0 {
		t.Errorf("%d reports: %+v", len(r), r[0])
	}
	// Seeing the tag is not seeing the text.
	s.put(path, text("unseen"), desk)
	s.propfind(annBook, 1, "D:getetag")
	s.call("HEAD", path, "", phone)
	s.put(path, text("blind"), phone)
	if r := s.conflicts(); len(r) != 1 {
		t.Errorf("%d reports", len(r))
	}
}

// Programs that share the account password are told apart.
func TestProgramsWithOnePassword(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	thunderbird := "User-Agent: Mozilla/5.0 Gecko/20100101 Thunderbird/153.7.0"
	evolution := "User-Agent: Evolution/3.46.4"
	s.put(path, card("a", "Ada Lane", "NOTE:1"), thunderbird)
	s.put(path, card("a", "Ada Lane", "NOTE:2"), evolution)
	s.put(path, card("a", "Ada Lane", "NOTE:3"), thunderbird)
	reports := s.conflicts()
	if len(reports) != 2 || reports[0].ResolvedAt != nil || !strings.HasSuffix(reports[0].Device, "/Thunderbird") || !strings.HasSuffix(reports[1].Device, "/Evolution") {
		t.Errorf("%+v", reports)
	}
	if string(reports[0].Base) != card("a", "Ada Lane", "NOTE:1") {
		t.Errorf("base %s", reports[0].Base)
	}
}

// One program with two names is one device, and two that look alike are two.
func TestProgramsUnderOtherNames(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	thunderbird := "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.7.0"
	betterbird := "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Betterbird/128.7.0"
	reads := "User-Agent: Mozilla/5.0 (X11; Linux x86_64) KHTML/5.103 (like Gecko) Konqueror/5.0 KIO/5.103 akonadi_davgroupware_resource_0/5.22.3"
	writes := "User-Agent: KDE DAV groupware client"
	s.put(path, card("a", "Ada Lane", "NOTE:1"), thunderbird)
	s.call("GET", path, "", reads).want(200)
	s.put(path, card("a", "Ada Lane", "NOTE:2"), writes)
	if reports := s.conflicts(); len(reports) != 0 {
		t.Errorf("KDE has seen what it writes over: %+v", reports)
	}
	s.call("GET", path, "", betterbird).want(200)
	s.put(path, card("a", "Ada Lane", "NOTE:3"), thunderbird)
	if reports := s.conflicts(); len(reports) != 1 || !strings.HasSuffix(reports[0].Device, "/Thunderbird") {
		t.Errorf("what Betterbird read Thunderbird has not: %+v", reports)
	}
}

// contact is the typed view of a card.
func (s *server) contact(path string) *pim.Contact {
	s.t.Helper()
	c, err := vcf.Parse(s.call("GET", path, "").want(200).Body, vcf.DefaultLimits())
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Item()
}
