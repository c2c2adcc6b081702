package creatiosim

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func (r *rig) fault(f Fault) int {
	r.t.Helper()
	id, err := r.sim.AddFault(f)
	must(r.t, err)
	return id
}

func TestFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.meeting("Plan", r.clock.Now())
	once := func(f Fault) response {
		t.Helper()
		f.Count = 1
		id := r.fault(f)
		defer r.sim.RemoveFault(id)
		res := r.c.get("Activity")
		if r.sim.Struck(id) != 1 {
			t.Errorf("%s struck %d times", f.Kind, r.sim.Struck(id))
		}
		return res
	}
	if res := once(Fault{Kind: FaultBusy, RetryAfter: 7}); res.status != 429 || res.header.Get("Retry-After") != "7" {
		t.Errorf("busy: %d %v", res.status, res.header)
	}
	if res := once(Fault{Kind: FaultUnavailable}); res.status != 503 || res.header.Get("Retry-After") != "" {
		t.Errorf("unavailable: %d %v", res.status, res.header)
	}
	if res := once(Fault{Kind: FaultRule, Message: "Not on Sundays"}); res.status != 500 || res.errorText() != "Not on Sundays" {
		t.Errorf("rule: %d %s", res.status, res.text())
	}
	if res := once(Fault{Kind: FaultStatus, Status: 409}); res.status != 409 {
		t.Errorf("status: %d", res.status)
	}
	if res := once(Fault{Kind: FaultHTML}); res.status != 200 || !strings.Contains(res.header.Get("Content-Type"), "text/html") {
		t.Errorf("html: %d %v", res.status, res.header)
	}
	if res := once(Fault{Kind: FaultEmpty}); len(res.value(t)) != 0 {
		t.Errorf("empty: %s", res.text())
	}
	if res := once(Fault{Kind: FaultTruncate}); res.err != nil || res.status != 200 || json.Valid(res.body) || len(res.body) < 50 {
		t.Errorf("truncate: %v %d %q", res.err, res.status, res.text())
	}
	if res := once(Fault{Kind: FaultAbort}); !errors.Is(res.err, io.ErrUnexpectedEOF) {
		t.Errorf("abort: %v", res.err)
	}
	for _, kind := range []FaultKind{FaultReset, FaultResetAfter} {
		if res := once(Fault{Kind: kind}); res.err == nil || res.status != 0 {
			t.Errorf("%s: %d %v", kind, res.status, res.err)
		}
	}
	begin := time.Now()
	once(Fault{Kind: FaultLatency, Delay: Duration(60 * time.Millisecond)})
	if res := once(Fault{Kind: FaultSlow, Delay: Duration(60 * time.Millisecond)}); !json.Valid(res.body) {
		t.Errorf("slow: %q", res.text())
	}
	if took := time.Since(begin); took < 110*time.Millisecond {
		t.Errorf("two delays of 60 ms took %v", took)
	}
	if res := once(Fault{Kind: FaultSession}); res.status != 401 {
		t.Errorf("session: %d", res.status)
	}
	if res := r.c.get("Activity"); res.status != 401 {
		t.Errorf("after the session's end: %d", res.status)
	}
	for _, e := range r.sim.Requests() {
		if strings.Contains(e.Query+e.Path, testPassword) {
			t.Errorf("log holds a password: %+v", e)
		}
	}
}

// The lost answer: the row is there, the client does not know.
func TestResetAfterCommits(t *testing.T) {
	t.Parallel()
	for kind, kept := range map[FaultKind]int{FaultReset: 0, FaultResetAfter: 1, FaultAbort: 1, FaultTruncate: 1, FaultBusy: 0} {
		r := newRig(t, nil)
		r.fault(Fault{Kind: kind, Method: "POST", Entity: "City", Count: 1})
		r.c.do("POST", "City", map[string]string{"Name": "Burbank"})
		if got := len(r.sim.Find("City", "Burbank")); got != kept {
			t.Errorf("%s: %d rows, want %d", kind, got, kept)
		}
	}
}

