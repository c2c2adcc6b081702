package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// addressError refuses an address by rule. Which address a name leads to is told by
// Refused alone: it would map the operator's network for whoever may type an address.
type addressError struct {
	host  string
	addrs []netip.Addr // what the host leads to; nil when it was not looked up
}

// Refused returns the addresses that err was refused for because Options.Allow does
// not have them; nil for other errors. For the operator's eyes only.
func Refused(err error) []netip.Addr {
	var refused *addressError
	if !errors.As(err, &refused) {
		return nil
	}
	out := make([]netip.Addr, len(refused.addrs))
	for i, a := range refused.addrs {
		out[i] = a.Unmap().WithZone("")
	}
	return out
}

func (e *addressError) Error() string {
	return fmt.Sprintf("upstream: %s is or leads to an address that is not public", e.host)
}

// dialer resolves once and dials what it resolved, so that a name cannot change
// its address between the check and the use.
type dialer struct {
	allow   []netip.Prefix
	lookup  func(context.Context, string) ([]netip.Addr, error)
	timeout time.Duration
	proxy   proxy
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	addrs, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	if !d.proxy.trusts(addr) {
		permitted := d.permitted(addrs)
		if len(permitted) == 0 {
			return nil, &addressError{host, addrs}
		}
		addrs = permitted
	}
	return dialFirst(ctx, network, addrs, port)
}

func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return d.lookup(ctx, host)
}

func (d *dialer) permitted(addrs []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		if dialable(a, d.allow) {
			out = append(out, a)
		}
	}
	return out
}

// dialFirst tries the addresses one after another, each with its share of the
// time that is left.
func dialFirst(ctx context.Context, network string, addrs []netip.Addr, port string) (net.Conn, error) {
	if len(addrs) == 0 {
		return nil, errors.New("upstream: the name has no address")
	}
	var nd net.Dialer
	var faults []error
	for i, a := range addrs {
		c, err := dialOne(ctx, &nd, network, net.JoinHostPort(a.Unmap().String(), port), len(addrs)-i)
		if err == nil {
			return c, nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(faults...)
}

func dialOne(ctx context.Context, nd *net.Dialer, network, addr string, share int) (net.Conn, error) {
	if end, ok := ctx.Deadline(); ok && share > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(share))
		defer cancel()
	}
	return nd.DialContext(ctx, network, addr)
}

// checkProxied applies the rules to a host that a proxy will resolve. Names are
// the proxy's to judge; an address that stands in the URL is ours.
func (c *Client) checkProxied(u *url.URL) error {
	px, err := c.proxy.choose(u)
	if err != nil || px == nil {
		return err
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !dialable(a, c.opt.Allow) {
		return &addressError{u.Hostname(), []netip.Addr{a}}
	}
	return nil
}
