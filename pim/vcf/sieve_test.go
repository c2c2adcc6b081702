package vcf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
)

// sieveLines are lines of all the kinds that a scan could read in another way than Parse.
var sieveLines = []string{
	"FN:Ann Example", "fn:Bob\\, the Builder", "FN:Stra\r\n ße 7", "F\r\n N:Folded Name", "FN;\r\n CHARSET=iso-8859-1:J\xfcrgen",
	"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =\r\nExample", "FN;QUOTED-PRINTABLE:=41nn", "FN;ENCODING=\"QUOT\"ED-PRINTABLE:=41nn",
	"NOTE;QUOTED-PRINTABLE:soft=\r\nFN:swallowed ann", "item1.FN:Grouped Ann", "ITEM1.EMAIL;TYPE=work:ann@example.org", "email:BOB@EXAMPLE.ORG",
	"EMAIL;X-LABEL=\"a:b\":carol@example.org", "EMAIL;TYPE=\"home,work\":dora@example.org", "EMAIL;TYPE:odd@example.org", "EMAIL;T\"YPE=x:ann",
	"NOTE:back\\\\slash\\nann", "NICKNAME:ä\u0308, Ångström, ﬁ, K", "NICKNAME:I\u0307stanbul", "NICKNAME:", "NICKNAME;TYPE=x;QX=1:Ann", "PHOTO;ENCODING=b:QU5O\r\n QU5O", "",
	"\r\n FN:after a blank", "no colon", "FN", "END:VCARD", "BEGIN:VCARD", "BEGIN:INNER", "END:INNER", "x.BEGIN:ann", "x.END:ann", "FN:\tann\t", " FN:ann", "FN:ann\r", "TEL;A^n=1:ann",
	strings.Repeat("FN:many\r\n", 40), "X-A;CN=ann:x", "VERSION:3.0",
}

func drawSieveText(t *rapid.T) []byte {
	eol := rapid.SampledFrom([]string{"\r\n", "\r\n", "\n", "\r", "\r\r\n"}).Draw(t, "line end")
	lines := rapid.SliceOfN(rapid.SampledFrom(sieveLines), 0, 6).Draw(t, "lines")
	if rapid.IntRange(0, 9).Draw(t, "framed") > 0 {
		lines = append(append([]string{"BEGIN:VCARD"}, lines...), "END:VCARD")
	}
	text := strings.Join(lines, "\r\n") + rapid.SampledFrom([]string{"", "\r\n", "\r\n\r\n"}).Draw(t, "end")
	return []byte(rapid.SampledFrom([]string{"", "", "\ufeff"}).Draw(t, "mark") + strings.ReplaceAll(text, "\r\n", eol))
}

func drawSieveMatch(t *rapid.T) line.TextMatch {
	return line.TextMatch{
		Text:      rapid.SampledFrom([]string{"", "ann", "ANN", "jürgen", "STRASSE", "@example.org", "b", ", t", "\\", "ä", "fi", "k", "q"}).Draw(t, "text"),
		Collation: rapid.SampledFrom([]string{"", "i;octet", "i;unicode-casemap", "i;ascii-casemap", "i;unicode-casemap", "i;klingon"}).Draw(t, "collation"),
		Type:      rapid.SampledFrom([]string{"", "contains", "equals", "starts-with", "ends-with", "sounds-like"}).Draw(t, "type"),
		Negate:    rapid.Bool().Draw(t, "negate"),
	}
}

