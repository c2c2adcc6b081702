package upstream

import (
	"net/netip"
	"strings"
)

// blocked lists what is not the public internet (IANA special-purpose registries,
// RFC 6890). Cloud metadata services live in the link-local, unique-local and
// shared ranges.
var blocked = prefixes(`
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
::/127 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16
fc00::/7 fe80::/10 fec0::/10 ff00::/8`)

func prefixes(s string) []netip.Prefix {
	var out []netip.Prefix
	for _, f := range strings.Fields(s) {
		out = append(out, netip.MustParsePrefix(f))
	}
	return out
}

// dialable reports whether a may be dialled: it is public, or the operator
// allows it.
func dialable(a netip.Addr, allow []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	if within(a, allow) {
		return true
	}
	if !a.IsValid() || within(a, blocked) {
		return false
	}
	if v4, ok := embedded(a); ok {
		return dialable(v4, allow)
	}
	return true
}

func within(a netip.Addr, ps []netip.Prefix) bool {
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// embedded is the IPv4 address that a translator would reach: NAT64 (RFC 6052
// 2.1), 6to4 (RFC 3056) and IPv4-compatible addresses (RFC 4291 2.5.5.1).
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	switch {
	case b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b:
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case [12]byte(b[:12]) == [12]byte{}:
		return netip.AddrFrom4([4]byte(b[12:16])), true
	}
	return netip.Addr{}, false
}
