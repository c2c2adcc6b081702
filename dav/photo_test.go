package dav_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"crmbridge/dav"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

const (
	agentOCS = "User-Agent: CalDavSynchronizer/4.4"
	agentIOS = "User-Agent: iOS/18.1 (22B83) dataaccessd/1.0"
	agentTB  = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
	agentEM  = "User-Agent: eM Client/9.2.2038"
)

// largePhoto is a PNG of a few hundred kilobytes.
func largePhoto(t testing.TB, seed uint64) []byte {
	t.Helper()
	return squarePhoto(t, seed, 320)
}

// squarePhoto is a PNG of four bytes for each of its side × side pixels, as noise does not compress.
func squarePhoto(t testing.TB, seed uint64, side int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.UintN(256))
	}
	m.SetNRGBA(0, 0, color.NRGBA{A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// photoCard is a card of version 4.0 with a photo.
func photoCard(uid, name string, photo []byte, extra ...string) string {
	return crlf("BEGIN:VCARD", "VERSION:4.0", "UID:"+uid, "FN:"+name, "PHOTO:data:image/png;base64,"+base64.StdEncoding.EncodeToString(photo),
		strings.Join(extra, "\r\n"), "END:VCARD")
}

func readCard(t testing.TB, text []byte) *vcf.Card {
	t.Helper()
	c, err := vcf.Parse(text, vcf.DefaultLimits())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

// multiget downloads one object in a REPORT.
func (s *server) multiget(path string, headers ...string) (data, etag string) {
	s.t.Helper()
	book := path[:strings.LastIndex(path, "/")+1]
	m := s.call("REPORT", book, askMore("CR:addressbook-multiget", "<D:href>"+path+"</D:href>", "D:getetag", "CR:address-data"), headers...).multi()
	return m.text(path, "address-data"), m.text(path, "getetag")
}

// TestPhotosOnDownload: what chokes on large photos gets small ones, everybody else what is stored, all the same ETag.
func TestPhotosOnDownload(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	photo, path := largePhoto(t, 1), annBook+"jane.vcf"
	text := photoCard("jane", "Jane Roe", photo)
	etag := s.put(path, text, agentTB)
	for _, c := range []struct {
		agent string
		small bool
	}{{agentOCS, true}, {agentIOS, true}, {agentTB, false}, {agentEM, false}, {"User-Agent: DAVx5/4.4", false}} {
		got := s.call("GET", path, "", c.agent).want(200)
		data, tag := s.multiget(path, c.agent)
		if got.etag() != etag || tag != etag {
			t.Errorf("%s: ETag %s and %s, want %s", c.agent, got.etag(), tag, etag)
		}
		for _, body := range []string{string(got.Body), data} {
			have := readCard(t, []byte(body)).Photo()
			switch {
			case !c.small && body != text:
				t.Errorf("%s: not what is stored", c.agent)
			case c.small && (len(have) > 100_000 || len(have) < 1000 || !bytes.HasPrefix(have, []byte("\xff\xd8"))):
				t.Errorf("%s: a photo of %d bytes", c.agent, len(have))
			case c.small && len(body) > 150_000:
				t.Errorf("%s: a card of %d bytes", c.agent, len(body))
			}
		}
		if head := s.call("HEAD", path, "", c.agent).want(200); head.Header.Get("Content-Length") != got.Header.Get("Content-Length") {
			t.Errorf("%s: HEAD and GET differ", c.agent)
		}
	}
}

// TestSmallPhotosDoNotComeBack is the other half: what a program got small is not taken for a new photo.
func TestSmallPhotosDoNotComeBack(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	photo, path := largePhoto(t, 1), annBook+"jane.vcf"
	s.put(path, photoCard("jane", "Jane Roe", photo), agentTB)
	data, etag := s.multiget(path, agentOCS)
	if !strings.Contains(data, "VERSION:3.0") {
		t.Fatalf("a version that it cannot read:\n%.100s", data)
	}
	edited := strings.Replace(data, "FN:Jane Roe", "FN:Jane Smith", 1)
	r := s.call("PUT", path, edited, agentOCS, "If-Match: "+etag, "Content-Type: text/vcard").want(204)
	if r.Header.Get("ETag") != "" {
		t.Error("an ETag for bytes that were not sent (RFC 4791 5.3.4)")
	}
	stored := readCard(t, s.call("GET", path, "", agentTB).want(200).Body)
	if stored.Item().FullName != "Jane Smith" || !bytes.Equal(stored.Photo(), photo) || stored.Version() != vcf.V3 {
		t.Errorf("stored %q, a photo of %d bytes", stored.Item().FullName, len(stored.Photo()))
	}

	// The same without looking, while another device has given the card another photo: the new photo stays.
	data, _ = s.multiget(path, agentOCS)
	other := largePhoto(t, 2)
	s.put(path, photoCard("jane", "Jane Smith", other), agentTB)
	s.call("PUT", path, strings.Replace(data, "END:VCARD", "TITLE:Director\r\nEND:VCARD", 1), agentOCS, "Content-Type: text/vcard").want(204)
	stored = readCard(t, s.call("GET", path, "", agentTB).want(200).Body)
	if stored.Item().Title != "Director" || !bytes.Equal(stored.Photo(), other) {
		t.Errorf("title %q, a photo of %d bytes, want %d", stored.Item().Title, len(stored.Photo()), len(other))
	}

	// A photo that the user took is one.
	mine := largePhoto(t, 3)[:50_000]
	s.call("PUT", path, photoCard("jane", "Jane Smith", mine), agentOCS, "Content-Type: text/vcard").want(204)
	if got := readCard(t, s.call("GET", path, "", agentTB).want(200).Body).Photo(); !bytes.Equal(got, mine) {
		t.Errorf("a photo of %d bytes", len(got))
	}
}

func TestPhotosAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "jane.vcf"
	for _, c := range []struct {
		photo     []byte
		condition string
	}{
		{make([]byte, vcf.MaxPhoto+1), "max-image-size"},
		{[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "valid-address-data"},
	} {
		s.call("PUT", path, photoCard("jane", "Jane Roe", c.photo), "Content-Type: text/vcard").want(403).condition(nsCR, c.condition)
	}
	// Two megabytes are more than an event may have.
	s.put(path, photoCard("jane", "Jane Roe", make([]byte, vcf.MaxPhoto)))
	props := s.propfind(annBook, 0, "CR:max-image-size", "CR:max-resource-size")
	if image, all := props.text(annBook, "max-image-size"), props.text(annBook, "max-resource-size"); image != "2097152" || all != "4194304" {
		t.Errorf("max-image-size %s, max-resource-size %s", image, all)
	}
	s = newServer(t, dav.Limits{Card: 10_000})
	s.call("PUT", path, photoCard("jane", "Jane Roe", make([]byte, 10_000)), "Content-Type: text/vcard").want(403).condition(nsCR, "max-resource-size")
}

// TestGroupsOnDownload is CLIENTS.md row 26: version 4.0 has groups of its own, and Apple's programs know theirs only.
func TestGroupsOnDownload(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v4 := crlf("BEGIN:VCARD", "VERSION:4.0", "UID:g4", "FN:Customers", "KIND:group", "MEMBER:urn:uuid:jane", "X-OTHER:kept", "END:VCARD")
	v3 := crlf("BEGIN:VCARD", "VERSION:3.0", "UID:g3", "FN:Friends", "N:Friends;;;;", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:jane", "END:VCARD")
	s.put(annBook+"g4.vcf", v4)
	s.put(annBook+"g3.vcf", v3)
	for _, c := range []struct {
		path, agent, version string
		want                 []string
	}{
		{"g4.vcf", agentIOS, "", []string{"VERSION:3.0", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:jane", "X-OTHER:kept", ":Customers;;;;"}},
		{"g4.vcf", "User-Agent: macOS/15.1 (24B83) AddressBookCore/2674", "", []string{"VERSION:3.0", "X-ADDRESSBOOKSERVER-KIND:group"}},
		{"g4.vcf", agentOCS, "", []string{"VERSION:3.0", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:jane"}},
		{"g4.vcf", agentIOS, ` version="4.0"`, []string{"VERSION:4.0", "\r\nKIND:group", "\r\nMEMBER:urn:uuid:jane"}},
		{"g4.vcf", "User-Agent: DAVx5/4.4", ` version="3.0"`, []string{"VERSION:3.0", "X-ADDRESSBOOKSERVER-KIND:group"}},
		{"g4.vcf", agentTB, "", []string{"VERSION:4.0", "\r\nKIND:group", "\r\nMEMBER:urn:uuid:jane"}},
		{"g3.vcf", "User-Agent: DAVx5/4.4", ` version="4.0"`, []string{"VERSION:4.0", "\r\nKIND:group", "\r\nMEMBER:urn:uuid:jane"}},
		{"g3.vcf", agentIOS, "", []string{"VERSION:3.0", "X-ADDRESSBOOKSERVER-KIND:group"}},
	} {
		m := s.call("REPORT", annBook, askMore("CR:addressbook-multiget", "<D:href>"+annBook+c.path+"</D:href>", `CR:address-data content-type="text/vcard"`+c.version), c.agent).multi()
		data := m.text(annBook+c.path, "address-data")
		for _, want := range c.want {
			if !strings.Contains(data, want) {
				t.Errorf("%s for %s%s: no %q in\n%s", c.path, c.agent, c.version, want, data)
			}
		}
		if members := readCard(t, []byte(data)).Item().Members; len(members) != 1 || members[0] != "jane" {
			t.Errorf("%s for %s: members %q", c.path, c.agent, members)
		}
	}
	// An edit by a program that knows Apple's groups only leaves a group for all.
	data, etag := s.multiget(annBook+"g4.vcf", agentIOS)
	edited := strings.Replace(data, "END:VCARD", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:joe\r\nEND:VCARD", 1)
	if got := s.put(annBook+"g4.vcf", edited, agentIOS, "If-Match: "+etag); got == "" {
		t.Error("no ETag for bytes that are stored as they came")
	}
	m := s.call("REPORT", annBook, askMore("CR:addressbook-multiget", "<D:href>"+annBook+"g4.vcf</D:href>", `CR:address-data content-type="text/vcard" version="4.0"`)).multi()
	if got := m.text(annBook+"g4.vcf", "address-data"); strings.Count(got, "\r\nMEMBER:urn:uuid:") != 2 {
		t.Errorf("got\n%s", got)
	}
}

// TestRevOnDownload is CLIENTS.md row 28.
func TestRevOnDownload(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := annBook + "jane.vcf"
	text := card("jane", "Jane Roe", "REV:2026-01-01T12:00:00+02:00")
	s.put(path, text)
	if got, _ := s.multiget(path, agentEM); !strings.Contains(got, "\r\nREV:2026-01-01T10:00:00Z\r\n") {
		t.Errorf("eM Client got\n%s", got)
	}
	if got, _ := s.multiget(path, agentTB); got != text {
		t.Errorf("Thunderbird got\n%s", got)
	}
}

// TestCardsAreCompleted: a card without UID, FN or N gets them, and no ETag, so that the client reads what it has now.
func TestCardsAreCompleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	bare := crlf("BEGIN:VCARD", "VERSION:3.0", "item1.EMAIL:jane@example.org", "item1.X-ABLABEL:letters", "ORG:Example Ltd", "END:VCARD")
	put := func(path, text string, status int) *vcf.Card {
		t.Helper()
		if r := s.call("PUT", path, text, "Content-Type: text/vcard").want(status); r.Header.Get("ETag") != "" {
			t.Error("an ETag for what was not sent")
		}
		return readCard(t, s.call("GET", path, "").want(200).Body)
	}
	first := put(annBook+"a.vcf", bare, 201)
	want := crlf("BEGIN:VCARD", "VERSION:3.0", "UID:"+first.UID(), "item1.EMAIL:jane@example.org", "item1.X-ABLABEL:letters", "ORG:Example Ltd",
		"FN:Example Ltd", "N:Ltd;Example;;;", "END:VCARD")
	if string(first.Bytes()) != want || len(first.UID()) != 36 {
		t.Errorf("got\n%s\nwant\n%s", first.Bytes(), want)
	}
	if again := put(annBook+"a.vcf", bare, 204); string(again.Bytes()) != want {
		t.Errorf("the same card became\n%s", again.Bytes())
	}
	edited := put(annBook+"a.vcf", strings.Replace(bare, "Example Ltd", "Other Ltd", 1), 204)
	if edited.UID() != first.UID() || edited.Item().Company != "Other Ltd" {
		t.Errorf("an edit without UID became\n%s", edited.Bytes())
	}
	if other := put(annBook+"b.vcf", bare, 201); other.UID() == first.UID() {
		t.Error("two cards have one UID")
	}
	v4 := put(annBook+"c.vcf", crlf("BEGIN:VCARD", "VERSION:4.0", "FN:Jane", "END:VCARD"), 201)
	if !strings.HasPrefix(v4.UID(), "urn:uuid:") || v4.Block().First("N") != nil {
		t.Errorf("got\n%s", v4.Bytes())
	}
	if r := s.call("POST", annBook, bare, "Content-Type: text/vcard").want(201); r.Header.Get("ETag") != "" || r.Header.Get("Location") == "" {
		t.Errorf("POST: %v", r.Header)
	}
	if n := len(s.conflicts()); n != 0 {
		t.Errorf("%d conflicts", n)
	}
	var kinds []string
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		c, err := tx.CollectionBySlug(s.auth.users["ann"].ID, store.AddressBooks, "contacts")
		if err != nil {
			return err
		}
		return tx.EachObject(c.ID, store.EachOptions{}, func(o *store.Object) error {
			kinds = append(kinds, o.UID)
			return nil
		})
	})
	if err != nil || len(kinds) != 4 {
		t.Errorf("%q %v", kinds, err)
	}
}