func drawSieveFilter(t *rapid.T) vcf.Filter {
	prop := rapid.Custom(func(t *rapid.T) vcf.PropFilter {
		p := vcf.PropFilter{
			Name:       rapid.SampledFrom([]string{"FN", "fn", "EMAIL", "item1.EMAIL", "ITEM1.fn", "NICKNAME", "NOTE", "UID", "PHOTO", "BEGIN", "END", "X-A", "a.b.FN"}).Draw(t, "name"),
			AllOf:      rapid.Bool().Draw(t, "all of"),
			NotDefined: rapid.IntRange(0, 5).Draw(t, "not defined") == 0,
			Texts:      rapid.SliceOfN(rapid.Custom(drawSieveMatch), 0, 2).Draw(t, "texts"),
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "params") {
			f := line.ParamFilter{Name: rapid.SampledFrom([]string{"TYPE", "cn", "CHARSET"}).Draw(t, "param"), NotDefined: rapid.Bool().Draw(t, "no param")}
			if rapid.Bool().Draw(t, "with text") {
				m := drawSieveMatch(t)
				f.Text = &m
			}
			p.Params = append(p.Params, f)
		}
		return p
	})
	return vcf.Filter{AllOf: rapid.Bool().Draw(t, "all of"), Props: rapid.SliceOfN(prop, 1, 3).Draw(t, "props")}
}

// judge compares the sieve with the rule: whatever it leaves out may not match, and of plain cards it leaves out all
// that do not.
func judge(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *vcf.Sieve, f vcf.Filter, text []byte, lim vcf.Limits) {
	t.Helper()
	may := s.MayMatch(text)
	c, err := vcf.Parse(text, lim)
	if err != nil {
		return // it matches nothing, whatever the sieve says
	}
	ok, err := c.Matches(f)
	plain := bytes.Count(bytes.ToUpper(text), []byte("BEGIN")) == 1
	if want := ok || err != nil; want && !may || plain && want != may {
		t.Fatalf("the sieve says %v, the rule %v, %v of\n%q\n%+v", may, ok, err, text, f)
	}
}

func TestSieveHidesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lim := vcf.DefaultLimits()
		if rapid.Bool().Draw(t, "strict") {
			lim = vcf.Limits{Bytes: 120, LineBytes: 30, Properties: 6, Depth: 1, Params: 1}
		}
		f := drawSieveFilter(t)
		s := vcf.NewSieve(f, lim)
		for range 4 { // it is used again and again
			judge(t, s, f, drawSieveText(t), lim)
		}
	})
}

func TestSieveOnSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.vcf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	lim := vcf.DefaultLimits()
	left := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"FN", "EMAIL", "NOTE", "N", "ADR", "ORG"} {
			for _, want := range []string{"a", "jane", "ü", "example", "zzz", "\n"} {
				f := vcf.Filter{Props: []vcf.PropFilter{{Name: name, Texts: []line.TextMatch{{Text: want, Collation: "i;unicode-casemap"}}}}}
				s := vcf.NewSieve(f, lim)
				judge(t, s, f, text, lim)
				if !s.MayMatch(text) {
					left++
				}
			}
		}
	}
	if left < len(files) {
		t.Errorf("the sieve left out %d of %d", left, len(files)*36)
	}
}

func TestSieveOfNothing(t *testing.T) {
	t.Parallel()
	if s := vcf.NewSieve(vcf.Filter{AllOf: true}, vcf.DefaultLimits()); s != nil {
		t.Error("a filter that asks nothing has a sieve")
	}
}

func BenchmarkSieve(b *testing.B) {
	text := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:Example;Ann;;;\r\nFN:Ann Example\r\nEMAIL;TYPE=work:ann@example.org\r\nTEL;TYPE=cell:+47 22 33 44\r\n" +
		"ADR;TYPE=work:;;Storgata 1;Oslo;;0001;Norway\r\nORG:Example\r\nTITLE:Baker\r\nREV:20260101T000000Z\r\nEND:VCARD\r\n")
	m := []line.TextMatch{{Text: "zebra", Collation: "i;unicode-casemap"}}
	f := vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: m}, {Name: "NICKNAME", Texts: m}, {Name: "EMAIL", Texts: m}}}
	lim := vcf.DefaultLimits()
	b.Run("sieve", func(b *testing.B) {
		b.ReportAllocs()
		s := vcf.NewSieve(f, lim)
		for b.Loop() {
			if s.MayMatch(text) {
				b.Fatal("found")
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c, err := vcf.Parse(text, lim)
			if err != nil {
				b.Fatal(err)
			}
			if ok, err := c.Matches(f); ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}
