package creatiosim

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func (r *rig) controlled(method, path string, body any) response {
	r.t.Helper()
	return r.client().do(method, "/__sim/"+path, body, "X-Sim-Token: control")
}

func TestControl(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if res := r.client().get("/__sim/state"); res.status != 404 {
		t.Errorf("without a token: %d", res.status)
	}
	if res := r.client().get("/__sim/state", "X-Sim-Token: wrong"); res.status != 404 {
		t.Errorf("wrong token: %d", res.status)
	}
	res := r.controlled("POST", "records/Contact", Fields{"Name": "Ada", "Email": "ada@example.org", "Type": "Customer"})
	id, _ := res.object(t)["id"].(string)
	if c := r.record("Contact", id); c.Text("Name") != "Ada" || len(r.sim.Communications(id)) != 1 {
		t.Errorf("create: %d %s", res.status, res.text())
	}
	if res := r.controlled("PATCH", "records/Contact/"+id, Fields{"Age": 30, "DoNotUseCall": true, "BirthDate": "1990-01-02T00:00:00Z"}); res.status != 200 {
		t.Errorf("edit: %d %s", res.status, res.text())
	}
	v := r.controlled("GET", "records/Contact/"+id, nil).object(t)
	if v["Age"] != 30.0 || v["DoNotUseCall"] != true || v["BirthDate"] != "1990-01-02T00:00:00Z" || v["Id"] != id {
		t.Errorf("read: %v", v)
	}
	var list []map[string]any
	must(t, json.Unmarshal(r.controlled("GET", "records/Contact?title=Ada", nil).body, &list))
	if len(list) != 1 || list[0]["Id"] != id {
		t.Errorf("find: %v", list)
	}
	must(t, json.Unmarshal(r.controlled("GET", "records/Contact", nil).body, &list))
	if len(list) != 3 {
		t.Errorf("all: %v", list)
	}
	if res := r.controlled("DELETE", "records/Contact/"+id, nil); res.status != 200 || len(r.sim.Find("Contact", "Ada")) != 0 {
		t.Errorf("delete: %d %s", res.status, res.text())
	}
	fault := r.controlled("POST", "faults", Fault{Kind: FaultBusy, Entity: "Contact"}).object(t)
	if res := r.c.get("Contact"); res.status != 429 {
		t.Errorf("fault set from outside: %d", res.status)
	}
	state := r.controlled("GET", "state", nil).object(t)
	if state["rows"].(map[string]any)["Contact"] != 2.0 || state["counts"].(map[string]any)["list Contact"] != 1.0 ||
		len(state["faults"].([]any)) != 1 {
		t.Errorf("state: %v", state)
	}
	if !strings.Contains(r.controlled("GET", "faults", nil).text(), `"kind":"busy"`) || fault["id"] != 1.0 {
		t.Errorf("faults: %v", fault)
	}
	r.controlled("DELETE", "faults/1", nil)
	if res := r.c.get("Contact"); res.status != 200 {
		t.Errorf("fault removed: %d", res.status)
	}
	r.controlled("POST", "faults", "busy,count=1")
	r.controlled("DELETE", "faults", nil)
	if n := len(r.sim.Faults()); n != 0 {
		t.Errorf("%d faults left", n)
	}
	if !strings.Contains(r.controlled("GET", "requests", nil).text(), `"path":"/0/odata/Contact"`) {
		t.Error("no request in the log")
	}
	if strings.Contains(r.controlled("GET", "requests", nil).text(), "__sim") {
		t.Error("the log shows control requests")
	}
	r.controlled("DELETE", "requests", nil)
	if n := len(r.sim.Requests()); n != 0 {
		t.Errorf("%d requests left", n)
	}
	if res := r.controlled("GET", "mails", nil); res.text() != "null\n" && res.text() != "[]\n" {
		t.Errorf("mails: %s", res.text())
	}
	r.controlled("POST", "sessions/expire", nil)
	if n := r.sim.Sessions(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	for path, status := range map[string]int{"GET nothing": 404, "POST sessions/x": 404, "GET records/Nothing": 404, "DELETE faults/x": 400,
		"GET records/Contact/x": 404, "PUT records/Contact/" + supervisorContact: 404, "PATCH state": 404} {
		method, p, _ := strings.Cut(path, " ")
		if res := r.controlled(method, p, nil); res.status != status {
			t.Errorf("%s: %d %s", path, res.status, res.text())
		}
	}
	for path, body := range map[string]string{"faults": `{"kind":"x"}`, "records/Contact": `{"Foo":1}`, "records/City": `[`} {
		if res := r.controlled("POST", path, body); res.status != 400 {
			t.Errorf("POST %s: %d %s", path, res.status, res.text())
		}
	}
	off := newRig(t, func(o *Options) { o.ControlToken = "" })
	if res := off.client().get("/__sim/state", "X-Sim-Token: "); res.status != 404 {
		t.Errorf("control switched off: %d", res.status)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.meeting("Plan <b>", r.clock.Now())
	c := r.client()
	res := c.get(shellPage + "?entity=Activity&id=" + id)
	if res.status != 302 || !strings.HasPrefix(res.header.Get("Location"), loginPage) {
		t.Fatalf("without login: %d %v", res.status, res.header)
	}
	form := func(values ...string) []byte {
		v := url.Values{}
		for i := 0; i < len(values); i += 2 {
			v.Add(values[i], values[i+1])
		}
		return []byte(v.Encode())
	}
	post := func(path string, body []byte) response {
		return c.do("POST", path, body, "Content-Type: application/x-www-form-urlencoded")
	}
	if res := post(loginPage, form("UserName", "plain", "UserPassword", "wrong")); res.status != 200 || !strings.Contains(res.text(), "Invalid username") {
		t.Errorf("wrong password: %d", res.status)
	}
	for back, want := range map[string]string{"/0/x?y=1": "/0/x?y=1", "//evil.example.org": shellPage, "https://evil.example.org": shellPage, "": shellPage} {
		res := post(loginPage, form("UserName", "Supervisor", "UserPassword", testPassword, "ReturnUrl", back))
		if res.status != 303 || res.header.Get("Location") != want {
			t.Errorf("return to %q: %d %s", back, res.status, res.header.Get("Location"))
		}
	}
	c.copyCSRF()
	csrf := c.header.Get("BPMCSRF")
	if res := c.get(shellPage); res.status != 200 || !strings.Contains(res.text(), "Plan &lt;b&gt;") || !strings.Contains(res.text(), "Pia Plain") {
		t.Errorf("list: %d %s", res.status, res.text())
	}
	if res := c.get(shellPage + "?entity=Activity&id=" + id); res.status != 200 || !strings.Contains(res.text(), `value="Plan &lt;b&gt;"`) ||
		!strings.Contains(res.text(), "Responsible") {
		t.Errorf("card: %d %s", res.status, res.text())
	}
	card := func(values ...string) []byte { return form(append(values, "entity", "Activity", "csrf", csrf)...) }
	if res := post(shellPage, card("id", id, "op", "save", "Title", "Changed", "StartDate", "2026-12-01T08:30", "ShowInScheduler", "false")); res.status != 303 {
		t.Errorf("save: %d %s", res.status, res.text())
	}
	if a := r.record("Activity", id); a.Text("Title") != "Changed" || a.Time("StartDate").Format(formDate) != "2026-12-01T08:30" || a.Bool("ShowInScheduler") {
		t.Errorf("saved %v", a.Fields())
	}
	if res := post(shellPage, card("id", id, "op", "save", "Title", "")); res.status != 200 || !strings.Contains(res.text(), "must be set") {
		t.Errorf("refused save: %d %s", res.status, res.text())
	}
	if res := post(shellPage, card("id", id, "op", "save", "StartDate", "soon")); res.status != 200 || !strings.Contains(res.text(), "soon") {
		t.Errorf("wrong date: %d", res.status)
	}
	meeting := r.sim.Lookup("ActivityCategory", "Meeting")
	if res := post(shellPage, card("op", "save", "Title", "New", "ActivityCategoryId", meeting)); res.status != 303 || len(r.sim.Find("Activity", "New")) != 1 {
		t.Errorf("new: %d %s", res.status, res.text())
	}
	if res := post(shellPage, card("id", id, "op", "delete")); res.status != 303 || len(r.sim.Find("Activity", "Changed")) != 0 {
		t.Errorf("delete: %d", res.status)
	}
	if res := post(shellPage, form("entity", "Activity", "csrf", "wrong", "op", "save", "Title", "x")); res.status != 403 {
		t.Errorf("forged form: %d", res.status)
	}
	for _, path := range []string{"?entity=Nothing", "?entity=Activity&id=" + id, "?entity=Contact&id=x"} {
		if res := c.get(shellPage + path); res.status != 404 {
			t.Errorf("%s: %d", path, res.status)
		}
	}
	if res := c.get(shellPage + "?entity=Contact"); res.status != 200 || !strings.Contains(res.text(), "New contact") {
		t.Errorf("new contact: %d", res.status)
	}
	c = r.client()
	c.login("plain")
	theirs := r.meeting("Theirs", r.clock.Now())
	if res := c.get(shellPage + "?entity=Activity&id=" + theirs); res.status != 404 {
		t.Errorf("someone else's card: %d", res.status)
	}
	if res := c.get("/"); res.status != 200 || strings.Contains(res.text(), "Theirs") {
		t.Errorf("someone else's activity is listed")
	}
}
