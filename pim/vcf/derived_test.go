package vcf_test

import (
	"strings"
	"testing"

	"crmbridge/pim/vcf"
)

func readLines(t *testing.T, version string, lines ...string) *vcf.Card {
	t.Helper()
	text := strings.Join(append(append([]string{"BEGIN:VCARD", "VERSION:" + version, "UID:1"}, lines...), "END:VCARD", ""), "\r\n")
	c, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What programs get has no mark, and what they send back has it again, if nobody has written the name.
func TestDerivedNameGoesAndComes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		old, mine   []string // lines of 3.0
		want, shown string   // N as it is kept and as programs get it
	}{
		{"as it was", []string{"FN:Jane Roe", "N;X-CRM-DERIVED=1:Roe;Jane;;;"}, []string{"FN:Jane Roe", "N:Roe;Jane;;;"}, "N;X-CRM-DERIVED=1:Roe;Jane;;;", "N:Roe;Jane;;;"},
		{"in another spelling", []string{"FN:Jane Roe", "N;X-CRM-DERIVED=1:Roe;Jane;;;"}, []string{"FN:Jane Roe", "item1.N;LANGUAGE=de:Roe;Jane"},
			"item1.N;LANGUAGE=de;X-CRM-DERIVED=1:Roe;Jane", "item1.N;LANGUAGE=de:Roe;Jane"},
		{"FN changed", []string{"FN:Jane Roe", "N;X-CRM-DERIVED=1:Roe;Jane;;;"}, []string{"FN:Jane Ann Poe", "N:Roe;Jane;;;"}, "N;X-CRM-DERIVED=1:Poe;Jane Ann;;;", "N:Poe;Jane Ann;;;"},
		{"N changed", []string{"FN:Jane Roe", "N;X-CRM-DERIVED=1:Roe;Jane;;;"}, []string{"FN:Jane Roe", "N:Roe;Jane;;Dr.;"}, "N:Roe;Jane;;Dr.;", "N:Roe;Jane;;Dr.;"},
		{"a real one", []string{"FN:Jane Roe", "N:Roe;Jane;;;"}, []string{"FN:Jane Roe", "N:Roe;Jane;;;"}, "N:Roe;Jane;;;", "N:Roe;Jane;;;"},
		{"with signs", []string{"FN:Jane; Roe\\, jr", "N;X-CRM-DERIVED=1:jr;Jane\\; Roe\\,;;;"}, []string{"FN:Jane; Roe\\, jr", "N:jr;Jane\\; Roe\\,;;;"},
			"N;X-CRM-DERIVED=1:jr;Jane\\; Roe\\,;;;", "N:jr;Jane\\; Roe\\,;;;"},
	} {
		old, mine := readLines(t, "3.0", c.old...), readLines(t, "3.0", c.mine...)
		kept := vcf.KeepDerived(mine, old)
		if got := string(kept.Bytes()); !strings.Contains(got, "\r\n"+c.want+"\r\n") {
			t.Errorf("%s: kept\n%s\nwant %s", c.name, got, c.want)
		}
		if again := vcf.KeepDerived(kept, old); again != kept {
			t.Errorf("%s: once more it changes", c.name)
		}
		plain := kept.Plain()
		if got := string(vcf.PlainText(kept.Bytes(), vcf.DefaultLimits())); got != string(plain.Bytes()) || strings.Contains(got, "X-CRM-DERIVED") || !strings.Contains(got, "\r\n"+c.shown+"\r\n") {
			t.Errorf("%s: shown as\n%s\nor\n%s", c.name, plain.Bytes(), got)
		}
		if plain.Plain() != plain {
			t.Errorf("%s: not itself", c.name)
		}
	}
}

// A card of version 4.0 without N gets one when it is converted, which is not the person's either.
func TestDerivedNameOfConvertedCards(t *testing.T) {
	t.Parallel()
	stored := readLines(t, "4.0", "FN:Jane Roe")
	sent, err := vcf.Convert(stored, vcf.V3)
	if err != nil {
		t.Fatal(err)
	}
	back := vcf.KeepDerived(sent.Plain(), stored)
	if n := back.Item(); n.Given+n.Family != "" || n.FullName != "Jane Roe" {
		t.Errorf("%+v", n)
	}
	if vcf.KeepDerived(readLines(t, "4.0", "FN:Jane Roe", "N:Roe;Jane;;;"), stored).Item().Family != "Roe" {
		t.Error("a name that a program of version 4.0 has written is gone")
	}
}

// Texts without the mark, and those that only mention it, are themselves.
func TestPlainTextOfOthers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "X-CRM-DERIVED", "N;X-CRM-DERIVED=1:a", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:X-CRM-DERIVED\r\nN:a;b;;;\r\nEND:VCARD\r\n"} {
		if got := vcf.PlainText([]byte(text), vcf.DefaultLimits()); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
