package dav_test

import (
	"strings"
	"testing"
)

// RFC 6352 5.1.1: a card in the version that is asked for, where the client names one.
func TestCardsInTheVersionAskedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	three := card("three", "Ada Example", "X-ANNIVERSARY:2020-01-02")
	four := strings.Replace(card("four", "Bo Example"), "VERSION:3.0", "VERSION:4.0", 1)
	s.put(annBook+"three.vcf", three)
	s.put(annBook+"four.vcf", four)
	const v3, v4 = "VERSION:3.0", "VERSION:4.0"
	for _, c := range []struct {
		accept      string
		three, four string // the versions answered; "" for 406
	}{
		{"", v3, v4},
		{"*/*", v3, v4},
		{"text/*", v3, v4},
		{"text/xml", v3, v4}, // Thunderbird
		{"text/html, image/gif, */*;q=.2", v3, v4},
		{"text/vcard", v3, v4},
		{"text/vcard; version=4.0", v4, v4},
		{"text/vcard;version=3.0", v3, v3},
		{`text/vcard; version="3.0", text/vcard; version="4.0"`, v3, v4},
		{"text/vcard;version=3.0;q=0.5, text/vcard;version=4.0", v4, v4},
		{"text/vcard;version=4.0;q=0.2, text/vcard;q=0.9", v3, v3},
		{"text/x-vcard;version=3.0", v3, v3},
		{"text/vcard;version=4.0;q=0, */*", v3, v3},
		{"text/vcard; version=2.1", "", ""},
		{"text/vcard; version=2.1, */*;q=0.1", v3, v4},
	} {
		for name, want := range map[string]string{"three": c.three, "four": c.four} {
			headers := []string{"X: x"}
			if c.accept != "" {
				headers = append(headers, "Accept: "+c.accept)
			}
			r := s.call("GET", annBook+name+".vcf", "", headers...)
			if want == "" {
				r.want(406).condition(nsCR, "supported-address-data-conversion")
				continue
			}
			r.want(200)
			body := string(r.Body)
			if !strings.Contains(body, want) || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/vcard; charset=utf-8") || !varies(r, "Accept") {
				t.Errorf("%s as %q: %v %s", name, c.accept, r.Header, body)
			}
			if as := map[string]string{"three": three, "four": four}[name]; strings.Contains(as, want) && body != as {
				t.Errorf("%s as %q: changed: %s", name, c.accept, body)
			}
			if r.etag() != s.propfind(annBook+name+".vcf", 0, "D:getetag").text(annBook+name+".vcf", "getetag") {
				t.Errorf("%s as %q: ETag %s", name, c.accept, r.etag())
			}
		}
	}
	// RFC 6352 8.6.2, 8.7.2: the same of REPORTs.
	multiget := func(data string) *reply {
		return s.call("REPORT", annBook, `<CR:addressbook-multiget`+declarations+`><D:prop>`+data+`</D:prop><D:href>`+annBook+`three.vcf</D:href></CR:addressbook-multiget>`)
	}
	got := multiget(`<CR:address-data content-type="text/vcard" version="4.0"/>`).multi().text(annBook+"three.vcf", "address-data")
	if !strings.Contains(got, v4) || !strings.Contains(got, "\nANNIVERSARY:") {
		t.Errorf("%s", got)
	}
	part := multiget(`<CR:address-data version="4.0"><CR:prop name="FN"/></CR:address-data>`).multi().text(annBook+"three.vcf", "address-data")
	if !strings.Contains(part, v4) || !strings.Contains(part, "FN:Ada Example") || strings.Contains(part, "ANNIVERSARY") {
		t.Errorf("%s", part)
	}
	multiget(`<CR:address-data version="2.1"/>`).want(403).condition(nsCR, "supported-address-data")
}
