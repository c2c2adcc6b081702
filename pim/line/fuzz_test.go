package line_test

import (
	"bytes"
	"errors"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"BEGIN:VCALENDAR\r\nX;A=b\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCARD\r\nCATEGORIES:a,b\r\nN:Doe\\;X;;;;\r\nPHOTO:data:image/png;base64\\,iVBOR\r\nEND:VCARD\r\n",
		"BEGIN:X\nitem1.TEL;TYPE=\"a,b\";PREF=1;HOME:1\nEND:X",
		"BEGIN:X\rN;ENCODING=QUOTED-PRINTABLE:a=\rb\rEND:X\r",
		odd,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := line.Parse(b, line.DefaultLimits())
		if err != nil {
			if !errors.Is(err, pim.ErrInvalid) && !errors.Is(err, pim.ErrTooLarge) {
				t.Fatalf("unclear error %v", err)
			}
			return
		}
		if !bytes.Equal(text.Bytes(), b) {
			t.Fatalf("%q came back as %q", b, text.Bytes())
		}
		// Written anew, every line means the same.
		for _, block := range text.Blocks() {
			fresh := block.Fresh()
			again, err := line.Parse(fresh.Bytes(), line.Limits{})
			if err != nil {
				t.Fatalf("%q written anew cannot be read: %v", b, err)
			}
			was, is := fresh.All(""), again.Blocks()[0].All("")
			if len(was) != len(is) {
				t.Fatalf("%q: %d lines became %d", b, len(was), len(is))
			}
			for i := range was {
				if was[i].Name != is[i].Name || was[i].Value != is[i].Value || len(was[i].Params) != len(is[i].Params) {
					t.Fatalf("%+v became %+v", was[i], is[i])
				}
			}
		}
	})
}
