package dav_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// stored is the text of the one card in the book that is called name, as it is kept.
func (s *server) stored(name string) string {
	s.t.Helper()
	var text []byte
	err := s.store.View(s.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		if err != nil {
			return err
		}
		return tx.EachNamed(c.ID, []string{name}, func(o *store.Object) error {
			text = bytes.Clone(o.Text)
			return nil
		})
	})
	if err != nil || text == nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

const derivedMark = "X-CRM-DERIVED"

// A name in parts that the server made of FN is an ordinary one to programs. When it comes back as it was, nobody has
// typed it, and no CRM hears of it; when it comes back as another, somebody has.
func TestDerivedNamesAreOurs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	s.call("PUT", path, crlf("BEGIN:VCARD", "VERSION:3.0", "UID:a", "FN:Jane Roe", "NOTE:n", "END:VCARD"), "Content-Type: text/vcard").want(201)
	if text := s.stored("a.vcf"); !strings.Contains(text, "N;"+derivedMark+"=1:Roe;Jane;;;") {
		t.Fatalf("stored: %s", text)
	}
	query := `<B:addressbook-query xmlns:D="DAV:" xmlns:B="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><B:address-data%s/></D:prop><B:filter/></B:addressbook-query>`
	plain := s.read(path)
	for what, text := range map[string]string{
		"GET":                plain,
		"GET in 4.0":         s.call("GET", path, "", "Accept: text/vcard;version=4.0").want(200).text(),
		"to a phone":         s.call("GET", path, "", "User-Agent: iOS/17.0 (21A329) dataaccessd/1.0").want(200).text(),
		"multiget":           first(s.multiget(path)),
		"query":              s.call("REPORT", annBook, strings.Replace(query, "%s", "", 1), "Depth: 1").want(207).text(),
		"query in 4.0":       s.call("REPORT", annBook, strings.Replace(query, "%s", ` content-type="text/vcard" version="4.0"`, 1), "Depth: 1").want(207).text(),
		"of a refused PUT":   s.call("PUT", path, plain, "Content-Type: text/vcard", `If-Match: "x"`, "Prefer: return=representation").want(412).text(),
		"of a PUT in full":   s.call("PUT", path, plain, "Content-Type: text/vcard", "Prefer: return=representation").want(200).text(),
		"the same once more": s.read(path),
	} {
		if strings.Contains(text, derivedMark) || !strings.Contains(text, "N:Roe;Jane;;;") {
			t.Errorf("%s: %s", what, text)
		}
	}
	name := func() string {
		c := s.kept("a.vcf")
		return c.Given + "/" + c.Family + "/" + c.FullName
	}
	put := func(text, want string, marked bool) {
		t.Helper()
		r := s.call("PUT", path, text, "Content-Type: text/vcard").want(204)
		got := s.call("GET", path, "").want(200)
		shown := got.text()
		if has := r.Header.Get("ETag") != ""; has != (shown == text) || has && r.Header.Get("ETag") != got.Header.Get("ETag") {
			t.Errorf("ETag %q of\n%s\nthat reads\n%s", r.Header.Get("ETag"), text, shown)
		}
		if strings.Contains(s.stored("a.vcf"), derivedMark) != marked || name() != want || strings.Contains(shown, derivedMark) {
			t.Errorf("%s: stored %s", name(), s.stored("a.vcf"))
		}
	}
	change := func(old, now string) string {
		plain = strings.Replace(plain, old, now, 1)
		return plain
	}
	put(change("NOTE:n", "NOTE:m"), "//Jane Roe", true)
	put(change("N:Roe;Jane;;;", "N:Roe;Jane"), "//Jane Roe", true) // another spelling of the same
	plain = s.read(path)
	put(change("FN:Jane Roe", "FN:Jane Ann Smith"), "//Jane Ann Smith", true) // the rest follows
	plain = s.read(path)
	if !strings.Contains(plain, "N:Smith;Jane Ann;;;") {
		t.Errorf("the derived name stayed behind: %s", plain)
	}
	put(change("N:Smith;Jane Ann;;;", "N:Ann Smith;Jane;;;"), "Jane/Ann Smith/Jane Ann Smith", false)
	// What a program keeps of a mark that it once got means nothing.
	put(change("N:Ann Smith", "N;"+derivedMark+"=1:Smith-Roe"), "Jane/Smith-Roe/Jane Ann Smith", false)
	if n := len(s.conflicts()); n != 0 { // the refused PUT had nothing new
		t.Errorf("%d conflicts", n)
	}
}

