package ewssim

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const getInbox = `<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/><t:DistinguishedFolderId Id="tasks"/></m:FolderIds></m:GetFolder>`

func (r *rig) fault(f Fault) {
	r.t.Helper()
	if _, err := r.AddFault(f); err != nil {
		r.t.Fatal(err)
	}
}

// TestThrottling has the three shapes in which a server says that it is busy.
func TestThrottling(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	r.fault(Fault{Kind: FaultBusy, Count: 1, BackOff: 1500})
	status, n := r.try(getInbox)
	if status != 500 || code(n) != "ErrorServerBusy" || n.path("detail", "MessageXml", "Value").text != "1500" {
		t.Errorf("as a fault: %d %v", status, n)
	}
	r.fault(Fault{Kind: FaultBusyInside, Count: 1, BackOff: 700})
	status, n = r.try(getInbox)
	if status != 200 || len(messages(n)) != 2 || code(n) != "ErrorInternalServerError" || messages(n)[1].path("MessageXml", "Value").text != "700" {
		t.Errorf("inside: %d %v", status, n)
	}
	r.fault(Fault{Kind: FaultUnavailable, Count: 1})
	if status, n = r.try(getInbox); status != 503 || n != nil {
		t.Errorf("bare: %d %v", status, n)
	}
	r.ok(getInbox)
	if left := r.Faults(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	_, state := r.sync("tasks", "", 512)
	r.fault(Fault{Kind: FaultLost, Op: "CreateItem", Count: 1})
	if r.broken(`<m:CreateItem><m:Items><t:Task/></m:Items></m:CreateItem>`) == nil {
		t.Error("a lost answer came")
	}
	if changes, _ := r.sync("tasks", state, 512); len(changes) != 1 {
		t.Errorf("what was asked was not done: %v", changes)
	}
	r.fault(Fault{Kind: FaultDropped, Count: 1})
	if r.broken(`<m:CreateItem><m:Items><t:Task/></m:Items></m:CreateItem>`) == nil {
		t.Error("a dropped request was answered")
	}
	r.fault(Fault{Kind: FaultTruncated, Count: 1})
	if r.broken(getInbox) == nil {
		t.Error("a truncated answer was whole")
	}
	if changes, _ := r.sync("tasks", state, 512); len(changes) != 1 {
		t.Errorf("a dropped request was done: %v", changes)
	}
	r.fault(Fault{Kind: FaultCode, Op: "SyncFolderItems", Code: "ErrorInvalidSyncStateData", Count: 1})
	r.want("ErrorInvalidSyncStateData", syncFolder("tasks", state, 512))
	r.fault(Fault{Kind: FaultCode, Op: "GetFolder", Code: "ErrorMailboxMoveInProgress", After: 1, Count: 1})
	r.ok(getInbox)
	r.want("ErrorMailboxMoveInProgress", getInbox)
	r.ok(getInbox)
	r.fault(Fault{Kind: FaultSOAP, Code: "ErrorMailboxStoreUnavailable", Count: 1})
	r.want("ErrorMailboxStoreUnavailable", getInbox)
	r.fault(Fault{Kind: FaultExpired, Count: 1})
	if status, _ := r.try(getInbox); status != 401 {
		t.Errorf("expired: %d", status)
	}
	r.fault(Fault{Kind: FaultStopped, Count: 1})
	if n := r.ask(getInbox); code(n) != "NoError" || messages(n)[1].str("ResponseCode") != "ErrorBatchProcessingStopped" || messages(n)[1].at("ResponseClass") != "Warning" {
		t.Errorf("stopped: %v", n)
	}
	r.fault(Fault{Kind: FaultSlow, Count: 1, Delay: 40 * time.Millisecond})
	r.ok(getInbox)
	id, err := r.AddFault(Fault{Kind: FaultHTML})
	if err != nil {
		t.Fatal(err)
	}
	res := r.post(getInbox)
	text, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || !strings.Contains(string(text), "<form") {
		t.Errorf("page: %d %s", res.StatusCode, text)
	}
	r.RemoveFault(id)
	r.ok(getInbox)
	for _, bad := range []Fault{{Kind: "odd"}, {Kind: FaultCode}, {Kind: FaultBusy, Op: "Fly"}} {
		if _, err := r.AddFault(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// broken sends a request whose answer should not arrive whole, and returns how it failed. It is sent on a connection of its
// own: on one that was used before, the client library would try again by itself.
func (r *rig) broken(body string) error {
	r.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	text := `<s:Envelope xmlns:s="` + nsSoap + `" xmlns:t="` + nsTypes + `" xmlns:m="` + nsMessages + `"><s:Body>` + body + `</s:Body></s:Envelope>`
	req, err := http.NewRequest("POST", r.srv.URL+"/EWS/Exchange.asmx", strings.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.SetBasicAuth(r.user, r.pass)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	r.mu.Lock()
	r.seen = r.seen[:max(len(r.seen)-1, 0)] // half an answer obeys no schema
	r.mu.Unlock()
	return err
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	f, err := ParseFault("code,op=GetItem,after=1,count=2,code=ErrorTimeoutExpired,delay=3ms,backOff=9,login=x")
	want := Fault{Kind: FaultCode, Op: "GetItem", After: 1, Count: 2, Code: "ErrorTimeoutExpired", Delay: 3 * time.Millisecond, BackOff: 9, Login: "x"}
	if err != nil || f != want {
		t.Errorf("%+v %v", f, err)
	}
	for _, bad := range []string{"", "x", "busy,count=a", "busy,colour=red", "code", "busy,op=Fly", "slow,delay=long"} {
		if _, err := ParseFault(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{MaxConcurrency: 1})
	if !r.busy.enter("ann@example.org", 1) {
		t.Fatal("no room")
	}
	r.want("ErrorServerBusy", getInbox)
	r.busy.leave("ann@example.org")
	r.ok(getInbox)
}

func TestControl(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{ControlToken: "door"})
	r.create("", `<t:Task/>`)
	ask := func(method, path, body, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(method, r.srv.URL+"/__sim/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Sim-Token", token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	for _, c := range []struct {
		method, path, body, token string
		status                    int
		part                      string
	}{
		{"GET", "state", "", "wrong", 404, ""},
		{"GET", "state", "", "door", 200, `"Tasks":1`},
		{"GET", "requests", "", "door", 200, `"op":"CreateItem"`},
		{"POST", "faults", `{"kind":"busy","count":1}`, "door", 200, `"id":1`},
		{"POST", "faults", `unavailable,count=1`, "door", 200, `"id":2`},
		{"GET", "faults", "", "door", 200, `"unavailable"`},
		{"DELETE", "faults/1", "", "door", 200, ""},
		{"DELETE", "faults", "", "door", 200, ""},
		{"POST", "faults", `odd`, "door", 400, ""},
		{"POST", "states/expire", "", "door", 200, ""},
		{"POST", "subscriptions/drop", "", "door", 200, ""},
		{"GET", "mails", "", "door", 200, "null"},
		{"DELETE", "requests", "", "door", 200, ""},
		{"GET", "nothing", "", "door", 404, ""},
	} {
		if status, text := ask(c.method, c.path, c.body, c.token); status != c.status || !strings.Contains(text, c.part) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
		}
	}
	if len(r.Requests()) != 0 || len(r.Counts()) != 0 {
		t.Error("requests were not forgotten")
	}
}
