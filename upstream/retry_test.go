package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

// failing answers status n times, then 200.
func failing(n int32, status int, header http.Header) (http.HandlerFunc, *atomic.Int32) {
	var calls atomic.Int32
	return func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= n {
			for k, v := range header {
				w.Header()[k] = v
			}
			w.WriteHeader(status)
			return
		}
		_, _ = w.Write([]byte("ok"))
	}, &calls
}

func TestRetries(t *testing.T) {
	t.Parallel()
	soon := http.Header{"Retry-After": {"2"}}
	for _, c := range []struct {
		name   string
		req    Request
		fail   int32
		status int
		header http.Header
		calls  int32
		want   pim.Reason // "" is an answer
		final  int
	}{
		{"get 503", Request{}, 2, 503, nil, 3, "", 200},
		{"get 500", Request{}, 1, 500, nil, 2, "", 200},
		{"get 500 for ever", Request{}, 9, 500, nil, 4, "", 500},
		{"get 500 that is an answer", Request{Passing: func(*Response) bool { return false }}, 9, 500, nil, 1, "", 500},
		{"get 502 for ever", Request{}, 9, 502, nil, 4, pim.ErrUnavailable, 502},
		{"get 429", Request{}, 1, 429, soon, 2, "", 200},
		{"post 503", Request{Method: "POST"}, 1, 503, nil, 1, pim.ErrUnavailable, 503},
		{"post 429", Request{Method: "POST"}, 1, 429, soon, 1, pim.ErrThrottled, 429},
		{"idempotent post 503", Request{Method: "POST", Idempotent: true}, 1, 503, nil, 2, "", 200},
		{"get 401", Request{}, 1, 401, nil, 1, "", 401},
		{"get 404", Request{}, 1, 404, nil, 1, "", 404},
		{"too long a pause", Request{}, 1, 429, http.Header{"Retry-After": {"3600"}}, 1, pim.ErrThrottled, 429},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, calls := failing(c.fail, c.status, c.header)
			clock := testclock.New()
			ctx, counted := Count(context.Background())
			r, err := mustNew(t, testOptions(serve(t, h).URL, clock)).Do(ctx, c.req)
			if counted() != int(c.calls) {
				t.Errorf("%d attempts counted, want %d", counted(), c.calls)
			}
			if pim.ReasonOf(err) != c.want || calls.Load() != c.calls {
				t.Fatalf("%v after %d calls, want %q after %d", err, calls.Load(), c.want, c.calls)
			}
			if r == nil || r.Status != c.final || r.Attempts != int(c.calls) {
				t.Fatalf("answer %+v", r)
			}
			if c.header.Get("Retry-After") == "2" && c.want == "" && clock.Slept()[0] < 2*time.Second {
				t.Errorf("waited %v although told 2 s", clock.Slept())
			}
			if c.want == pim.ErrThrottled && pim.RetryAfter(err) == 0 {
				t.Error("the error does not say how long to wait")
			}
		})
	}
}

func TestBackOffGrowsAndJitters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rand float64
		want []time.Duration
	}{
		{0, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}},
		{0.5, []time.Duration{375 * time.Millisecond, 750 * time.Millisecond, 1500 * time.Millisecond}},
	} {
		h, _ := failing(9, 503, nil)
		clock := testclock.New()
		o := testOptions(serve(t, h).URL, clock)
		o.Rand = func() float64 { return c.rand }
		if _, err := mustNew(t, o).Do(context.Background(), Request{}); err == nil {
			t.Fatal("no error")
		}
		if got := clock.Slept(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("waits %v, want %v", got, c.want)
		}
	}
}

func TestRetryAfterForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 0 ":                           0,
		"-3":                            0,
		"soon":                          0,
		"99999999999":                   24 * time.Hour,
		"Wed, 04 Mar 2026 10:01:30 GMT": 90 * time.Second,
		"Wed, 04 Mar 2026 09:59:00 GMT": 0,
		"Fri, 04 Mar 2033 10:00:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {in}}, now); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestPauseHoldsBackOtherCalls(t *testing.T) {
	t.Parallel()
	h, calls := failing(1, 429, http.Header{"Retry-After": {"120"}})
	clock := testclock.New()
	c := mustNew(t, testOptions(serve(t, h).URL, clock))
	_, err := c.Do(context.Background(), Request{Method: "POST"})
	wantReason(t, err, pim.ErrThrottled)

	_, err = c.Do(context.Background(), Request{})
	wantReason(t, err, pim.ErrThrottled)
	if pim.RetryAfter(err) != 120*time.Second || calls.Load() != 1 || Sent(err) {
		t.Fatalf("second call: %v, after %v, %d calls, sent %v", err, pim.RetryAfter(err), calls.Load(), Sent(err))
	}
	if err := clock.Sleep(context.Background(), 100*time.Second); err != nil {
		t.Fatal(err)
	}
	// 20 s are left, which a call may wait.
	r, err := c.Do(context.Background(), Request{})
	if err != nil || r.Status != 200 {
		t.Fatalf("after the pause: %v %v", r, err)
	}
	if got := clock.Slept(); got[len(got)-1] != 20*time.Second {
		t.Errorf("waits %v", got)
	}
}

