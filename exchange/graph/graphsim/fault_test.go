package graphsim

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// arm adds a fault and says afterwards how often it struck.
func (b *bench) arm(text string) (struck func() int) {
	b.t.Helper()
	f, err := ParseFault(text)
	if err != nil {
		b.t.Fatal(err)
	}
	id, err := b.sim.AddFault(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return func() int { return b.sim.Struck(id) }
}

func TestFaultsBeforeTheWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  string
		status int
		code   string
		retry  string
	}{
		{"throttled,count=1,retryAfter=5", 429, "ApplicationThrottled", "5"},
		{"throttled,count=1", 429, "ApplicationThrottled", ""},
		{"unavailable,count=1,retryAfter=3", 503, "serviceNotAvailable", "3"},
		{"timeout,count=1", 504, "UnknownError", ""},
		{"conflict,count=1", 412, "ErrorIrresolvableConflict", ""},
		{"concurrent,count=1", 409, "ConcurrentItemSave", ""},
		{"unauthorized,count=1", 401, "InvalidAuthenticationToken", ""},
		{`{"kind":"status","status":500,"code":"ErrorInternalServerError","message":"Oops, it broke","count":1}`, 500, "ErrorInternalServerError", ""},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			struck := b.arm(c.fault)
			body := overlay(onDay2("2026-10-05"), nil)
			resp := b.send("POST", ann+"/events", body)
			o := b.read(resp.Body)
			if resp.StatusCode != c.status || sub(o, "error")["code"] != c.code || resp.Header.Get("Retry-After") != c.retry {
				t.Errorf("%d, Retry-After %q, %v", resp.StatusCode, resp.Header.Get("Retry-After"), o)
			}
			if n := len(values(b.want(200, "GET", ann+"/events", nil))); n != 0 || struck() != 1 {
				t.Errorf("%d events, struck %d times", n, struck())
			}
			log := b.sim.Requests()
			if last := log[len(log)-2]; last.Fault == "" || last.Status != c.status || last.Entity != "events" {
				t.Errorf("logged %+v", last)
			}
		})
	}
}

func TestFaultsAfterTheWork(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"lost", "abort", "truncate", "reset", "html", "slow"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			struck := b.arm(kind + ",count=1,method=POST,entity=events,delay=20ms")
			req, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/v1.0"+ann+"/events", strings.NewReader(`{"subject":"x","transactionId":"t"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+b.token)
			req.Header.Set("Content-Type", "application/json")
			resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
			var text []byte
			if err == nil {
				text, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if broken := kind == "lost" || kind == "abort" || kind == "reset"; broken == (err == nil) {
				t.Errorf("answer %q, %v", text, err)
			}
			_, bad := parseObject(text)
			if good := kind == "slow"; good != (bad == nil) {
				t.Errorf("body %q", text)
			}
			want := 1
			if kind == "reset" || kind == "html" {
				want = 0
			}
			if n := len(values(b.want(200, "GET", ann+"/events", nil))); n != want || struck() != 1 {
				t.Errorf("%d events, want %d; struck %d times", n, want, struck())
			}
			// The same transactionId finds out.
			b.want(201, "POST", ann+"/events", object{"subject": "x", "transactionId": "t"})
			if n := len(values(b.want(200, "GET", ann+"/events", nil))); n != 1 {
				t.Errorf("%d events after the second try", n)
			}
		})
	}
}

func TestFaultsWithChanceAndOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	nth := b.arm("throttled,nth=2,path=calendars")
	after := b.arm("unavailable,after=3,count=2,entity=calendars")
	var got []int
	for range 7 {
		resp := b.send("GET", ann+"/calendars", nil)
		got = append(got, resp.StatusCode)
	}
	want := []int{200, 429, 200, 503, 503, 200, 200}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	if nth() != 1 || after() != 2 || len(b.sim.Faults()) != 2 {
		t.Errorf("struck %d and %d, %d armed", nth(), after(), len(b.sim.Faults()))
	}
	b.sim.ClearFaults()
	never := b.arm("throttled,p=0.0000001")
	b.want(200, "GET", ann+"/calendars", nil)
	if never() != 0 {
		t.Error("struck against all odds")
	}
	for _, bad := range []string{"", "boom", "throttled,x=1", "throttled,count", "status", "status,status=200", "throttled,p=2", "throttled,count=x"} {
		if f, err := ParseFault(bad); err == nil {
			t.Errorf("%q is %+v", bad, f)
		}
	}
}

func TestDeltaFault(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.round(ann + "/contacts/delta")
	b.arm("delta-expired,count=1")
	b.refused(410, "SyncStateNotFound", "GET", first.next, nil)
	b.refused(410, "SyncStateNotFound", "GET", first.next, nil) // it stays forgotten
	second := b.round(ann + "/contacts/delta")
	b.sim.ClearFaults()
	b.arm("delta-expired,count=1,status=404")
	b.refused(404, "syncStateNotFound", "GET", second.next, nil)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Rate = 10 })
	var release []func()
	for range 4 {
		r, refused := b.sim.limits.enter("app ann@example.org")
		if refused != nil {
			t.Fatal(refused)
		}
		release = append(release, r)
	}
	resp := b.send("GET", ann+"/calendars", nil)
	if o := b.read(resp.Body); resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" || !strings.Contains(text(sub(o, "error")["message"]), "MailboxConcurrency") {
		t.Errorf("the fifth at once: %d %v", resp.StatusCode, o)
	}
	got := b.batch(object{"id": "1", "method": "GET", "url": ann + "/calendars"}, object{"id": "2", "method": "GET", "url": "/users/bob@example.org/calendars"})
	if status(got["1"]) != "429" || status(got["2"]) != "200" {
		t.Errorf("in a batch: %v and %v", got["1"]["status"], got["2"]["status"])
	}
	release[0]()
	for range 6 {
		b.want(200, "GET", ann+"/calendars", nil)
	}
	resp = b.send("GET", ann+"/calendars", nil)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "600" {
		t.Errorf("over the rate: %d, Retry-After %s", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	b.clock.Advance(10 * time.Minute)
	b.want(200, "GET", ann+"/calendars", nil)
}
