package vcf_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
)

// full is a card that says, beside every field, what no field can hold.
const full = `BEGIN:VCARD
VERSION:4.0
UID:u
N;LANGUAGE=de;SORT-AS="Roe,Jane":Roe;Jane;Ann,Beth;Dr.,Prof.;Esq.
FN;LANGUAGE=de:Jane Roe
FN;LANGUAGE=en:Jane Roe
NICKNAME;TYPE=home:jj,jk
NICKNAME;TYPE=work:boss
ORG;SORT-AS="Works,East":Works;East;Room 3
TITLE;LANGUAGE=de:Chefin
TITLE;LANGUAGE=en:Boss
ROLE;ALTID=1:Lead
NOTE;LANGUAGE=de:eins
NOTE;LANGUAGE=en:one
BDAY;VALUE=text:about 1980
ANNIVERSARY:2010-06
item1.TEL;TYPE=home,voice;X-A=1:+1
item1.X-ABLABEL:Boat
TEL;TYPE=cell;PREF=3:+2
EMAIL;PREF=2;X-A=1:a@example.org
EMAIL;TYPE=work:b@example.org
URL;TYPE=x-crm;X-A=1:https://crm.example.org/1
URL;X-A=1:https://example.org/
IMPP;PREF=5:xmpp:a@example.org
X-SKYPE;X-A=1:foo
ADR;TYPE=home;LABEL=Road one;GEO="geo:1,2":;;Road 1,Rear;City;;1;X
ADR;TYPE=work;X-A=1:;;Road 2;City;;1;X
CATEGORIES;PREF=2:a,b
CATEGORIES;TYPE=work:c
GENDER:F;girl
PHOTO:https://example.org/1.png
X-CRM-OWNER;X-A=1:Bo
X-CRM-FOO:1
X-CRM-SALUTATION;X-A=1:Dear
RELATED;TYPE=friend:urn:uuid:1
END:VCARD
`

// owns are the properties that a field may change; all others keep their bytes.
func owns(id pim.FieldID) []string {
	switch id {
	case pim.FieldName, pim.FieldPrefix, pim.FieldSuffix:
		return []string{"N"}
	case pim.FieldFullName:
		return []string{"FN"}
	case pim.FieldNickname:
		return []string{"NICKNAME"}
	case pim.FieldCompany, pim.FieldDepartment:
		return []string{"ORG"}
	case pim.FieldJobTitle:
		return []string{"TITLE"}
	case pim.FieldRole:
		return []string{"ROLE"}
	case pim.FieldNotes:
		return []string{"NOTE"}
	case pim.FieldBirthday:
		return []string{"BDAY"}
	case pim.FieldAnniversary:
		return []string{"ANNIVERSARY"}
	case pim.FieldPhones:
		return []string{"TEL", "item1.TEL", "item1.X-ABLABEL"}
	case pim.FieldEmails:
		return []string{"EMAIL"}
	case pim.FieldURLs, pim.FieldURL:
		return []string{"URL"}
	case pim.FieldIMs:
		return []string{"IMPP", "X-SKYPE"}
	case pim.FieldAddresses:
		return []string{"ADR"}
	case pim.FieldCategories:
		return []string{"CATEGORIES"}
	case pim.FieldGender:
		return []string{"GENDER"}
	case pim.FieldPhoto:
		return []string{"PHOTO"}
	case pim.FieldOwner:
		return []string{"X-CRM-OWNER"}
	case pim.FieldSalutation:
		return []string{"X-CRM-SALUTATION"}
	case pim.FieldGroup:
		return []string{"KIND"}
	case pim.FieldMembers:
		return []string{"MEMBER"}
	case pim.FieldContactType:
		return []string{"X-CRM-CONTACT-TYPE"}
	case pim.FieldDecisionRole:
		return []string{"X-CRM-DECISION-ROLE"}
	case pim.FieldDoNotUse:
		return []string{"X-CRM-DO-NOT-USE"}
	case pim.FieldAccess:
		return []string{"X-CRM-ACCESS"}
	}
	return nil
}

