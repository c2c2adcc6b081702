package vcf_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
)

func drawText(t *rapid.T, name string) string {
	return strings.TrimSpace(rapid.OneOf(
		rapid.Just(""),
		rapid.StringMatching(`[a-zA-Z0-9äß😀,;:"'\\^=\n ]{0,40}[a-z]`),
	).Draw(t, name))
}

// drawWord draws a part of a name: no list, no blanks at its ends.
func drawWord(t *rapid.T, name string) string {
	return rapid.SampledFrom([]string{"", "Jane", "Roe; Jr.", "van der Aa", "O'Hara, MD", `back\slash`, "ä😀", "semi;", ";", ","}).Draw(t, name)
}

var labels = []string{"", "work", "home", "cell", "fax,work", "main", "other", "hotline", "sales, direct", "car,x"}

func drawLabeled(t *rapid.T, name string, values ...string) []pim.Labeled {
	var out []pim.Labeled
	for _, v := range rapid.SliceOfDistinct(rapid.SampledFrom(values), rapid.ID).Draw(t, name) {
		out = append(out, pim.Labeled{
			Value: v, Label: rapid.SampledFrom(labels).Draw(t, name+" label"), Preferred: rapid.Bool().Draw(t, name+" preferred"),
		})
	}
	return out
}

func drawDate(t *rapid.T, name string) pim.When {
	switch rapid.IntRange(0, 2).Draw(t, name+" form") {
	case 1:
		return pim.On(1604, 2, 29)
	case 2:
		return pim.On(rapid.IntRange(1900, 2030).Draw(t, name+" year"), 4, rapid.IntRange(1, 30).Draw(t, name+" day"))
	}
	return pim.When{}
}

