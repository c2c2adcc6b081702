package upstream

import (
	"crypto/tls"
	"net/http"
)

// Pinned is the same client with one connection of its own (HTTP/1.1), over which its calls go one after the other: for logins
// that hold for a connection and not for a request (NTLM, MS-NTHT 3). Whoever makes one closes it.
func (c *Client) Pinned() *Client {
	rt := c.rt.Clone()
	rt.MaxConnsPerHost, rt.MaxIdleConnsPerHost = 1, 1
	rt.ForceAttemptHTTP2 = false
	rt.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{} // HTTP/2 mixes requests on a connection
	rt.TLSClientConfig.NextProtos = []string{"http/1.1"}
	out := *c
	out.own = rt
	return &out
}

// Over is c over the connection of a pinned client.
func (c *Client) Over(pinned *Client) *Client {
	out := *c
	out.own = pinned.own
	return &out
}

func (c *Client) transport() *http.Transport {
	if c.own != nil {
		return c.own
	}
	return c.rt
}
