package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"crmbridge/manage"
)

func TestBirthdays(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	s := p.serve()
	put := func(name, birthday string) {
		t.Helper()
		text := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + name + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nBDAY:" + birthday + "\r\nEND:VCARD\r\n"
		if status, body := p.request("PUT", "/dav/addressbooks/alice/contacts/"+name+".vcf", text, map[string]string{"Content-Type": "text/vcard"}); status >= 300 {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	put("Jane", "1980-05-06")
	var row birthdaysShown
	if err := json.Unmarshal([]byte(p.must("", "birthdays", "on", "--user", "alice", "--json")), &row); err != nil || row.Events != 1 || row.Calendar != "birthdays-contacts" {
		t.Fatalf("%+v %v", row, err)
	}
	if out := p.must("", "birthdays", "on", "--user", "alice", "--collection", "contacts"); !strings.Contains(out, "birthdays-contacts\" has the birthdays and anniversaries of the address book \"contacts\", 1 so far") {
		t.Errorf("once more: %s", out)
	}
	put("Joe", "1990-01-02")
	status, body := p.request("PROPFIND", "/dav/calendars/alice/birthdays-contacts/", "", map[string]string{"Depth": "1"})
	if status != http.StatusMultiStatus || strings.Count(body, ".ics</") != 2 {
		t.Errorf("%d %s", status, body)
	}
	feedOf := func(args ...string) (shown manage.Feed) {
		t.Helper()
		out := p.must("", append([]string{"feed", "add", "--user", "alice", "--collection", "birthdays-contacts", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &shown); err != nil {
			t.Fatal(err)
		}
		return shown
	}
	read, revoked := feedOf(), feedOf("--name", "revoked")
	p.must("", "feed", "revoke", strconv.FormatInt(int64(revoked.ID), 10))
	if out := p.must("", "birthdays", "off", "--user", "alice"); out != "the calendar with the birthdays of the address book \"contacts\" is removed; 1 feed of it has ended\n" {
		t.Errorf("off: %q", out)
	}
	u, err := url.Parse(read.Address)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := p.request("GET", u.Path, "", nil); status != http.StatusGone {
		t.Errorf("the feed after off: %d %s", status, body)
	}
	var feeds []manage.Feed
	if err := json.Unmarshal([]byte(p.must("", "feed", "list", "--all", "--user", "alice", "--json")), &feeds); err != nil || len(feeds) != 2 {
		t.Fatalf("%+v %v", feeds, err)
	}
	for _, f := range feeds {
		if f.Collection != "birthdays-contacts" || f.Revoked == nil {
			t.Errorf("listed: %+v", f)
		}
	}
	if out, code := p.cmd("", "feed", "rotate", strconv.FormatInt(int64(read.ID), 10)); code == 0 || !strings.Contains(out, "revoked") {
		t.Errorf("rotate: %d %q", code, out)
	}
	p.must("", "feed", "revoke", strconv.FormatInt(int64(read.ID), 10)) // once more does no harm
	if status, _ := p.request("PROPFIND", "/dav/calendars/alice/birthdays-contacts/", "", map[string]string{"Depth": "0"}); status != http.StatusNotFound {
		t.Errorf("after off: %d", status)
	}
	for _, args := range [][]string{{"off", "--user", "alice"}, {"on", "--user", "alice", "--collection", "calendar"}, {"on", "--user", "bob"}} {
		if out, code := p.cmd("", append([]string{"birthdays"}, args...)...); code == 0 {
			t.Errorf("birthdays %s: %s", strings.Join(args, " "), out)
		}
	}
	for _, use := range []string{"on", "off"} {
		if out, code := p.cmd("", "birthdays", use, "--user", "alice", "--collection", "nothing"); code == 0 || out != "bridge: alice has no address book \"nothing\"\n" {
			t.Errorf("birthdays %s of an unknown address book: %d %q", use, code, out)
		}
	}
	if out, code := p.cmd("", "birthdays", "off", "--user", "alice"); code == 0 || out != "bridge: the address book \"contacts\" has no calendar of birthdays\n" {
		t.Errorf("off twice: %d %q", code, out)
	}
	s.stop()
}
