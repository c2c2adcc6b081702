package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmbridge/manage"
	"crmbridge/review"
)

// refusing lets the simulated CRM name its answers, and refuse what has a word in it.
func refusing(next http.Handler, word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.Header().Set("X-Request-Id", "trace-"+strings.ToLower(r.Method))
		if r.Method != http.MethodGet && bytes.Contains(body, []byte(word)) {
			w.Header().Set("X-Request-Id", "trace-refused")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"code":"","message":"overlapping meetings"}}`))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// placeWithErrors has a link on which one meeting goes over and one is refused.
func placeWithErrors(t *testing.T) *place {
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	srv.Config.Handler = refusing(srv.Config.Handler, "tok-refuse")
	p.link(srv)
	s := p.serve()
	for uid, title := range map[string]string{"uid-good": "tok-good", "uid-bad": "tok-refuse"} {
		if status, body := p.request("PUT", "/dav/calendars/alice/calendar/"+uid+".ics", meeting(uid, title), nil); status != http.StatusCreated {
			t.Fatalf("PUT: %d %s", status, body)
		}
	}
	p.within("the run", func() bool {
		return len(list[review.Item](p, "error", "list")) == 1 && list[manage.Status](p, "sync", "status")[0].Items == 1
	})
	s.stop()
	return p
}

// Runs with counts; steps with item, side, outcome, reason and the CRM's own id of its answer.
func TestRowX6HistoryOfRuns(t *testing.T) {
	t.Parallel()
	p := placeWithErrors(t)
	good, bad := false, false
	for _, r := range list[review.Run](p, "sync", "history", "crm") {
		d, _ := jsonOf[manage.RunDetail](p, "sync", "show", fmtID(r.ID))
		for _, s := range d.Steps {
			switch {
			case s.UID == "uid-good" && s.Action == "create":
				good = s.Title == "tok-good" && s.Side == "remote" && s.Outcome == "done" && strings.HasPrefix(s.Trace, "trace-p")
			case s.UID == "uid-bad":
				bad = s.Title == "tok-refuse" && s.Outcome == "failed" && s.Error != "" && s.Class == "refused" && s.Trace == "trace-refused"
			}
			if !good && s.UID == "uid-good" || !bad && s.UID == "uid-bad" {
				t.Errorf("%+v", s)
			}
		}
	}
	if !good || !bad {
		t.Error("a step is missing")
	}
	for range 3 {
		p.must("", "sync", "run", "crm")
	}
	all := list[review.Run](p, "sync", "history")
	if len(all) < 2 || all[0].Trigger != "manual" || all[0].User != "alice" || all[0].Link != "crm" {
		t.Errorf("%+v", all)
	}
	if partial := list[review.Run](p, "sync", "history", "--state", "partial", "--since", "1h", "--user", "alice"); len(partial) == 0 || partial[0].Counts.Failed != 1 {
		t.Errorf("%+v", partial)
	}
	if of := list[review.Run](p, "sync", "history", "--link", "crm"); len(of) != len(all) {
		t.Errorf("%+v", of)
	}
	if out, code := p.cmd("", "sync", "history", "crm", "--link", "other"); code == 0 || !strings.Contains(out, "name one link") {
		t.Errorf("%d %s", code, out)
	}
	if none := list[review.Run](p, "sync", "history", "--until", "1h"); len(none) != 0 {
		t.Errorf("%+v", none)
	}
	first := list[review.Run](p, "sync", "history", "--limit", "1")
	next := list[review.Run](p, "sync", "history", "--limit", "1", "--after", fmtID(first[0].ID))
	if len(first) != 1 || len(next) != 1 || next[0].ID != all[1].ID {
		t.Errorf("pages: %+v %+v", first, next)
	}
	if out := p.must("", "sync", "history", "--limit", "1"); !strings.Contains(out, "there is more: --after") {
		t.Errorf("%s", out)
	}
	var o, e bytes.Buffer
	if code := run(t.Context(), []string{"sync", "history", "--limit", "1", "--json", "--config", p.path("config.yaml")}, streams{in: strings.NewReader(""), out: &o, err: &e}, nil); code != 0 || !strings.Contains(e.String(), "there is more: --after") || strings.Contains(o.String(), "there is more") {
		t.Errorf("%s%s", o.String(), e.String())
	}
	if out, code := p.cmd("", "sync", "show", "777"); code == 0 || !strings.Contains(out, "there is no run 777") {
		t.Errorf("%s", out)
	}
	if out := p.must("", "sync", "show", fmtID(all[len(all)-1].ID), "--csv"); !strings.HasPrefix(out, "NO,TITLE,UID,SIDE,ACTION,OUTCOME,FIELDS,CUT,TRACE,REASON\r\n") {
		t.Errorf("%s", out)
	}
}

// B13 X5: the list of errors over all links; an item that is set aside is tried again when it changes, and not before.
func TestRowB13X5Errors(t *testing.T) {
	t.Parallel()
	p := placeWithErrors(t)
	failing := func(args ...string) []review.Item {
		return list[review.Item](p, append([]string{"error", "list"}, args...)...)
	}
	rows := failing()
	if len(rows) != 1 || rows[0].UID != "uid-bad" || rows[0].Title != "tok-refuse" || rows[0].State != "failing" || rows[0].Reason == "" || rows[0].User != "alice" || rows[0].Kind != "event" {
		t.Fatalf("%+v", rows)
	}
	for _, args := range [][]string{{"--text", "REFUSE"}, {"--link", "crm"}, {"--user", "alice", "--kind", "event"}, {"--state", "failing", "--since", "1h"}} {
		if len(failing(args...)) != 1 {
			t.Errorf("not found with %v", args)
		}
	}
	for _, args := range [][]string{{"--text", "nothing"}, {"--kind", "task"}, {"--until", "1h"}, {"--state", "ignored"}, {"--after", fmtID(rows[0].No)}} {
		if len(failing(args...)) != 0 {
			t.Errorf("found with %v", args)
		}
	}
	if out, code := p.cmd("", "error", "list", "--state", "held"); code == 0 || !strings.Contains(out, `no state "held"`) {
		t.Errorf("a state that errors do not have: %s", out)
	}
	if out, code := p.cmd("", "error", "ignore", "uid-good", "--link", "crm"); code == 0 || !strings.Contains(out, "this item does not fail") {
		t.Errorf("what does not fail: %s", out)
	}
	tried := rows[0].Attempts
	d, _ := jsonOf[itemDone](p, "error", "ignore", "uid-bad", "--link", "crm")
	if d.UID != "uid-bad" || d.Done != "set aside" {
		t.Errorf("%+v", d)
	}
	p.must("", "sync", "run", "crm", "--full")
	rows = failing("--state", "ignored")
	if len(rows) != 1 || rows[0].State != "ignored" || rows[0].Attempts != tried || len(failing("--state", "failing")) != 0 {
		t.Fatalf("set aside: %+v", rows)
	}
	if s := list[manage.Status](p, "sync", "status")[0]; s.State != "ok" {
		t.Errorf("the link is %s", s.State)
	}
	if out := p.must("", "item", "explain", "uid-bad"); !strings.Contains(out, "set it aside") {
		t.Errorf("%s", out)
	}
	p.must("", "error", "retry", "uid-bad", "--link", "crm")
	p.must("", "sync", "run", "crm")
	if rows = failing("--state", "failing"); len(rows) != 1 {
		t.Fatalf("asked for again: %+v", rows)
	}
	p.must("", "error", "ignore", "uid-bad", "--link", "crm")
	s := p.serve()
	if status, body := p.request("PUT", "/dav/calendars/alice/calendar/uid-bad.ics", meeting("uid-bad", "tok-better"), nil); status >= 300 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	p.within("the changed item", func() bool { return len(failing()) == 0 })
	s.stop()
}

// Deletions that wait are listed over all links.
func TestRowB15HoldsAreListed(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	addMeeting(t, sim, "waits")
	p.link(srv)
	p.must("", "link", "rules", "crm", "--change", `{"approve":true}`)
	p.must("", "sync", "run", "crm")
	s := p.serve()
	uid := list[itemShown](p, "item", "list", "--link", "crm")[0].UID
	if status, body := p.request("DELETE", "/dav/calendars/alice/calendar/"+uid+".ics", "", nil); status >= 300 {
		t.Fatalf("DELETE: %d %s", status, body)
	}
	p.within("the hold", func() bool { return len(list[review.Item](p, "hold", "list")) == 1 })
	s.stop()
	rows := list[review.Item](p, "hold", "list", "--state", "deletion", "--text", "waits", "--since", time.Now().Add(-time.Hour).Format(time.RFC3339))
	if len(rows) != 1 || rows[0].State != "deletion" || rows[0].UID != uid {
		t.Errorf("%+v", rows)
	}
	if len(rows) == 1 && !strings.Contains(rows[0].Reason, "approve or reject") {
		t.Errorf("why it waits: %q", rows[0].Reason)
	}
	if out, code := p.cmd("", "hold", "list", "--state", "typo"); code == 0 || !strings.Contains(out, "there are type, series, deletion, lost, approved, rejected") {
		t.Errorf("%d %s", code, out)
	}
	if rows := list[review.Item](p, "hold", "list", "--state", "type"); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
}

func fmtID[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