func drawContact(t *rapid.T) *pim.Contact {
	p := &pim.Contact{
		UID: "uid", FullName: "Jane " + drawText(t, "fullName"), Prefix: drawWord(t, "prefix"), Given: drawWord(t, "given"), Middle: drawWord(t, "middle"),
		Family: drawWord(t, "family"), Suffix: drawWord(t, "suffix"), Nickname: rapid.SampledFrom([]string{"", "Jo", "a, b", `x\y;z`}).Draw(t, "nickname"),
		Company: drawWord(t, "company"), Department: drawWord(t, "department"), Title: drawText(t, "title"), Role: drawText(t, "role"),
		Phones:   drawLabeled(t, "phones", "+47 22 33 44", "1234", "tel, ext; 5", "0800 CALL"),
		Emails:   drawLabeled(t, "emails", "a@example.org", "b@example.org", "c,d@example.org"),
		URLs:     drawLabeled(t, "urls", "https://example.org/?a=1,2;b", `http://example.org/\`, "www.example.org"),
		Birthday: drawDate(t, "birthday"), Anniversary: drawDate(t, "anniversary"), Notes: drawText(t, "notes"),
		Categories: rapid.SliceOfDistinct(rapid.StringMatching(`[a-z,;\\]{0,6}[a-z]`), rapid.ID).Draw(t, "categories"),
		Gender:     rapid.SampledFrom([]string{"", "M", "F", "O", "N", "U"}).Draw(t, "gender"),
		Group:      rapid.Bool().Draw(t, "group"),
		Members:    rapid.SliceOfDistinct(rapid.SampledFrom([]string{"30a1f2de", "mailto:x@example.org", "x y"}), rapid.ID).Draw(t, "members"),
		Salutation: drawText(t, "salutation"), Type: drawText(t, "type"), DecisionRole: drawText(t, "decision"), Owner: drawText(t, "owner"), Access: drawText(t, "access"),
		DoNotUse: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"call", "email", "fax", "mail", "sms"}), rapid.ID).Draw(t, "doNotUse"),
		PageURL:  rapid.SampledFrom([]string{"", "https://crm.example.org/#1,2;3"}).Draw(t, "page"),
	}
	slices.Sort(p.DoNotUse)
	for _, s := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"skype", "jabber", "matrix", "own service"}), rapid.ID).Draw(t, "ims") {
		p.IMs = append(p.IMs, pim.Labeled{Label: s, Value: "me:" + s, Preferred: rapid.Bool().Draw(t, "im preferred")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "addresses") {
		a := pim.Address{
			Label: rapid.SampledFrom(labels).Draw(t, "address label"), Street: drawWord(t, "street") + rapid.SampledFrom([]string{"", "\nline 2"}).Draw(t, "line 2"),
			Extended: drawWord(t, "extended"), POBox: drawWord(t, "box"), City: "City", Region: drawWord(t, "region"),
			PostalCode: drawWord(t, "code"), Country: drawWord(t, "country"), Preferred: rapid.Bool().Draw(t, "address preferred"),
		}
		a.Street = strings.TrimSpace(a.Street)
		if !slices.Contains(p.Addresses, a) {
			p.Addresses = append(p.Addresses, a)
		}
	}
	if rapid.Bool().Draw(t, "photographed") {
		p.Photo = []byte(rapid.SampledFrom([]string{"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF89a", "RIFF1234WEBPVP8"}).Draw(t, "photo"))
	}
	return p
}

func reread(t *rapid.T, c *vcf.Card) *vcf.Card {
	again, err := vcf.Parse(c.Bytes(), vcf.DefaultLimits())
	if err != nil {
		t.Fatalf("%v in\n%s", err, c.Bytes())
	}
	return again
}

func same(t *rapid.T, what string, want, got *pim.Contact, within pim.FieldSet, text []byte) {
	d := pim.Diff(want, got, within)
	for _, id := range d.IDs() {
		f, _ := pim.FieldByID(id)
		t.Errorf("%s: %s: want %q, got %q", what, id, f.Text(want), f.Text(got))
	}
	if !d.IsEmpty() {
		t.Fatalf("in\n%s", text)
	}
}

var all = pim.AllOf(pim.KindContact)

func TestWhatIsWrittenNewIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawContact(t)
		v := rapid.SampledFrom([]vcf.Version{vcf.V3, vcf.V4}).Draw(t, "version")
		c, err := vcf.New(p, v, vcf.NewOptions{ProdID: "-//example.org//test//EN", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		c = reread(t, c)
		same(t, "New", p, c.Item(), all, c.Bytes())
		if faults := c.Validate(); len(faults) > 0 || c.UID() != "uid" || c.Version() != v || c.Block().First("N") == nil && v == vcf.V3 {
			t.Fatalf("%v in\n%s", faults, c.Bytes())
		}
	})
}

func TestWhatIsAppliedIsRead(t *testing.T) {
	t.Parallel()
	var cards []*vcf.Card
	for _, f := range sources(t) {
		if c := load(t, f); c.Version() == vcf.V3 || c.Version() == vcf.V4 {
			cards = append(cards, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(cards).Draw(t, "card")
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			have, want := c.Item(), drawContact(t)
			var set pim.FieldSet
			for _, f := range pim.Fields(pim.KindContact) {
				if rapid.Bool().Draw(t, string(f.ID)) {
					set = set.With(f)
				}
			}
			before := c.Bytes()
			next, err := vcf.Apply(c, want, set, vcf.ApplyOptions{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(c.Bytes(), before) {
				t.Fatal("Apply changed its argument")
			}
			c = reread(t, next)
			same(t, "set", want, c.Item(), set, c.Bytes())
			same(t, "rest", have, c.Item(), all.Minus(set), c.Bytes())
			if got := c.Item(); got.UID != have.UID {
				t.Fatalf("the UID became %q", got.UID)
			}
		}
	})
}

func TestConversionKeepsTheFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawContact(t)
		from, to := vcf.V3, vcf.V4
		if rapid.Bool().Draw(t, "back") {
			from, to = to, from
		}
		c, err := vcf.New(p, from, vcf.NewOptions{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		there, err := vcf.Convert(c, to)
		if err != nil {
			t.Fatal(err)
		}
		there = reread(t, there)
		same(t, "there", p, there.Item(), all, there.Bytes())
		back, err := vcf.Convert(there, from)
		if err != nil {
			t.Fatal(err)
		}
		back = reread(t, back)
		same(t, "back", p, back.Item(), all, back.Bytes())
		if faults := append(there.Validate(), back.Validate()...); len(faults) > 0 {
			t.Fatalf("%v", faults)
		}
		if again, err := vcf.Convert(c, from); err != nil || again != c {
			t.Fatalf("a conversion to what it is: %v", err)
		}
	})
}

// failer is what testing.T and rapid.T share.
type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// useAll does with a card whatever a server and a relay do.
func useAll(t failer, b []byte) {
	c, err := vcf.Parse(b, vcf.DefaultLimits())
	if err != nil {
		if !errors.Is(err, pim.ErrInvalid) && !errors.Is(err, pim.ErrTooLarge) || pim.PublicText(err) == "" {
			t.Fatalf("unclear error %v", err)
		}
		return
	}
	if !bytes.Equal(c.Bytes(), b) {
		t.Fatalf("%q came back as %q", b, c.Bytes())
	}
	valid := len(c.Validate()) == 0
	p := c.Item()
	c.ToVCard()
	c.Select([]vcf.PropSelection{{Name: "FN"}})
	if parts, err := vcf.Split(b, vcf.DefaultLimits()); err != nil || len(parts) == 0 {
		t.Fatalf("%q cannot be split: %v", b, err)
	}
	for _, v := range []vcf.Version{vcf.V3, vcf.V4} {
		out, err := vcf.Convert(c, v)
		if err != nil {
			continue
		}
		again, err := vcf.Parse(out.Bytes(), vcf.Limits{})
		if err != nil {
			t.Fatalf("%q became unreadable: %v\n%s", b, err, out.Bytes())
		}
		kept := all
		if c.Block().First("FN") == nil {
			kept = kept.Minus(pim.Set(pim.FieldFullName))
		}
		if d := pim.Diff(p, again.Item(), kept); valid && !d.IsEmpty() {
			t.Fatalf("%q lost %v in\n%s", b, d, out.Bytes())
		}
	}
	same, err := vcf.Apply(c, p, all, vcf.ApplyOptions{Now: now})
	if errors.Is(err, pim.ErrUnsupported) {
		return
	}
	if err != nil || same != c {
		t.Fatalf("%q: applying its own view changes it: %v", b, err)
	}
	want := pim.Clone(p).(*pim.Contact)
	want.FullName, want.Given, want.Company, want.Notes = "f", "g", "c", ""
	want.Phones = []pim.Labeled{{Label: "hotline", Value: "1"}}
	want.Emails, want.URLs = nil, []pim.Labeled{{Value: "https://example.org"}}
	want.IMs = []pim.Labeled{{Label: "skype", Value: "s"}}
	want.Addresses = []pim.Address{{Street: "s", Label: "work"}}
	want.Birthday, want.Photo, want.Gender = pim.On(2000, 1, 1), []byte("x"), "F"
	next, err := vcf.Apply(c, want, all, vcf.ApplyOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	again, err := vcf.Parse(next.Bytes(), vcf.Limits{})
	if err != nil {
		t.Fatalf("%q became unreadable: %v\n%s", b, err, next.Bytes())
	}
	// Bytes that are no text are dropped from the parts of a value that stay.
	clean := c.Block().Walk(func(l *line.Line) bool { return l.Carriable() })
	if d := pim.Diff(want, again.Item(), all); clean && !d.IsEmpty() {
		t.Fatalf("%q: %v did not arrive in\n%s", b, d, next.Bytes())
	}
	if faults := again.Validate(); valid && len(faults) > 0 {
		t.Fatalf("%q became wrong: %v\n%s", b, faults, next.Bytes())
	}
}

func FuzzCard(f *testing.F) {
	files, err := filepath.Glob("testdata/*.vcf")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	// What go-vcard changes on the way through.
	for _, s := range []string{"CATEGORIES:a,b", `N:Doe\;X;;;;`, `TEL;TYPE="a,b":1`, "PHOTO:data:image/png;base64\\,iVBOR", "X;A=b"} {
		f.Add([]byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:x\r\n" + s + "\r\nEND:VCARD\r\n"))
	}
	f.Fuzz(func(t *testing.T, b []byte) { useAll(t, b) })
}

func TestOddCards(t *testing.T) {
	t.Parallel()
	names := []string{"TEL", "EMAIL", "URL", "ADR", "IMPP", "X-SKYPE", "X-ABLABEL", "X-ABADR", "N", "FN", "ORG", "BDAY", "ANNIVERSARY", "X-ANNIVERSARY", "X-ABDATE", "PHOTO",
		"NOTE", "CATEGORIES", "NICKNAME", "GENDER", "X-GENDER", "KIND", "MEMBER", "X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER", "REV", "GEO", "UID", "X-CRM-DO-NOT-USE"}
	params := []string{"", "", ";TYPE=home", ";TYPE=work,fax", ";type=pref", ";PREF=1", `;TYPE="home,pref"`, ";HOME;PREF", ";VALUE=uri", ";TYPE=x-crm", ";ENCODING=b;TYPE=JPEG",
		";ENCODING=QUOTED-PRINTABLE", ";X-APPLE-OMIT-YEAR=1604", ";CHARSET=ISO-8859-1", ";X-SERVICE-TYPE=Skype", ";X-CRM-DERIVED=1", ";VALUE=text"}
	values := []string{"", "a", "a,b;c", `a\,b\;c\n`, "tel:+1", "skype:x", "x", "1985-04-12", "19850412", "--0412", "1604-04-12", "group", "urn:uuid:1", "M;text", "/9j/4A==",
		"data:image/png;base64,iVBORw==", `data:image/png;base64\,iVBORw==`, "geo:1,2", "1;2", "_$!<Home>!$_", "anniversary", "=C3=A4=", ";;;;;;", "mailto:a@example.org", "2026-11-01T08:00:00Z"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("BEGIN:VCARD\r\nVERSION:" + rapid.SampledFrom([]string{"3.0", "4.0", "2.1"}).Draw(t, "version") + "\r\n")
		if rapid.Bool().Draw(t, "complete") {
			b.WriteString("UID:1\r\nFN:x\r\n")
		}
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			b.WriteString(rapid.SampledFrom([]string{"", "", "item1.", "item2."}).Draw(t, "group") + rapid.SampledFrom(names).Draw(t, "name") +
				rapid.SampledFrom(params).Draw(t, "param") + rapid.SampledFrom(params).Draw(t, "param 2") + ":" + rapid.SampledFrom(values).Draw(t, "value") + "\r\n")
		}
		b.WriteString("END:VCARD\r\n")
		useAll(t, []byte(b.String()))
	})
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, file := range testenv.Shared(t, "corpus/vcf/*.vcf") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			useAll(t, b)
			cards, err := vcf.Split(b, vcf.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cards {
				useAll(t, c.Bytes())
			}
		})
	}
}
