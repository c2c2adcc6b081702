package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"crmbridge/e2e/tryton"
	"crmbridge/internal/testenv"
)

// linkTryton links a collection of alice's to a live Tryton, as crm.
func (p *place) linkTryton(server *testenv.TrytonServer, collection string) {
	p.t.Helper()
	pw := p.write("crm-password", server.Password+"\n")
	p.must("", "link", "add", "--user", "alice", "--driver", "tryton", "--set", "url="+server.URL, "--set", "database="+server.Database, "--set", "username="+server.User,
		"--set-file", "password="+pw, "--collection", collection, "--name", "crm", "--interval", "1h")
}

// TestRowX17X18FieldsOfTrytonByCommand gives a link to a live Tryton, in which a module of
// the company's own added columns, another map, and syncs both ways with it.
func TestRowX17X18FieldsOfTrytonByCommand(t *testing.T) {
	t.Parallel()
	server := testenv.Tryton(t)
	crm := tryton.SignIn(t, server)
	north := crm.Add(t, "sample.region", tryton.Fields{"name": "North"})
	crm.Add(t, "sample.region", tryton.Fields{"name": "South"})
	id := crm.Add(t, "party.party", tryton.Fields{"name": "Ann Example", "remarks": "likes tea", "nickname": "Annie", "area": north, "vip": true, "score": 3})
	p := newPlace(t, "")
	p.alice()
	p.linkTryton(server, "contacts")
	p.serve()

	kinds := map[string]string{}
	for _, c := range list[columnShown](p, "link", "fields", "crm", "--columns", "--kind", "contact") {
		kinds[c.Name] = string(c.Kind) + " " + c.Label
	}
	for name, want := range map[string]string{"remarks": "text Remarks", "vip": "yes/no Important", "score": "number Score", "area": "reference Area", "segment": "list Segment", "birth": "day Birthday", "picture": "other Picture"} {
		if kinds[name] != want {
			t.Errorf("column %s is shown as %q, want %q", name, kinds[name], want)
		}
	}
	if out, code := p.cmd("", "link", "fields", "crm", "--columns"); code != 0 || !strings.Contains(out, "(a file)") {
		t.Errorf("it is not told why a picture cannot be mapped: %d %s", code, out)
	}
	// What cannot be is refused with every fault, and changes nothing.
	out, code := p.cmd("", "link", "fields", "crm", "--kind", "contact", "--set", "nickname=gone", "--custom", "code=X-CODE", "--set", "birthday=score", "--set", "prefix=position")
	for _, want := range []string{`no column "gone"`, "code is filled in by the CRM", "score holds a number", "prefix is kept in name together with other things"} {
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("%q is not told: %d %s", want, code, out)
		}
	}
	out, code = p.cmd("", "link", "fields", "crm", "--kind", "contact", "--custom", "picture=X-PICTURE")
	if code == 0 || !strings.Contains(out, "column picture cannot be mapped: it holds a file") {
		t.Errorf("%d %s", code, out)
	}
	p.must("", "link", "fields", "crm", "--kind", "contact", "--set", "notes=remarks", "--set", "nickname=nickname", "--set", "birthday=birth",
		"--custom", "area=X-AREA", "--custom", "vip=notes", "--custom", "score=X-SCORE", "--clear", "categories")
	var changed []string
	for _, r := range list[fieldMapShown](p, "link", "fields", "crm", "--kind", "contact") {
		if !r.Default {
			changed = append(changed, r.Field+"="+strings.Join(r.Columns, "+")+" "+r.Direction)
		}
	}
	slices.Sort(changed)
	if want := []string{"X-AREA=area both", "X-SCORE=score both", "birthday=birth both", "categories=categories none", "nickname=nickname both", "notes=remarks both", "notes=vip both"}; !slices.Equal(changed, want) {
		t.Errorf("changed rows %q, want %q", changed, want)
	}

	// From Tryton to the address book,
	p.must("", "sync", "run", "crm")
	const book = "/dav/addressbooks/alice/contacts/"
	query := `<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><C:address-data/></D:prop></C:addressbook-query>`
	status, text := p.request("REPORT", book, query, map[string]string{"Depth": "1", "Content-Type": "application/xml"})
	if status != http.StatusMultiStatus {
		t.Fatalf("%d %s", status, text)
	}
	for _, want := range []string{"NICKNAME:Annie", "X-AREA:North", "X-SCORE:3", "likes tea", "Important: yes"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n ", ""), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// and back, with a card of a device.
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-bo\r\nFN:Bo Both\r\nN:Both;Bo;;;\r\nNICKNAME:Bosse\r\nBDAY:1980-05-17\r\nX-AREA:South\r\nX-SCORE:12\r\n" +
		"NOTE:Call first\\n\\n--- CRM ---\\nImportant: yes\r\nEND:VCARD\r\n"
	if status, body := p.request("PUT", book+"bo.vcf", card, map[string]string{"Content-Type": "text/vcard"}); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	p.must("", "sync", "run", "crm")
	made := crm.Find(t, "party.party", []any{[]any{"name", "=", "Bo Both"}}, "nickname", "remarks", "score", "vip", "area.name", "birth", "origin")
	if len(made) != 1 {
		t.Fatalf("made %v", made)
	}
	area, _ := made[0]["area."].(map[string]any)
	birth, _ := made[0]["birth"].(map[string]any)
	for name, pair := range map[string][2]any{
		"nickname": {made[0]["nickname"], "Bosse"}, "remarks": {made[0]["remarks"], "Call first"}, "score": {made[0]["score"], 12.0},
		"area": {area["name"], "South"}, "year of birth": {birth["year"], 1980.0}, "origin": {made[0]["origin"], "office"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v in Tryton, want %v", name, pair[0], pair[1])
		}
	}
	if vip := made[0]["vip"]; vip != true && vip != 1.0 {
		t.Errorf("vip is %v", vip)
	}
	// A change of such a column in Tryton arrives, and a reset leaves everything as it is.
	crm.Change(t, "party.party", id, tryton.Fields{"score": 4})
	p.must("", "sync", "run", "crm")
	if _, text = p.request("REPORT", book, query, map[string]string{"Depth": "1", "Content-Type": "application/xml"}); !strings.Contains(text, "X-SCORE:4") {
		t.Errorf("the new score did not arrive:\n%s", text)
	}
	p.must("", "link", "fields", "crm", "--kind", "contact", "--reset")
	p.must("", "sync", "run", "crm")
	if now := crm.Find(t, "party.party", []any{[]any{"id", "=", id}}, "score", "remarks", "nickname"); now[0]["score"] != 4.0 || now[0]["remarks"] != "likes tea" || now[0]["nickname"] != "Annie" {
		t.Errorf("a reset wrote: %v", now)
	}
}
