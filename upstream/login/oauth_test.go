package login_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status int
		typ    string
		body   string
		kind   pim.Reason
		denied string
		until  time.Time
	}{
		"a token":                {200, "application/json", `{"access_token":"t","expires_in":3600}`, "", "", now.Add(59 * time.Minute)},
		"a short one":            {200, "application/json", `{"access_token":"t","expires_in":60}`, "", "", now.Add(30 * time.Second)},
		"without an end":         {200, "application/json", `{"access_token":"t"}`, "", "", time.Time{}},
		"a wrong secret":         {401, "application/json", `{"error":"invalid_client","error_description":"no"}`, pim.ErrAuth, "invalid_client", time.Time{}},
		"a refusal without json": {400, "text/html", `<html>no`, pim.ErrAuth, "", time.Time{}},
		"nothing there":          {404, "text/html", `<html>`, pim.ErrProtocol, "", time.Time{}},
		"a web page":             {200, "text/html", `<!DOCTYPE html>`, pim.ErrProtocol, "", time.Time{}},
		"no token in it":         {200, "application/json", `{}`, pim.ErrProtocol, "", time.Time{}},
		"broken":                 {500, "application/json", `{}`, pim.ErrUnavailable, "", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseForm(); err != nil || r.Form.Get("grant_type") != "client_credentials" || r.Form.Get("client_id") != "me" {
					t.Errorf("the form is %v, %v", r.Form, err)
				}
				w.Header().Set("Content-Type", c.typ)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer srv.Close()
			client, err := upstream.New(upstream.Options{Base: srv.URL, Now: func() time.Time { return now }, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			got, err := login.ClientCredentials(t.Context(), client, "test: token", "token", url.Values{"client_id": {"me"}}, func() time.Time { return now })
			if pim.ReasonOf(err) != c.kind {
				t.Fatalf("error %v, want %q", err, c.kind)
			}
			var d *login.Denied
			if errors.As(err, &d) && d.Code != c.denied {
				t.Errorf("denied with %q", d.Code)
			}
			if err == nil && (got.Access != "t" || !got.Until.Equal(c.until)) {
				t.Errorf("got %+v, want it until %v", got, c.until)
			}
		})
	}
}
