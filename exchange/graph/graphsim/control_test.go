package graphsim

import (
	"fmt"
	"net/http"
	"testing"
)

func TestControl(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.ControlToken = "door" })
	call := func(want int, method, path string, body any) object {
		t.Helper()
		resp := b.send(method, b.url+"/__sim/"+path, body, "X-Sim-Token: door")
		if resp.StatusCode != want {
			t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
		}
		if want != 200 {
			return nil
		}
		var o object
		if method == "GET" && path == "state" || method == "POST" && (path == "do" || path == "receive" || path == "faults") {
			o = b.read(resp.Body)
		}
		return o
	}
	made := call(200, "POST", "do", object{"method": "POST", "path": ann + "/events", "body": overlay(onDay2("2026-10-05"), object{"subject": "by hand"})})
	if made["subject"] != "by hand" {
		t.Errorf("%v", made)
	}
	b.want(200, "GET", eventPath(made), nil, immutable)
	call(200, "POST", "receive", object{"user": "ann@example.org", "organizer": "boss@example.org", "event": onDay2("2026-10-06")})
	other := call(200, "POST", "do", object{"method": "POST", "path": ann + "/calendars", "body": object{"name": "Other"}})
	call(200, "POST", "move", object{"user": "ann@example.org", "id": made["id"], "folder": other["id"]})
	fault := call(200, "POST", "faults", object{"kind": "throttled"})
	b.refused(429, "ApplicationThrottled", "GET", ann+"/events", nil)
	call(200, "DELETE", fmt.Sprint("faults/", fault["id"]), nil)
	call(200, "DELETE", "faults", nil)
	call(200, "GET", "faults", nil)
	round := b.round(ann + "/contacts/delta")
	call(200, "POST", "delta", object{"user": "ann@example.org"})
	b.refused(410, "SyncStateNotFound", "GET", round.next, nil)
	call(200, "POST", "deliver", object{"message": object{"from": from("cid@example.org"), "toRecipients": recipient("ann@example.org")}, "at": "2026-10-01T07:00:00Z"})
	if got := values(b.want(200, "GET", ann+"/mailFolders/inbox/messages", nil), "receivedDateTime"); fmt.Sprint(got) != "[2026-10-01T07:00:00Z]" {
		t.Errorf("%v", got)
	}
	call(400, "POST", "deliver", object{"message": object{"subject": "from nobody"}})
	call(200, "POST", "lifecycle", object{"event": "missed"})
	call(200, "GET", "mails", nil)
	call(200, "GET", "requests", nil)
	if s := call(200, "GET", "state", nil); fmt.Sprint(sub(s, "counts")["GET contacts/delta"]) != "2" {
		t.Errorf("%v", s)
	}
	call(200, "DELETE", "requests", nil)
	call(200, "POST", "tokens", nil)
	b.refused(401, "InvalidAuthenticationToken", "GET", ann+"/events", nil)
	for _, bad := range []object{{"method": "GET", "path": "/users/eve@example.org/events"}, {"method": "PATCH", "path": ann}} {
		call(400, "POST", "do", bad)
	}
	call(400, "POST", "faults", object{"kind": "x"})
	call(400, "DELETE", "faults/x", nil)
	call(400, "POST", "receive", object{"user": "ann@example.org"})
	call(400, "POST", "move", object{"user": "eve@example.org"})
	call(400, "POST", "move", object{"user": "ann@example.org", "id": "x", "folder": "y"})
	call(404, "GET", "nothing", nil)
	if resp := b.send("GET", b.url+"/__sim/state", nil, "X-Sim-Token: wrong"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("open to anybody: %d", resp.StatusCode)
	}
	if resp := newBench(t).send("GET", b.url+"/__sim/state", nil, "X-Sim-Token: "); resp.StatusCode != http.StatusNotFound {
		t.Errorf("open without a token: %d", resp.StatusCode)
	}
	if resp := b.send("GET", b.url+"/elsewhere", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestUsersAreChecked(t *testing.T) {
	t.Parallel()
	for _, users := range [][]User{{{Name: ""}}, {{Name: "a@example.org"}, {Name: "A@example.org"}}, {{Name: "a@example.org", Zone: "Nowhere"}}} {
		if s, err := New(Options{Users: users}); err == nil {
			s.Close()
			t.Errorf("%+v were taken", users)
		}
	}
	if s, err := New(Options{Apps: []App{{ID: "a", Certificates: [][]byte{{1}}}}}); err == nil {
		s.Close()
		t.Error("a certificate that is none was taken")
	}
}
