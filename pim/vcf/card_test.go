package vcf_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
)

func card(t *testing.T, version vcf.Version, lines ...string) *vcf.Card {
	t.Helper()
	all := append([]string{"BEGIN:VCARD", "VERSION:" + string(version), "UID:1", "FN:Jane Roe"}, lines...)
	c, err := vcf.Parse([]byte(strings.Join(append(all, "END:VCARD", ""), "\n")), vcf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// diff are the lines that went and came, unfolded.
func diff(before, after *vcf.Card) string {
	unfolded := func(c *vcf.Card) string { return strings.ReplaceAll(string(c.Bytes()), "\n ", "") }
	count := map[string]int{}
	for l := range strings.Lines(unfolded(before)) {
		count[l]--
	}
	var gone, come strings.Builder
	for l := range strings.Lines(unfolded(after)) {
		if count[l]++; count[l] > 0 {
			come.WriteString("+" + l)
		}
	}
	for l := range strings.Lines(unfolded(before)) {
		if count[l] < 0 {
			count[l]++
			gone.WriteString("-" + l)
		}
	}
	return gone.String() + come.String()
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		kind pim.Reason
		want string
	}{
		{"", pim.ErrInvalid, "there is no vCard"},
		{"BEGIN:VCALENDAR\nEND:VCALENDAR\n", pim.ErrInvalid, "line 1: this is no vCard"},
		{"BEGIN:VCARD\nEND:VCARD\nSECRET:1\n", pim.ErrInvalid, "line 3: it stands outside the vCard"},
		{"BEGIN:VCARD\nSECRET\nEND:VCARD\n", pim.ErrInvalid, "line 2: there is no colon"},
		{"BEGIN:VCARD\n" + strings.Repeat("A:1\n", 10_000) + "END:VCARD\n", pim.ErrTooLarge, "line 10001: the text has more than 10000 lines"},
	} {
		for _, parse := range []func() error{
			func() error { _, err := vcf.Parse([]byte(c.text), vcf.DefaultLimits()); return err },
			func() error { _, err := vcf.Split([]byte(c.text), vcf.DefaultLimits()); return err },
		} {
			if err := parse(); !errors.Is(err, c.kind) || pim.PublicText(err) != c.want {
				t.Errorf("%.40q: %v", c.text, err)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	one, two := "BEGIN:VCARD\nVERSION:3.0\nFN:a\nEND:VCARD\n", "BEGIN:VCARD\nVERSION:4.0\nFN:b\nEND:VCARD\n"
	cards, err := vcf.Split([]byte("\ufeff"+one+"\n\n"+two), vcf.DefaultLimits())
	if err != nil || len(cards) != 2 || string(cards[0].Bytes()) != one || string(cards[1].Bytes()) != two {
		t.Errorf("%d cards, %v", len(cards), err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"good", "BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:\nEND:VCARD\n", ""},
		{"good too", "BEGIN:VCARD\nVERSION:4.0\nUID:1\nFN:x\nFN:y\nEND:VCARD\n", ""},
		{"no version", "BEGIN:VCARD\nUID:1\nFN:x\nEND:VCARD\n", "valid-address-data: line 1: the card has no VERSION"},
		{"an old version", "BEGIN:VCARD\nVERSION:2.1\nUID:1\nFN:x\nEND:VCARD\n", "supported-address-data: line 2: only versions 3.0 and 4.0 of vCard are supported"},
		{"no UID", "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\n", ""},
		{"two UIDs", "BEGIN:VCARD\nVERSION:3.0\nUID:1\nUID:2\nFN:x\nEND:VCARD\n", "valid-address-data: line 4: UID stands there twice"},
		{"no FN", "BEGIN:VCARD\nVERSION:3.0\nUID:1\nEND:VCARD\n", ""},
		{"two cards", "BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:x\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n", "valid-address-data: line 6: there is more than one vCard"},
		{"no text", "BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:\xff\nEND:VCARD\n", "valid-address-data: line 4: it holds bytes that are no UTF-8 text, or control characters"},
	} {
		o, err := vcf.Parse([]byte(c.text), vcf.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		faults := o.Validate()
		if len(faults) > 0 {
			got = faults[0].Condition + ": " + faults[0].String()
		}
		if got != c.want || len(faults) > 1 {
			t.Errorf("%s: %v", c.name, faults)
		}
	}
}

func TestApplyWritesLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		version vcf.Version
		lines   []string
		set     pim.FieldSet
		edit    func(p *pim.Contact)
		want    string
	}{
		{"parts of a name that stay keep their spelling", vcf.V3, []string{`N;SORT-AS="R":Roe;Jane;Ann,Lee;Dr.;M.D.,PhD`}, pim.Set(pim.FieldName),
			func(p *pim.Contact) { p.Family = "Roe; Smith" }, "-N;SORT-AS=\"R\":Roe;Jane;Ann,Lee;Dr.;M.D.,PhD\n+N:Roe\\; Smith;Jane;Ann,Lee;Dr.;M.D.,PhD\n"},
		{"a name where there was none", vcf.V4, nil, pim.Set(pim.FieldName), func(p *pim.Contact) { p.Given = "J" }, "+N:;J;;;\n"},
		{"no name", vcf.V3, []string{"N:Roe;Jane;;;"}, pim.Set(pim.FieldName), func(p *pim.Contact) { p.Given, p.Family = "", "" }, "-N:Roe;Jane;;;\n+N:;;;;\n"},
		{"a derived name follows", vcf.V3, []string{"N;X-CRM-DERIVED=1:Roe;Jane;;;"}, pim.Set(pim.FieldFullName), func(p *pim.Contact) { p.FullName = "Jane Ann Smith" },
			"-FN:Jane Roe\n-N;X-CRM-DERIVED=1:Roe;Jane;;;\n+FN:Jane Ann Smith\n+N;X-CRM-DERIVED=1:Smith;Jane Ann;;;\n"},
		{"a derived name becomes a real one", vcf.V3, []string{"N;X-CRM-DERIVED=1:Roe;Jane;;;"}, pim.Set(pim.FieldName), func(p *pim.Contact) { p.Given, p.Family = "Jane", "Roe" },
			"-N;X-CRM-DERIVED=1:Roe;Jane;;;\n+N:Roe;Jane;;;\n"},
		{"a real name does not follow", vcf.V3, []string{"N:Roe;Jane;;;"}, pim.Set(pim.FieldFullName), func(p *pim.Contact) { p.FullName = "J. Roe" }, "-FN:Jane Roe\n+FN:J. Roe\n"},
		{"there is always a full name", vcf.V3, []string{"N:Roe;Jane;;;"}, pim.Set(pim.FieldFullName), func(p *pim.Contact) { p.FullName = "" }, ""},
		{"further units stay", vcf.V3, []string{"ORG:A;B;C,D"}, pim.Set(pim.FieldCompany), func(p *pim.Contact) { p.Company = "X;" }, "-ORG:A;B;C,D\n+ORG:X\\;;B;C,D\n"},
		{"no company", vcf.V3, []string{"ORG:A;B"}, pim.Set(pim.FieldCompany, pim.FieldDepartment), func(p *pim.Contact) { p.Company, p.Department = "", "" }, "-ORG:A;B\n"},
		{"a department alone", vcf.V3, nil, pim.Set(pim.FieldDepartment), func(p *pim.Contact) { p.Department = "B" }, "+ORG:;B\n"},

		{"the same number, written another way, keeps its line", vcf.V3, []string{"item1.TEL;type=CELL;type=VOICE;X-A=1:+49 (171) 1", "item1.X-ABLabel:Mein"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Value = "+491711" }, "-item1.TEL;type=CELL;type=VOICE;X-A=1:+49 (171) 1\n+item1.TEL;type=CELL;type=VOICE;X-A=1:+491711\n"},
		{"another number under the same label too", vcf.V3, []string{"TEL;TYPE=HOME;X-A=1:1", "TEL;TYPE=WORK:2"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Value = "3" }, "-TEL;TYPE=HOME;X-A=1:1\n+TEL;TYPE=HOME;X-A=1:3\n"},
		{"another label", vcf.V3, []string{"TEL;TYPE=HOME,VOICE,pref;X-A=1:1"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Label = "work" }, "-TEL;TYPE=HOME,VOICE,pref;X-A=1:1\n+TEL;X-A=1;TYPE=voice,pref,work:1\n"},
		{"a label of one's own", vcf.V3, []string{"TEL;TYPE=HOME:1"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Label = "boat, blue" }, "-TEL;TYPE=HOME:1\n+item1.TEL:1\n+item1.X-ABLABEL:boat\\, blue\n"},
		{"another label of one's own", vcf.V3, []string{"item1.TEL:1", "item1.X-ABLabel:Boat"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Label = "car, red" }, "-item1.X-ABLabel:Boat\n+item1.X-ABLabel:car\\, red\n"},
		{"a common label instead of one's own", vcf.V4, []string{"item1.TEL;TYPE=voice:1", "item1.X-ABLabel:Boat"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Label = "home" }, "-item1.TEL;TYPE=voice:1\n-item1.X-ABLabel:Boat\n+item1.TEL;TYPE=voice,home:1\n"},
		{"no label", vcf.V4, []string{"TEL;TYPE=home:1"}, pim.Set(pim.FieldPhones), func(p *pim.Contact) { p.Phones[0].Label = "" }, "-TEL;TYPE=home:1\n+TEL:1\n"},
		{"the first choice in 3.0", vcf.V3, []string{"TEL;TYPE=home:1"}, pim.Set(pim.FieldPhones), func(p *pim.Contact) { p.Phones[0].Preferred = true }, "-TEL;TYPE=home:1\n+TEL;TYPE=home,pref:1\n"},
		{"the first choice in 4.0", vcf.V4, []string{"TEL;TYPE=home:1"}, pim.Set(pim.FieldPhones), func(p *pim.Contact) { p.Phones[0].Preferred = true }, "-TEL;TYPE=home:1\n+TEL;TYPE=home;PREF=1:1\n"},
		{"no first choice", vcf.V4, []string{"TEL;PREF=1;TYPE=home,pref:1"}, pim.Set(pim.FieldPhones), func(p *pim.Contact) { p.Phones[0].Preferred = false }, "-TEL;PREF=1;TYPE=home,pref:1\n+TEL;TYPE=home:1\n"},
		{"a phone goes with its group", vcf.V3, []string{"item1.TEL:1", "item1.X-ABLabel:Boat", "item1.X-ABADR:de", "item2.TEL:2", "item2.X-ABLabel:Car"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones = p.Phones[1:] }, "-item1.TEL:1\n-item1.X-ABLabel:Boat\n-item1.X-ABADR:de\n"},
		{"but not what else is in the group", vcf.V3, []string{"item1.TEL:1", "item1.EMAIL:a@example.org", "item1.X-ABLabel:Boat"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones = nil }, "-item1.TEL:1\n"},
		{"a phone that is a URI", vcf.V4, []string{"TEL;VALUE=uri;TYPE=home:tel:+1-555"}, pim.Set(pim.FieldPhones),
			func(p *pim.Contact) { p.Phones[0].Value = "+1 555 1" }, "-TEL;VALUE=uri;TYPE=home:tel:+1-555\n+TEL;TYPE=home:+1 555 1\n"},
		{"an empty phone is none of ours", vcf.V3, []string{"TEL;TYPE=home:", "TEL:1"}, pim.Set(pim.FieldPhones), func(p *pim.Contact) { p.Phones = nil }, "-TEL:1\n"},

		{"addresses part by part", vcf.V3, []string{`ADR;TYPE=work;X-A=1;LABEL="x":;;Main\, St 1,Floor 2;City;;1;Land`}, pim.Set(pim.FieldAddresses),
			func(p *pim.Contact) { p.Addresses[0].PostalCode = "2;3" }, "-ADR;TYPE=work;X-A=1;LABEL=\"x\":;;Main\\, St 1,Floor 2;City;;1;Land\n+ADR;TYPE=work;X-A=1:;;Main\\, St 1,Floor 2;City;;2\\;3;Land\n"},
		{"an address keeps its country code", vcf.V3, []string{"item1.ADR;type=HOME:;;A;B;;;", "item1.X-ABADR:de"}, pim.Set(pim.FieldAddresses),
			func(p *pim.Contact) { p.Addresses[0].Country = "X" }, "-item1.ADR;type=HOME:;;A;B;;;\n+item1.ADR;type=HOME:;;A;B;;;X\n"},

		{"both spellings of a messenger", vcf.V3, []string{"X-SKYPE:joe", "IMPP;X-SERVICE-TYPE=Skype;type=HOME:skype:joe"}, pim.Set(pim.FieldIMs),
			func(p *pim.Contact) { p.IMs[0].Value = "jim" },
			"-X-SKYPE:joe\n-IMPP;X-SERVICE-TYPE=Skype;type=HOME:skype:joe\n+X-SKYPE:jim\n+IMPP;type=HOME;X-SERVICE-TYPE=Skype:skype:jim\n"},
		{"another messenger of the same name", vcf.V3, []string{"X-SKYPE:joe"}, pim.Set(pim.FieldIMs),
			func(p *pim.Contact) { p.IMs[0].Label = "jabber" }, "-X-SKYPE:joe\n+IMPP;X-SERVICE-TYPE=Jabber:xmpp:joe\n"},

		{"a birthday keeps its form", vcf.V3, []string{"BDAY;VALUE=date:19850412"}, pim.Set(pim.FieldBirthday), func(p *pim.Contact) { p.Birthday = pim.On(1990, 1, 2) }, "-BDAY;VALUE=date:19850412\n+BDAY:19900102\n"},
		{"a birthday without a year in 3.0", vcf.V3, []string{"BDAY:1985-04-12"}, pim.Set(pim.FieldBirthday), func(p *pim.Contact) { p.Birthday = pim.On(1604, 1, 2) },
			"-BDAY:1985-04-12\n+BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-02\n"},
		{"a birthday without a year in 4.0", vcf.V4, nil, pim.Set(pim.FieldBirthday), func(p *pim.Contact) { p.Birthday = pim.On(1604, 2, 29) }, "+BDAY:--0229\n"},
		{"no birthday", vcf.V4, []string{"BDAY:19850412"}, pim.Set(pim.FieldBirthday), func(p *pim.Contact) { p.Birthday = pim.When{} }, "-BDAY:19850412\n"},
		{"Apple's anniversary", vcf.V3, []string{"item1.X-ABDATE:2010-01-01", "item1.X-ABLabel:_$!<Anniversary>!$_"}, pim.Set(pim.FieldAnniversary),
			func(p *pim.Contact) { p.Anniversary = pim.On(2011, 1, 1) }, "-item1.X-ABDATE:2010-01-01\n+item1.X-ABDATE:2011-01-01\n"},
		{"no anniversary in any spelling", vcf.V3, []string{"item1.X-ABDATE:2010-01-01", "item1.X-ABLabel:_$!<Anniversary>!$_", "X-ANNIVERSARY:2010-01-01"}, pim.Set(pim.FieldAnniversary),
			func(p *pim.Contact) { p.Anniversary = pim.When{} }, "-item1.X-ABDATE:2010-01-01\n-item1.X-ABLabel:_$!<Anniversary>!$_\n-X-ANNIVERSARY:2010-01-01\n"},
		{"an anniversary in 3.0", vcf.V3, nil, pim.Set(pim.FieldAnniversary), func(p *pim.Contact) { p.Anniversary = pim.On(2011, 1, 1) }, "+X-ANNIVERSARY:2011-01-01\n"},

		{"the CRM's page", vcf.V3, []string{"URL:https://me.example.org"}, pim.Set(pim.FieldURL), func(p *pim.Contact) { p.PageURL = "https://crm.example.org/1" }, "+URL;TYPE=x-crm:https://crm.example.org/1\n"},
		{"no page", vcf.V3, []string{"URL:https://me.example.org", "URL;TYPE=x-crm:https://crm.example.org/1"}, pim.Set(pim.FieldURL), func(p *pim.Contact) { p.PageURL = "" }, "-URL;TYPE=x-crm:https://crm.example.org/1\n"},
		{"pages leave the CRM's alone", vcf.V3, []string{"URL:https://me.example.org", "URL;TYPE=x-crm:https://crm.example.org/1"}, pim.Set(pim.FieldURLs), func(p *pim.Contact) { p.URLs = nil }, "-URL:https://me.example.org\n"},
		{"the first note of two", vcf.V3, []string{"NOTE;LANGUAGE=de:a", "NOTE:b"}, pim.Set(pim.FieldNotes), func(p *pim.Contact) { p.Notes = "c" }, "-NOTE;LANGUAGE=de:a\n+NOTE;LANGUAGE=de:c\n"},
		{"no note", vcf.V3, []string{"NOTE:a", "NOTE:b"}, pim.Set(pim.FieldNotes), func(p *pim.Contact) { p.Notes = "" }, "-NOTE:a\n-NOTE:b\n"},
		{"a photo in 3.0", vcf.V3, []string{"PHOTO;VALUE=uri:http://example.org/x.jpg"}, pim.Set(pim.FieldPhoto), func(p *pim.Contact) { p.Photo = []byte("\x89PNG") },
			"-PHOTO;VALUE=uri:http://example.org/x.jpg\n+PHOTO;ENCODING=b;TYPE=PNG:iVBORw==\n"},
		{"a photo in 4.0", vcf.V4, nil, pim.Set(pim.FieldPhoto), func(p *pim.Contact) { p.Photo = []byte("GIF89a") }, "+PHOTO:data:image/gif;base64,R0lGODlh\n"},
		{"no photo", vcf.V4, []string{"PHOTO:data:image/gif;base64,R0lGODlh"}, pim.Set(pim.FieldPhoto), func(p *pim.Contact) { p.Photo = nil }, "-PHOTO:data:image/gif;base64,R0lGODlh\n"},
		{"a photo by reference is none of ours", vcf.V4, []string{"PHOTO:https://example.org/x.jpg"}, pim.Set(pim.FieldPhoto), func(p *pim.Contact) { p.Photo = nil }, ""},
		{"gender keeps its words", vcf.V4, []string{"GENDER:O;it's complicated"}, pim.Set(pim.FieldGender), func(p *pim.Contact) { p.Gender = "F" }, "-GENDER:O;it's complicated\n+GENDER:F;it's complicated\n"},
		{"gender in 3.0", vcf.V3, []string{"X-GENDER:Male"}, pim.Set(pim.FieldGender), func(p *pim.Contact) { p.Gender = "F" }, "-X-GENDER:Male\n+X-GENDER:F\n"},
		{"no gender", vcf.V3, []string{"X-GENDER:Male"}, pim.Set(pim.FieldGender), func(p *pim.Contact) { p.Gender = "" }, "-X-GENDER:Male\n"},
		{"a group in 3.0", vcf.V3, nil, pim.Set(pim.FieldGroup, pim.FieldMembers), func(p *pim.Contact) { p.Group, p.Members = true, []string{"a", "mailto:b@example.org"} },
			"+X-ADDRESSBOOKSERVER-KIND:group\n+X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\n+X-ADDRESSBOOKSERVER-MEMBER:mailto:b@example.org\n"},
		{"another member", vcf.V4, []string{"KIND:group", "MEMBER;X-A=1:urn:uuid:a", "MEMBER:urn:uuid:b"}, pim.Set(pim.FieldMembers), func(p *pim.Contact) { p.Members = []string{"a", "c"} },
			"-MEMBER:urn:uuid:b\n+MEMBER:urn:uuid:c\n"},
		{"no group any more", vcf.V4, []string{"KIND:group"}, pim.Set(pim.FieldGroup), func(p *pim.Contact) { p.Group = false }, "-KIND:group\n"},
		{"another kind is not ours", vcf.V4, []string{"KIND:location"}, pim.Set(pim.FieldGroup), func(p *pim.Contact) { p.Group = false }, ""},
		{"the order of a list is no change", vcf.V3, []string{"CATEGORIES:a,b", "X-CRM-DO-NOT-USE:sms,call"}, pim.Set(pim.FieldCategories, pim.FieldDoNotUse),
			func(p *pim.Contact) { p.Categories = []string{"b", "a"} }, ""},
		{"categories", vcf.V3, []string{"CATEGORIES:a", "CATEGORIES:b"}, pim.Set(pim.FieldCategories), func(p *pim.Contact) { p.Categories = []string{"a,b"} },
			"-CATEGORIES:a\n-CATEGORIES:b\n+CATEGORIES:a\\,b\n"},
		{"a value in another character set", vcf.V3, []string{"TITLE;CHARSET=ISO-8859-1;LANGUAGE=de:x"}, pim.Set(pim.FieldJobTitle), func(p *pim.Contact) { p.Title = "ä" },
			"-TITLE;CHARSET=ISO-8859-1;LANGUAGE=de:x\n+TITLE;LANGUAGE=de:ä\n"},
	} {
		o := card(t, c.version, c.lines...)
		p := pim.Clone(o.Item()).(*pim.Contact)
		c.edit(p)
		next, err := vcf.Apply(o, p, c.set, vcf.ApplyOptions{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := diff(o, next); got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestRevIsInUTC(t *testing.T) {
	t.Parallel()
	for v, want := range map[vcf.Version]string{vcf.V3: "2026-11-21T12:00:00Z", vcf.V4: "20261121T120000Z"} {
		o := card(t, v, "REV:2020")
		next, err := vcf.Apply(o, &pim.Contact{Title: "x"}, pim.Set(pim.FieldJobTitle), vcf.ApplyOptions{Now: now.In(oslo)})
		if err != nil || next.Block().Value("REV") != want {
			t.Errorf("%s: %q %v", v, next.Block().Value("REV"), err)
		}
	}
}

func TestApplyRefusesOldCards(t *testing.T) {
	t.Parallel()
	if _, err := vcf.Apply(card(t, vcf.V21), &pim.Contact{}, all, vcf.ApplyOptions{}); !errors.Is(err, pim.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := vcf.Convert(card(t, vcf.V3), vcf.V21); !errors.Is(err, pim.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := vcf.Convert(card(t, "5.0"), vcf.V3); !errors.Is(err, pim.ErrUnsupported) {
		t.Error(err)
	}
}

func TestNewDerivesNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		p     *pim.Contact
		v     vcf.Version
		lines string // besides VERSION, UID and REV
	}{
		{"parts only", &pim.Contact{Prefix: "Dr.", Given: "Jane", Family: "Roe"}, vcf.V3, "FN:Dr. Jane Roe\nN:Roe;Jane;;Dr.;"},
		{"full name only", &pim.Contact{FullName: "Jane Ann Roe"}, vcf.V3, "N;X-CRM-DERIVED=1:Roe;Jane Ann;;;\nFN:Jane Ann Roe"},
		{"one word", &pim.Contact{FullName: "Madonna"}, vcf.V4, "N;X-CRM-DERIVED=1:;Madonna;;;\nFN:Madonna"},
		{"a company in 3.0", &pim.Contact{Company: "Example Ltd"}, vcf.V3, "FN:Example Ltd\nN:;;;;\nX-ABSHOWAS:COMPANY\nORG:Example Ltd"},
		{"a company in 4.0", &pim.Contact{Company: "Example Ltd", FullName: "Example Ltd"}, vcf.V4, "KIND:org\nFN:Example Ltd\nORG:Example Ltd"},
		{"an address only", &pim.Contact{Emails: []pim.Labeled{{Value: "jane@example.org"}}}, vcf.V3, "FN:jane@example.org\nN;X-CRM-DERIVED=1:;jane@example.org;;;\nEMAIL:jane@example.org"},
		{"nothing", &pim.Contact{}, vcf.V3, "FN:Unnamed\nN;X-CRM-DERIVED=1:;Unnamed;;;"},
		{"a group", &pim.Contact{FullName: "My Customers", Group: true}, vcf.V3, "N;X-CRM-DERIVED=1:My Customers;;;;\nFN:My Customers\nX-ADDRESSBOOKSERVER-KIND:group"},
	} {
		o, err := vcf.New(c.p, c.v, vcf.NewOptions{Now: now, UID: "1"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range strings.Split(strings.TrimSpace(string(o.Bytes())), "\r\n") {
			if name, _, _ := strings.Cut(l, ":"); !slices.Contains([]string{"BEGIN", "VERSION", "UID", "REV", "END"}, name) {
				got = append(got, l)
			}
		}
		if s := strings.Join(got, "\n"); s != c.lines {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", c.name, s, c.lines)
		}
	}
	for name, opt := range map[string]vcf.NewOptions{"no UID": {Now: now}, "no time": {UID: "1"}} {
		if _, err := vcf.New(&pim.Contact{}, vcf.V3, opt); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := vcf.New(&pim.Contact{}, vcf.V21, vcf.NewOptions{Now: now, UID: "1"}); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("version 2.1: %v", err)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/ios-contact.vcf")
	text := func(s, kind string) line.TextMatch {
		return line.TextMatch{Text: s, Type: kind, Collation: "i;unicode-casemap"}
	}
	not := func(s string) line.TextMatch { return line.TextMatch{Text: s, Negate: true} }
	mails := func(ts ...line.TextMatch) vcf.PropFilter { return vcf.PropFilter{Name: "email", Texts: ts} }
	for _, x := range []struct {
		name string
		f    vcf.Filter
		want bool
	}{
		{"everything", vcf.Filter{}, true},
		{"everything, all of it", vcf.Filter{AllOf: true}, true},
		{"a text", vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: []line.TextMatch{text("MUSTER", "")}}}}, true},
		{"an unescaped text", vcf.Filter{Props: []vcf.PropFilter{{Name: "URL", Texts: []line.TextMatch{text("https://www.example.org/max", "equals")}}}}, true},
		{"the beginning", vcf.Filter{Props: []vcf.PropFilter{mails(text("max.home", "starts-with"))}}, true},
		{"not the beginning", vcf.Filter{Props: []vcf.PropFilter{mails(text("example", "starts-with"))}}, false},
		{"one of two texts", vcf.Filter{Props: []vcf.PropFilter{mails(text("nobody", ""), text("max@", ""))}}, true},
		{"both of two texts, in one line", vcf.Filter{Props: []vcf.PropFilter{{Name: "EMAIL", AllOf: true, Texts: []line.TextMatch{text("home", ""), text("example", "")}}}}, true},
		{"both of two texts, in two lines", vcf.Filter{Props: []vcf.PropFilter{{Name: "EMAIL", AllOf: true, Texts: []line.TextMatch{text("home", ""), text("max@", "")}}}}, false},
		{"one of two properties", vcf.Filter{Props: []vcf.PropFilter{{Name: "NICKNAME"}, {Name: "N"}}}, true},
		{"both of two properties", vcf.Filter{AllOf: true, Props: []vcf.PropFilter{{Name: "NICKNAME"}, {Name: "N"}}}, false},
		{"neither", vcf.Filter{Props: []vcf.PropFilter{{Name: "NICKNAME"}}}, false},
		{"without", vcf.Filter{Props: []vcf.PropFilter{{Name: "NICKNAME", NotDefined: true}}}, true},
		{"not without", vcf.Filter{Props: []vcf.PropFilter{{Name: "N", NotDefined: true}}}, false},
		{"none has it", vcf.Filter{Props: []vcf.PropFilter{mails(not("nobody"))}}, true},
		{"one has it", vcf.Filter{Props: []vcf.PropFilter{mails(not("home"))}}, false},
		{"one has it, but another test holds", vcf.Filter{Props: []vcf.PropFilter{mails(not("home"), text("max@", ""))}}, true},
		{"in a group", vcf.Filter{Props: []vcf.PropFilter{{Name: "ITEM1.EMAIL", Texts: []line.TextMatch{text("max@", "")}}}}, true},
		{"in another group", vcf.Filter{Props: []vcf.PropFilter{{Name: "item2.EMAIL"}}}, false},
		{"a parameter", vcf.Filter{Props: []vcf.PropFilter{{Name: "TEL", Params: []line.ParamFilter{{Name: "TYPE", Text: &line.TextMatch{Text: "iphone"}}}}}}, true},
		{"a parameter and a text of different lines", vcf.Filter{Props: []vcf.PropFilter{{Name: "TEL", AllOf: true, Texts: []line.TextMatch{text("171", "")},
			Params: []line.ParamFilter{{Name: "TYPE", Text: &line.TextMatch{Text: "iphone"}}}}}}, false},
	} {
		if got, err := c.Matches(x.f); err != nil || got != x.want {
			t.Errorf("%s: %v, %v", x.name, got, err)
		}
	}
	for _, m := range []line.TextMatch{{Collation: "i;x"}, {Collation: "i;x", Negate: true}} {
		if _, err := c.Matches(vcf.Filter{Props: []vcf.PropFilter{mails(m)}}); !errors.Is(err, pim.ErrUnsupported) {
			t.Errorf("an unknown collation: %v", err)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/ios-contact.vcf")
	if c.Select(nil) != c {
		t.Error("everything is another card")
	}
	got := string(c.Select([]vcf.PropSelection{{Name: "uid"}, {Name: "email", NoValue: true}, {Name: "item2.TEL"}}).Bytes())
	want := "BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.EMAIL;type=INTERNET;type=pref:\r\nEMAIL;type=INTERNET;type=HOME:\r\n" +
		"item2.TEL:+49 30 111\r\nUID:4A3C1E0B-65C4-4C3A-8B0E-00000000A001\r\nEND:VCARD\r\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestToVCard(t *testing.T) {
	t.Parallel()
	v := load(t, "testdata/outlook-v21.vcf").ToVCard()
	if got := v.Value("NOTE"); got != "Zeile 1\nZeile 2, mit Komma" {
		t.Errorf("%q", got)
	}
	if !v.Get("TEL").Params.HasType("work") {
		t.Errorf("%v", v.Get("TEL").Params)
	}
	v = load(t, "testdata/thunderbird-v4.vcf").ToVCard()
	if n := v.Name(); n.FamilyName != "Roe" || n.HonorificPrefix != "Dr." {
		t.Errorf("%+v", n)
	}
	if got := v.Value("PHOTO"); !strings.HasPrefix(got, "data:image/png;base64,iVBOR") {
		t.Errorf("%.40q", got)
	}
	if a := v.Address(); a.Locality != "Berlin" {
		t.Errorf("%+v", a)
	}
	v = load(t, "testdata/ios-contact.vcf").ToVCard()
	if f := v.Get("EMAIL"); f.Group != "item1" || f.Value != "max@example.org" {
		t.Errorf("%+v", f)
	}
	v = load(t, "testdata/davx5-contact-v4.vcf").ToVCard()
	if got := v.Categories(); !slices.Equal(got, []string{"Customers", "VIP"}) {
		t.Errorf("%q", got)
	}
}
