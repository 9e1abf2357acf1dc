// Package gate says who may come in, and how often: how many connections an
// address may hold, how many lines a request may begin with, which address a
// request behind a proxy comes from, how often one key may do something, and how
// many bytes it may hold. Of HTTP it knows where the head of a
// request ends and how X-Forwarded-For is read. Whatever strangers send, its memory
// is bounded.
package gate

import (
	"net"
	"net/netip"
)

// ipv6Network is what one customer of a network gets of IPv6 at least (RFC 6177),
// who may be as many addresses as there are in it.
const ipv6Network = 64

// Network returns the network that counts as one address: of IPv4 the address,
// of IPv6 its /64. An IPv4 address written as IPv6 is one of IPv4.
func Network(addr netip.Addr) netip.Prefix {
	addr = plain(addr)
	bits := addr.BitLen()
	if addr.Is6() {
		bits = ipv6Network
	}
	network, _ := addr.Prefix(bits) // an addr that is none has the network that is none
	return network
}

// NetworkKey is Network for the keys of a Limit. What is no address stays as it is.
func NetworkKey(addr string) string {
	parsed, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	return Network(parsed).Addr().String()
}

// PeerOf returns the address of the other end of a connection, which RemoteAddr
// of net/http spells HOST:PORT. It is not valid when there is none.
func PeerOf(remoteAddr string) netip.Addr {
	peer, _ := netip.ParseAddrPort(remoteAddr) // a Unix socket has none
	return plain(peer.Addr())
}

func peerOf(conn net.Conn) netip.Addr { return PeerOf(conn.RemoteAddr().String()) }

// plain is an address in its one form: a zone may be any text of any length.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
