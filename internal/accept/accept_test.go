package accept_test

import (
	"net/http"
	"testing"

	"crmbridge/internal/accept"
)

func TestGzip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZIP"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"deflate, gzip;q=0.8"}, true},
		{[]string{"deflate", "gzip"}, true},
		{[]string{"br, gzip ; Q = 0"}, false},
		{[]string{"gzip;q=0.000"}, false},
		{[]string{"gzip;q=much"}, false},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"identity, *;q=0.5"}, true},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"gzip, *;q=0"}, true},
		{[]string{"identity"}, false},
		{[]string{"deflate;gzip"}, false},
	} {
		if got := accept.Gzip(http.Header{"Accept-Encoding": c.values}); got != c.want {
			t.Errorf("%q: %v", c.values, got)
		}
	}
}
