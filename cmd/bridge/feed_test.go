package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"crmbridge/manage"
)

// fetch is one request without a login.
func (p *place) fetch(address string, headers ...string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res, string(b)
}

func (p *place) feed(args ...string) manage.Feed {
	p.t.Helper()
	var f manage.Feed
	if err := json.Unmarshal([]byte(p.must("", append(append([]string{"feed"}, args...), "--json")...)), &f); err != nil || f.Address == "" {
		p.t.Fatalf("%v %+v", err, f)
	}
	return f
}

// A feed from its making to its end, as Outlook and Thunderbird read it.
func TestFeed(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "feeds: {refresh: 30m}\n")
	cfg, err := os.ReadFile(p.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("config.yaml", strings.Replace(string(cfg), "level: warn", "level: debug", 1))
	p.alice()
	s := p.serve()
	var made []manage.Feed
	defer func() {
		s.stop()
		for _, f := range made {
			if secret := strings.Split(f.Address, "/")[4]; strings.Contains(s.log.String(), secret) || strings.Contains(s.log.String(), "/feeds/") {
				t.Errorf("the log tells an address:\n%s", s.log)
			}
		}
	}()
	put := func(uid, title, class string) {
		t.Helper()
		text := strings.Replace(meeting(uid, title), "END:VEVENT", class+"END:VEVENT", 1)
		if status, body := p.request("PUT", "/dav/calendars/alice/calendar/"+uid+".ics", text, nil); status != http.StatusCreated {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	put("one", "Meeting", "")
	put("two", "Doctor", "CLASS:PRIVATE\r\n")

	first := p.feed("add", "--user", "alice", "--name", "team", "--past-days", "30")
	busy := p.feed("add", "--user", "alice", "--detail", "busy", "--private", "--expires", "90d")
	if !strings.HasPrefix(first.Address, "http://"+p.addr+"/feeds/") || !strings.HasSuffix(first.Address, "/team.ics") ||
		first.Webcal != "webcal"+strings.TrimPrefix(first.Address, "http") || busy.Expires == nil {
		t.Errorf("%+v\n%+v", first, busy)
	}
	res, body := p.fetch(first.Address)
	if res.StatusCode != 200 || !strings.Contains(body, "SUMMARY:Meeting") || strings.Contains(body, "Doctor") || !strings.Contains(body, "X-PUBLISHED-TTL:PT30M") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := p.fetch(first.Address, "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != 304 {
		t.Errorf("unchanged: %d", res.StatusCode)
	}
	put("three", "Later", "")
	if res, body := p.fetch(first.Address, "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != 200 || !strings.Contains(body, "SUMMARY:Later") {
		t.Errorf("changed: %d %s", res.StatusCode, body)
	}
	if _, body := p.fetch(first.Address, "User-Agent: Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.16327; Pro)"); !strings.Contains(body, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY") {
		t.Errorf("for Outlook: %s", body)
	}
	if _, body := p.fetch(busy.Address); strings.Count(body, "SUMMARY:Busy") != 3 || strings.Contains(body, "Meeting") || strings.Contains(body, "UID:one") {
		t.Errorf("busy: %s", body)
	}

	second := p.feed("rotate", fmt.Sprint(first.ID))
	if res, body := p.fetch(first.Address); res.StatusCode != 410 || strings.Contains(body, "VCALENDAR") {
		t.Errorf("the old address: %d", res.StatusCode)
	}
	if res, _ := p.fetch(second.Address); res.StatusCode != 200 || second.ID != first.ID || second.Address == first.Address {
		t.Errorf("the new address: %d", res.StatusCode)
	}
	p.must("", "user", "disable", "--name", "alice")
	if res, _ := p.fetch(second.Address); res.StatusCode != 404 {
		t.Errorf("of a disabled account: %d", res.StatusCode)
	}
	p.must("", "user", "disable", "--name", "alice", "--undo")
	if res, _ := p.fetch(second.Address); res.StatusCode != 200 {
		t.Errorf("of an account that is back: %d", res.StatusCode)
	}
	var ended manage.Feed
	if err := json.Unmarshal([]byte(p.must("", "feed", "revoke", fmt.Sprint(first.ID), "--user", "alice", "--json")), &ended); err != nil || ended.ID != first.ID || ended.Revoked == nil {
		t.Errorf("feed revoke --json: %v %+v", err, ended)
	}
	if res, _ := p.fetch(second.Address); res.StatusCode != 410 {
		t.Errorf("revoked: %d", res.StatusCode)
	}
	p.listed(second, busy)
	if status, metrics := p.get("/metrics"); status != 200 || !strings.Contains(metrics, `bridge_feed_request_seconds_count{outcome="full"}`) {
		t.Errorf("metrics: %d", status)
	}
	made = []manage.Feed{first, second, busy}
}

// listed checks what feed list says of a revoked feed and one in use.
func (p *place) listed(revoked, used manage.Feed) {
	p.t.Helper()
	rows := list[manage.Feed](p, "feed", "list", "--all", "--user", "alice")
	if len(rows) != 3 || rows[0].Revoked == nil || rows[0].PastDays != 30 || rows[1].LastUsed == nil || rows[1].LastAgent == "" || rows[1].Detail != "busy" || !rows[1].Private {
		p.t.Fatalf("%+v", rows)
	}
	// The address that was given up for another one is a feed that has ended.
	if old := rows[2]; old.Revoked == nil || old.Hint == rows[0].Hint || old.Name != rows[0].Name || old.LastUsed == nil {
		p.t.Errorf("the old address: %+v", old)
	}
	for _, out := range []string{p.must("", "feed", "list", "--all"), p.must("", "feed", "list", "--all", "--json")} {
		for _, f := range []manage.Feed{revoked, used} {
			if secret := strings.Split(f.Address, "/")[4]; strings.Contains(out, secret) || !strings.Contains(out, f.Hint) {
				p.t.Errorf("feed list:\n%s", out)
			}
		}
	}
	if out := p.must("", "feed", "list", "--all"); !strings.Contains(out, "revoked") || !strings.Contains(out, "from -30 days") || !strings.Contains(out, "busy times, also of private items") {
		p.t.Errorf("feed list:\n%s", out)
	}
	// Else those that ended are counted only.
	if rows := list[manage.Feed](p, "feed", "list"); len(rows) != 1 || rows[0].Revoked != nil {
		p.t.Errorf("%+v", rows)
	}
	if out := p.must("", "feed", "list"); strings.Contains(out, revoked.Hint) || !strings.Contains(out, "2 feeds are not shown, having ended: see them with --all") {
		p.t.Errorf("feed list:\n%s", out)
	}
}

// What makes no sense is refused with the reason, and nothing is stored.
func TestFeedRefusals(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	add := []string{"feed", "add", "--user", "alice"}
	for name, args := range map[string][]string{
		"no account":    {"feed", "add", "--user", "bob"},
		"no calendar":   append(add[:4:4], "--collection", "nothing"),
		"address book":  append(add[:4:4], "--collection", "contacts"),
		"name":          append(add[:4:4], "--name", "a/b"),
		"hidden name":   append(add[:4:4], "--name", ".work"),
		"detail":        append(add[:4:4], "--detail", "some"),
		"window":        append(add[:4:4], "--past-days", "-1"),
		"past end":      append(add[:4:4], "--expires", time.Now().AddDate(0, 0, -2).Format(time.DateOnly)),
		"no end":        append(add[:4:4], "--expires", "soon"),
		"no such feed":  {"feed", "rotate", "1"},
		"nor to revoke": {"feed", "revoke", "1"},
	} {
		if out, code := p.cmd("", args...); code == 0 || !strings.HasPrefix(out, "bridge: ") {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	if rows := list[manage.Feed](p, "feed", "list"); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
	f := p.feed(append(add[1:4:4], "--expires", time.Now().AddDate(0, 0, 2).Format(time.DateOnly))...)
	if f.Name != "calendar" || f.Expires == nil || f.Detail != "full" {
		t.Errorf("%+v", f)
	}
	if f = p.feed("rotate", fmt.Sprint(f.ID), "--expires", "never"); f.Expires != nil {
		t.Errorf("%+v", f)
	}
	if out, code := p.cmd("", "feed", "rotate", fmt.Sprint(f.ID), "--expires", "yesterday"); code == 0 {
		t.Errorf("an end that is none: %s", out)
	}
	p.must("", "feed", "revoke", fmt.Sprint(f.ID))
	if out, code := p.cmd("", "feed", "rotate", fmt.Sprint(f.ID)); code == 0 || !strings.Contains(out, "revoked") {
		t.Errorf("rotating what is revoked: %d %s", code, out)
	}
	if out := p.must("", "feed", "add", "--user", "alice", "--alarms"); !strings.Contains(out, "webcal://") || !strings.Contains(out, "reminders") || !strings.Contains(out, "server.public_url") {
		t.Error(out)
	}
}
