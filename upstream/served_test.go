package upstream

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/internal/testclock"
)

// X6 X19: the id that a server gave its answer is known to who called.
func TestRowX19TracesOfAnswers(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "id-"+strings.TrimPrefix(r.URL.Path, "/"))
		if strings.HasPrefix(r.URL.Path, "/bad") {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer srv.Close()
	c := mustNew(t, testOptions(srv.URL, testclock.New()))
	ctx, seen := Traced(t.Context())
	for _, r := range []Request{{Method: "POST", Path: "post"}, {Method: "GET", Path: "bad-read"}, {Method: "PUT", Path: "bad"}, {Method: "GET", Path: "bad-look"}, {Method: "GET", Path: "last"}} {
		if _, err := c.Do(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if got := seen(); got != (Traces{Failed: "id-bad", Written: "id-post", Last: "id-last"}) {
		t.Errorf("%+v", got)
	}
	if _, err := c.Do(t.Context(), Request{Path: "x"}); err != nil || seen().Last != "id-last" {
		t.Errorf("a call outside: %v %+v", err, seen())
	}
}

func TestTraceID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, want string }{
		{"X-Request-Id", " 7f3a-1 ", "7f3a-1"},
		{"request-id", "abc", "abc"},
		{"X-Ms-Request-Id", "m", "m"},
		{"CF-Ray", "8c1-HEL", "8c1-HEL"},
		{"X-Other", "x", ""},
		{"X-Request-Id", strings.Repeat("x", traceMost+1), ""},
		{"X-Request-Id", "two words", ""},
		{"X-Request-Id", "<script>", ""},
		{"X-Request-Id", "Grüße", ""},
	} {
		h := http.Header{}
		h.Set(c.name, c.value)
		if got := traceID(h); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.name, c.value, got, c.want)
		}
	}
}
