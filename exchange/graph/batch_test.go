package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// batches is a Graph that answers $batch alone: each request with its own path, the last first.
type batches struct {
	mu     sync.Mutex
	sizes  []int
	putOff map[string]int // how often a path is answered 429 yet
	drop   string         // a path that is left unanswered
	status int            // of the whole; 0 is 200
	slept  time.Duration
}

func (b *batches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Requests []batchRequest `json:"requests"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v1.0/$batch" {
		http.Error(w, "no batch", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sizes = append(b.sizes, len(in.Requests))
	var out struct {
		Responses []batchResponse `json:"responses"`
	}
	slices.Reverse(in.Requests)
	for _, q := range in.Requests {
		if q.URL == b.drop {
			continue
		}
		if b.putOff[q.URL] > 0 {
			b.putOff[q.URL]--
			out.Responses = append(out.Responses, batchResponse{ID: q.ID, Status: 429, Headers: map[string]string{"retry-after": "7"}})
			continue
		}
		body, _ := json.Marshal(map[string]string{"url": q.URL, "prefer": q.Headers["Prefer"]})
		out.Responses = append(out.Responses, batchResponse{ID: q.ID, Status: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: body})
	}
	if b.status != 0 {
		w.WriteHeader(b.status)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (b *batches) open(t *testing.T) *service {
	t.Helper()
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	client, err := upstream.New(upstream.Options{
		Base: srv.URL, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Now: func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return now.Add(b.slept) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.slept += d
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	tokens := login.NewKeeper("graph: login", time.Now, func(context.Context) (*login.Token, time.Time, error) {
		return &login.Token{Access: "t"}, time.Time{}, nil
	})
	return &service{tokens: tokens, client: client.For("ann"), places: semaphore.NewWeighted(4), most: 4}
}

func paths(n int) []request {
	var rs []request
	for i := range n {
		rs = append(rs, request{op: "graph: test", path: fmt.Sprintf("/x/%d", i)})
	}
	return rs
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b := &batches{putOff: map[string]int{"/x/3": 2, "/x/44": 1}}
	s := b.open(t)
	got, err := s.batch(t.Context(), "graph: test", paths(45))
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		var v struct{ URL, Prefer string }
		if err := a.JSON("graph: test", &v); err != nil || v.URL != fmt.Sprintf("/x/%d", i) || v.Prefer != immutable {
			t.Errorf("answer %d is of %q with %q, %v", i, v.URL, v.Prefer, err)
		}
	}
	if want := []int{20, 1, 1, 20, 5, 1}; !slices.Equal(b.sizes, want) {
		t.Errorf("batches of %v requests, want %v", b.sizes, want)
	}
	if b.slept != 3*7*time.Second {
		t.Errorf("waited %v, want three times the seven seconds asked for", b.slept)
	}
}

func TestBatchThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	b := &batches{drop: "/x/1"}
	if _, err := b.open(t).batch(t.Context(), "graph: test", paths(3)); pim.ReasonOf(err) != pim.ErrProtocol {
		t.Errorf("an unanswered request: %v", err)
	}
	b = &batches{putOff: map[string]int{"/x/1": 99}}
	if _, err := b.open(t).batch(t.Context(), "graph: test", paths(3)); pim.ReasonOf(err) != pim.ErrThrottled || pim.RetryAfter(err) <= 0 {
		t.Errorf("put off for ever: %v, after %v", err, pim.RetryAfter(err))
	}
	b = &batches{status: 400}
	if _, err := b.open(t).batch(t.Context(), "graph: test", paths(3)); pim.ReasonOf(err) != pim.ErrRefused {
		t.Errorf("a refused batch: %v", err)
	}
}

func remoteCursor(s string) remote.Cursor { return remote.Cursor(s) }

func remoteScope(from, until time.Time) remote.Scope { return remote.Scope{From: from, Until: until} }