// A change of one field leaves alone what the others show, and with it what their fields cannot hold.
func TestApplyTouchesOneFieldAlone(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(full, "\n", "\r\n")
	c, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	other := &pim.Contact{
		FullName: "x", Prefix: "x", Given: "x", Middle: "x", Family: "x", Suffix: "x", Nickname: "x", Company: "x", Department: "x", Title: "x", Role: "x",
		Phones: []pim.Labeled{{Value: "+7"}}, Emails: []pim.Labeled{{Value: "x@example.org"}}, URLs: []pim.Labeled{{Value: "https://example.org/x"}},
		IMs: []pim.Labeled{{Label: "xmpp", Value: "x@example.org"}}, Addresses: []pim.Address{{Street: "x"}},
		Birthday: pim.On(1980, 5, 6), Anniversary: pim.On(1980, 5, 6), Notes: "x", Categories: []string{"x"}, Photo: []byte("\x89PNG"),
		Gender: "M", Group: true, Members: []string{"x"}, Salutation: "x", Type: "x", DecisionRole: "x", DoNotUse: []string{"fax"}, Owner: "x", Access: "x",
		PageURL: "https://example.org/x",
	}
	all := pim.AllOf(pim.KindContact)
	for _, f := range pim.Fields(pim.KindContact) {
		for name, from := range map[string]*pim.Contact{"set": other, "cleared": {FullName: "y"}} {
			want := pim.Clone(c.Item())
			f.Copy(want, from)
			got, err := vcf.Apply(c, want.(*pim.Contact), all, vcf.ApplyOptions{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Errorf("%s %s: %v", f.ID, name, err)
				continue
			}
			if f.ID != pim.FieldFullName && !f.Equal(got.Item(), want) {
				t.Errorf("%s %s: shows %q, not %q", f.ID, name, f.Text(got.Item()), f.Text(want))
			}
			may := append(owns(f.ID), "REV")
			if have, was := others(string(got.Bytes()), may), others(text, may); !slices.Equal(have, was) {
				t.Errorf("%s %s:\nhave %q\nwas  %q", f.ID, name, have, was)
			}
		}
	}
}

// others are the unfolded lines but for those of some properties.
func others(text string, names []string) []string {
	var out []string
	for l := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
		name := l[:max(strings.IndexAny(l, ":;"), 0)]
		if !slices.Contains(names, name) {
			out = append(out, l)
		}
	}
	return out
}

// Of what one field changes, the rest stays as it is written.
func TestApplyKeepsTheRestOfAProperty(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(full, "\n", "\r\n")
	for name, c := range map[string]struct {
		edit func(*pim.Contact)
		want []string
	}{
		"prefix":     {func(p *pim.Contact) { p.Prefix = "Sir" }, []string{`N;LANGUAGE=de;SORT-AS="Roe,Jane":Roe;Jane;Ann,Beth;Sir;Esq.`}},
		"given":      {func(p *pim.Contact) { p.Given = "Janet" }, []string{`N;LANGUAGE=de:Roe;Janet;Ann,Beth;Dr.,Prof.;Esq.`}},
		"department": {func(p *pim.Contact) { p.Department = "West" }, []string{`ORG:Works;West;Room 3`}},
		"title":      {func(p *pim.Contact) { p.Title = "Leiterin" }, []string{"TITLE;LANGUAGE=de:Leiterin", "TITLE;LANGUAGE=en:Boss"}},
		"nickname added": {
			func(p *pim.Contact) { p.Nickname = "jj, jk, boss, jo" }, []string{"NICKNAME;TYPE=home:jj,jk", "NICKNAME;TYPE=work:boss,jo"},
		},
		"nickname removed":   {func(p *pim.Contact) { p.Nickname = "jj, boss" }, []string{"NICKNAME;TYPE=home:jj", "NICKNAME;TYPE=work:boss"}},
		"nickname of a line": {func(p *pim.Contact) { p.Nickname = "jj, jk" }, []string{"NICKNAME;TYPE=home:jj,jk"}},
		"nicknames turned":   {func(p *pim.Contact) { p.Nickname = "boss, jj" }, []string{"NICKNAME;TYPE=home:boss,jj"}},
		"another nickname":   {func(p *pim.Contact) { p.Nickname = "Jim; the boss" }, []string{`NICKNAME;TYPE=home:Jim\; the boss`}},
		"category": {
			func(p *pim.Contact) { p.Categories = append(p.Categories, "d") }, []string{"CATEGORIES;PREF=2:a,b", "CATEGORIES;TYPE=work:c,d"},
		},
		"phone": {
			func(p *pim.Contact) { p.Phones[1].Value = "+22" },
			[]string{"item1.TEL;TYPE=home,voice;X-A=1:+1", "item1.X-ABLABEL:Boat", "TEL;TYPE=cell;PREF=3:+22"},
		},
		"preferred": {func(p *pim.Contact) { p.Emails[1].Preferred = true }, []string{"EMAIL;PREF=2;X-A=1:a@example.org", "EMAIL;TYPE=work;PREF=1:b@example.org"}},
		"gender":    {func(p *pim.Contact) { p.Gender = "O" }, []string{"GENDER:O;girl"}},
		"street":    {func(p *pim.Contact) { p.Addresses[1].Street = "Road 3" }, []string{`ADR;TYPE=home;LABEL=Road one;GEO="geo:1,2":;;Road 1,Rear;City;;1;X`, "ADR;TYPE=work;X-A=1:;;Road 3;City;;1;X"}},
	} {
		card, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		want := card.Item()
		c.edit(want)
		got, err := vcf.Apply(card, want, pim.AllOf(pim.KindContact), vcf.ApplyOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := pim.Diff(got.Item(), want, pim.AllOf(pim.KindContact)); !d.IsEmpty() {
			t.Errorf("%s: %s differ", name, d)
		}
		names := map[string]bool{}
		for _, l := range c.want {
			names[l[:strings.IndexAny(l, ":;")]] = true
		}
		var have []string
		for _, l := range others(string(got.Bytes()), nil) {
			if names[l[:max(strings.IndexAny(l, ":;"), 0)]] {
				have = append(have, l)
			}
		}
		if !slices.Equal(have, c.want) {
			t.Errorf("%s:\nhave %q\nwant %q", name, have, c.want)
		}
	}
}
