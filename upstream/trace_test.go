package upstream

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestTraceHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "BPMCSRF", Value: "csrf-hush"})
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"hush-token","name":"Anna","note":"pa$$ hush/1 \"x\""}`))
	})
	var logs, debug bytes.Buffer
	var mu sync.Mutex
	var seen []Exchange
	o := testOptions(s.URL, testclock.New())
	o.Log = slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Debug = &debug
	o.Secrets = []string{"pa$$ hush/1", "abc"}
	o.Observe = func(x Exchange) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, x)
	}
	c := mustNew(t, o).Session()
	do := func(r Request) {
		t.Helper()
		if _, err := c.Do(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	do(Request{Method: "POST", Path: "login", Body: []byte(`{"UserName":"anna","UserPassword":"pa$$ hush/1"}`),
		Header: http.Header{"Authorization": {"Bearer hush-bearer"}}})
	do(Request{Method: "POST", Path: "token", Body: []byte("client_id=x&client_secret=hush-form&grant_type=y")})
	do(Request{Path: "odata", Query: url.Values{"$filter": {"Name eq 'Anna hush'"}, "$top": {"50"}, "key": {"4x7y1z"}, "q": {"pa$$ hush/1"}}})
	do(Request{Method: "POST", Path: "private", Body: []byte("all of it hush"), Sensitive: true})

	for name, text := range map[string]string{"log": logs.String(), "debug": debug.String()} {
		if strings.Contains(strings.ToLower(text), "hush") {
			t.Errorf("the %s holds a secret:\n%s", name, text)
		}
	}
	for _, want := range []string{"$top=50", "Anna", "grant_type=y", "(14 bytes, kept out)", "UserName"} {
		if !strings.Contains(debug.String(), want) && !strings.Contains(debug.String(), url.QueryEscape(want)) &&
			!strings.Contains(debug.String(), strings.ReplaceAll(want, "$", "%24")) {
			t.Errorf("the debug trace lacks %q:\n%s", want, debug.String())
		}
	}
	if strings.Contains(logs.String(), "Anna") || strings.Contains(logs.String(), "4x7y1z") {
		t.Errorf("the log holds contents:\n%s", logs.String())
	}
	if len(seen) != 4 || seen[0].Status != 200 || seen[0].Out != 48 || seen[0].In == 0 || seen[0].Attempt != 1 {
		t.Errorf("observed %+v", seen)
	}
}

func TestEachAttemptIsObserved(t *testing.T) {
	t.Parallel()
	h, _ := failing(1, 503, nil)
	var seen []Exchange
	o := testOptions(serve(t, h).URL, testclock.New())
	o.Observe = func(x Exchange) { seen = append(seen, x) }
	if _, err := mustNew(t, o).Do(context.Background(), Request{}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0].Reason != pim.ErrUnavailable || seen[0].Status != 503 || seen[1].Attempt != 2 || seen[1].Reason != "" {
		t.Errorf("%+v", seen)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "Wed, 04 Mar 2026 10:01:30 GMT", "-1", "9999999999999999999"} {
		f.Add(s)
	}
	now := testclock.New().Now()
	f.Fuzz(func(t *testing.T, s string) {
		d := retryAfter(http.Header{"Retry-After": {s}}, now)
		if d < 0 || d.Hours() > 24 {
			t.Errorf("%q: %v", s, d)
		}
	})
}
