package vcf_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim/vcf"
)

// picture encodes a picture of that size.
func picture(t testing.TB, kind string, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch m := image.NewGray(image.Rect(0, 0, w, h)); kind {
	case "jpeg":
		err = jpeg.Encode(&b, m, nil)
	case "png":
		err = png.Encode(&b, m)
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claiming is a PNG that says it has that size and holds nothing.
func claiming(t testing.TB, w, h uint32) []byte {
	t.Helper()
	b := picture(t, "png", 1, 1)
	for i := range 4 {
		b[16+i], b[20+i] = byte(w>>(24-8*i)), byte(h>>(24-8*i))
	}
	return fixCRC(b)
}

func withPhoto(t testing.TB, v vcf.Version, data []byte, params string) *vcf.Card {
	t.Helper()
	value := base64.StdEncoding.EncodeToString(data)
	text := "BEGIN:VCARD\r\nVERSION:" + string(v) + "\r\nUID:1\r\nFN:Jane Roe\r\nN:Roe;Jane;;;\r\nitem1.PHOTO" + params + ":" + value + "\r\nitem1.X-ABLABEL:x\r\nEND:VCARD\r\n"
	c, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPicturesAreBounded(t *testing.T) {
	t.Parallel()
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	wide := append([]byte("\xff\xfe"), bytes.Join(bytes.Split(svg, nil), []byte{0})...)
	webp := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	for _, c := range []struct {
		name   string
		data   []byte
		params string
		want   string
	}{
		{"a JPEG", picture(t, "jpeg", 640, 640), ";ENCODING=b;TYPE=JPEG", ""},
		{"a PNG that is said to be a JPEG", picture(t, "png", 64, 64), ";ENCODING=b;TYPE=JPEG", ""},
		{"a GIF", picture(t, "gif", 64, 64), ";ENCODING=b", ""},
		{"of 2 MB", append(picture(t, "jpeg", 8, 8), make([]byte, vcf.MaxPhoto-2000)...), ";ENCODING=b", ""},
		{"of more", append(picture(t, "jpeg", 8, 8), make([]byte, vcf.MaxPhoto)...), ";ENCODING=b", vcf.MaxImageSize},
		{"a PNG of 10 gigapixels", claiming(t, 100_000, 100_000), ";ENCODING=b;TYPE=PNG", vcf.MaxImageSize},
		{"a PNG whose pixels overflow", claiming(t, 1<<31-1, 1<<31-1), ";ENCODING=b;TYPE=PNG", vcf.MaxImageSize},
		{"a WebP of 281 terapixels", webp, ";ENCODING=b", vcf.MaxImageSize},
		{"SVG", svg, ";ENCODING=b;TYPE=SVG", vcf.ValidAddressData},
		{"SVG that is said to be a PNG", svg, ";ENCODING=b;TYPE=PNG", vcf.ValidAddressData},
		{"SVG behind blanks", append([]byte("\xef\xbb\xbf \r\n"), svg...), ";ENCODING=b", vcf.ValidAddressData},
		{"SVG in UTF-16", wide, ";ENCODING=b", vcf.ValidAddressData},
		{"compressed", []byte("\x1f\x8b\x08rest"), ";ENCODING=b", vcf.ValidAddressData},
		{"bytes that are no picture we know", []byte("\x00\x00\x00\x18ftypheic"), ";ENCODING=b", ""},
		{"a broken JPEG", []byte("\xff\xd8\xff"), ";ENCODING=b;TYPE=JPEG", ""},
	} {
		faults := withPhoto(t, vcf.V3, c.data, c.params).Validate()
		got := ""
		if len(faults) > 0 {
			got = faults[0].Condition
		}
		if got != c.want || len(faults) > 1 {
			t.Errorf("%s: %v, want %q", c.name, faults, c.want)
		}
	}
	for _, l := range []string{
		"PHOTO:data:image/svg+xml,%3Csvg%3E", "PHOTO:data:image/svg+xml;utf8\\,<svg>", "PHOTO:DATA:IMAGE/SVG+XML;base64,!!!", "LOGO:data:text/html,x",
		"PHOTO:data:image/png,%3Csvg%3E", "PHOTO;MEDIATYPE=image/svg+xml:https://example.org/a", "LOGO;TYPE=svg;ENCODING=b:AAAA",
	} {
		if faults := card(t, vcf.V4, l).Validate(); len(faults) != 1 || faults[0].Condition != vcf.ValidAddressData {
			t.Errorf("%s: %v", l, faults)
		}
	}
	for _, l := range []string{"PHOTO:https://example.org/a.png", "PHOTO;VALUE=uri:https://example.org/a.png", "PHOTO:data:image/png;base64\\,iVBORw=="} {
		if faults := card(t, vcf.V4, l).Validate(); len(faults) != 0 {
			t.Errorf("%s: %v", l, faults)
		}
	}
}

func TestMapPhotos(t *testing.T) {
	t.Parallel()
	small, large := picture(t, "png", 2, 2), picture(t, "jpeg", 50, 50)
	for _, c := range []struct{ version, line, want string }{
		{"3.0", "item1.PHOTO;X-ABCROP=1;TYPE=JPEG;ENCODING=b:" + b64(large), "item1.PHOTO;X-ABCROP=1;ENCODING=b;TYPE=PNG:" + b64(small)},
		{"4.0", "PHOTO;PREF=1:data:image/jpeg;base64," + b64(large), "PHOTO;PREF=1:data:image/png;base64," + b64(small)},
		{"4.0", `PHOTO:data:image/jpeg;base64\,` + b64(large), "PHOTO:data:image/png;base64," + b64(small)},
	} {
		o := card(t, vcf.Version(c.version), c.line)
		if !bytes.Equal(o.Photo(), large) || len(o.Photos()) != 1 {
			t.Errorf("%s: read %d bytes", c.line[:20], len(o.Photo()))
		}
		if o.MapPhotos(func([]byte) []byte { return nil }) != o || o.MapPhotos(bytes.Clone) != o {
			t.Errorf("%s: changed without reason", c.line[:20])
		}
		next := o.MapPhotos(func([]byte) []byte { return small })
		want := strings.Replace(string(o.Bytes()), c.line, c.want, 1)
		if got := unfold(string(next.Bytes())); got != unfold(want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if back := next.MapPhotos(func([]byte) []byte { return large }); !bytes.Equal(back.Photo(), large) {
			t.Errorf("%s: does not come back", c.line[:20])
		}
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	const uid = "6b1f7a1e-0000-4000-8000-000000000001"
	for _, c := range []struct {
		name    string
		version vcf.Version
		lines   []string
		want    []string // "" means the card itself
	}{
		{"nothing is missing", vcf.V3, []string{"UID:1", "FN:Jane Roe", "N:Roe;Jane;;;"}, nil},
		{"4.0 needs no N", vcf.V4, []string{"UID:1", "FN:Jane Roe"}, nil},
		{"an empty FN is one", vcf.V4, []string{"UID:1", "FN:"}, nil},
		{"no UID", vcf.V3, []string{"FN:Jane Roe", "N:Roe;Jane;;;"}, []string{"UID:" + uid, "FN:Jane Roe", "N:Roe;Jane;;;"}},
		{"no UID in 4.0", vcf.V4, []string{"FN:Jane Roe"}, []string{"UID:" + uid, "FN:Jane Roe"}},
		{"an empty UID", vcf.V4, []string{"FN:Jane Roe", "UID: "}, []string{"FN:Jane Roe", "UID:" + uid}},
		{"no FN", vcf.V4, []string{"UID:1", "N:Roe;Jane;;Dr.;"}, []string{"UID:1", "N:Roe;Jane;;Dr.;", "FN:Dr. Jane Roe"}},
		{"no FN but a company", vcf.V4, []string{"UID:1", "ORG:Example Ltd;Sales"}, []string{"UID:1", "ORG:Example Ltd;Sales", "FN:Example Ltd"}},
		{"no N in 3.0", vcf.V3, []string{"UID:1", "FN:Jane Roe"}, []string{"UID:1", "FN:Jane Roe", "N;X-CRM-DERIVED=1:Roe;Jane;;;"}},
		{"nothing at all", vcf.V3, []string{"EMAIL:jane@example.org"},
			[]string{"UID:" + uid, "EMAIL:jane@example.org", "FN:jane@example.org", "N;X-CRM-DERIVED=1:;jane@example.org;;;"}},
	} {
		text := func(lines []string) string {
			return "BEGIN:VCARD\r\nVERSION:" + string(c.version) + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
		}
		o, err := vcf.Parse([]byte(text(c.lines)), vcf.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		got := vcf.Complete(o, uid)
		if c.want == nil {
			if got != o {
				t.Errorf("%s: changed to\n%s", c.name, got.Bytes())
			}
			continue
		}
		if string(got.Bytes()) != text(c.want) {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", c.name, got.Bytes(), text(c.want))
		}
		if vcf.Complete(got, "other") != got || len(got.Validate()) > 0 || string(o.Bytes()) != text(c.lines) {
			t.Errorf("%s: not settled", c.name)
		}
	}
}

func TestRevInUTC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version   vcf.Version
		rev, want string
	}{
		{vcf.V3, "REV:2026-11-21T12:00:00Z", "REV:2026-11-21T12:00:00Z"},
		{vcf.V4, "REV:20261121T120000Z", "REV:20261121T120000Z"},
		{vcf.V3, "REV:20261121T120000Z", "REV:20261121T120000Z"},
		{vcf.V3, "REV:2026-11-21T13:00:00+01:00", "REV:2026-11-21T12:00:00Z"},
		{vcf.V4, "REV:20261121T120000", "REV:20261121T120000Z"},
		{vcf.V3, "REV;VALUE=DATE-TIME:2026-11-21T12:00:00", "REV:2026-11-21T12:00:00Z"},
		{vcf.V3, "REV:2026-11-21T12:00:00.123Z", "REV:2026-11-21T12:00:00Z"},
		{vcf.V3, "REV:2026-11-21", ""},
		{vcf.V3, "REV:yesterday", ""},
	} {
		o := card(t, c.version, c.rev)
		got := vcf.RevInUTC(o)
		if l := got.Block().First("REV"); l == nil && c.want != "" || l != nil && "REV:"+l.Value != c.want {
			t.Errorf("%s: %v", c.rev, l)
		}
		if (c.rev == c.want) != (got == o) {
			t.Errorf("%s: changed %v", c.rev, got != o)
		}
	}
}

// TestCompletingLosesNothing holds of every odd card: the lines that were there are there, in their order.
func TestCompletingLosesNothing(t *testing.T) {
	t.Parallel()
	lines := []string{"UID:1", "UID:", "FN:Jane", "FN:", "N:;;;;", "N:Roe;Jane", "ORG:Example", "EMAIL:a@example.org", "KIND:group", "item1.TEL:1", "item1.X-ABLABEL:x", "NICKNAME:J"}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(lines), 0, 6, rapid.ID).Draw(t, "lines")
		text := "BEGIN:VCARD\r\nVERSION:" + rapid.SampledFrom([]string{"3.0", "4.0"}).Draw(t, "version") + "\r\n" + strings.Join(append(some, "END:VCARD", ""), "\r\n")
		o, err := vcf.Parse([]byte(text), vcf.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		got := vcf.Complete(o, "u")
		if got.UID() == "" || got.Block().First("FN") == nil {
			t.Fatalf("not complete:\n%s", got.Bytes())
		}
		rest := string(got.Bytes())
		for _, l := range some {
			if l == "UID:" {
				continue
			}
			_, after, ok := strings.Cut(rest, "\r\n"+l+"\r\n")
			if !ok {
				t.Fatalf("%s is gone:\n%s", l, got.Bytes())
			}
			rest = "\r\n" + after
		}
	})
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func unfold(s string) string { return strings.ReplaceAll(s, "\n ", "") }

// fixCRC writes the checksum of the first chunk of a PNG anew.
func fixCRC(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}
