package graphsim

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func invited(addresses ...string) object {
	all := []any{}
	for _, a := range addresses {
		all = append(all, object{"emailAddress": object{"address": a}, "type": "required"})
	}
	return object{"attendees": all}
}

// mailed are the mails sent since the last call, as "kind to".
func (b *bench) mailed() []string {
	var out []string
	for _, m := range b.sim.Mails() {
		out = append(out, m.Kind+" "+m.To)
	}
	if len(out) != b.sim.MailCount() {
		b.t.Errorf("%d mails, %d counted", len(out), b.sim.MailCount())
	}
	b.sim.ResetStats()
	slices.Sort(out)
	return out
}

func TestMailOnEachWrite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	check := func(what string, want ...string) {
		t.Helper()
		if got := b.mailed(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	alone := b.event(nil)
	b.want(200, "PATCH", eventPath(alone), object{"subject": "x"})
	b.want(204, "DELETE", eventPath(alone), nil)
	check("an event without attendees")

	e := b.event(invited("cid@example.org", "dee@example.org", "ann@example.org"))
	check("created", "invitation cid@example.org", "invitation dee@example.org")
	if a := list(e, "attendees")[0].(object); sub(a, "status")["response"] != "none" || sub(a, "emailAddress")["name"] != "cid@example.org" {
		t.Errorf("%v", a)
	}
	b.want(200, "PATCH", eventPath(e), object{"subject": "Changed"})
	check("changed", "update cid@example.org", "update dee@example.org")
	b.want(200, "PATCH", eventPath(e), invited("dee@example.org", "eve@example.org"))
	check("only attendees", "cancellation cid@example.org", "invitation eve@example.org")
	b.want(200, "PATCH", eventPath(e), overlay(invited("eve@example.org"), object{"subject": "Both"}))
	check("attendees and more", "cancellation dee@example.org", "update eve@example.org")
	b.refused(412, "ErrorIrresolvableConflict", "PATCH", eventPath(e), object{"subject": "x"}, "If-Match: "+text(e["@odata.etag"]))
	b.refused(400, "RequestBodyRead", "PATCH", eventPath(e), object{"title": "x"})
	check("refused")
	b.want(204, "DELETE", eventPath(e), nil)
	check("deleted", "cancellation eve@example.org")

	m := b.event(overlay(invited("cid@example.org"), recurrence(weekly("monday"), numbered("2026-10-05", 4))))
	check("series", "invitation cid@example.org")
	_, rows := b.instances(m, "2026-10-01", "2026-11-01")
	b.want(200, "PATCH", eventPath(rows[1]), object{"subject": "One"})
	check("one occurrence", "update cid@example.org")
	b.want(200, "PATCH", eventPath(m), object{"subject": "All"})
	check("series with a changed occurrence", "update cid@example.org", "update cid@example.org")
	b.want(204, "DELETE", eventPath(rows[2]), nil)
	check("deleted occurrence", "cancellation cid@example.org")
	b.want(202, "POST", eventPath(m)+"/cancel", object{"comment": "Sorry"})
	check("cancelled", "cancellation cid@example.org")
}

func TestMeetingsOfOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got, err := b.sim.Receive("ann@example.org", "boss@example.org", overlay(invited("ann@example.org", "cid@example.org"), overlay(onDay2("2026-10-05"), object{"subject": "Theirs"})))
	if err != nil {
		t.Fatal(err)
	}
	b.mailed()
	if got["isOrganizer"] != false || member(got, []string{"responseStatus", "response"}) != "notResponded" {
		t.Errorf("%v", got)
	}
	b.refused(400, "ErrorInvalidRequest", "POST", eventPath(got)+"/cancel", nil, immutable)
	b.want(200, "PATCH", eventPath(got), object{"showAs": "free"}, immutable)
	if m := b.mailed(); len(m) != 0 {
		t.Errorf("a change of somebody else's meeting mailed %v", m)
	}
	b.want(202, "POST", eventPath(got)+"/accept", object{"comment": "yes", "sendResponse": true}, immutable)
	if m := b.mailed(); fmt.Sprint(m) != "[accepted boss@example.org]" {
		t.Errorf("%v", m)
	}
	if r := member(b.want(200, "GET", eventPath(got), nil, immutable), []string{"responseStatus", "response"}); r != "accepted" {
		t.Errorf("%v", r)
	}
	b.want(202, "POST", eventPath(got)+"/decline", object{"sendResponse": false}, immutable)
	b.refused(404, "ErrorItemNotFound", "GET", eventPath(got), nil, immutable)
	mine := b.event(nil)
	b.refused(400, "ErrorInvalidRequest", "POST", eventPath(mine)+"/accept", nil)
}
