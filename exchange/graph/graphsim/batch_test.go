package graphsim

import (
	"fmt"
	"reflect"
	"testing"
)

// batch sends requests as a batch and returns the answers by id.
func (b *bench) batch(requests ...object) map[string]object {
	b.t.Helper()
	o := b.want(200, "POST", "/$batch", object{"requests": requests})
	out := map[string]object{}
	for _, v := range list(o, "responses") {
		out[text(v.(object)["id"])] = v.(object)
	}
	if len(out) != len(requests) {
		b.t.Errorf("%d answers to %d requests", len(out), len(requests))
	}
	return out
}

func status(o object) string { return fmt.Sprint(o["status"]) }

func postEvent(id, subject string, more object) object {
	return overlay(object{"id": id, "method": "POST", "url": ann + "/events", "headers": object{"Content-Type": "application/json"},
		"body": object{"subject": subject, "start": at2("2026-10-05", "10:00:00"), "end": at2("2026-10-05", "11:00:00")}}, more)
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Calm = false })
	o := b.want(200, "POST", "/$batch", object{"requests": []any{postEvent("a", "A", nil), postEvent("b", "B", nil),
		object{"id": "c", "method": "GET", "url": ann + "/events?$select=subject&$orderby=subject", "dependsOn": []any{"a", "b"}}}})
	if got := []any{member(list(o, "responses")[0], []string{"id"}), member(list(o, "responses")[2], []string{"id"})}; !reflect.DeepEqual(got, []any{"c", "a"}) {
		t.Errorf("answers come as they were asked: %v", got)
	}
	listed := list(o, "responses")[0].(object)
	if got := values(sub(listed, "body"), "subject"); !reflect.DeepEqual(got, []any{"A", "B"}) {
		t.Errorf("%v", listed)
	}
	if sub(listed, "headers")["Content-Type"] != jsonType {
		t.Errorf("headers %v", listed["headers"])
	}
	id := text(member(listed, []string{"body", "value"}).([]any)[0].(object)["id"])
	got := b.batch(object{"id": "1", "method": "GET", "url": ann + "/events/" + id, "headers": object{"Prefer": `IdType="ImmutableId"`}},
		object{"id": "2", "method": "GET", "url": ann + "/events/x"}, object{"id": "3", "method": "DELETE", "url": ann + "/events/" + id, "dependsOn": []any{"2"}},
		object{"id": "4", "method": "PATCH", "url": ann + "/events/" + id, "headers": object{"Content-Type": "application/json", "If-Match": `W/"x"`}, "body": object{}},
		object{"id": "5", "method": "POST", "url": ann + "/events", "body": object{}}, object{"id": "6", "method": "POST", "url": "/$batch"})
	for id, want := range map[string]string{"1": "200", "2": "400", "3": "424", "4": "412", "5": "400", "6": "400"} {
		if status(got[id]) != want {
			t.Errorf("%s: %v", id, got[id])
		}
	}
	if member(got["1"], []string{"body", "id"}) == id {
		t.Error("the preference of a request in a batch is not heard")
	}
	b.want(204, "DELETE", ann+"/events/"+id, nil) // 424: it was not deleted
}

func TestBatchLimitsAndForms(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	get := func(id string) object { return object{"id": id, "method": "GET", "url": ann + "/calendars"} }
	many := []any{}
	for i := range 21 {
		many = append(many, get(fmt.Sprint(i)))
	}
	b.refused(400, "BadRequest", "POST", "/$batch", object{"requests": many})
	b.want(200, "POST", "/$batch", object{"requests": many[:20]})
	for name, requests := range map[string][]any{
		"no id":      {object{"method": "GET", "url": ann}},
		"same ids":   {get("a"), get("A")},
		"absolute":   {overlay(get("a"), object{"url": b.url + "/v1.0" + ann})},
		"no method":  {object{"id": "a", "url": ann}},
		"unknown":    {overlay(get("a"), object{"depends": []any{}})},
		"missing":    {overlay(get("a"), object{"dependsOn": []any{"b"}})},
		"circle":     {overlay(get("a"), object{"dependsOn": []any{"b"}}), overlay(get("b"), object{"dependsOn": []any{"a"}})},
		"no object":  {"GET"},
		"wrong body": {overlay(get("a"), object{"body": 1})},
	} {
		if o := b.want(400, "POST", "/$batch", object{"requests": requests}); sub(o, "error")["code"] != "BadRequest" {
			t.Errorf("%s: %v", name, o)
		}
	}
	b.refused(400, "BadRequest", "POST", "/$batch", object{})
	b.refused(405, "Request_BadRequest", "GET", "/$batch", nil)
	if _, err := b.sim.AddFault(Fault{Kind: FaultThrottled, Entity: "events", Nth: 2, RetryAfter: 7}); err != nil {
		t.Fatal(err)
	}
	got := b.batch(postEvent("a", "A", nil), postEvent("b", "B", nil), postEvent("c", "C", nil))
	if status(got["a"]) != "201" || status(got["b"]) != "429" || status(got["c"]) != "201" || sub(got["b"], "headers")["Retry-After"] != "7" {
		t.Errorf("%v", got["b"])
	}
	if n := b.sim.Counts()["batched POST events"]; n != 3 {
		t.Errorf("%d batched creations counted", n)
	}
}
