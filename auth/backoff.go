package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Limits are the waiting times for those who guess.
type Limits struct {
	// Free is how many failures in a row cost nothing.
	Free int
	// First is the wait after the next one; it doubles up to Most.
	First, Most time.Duration
	// Forget is how long after the last failure all is forgotten.
	Forget time.Duration
	// AddressFree is for how many accounts one network may fail, so that trying many
	// accounts is no way around.
	AddressFree int
}

// DefaultLimits suit people who mistype and devices with an old password.
var DefaultLimits = Limits{Free: 5, First: time.Second, Most: 5 * time.Minute, Forget: time.Hour, AddressFree: 50}

// maxTracked bounds the memory an attacker can make us use.
const maxTracked = 50_000

// attempts counts failures by key. The zero value is not usable.
type attempts struct {
	limits Limits
	mu     sync.Mutex
	m      map[string]*attempt
}

type attempt struct {
	failures int
	last     time.Time
}

func newAttempts(l Limits) *attempts { return &attempts{limits: l, m: make(map[string]*attempt)} }

// wait is how long key has to wait from now; 0 lets it try.
func (a *attempts) wait(key string, free int, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.m[key]
	if !ok || now.Sub(t.last) > a.limits.Forget {
		return 0
	}
	over := t.failures - free
	if over <= 0 {
		return 0
	}
	d := a.limits.First
	for i := 1; i < over && d < a.limits.Most; i++ {
		d *= 2
	}
	return max(0, t.last.Add(min(d, a.limits.Most)).Sub(now))
}

// failed notes a failure and tells whether it is the first that is remembered.
func (a *attempts) failed(key string, now time.Time) (first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.m[key]
	if !ok || now.Sub(t.last) > a.limits.Forget {
		if len(a.m) >= maxTracked {
			a.shrink(now)
		}
		t = &attempt{}
		a.m[key] = t
	}
	t.failures++
	t.last = now
	return t.failures == 1
}

// succeeded forgets the failures of key, and the one that they counted for as part of
// whole.
func (a *attempts) succeeded(key, whole string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, failed := a.m[key]; !failed {
		return
	}
	delete(a.m, key)
	if t, ok := a.m[whole]; ok && t.failures > 0 {
		t.failures--
	}
}

// shrink drops what is forgotten anyway and, if that is not enough, whatever comes
// first: under such an attack single waiting times matter little.
func (a *attempts) shrink(now time.Time) {
	for k, t := range a.m {
		if now.Sub(t.last) > a.limits.Forget {
			delete(a.m, k)
		}
	}
	for k := range a.m {
		if len(a.m) < maxTracked*3/4 {
			return
		}
		delete(a.m, k)
	}
}

// Network is the part of an address that one person has to himself: an IPv4
// address, an IPv6 /64.
func Network(addr string) string {
	host := addr
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		host = ap.Addr().String()
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return ip.String()
	}
	return p.String()
}
