package vcf_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim/vcf"
)

// conversions are lines of version 4.0 and what they are in 3.0; home is what comes back where that is another spelling
// of the same, "" where it is the line itself.
var conversions = []struct{ v4, v3, home string }{
	{"TEL;VALUE=uri;TYPE=home:tel:+1-555;ext=102", `TEL;TYPE=home:+1-555\;ext=102`, "TEL;TYPE=home;VALUE=uri:tel:+1-555;ext=102"},
	{"TEL;VALUE=uri:tel:7042;phone-context=example.org", `TEL:7042\;phone-context=example.org`, ""},
	{"TEL;VALUE=uri;PREF=2:tel:+1-555", "TEL;PREF=2:+1-555", "TEL;PREF=2:+1-555"},
	{"TEL;TYPE=work:+49 30 123; ask for Ida", "TEL;TYPE=work:+49 30 123; ask for Ida", ""},
	{`TEL:123\;x=a b`, `TEL:123\;x=a b`, ""},
	{"BDAY:19800506", "BDAY:1980-05-06", ""},
	{"BDAY:--0506", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-06", ""},
	{"BDAY:19800506T103000Z", "BDAY:1980-05-06T10:30:00Z", ""},
	{"BDAY:19800506T1030Z", "BDAY:1980-05-06T10:30:00Z", "BDAY:19800506T103000Z"},
	{"BDAY:19800506T10-05", "BDAY:1980-05-06T10:00:00-05:00", "BDAY:19800506T100000-0500"},
	{"BDAY:19800506T103000+0530", "BDAY:1980-05-06T10:30:00+05:30", ""},
	{"BDAY:--0506T103000", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-06T10:30:00", ""},
	{"BDAY:19800506T-30", "BDAY:19800506T-30", ""},
	{"BDAY:1980-05", "BDAY:1980-05", ""},
	{"BDAY;VALUE=text:about 1800", "BDAY;VALUE=text:about 1800", ""},
	{"ANNIVERSARY:20100601T120000", "X-ANNIVERSARY:2010-06-01T12:00:00", ""},
	{"DEATHDATE:20200101", "DEATHDATE:2020-01-01", ""},
	{"GEO:geo:1.5,2.5", "GEO:1.5;2.5", ""},
	{"GEO;PREF=3:geo:1.5,2.5;u=10", `GEO;PREF=3;X-GEO-URI="geo:1.5,2.5;u=10":1.5;2.5`, ""},
	{"GEO:geo:1.5,2.5,30;crs=Wgs84;u=1", `GEO;X-GEO-URI="geo:1.5,2.5,30;crs=Wgs84;u=1":1.5;2.5`, ""},
	{"GEO:geo:1.5", "GEO:geo:1.5", ""},
	{"LOGO:data:image/svg+xml;base64,PHN2Zz4=", "LOGO;ENCODING=b;TYPE=SVG+XML:PHN2Zz4=", ""},
	{"LOGO;TYPE=work:data:image/tiff;base64,TU0A", "LOGO;ENCODING=b;TYPE=TIFF,work:TU0A", ""},
	{"PHOTO:data:image/png;base64,iVBORw0KGgo=", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", ""},
	{"PHOTO;TYPE=home:data:image/jpeg;base64,/9j/4A==", "PHOTO;ENCODING=b;TYPE=JPEG,home:/9j/4A==", ""},
	{"PHOTO;MEDIATYPE=image/png:https://example.org/p", "PHOTO;MEDIATYPE=image/png;VALUE=uri:https://example.org/p", ""},
	{"SOUND:data:audio/ogg;base64,AAAA", "SOUND;ENCODING=b;TYPE=OGG:AAAA", ""},
	{"SOUND:data:audio/basic;base64,AAAA", "SOUND;ENCODING=b;TYPE=BASIC:AAAA", ""},
	{"SOUND:data:video/ogg;base64,AAAA", "SOUND;ENCODING=b;TYPE=VIDEO/OGG:AAAA", ""},
	{"SOUND:data:application/octet-stream;base64,AAAA", "SOUND;ENCODING=b:AAAA", ""},
	{"KEY:data:application/pgp-keys;base64,AAAA", "KEY;ENCODING=b;TYPE=PGP:AAAA", ""},
	{"KEY;TYPE=work:data:application/pkix-cert;base64,AAAA", "KEY;ENCODING=b;TYPE=X509,work:AAAA", ""},
	{"KEY:data:application/pkcs7-mime;base64,AAAA", "KEY;ENCODING=b;TYPE=PKCS7-MIME:AAAA", ""},
	{"KEY:data:text/plain;base64,AAAA", "KEY;ENCODING=b;TYPE=TEXT/PLAIN:AAAA", ""},
	{"KEY:data:application/octet-stream;base64,AAAA", "KEY;ENCODING=b:AAAA", ""},
	{"KEY;VALUE=text:-----BEGIN", "KEY;VALUE=text:-----BEGIN", ""},
	{"KEY;MEDIATYPE=application/pgp-keys:https://example.org/k", "KEY;MEDIATYPE=application/pgp-keys;VALUE=uri:https://example.org/k", ""},
	{"REV:20260101T000000Z", "REV:2026-01-01T00:00:00Z", ""},
	{"KIND:org", "X-ADDRESSBOOKSERVER-KIND:org", ""},
	{"EMAIL;PREF=1:a@example.org", "EMAIL;TYPE=pref:a@example.org", ""},
	{"CLASS:PRIVATE", "CLASS:PRIVATE", ""},
	{"RELATED;VALUE=text:Bob", "RELATED;VALUE=text:Bob", ""},
	{`ADR;LABEL="Road 1\nCity":;;Road 1;City;;;`, `ADR;LABEL="Road 1\nCity":;;Road 1;City;;;`, ""},
}

// linesOf are those of a card but what every card has, unfolded.
func linesOf(c *vcf.Card) []string {
	all := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(c.Bytes()), "\r\n ", "")), "\r\n")
	return slices.DeleteFunc(all, func(l string) bool {
		return slices.Contains([]string{"BEGIN:VCARD", "END:VCARD", "VERSION:3.0", "VERSION:4.0", "UID:u", "FN:J", "N:R;J;;;"}, l)
	})
}

