package gate

import (
	"errors"
	"net/netip"
	"strings"
)

// Proxies are the networks whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// UnmarshalText adds networks (CIDR) and single addresses, separated by commas.
func (p *Proxies) UnmarshalText(text []byte) error {
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		network, ok := parseNetwork(entry)
		if !ok {
			return errors.New("a proxy is an address or a network such as 10.0.0.0/8")
		}
		*p = append(*p, network)
	}
	return nil
}

// parseNetwork refuses the spellings under which no address would be found: a
// zone, and IPv4 as IPv6.
func parseNetwork(entry string) (netip.Prefix, bool) {
	if strings.Contains(entry, "/") {
		network, err := netip.ParsePrefix(entry)
		return network.Masked(), err == nil && !network.Addr().Is4In6()
	}
	addr, err := netip.ParseAddr(entry)
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), err == nil && addr.Zone() == ""
}

// Trusts reports whether an address is a proxy's.
func (p Proxies) Trusts(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// Client returns who sent a request that came from peer with these
// X-Forwarded-For headers. A proxy writes whom it heard after what it was told,
// so the last entry that is no proxy's is the client; what stands before it is the
// client's own invention. Where an entry is no address, the proxy that wrote it is
// all that is known, and where all are proxies the first of them is the client.
func (p Proxies) Client(peer netip.Addr, forwarded []string) netip.Addr {
	client := plain(peer)
	for i := len(forwarded) - 1; i >= 0; i-- {
		for rest, more := forwarded[i], true; more; {
			if !p.Trusts(client) {
				return client
			}
			var entry string
			rest, entry, more = cutLast(rest)
			next, ok := parseEntry(entry)
			if !ok {
				return client
			}
			client = next
		}
	}
	return client
}

// cutLast takes the last entry off a list. More says that some are left.
func cutLast(list string) (rest, last string, more bool) {
	comma := strings.LastIndexByte(list, ',')
	if comma < 0 {
		return "", list, false
	}
	return list[:comma], list[comma+1:], true
}

// parseEntry reads an address, with a port or without: some proxies add it.
func parseEntry(entry string) (netip.Addr, bool) {
	entry = strings.TrimSpace(entry)
	if withPort, err := netip.ParseAddrPort(entry); err == nil {
		return plain(withPort.Addr()), true
	}
	if bare, ok := strings.CutPrefix(entry, "["); ok {
		entry = strings.TrimSuffix(bare, "]")
	}
	addr, err := netip.ParseAddr(entry)
	return plain(addr), err == nil
}