func TestFaultMatching(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Rand = rand.New(rand.NewPCG(7, 7)) })
	statuses := func(n int, do func() response) (out []int) {
		for range n {
			out = append(out, do().status)
		}
		return out
	}
	contacts := func() response { return r.c.get("Contact?$top=1") }
	is := func(what string, got []int, want ...int) {
		t.Helper()
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", what, got, want)
				return
			}
		}
	}
	r.fault(Fault{Kind: FaultBusy, Entity: "Contact", Nth: 2})
	is("nth", statuses(3, contacts), 200, 429, 200)
	r.sim.ClearFaults()
	r.fault(Fault{Kind: FaultBusy, Entity: "Contact", After: 1, Count: 2})
	is("after and count", statuses(5, contacts), 200, 429, 429, 200, 200)
	r.sim.ClearFaults()
	r.fault(Fault{Kind: FaultBusy, Method: "DELETE"})
	r.fault(Fault{Kind: FaultBusy, Path: "/Activity("})
	r.fault(Fault{Kind: FaultUnavailable, Entity: "Login"})
	is("method, path, entity", statuses(1, contacts), 200)
	is("tunnelled method", statuses(1, func() response {
		return r.c.do("POST", "Contact("+supervisorContact+")", "{}", "X-HTTP-Method: DELETE")
	}), 429)
	is("path", statuses(1, func() response { return r.c.get("Activity(" + supervisorContact + ")") }), 429)
	is("login", statuses(1, func() response { return r.c.do("POST", loginPath, "{}") }), 503)
	if n := len(r.sim.Faults()); n != 3 {
		t.Errorf("%d faults armed", n)
	}
	r.sim.ClearFaults()
	id := r.fault(Fault{Kind: FaultBusy, P: 0.5})
	statuses(60, contacts)
	if n := r.sim.Struck(id); n < 15 || n > 45 {
		t.Errorf("probability 0.5 struck %d of 60", n)
	}
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	f, err := ParseFault("busy,entity=Activity,retryAfter=3,count=2,p=0.25,delay=150ms")
	want := Fault{Kind: FaultBusy, Entity: "Activity", RetryAfter: 3, Count: 2, P: 0.25, Delay: Duration(150 * time.Millisecond)}
	if err != nil || f != want {
		t.Errorf("%+v %v", f, err)
	}
	text, err := json.Marshal(want)
	must(t, err)
	if f, err := ParseFault(string(text)); err != nil || f != want {
		t.Errorf("%s: %+v %v", text, f, err)
	}
	for _, bad := range []string{"", "nonsense", "busy,entity", "busy,foo=1", "busy,count=x", "busy,p=2", "status", "slow,delay=x", "{", `{"kind":"busy","x":1}`} {
		if _, err := ParseFault(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for _, kind := range FaultKinds() {
		text := string(kind)
		if kind == FaultStatus {
			text += ",status=418"
		}
		if _, err := ParseFault(text); err != nil {
			t.Error(err)
		}
	}
}

// Without a socket to break, as in a recorder, a reset is net/http's abort.
func TestResetWithoutSocket(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.fault(Fault{Kind: FaultReset})
	defer func() {
		if recover() == nil {
			t.Error("no abort")
		}
	}()
	r.sim.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/0/odata/Contact", nil))
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.ByteOrderMark = true })
	for _, path := range []string{"Contact", "Contact(" + supervisorContact + ")/Name/$value"} {
		if res := r.c.get(path); !strings.HasPrefix(res.text(), "\uFEFF") {
			t.Errorf("%s: %.20q", path, res.text())
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.MaxBody = 1000 })
	res := r.c.do("POST", "Contact", map[string]string{"Name": strings.Repeat("x", 2000)})
	if res.status != 413 {
		t.Errorf("%d %s", res.status, res.text())
	}
}

func TestCountsAndLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.meeting("Plan", r.clock.Now())
	r.sim.ResetStats()
	r.client().login("plain")
	r.c.get("")
	r.c.get("$metadata")
	r.c.get("Activity?$top=1")
	r.c.get("Activity(" + id + ")")
	r.c.get("Activity(" + id + ")/Title")
	r.c.do("PATCH", "Activity("+id+")", `{"Title":"x"}`)
	r.c.do("POST", "$batch", `{"requests":[{"id":"1","method":"GET","url":"Contact"}]}`)
	r.c.do("DELETE", "Activity("+id+")", nil)
	r.c.get("/favicon.ico")
	counts := r.sim.Counts()
	for _, kind := range []string{"login", "service", "metadata", "list", "list Activity", "get", "field", "update Activity", "batch",
		"batched list Contact", "delete", "page"} {
		if counts[kind] != 1 {
			t.Errorf("%s: %d", kind, counts[kind])
		}
	}
	log := r.sim.Requests()
	if len(log) != 10 || log[3].Query != "$top=1" || log[3].Status != 200 || log[9].Status != 404 || log[9].Seq <= log[8].Seq {
		t.Errorf("log: %+v", log)
	}
}
