package upstream

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
)

func TestDialable(t *testing.T) {
	t.Parallel()
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true, "8.8.8.8": true, "10.1.2.3": true,
		"::ffff:10.1.2.3": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
		"10.2.0.1": false, "127.0.0.1": false, "::1": false, "::": false, "0.0.0.0": false,
		"169.254.169.254": false, "100.100.100.200": false, "fd00:ec2::254": false, "fe80::1": false,
		"192.168.1.1": false, "172.31.255.255": false, "224.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::": false, "::127.0.0.1": false, "2001:db8::1": false, "fe80::1%eth0": false,
	} {
		if got := dialable(netip.MustParseAddr(addr), allow); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if dialable(netip.Addr{}, allow) {
		t.Error("no address is dialable")
	}
}

func TestPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	for name, o := range map[string]Options{
		"literal":   {Base: s.URL},
		"name":      {Base: "http://crm.example.org:" + port, Lookup: always("127.0.0.1")},
		"mapped":    {Base: "http://[::ffff:127.0.0.1]:" + port},
		"metadata":  {Base: "http://169.254.169.254/"},
		"proxy":     {Base: "http://crm.example.org", Proxy: s.URL},
		"via proxy": {Base: "http://169.254.169.254/", Proxy: s.URL, Allow: loopback},
	} {
		clock := testclock.New()
		o.Now, o.Sleep = clock.Now, clock.Sleep
		_, err := mustNew(t, o).Do(context.Background(), Request{})
		wantReason(t, err, pim.ErrForbidden)
		if Sent(err) || len(clock.Slept()) != 0 {
			t.Errorf("%s: sent %v, retried %v", name, Sent(err), clock.Slept())
		}
		if name == "name" && strings.Contains(pim.PublicText(err), "127.0.0.1") {
			t.Error("the public text tells where the name leads")
		}
	}
	if calls.Load() != 0 {
		t.Error("the server was reached")
	}
}

// A name that leads to a public address when it is checked and to the loopback
// when it is dialled (DNS rebinding) must not get through: there is one lookup.
func TestOneLookupPerDial(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	var lookups atomic.Int32
	o := testOptions("http://crm.example.org:"+port, testclock.New())
	o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		lookups.Add(1)
		// The first is not allowed and must be passed over, not dialled.
		return []netip.Addr{netip.MustParseAddr("10.9.9.9"), netip.MustParseAddr("127.0.0.1")}, nil
	}
	if _, err := mustNew(t, o).Do(context.Background(), Request{}); err != nil {
		t.Fatal(err)
	}
	if lookups.Load() != 1 {
		t.Errorf("%d lookups", lookups.Load())
	}
}

func always(addr string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr(addr)}, nil
	}
}

func TestProxyURLWithCredentials(t *testing.T) {
	t.Parallel()
	var got atomic.Pointer[http.Request]
	px := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		got.Store(r)
		_, _ = w.Write([]byte("by proxy"))
	})
	o := testOptions("http://crm.example.org", testclock.New())
	u, err := url.Parse(px.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("proxyuser", "hush")
	o.Proxy = u.String()
	r, err := mustNew(t, o).Do(context.Background(), Request{Path: "a"})
	if err != nil || string(r.Body) != "by proxy" || got.Load().URL.Host != "crm.example.org" {
		t.Fatalf("%v %v", r, err)
	}
	o.Proxy = px.URL
	r, err = mustNew(t, o).Do(context.Background(), Request{Path: "a"})
	if err != nil || r.Status != http.StatusProxyAuthRequired {
		t.Fatalf("%v %v", r, err)
	}
}

func TestProxyFromEnvironment(t *testing.T) {
	px := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("by proxy"))
	}))
	t.Cleanup(px.Close)
	t.Setenv("HTTP_PROXY", px.URL)
	t.Setenv("NO_PROXY", "")
	clock := testclock.New()
	// No Allow: the operator's own proxy may stand in a private network.
	c := mustNew(t, Options{Base: "http://crm.example.org", Proxy: "environment", Now: clock.Now, Sleep: clock.Sleep})
	r, err := c.Do(context.Background(), Request{})
	if err != nil || string(r.Body) != "by proxy" {
		t.Fatalf("%v %v", r, err)
	}
}
