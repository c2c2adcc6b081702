package dav_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// TestWhatIsSuitedComesBackWhole: a program that gets a card in another version, with a small photo, or with another
// REV, and stores it again as it got it, has changed nothing that anybody sees.
func TestWhatIsSuitedComesBackWhole(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	photo := base64.StdEncoding.EncodeToString(squarePhoto(t, 7, 170)) // large enough to be scaled, for those who need that
	small := base64.StdEncoding.EncodeToString(largePhoto(t, 8)[:500])
	lines := map[string][]string{
		"4.0": {
			"PHOTO:data:image/png;base64," + photo, "PHOTO:data:image/png;base64\\," + photo, "PHOTO:data:image/png;base64," + small, "PHOTO:https://example.org/a.png",
			"KIND:group", "MEMBER:urn:uuid:joe", "BDAY:--0203", "BDAY:19800506", "ANNIVERSARY:20100601", "GENDER:F", "TEL;VALUE=uri;PREF=1;TYPE=\"work,voice\":tel:+1-555",
			"EMAIL;PREF=1:a@example.org", "GEO:geo:1,2", "REV:20260101T120000", "N:Roe;Jane;;;",
		},
		"3.0": {
			"PHOTO;ENCODING=b;TYPE=PNG:" + photo, "PHOTO;ENCODING=b;TYPE=PNG:" + small, "PHOTO;VALUE=uri:https://example.org/a.png",
			"X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:joe", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03", "BDAY:1980-05-06", "X-ANNIVERSARY:2010-06-01",
			"TEL;type=WORK;type=pref:+1 555", "EMAIL;TYPE=INTERNET:a@example.org", "GEO:1;2", "REV:2026-01-01T12:00:00+02:00", "N:Roe;Jane;;;",
		},
	}
	const other = "X-OTHER;X-P=1:kept"
	both := []string{"item1.TEL:2", "item1.X-ABLABEL:Boat", "NOTE:a\\nb", other, "CATEGORIES:a,b", "ORG:Example;Sales"}
	path := annBook + "a.vcf"
	rapid.Check(t, func(rt *rapid.T) {
		version := rapid.SampledFrom([]string{"3.0", "4.0"}).Draw(rt, "version")
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat(lines[version], both)), 0, 8, rapid.ID).Draw(rt, "lines")
		agent := rapid.SampledFrom([]string{agentIOS, agentOCS, agentEM, agentTB, "User-Agent: macOS/15.1 (24B83) AddressBookCore/2674"}).Draw(rt, "agent")
		s.call("GET", path, "", agentTB)
		s.call("DELETE", path, "", agentTB)
		s.call("PUT", path, crlf(slices.Concat([]string{"BEGIN:VCARD", "VERSION:" + version, "UID:a", "FN:Jane Roe"}, some, []string{"END:VCARD"})...), agentTB).want(201)
		before := readCard(t, []byte(s.stored("a.vcf"))) // not as it is sent: a 3.0 card has a derived N, a 4.0 one need not
		got := s.call("GET", path, "", agent).want(200)
		s.call("PUT", path, string(got.Body), agent, "If-Match: "+got.etag(), "Content-Type: text/vcard").want(204)
		after := readCard(t, []byte(s.stored("a.vcf")))
		if d := pim.Diff(before.Item(), after.Item(), pim.AllOf(pim.KindContact)); !d.IsEmpty() {
			rt.Fatalf("%s changes %v\nfrom\n%.900s\nto\n%.900s", agent, d, before.Bytes(), after.Bytes())
		}
		if slices.Contains(some, other) && !strings.Contains(string(after.Bytes()), other) {
			rt.Fatalf("%s loses %s", agent, other)
		}
	})
	if n := len(s.conflicts()); n != 0 {
		t.Errorf("%d conflicts", n)
	}
}
