package upstream

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// proxy says through what a request goes.
type proxy struct {
	choose func(*url.URL) (*url.URL, error) // nil result: direct
	// trusted are host:port of proxies from the server's environment. They are
	// the operator's own word, so the address rules do not apply to them; a proxy
	// that stands in a connection's settings gets no such credit.
	trusted map[string]bool
}

func parseProxy(s string) (proxy, error) {
	direct := proxy{choose: func(*url.URL) (*url.URL, error) { return nil, nil }}
	switch s = strings.TrimSpace(s); s {
	case "", "direct":
		return direct, nil
	case "environment":
		cfg := httpproxy.FromEnvironment()
		return proxy{choose: cfg.ProxyFunc(), trusted: hostPorts(cfg.HTTPProxy, cfg.HTTPSProxy)}, nil
	}
	u, err := parseProxyURL(s)
	if err != nil {
		return direct, err
	}
	return proxy{choose: func(*url.URL) (*url.URL, error) { return u, nil }}, nil
}

func parseProxyURL(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		// Not wrapped: the text would repeat the password.
		return nil, errors.New(`must be "direct", "environment" or a URL such as http://user:password@proxy.example.org:3128`)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("must be http, https or socks5, not %s", u.Scheme)
}

func (p proxy) forRequest(r *http.Request) (*url.URL, error) { return p.choose(r.URL) }

func (p proxy) trusts(addr string) bool { return p.trusted[addr] }

func hostPorts(raw ...string) map[string]bool {
	out := map[string]bool{}
	for _, s := range raw {
		if s == "" {
			continue
		}
		u, err := parseProxyURL(s)
		if err != nil {
			continue // httpproxy reports it when it is used
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		if port == "" {
			port = "1080"
		}
		out[net.JoinHostPort(u.Hostname(), port)] = true
	}
	return out
}