func cardOf(t failer, v vcf.Version, lines []string) *vcf.Card {
	text := "BEGIN:VCARD\r\nVERSION:" + string(v) + "\r\nUID:u\r\nFN:J\r\nN:R;J;;;\r\n" + strings.Join(append(lines, "END:VCARD", ""), "\r\n")
	c, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return c
}

func converted(t failer, c *vcf.Card, v vcf.Version) *vcf.Card {
	out, err := vcf.Convert(c, v)
	if err != nil {
		t.Fatal(err)
	}
	return cardOf(t, v, linesOf(out))
}

// What a program of version 3.0 gets and sends back, unedited or edited elsewhere, says in version 4.0 what it said before.
func TestConversionThereAndBack(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		home := c.home
		if home == "" {
			home = c.v4
		}
		there := converted(t, cardOf(t, vcf.V4, []string{c.v4}), vcf.V3)
		if got := strings.Join(linesOf(there), " | "); got != c.v3 {
			t.Errorf("%s in 3.0:\n%s, not\n%s", c.v4, got, c.v3)
		}
		back := converted(t, there, vcf.V4)
		if got := strings.Join(linesOf(back), " | "); !sameLine(got, home) {
			t.Errorf("%s came back as\n%s", c.v4, got)
		}
	}
}

// sameLine is blind for the order of parameters.
func sameLine(a, b string) bool {
	headA, valueA, _ := strings.Cut(a, ":")
	headB, valueB, _ := strings.Cut(b, ":")
	x, y := strings.Split(headA, ";"), strings.Split(headB, ";")
	slices.Sort(x)
	slices.Sort(y)
	return valueA == valueB && slices.Equal(x, y)
}

// The same in any company, and after the first time nothing changes any more.
func TestConversionOfManyLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var lines, want []string
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(conversions)-1), 0, 12, rapid.ID[int]).Draw(t, "lines") {
			c := conversions[i]
			group := rapid.SampledFrom([]string{"", "item1.", "a."}).Draw(t, "group")
			lines = append(lines, group+c.v4)
			if c.home != "" {
				c.v4 = c.home
			}
			want = append(want, group+c.v4)
		}
		there := converted(t, cardOf(t, vcf.V4, lines), vcf.V3)
		back := converted(t, there, vcf.V4)
		if got := linesOf(back); !slices.EqualFunc(got, want, sameLine) {
			t.Fatalf("%q came back as\n%q", want, got)
		}
		again := converted(t, back, vcf.V3)
		if got := linesOf(again); !slices.EqualFunc(got, linesOf(there), sameLine) {
			t.Fatalf("%q became\n%q the second time", linesOf(there), got)
		}
	})
}

// Lines of version 3.0 come back, too.
func TestConversionFromThree(t *testing.T) {
	t.Parallel()
	for _, l := range []string{
		"KEY;ENCODING=b;TYPE=PGP:AAAA", "KEY;ENCODING=b;TYPE=X509:AAAA", "KEY;ENCODING=b:AAAA", "SOUND;ENCODING=b;TYPE=BASIC:AAAA", "SOUND;ENCODING=b;TYPE=WAVE:AAAA",
		"BDAY:1980-05-06T10:30:00Z", "BDAY:1980-05-06T10:30:00.5Z", "GEO:1.5;2.5", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "TEL;TYPE=home:+49 30 1234",
		"PHOTO;VALUE=uri:https://example.org/p.png", `TEL:+1-555\;ext=102`,
	} {
		if got := linesOf(converted(t, converted(t, cardOf(t, vcf.V3, []string{l}), vcf.V4), vcf.V3)); len(got) != 1 || got[0] != l {
			t.Errorf("%s came back as %q", l, got)
		}
	}
	// A place that somebody has moved has not the altitude of the old one.
	moved := converted(t, cardOf(t, vcf.V3, []string{`GEO;X-GEO-URI="geo:1.5,2.5,30":1.6;2.5`}), vcf.V4)
	if got := linesOf(moved); len(got) != 1 || got[0] != "GEO:geo:1.6,2.5" {
		t.Errorf("moved: %q", got)
	}
	// What the bytes are counts for more than what the card says that is not a picture we know.
	if got := linesOf(converted(t, cardOf(t, vcf.V3, []string{"PHOTO;ENCODING=b;TYPE=JPG:iVBORw0KGgo="}), vcf.V4)); len(got) != 1 || got[0] != "PHOTO:data:image/jpeg;base64,iVBORw0KGgo=" {
		t.Errorf("JPG: %q", got)
	}
	if got := linesOf(converted(t, cardOf(t, vcf.V3, []string{"PHOTO;ENCODING=b;TYPE=HEIC:iVBORw0KGgo="}), vcf.V4)); len(got) != 1 || got[0] != "PHOTO:data:image/png;base64,iVBORw0KGgo=" {
		t.Errorf("HEIC that is PNG: %q", got)
	}
}
