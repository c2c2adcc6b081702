package pim_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"crmbridge/pim"
)

const nameMost = 200

func TestFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"offer.pdf": "offer.pdf", "": "file", " x ": "x", "bad\xff.txt": "bad.txt", "Re: Angebot (2).eml": "Re: Angebot (2).eml", ".htaccess": ".htaccess",
		// Folders and paths.
		".": "file", "..": "file", "...": "file", " .. ": "file", "../../etc/passwd": "passwd", `C:\temp\offer.pdf`: "offer.pdf", "dir/": "file", `dir\..`: "file", "a/.": "file",
		".\u200b.": "file", "..\x00": "file", "x/\u202e..": "file", "a\u202e/b.txt": "b.txt",
		// What steers.
		"a\r\nb.txt": "ab.txt", "a\x00.txt": "a.txt", "a\x1b[31m.txt": "a[31m.txt", "a\u0085b\u009bc": "abc", "a\u2028b\u2029c.txt": "a b c.txt",
		// "invoice\u202egpj.exe" shows as "invoiceexe.jpg".
		"invoice\u202egpj.exe": "invoicegpj.exe", "\u2066a\u2069\u200f.pdf": "a.pdf", "\u061cx": "x", "\ufeffx\u200b\u00ad.txt": "x.txt", "\U000e0041x": "x",
		// What belongs to a name.
		"می\u200cخواهم.pdf": "می\u200cخواهم.pdf", "👩\u200d💻.png": "👩\u200d💻.png", "Ångström e\u0301.doc": "Ångström e\u0301.doc", "حساب.pdf": "حساب.pdf",
		"\u200d": "file", "\u00a0": "file", "\u200c.\u200c": "file",
		// Long ones.
		strings.Repeat("ø", 300) + ".pdf":             strings.Repeat("ø", 196) + ".pdf",
		"." + strings.Repeat("x", 300):                "." + strings.Repeat("x", 199),
		strings.Repeat("😀", 300) + ".png":             strings.Repeat("😀", 98) + ".png",
		strings.Repeat("a", 195) + "   bcdefghij.pdf": strings.Repeat("a", 195) + ".pdf",
	} {
		if got := pim.FileName(name, nameMost); got != want {
			t.Errorf("%.30q is %q, want %q", name, got, want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"offer.pdf", "..", "a/b\\c", "x\u202egpj.exe", strings.Repeat("😀", 120), " .a", "\xff\xfe", "\u200d.\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := pim.FileName(name, nameMost)
		n := 0
		for _, r := range got {
			n += utf16.RuneLen(r)
		}
		switch {
		case got == "" || got == "." || got == ".." || n > nameMost || !utf8.ValidString(got), strings.ContainsAny(got, `/\`), strings.TrimSpace(got) != got,
			strings.ContainsFunc(got, unicode.IsControl), strings.ContainsFunc(got, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }):
			t.Errorf("%q became %q", name, got)
		case pim.FileName(got, nameMost) != got:
			t.Errorf("%q became %q, and that %q", name, got, pim.FileName(got, nameMost))
		}
	})
}