// A device that writes over a version that it has not seen brings the derived name of the one that it has.
func TestDerivedNamesOfBlindWrites(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "a.vcf"
	s.call("PUT", path, crlf("BEGIN:VCARD", "VERSION:3.0", "UID:a", "FN:Jane Roe", "NOTE:n", "END:VCARD"), "Content-Type: text/vcard").want(201)
	phone := "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
	mine := s.call("GET", path, "", phone).want(200).text()
	other := s.read(path)
	s.call("PUT", path, strings.Replace(other, "FN:Jane Roe", "FN:Jane Smith", 1), "Content-Type: text/vcard").want(204)
	s.call("PUT", path, strings.Replace(mine, "NOTE:n", "NOTE:m", 1), "Content-Type: text/vcard", phone).want(204)
	c := s.kept("a.vcf")
	if c.FullName != "Jane Smith" || c.Notes != "m" || c.Given+c.Family != "" || len(s.conflicts()) != 0 {
		t.Errorf("%+v, %d conflicts", c, len(s.conflicts()))
	}
}

func first(a, _ string) string { return a }

func (r *reply) text() string { return string(r.Body) }

func (s *server) read(path string) string { return s.call("GET", path, "").want(200).text() }

// kept is the typed view of what is stored.
func (s *server) kept(name string) *pim.Contact {
	s.t.Helper()
	c, err := vcf.Parse([]byte(s.stored(name)), vcf.DefaultLimits())
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Item()
}

// RFC 4918 15.4: the length that is told is that of what a GET sends, also of a card with a mark of ours. To programs for which
// cards are made over none is told.
func TestLengthOfCards(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, text := range map[string]string{
		"marked.vcf": crlf("BEGIN:VCARD", "VERSION:3.0", "UID:m", "FN:Jane Roe", "END:VCARD"),
		"plain.vcf":  crlf("BEGIN:VCARD", "VERSION:3.0", "UID:p", "FN:Jane Roe", "N:Roe;Jane;;;", "END:VCARD"),
	} {
		s.call("PUT", annBook+name, text, "Content-Type: text/vcard").want(201)
	}
	multiget := askMore("CR:addressbook-multiget", "<D:href>"+annBook+"marked.vcf</D:href><D:href>"+annBook+"plain.vcf</D:href>", "D:getcontentlength")
	for name, m := range map[string]*multi{
		"PROPFIND": s.propfind(annBook, 1, "D:getcontentlength"),
		"REPORT":   s.call("REPORT", annBook, multiget).multi(),
		"sync":     s.call("REPORT", annBook, syncBody("", "D:getcontentlength")).multi(),
	} {
		for _, card := range []string{"marked.vcf", "plain.vcf"} {
			if got, want := m.text(annBook+card, "getcontentlength"), strconv.Itoa(len(s.read(annBook+card))); got != want {
				t.Errorf("%s of %s: %s, and GET sends %s", name, card, got, want)
			}
		}
	}
	phone := s.call("PROPFIND", annBook, ask("D:propfind", "D:getcontentlength"), "Depth: 1", "User-Agent: iOS/17.0 (21A329) dataaccessd/1.0").want(207)
	if strings.Contains(string(phone.Body), "<D:getcontentlength>") {
		t.Errorf("%s", phone.Body)
	}
}