// Clients of one host that share their pauses wait together; others find out by themselves.
func TestPausesAreShared(t *testing.T) {
	t.Parallel()
	h, calls := failing(1, 429, http.Header{"Retry-After": {"120"}})
	clock, pauses := testclock.New(), &Pauses{}
	o := testOptions(serve(t, h).URL, clock)
	alone := mustNew(t, o)
	o.Pauses = pauses
	first, second := mustNew(t, o), mustNew(t, o)
	_, err := first.Do(context.Background(), Request{Method: "POST"})
	wantReason(t, err, pim.ErrThrottled)
	_, err = second.Do(context.Background(), Request{})
	wantReason(t, err, pim.ErrThrottled)
	if pim.RetryAfter(err) != 120*time.Second || calls.Load() != 1 {
		t.Errorf("the second client: after %v, %d calls", pim.RetryAfter(err), calls.Load())
	}
	if _, err := alone.Do(context.Background(), Request{}); err != nil || calls.Load() != 2 {
		t.Errorf("one that shares nothing: %v, %d calls", err, calls.Load())
	}
}

// What one process was asked for, another heeds that is told of it, without asking itself.
func TestPausesAreToldOf(t *testing.T) {
	t.Parallel()
	h, calls := failing(3, 429, http.Header{"Retry-After": {"120"}})
	clock, theirs := testclock.New(), &Pauses{}
	told := 0
	ours := &Pauses{Tell: func(key string, until time.Time) { told++; theirs.Heed(key, until) }}
	o := testOptions(serve(t, h).URL, clock)
	o.Pauses = ours
	here := mustNew(t, o)
	o.Pauses = theirs
	there := mustNew(t, o)
	_, err := here.Do(context.Background(), Request{Method: "POST"})
	wantReason(t, err, pim.ErrThrottled)
	_, err = there.Do(context.Background(), Request{})
	wantReason(t, err, pim.ErrThrottled)
	if pim.RetryAfter(err) != 120*time.Second || calls.Load() != 1 || told != 1 {
		t.Errorf("after %v, %d calls, told %d times", pim.RetryAfter(err), calls.Load(), told)
	}
}

func TestRateIsKept(t *testing.T) {
	t.Parallel()
	h, _ := failing(0, 0, nil)
	clock := testclock.New()
	o := testOptions(serve(t, h).URL, clock)
	o.Rate, o.Burst = 2, 2
	c := mustNew(t, o)
	start := clock.Now()
	for range 6 {
		if _, err := c.Do(context.Background(), Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if took := clock.Now().Sub(start); took != 2*time.Second {
		t.Errorf("6 calls at 2/s with a burst of 2 took %v, want 2s", took)
	}
}

func TestConcurrencyIsCapped(t *testing.T) {
	t.Parallel()
	var inside, most atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) {
		n := inside.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(20 * time.Millisecond)
		inside.Add(-1)
	})
	o := testOptions(s.URL, testclock.New())
	o.Concurrency = 3
	c := mustNew(t, o)
	errs := make(chan error, 12)
	for range 12 {
		go func() {
			_, err := c.Do(context.Background(), Request{})
			errs <- err
		}()
	}
	for range 12 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != 3 {
		t.Errorf("%d calls at once, want 3", most.Load())
	}
}

func TestCancelledContextReturnsAtOnce(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(stop) })
	c := mustNew(t, testOptions(s.URL, testclock.New()))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := c.Do(ctx, Request{}) // which would wait for ever
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	wantReason(t, err, pim.ErrUnavailable)
	if !errors.Is(err, context.Canceled) || !Sent(err) {
		t.Errorf("%v, sent %v", err, Sent(err))
	}
	_, err = c.Do(ctx, Request{})
	if !errors.Is(err, context.Canceled) || Sent(err) {
		t.Errorf("a call on a dead context: %v, sent %v", err, Sent(err))
	}
}

// A 429 is about who asks: the account's calls wait, those of others go out. A 503 is about the server.
func TestTooManyRequestsAreTheAccounts(t *testing.T) {
	t.Parallel()
	for status, others := range map[int]pim.Reason{429: "", 503: pim.ErrThrottled} {
		h, _ := failing(1, status, http.Header{"Retry-After": {"120"}})
		c := mustNew(t, testOptions(serve(t, h).URL, testclock.New()))
		ann, again, bob := c.For("ann"), c.For("ann"), c.For("bob")
		if _, err := ann.Do(t.Context(), Request{Method: "POST"}); err == nil {
			t.Fatalf("%d is no error", status)
		}
		if _, err := again.Do(t.Context(), Request{}); pim.ReasonOf(err) != pim.ErrThrottled {
			t.Errorf("%d: the account's next call: %v", status, err)
		}
		if _, err := bob.Do(t.Context(), Request{}); pim.ReasonOf(err) != others {
			t.Errorf("%d: another account's call: %v", status, err)
		}
	}
}
